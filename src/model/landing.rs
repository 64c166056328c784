//! Where a click leads: macros of a landing page filled, the click id appended,
//! and the host of a deep link checked. Pure; nothing here knows a request.

use std::borrow::Cow;
use std::fmt::Write;

use url::Url;

/// Index of a landing page that no campaign stores: a deep link. Reports show none.
pub const DEEP_LINK: u8 = u8::MAX;
/// Longest name of a macro, in bytes.
const MACRO_MAX: usize = 40;
const CLICK_ID: &str = "click_id";
/// Longest name of a host, in bytes.
const HOST_MAX: usize = 253;

/// Fills `{name}` in path, query and fragment with percent-encoded values; names
/// that `value_of` does not know become empty. The host is never filled. The click
/// id is appended as `click_id` where the template names none, and there is one.
pub fn fill<'v>(
    template: &str,
    click_id: &str,
    value_of: impl Fn(&str) -> Option<Cow<'v, str>>,
) -> String {
    let (head, tail) = template.split_at(authority_end(template));
    let mut filled = String::with_capacity(template.len() + click_id.len() + 16);
    filled.push_str(head);
    let mut rest = tail;
    let mut named = false;
    while let Some((before, name, after)) = next_macro(rest) {
        filled.push_str(before);
        if name == CLICK_ID {
            named = true;
            push_encoded(&mut filled, click_id);
        } else {
            push_encoded(&mut filled, &value_of(name).unwrap_or_default());
        }
        rest = after;
    }
    filled.push_str(rest);
    if named || click_id.is_empty() {
        filled
    } else {
        with_click_id(filled, click_id)
    }
}

/// An http or https address on exactly one of these hosts, without user name;
/// the port is free. None otherwise. The text returned is safe in a header.
pub fn on_hosts(text: &str, hosts: &[String]) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let host = url.host_str()?;
    let listed = hosts.iter().any(|listed| listed.eq_ignore_ascii_case(host));
    let web = matches!(url.scheme(), "http" | "https");
    let anonymous = url.username().is_empty() && url.password().is_none();
    (listed && web && anonymous).then(|| url.into())
}

/// The host of an http address, in lower case; none where there is no name.
pub fn host_of(url: &str) -> Option<Cow<'_, str>> {
    let rest = after_scheme(url)?;
    let plain = rest.bytes().take_while(|&byte| is_plain_host(byte)).count();
    // Most hosts stand by themselves, in small letters.
    if matches!(rest.as_bytes().get(plain), None | Some(b'/' | b'?' | b'#')) {
        return (1..=HOST_MAX)
            .contains(&plain)
            .then(|| Cow::Borrowed(&rest[..plain]));
    }
    let end = |text: &str, is_mark: fn(u8) -> bool| {
        let found = text.bytes().position(is_mark);
        found.unwrap_or(text.len())
    };
    let authority = &rest[..end(rest, |byte| matches!(byte, b'/' | b'?' | b'#' | b'\\'))];
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let host = match host.strip_prefix('[') {
        Some(v6) => &v6[..end(v6, |byte| byte == b']')],
        None => &host[..end(host, |byte| byte == b':')],
    };
    let (mut clean, mut is_lower) = (true, true);
    for byte in host.bytes() {
        clean &= byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':');
        is_lower &= !byte.is_ascii_uppercase();
    }
    (clean && (1..=HOST_MAX).contains(&host.len())).then(|| match is_lower {
        true => Cow::Borrowed(host),
        false => Cow::Owned(host.to_ascii_lowercase()),
    })
}

fn is_plain_host(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'_')
}

/// What follows `http://` or `https://`.
fn after_scheme(url: &str) -> Option<&str> {
    ["https://", "http://"].into_iter().find_map(|scheme| {
        let (start, rest) = url.split_at_checked(scheme.len())?;
        start.eq_ignore_ascii_case(scheme).then_some(rest)
    })
}

fn authority_end(template: &str) -> usize {
    let mut threes = template.as_bytes().windows(3);
    let Some(start) = threes.position(|three| three == b"://").map(|at| at + 3) else {
        return 0;
    };
    let mark = |byte| matches!(byte, b'/' | b'?' | b'#');
    let path = template[start..].bytes().position(mark);
    path.map_or(template.len(), |at| start + at)
}

/// Text before, name and text after of the first `{name}`.
fn next_macro(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    while let Some(open) = text[from..].find('{').map(|at| from + at) {
        let after = &text[open + 1..];
        let ends = |byte: u8| !byte.is_ascii_alphanumeric() && byte != b'_';
        let name_end = after.bytes().position(ends).unwrap_or(after.len());
        if (1..=MACRO_MAX).contains(&name_end) && after[name_end..].starts_with('}') {
            return Some((&text[..open], &after[..name_end], &after[name_end + 1..]));
        }
        from = open + 1;
    }
    None
}

fn push_encoded(out: &mut String, value: &str) {
    let plain = |byte: u8| UNRESERVED[usize::from(byte)];
    if value.bytes().all(plain) {
        return out.push_str(value);
    }
    for byte in value.bytes() {
        if plain(byte) {
            out.push(byte as char);
        } else {
            // Writing to a String does not fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

/// Characters that mean themselves anywhere in an address (RFC 3986, 2.3).
const UNRESERVED: [bool; 256] = {
    let mut unreserved = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        let mark = matches!(byte as u8, b'-' | b'_' | b'.' | b'~');
        unreserved[byte] = mark || (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    unreserved
};

fn with_click_id(url: String, click_id: &str) -> String {
    let (page, fragment) = match url.split_once('#') {
        Some((page, fragment)) => (page, Some(fragment)),
        None => (url.as_str(), None),
    };
    let joint = match page.split_once('?') {
        None => "?",
        Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
        Some(_) => "&",
    };
    let mut out = String::with_capacity(url.len() + click_id.len() + 16);
    for part in [page, joint, CLICK_ID, "="] {
        out.push_str(part);
    }
    push_encoded(&mut out, click_id);
    if let Some(fragment) = fragment {
        out.push('#');
        out.push_str(fragment);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(template: &str) -> String {
        fill(template, "CID-1", |name| match name {
            "p1" => Some("a b&c=d#é".into()),
            "source" => Some("mail".into()),
            _ => None,
        })
    }

    #[test]
    fn macros_are_filled_encoded_and_unknown_ones_emptied() {
        assert_eq!(
            filled("https://shop.example/{source}?c={click_id}&x={p1}&y={nobody}#{p1}"),
            "https://shop.example/mail?c=CID-1&x=a%20b%26c%3Dd%23%C3%A9&y=#a%20b%26c%3Dd%23%C3%A9"
        );
    }

    #[test]
    fn the_click_id_is_appended_before_the_fragment_where_none_is_named() {
        for (template, expected) in [
            ("https://s.example", "https://s.example?click_id=CID-1"),
            ("https://s.example/a", "https://s.example/a?click_id=CID-1"),
            (
                "https://s.example/?a=1",
                "https://s.example/?a=1&click_id=CID-1",
            ),
            ("https://s.example/?", "https://s.example/?click_id=CID-1"),
            (
                "https://s.example/#top",
                "https://s.example/?click_id=CID-1#top",
            ),
        ] {
            assert_eq!(filled(template), expected);
        }
    }

    #[test]
    fn a_host_is_never_filled() {
        assert!(filled("https://{source}.example/x").starts_with("https://{source}.example/x"));
        assert!(filled("https://{source}").starts_with("https://{source}"));
    }

    #[test]
    fn braces_that_are_no_macro_stay() {
        assert_eq!(
            filled("https://s.example/?j={\"a\":1}&k={&c={click_id}"),
            "https://s.example/?j={\"a\":1}&k={&c=CID-1"
        );
    }

    #[test]
    fn a_deep_link_leads_to_a_listed_host_and_nowhere_else() {
        let hosts = ["shop.example".to_owned()];
        let fine = |text| on_hosts(text, &hosts).is_some();
        assert!(fine("https://shop.example/a?b#c"));
        assert!(fine("http://SHOP.example:8080/"));
        for text in [
            "https://evil.example/",
            "https://sub.shop.example/",
            "https://shop.example.evil.example/",
            "https://shop.example@evil.example/",
            "https://user@shop.example/",
            "https://evil.example\\@shop.example/",
            "//evil.example/",
            "/relative",
            "javascript:alert(1)//shop.example",
            "data:text/html,x",
            "ftp://shop.example/",
            "",
        ] {
            assert!(!fine(text), "{text}");
        }
    }

    #[test]
    fn a_deep_link_cannot_break_out_of_its_header() {
        let hosts = ["shop.example".to_owned()];
        let url = on_hosts("https://shop.example/a\r\nSet-Cookie: x=1/é", &hosts).unwrap();
        assert!(url.is_ascii() && !url.contains(['\r', '\n', ' ']));
    }

    #[test]
    fn a_host_is_read_without_port_and_user() {
        for (url, host) in [
            ("https://News.Example/a?b", Some("news.example")),
            ("http://user:pw@a.example:81", Some("a.example")),
            ("http://[::1]:8080/", Some("::1")),
            ("android-app://com.example", None),
            ("https://", None),
            ("https://a b/", None),
            ("nonsense", None),
        ] {
            assert_eq!(host_of(url).as_deref(), host, "{url}");
        }
    }
}
