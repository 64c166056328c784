//! E-mail addresses, with the at sign as such or escaped.

use super::{Kind, Passage};

/// Longest local part, in bytes (RFC 5321, 4.5.3.1.1).
const LOCAL_MAX: usize = 64;

/// Endings of files that follow an at sign, as in `logo@2x.png`.
const FILES: &[&str] = &[
    "png", "jpg", "jpeg", "gif", "webp", "avif", "svg", "css", "js", "html",
];

/// Adds every address in a text.
pub fn find(text: &str, passages: &mut Vec<Passage>) {
    let bytes = text.as_bytes();
    let mut from = 0;
    while let Some((at, length)) = at_sign(bytes, from) {
        from = at + length;
        let start = local_start(bytes, at);
        let Some(end) = domain_end(bytes, from) else {
            continue;
        };
        if start < at {
            from = end;
            passages.push(Passage {
                from: start,
                to: end,
                kind: Kind::Email,
            });
        }
    }
}

/// The next at sign and its length in bytes.
fn at_sign(bytes: &[u8], from: usize) -> Option<(usize, usize)> {
    (from..bytes.len()).find_map(|at| match bytes[at] {
        b'@' => Some((at, 1)),
        b'%' if bytes[at..].starts_with(b"%40") => Some((at, 3)),
        _ => None,
    })
}

/// Where the part before the at sign begins; letters of other scripts count.
fn local_start(bytes: &[u8], at: usize) -> usize {
    let mut start = at;
    while start > 0 && at - start < LOCAL_MAX && is_local(bytes[start - 1]) {
        start -= 1;
    }
    // Never inside a letter.
    while start < at && bytes[start] & 0xC0 == 0x80 {
        start += 1;
    }
    start
}

fn is_local(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || !byte.is_ascii() || b".!#$%'*+-_^`{|}~".contains(&byte)
}

/// Where a host name with a top-level domain of letters ends; none where there is none.
fn domain_end(bytes: &[u8], from: usize) -> Option<usize> {
    let is_domain =
        |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.' || !byte.is_ascii();
    let length = bytes[from..]
        .iter()
        .take_while(|&&byte| is_domain(byte))
        .count();
    let mut end = from + length;
    while end > from && matches!(bytes[end - 1], b'.' | b'-') {
        end -= 1;
    }
    let domain = &bytes[from..end];
    let dot = domain.iter().rposition(|&byte| byte == b'.')?;
    let top = &domain[dot + 1..];
    let named = top.len() >= 2
        && top
            .iter()
            .all(|&byte| byte.is_ascii_alphabetic() || !byte.is_ascii() || byte == b'-');
    let is_file = FILES
        .iter()
        .any(|ending| top.eq_ignore_ascii_case(ending.as_bytes()));
    (dot > 0 && named && !is_file).then_some(end)
}
