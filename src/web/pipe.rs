//! A body that is written by a thread that blocks, while it goes out: what is on its way
//! is bounded, and a reader that stops reading ends the writing.

use std::io::{self, Write};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::{BodySize, MessageBody};
use actix_web::web::{self, Bytes};
use tokio::runtime::Handle;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::error::Result;

/// Bytes of one piece.
const PIECE: usize = 64 * 1024;
/// Pieces on their way.
const PIECES: usize = 4;
/// How long a reader may take nothing.
const PATIENCE: Duration = Duration::from_secs(60);

/// One piece; none: that was all of it.
type Piece = Option<Bytes>;

/// Where the thread writes.
pub struct PipeEnd {
    sender: Sender<Piece>,
    runtime: Handle,
    waiting: Vec<u8>,
}

impl PipeEnd {
    fn send(&self, piece: Piece) -> io::Result<()> {
        let sending = self.sender.send_timeout(piece, PATIENCE);
        self.runtime
            .block_on(sending)
            .map_err(|_| io::Error::new(io::ErrorKind::BrokenPipe, "the reader went away"))
    }
}

impl Write for PipeEnd {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.waiting.extend_from_slice(bytes);
        if self.waiting.len() >= PIECE {
            let full = std::mem::replace(&mut self.waiting, Vec::with_capacity(PIECE));
            self.send(Some(full.into()))?;
        }
        Ok(bytes.len())
    }

    /// Pieces go when they are full; the last one with the end.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What the connection reads.
pub struct PipeBody(Receiver<Piece>);

impl MessageBody for PipeBody {
    type Error = io::Error;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Bytes>>> {
        self.0.poll_recv(context).map(|received| match received {
            Some(Some(piece)) => Some(Ok(piece)),
            Some(None) => None,
            // The writer stopped before the end: the connection is cut, so that nobody
            // takes a part for the whole.
            None => Some(Err(io::Error::other("the answer could not be finished"))),
        })
    }
}

/// Runs the writing on a thread that may block, and gives the body it writes.
pub fn piped(write: impl FnOnce(&mut PipeEnd) -> Result<()> + Send + 'static) -> PipeBody {
    let (sender, receiver) = channel(PIECES);
    let mut end = PipeEnd {
        sender,
        runtime: Handle::current(),
        waiting: Vec::with_capacity(PIECE),
    };
    let writing = web::block(move || {
        let written = write(&mut end).and_then(|()| {
            let last = std::mem::take(&mut end.waiting);
            end.send(Some(last.into()))?;
            Ok(end.send(None)?)
        });
        if let Err(error) = written {
            tracing::warn!(%error, "an answer was broken off");
        }
    });
    // Nobody waits for it: the body ends with it.
    actix_web::rt::spawn(writing);
    PipeBody(receiver)
}

#[cfg(test)]
mod tests {
    use actix_web::body::to_bytes;

    use super::*;
    use crate::error::Error;

    #[actix_web::test]
    async fn what_is_written_arrives_whole_and_what_is_broken_off_is_no_answer() {
        let long = vec![7u8; 5 * PIECE + 3];
        let sent = long.clone();
        let body = piped(move |out| Ok(out.write_all(&sent)?));
        assert_eq!(to_bytes(body).await.unwrap(), long);
        let body = piped(|out| {
            out.write_all(&[1; 2 * PIECE])?;
            Err(Error::internal("halfway"))
        });
        assert!(to_bytes(body).await.is_err());
    }
}
