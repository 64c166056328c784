//! The load: raw HTTP/1.1 over keep-alive connections, one request at a time on
//! each. Every answer is checked; one that is wrong ends the measurement.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::Outcome;
use crate::requests::Ask;

const WARM_UP: Duration = Duration::from_secs(1);
/// No answer takes longer, or something is broken.
const ANSWER_MAX: Duration = Duration::from_secs(30);
/// Numbers are unique over all runs; each start of this program loads copies of its own.
static NEXT: AtomicU64 = AtomicU64::new(1);

#[derive(Clone)]
pub struct Load {
    address: SocketAddr,
    /// One each connection, in turn.
    asks: Vec<Ask>,
    connections: usize,
    seconds: u64,
    /// Requests of one connection at most.
    most: u64,
    /// Whether the server may go away in the middle: what was answered counts.
    breaks: bool,
}

/// What one run came to.
#[derive(Debug, Clone)]
pub struct Measured {
    /// Hits, not requests.
    pub a_second: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
    /// Hits, warm-up included.
    pub hits_in_all: u64,
    /// Hits of redirects that did not wait for the disk: stored, but not acknowledged.
    pub left_early: u64,
}

/// What some connections were answered.
#[derive(Default)]
struct Answered {
    /// Of those within the measured time, in microseconds.
    latencies: Vec<u32>,
    hits_in_time: u64,
    hits: u64,
    left_early: u64,
}

impl Answered {
    fn add(&mut self, more: Answered) {
        self.latencies.extend(more.latencies);
        self.hits_in_time += more.hits_in_time;
        self.hits += more.hits;
        self.left_early += more.left_early;
    }
}

/// Threads that make the load: as many as there are cores, at most four.
pub fn threads() -> usize {
    std::thread::available_parallelism()
        .map_or(1, usize::from)
        .min(4)
}

impl Load {
    pub fn new(address: SocketAddr, ask: Ask, connections: usize, seconds: u64) -> Load {
        Load::mixed(address, vec![ask], connections, seconds)
    }

    pub fn mixed(address: SocketAddr, asks: Vec<Ask>, connections: usize, seconds: u64) -> Load {
        Load {
            address,
            asks,
            connections,
            seconds,
            most: u64::MAX,
            breaks: false,
        }
    }

    /// For a server that is going to be killed meanwhile.
    pub fn that_breaks(mut self) -> Load {
        self.breaks = true;
        self
    }

    pub fn run(&self) -> Outcome<Measured> {
        self.run_from(Instant::now() + WARM_UP, Duration::from_secs(self.seconds))
    }

    /// Sends so many requests and no more.
    pub fn count(mut self, requests: u64) -> Outcome<()> {
        self.most = requests / self.connections as u64;
        self.run_from(Instant::now(), ANSWER_MAX * 20).map(drop)
    }

    /// Asks until one request is answered as it should be, at most so long. Returns how
    /// many hits before it were not waited for.
    pub fn first(mut self, longest: Duration) -> Outcome<u64> {
        (self.most, self.connections) = (1, 1);
        let end = Instant::now() + longest;
        let mut left_early = 0;
        loop {
            match self.run_from(Instant::now(), longest) {
                Ok(measured) if measured.hits_in_all > 0 => return Ok(left_early),
                Ok(measured) => left_early += measured.left_early,
                Err(error) if Instant::now() > end => return Err(error),
                Err(_) => std::thread::sleep(Duration::from_millis(2)),
            }
        }
    }

    fn run_from(&self, start: Instant, lasts: Duration) -> Outcome<Measured> {
        let end = start + lasts;
        let threads = threads().min(self.connections);
        let handles: Vec<_> = (0..threads)
            .map(|index| {
                let load = self.clone();
                let share = (self.connections + index) / threads;
                std::thread::spawn(move || load.thread(share, start, end))
            })
            .collect();
        let mut all = Answered::default();
        for handle in handles {
            all.add(handle.join().map_err(|_| "a load thread broke")??);
        }
        all.latencies.sort_unstable();
        let at = |share: f64| {
            let index = (all.latencies.len() as f64 * share) as usize;
            all.latencies
                .get(index)
                .map_or(f64::NAN, |&micros| f64::from(micros) / 1_000.0)
        };
        Ok(Measured {
            a_second: all.hits_in_time as f64 / lasts.as_secs_f64(),
            p50_ms: at(0.5),
            p99_ms: at(0.99),
            hits_in_all: all.hits,
            left_early: all.left_early,
        })
    }

    fn thread(&self, share: usize, start: Instant, end: Instant) -> Result<Answered, String> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| error.to_string())?;
        let load = Arc::new(self.clone());
        runtime.block_on(async move {
            let tasks: Vec<_> = (0..share)
                .map(|index| {
                    let load = load.clone();
                    tokio::spawn(async move { load.connection(index, start, end).await })
                })
                .collect();
            let mut all = Answered::default();
            for task in tasks {
                all.add(task.await.map_err(|error| error.to_string())??);
            }
            Ok(all)
        })
    }

    async fn connection(
        &self,
        index: usize,
        start: Instant,
        end: Instant,
    ) -> Result<Answered, String> {
        let longest = end.duration_since(Instant::now()) + ANSWER_MAX;
        let ask = self.asks[index % self.asks.len()].clone();
        tokio::time::timeout(longest, self.ask(ask, start, end))
            .await
            .map_err(|_| "an answer did not come".to_owned())?
    }

    async fn ask(&self, mut ask: Ask, start: Instant, end: Instant) -> Result<Answered, String> {
        let failed = |error: std::io::Error| format!("the load could not be made: {error}");
        let mut stream = TcpStream::connect(self.address).await.map_err(failed)?;
        stream.set_nodelay(true).map_err(failed)?;
        let mut answer = Vec::with_capacity(1_024);
        let mut answered = Answered::default();
        for _ in 0..self.most {
            let sent = Instant::now();
            if sent >= end {
                break;
            }
            let request = ask.numbered(NEXT.fetch_add(1, Ordering::Relaxed));
            let written = stream.write_all(request).await.map_err(failed);
            let read = match written {
                Ok(()) => read(&mut stream, &mut answer, &ask).await,
                Err(error) => Err(error),
            };
            if read.is_err() && self.breaks {
                break;
            }
            let is_stored = read?;
            if !is_stored {
                answered.left_early += ask.hits as u64;
                continue;
            }
            answered.hits += ask.hits as u64;
            let received = Instant::now();
            if sent >= start && received <= end {
                answered.hits_in_time += ask.hits as u64;
                let took = received.duration_since(sent);
                answered.latencies.push(took.as_micros() as u32);
            }
        }
        Ok(answered)
    }
}

/// Reads one answer to its end and checks it. False: a redirect that left before its
/// hit was on the disk; such a hit is not acknowledged.
async fn read(stream: &mut TcpStream, answer: &mut Vec<u8>, ask: &Ask) -> Result<bool, String> {
    answer.clear();
    loop {
        let count = stream
            .read_buf(answer)
            .await
            .map_err(|error| error.to_string())?;
        if count == 0 {
            return Err("the server closed a connection".to_owned());
        }
        let Some(head_end) = find(answer, b"\r\n\r\n") else {
            continue;
        };
        let (head, body) = answer.split_at(head_end);
        let body = &body[4..];
        let length = length(head).ok_or("an answer has no length")?;
        if body.len() < length {
            continue;
        }
        return if ask.left_early(head) {
            Ok(false)
        } else if ask.is_answered_by(head, body) {
            Ok(true)
        } else {
            let answer = String::from_utf8_lossy(answer);
            Err(format!("a hit was not answered as it should be:\n{answer}"))
        };
    }
}

fn lines(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    head.split(|&byte| byte == b'\n')
        .map(<[u8]>::trim_ascii_end)
}

fn length(head: &[u8]) -> Option<usize> {
    const NAME: &[u8] = b"content-length: ";
    let line = lines(head).find(|line| {
        line.get(..NAME.len())
            .is_some_and(|name| name.eq_ignore_ascii_case(NAME))
    })?;
    std::str::from_utf8(&line[NAME.len()..]).ok()?.parse().ok()
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}
