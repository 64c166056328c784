//! Takes out of free text what nobody meant to send: e-mail addresses, phone, card
//! and account numbers, secrets. Parameters and addresses of pages carry them by
//! accident; they never reach the journal. What was taken is told by kind, never by
//! content.

mod email;
mod number;
mod secret;

use std::borrow::Cow;

use crate::model::reason::{Note, Notes};

/// What a passage was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Email,
    Phone,
    Card,
    Iban,
    Secret,
}

impl Kind {
    pub const ALL: [Kind; 5] = [
        Kind::Email,
        Kind::Phone,
        Kind::Card,
        Kind::Iban,
        Kind::Secret,
    ];

    /// What stands in its place.
    pub fn marker(self) -> &'static str {
        match self {
            Kind::Email => "[removed:email]",
            Kind::Phone => "[removed:phone]",
            Kind::Card => "[removed:card]",
            Kind::Iban => "[removed:iban]",
            Kind::Secret => "[removed:token]",
        }
    }

    /// How the account is told.
    pub fn note(self) -> Note {
        match self {
            Kind::Email => Note::EmailRemoved,
            Kind::Phone => Note::PhoneRemoved,
            Kind::Card => Note::CardRemoved,
            Kind::Iban => Note::IbanRemoved,
            Kind::Secret => Note::TokenRemoved,
        }
    }
}

/// A passage of a text: from byte to byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Passage {
    from: usize,
    to: usize,
    kind: Kind,
}

/// Scrubs the texts of one hit and remembers which kinds it found.
#[derive(Debug, Default)]
pub struct Scrub {
    pub notes: Notes,
}

impl Scrub {
    /// The text without what does not belong there; the very same where nothing was
    /// found, which one look at its bytes usually tells.
    pub fn text<'t>(&mut self, text: Cow<'t, str>) -> Cow<'t, str> {
        let looks = Look::at(text.as_bytes());
        if !looks.suspicious() {
            return text;
        }
        let mut passages = Vec::new();
        if looks.secret {
            secret::find(&text, &mut passages);
        }
        if looks.at_sign {
            email::find(&text, &mut passages);
        }
        if looks.digits >= number::DIGITS_MIN {
            number::find(&text, &mut passages);
        }
        if passages.is_empty() {
            return text;
        }
        self.without(&text, passages).into()
    }

    fn without(&mut self, text: &str, mut passages: Vec<Passage>) -> String {
        passages.sort_by_key(|passage| passage.from);
        let mut clean = String::with_capacity(text.len());
        let mut at = 0;
        for passage in passages {
            // What lies inside something already taken out is gone with it.
            if passage.from < at {
                continue;
            }
            clean.push_str(&text[at..passage.from]);
            clean.push_str(passage.kind.marker());
            self.notes.add(passage.kind.note());
            at = passage.to;
        }
        clean.push_str(&text[at..]);
        clean
    }
}

/// What a byte of a text is, a bit each; words are of letters and digits.
mod class {
    pub const DIGIT: u8 = 1;
    pub const LETTER: u8 = 2;
    pub const AT_SIGN: u8 = 4;
    pub const PERCENT: u8 = 8;
    pub const EQUALS: u8 = 16;
}

const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 128 {
        classes[byte] = match byte as u8 {
            b'0'..=b'9' => class::DIGIT,
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'-' => class::LETTER,
            b'@' => class::AT_SIGN,
            b'%' => class::PERCENT,
            b'=' => class::EQUALS,
            _ => 0,
        };
        byte += 1;
    }
    classes
};

/// What one pass over a text's bytes shows.
struct Look {
    at_sign: bool,
    /// A word that secrets go by, perhaps.
    secret: bool,
    digits: usize,
}

impl Look {
    fn at(bytes: &[u8]) -> Look {
        let (mut seen, mut digits) = (0, 0);
        for &byte in bytes {
            let class = CLASSES[usize::from(byte)];
            seen |= class;
            digits += usize::from(class & class::DIGIT);
        }
        let has = |class| seen & class != 0;
        let escaped = || bytes.windows(3).any(|three| three == b"%40");
        Look {
            at_sign: has(class::AT_SIGN) || has(class::PERCENT) && escaped(),
            secret: has(class::EQUALS) || has(class::LETTER) && has_long_word(bytes),
            digits,
        }
    }

    fn suspicious(&self) -> bool {
        self.at_sign || self.secret || self.digits >= number::DIGITS_MIN
    }
}

/// Whether some word is as long as a secret at least. Such a word covers a place that is
/// a multiple of that length, so only what stands there is looked at.
fn has_long_word(bytes: &[u8]) -> bool {
    let is_word = |byte: &&u8| CLASSES[usize::from(**byte)] & (class::LETTER | class::DIGIT) != 0;
    let places = (secret::LENGTH_MIN - 1..bytes.len()).step_by(secret::LENGTH_MIN);
    places.into_iter().any(|place| {
        let (before, from) = bytes.split_at(place);
        let after = from.iter().take(secret::LENGTH_MIN).take_while(is_word);
        let after = after.count();
        let before = before.iter().rev().take(secret::LENGTH_MIN);
        after > 0 && after + before.take_while(is_word).count() >= secret::LENGTH_MIN
    })
}

#[cfg(test)]
#[path = "scrub/corpus_tests.rs"]
mod corpus_tests;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn scrubbed(text: &str) -> String {
        Scrub::default().text(text.into()).into_owned()
    }

    #[test]
    fn each_kind_leaves_its_marker_and_its_note() {
        let mut scrub = Scrub::default();
        let text = "https://shop.example/?mail=ann.b@mail.example&tel=%2B4366012345678\
                    &card=4111-1111-1111-1111&iban=DE89370400440532013000&token=s3cr3t&a=1#x";
        assert_eq!(
            scrub.text(text.into()),
            "https://shop.example/?mail=[removed:email]&tel=[removed:phone]\
             &card=[removed:card]&iban=[removed:iban]&token=[removed:token]&a=1#x"
        );
        for kind in Kind::ALL {
            assert!(scrub.notes.contains(kind.note()), "{kind:?}");
        }
    }

    #[test]
    fn a_text_in_which_nothing_stands_is_the_very_same() {
        let mut scrub = Scrub::default();
        let text = "newsletter-2026_03";
        let place = text.as_ptr();
        let after = scrub.text(text.into());
        assert_eq!((after.as_ptr(), scrub.notes), (place, Notes::default()));
    }

    #[test]
    fn two_in_one_text_both_go() {
        assert_eq!(
            scrubbed("ann@a.example,bob%40b.example;x"),
            "[removed:email],[removed:email];x"
        );
    }

    #[test]
    fn a_word_as_long_as_a_secret_is_seen_wherever_it_stands() {
        for before in 0..40 {
            for length in [15, 16, 17, 40] {
                let text = format!(
                    "{}{}. a",
                    ".".repeat(before),
                    "x1".repeat(20).split_at(length).0
                );
                assert_eq!(has_long_word(text.as_bytes()), length >= 16, "{text}");
            }
        }
    }

    proptest! {
        #[test]
        fn no_text_breaks_it(text in "\\PC{0,80}") {
            let _ = scrubbed(&text);
        }

        #[test]
        fn scrubbing_again_changes_nothing(text in "[a-z0-9@%+. =&/-]{0,60}") {
            let once = scrubbed(&text);
            prop_assert_eq!(scrubbed(&once), once.clone());
        }

        #[test]
        fn an_address_goes_wherever_it_stands(
            local in "[a-z][a-z0-9.+_-]{0,12}[a-z0-9]",
            host in "[a-z][a-z0-9-]{0,8}[a-z0-9]\\.(com|de|co\\.uk|example)",
            before in "[a-z]{0,6}[=:/ ,]",
            after in "([&;, /?#][a-z0-9]{0,6})?",
        ) {
            let text = format!("{before}{local}@{host}{after}");
            prop_assert!(!scrubbed(&text).contains('@'), "{}", text);
        }
    }
}
