//! Events as the WebSDK writes them, read in one pass: JSON without blanks, escapes or
//! anything nested. None for everything else, and that includes whatever is wrong: the
//! general reader judges it. Never in here: a batch that it would read otherwise.

use super::batch::{Batch, EVENTS_MAX, EVENTS_USUAL, Event, Events};
use super::scalar::Scalar;

/// Longest whole number, in digits.
const DIGITS_MAX: usize = 15;

/// The batch that a text is, from its first byte to its last.
pub fn read(text: &str) -> Option<Batch<'_>> {
    let mut reader = Reader { text, at: 0 };
    let batch = reader.batch()?;
    (reader.at == text.len()).then_some(batch)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn batch(&mut self) -> Option<Batch<'a>> {
        let (mut site, mut consent, mut visitor, mut hits) = (None, None, None, None);
        self.object(|reader, name| match name {
            "site" => fill(&mut site, reader.scalar()?),
            "consent" => fill(&mut consent, reader.scalar()?),
            "visitor" => fill(&mut visitor, reader.scalar()?),
            "hits" => fill(&mut hits, reader.events()?),
            _ => None,
        })?;
        Some(Batch {
            site: site.unwrap_or_default(),
            consent: consent.unwrap_or_default(),
            visitor: visitor.unwrap_or_default(),
            hits: hits?,
        })
    }

    fn events(&mut self) -> Option<Events<'a>> {
        self.take(b'[')?;
        let mut events = Vec::with_capacity(EVENTS_USUAL);
        loop {
            let mut event = Event::default();
            self.object(|reader, name| {
                event.take(name, reader.scalar()?);
                Some(())
            })?;
            events.push(event);
            if !self.goes_on(b']')? {
                break;
            }
        }
        (events.len() <= EVENTS_MAX).then_some(Events {
            events,
            too_many: false,
        })
    }

    /// Goes through the names of an object; `each` reads the value behind one.
    fn object(&mut self, mut each: impl FnMut(&mut Self, &'a str) -> Option<()>) -> Option<()> {
        self.take(b'{')?;
        loop {
            let name = self.string()?;
            self.take(b':')?;
            each(self, name)?;
            if !self.goes_on(b'}')? {
                return Some(());
            }
        }
    }

    fn scalar(&mut self) -> Option<Scalar<'a>> {
        match self.rest().first()? {
            b'"' => self.string().map(|text| Scalar::Text(text.into())),
            b'0'..=b'9' => self.number(),
            _ => None,
        }
    }

    fn string(&mut self) -> Option<&'a str> {
        self.take(b'"')?;
        let end = self.at + own_length(self.rest());
        let text = self.text.get(self.at..end)?;
        self.at = end;
        self.take(b'"')?;
        Some(text)
    }

    /// A whole number; one with a sign, a point or an exponent is not read here.
    fn number(&mut self) -> Option<Scalar<'a>> {
        let digits = self.rest().iter().take_while(|byte| byte.is_ascii_digit());
        let (count, number) = digits.fold((0, 0u64), |(count, number), digit| {
            let digit = u64::from(digit - b'0');
            (count + 1, number.wrapping_mul(10).wrapping_add(digit))
        });
        let leads_with_zero = count > 1 && self.rest().first() == Some(&b'0');
        self.at += count;
        (count <= DIGITS_MAX && !leads_with_zero).then_some(Scalar::Integer(number.into()))
    }

    /// Whether a comma stands here, or else the end.
    fn goes_on(&mut self, end: u8) -> Option<bool> {
        let &byte = self.rest().first()?;
        self.at += 1;
        (byte == b',' || byte == end).then_some(byte == b',')
    }

    fn take(&mut self, wanted: u8) -> Option<()> {
        let found = self.rest().first() == Some(&wanted);
        self.at += 1;
        found.then_some(())
    }

    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }
}

/// A name that comes twice is for the general reader.
fn fill<T>(place: &mut Option<T>, value: T) -> Option<()> {
    place.replace(value).is_none().then_some(())
}

/// How many bytes come before a quote, a backslash or a control character.
fn own_length(bytes: &[u8]) -> usize {
    let (eights, _) = bytes.as_chunks();
    let mut length = 0;
    for eight in eights {
        let marks = marks(u64::from_le_bytes(*eight));
        if marks != 0 {
            return length + marks.trailing_zeros() as usize / 8;
        }
        length += 8;
    }
    let is_own = |byte: &&u8| **byte >= b' ' && !matches!(byte, b'"' | b'\\');
    length + bytes[length..].iter().take_while(is_own).count()
}

/// Where among eight bytes such a one stands: the lowest bit that is set is the top bit
/// of the first. Bits above may be wrong.
fn marks(eight: u64) -> u64 {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    let below = |eight: u64, bound: u8| eight.wrapping_sub(ONES * u64::from(bound)) & !eight;
    let equal = |byte: u8| below(eight ^ (ONES * u64::from(byte)), 1);
    (below(eight, b' ') | equal(b'"') | equal(b'\\')) & (ONES << 7)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What the WebSDK sends: a view and a sale.
    const SENT: &str = r#"{"site":"abcdefghjkmn","consent":"granted","visitor":"ff","hits":[{"id":"0123456789abcdef0123456789abcdef","type":"view","url":"https://shop.example/größe?a=1","referrer":"","age_ms":0},{"goal":"sale","txn_id":"T7","sale_amount":49,"id":"1","type":"conversion","age_ms":1500}]}"#;

    fn general(text: &str) -> Option<String> {
        let batch = serde_json::from_str::<Batch<'_>>(text).ok()?;
        Some(format!("{batch:?}"))
    }

    /// Whether a text is read here; then it is read as the general reader reads it.
    fn is_plain(text: &str) -> bool {
        let plain = read(text).map(|batch| format!("{batch:?}"));
        plain.is_some_and(|plain| {
            assert_eq!(Some(plain), general(text), "{text}");
            true
        })
    }

    #[test]
    fn what_the_sdk_sends_is_read_here_and_nothing_cut_short() {
        assert!(is_plain(SENT));
        for end in (0..SENT.len()).filter(|&end| SENT.is_char_boundary(end)) {
            assert!(!is_plain(&SENT[..end]), "{end}");
        }
        assert!(!is_plain(&format!("{SENT} ")));
    }

    #[test]
    fn everything_else_is_left_to_the_general_reader() {
        for hits in [
            "",
            "7",
            "{}",
            r#"{"id": "x"}"#,
            r#"{"id":"a\u0020"}"#,
            "{\"id\":\"a\tb\"}",
            r#"{"age_ms":-1}"#,
            r#"{"age_ms":1.5}"#,
            r#"{"age_ms":1e3}"#,
            r#"{"age_ms":01}"#,
            r#"{"age_ms":1234567890123456}"#,
            r#"{"sub1":null}"#,
            r#"{"sub1":[1]}"#,
            r#"{"sub1":"a",}"#,
        ] {
            assert!(!is_plain(&format!("{{\"hits\":[{hits}]}}")), "{hits}");
        }
        let many = vec![r#"{"id":"x"}"#; EVENTS_MAX + 1].join(",");
        assert!(!is_plain(&format!("{{\"hits\":[{many}]}}")));
        assert!(!is_plain(r#"{"site":"a","site":"b","hits":[{"id":"x"}]}"#));
        assert!(!is_plain(r#"{"more":"a","hits":[{"id":"x"}]}"#));
    }

    #[test]
    fn a_string_ends_at_the_first_mark_wherever_that_stands() {
        for before in 0..20 {
            let own = format!("{}é!#\u{7f}", "x".repeat(before));
            for mark in ["\"", "\\", "\n", "\0", "\u{1f}"] {
                let text = format!("{own}{mark}\"\\\n and more of it");
                assert_eq!(own_length(text.as_bytes()), own.len(), "{text:?}");
            }
            assert_eq!(own_length(own.as_bytes()), own.len());
        }
    }

    proptest! {
        #[test]
        fn whatever_is_read_here_is_read_the_same(
            at in 0..SENT.len(),
            taken in 0..4usize,
            put in "[{}\\[\\]\",:0-9a-z\\\\ .é-]{0,3}",
        ) {
            let mut bytes = SENT.as_bytes().to_vec();
            bytes.splice(at..(at + taken).min(SENT.len()), put.bytes());
            if let Ok(text) = String::from_utf8(bytes) {
                is_plain(&text);
            }
        }
    }
}
