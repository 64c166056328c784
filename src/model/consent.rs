//! Consent: what a visitor said, what the site's posture makes of silence, and
//! what may therefore be kept. Pure; collect asks before anything is built.

use serde::{Deserialize, Serialize};

/// What a visitor said about one purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Answer {
    Granted,
    Denied,
    #[default]
    Unknown,
}

impl Answer {
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
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
    /// granted purposes. What is not understood counts as not said.
    pub fn parse(text: &str) -> Consent {
        let text = text.trim().to_ascii_lowercase();
        match text.as_str() {
            "1" | "granted" | "yes" | "true" => return Consent::GRANTED,
            "0" | "denied" | "no" | "false" | "none" => return Consent::DENIED,
            "" => return Consent::UNKNOWN,
            _ => {}
        }
        let mut consent = Consent::DENIED;
        for purpose in text.split(',') {
            match purpose.trim() {
                "measurement" => consent.measurement = Answer::Granted,
                "attribution" => consent.attribution = Answer::Granted,
                "sharing" => consent.sharing = Answer::Granted,
                _ => return Consent::UNKNOWN,
            }
        }
        consent
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

/// What a site makes of a visitor who has not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Posture {
    /// Silence is not consent: counts only.
    #[default]
    Strict,
    /// Silence counts as consent until the visitor objects.
    Optout,
}

/// What may be kept of one hit, once posture and answers are applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Permits {
    /// Details may be kept: parameters, full URL, exact instant.
    pub measurement: bool,
    /// Identifiers may be given out, read and kept.
    pub attribution: bool,
    /// Single events may be handed on.
    pub sharing: bool,
}

impl Posture {
    pub fn permits(self, consent: Consent) -> Permits {
        let permits = |answer| match (self, answer) {
            (_, Answer::Granted) => true,
            (_, Answer::Denied) | (Posture::Strict, Answer::Unknown) => false,
            (Posture::Optout, Answer::Unknown) => true,
        };
        let measurement = permits(consent.measurement);
        Permits {
            measurement,
            attribution: measurement && permits(consent.attribution),
            sharing: measurement && permits(consent.sharing),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_consent_in_optout_and_nowhere_else() {
        assert!(!Posture::Strict.permits(Consent::UNKNOWN).measurement);
        assert!(Posture::Optout.permits(Consent::UNKNOWN).attribution);
        assert!(!Posture::Optout.permits(Consent::DENIED).measurement);
        assert!(Posture::Strict.permits(Consent::GRANTED).sharing);
    }

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
        let consent = Consent::parse("measurement, attribution");
        assert_eq!(consent.sharing, Answer::Denied);
        assert_eq!(consent.attribution, Answer::Granted);
        assert_eq!(Consent::parse("{consent}"), Consent::UNKNOWN);
    }
}
