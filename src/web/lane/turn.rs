//! What one turn of a worker's loop has read, answered together and stage by stage: all
//! requests are taken apart, all become hits, all are written for the journal; once the
//! disk has them, all answers are written and sent.

use std::future::poll_fn;
use std::io::{Result, Write};
use std::net::IpAddr;
use std::ops::Range;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use super::connection::{Asking, Connection};
use super::request;
use super::{Address, Lane};
use crate::web::collect::{Answer, Answering, Call, Direct, ReadCall};

/// Bytes read from a connection at once: the longest body, and a head.
const READ_MAX: usize = crate::web::collect::BODY_MAX + 16 * 1024;
/// Bytes that a turn reads before it begins to answer.
const ROOM: usize = 4 * READ_MAX;

/// What is being read for the next answers.
pub struct Turn {
    room: Box<[u8]>,
    filled: usize,
    asked: Vec<Asked>,
    waiting: Vec<Waiting>,
    /// Its task is on its way.
    is_coming: bool,
}

impl Default for Turn {
    fn default() -> Turn {
        Turn {
            room: vec![0; ROOM].into_boxed_slice(),
            filled: 0,
            asked: Vec::new(),
            waiting: Vec::new(),
            is_coming: false,
        }
    }
}

/// A request that was read, and where its bytes lie.
struct Asked {
    asking: Asking,
    peer: Option<IpAddr>,
    bytes: Range<usize>,
}

/// An answer that is waited for.
struct Waiting {
    asking: Asking,
    answering: Option<Answering>,
}

impl Waiting {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Answer>> {
        match &mut self.answering {
            Some(Answering::Later(later)) => pin!(later).poll(context).map(Some),
            _ => Poll::Ready(match self.answering.take() {
                Some(Answering::Now(answer)) => Some(answer),
                _ => None,
            }),
        }
    }
}

impl Lane {
    /// Reads what a connection asks, if anything: it is answered in this turn.
    pub(super) fn poll_ask(
        self: &Rc<Self>,
        connection: &Rc<Connection>,
        context: &mut Context<'_>,
    ) -> Poll<Result<()>> {
        let mut turn = self.turn.borrow_mut();
        if turn.filled + READ_MAX > ROOM {
            self.read_requests(&mut turn);
        }
        let start = turn.filled;
        let room = &mut turn.room[start..start + READ_MAX];
        let count = ready!(connection.poll_ask(context, room))?;
        turn.filled += count;
        turn.asked.push(Asked {
            asking: Asking::new(connection),
            peer: connection.peer.map(|peer| peer.ip()),
            bytes: start..start + count,
        });
        if !turn.is_coming {
            turn.is_coming = true;
            tokio::task::spawn_local(answer(self.clone()));
        }
        Poll::Ready(Ok(()))
    }

    /// Deals with all requests that were read, but for their answers.
    fn read_requests(&self, turn: &mut Turn) {
        turn.filled = 0;
        let room = &turn.room;
        let mut calls = Vec::with_capacity(turn.asked.len());
        for asked in turn.asked.drain(..) {
            let bytes = &room[asked.bytes];
            match self.read(bytes, asked.peer) {
                Some((answer, call)) => calls.push((asked.asking, answer, call)),
                None => asked.asking.hand_over(bytes),
            }
        }
        let mut decided = Vec::with_capacity(calls.len());
        for (asking, answer, call) in &mut calls {
            decided.push((asking.pass(), answer(&self.station, call)));
        }
        for (asking, decided) in decided {
            let answering = Some(decided.start(&self.station));
            turn.waiting.push(Waiting { asking, answering });
        }
    }

    /// A plain request to one of the lane's addresses, and how it is answered.
    fn read<'r>(&self, bytes: &'r [u8], peer: Option<IpAddr>) -> Option<(Direct, ReadCall<'r>)> {
        let plain = request::read(bytes)?;
        let is_meant =
            |address: &&Address| address.path == plain.path && address.method == plain.method;
        let address = self.addresses.iter().find(is_meant)?;
        let call = Call {
            query: plain.query,
            heading: plain.heading,
            is_head: false,
            peer,
            body: Ok(plain.body),
        };
        Some((address.answer, call.read(&self.station)))
    }

    /// Sends the answers that are ready; ends once all were.
    fn poll_send(&self, waiting: &mut Vec<Waiting>, context: &mut Context<'_>) -> Poll<()> {
        let stops = self.stops();
        let mut written = self.written.borrow_mut();
        written.clear();
        let mut ready = Vec::with_capacity(waiting.len());
        waiting.retain_mut(|one| {
            let Poll::Ready(answer) = one.poll(context) else {
                return true;
            };
            if let Some(answer) = answer {
                let asking = one.asking.pass();
                let closes = stops || asking.closes();
                let start = written.len();
                self.write(&mut written, &answer, closes);
                ready.push((asking, start..written.len(), closes));
            }
            false
        });
        for (asking, bytes, closes) in ready {
            asking.send(&written[bytes], closes);
        }
        match waiting.is_empty() {
            true => Poll::Ready(()),
            false => Poll::Pending,
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

/// Answers what the turn has read by now.
async fn answer(lane: Rc<Lane>) {
    let mut waiting = {
        let mut turn = lane.turn.borrow_mut();
        turn.is_coming = false;
        lane.read_requests(&mut turn);
        std::mem::take(&mut turn.waiting)
    };
    poll_fn(|context| lane.poll_send(&mut waiting, context)).await;
}

fn header(into: &mut Vec<u8>, name: &str, value: &[u8]) {
    into.extend_from_slice(name.as_bytes());
    into.extend_from_slice(b": ");
    into.extend_from_slice(value);
    into.extend_from_slice(b"\r\n");
}
