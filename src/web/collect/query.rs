//! Reads a query string as pixels of the wild write it: percent-encoding checked
//! for UTF-8, `&amp;` taken for `&`, everything bounded. Never in here: a refusal;
//! faults are noted and judged by who asked.

use std::borrow::Cow;

use super::name::Name;
use super::params::Params;
use crate::model::reason::{Note, Reason};

/// Longest query, in bytes as sent.
pub const QUERY_MAX: usize = crate::model::limits::QUERY_BYTES;

/// The parameters in a query string. Of a query that is too long only the beginning
/// is read, so that it can be told whose it was.
pub fn read(query: &str) -> Params<'_> {
    let mut params = Params::default();
    let query = if query.len() > QUERY_MAX {
        params.find_fault(Reason::TooLong);
        beginning(query)
    } else {
        query
    };
    let mut pair = Pair::default();
    for (at, byte) in query.bytes().enumerate() {
        match MARKS[usize::from(byte)] {
            Mark::None => {}
            Mark::Separator => {
                pair.read(&mut params, query, at);
                pair = Pair {
                    start: at + 1,
                    ..Pair::default()
                };
            }
            Mark::Equals => pair.equals = pair.equals.or(Some(at)),
            Mark::Escape if pair.equals.is_none() => pair.encoded_name = true,
            Mark::Escape => pair.encoded_value = true,
        }
    }
    pair.read(&mut params, query, query.len());
    params
}

/// What a byte of a query is.
#[derive(Clone, Copy)]
enum Mark {
    None,
    Separator,
    Equals,
    Escape,
}

/// Most bytes are none, which one look tells.
const MARKS: [Mark; 256] = {
    let mut marks = [Mark::None; 256];
    marks[b'&' as usize] = Mark::Separator;
    marks[b'=' as usize] = Mark::Equals;
    marks[b'%' as usize] = Mark::Escape;
    marks[b'+' as usize] = Mark::Escape;
    marks
};

fn beginning(query: &str) -> &str {
    let mut end = QUERY_MAX;
    while !query.is_char_boundary(end) {
        end -= 1;
    }
    let cut = &query[..end];
    cut.rsplit_once('&').map_or("", |(whole, _)| whole)
}

/// Where a name and its value stand in the query, found in one pass over it.
#[derive(Default)]
struct Pair {
    start: usize,
    equals: Option<usize>,
    encoded_name: bool,
    encoded_value: bool,
}

impl Pair {
    fn read<'a>(&self, params: &mut Params<'a>, query: &'a str, end: usize) {
        let name_end = self.equals.unwrap_or(end);
        let value_start = self.equals.map_or(end, |at| at + 1);
        let (written, value) = (&query[self.start..name_end], &query[value_start..end]);
        let Some(written) = decode_if(self.encoded_name, written) else {
            return;
        };
        let bare = without_leftovers(&written);
        let Some((name, called)) = Name::find(bare) else {
            return;
        };
        if bare.len() != written.len() {
            params.notes.add(Note::EscapedSeparator);
        }
        // Percent signs on both ends are a placeholder and no encoding.
        let is_placeholder = value.len() > 4 && value.starts_with("%%") && value.ends_with("%%");
        match decode_if(self.encoded_value && !is_placeholder, value) {
            Some(value) => params.put(name, called, bare, value),
            None => params.find_fault(Reason::BadEncoding),
        }
    }
}

/// The name without what `&amp;` leaves before it.
fn without_leftovers(written: &str) -> &str {
    let mut bare = written;
    while let Some(rest) = bare.strip_prefix("amp;") {
        bare = rest;
    }
    bare
}

#[inline]
fn decode_if(encoded: bool, text: &str) -> Option<Cow<'_, str>> {
    if encoded {
        decode(text)
    } else {
        Some(Cow::Borrowed(text))
    }
}

/// Percent-decodes form encoding. A percent sign without two hexadecimal digits
/// stands for itself; none where the result is not UTF-8.
pub fn decode(text: &str) -> Option<Cow<'_, str>> {
    let escape = |byte: &u8| matches!(byte, b'%' | b'+');
    let mut rest = text.as_bytes();
    let Some(mut at) = rest.iter().position(escape) else {
        return Some(Cow::Borrowed(text));
    };
    let mut decoded = Vec::with_capacity(rest.len());
    loop {
        let (plain, escaped) = rest.split_at(at);
        decoded.extend_from_slice(plain);
        let (byte, taken) = match *escaped {
            [b'+', ..] => (b' ', 1),
            [_, high, low, ..] => escaped_byte(high, low).map_or((b'%', 1), |byte| (byte, 3)),
            [percent, ..] => (percent, 1),
            [] => break,
        };
        decoded.push(byte);
        rest = &escaped[taken..];
        at = rest.iter().position(escape).unwrap_or(rest.len());
    }
    String::from_utf8(decoded).ok().map(Cow::Owned)
}

/// The byte that two hexadecimal digits write.
fn escaped_byte(high: u8, low: u8) -> Option<u8> {
    Some(hex(high)? << 4 | hex(low)?)
}

/// The value of a hexadecimal digit.
fn hex(digit: u8) -> Option<u8> {
    let value = HEX[usize::from(digit)];
    (value < 16).then_some(value)
}

/// The value of each hexadecimal digit; of everything else one that no digit has.
pub const HEX: [u8; 256] = {
    let mut values = [u8::MAX; 256];
    let mut value = 0;
    while value < 16 {
        values[b"0123456789abcdef"[value] as usize] = value as u8;
        values[b"0123456789ABCDEF"[value] as usize] = value as u8;
        value += 1;
    }
    values
};

#[cfg(test)]
mod tests {
    use super::*;

    fn notes(params: &Params<'_>) -> Vec<Note> {
        params.notes.iter().collect()
    }

    #[test]
    fn a_plain_query_is_read() {
        let params =
            read("campaign_id=abc&txn_id=A%20B+C&sub1=%C3%A9&x=y&flag&=&&sale_amount=1%2C5");
        assert_eq!(params.get(Name::CampaignId), Some("abc"));
        assert_eq!(params.get(Name::TxnId), Some("A B C"));
        assert_eq!(params.get(Name::Sub(0)), Some("é"));
        assert_eq!(params.get(Name::SaleAmount), Some("1,5"));
        assert!(params.fault.is_none() && notes(&params).is_empty());
    }

    #[test]
    fn wild_pixel_html_escaped_separators() {
        let params = read("adid=abc&amp;txn_id=7&amp%3Bsub1=x&amp;amp;sub2=y");
        assert_eq!(params.get(Name::TxnId), Some("7"));
        assert_eq!(params.get(Name::Sub(0)), Some("x"));
        assert_eq!(params.get(Name::Sub(1)), Some("y"));
        assert_eq!(notes(&params), [Note::EscapedSeparator]);
    }

    #[test]
    fn wild_pixel_unreplaced_macros() {
        for value in [
            "{Lead_ID}",
            "%7BLead_ID%7D",
            "[x]",
            "{{%20order%20}}",
            "${x}",
            "%%x%%",
            "%%DEAL%%",
            "OPTIONAL",
            "REPLACE",
            "TRANSACTION_ID",
            "undefined",
            "null",
            "NaN",
            "$EMAIL",
        ] {
            let query = format!("adid=abc&sub1={value}");
            let params = read(&query);
            assert_eq!(params.get(Name::Sub(0)), None, "{value}");
            assert_eq!(notes(&params), [Note::UnreplacedMacro], "{value}");
            assert_eq!(params.fault, None, "{value}");
        }
    }

    #[test]
    fn wild_pixel_doubled_transaction_name() {
        let params = read("adid=abc&txn_id=txn_id=1001");
        assert_eq!(params.get(Name::TxnId), Some("1001"));
        assert_eq!(notes(&params), [Note::DoubledName]);
        let encoded = read("adid=abc&txn_id=txn_id%3D1001");
        assert_eq!(encoded.get(Name::TxnId), Some("1001"));
    }

    #[test]
    fn wild_pixel_empty_subs() {
        let params = read("adid=abc&sub1=&sub2=&sub3");
        assert!(params.subs(|text| text).is_empty() && notes(&params).is_empty());
    }

    #[test]
    fn wild_pixel_other_names() {
        let params = read("av=site&goal_value=9.90");
        assert_eq!(params.get(Name::Site), Some("site"));
        assert_eq!(params.get(Name::SaleAmount), Some("9.90"));
    }

    #[test]
    fn text_that_is_not_utf8_is_a_fault_where_it_matters() {
        assert_eq!(read("adid=a&txn_id=%FF").fault, Some(Reason::BadEncoding));
        assert_eq!(read("adid=a&utm_term=%E9").fault, None);
    }

    #[test]
    fn percent_signs_that_encode_nothing_stay() {
        assert_eq!(decode("100%").as_deref(), Some("100%"));
        assert_eq!(decode("%4").as_deref(), Some("%4"));
        assert_eq!(decode("%zz%41").as_deref(), Some("%zzA"));
        assert_eq!(decode("%80"), None);
    }

    #[test]
    fn of_a_query_too_long_the_beginning_tells_whose_it_was() {
        let query = format!("adid=abc&sub1={}", "é".repeat(QUERY_MAX));
        let params = read(&query);
        assert_eq!(params.fault, Some(Reason::TooLong));
        assert_eq!(params.get(Name::CampaignId), Some("abc"));
    }
}
