//! Consent: what a visitor said, what the site's posture makes of silence, and
//! what may therefore be kept. Pure; collect asks before anything is built.

mod bits;
pub mod declaration;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
pub mod gpp;
pub mod posture;
pub mod receipt;
pub mod signal;
pub mod tcf;

use serde::{Deserialize, Serialize};

pub use declaration::{Chosen, Declaration};
pub use posture::{Permits, Posture};

/// What a visitor said about one purpose.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub enum Answer {
    Granted,
    Denied,
    #[default]
    Unknown,
}

impl Answer {
    pub fn word(self) -> &'static str {
        match self {
            Answer::Granted => "granted",
            Answer::Denied => "denied",
            Answer::Unknown => "unknown",
        }
    }

    /// Of two statements the more restrictive one holds; silence adds nothing.
    pub fn and(self, other: Answer) -> Answer {
        match (self, other) {
            (Answer::Denied, _) | (_, Answer::Denied) => Answer::Denied,
            (Answer::Granted, _) | (_, Answer::Granted) => Answer::Granted,
            _ => Answer::Unknown,
        }
    }
}

/// A visitor's answers, one a purpose.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct Consent {
    /// Counting what was shown, clicked and bought, with its details.
    pub measurement: Answer,
    /// Joining a sale to the click before it by an identifier.
    pub attribution: Answer,
    /// Handing single events on to others, publishers for instance.
    pub sharing: Answer,
}

impl Consent {
    pub const GRANTED: Consent = Consent::all(Answer::Granted);
    pub const DENIED: Consent = Consent::all(Answer::Denied);
    pub const UNKNOWN: Consent = Consent::all(Answer::Unknown);

    pub const fn all(answer: Answer) -> Self {
        Consent {
            measurement: answer,
            attribution: answer,
            sharing: answer,
        }
    }

    /// Reads a `consent` parameter: one word for all purposes, or the list of
    /// granted purposes. None where it is not understood: then nothing was said.
    pub fn parse(text: &str) -> Option<Consent> {
        let text = text.trim();
        let is = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
        if is(&["1", "granted", "yes", "true"]) {
            return Some(Consent::GRANTED);
        }
        if is(&["0", "denied", "no", "false", "none"]) {
            return Some(Consent::DENIED);
        }
        let mut consent = Consent::DENIED;
        for purpose in text.split(',') {
            match purpose.trim().to_ascii_lowercase().as_str() {
                "measurement" => consent.measurement = Answer::Granted,
                "attribution" => consent.attribution = Answer::Granted,
                "sharing" => consent.sharing = Answer::Granted,
                _ => return None,
            }
        }
        Some(consent)
    }

    /// The more restrictive of two statements, purpose by purpose.
    pub fn and(self, other: Consent) -> Consent {
        Consent {
            measurement: self.measurement.and(other.measurement),
            attribution: self.attribution.and(other.attribution),
            sharing: self.sharing.and(other.sharing),
        }
    }

    /// What Global Privacy Control says: no identifier, no sharing. It never grants.
    /// Source: <https://www.w3.org/TR/gpc/>.
    pub fn privacy_control(signalled: bool) -> Consent {
        let answer = if signalled {
            Answer::Denied
        } else {
            Answer::Unknown
        };
        Consent {
            measurement: Answer::Unknown,
            attribution: answer,
            sharing: answer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn privacy_control_takes_away_and_never_grants() {
        let gpc = Consent::privacy_control(true);
        let permits = Posture::Strict.permits(Consent::GRANTED.and(gpc));
        assert!(permits.measurement && !permits.attribution && !permits.sharing);
        let silent = Posture::Strict.permits(Consent::UNKNOWN.and(gpc));
        assert_eq!(silent, Permits::default());
    }

    #[test]
    fn a_list_of_purposes_denies_the_others() {
        let consent = Consent::parse("measurement, Attribution").unwrap();
        assert_eq!(consent.sharing, Answer::Denied);
        assert_eq!(consent.attribution, Answer::Granted);
    }

    #[test]
    fn what_is_not_understood_says_nothing() {
        for text in ["{consent}", "", "ungranted", "measurement,", "11", "x,0"] {
            assert_eq!(Consent::parse(text), None, "{text}");
        }
        assert_eq!(Consent::parse(" Yes "), Some(Consent::GRANTED));
        assert_eq!(Consent::parse("NONE"), Some(Consent::DENIED));
    }
}
