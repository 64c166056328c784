//! Postures: what a site makes of a visitor who has not answered, and what may be
//! kept of one hit. Never in here: a claim that no consent is needed.

use serde::{Deserialize, Serialize};

use super::{Answer, Consent};

/// What a site makes of a visitor who has not answered. From the strictest to the
/// widest; the words are part of the API.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Posture {
    /// Silence leaves no trace, not even in a count.
    Nothing,
    /// Silence is not consent: counts only.
    #[default]
    Strict,
    /// Counts, and how many different visitors a day, by a hash whose salt lives in
    /// memory alone and for one day. Nothing that joins two visits.
    Audience,
    /// Counts only, but a click through a publisher whose reward programme the visitor
    /// signed up for leads to its sale: that is the service they asked for.
    Reward,
    /// Silence counts as consent until the visitor objects.
    Optout,
}

impl Posture {
    pub const ALL: [Posture; 5] = [
        Posture::Nothing,
        Posture::Strict,
        Posture::Audience,
        Posture::Reward,
        Posture::Optout,
    ];

    /// The word in the API and in forms.
    pub fn word(self) -> &'static str {
        match self {
            Posture::Nothing => "nothing",
            Posture::Strict => "strict",
            Posture::Audience => "audience",
            Posture::Reward => "reward",
            Posture::Optout => "optout",
        }
    }

    /// The same for a reader.
    pub fn meaning(self) -> &'static str {
        match self {
            Posture::Nothing => "Nothing is counted",
            Posture::Strict => "Counts only",
            Posture::Audience => "Counts, and how many different visitors a day",
            Posture::Reward => "Counts, and rewards that visitors signed up for",
            Posture::Optout => "Counted in detail until they object",
        }
    }

    pub fn parse(word: &str) -> Option<Posture> {
        Posture::ALL.into_iter().find(|known| known.word() == word)
    }

    /// Whether somebody must have said which countries the site serves, and on which
    /// ground it does more than count.
    pub fn needs_declaration(self) -> bool {
        !matches!(self, Posture::Nothing | Posture::Strict)
    }

    /// Whether a click id is given out only to those who agreed.
    pub fn asks_first(self) -> bool {
        matches!(self, Posture::Nothing | Posture::Strict | Posture::Audience)
    }

    pub fn permits(self, consent: Consent) -> Permits {
        let permits = |answer| match answer {
            Answer::Granted => true,
            Answer::Denied => false,
            Answer::Unknown => self == Posture::Optout,
        };
        let measurement = permits(consent.measurement);
        Permits {
            measurement,
            attribution: measurement && permits(consent.attribution),
            sharing: measurement && permits(consent.sharing),
        }
    }

    /// The same for a hit of a reward programme that the visitor signed up for: its
    /// click may lead to its sale, and nothing is handed on.
    pub fn permits_reward(self, consent: Consent) -> Permits {
        let plain = self.permits(consent);
        let silent =
            consent.attribution == Answer::Unknown && consent.measurement != Answer::Denied;
        if self != Posture::Reward || !silent {
            return plain;
        }
        Permits {
            measurement: true,
            attribution: true,
            sharing: plain.sharing,
        }
    }

    /// Whether the hit may be counted at all.
    pub fn counts(self, consent: Consent) -> bool {
        self != Posture::Nothing || consent.measurement == Answer::Granted
    }

    /// Whether it may be counted how many different visitors there are in a day. Who
    /// refused anything, or sends Global Privacy Control, is not even hashed.
    pub fn counts_daily_visitors(self, consent: Consent) -> bool {
        self == Posture::Audience
            && consent.measurement == Answer::Unknown
            && consent.attribution == Answer::Unknown
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_consent_in_optout_and_nowhere_else() {
        for posture in Posture::ALL {
            let permits = posture.permits(Consent::UNKNOWN);
            let all = posture == Posture::Optout;
            assert_eq!(permits.measurement, all, "{posture:?}");
            assert_eq!(permits.attribution, all, "{posture:?}");
            assert_eq!(permits.sharing, all, "{posture:?}");
        }
    }

    #[test]
    fn a_yes_permits_and_a_no_forbids_whatever_the_posture() {
        for posture in Posture::ALL {
            let all = posture.permits(Consent::GRANTED);
            assert!(all.measurement && all.attribution && all.sharing);
            assert_eq!(posture.permits(Consent::DENIED), Permits::default());
            assert_eq!(posture.permits_reward(Consent::DENIED), Permits::default());
        }
    }

    #[test]
    fn nothing_counts_only_who_agreed() {
        let nothing = Posture::Nothing;
        assert!(!nothing.counts(Consent::UNKNOWN) && !nothing.counts(Consent::DENIED));
        assert!(nothing.counts(Consent::GRANTED));
        assert!(Posture::Strict.counts(Consent::DENIED));
    }

    #[test]
    fn a_reward_joins_click_and_sale_and_hands_nothing_on() {
        let silent = Posture::Reward.permits_reward(Consent::UNKNOWN);
        assert!(silent.measurement && silent.attribution && !silent.sharing);
        assert_eq!(
            Posture::Strict.permits_reward(Consent::UNKNOWN),
            Permits::default()
        );
        let gpc = Consent::privacy_control(true);
        assert_eq!(Posture::Reward.permits_reward(gpc), Permits::default());
    }

    #[test]
    fn daily_visitors_are_told_apart_only_where_nobody_refused() {
        let daily = |posture: Posture, consent| posture.counts_daily_visitors(consent);
        assert!(daily(Posture::Audience, Consent::UNKNOWN));
        assert!(!daily(Posture::Audience, Consent::DENIED));
        assert!(!daily(Posture::Audience, Consent::privacy_control(true)));
        assert!(!daily(Posture::Strict, Consent::UNKNOWN));
    }

    #[test]
    fn words_are_read_back() {
        for posture in Posture::ALL {
            assert_eq!(Posture::parse(posture.word()), Some(posture));
            let json = serde_json::to_string(&posture).unwrap();
            assert_eq!(json, format!("\"{}\"", posture.word()));
        }
        assert_eq!(Posture::parse("Strict"), None);
    }
}
