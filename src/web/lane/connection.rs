//! One connection on the fast lane: a request is read and left to the turn that answers
//! it; then the next one. Ends with the visitor, with a long silence, with the server, or
//! where a request is not plain: then the general server goes on with the connection.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};

use tokio::io::{AsyncRead, AsyncWriteExt, ReadBuf};
use tokio::time::{sleep, timeout};

use super::replay::Replay;
use super::{Accepted, Handed, Lane};
use crate::clock::Stopwatch;
use crate::web::server::{HEAD_TIMEOUT, KEEP_ALIVE};

const TOO_LATE: &[u8] =
    b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// What a connection does next.
enum Step {
    HandOver(Vec<u8>),
    /// It takes no more at the moment; this is what is left of an answer.
    SendRest(Vec<u8>),
    /// Nothing was ever asked.
    TooLate,
    /// It was silent for too long, its last answer has gone out, or the server stops.
    Close,
    Gone,
}

/// A connection as its own task and the turn that answers it know it.
pub(super) struct Connection {
    pub peer: Option<SocketAddr>,
    /// None while the rest of an answer goes out, and once the general server has it.
    stream: RefCell<Option<Accepted>>,
    /// A request was read and is not answered yet.
    is_asking: Cell<bool>,
    /// Something happened meanwhile that the task has to look at after the answer.
    looks_again: Cell<bool>,
    /// The next answer is the last one.
    closes: Cell<bool>,
    /// When the last answer went out; none where nothing was asked yet.
    answered: Cell<Option<Stopwatch>>,
    /// What the turn leaves to the task.
    next: Cell<Option<Step>>,
    task: RefCell<Option<Waker>>,
}

impl Connection {
    fn new(stream: Accepted) -> Connection {
        Connection {
            peer: stream.peer_addr().ok(),
            stream: RefCell::new(Some(stream)),
            is_asking: Cell::new(false),
            looks_again: Cell::new(false),
            closes: Cell::new(false),
            answered: Cell::new(None),
            next: Cell::new(None),
            task: RefCell::new(None),
        }
    }

    /// Reads what is there, how many bytes; then the task is woken when more comes, or
    /// looks again after the answer. An error where nothing will come any more.
    pub fn poll_ask(&self, context: &mut Context<'_>, into: &mut [u8]) -> Poll<Result<usize>> {
        let mut stream = self.stream.borrow_mut();
        let Some(stream) = stream.as_mut() else {
            return Poll::Ready(Err(gone()));
        };
        let mut read = ReadBuf::new(into);
        ready!(Pin::new(&mut *stream).poll_read(context, &mut read))?;
        let count = read.filled().len();
        if count == 0 {
            return Poll::Ready(Err(gone()));
        }
        self.is_asking.set(true);
        let more = stream.poll_read_ready(context).is_ready();
        self.looks_again.set(more);
        let mut task = self.task.borrow_mut();
        if !(task.as_ref()).is_some_and(|task| task.will_wake(context.waker())) {
            *task = Some(context.waker().clone());
        }
        Poll::Ready(Ok(count))
    }

    fn closes(&self) -> bool {
        self.closes.get()
    }

    /// Sends an answer as far as the connection takes it.
    fn send(&self, answer: &[u8], closes: bool) {
        let sent = match self.stream.borrow().as_ref() {
            Some(stream) => stream.try_write(answer),
            None => return self.leave(Step::Gone),
        };
        match sent {
            Ok(count) if count == answer.len() => {}
            Ok(0) => return self.leave(Step::Gone),
            Ok(count) => return self.leave_rest(&answer[count..], closes),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                return self.leave_rest(answer, closes);
            }
            Err(_) => return self.leave(Step::Gone),
        }
        if closes {
            return self.leave(Step::Close);
        }
        self.answered.set(Some(Stopwatch::start()));
        self.is_asking.set(false);
        if self.looks_again.take() {
            self.wake();
        }
    }

    fn leave_rest(&self, rest: &[u8], closes: bool) {
        self.closes.set(closes);
        self.leave(Step::SendRest(rest.to_vec()));
    }

    /// Leaves a step to the connection's task.
    fn leave(&self, step: Step) {
        self.next.set(Some(step));
        self.wake();
    }

    fn wake(&self) {
        if let Some(task) = self.task.borrow().as_ref() {
            task.wake_by_ref();
        }
    }

    async fn send_rest(&self, rest: &[u8]) -> Result<()> {
        let mut stream = self.stream.take().ok_or_else(gone)?;
        timeout(KEEP_ALIVE, stream.write_all(rest)).await??;
        self.stream.replace(Some(stream));
        self.answered.set(Some(Stopwatch::start()));
        self.is_asking.set(false);
        Ok(())
    }
}

/// A connection that has to be answered. Where it is not, by a defect, it is closed.
pub(super) struct Asking(Option<Rc<Connection>>);

impl Asking {
    pub fn new(connection: &Rc<Connection>) -> Asking {
        Asking(Some(connection.clone()))
    }

    /// Whether the next answer is the last one.
    pub fn closes(&self) -> bool {
        self.0
            .as_ref()
            .is_some_and(|connection| connection.closes())
    }

    /// The same for the next stage.
    pub fn pass(&mut self) -> Asking {
        Asking(self.0.take())
    }

    pub fn send(mut self, answer: &[u8], closes: bool) {
        if let Some(connection) = self.0.take() {
            connection.send(answer, closes);
        }
    }

    pub fn hand_over(mut self, bytes: &[u8]) {
        if let Some(connection) = self.0.take() {
            connection.leave(Step::HandOver(bytes.to_vec()));
        }
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            connection.leave(Step::Gone);
        }
    }
}

fn gone() -> Error {
    Error::from(ErrorKind::NotConnected)
}

/// Deals with the requests of a connection; what it returns is for the general server.
pub async fn serve(lane: Rc<Lane>, stream: Accepted) -> Option<Handed> {
    let connection = Rc::new(Connection::new(stream));
    let mut stopping = pin!(lane.stopping.notified());
    let mut silence = pin!(sleep(HEAD_TIMEOUT));
    // Whether the end of the server and that of the silence will be heard.
    let mut listens = false;
    loop {
        let step = poll_fn(|context| {
            if let Some(step) = connection.next.take() {
                return Poll::Ready(step);
            }
            if connection.is_asking.get() {
                connection.looks_again.set(true);
            } else if let Poll::Ready(asked) = lane.poll_ask(&connection, context) {
                if asked.is_err() {
                    return Poll::Ready(Step::Gone);
                }
                if listens {
                    return Poll::Pending;
                }
            }
            listens = true;
            if connection.closes() || stopping.as_mut().poll(context).is_ready() {
                connection.closes.set(true);
                return match connection.is_asking.get() {
                    true => Poll::Pending,
                    false => Poll::Ready(Step::Close),
                };
            }
            // The timer of a busy connection is set anew only when it has run out.
            while silence.as_mut().poll(context).is_ready() {
                let answered = connection.answered.get();
                let left = match (connection.is_asking.get(), answered) {
                    (true, _) => KEEP_ALIVE,
                    (false, None) => return Poll::Ready(Step::TooLate),
                    (false, Some(answered)) => KEEP_ALIVE.saturating_sub(answered.elapsed()),
                };
                if left.is_zero() {
                    return Poll::Ready(Step::Close);
                }
                silence.set(sleep(left));
            }
            Poll::Pending
        });
        match step.await {
            Step::HandOver(bytes) => {
                let stream = connection.stream.take()?;
                return Some((Replay::new(bytes, stream), connection.peer));
            }
            Step::SendRest(rest) => {
                connection.send_rest(&rest).await.ok()?;
                if connection.closes() {
                    return None;
                }
            }
            Step::TooLate => {
                // Who is gone does not read it.
                let _ = (connection.stream.take()?).try_write(TOO_LATE);
                return None;
            }
            Step::Close | Step::Gone => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    /// A connection, and the visitor's end of it.
    async fn pair() -> (Rc<Connection>, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let visitor = TcpStream::connect(address).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        (Rc::new(Connection::new(stream)), visitor)
    }

    fn run(work: impl Future<Output = ()>) {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_all().build().unwrap().block_on(work);
    }

    #[test]
    fn a_connection_that_nobody_answers_is_closed() {
        run(async {
            let (connection, _visitor) = pair().await;
            let mut asking = Asking::new(&connection);
            let passed = asking.pass();
            drop(asking);
            assert!(connection.next.take().is_none(), "it was passed on");
            drop(passed);
            assert!(matches!(connection.next.take(), Some(Step::Gone)));
            Asking::new(&connection).send(b"HTTP/1.1 200 OK\r\n\r\n", true);
            assert!(matches!(connection.next.take(), Some(Step::Close)));
        });
    }

    #[test]
    fn an_answer_that_does_not_fit_goes_out_to_its_end() {
        run(async {
            let (connection, mut visitor) = pair().await;
            connection.is_asking.set(true);
            let answer: Vec<u8> = (0..32 << 20).map(|at: u32| at as u8).collect();
            Asking::new(&connection).send(&answer, false);
            let Some(Step::SendRest(rest)) = connection.next.take() else {
                panic!("32 MiB fit nowhere");
            };
            assert!(rest.len() < answer.len() && answer.ends_with(&rest));
            assert!(connection.is_asking.get());
            let mut read = vec![0; answer.len()];
            let (sent, got) =
                tokio::join!(connection.send_rest(&rest), visitor.read_exact(&mut read));
            assert!(sent.is_ok() && got.is_ok() && read == answer);
            assert!(!connection.is_asking.get() && connection.answered.get().is_some());
        });
    }
}
