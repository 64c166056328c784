//! Kinds of errors to exit codes, and how a failure is told.

use std::process::ExitCode;

use crate::error::{Error, Kind};

const USAGE: u8 = 64;
/// A check was done and found something.
pub const FOUND: u8 = 1;

/// The exit code of a kind of error, as the public contract fixes it.
pub fn code(kind: Kind) -> u8 {
    match kind {
        Kind::Usage | Kind::Invalid | Kind::NotFound | Kind::Conflict => USAGE,
        Kind::Damaged => 65,
        Kind::PortInUse => 69,
        Kind::CannotWrite => 73,
        Kind::Io | Kind::Full | Kind::Busy | Kind::Internal => 74,
        Kind::Held => 75,
        Kind::NotAllowed | Kind::Unauthenticated => 77,
        Kind::Config => 78,
    }
}

/// Prints what the parser has to say. Help and version are answers; everything else
/// is a wrong use.
pub fn of_usage(error: &clap::Error, json: bool) -> ExitCode {
    if json && error.use_stderr() {
        return failed(&Error::new(Kind::Usage, first_paragraph(error)), json);
    }
    // Nothing can be done about a closed terminal.
    let _ = error.print();
    if error.use_stderr() {
        ExitCode::from(USAGE)
    } else {
        ExitCode::SUCCESS
    }
}

/// What is wrong, in one line and without the parser's advice on usage.
fn first_paragraph(error: &clap::Error) -> String {
    let text = error.to_string();
    let paragraph = text.split("\n\n").next().unwrap_or_default();
    let words: Vec<&str> = paragraph.split_whitespace().collect();
    words.join(" ").trim_start_matches("error: ").to_owned()
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
