//! The control socket: how a command reaches the server that holds the folder.
//! One line of JSON there, one line back. Mode 0600 in a folder of mode 0700.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::request::{Output, Request};
use crate::clock::Clock;
use crate::error::{Error, Kind, Result};
use crate::lifecycle::Schedule;
use crate::store::Store;

const MESSAGE_BYTES_MAX: u64 = 64 << 20;
const REQUEST_BYTES_MAX: u64 = 1 << 20;
const READ_TIMEOUT: Duration = Duration::from_secs(5);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(120);

#[derive(Serialize, Deserialize)]
enum Answer {
    Done(Output),
    Failed { code: u8, message: String },
}

pub fn path(data_dir: &Path) -> PathBuf {
    data_dir.join("control.sock")
}

/// Listens until the process ends.
pub fn listen(store: Store, clock: Clock, schedule: Schedule) -> Result<()> {
    let path = path(store.folder().path());
    // We hold the folder's lock, so a socket that lies here is a dead one's.
    let _ = std::fs::remove_file(&path);
    let listener = UnixListener::bind(&path).map_err(|error| {
        let sentence = format!("The control socket {} cannot be made", path.display());
        Error::new(Kind::CannotWrite, sentence).because(error)
    })?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
    let serve = move || {
        for stream in listener.incoming().flatten() {
            let (store, clock, schedule) = (store.clone(), clock.clone(), schedule.clone());
            let answer = move || {
                if let Err(error) = answer(stream, &store, &clock, &schedule) {
                    tracing::debug!("a command went away: {error}");
                }
            };
            if let Err(error) = std::thread::Builder::new().spawn(answer) {
                tracing::error!("a command could not be answered: {error}");
            }
        }
    };
    std::thread::Builder::new()
        .name("control".to_owned())
        .spawn(serve)
        .map_err(|error| Error::internal("A thread could not be started").because(error))?;
    Ok(())
}

fn answer(mut stream: UnixStream, store: &Store, clock: &Clock, schedule: &Schedule) -> Result<()> {
    stream.set_read_timeout(Some(READ_TIMEOUT))?;
    let mut line = String::new();
    BufReader::new((&stream).take(REQUEST_BYTES_MAX)).read_line(&mut line)?;
    let outcome = serde_json::from_str::<Request>(&line)
        .map_err(|_| {
            Error::new(
                Kind::Usage,
                "This version of the server does not know the command.",
            )
        })
        .and_then(|request| request.perform(store, clock, schedule));
    let answer = match outcome {
        Ok(output) => Answer::Done(output),
        Err(error) => Answer::Failed {
            code: super::exit::code(error.kind()),
            message: error.message().to_owned(),
        },
    };
    let mut text = serde_json::to_string(&answer)
        .map_err(|error| Error::internal("An answer could not be written").because(error))?;
    text.push('\n');
    stream.write_all(text.as_bytes())?;
    Ok(())
}

/// Sends a request to the server on the folder. None: nobody listens there.
pub fn send(data_dir: &Path, request: &Request) -> Option<Result<Output>> {
    let stream = UnixStream::connect(path(data_dir)).ok()?;
    Some(exchange(stream, request))
}

fn exchange(mut stream: UnixStream, request: &Request) -> Result<Output> {
    let lost =
        |error: std::io::Error| Error::new(Kind::Io, "The server did not answer").because(error);
    stream
        .set_read_timeout(Some(ANSWER_TIMEOUT))
        .map_err(lost)?;
    let mut text = serde_json::to_string(request)
        .map_err(|error| Error::internal("The command could not be sent").because(error))?;
    text.push('\n');
    stream.write_all(text.as_bytes()).map_err(lost)?;
    let mut line = String::new();
    BufReader::new(stream.take(MESSAGE_BYTES_MAX))
        .read_line(&mut line)
        .map_err(lost)?;
    let answer = serde_json::from_str(&line).map_err(|error| {
        Error::new(Kind::Io, "The server's answer is incomplete").because(error)
    })?;
    match answer {
        Answer::Done(output) => Ok(output),
        Answer::Failed { code, message } => Err(Error::new(kind_of(code), message)),
    }
}

/// The kind whose exit code this is.
fn kind_of(code: u8) -> Kind {
    [
        Kind::Damaged,
        Kind::PortInUse,
        Kind::CannotWrite,
        Kind::Io,
        Kind::Held,
        Kind::NotAllowed,
        Kind::Config,
    ]
    .into_iter()
    .find(|&kind| super::exit::code(kind) == code)
    .unwrap_or(Kind::Usage)
}
