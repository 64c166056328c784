//! Requests as bytes on a socket, for what no well-behaved client can send.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::http::{Answer, BROWSER};

const LIMIT: Duration = Duration::from_secs(20);

/// Sends `GET <target>` with the target's bytes as they are.
pub fn get(address: SocketAddr, target: &[u8]) -> Answer {
    send(address, b"GET", target, &[], b"")
}

/// Sends one request with every byte as given and reads its answer to the end.
#[track_caller]
pub fn send(
    address: SocketAddr,
    method: &[u8],
    target: &[u8],
    headers: &[(&str, &[u8])],
    body: &[u8],
) -> Answer {
    let mut request = Vec::new();
    request.extend_from_slice(method);
    request.push(b' ');
    request.extend_from_slice(target);
    request.extend_from_slice(b" HTTP/1.1\r\nHost: ");
    request.extend_from_slice(address.to_string().as_bytes());
    request.extend_from_slice(b"\r\nConnection: close\r\nUser-Agent: ");
    request.extend_from_slice(BROWSER.as_bytes());
    for (name, value) in headers {
        request.extend_from_slice(b"\r\n");
        request.extend_from_slice(name.as_bytes());
        request.extend_from_slice(b": ");
        request.extend_from_slice(value);
    }
    if !body.is_empty() {
        request.extend_from_slice(format!("\r\nContent-Length: {}", body.len()).as_bytes());
    }
    request.extend_from_slice(b"\r\n\r\n");
    request.extend_from_slice(body);
    exchange(address, &request)
}

/// Sends these bytes and reads what comes until the other side closes. A reset
/// after the answer's head is an answer too: a server may refuse to read on.
#[track_caller]
pub fn exchange(address: SocketAddr, request: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    stream.set_write_timeout(Some(LIMIT)).unwrap();
    let _ = stream.write_all(request);
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    parse(&bytes)
}

/// A connection that stays open from one request to the next.
pub struct Connection {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Connection {
    #[track_caller]
    pub fn open(address: SocketAddr) -> Connection {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        stream.set_nodelay(true).unwrap();
        Connection {
            stream,
            read: Vec::new(),
        }
    }

    #[track_caller]
    pub fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    /// The next answer; one to `HEAD` has no body, whatever length it tells.
    #[track_caller]
    pub fn answer(&mut self, to_head: bool) -> Answer {
        loop {
            if let Some(end) = find(&self.read, b"\r\n\r\n").map(|at| at + 4) {
                let head = parse(&self.read[..end]);
                let length = head.header("content-length");
                let length = length.map_or(0, |text| text.parse().unwrap());
                let end = if to_head { end } else { end + length };
                if self.read.len() >= end {
                    return parse(&self.read.drain(..end).collect::<Vec<u8>>());
                }
            }
            let mut some = [0; 4_096];
            let count = self.stream.read(&mut some).unwrap();
            assert!(count > 0, "closed before an answer");
            self.read.extend_from_slice(&some[..count]);
        }
    }

    /// Whether nothing more comes.
    pub fn ends(mut self) -> bool {
        let mut rest = self.read;
        let _ = self.stream.read_to_end(&mut rest);
        rest.is_empty()
    }
}

#[track_caller]
fn parse(bytes: &[u8]) -> Answer {
    let end = find(bytes, b"\r\n\r\n")
        .unwrap_or_else(|| panic!("no HTTP answer: {:?}", String::from_utf8_lossy(bytes)));
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1))
        .and_then(|code| code.parse().ok())
        .unwrap_or_else(|| panic!("no status: {head}"));
    let headers: Vec<_> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let chunked = headers
        .iter()
        .any(|(name, value)| name == "transfer-encoding" && value == "chunked");
    let body = &bytes[end + 4..];
    Answer {
        status,
        headers,
        body: if chunked {
            unchunk(body)
        } else {
            body.to_vec()
        },
    }
}

fn unchunk(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = find(rest, b"\r\n") {
        let size = String::from_utf8_lossy(&rest[..end]).into_owned();
        let size = usize::from_str_radix(size.trim(), 16).unwrap_or(0);
        let start = end + 2;
        if size == 0 || rest.len() < start + size {
            break;
        }
        body.extend_from_slice(&rest[start..start + size]);
        rest = rest.get(start + size + 2..).unwrap_or_default();
    }
    body
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}
