//! One connection on the fast lane: a plain request, its answer, the next one. Ends
//! with the visitor, with a long silence, with the server, or where a request is not
//! plain: then the general server goes on with the connection.

use std::future::poll_fn;
use std::io::{Error, ErrorKind, Result, Write};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWriteExt, ReadBuf};
use tokio::time::{sleep, timeout};

use super::replay::Replay;
use super::{Accepted, Handed, Lane, request};
use crate::clock::Stopwatch;
use crate::web::collect::{Answer, Answering, Call};
use crate::web::server::{HEAD_TIMEOUT, KEEP_ALIVE};

const TOO_LATE: &[u8] =
    b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// What a connection does next.
enum Step {
    Answer(Answering),
    HandOver(Vec<u8>),
    /// Nothing was ever asked.
    TooLate,
    /// It was silent for too long, or the server stops.
    Silent,
    Gone,
}

/// Answers the requests of a connection; what it returns is for the general server.
pub async fn serve(lane: Rc<Lane>, mut stream: Accepted) -> Option<Handed> {
    let peer = stream.peer_addr().ok();
    let mut stopping = pin!(lane.stopping.notified());
    let mut stops = false;
    let mut silence = pin!(sleep(HEAD_TIMEOUT));
    // None where nothing was asked yet.
    let mut answered: Option<Stopwatch> = None;
    loop {
        let step = poll_fn(|context| {
            if let Poll::Ready(step) = lane.poll_step(&mut stream, peer, context) {
                return Poll::Ready(step);
            }
            if stops || stopping.as_mut().poll(context).is_ready() {
                return Poll::Ready(Step::Silent);
            }
            // The timer of a busy connection is set anew only when it has run out.
            while silence.as_mut().poll(context).is_ready() {
                let Some(answered) = &answered else {
                    return Poll::Ready(Step::TooLate);
                };
                let left = KEEP_ALIVE.saturating_sub(answered.elapsed());
                if left.is_zero() {
                    return Poll::Ready(Step::Silent);
                }
                silence.set(sleep(left));
            }
            Poll::Pending
        });
        match step.await {
            Step::Answer(answering) => {
                let answer = answering.answer().await;
                stops = stops || poll_fn(|context| is_ready(stopping.as_mut(), context)).await;
                lane.send(&mut stream, &answer, stops).await.ok()?;
                if stops {
                    return None;
                }
                answered = Some(Stopwatch::start());
            }
            Step::HandOver(bytes) => return Some((Replay::new(bytes, stream), peer)),
            Step::TooLate => {
                // Who is gone does not read it.
                let _ = stream.try_write(TOO_LATE);
                return None;
            }
            Step::Silent | Step::Gone => return None,
        }
    }
}

fn is_ready(future: Pin<&mut impl Future>, context: &mut Context<'_>) -> Poll<bool> {
    Poll::Ready(future.poll(context).is_ready())
}

impl Lane {
    /// Reads what is there. A plain request has been dealt with, but for its answer,
    /// when this returns.
    fn poll_step(
        &self,
        stream: &mut Accepted,
        peer: Option<SocketAddr>,
        context: &mut Context<'_>,
    ) -> Poll<Step> {
        let mut room = self.read.borrow_mut();
        let mut read = ReadBuf::new(&mut room);
        if ready!(Pin::new(stream).poll_read(context, &mut read)).is_err() {
            return Poll::Ready(Step::Gone);
        }
        let bytes = read.filled();
        if bytes.is_empty() {
            return Poll::Ready(Step::Gone);
        }
        Poll::Ready(match self.answer(bytes, peer) {
            Some(answering) => Step::Answer(answering),
            None => Step::HandOver(bytes.to_vec()),
        })
    }

    fn answer(&self, bytes: &[u8], peer: Option<SocketAddr>) -> Option<Answering> {
        let plain = request::read(bytes)?;
        let address = self
            .addresses
            .iter()
            .find(|address| address.path == plain.path && address.method == plain.method)?;
        let call = Call {
            query: plain.query,
            heading: plain.heading,
            is_head: false,
            peer: peer.map(|peer| peer.ip()),
            body: Ok(plain.body),
        };
        Some((address.answer)(&self.station, &call))
    }

    async fn send(&self, stream: &mut Accepted, answer: &Answer, closes: bool) -> Result<()> {
        let rest = self.send_at_once(stream, answer, closes)?;
        if rest.is_empty() {
            return Ok(());
        }
        timeout(KEEP_ALIVE, stream.write_all(&rest)).await?
    }

    /// Sends what the connection takes; returns the rest, which is mostly nothing.
    fn send_at_once(&self, stream: &Accepted, answer: &Answer, closes: bool) -> Result<Vec<u8>> {
        let mut written = self.written.borrow_mut();
        written.clear();
        self.write(&mut written, answer, closes);
        match stream.try_write(&written) {
            Ok(0) => Err(Error::from(ErrorKind::WriteZero)),
            Ok(count) => Ok(written[count..].to_vec()),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(written.clone()),
            Err(error) => Err(error),
        }
    }

    fn write(&self, into: &mut Vec<u8>, answer: &Answer, closes: bool) {
        let status = answer.status();
        let body = answer.body();
        for part in ["HTTP/1.1 ", status.as_str(), " "] {
            into.extend_from_slice(part.as_bytes());
        }
        into.extend_from_slice(status.canonical_reason().unwrap_or_default().as_bytes());
        into.extend_from_slice(b"\r\n");
        // A list of bytes takes whatever is written into it.
        let _ = write!(into, "content-length: {}\r\n", body.len());
        into.extend_from_slice(answer.fixed_lines().as_bytes());
        answer.each_own_header(|name, value| header(into, name, value));
        if let Some(value) = self.https_only {
            header(into, "strict-transport-security", value.as_bytes());
        }
        if closes {
            header(into, "connection", b"close");
        }
        header(into, "date", self.date.borrow_mut().now().as_bytes());
        into.extend_from_slice(b"\r\n");
        into.extend_from_slice(body);
    }
}

fn header(into: &mut Vec<u8>, name: &str, value: &[u8]) {
    into.extend_from_slice(name.as_bytes());
    into.extend_from_slice(b": ");
    into.extend_from_slice(value);
    into.extend_from_slice(b"\r\n");
}
