//! A door for the fuzz target into what reads a stranger's request here. It exists in
//! tests and in fuzzing builds alone.

use super::request;

/// The bytes of a connection: a plain request, or something for the general server.
pub fn request(bytes: &[u8]) {
    let Some(plain) = request::read(bytes) else {
        return;
    };
    assert!(bytes.ends_with(plain.body));
    assert!(plain.path.starts_with('/') && !plain.path.contains('?'));
    // A request ends where it says; with anything behind it, it is not one.
    let more = [bytes, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"].concat();
    assert!(request::read(&more).is_none());
    let heading = &plain.heading;
    for text in [heading.agent, heading.referrer, heading.cookies] {
        let visible = |byte: u8| byte == b'\t' || (b' '..=b'~').contains(&byte);
        assert!(text.is_none_or(|text| text.bytes().all(visible)));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::model::fuzz_seeds::for_each;

    #[test]
    fn every_seed_of_a_request_is_read() {
        for_each("request", super::request);
    }

    proptest! {
        #[test]
        fn no_request_breaks_it(
            line in "(GET|POST) /[a-z?=&%{}#]{0,12} HTTP/1[.][01]",
            headers in proptest::collection::vec("[A-Za-z-]{1,12}: ?[ -~]{0,12}", 0..6),
            body in "[ -~]{0,12}",
        ) {
            let length = format!("Host: a\r\nContent-Length: {}", body.len());
            let head = [&[line][..], &headers, &[length]].concat().join("\r\n");
            super::request(format!("{head}\r\n\r\n{body}").as_bytes());
        }
    }
}
