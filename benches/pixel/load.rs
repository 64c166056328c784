//! The load: raw HTTP/1.1 over keep-alive connections, one request at a time on
//! each. Every answer is checked; one that is wrong ends the measurement.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::Outcome;

const WARM_UP: Duration = Duration::from_secs(1);
/// No answer takes longer, or something is broken.
const ANSWER_MAX: Duration = Duration::from_secs(30);
/// Bytes of the image.
const GIF_BYTES: usize = 43;
/// Where the order's number goes in a request.
const NUMBER: &[u8] = b"0000000000000000";

/// Order numbers are unique over all runs.
static NEXT: AtomicU64 = AtomicU64::new(0);

#[derive(Clone)]
pub struct Load {
    address: SocketAddr,
    path: String,
    connections: usize,
    seconds: u64,
    /// A line that the head of every answer must have.
    wanted: Option<&'static str>,
}

/// What one run came to.
#[derive(Debug, Clone)]
pub struct Measured {
    pub a_second: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
    /// Warm-up included.
    pub answered_in_all: u64,
}

/// Threads that make the load: as many as there are cores, at most four.
pub fn threads() -> usize {
    std::thread::available_parallelism()
        .map_or(1, usize::from)
        .min(4)
}

impl Load {
    /// `path` takes a unique number at its end.
    pub fn new(
        address: SocketAddr,
        path: &str,
        connections: usize,
        seconds: u64,
        wanted: Option<&'static str>,
    ) -> Load {
        Load {
            address,
            path: path.to_owned(),
            connections,
            seconds,
            wanted,
        }
    }

    pub fn run(&self) -> Outcome<Measured> {
        let start = Instant::now() + WARM_UP;
        let end = start + Duration::from_secs(self.seconds);
        let handles: Vec<_> = (0..threads())
            .map(|index| {
                let load = self.clone();
                let share = (self.connections + index) / threads();
                std::thread::spawn(move || load.thread(share, start, end))
            })
            .collect();
        let (mut latencies, mut answered) = (Vec::new(), 0);
        for handle in handles {
            let (more, count) = handle.join().map_err(|_| "a load thread broke")??;
            latencies.extend(more);
            answered += count;
        }
        latencies.sort_unstable();
        let at = |share: f64| {
            let index = (latencies.len() as f64 * share) as usize;
            latencies
                .get(index)
                .map_or(f64::NAN, |&micros| f64::from(micros) / 1_000.0)
        };
        Ok(Measured {
            a_second: latencies.len() as f64 / self.seconds as f64,
            p50_ms: at(0.5),
            p99_ms: at(0.99),
            answered_in_all: answered,
        })
    }

    /// The latencies within the measured time in microseconds, and all answers.
    fn thread(
        &self,
        share: usize,
        start: Instant,
        end: Instant,
    ) -> Result<(Vec<u32>, u64), String> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| error.to_string())?;
        let load = Arc::new(self.clone());
        runtime.block_on(async move {
            let tasks: Vec<_> = (0..share)
                .map(|_| {
                    let load = load.clone();
                    tokio::spawn(async move { load.connection(start, end).await })
                })
                .collect();
            let (mut latencies, mut answered) = (Vec::new(), 0);
            for task in tasks {
                let (more, count) = task.await.map_err(|error| error.to_string())??;
                latencies.extend(more);
                answered += count;
            }
            Ok((latencies, answered))
        })
    }

    async fn connection(&self, start: Instant, end: Instant) -> Result<(Vec<u32>, u64), String> {
        let longest = end.duration_since(Instant::now()) + ANSWER_MAX;
        tokio::time::timeout(longest, self.ask(start, end))
            .await
            .map_err(|_| "an answer did not come".to_owned())?
    }

    async fn ask(&self, start: Instant, end: Instant) -> Result<(Vec<u32>, u64), String> {
        let failed = |error: std::io::Error| format!("the load could not be made: {error}");
        let mut stream = TcpStream::connect(self.address).await.map_err(failed)?;
        stream.set_nodelay(true).map_err(failed)?;
        let mut request = self.request().into_bytes();
        let at = find(&request, NUMBER).ok_or("the request has no place for a number")?;
        let mut answer = Vec::with_capacity(1_024);
        let mut latencies = Vec::new();
        let mut answered = 0;
        loop {
            let sent = Instant::now();
            if sent >= end {
                return Ok((latencies, answered));
            }
            write_number(
                &mut request[at..at + NUMBER.len()],
                NEXT.fetch_add(1, Ordering::Relaxed),
            );
            stream.write_all(&request).await.map_err(failed)?;
            self.read(&mut stream, &mut answer).await?;
            answered += 1;
            let received = Instant::now();
            if sent >= start && received <= end {
                latencies.push(received.duration_since(sent).as_micros() as u32);
            }
        }
    }

    /// A request as Chrome makes it for an image.
    fn request(&self) -> String {
        format!(
            "GET {}{} HTTP/1.1\r\nHost: {}\r\n\
             User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36\r\n\
             Accept: image/avif,image/webp,*/*\r\nSec-Fetch-Dest: image\r\n\
             Referer: https://shop.example/\r\n\r\n",
            self.path,
            String::from_utf8_lossy(NUMBER),
            self.address
        )
    }

    /// Reads one answer to its end and checks it.
    async fn read(&self, stream: &mut TcpStream, answer: &mut Vec<u8>) -> Result<(), String> {
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
            let head = &answer[..head_end];
            let length = length(head).ok_or("an answer has no length")?;
            if answer.len() < head_end + 4 + length {
                continue;
            }
            let wanted = self.wanted.is_none_or(|wanted| has_line(head, wanted));
            return if head.starts_with(b"HTTP/1.1 200 ") && length == GIF_BYTES && wanted {
                Ok(())
            } else {
                let head = String::from_utf8_lossy(head);
                Err(format!("a hit was not answered as stored:\n{head}"))
            };
        }
    }
}

/// Writes a number over the digits of another of the same length.
fn write_number(place: &mut [u8], mut number: u64) {
    for digit in place.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

fn lines(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    head.split(|&byte| byte == b'\n')
        .map(<[u8]>::trim_ascii_end)
}

fn has_line(head: &[u8], wanted: &str) -> bool {
    lines(head).any(|line| line.eq_ignore_ascii_case(wanted.as_bytes()))
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
