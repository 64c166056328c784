//! Arguments to command, exit codes; nothing else.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    pixelkeep::cli::main()
}
