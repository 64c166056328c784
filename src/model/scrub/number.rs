//! Numbers that belong to a person: of a bank account (IBAN, checked by its own check
//! digits), of a card (checked by Luhn's), of a phone (by how it is written: a bare
//! number is an id far more often).

use super::{Kind, Passage};

/// Fewer digits make none of them.
pub const DIGITS_MIN: usize = 7;
/// Digits of a card number, least and most (ISO/IEC 7812).
const CARD: std::ops::RangeInclusive<usize> = 13..=19;
/// Digits of an international phone number behind its plus (E.164), least and most.
const PHONE: std::ops::RangeInclusive<usize> = 8..=15;
/// Characters of an IBAN, least and most (ISO 13616).
const IBAN: std::ops::RangeInclusive<usize> = 15..=34;
/// Names of parameters whose number is a phone's, however it is written.
const PHONE_NAMES: &[&str] = &["tel", "telephone", "phone", "mobile", "msisdn", "handy"];

/// Adds every such number in a text.
pub fn find(text: &str, passages: &mut Vec<Passage>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let inside = at > 0 && bytes[at - 1].is_ascii_alphanumeric() && !ends_escape(bytes, at);
        let found = match bytes[at] {
            _ if inside => None,
            b'A'..=b'Z' | b'a'..=b'z' => iban(bytes, at),
            b'0'..=b'9' | b'+' | b'(' | b'%' => card(bytes, at).or_else(|| phone(text, at)),
            _ => None,
        };
        match found {
            Some(passage) => {
                at = passage.to;
                passages.push(passage);
            }
            None => at += 1,
        }
    }
}

/// Whether what stands before is the end of `%20`, not of a word.
fn ends_escape(bytes: &[u8], at: usize) -> bool {
    at >= 3 && bytes[at - 3] == b'%' && bytes[at - 2..at].iter().all(u8::is_ascii_hexdigit)
}

/// More digits than any such number has.
const RUN_MAX: usize = 20;

/// Digits with single separators between, from here on, [`RUN_MAX`] at most.
struct Run {
    digits: [u8; RUN_MAX],
    count: usize,
    /// Lengths of the groups between separators.
    groups: [u8; RUN_MAX],
    group_count: usize,
    to: usize,
}

impl Run {
    fn digits(&self) -> &[u8] {
        &self.digits[..self.count]
    }

    fn groups(&self) -> &[u8] {
        &self.groups[..self.group_count]
    }
}

/// Reads digits; between two of them one of `separators` may stand, or `%20`.
fn run(bytes: &[u8], from: usize, separators: &[u8]) -> Run {
    let mut run = Run {
        digits: [0; RUN_MAX],
        count: 0,
        groups: [0; RUN_MAX],
        group_count: 0,
        to: from,
    };
    let mut at = from;
    let mut begins = true;
    while let Some(&byte) = bytes.get(at) {
        if byte.is_ascii_digit() {
            if run.count == RUN_MAX {
                break;
            }
            run.digits[run.count] = byte - b'0';
            run.count += 1;
            run.group_count += usize::from(begins);
            run.groups[run.group_count - 1] += 1;
            begins = false;
            at += 1;
            run.to = at;
            continue;
        }
        let gap = gap(&bytes[at..], separators);
        if gap == 0 || begins {
            break;
        }
        begins = true;
        at += gap;
    }
    run
}

/// Bytes of separators that may stand between two groups of digits: two at most, as
/// in `) `.
fn gap(bytes: &[u8], separators: &[u8]) -> usize {
    let one = |bytes: &[u8]| match bytes.first() {
        Some(byte) if separators.contains(byte) => 1,
        Some(b'%') if bytes.starts_with(b"%20") => 3,
        _ => 0,
    };
    let first = one(bytes);
    let second = if first > 0 { one(&bytes[first..]) } else { 0 };
    let followed = bytes.get(first + second).is_some_and(u8::is_ascii_digit);
    if followed { first + second } else { 0 }
}

fn ends_word(bytes: &[u8], at: usize) -> bool {
    bytes
        .get(at)
        .is_none_or(|byte| !byte.is_ascii_alphanumeric())
}

fn card(bytes: &[u8], from: usize) -> Option<Passage> {
    if !bytes[from].is_ascii_digit() {
        return None;
    }
    let run = run(bytes, from, b" -+");
    let right_groups = run.group_count == 1 || run.groups().iter().all(|&group| group >= 3);
    let fits = CARD.contains(&run.count) && right_groups && ends_word(bytes, run.to);
    (fits && is_of_brand(run.digits()) && passes_luhn(run.digits())).then_some(Passage {
        from,
        to: run.to,
        kind: Kind::Card,
    })
}

/// Whether a brand issues numbers that begin so and are that long.
fn is_of_brand(digits: &[u8]) -> bool {
    let first = |count: usize| {
        digits
            .iter()
            .take(count)
            .fold(0u32, |n, &d| n * 10 + u32::from(d))
    };
    matches!(
        (first(1), first(2), first(4), digits.len()),
        (4, _, _, 13 | 16 | 19)
            | (_, 51..=55, _, 16)
            | (_, _, 2221..=2720, 16)
            | (_, 34 | 37, _, 15)
            | (_, 30 | 36 | 38 | 39, _, 14..=19)
            | (_, 35 | 60 | 62 | 64 | 65, _, 16..=19)
            | (_, 50 | 56..=58 | 63 | 67, _, 13..=19)
    )
}

fn passes_luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, &digit)| match place % 2 {
            0 => u32::from(digit),
            _ => [0, 2, 4, 6, 8, 1, 3, 5, 7, 9][usize::from(digit)],
        })
        .sum();
    sum.is_multiple_of(10)
}

fn iban(bytes: &[u8], from: usize) -> Option<Passage> {
    let head = bytes.get(from..from + 4)?;
    let shaped =
        head[..2].iter().all(u8::is_ascii_alphabetic) && head[2..].iter().all(u8::is_ascii_digit);
    if !shaped {
        return None;
    }
    let mut letters = Vec::new();
    let mut at = from;
    let mut end = None;
    while let Some(&byte) = bytes.get(at) {
        if byte.is_ascii_alphanumeric() {
            letters.push(byte.to_ascii_uppercase());
            at += 1;
        } else {
            let gap = match byte {
                b' ' | b'+' => 1,
                b'%' if bytes[at..].starts_with(b"%20") => 3,
                _ => 0,
            };
            let in_fours = letters.len().is_multiple_of(4);
            let goes_on = bytes.get(at + gap).is_some_and(u8::is_ascii_alphanumeric);
            if gap == 0 || !in_fours || !goes_on {
                break;
            }
            // It may end here, and another word follow.
            if is_iban(&letters) {
                end = Some(at);
            }
            at += gap;
        }
        if letters.len() > *IBAN.end() {
            break;
        }
    }
    if ends_word(bytes, at) && is_iban(&letters) {
        end = Some(at);
    }
    end.map(|to| Passage {
        from,
        to,
        kind: Kind::Iban,
    })
}

/// ISO 7064 MOD 97-10 over the letters, the first four moved to the end.
fn is_iban(letters: &[u8]) -> bool {
    if !IBAN.contains(&letters.len()) {
        return false;
    }
    let turned = letters[4..].iter().chain(&letters[..4]);
    let rest = turned.fold(0u32, |rest, &letter| match letter {
        b'0'..=b'9' => (rest * 10 + u32::from(letter - b'0')) % 97,
        _ => (rest * 100 + u32::from(letter - b'A') + 10) % 97,
    });
    rest == 1
}

fn phone(text: &str, from: usize) -> Option<Passage> {
    let bytes = text.as_bytes();
    let plus = match bytes[from] {
        b'+' => 1,
        b'%' if starts_with_plus(&bytes[from..]) => 3,
        _ => 0,
    };
    let opened = usize::from(bytes.get(from + plus) == Some(&b'('));
    let start = from + plus + opened;
    if !bytes.get(start).is_some_and(u8::is_ascii_digit) {
        return None;
    }
    let run = run(bytes, start, b" -./()+");
    let count = run.count;
    let fits = PHONE.contains(&count) && ends_word(bytes, run.to);
    let international = plus > 0 && run.digits[0] != 0;
    let named =
        (DIGITS_MIN..=15).contains(&count) && ends_word(bytes, run.to) && is_named(text, from);
    let is_phone = named || fits && (international || is_written_so(&run, opened > 0));
    is_phone.then_some(Passage {
        from,
        to: run.to,
        kind: Kind::Phone,
    })
}

fn starts_with_plus(bytes: &[u8]) -> bool {
    bytes.len() >= 3 && bytes[..3].eq_ignore_ascii_case(b"%2b")
}

/// National numbers as people write them: `0171 2345678`, `030/1234567`,
/// `(555) 123-4567`, `555-123-4567`, `00 43 660 1234567`.
fn is_written_so(run: &Run, opened: bool) -> bool {
    let groups = run.groups();
    match groups {
        [3, 3, 4] => run.digits[0] >= 2 && run.digits[3] >= 2 || opened,
        [_] => false,
        _ if run.digits[0] == 0 => {
            let prefix = groups[0];
            let is_date = groups.starts_with(&[2, 2, 4]);
            let long = (2..=6).contains(&prefix) && run.count >= 9;
            long && !is_date && groups[1..].iter().all(|&group| group >= 2)
        }
        _ => false,
    }
}

/// Whether the number is the value of a parameter that phones go by.
fn is_named(text: &str, from: usize) -> bool {
    let Some(before) = text.get(..from).and_then(|before| before.strip_suffix('=')) else {
        return false;
    };
    let name = before
        .rsplit(['?', '&', ';', '#'])
        .next()
        .unwrap_or_default();
    PHONE_NAMES
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known))
}
