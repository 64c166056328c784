//! The control socket: how a command reaches the server that holds the folder.
//! One line of JSON there, one line back. Mode 0600 in a folder of mode 0700.

use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::account_export;
use super::request::{Output, Request};
use crate::clock::Clock;
use crate::error::{Error, Kind, Result};
use crate::lifecycle::Schedule;
use crate::store::Store;

const MESSAGE_BYTES_MAX: u64 = 64 << 20;
const REQUEST_BYTES_MAX: u64 = 1 << 20;
/// Bytes of one piece of a long answer, at most.
const PIECE: usize = 64 * 1024;
const READ_TIMEOUT: Duration = Duration::from_secs(5);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(120);

/// What a command sends that is answered by pieces rather than by one line; all others
/// send a [`Request`].
#[derive(Serialize, Deserialize)]
struct Fetch {
    fetch: account_export::Ask,
}

#[derive(Serialize, Deserialize)]
enum Answer {
    /// Pieces follow: the length of each in 4 bytes, then its bytes; an empty one ends
    /// them, and another answer says how it went.
    Follows,
    Done(Output),
    Failed {
        code: u8,
        message: String,
    },
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
    if let Ok(Fetch { fetch }) = serde_json::from_str(&line) {
        say(&mut stream, &Answer::Follows)?;
        stream.set_write_timeout(Some(ANSWER_TIMEOUT))?;
        let mut pieces = Pieces(BufWriter::with_capacity(PIECE, Frames(&mut stream)));
        let outcome = fetch.perform(store, clock, &mut pieces);
        pieces.finish()?;
        return say_outcome(&mut stream, outcome.map(|()| Output::nothing()));
    }
    let outcome = serde_json::from_str::<Request>(&line)
        .map_err(|_| {
            Error::new(
                Kind::Usage,
                "This version of the server does not know the command.",
            )
        })
        .and_then(|request| request.perform(store, clock, schedule));
    say_outcome(&mut stream, outcome)
}

fn say_outcome(stream: &mut UnixStream, outcome: Result<Output>) -> Result<()> {
    let answer = match outcome {
        Ok(output) => Answer::Done(output),
        Err(error) => Answer::Failed {
            code: super::exit::code(error.kind()),
            message: error.message().to_owned(),
        },
    };
    say(stream, &answer)
}

fn say(stream: &mut UnixStream, answer: &Answer) -> Result<()> {
    let mut text = serde_json::to_string(answer)
        .map_err(|error| Error::internal("An answer could not be written").because(error))?;
    text.push('\n');
    Ok(stream.write_all(text.as_bytes())?)
}

/// Writes each write as one frame.
struct Frames<'a>(&'a mut UnixStream);

impl Write for Frames<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let piece = &bytes[..bytes.len().min(PIECE)];
        self.0.write_all(&(piece.len() as u32).to_be_bytes())?;
        self.0.write_all(piece)?;
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// What is written for a command that takes it piece by piece.
struct Pieces<'a>(BufWriter<Frames<'a>>);

impl Pieces<'_> {
    fn finish(mut self) -> io::Result<()> {
        self.0.flush()?;
        self.0.get_mut().0.write_all(&0u32.to_be_bytes())
    }
}

impl Write for Pieces<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    /// Frames go when they are full; the last one with the end.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Sends a request to the server on the folder. None: nobody listens there.
pub fn send(data_dir: &Path, request: &Request) -> Option<Result<Output>> {
    let stream = UnixStream::connect(path(data_dir)).ok()?;
    Some(exchange(stream, request))
}

/// Has the server write into `out`. None: nobody listens there.
pub fn fetch(data_dir: &Path, ask: account_export::Ask, out: &mut dyn Write) -> Option<Result<()>> {
    let stream = UnixStream::connect(path(data_dir)).ok()?;
    Some(fetch_from(stream, ask, out))
}

fn lost(error: io::Error) -> Error {
    Error::new(Kind::Io, "The server did not answer").because(error)
}

fn ask(mut stream: &UnixStream, message: &impl Serialize) -> Result<()> {
    stream
        .set_read_timeout(Some(ANSWER_TIMEOUT))
        .map_err(lost)?;
    let mut text = serde_json::to_string(message)
        .map_err(|error| Error::internal("The command could not be sent").because(error))?;
    text.push('\n');
    stream.write_all(text.as_bytes()).map_err(lost)
}

fn hear(stream: &mut impl BufRead) -> Result<Answer> {
    let mut line = String::new();
    let mut bounded = stream.take(MESSAGE_BYTES_MAX);
    bounded.read_line(&mut line).map_err(lost)?;
    serde_json::from_str(&line)
        .map_err(|error| Error::new(Kind::Io, "The server's answer is incomplete").because(error))
}

fn exchange(stream: UnixStream, request: &Request) -> Result<Output> {
    ask(&stream, request)?;
    outcome(hear(&mut BufReader::new(stream))?)
}

fn outcome(answer: Answer) -> Result<Output> {
    match answer {
        Answer::Done(output) => Ok(output),
        Answer::Failed { code, message } => Err(Error::new(kind_of(code), message)),
        Answer::Follows => Err(Error::new(Kind::Io, "The server's answer is incomplete.")),
    }
}

fn fetch_from(stream: UnixStream, wanted: account_export::Ask, out: &mut dyn Write) -> Result<()> {
    ask(&stream, &Fetch { fetch: wanted })?;
    let mut stream = BufReader::new(stream);
    let first = hear(&mut stream)?;
    if !matches!(first, Answer::Follows) {
        return outcome(first).map(drop);
    }
    loop {
        let mut length = [0u8; 4];
        stream.read_exact(&mut length).map_err(lost)?;
        let length = u64::from(u32::from_be_bytes(length));
        if length == 0 {
            return outcome(hear(&mut stream)?).map(drop);
        }
        let copied = io::copy(&mut (&mut stream).take(length), out).map_err(lost)?;
        if copied < length {
            return Err(Error::new(Kind::Io, "The server's answer is incomplete."));
        }
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
