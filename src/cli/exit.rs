//! Kinds of errors to exit codes, and how a failure is told.

use std::process::ExitCode;

use crate::error::{Error, Kind};

const USAGE: u8 = 64;

/// The exit code of a kind of error, as the public contract fixes it.
pub fn code(kind: Kind) -> u8 {
    match kind {
        Kind::Usage | Kind::Invalid | Kind::NotFound | Kind::Conflict => USAGE,
        Kind::Damaged => 65,
        Kind::PortInUse => 69,
        Kind::CannotWrite => 73,
        Kind::Io | Kind::Busy | Kind::Internal => 74,
        Kind::Held => 75,
        Kind::NotAllowed | Kind::Unauthenticated => 77,
        Kind::Config => 78,
    }
}

/// Help and version are answers; everything else is a wrong use.
pub fn of_usage(error: &clap::Error) -> ExitCode {
    if error.use_stderr() {
        ExitCode::from(USAGE)
    } else {
        ExitCode::SUCCESS
    }
}

/// Says what went wrong on standard error.
pub fn failed(error: &Error, json: bool) -> ExitCode {
    let code = code(error.kind());
    if json {
        let body = serde_json::json!({ "error": error.message(), "exit": code });
        eprintln!("{body}");
    } else {
        eprintln!("pixelkeep: {error}");
    }
    ExitCode::from(code)
}
