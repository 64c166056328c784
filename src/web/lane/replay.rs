//! A connection of which something was read already: whoever reads it next reads that
//! first.

use std::io::{IoSlice, Result};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream behind bytes that were taken from it.
pub struct Replay<S> {
    taken: Vec<u8>,
    given: usize,
    stream: S,
}

impl<S> Replay<S> {
    pub fn new(taken: Vec<u8>, stream: S) -> Self {
        Replay {
            taken,
            given: 0,
            stream,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Replay<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        let rest = self.taken.len() - self.given;
        if rest == 0 {
            return Pin::new(&mut self.stream).poll_read(context, into);
        }
        let end = self.given + rest.min(into.remaining());
        into.put_slice(&self.taken[self.given..end]);
        self.given = end;
        if end == self.taken.len() {
            (self.taken, self.given) = (Vec::new(), 0);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Replay<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;

    #[test]
    fn what_was_taken_comes_first_and_then_the_rest() {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime.unwrap().block_on(async {
            let mut stream = Replay::new(b"GET /a".to_vec(), &b" HTTP/1.1"[..]);
            let mut few = [0; 4];
            stream.read_exact(&mut few).await.unwrap();
            assert_eq!(&few, b"GET ");
            let mut rest = String::new();
            stream.read_to_string(&mut rest).await.unwrap();
            assert_eq!(rest, "/a HTTP/1.1");
        });
    }
}
