//! Reads a request that is plain enough to be answered without ceremony: whole, in
//! HTTP/1.1, with nothing in its head that changes how it is to be read. None for
//! everything else, and that includes whatever is wrong: no request is refused here.

use std::mem::MaybeUninit;

use httparse::Status;

use crate::web::collect::Heading;

/// Headers that are read; requests with more are not plain.
const HEADERS_MAX: usize = 32;
/// Longest head that is plain, in bytes.
const HEAD_MAX: usize = 16 * 1024;

/// A plain request, whole.
pub struct Plain<'r> {
    pub method: &'r str,
    pub path: &'r str,
    pub query: &'r str,
    pub heading: Heading<'r>,
    pub body: &'r [u8],
}

/// What a head says of the request's own shape.
#[derive(Default)]
struct Shape {
    hosts: usize,
    length: Option<usize>,
    is_odd: bool,
}

/// The request that these bytes are, from the first to the last.
pub fn read(bytes: &[u8]) -> Option<Plain<'_>> {
    let mut room = [const { MaybeUninit::uninit() }; HEADERS_MAX];
    let mut request = httparse::Request::new(&mut []);
    let Ok(Status::Complete(end)) = request.parse_with_uninit_headers(bytes, &mut room) else {
        return None;
    };
    let target = request.path.filter(|target| is_plain(target))?;
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut heading = Heading::default();
    let mut shape = Shape::default();
    for header in request.headers.iter() {
        if !shape.take(header.name, header.value) {
            heading.take(header.name, header.value);
        }
    }
    let body = &bytes[end..];
    let is_whole = body.len() == shape.length.unwrap_or(0);
    let is_plain = shape.hosts == 1 && !shape.is_odd && end <= HEAD_MAX;
    (request.version == Some(1) && is_plain && is_whole).then_some(Plain {
        method: request.method?,
        path,
        query,
        heading,
        body,
    })
}

impl Shape {
    /// Whether a header is about the shape, and takes it then.
    fn take(&mut self, name: &str, value: &[u8]) -> bool {
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        match name.len() {
            4 if is("host") => self.hosts += 1,
            6 if is("expect") => self.is_odd = true,
            7 if is("upgrade") => self.is_odd = true,
            10 if is("connection") => {
                self.is_odd |= !value.eq_ignore_ascii_case(b"keep-alive");
            }
            14 if is("content-length") => {
                self.is_odd |= self.length.is_some();
                self.length = length(value);
                self.is_odd |= self.length.is_none();
            }
            17 if is("transfer-encoding") => self.is_odd = true,
            _ => return false,
        }
        true
    }
}

/// A length in digits and nothing else.
fn length(value: &[u8]) -> Option<usize> {
    let digits = (1..=8).contains(&value.len()) && value.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(value)
        .ok()
        .filter(|_| digits)?
        .parse()
        .ok()
}

/// Whether a target begins with a path and has only characters that mean themselves
/// wherever an address is read.
fn is_plain(target: &str) -> bool {
    target.starts_with('/') && target.bytes().all(|byte| PLAIN[usize::from(byte)])
}

const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        plain[byte] = (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    let marks = b"-._~%!$&'()*+,;=:@/?";
    let mut at = 0;
    while at < marks.len() {
        plain[marks[at] as usize] = true;
        at += 1;
    }
    plain
};

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "GET /imp?a=1&b=%20x HTTP/1.1\r\nHost: t.example\r\nUser-Agent: x\r\n";

    fn is_read(text: &str) -> bool {
        read(text.as_bytes()).is_some()
    }

    #[test]
    fn a_plain_request_is_read_whole() {
        let text = format!("{HEAD}Connection: Keep-Alive\r\n\r\n");
        let plain = read(text.as_bytes()).unwrap();
        assert_eq!((plain.method, plain.path), ("GET", "/imp"));
        assert_eq!((plain.query, plain.body.len()), ("a=1&b=%20x", 0));
        let text = "POST /event HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\n{x}";
        assert_eq!(read(text.as_bytes()).unwrap().body, b"{x}");
    }

    #[test]
    fn what_is_not_whole_or_more_than_one_is_left_alone() {
        let whole = format!("{HEAD}\r\n");
        for end in 0..whole.len() {
            assert!(!is_read(&whole[..end]), "{end}");
        }
        assert!(!is_read(&format!("{whole}{whole}")));
        assert!(!is_read(&format!("{whole}x")));
        let post = "POST /event HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n";
        assert!(!is_read(&format!("{post}{{x")) && !is_read(&format!("{post}{{x}}y")));
    }

    #[test]
    fn a_head_that_changes_the_reading_is_left_alone() {
        for header in [
            "Host: other.example",
            "Connection: close",
            "Connection: keep-alive, upgrade",
            "Transfer-Encoding: chunked",
            "Expect: 100-continue",
            "Upgrade: websocket",
            "Content-Length: 0\r\nContent-Length: 0",
            "Content-Length: +0",
            "Content-Length: 0x0",
            "Content-Length:",
            "Content-Length: 999999999",
        ] {
            assert!(!is_read(&format!("{HEAD}{header}\r\n\r\n")), "{header}");
        }
        let many = "X-A: b\r\n".repeat(HEADERS_MAX);
        assert!(!is_read(&format!("{HEAD}{many}\r\n")));
        let long = "a".repeat(HEAD_MAX);
        assert!(!is_read(&format!("{HEAD}X-A: {long}\r\n\r\n")));
    }

    #[test]
    fn odd_targets_versions_and_lines_are_left_alone() {
        for line in [
            "GET /imp HTTP/1.0",
            "GET imp HTTP/1.1",
            "GET http://t.example/imp HTTP/1.1",
            "GET * HTTP/1.1",
            "GET /imp?a={x} HTTP/1.1",
            "GET /imp?a#b HTTP/1.1",
            "GET /imp?a=\u{e9} HTTP/1.1",
            "GET  /imp HTTP/1.1",
            "GET /imp",
        ] {
            assert!(!is_read(&format!("{line}\r\nHost: a\r\n\r\n")), "{line}");
        }
        assert!(!is_read("GET /imp HTTP/1.1\r\n\r\n"));
        assert!(!is_read("GET /imp HTTP/1.1\r\nHost : a\r\n\r\n"));
        assert!(!is_read("GET /imp HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n"));
    }
}
