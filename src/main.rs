//! Arguments to command, exit codes; nothing else.
#![forbid(unsafe_code)]

use std::process::ExitCode;

/// Requests make and drop many small values on several threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    pixelkeep::cli::main()
}
