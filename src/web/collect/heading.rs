//! What the headers of a request say to this room, taken one by one: they are few.
//! Never in here: a header that only the server itself needs.

/// What the headers of a request say.
#[derive(Debug, Default)]
pub struct Heading<'r> {
    pub agent: Option<&'r str>,
    pub referrer: Option<&'r str>,
    pub cookies: Option<&'r str>,
    /// `Sec-GPC: 1`.
    pub privacy_control: bool,
    /// The browser fetches it for a frame.
    pub in_frame: bool,
    /// A browser sent it, not a server.
    pub from_browser: bool,
    /// The browser loads it ahead of time.
    pub is_prefetch: bool,
    /// The lists of `X-Forwarded-For`, in order.
    pub forwarded: Vec<&'r str>,
}

impl<'r> Heading<'r> {
    /// Takes a header, whose name may be written in any case. Of one that comes twice
    /// the first counts.
    pub fn take(&mut self, name: &str, value: &'r [u8]) {
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        match name.len() {
            5 if is("x-moz") => self.take_purpose(value),
            6 if is("cookie") => take_first(&mut self.cookies, value),
            7 if is("referer") => take_first(&mut self.referrer, value),
            7 if is("sec-gpc") => self.privacy_control |= value == b"1",
            7 if is("purpose") => self.take_purpose(value),
            9 if is("x-purpose") => self.take_purpose(value),
            10 if is("user-agent") => take_first(&mut self.agent, value),
            11 if is("sec-purpose") => self.take_purpose(value),
            14 if is("sec-fetch-dest") => self.in_frame |= value.ends_with(b"frame"),
            14 if is("sec-fetch-mode") => self.from_browser = true,
            15 if is("x-forwarded-for") => self.forwarded.extend(text(value)),
            _ => {}
        }
    }

    fn take_purpose(&mut self, value: &[u8]) {
        let word = text(value).unwrap_or_default().to_ascii_lowercase();
        self.is_prefetch |= ["prefetch", "prerender", "preview"]
            .iter()
            .any(|named| word.contains(named));
    }
}

fn take_first<'r>(place: &mut Option<&'r str>, value: &'r [u8]) {
    if place.is_none() {
        *place = text(value);
    }
}

/// A value that is text: nothing but ASCII that can be seen, blanks and tabs.
fn text(value: &[u8]) -> Option<&str> {
    let odd = |byte: u8| (byte < b' ' && byte != b'\t') || byte > b'~';
    let any_odd = value.iter().fold(false, |any, &byte| any | odd(byte));
    std::str::from_utf8(value).ok().filter(|_| !any_odd)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heading(headers: &[(&str, &'static str)]) -> Heading<'static> {
        let mut heading = Heading::default();
        for (name, value) in headers {
            heading.take(name, value.as_bytes());
        }
        heading
    }

    #[test]
    fn names_are_read_in_any_case_and_the_first_counts() {
        let read = heading(&[
            ("USER-AGENT", "a"),
            ("User-Agent", "b"),
            ("Referer", "https://news.example/"),
            ("cookie", "x=1"),
            ("Sec-GPC", "1"),
            ("X-Forwarded-For", "192.0.2.1"),
            ("x-forwarded-for", "192.0.2.2, 192.0.2.3"),
        ]);
        assert_eq!((read.agent, read.cookies), (Some("a"), Some("x=1")));
        assert_eq!(read.referrer, Some("https://news.example/"));
        assert!(read.privacy_control && !read.in_frame && !read.from_browser);
        assert_eq!(read.forwarded, ["192.0.2.1", "192.0.2.2, 192.0.2.3"]);
    }

    #[test]
    fn what_a_browser_loads_ahead_of_time_is_seen() {
        for (name, value) in [
            ("Sec-Purpose", "prefetch"),
            ("Sec-Purpose", "prefetch;prerender"),
            ("Purpose", "Prefetch"),
            ("X-Purpose", "preview"),
            ("X-Moz", "prefetch"),
        ] {
            assert!(heading(&[(name, value)]).is_prefetch, "{name}: {value}");
        }
        assert!(!heading(&[("Purpose", "none")]).is_prefetch);
    }

    #[test]
    fn a_value_that_is_no_text_is_passed_over() {
        let mut read = Heading::default();
        read.take("User-Agent", b"\xff");
        read.take("User-Agent", "caf\u{e9}".as_bytes());
        read.take("Referer", b"a\0b");
        assert_eq!((read.agent, read.referrer), (None, None));
    }
}
