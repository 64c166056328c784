//! The declaration behind a posture that does more than count before a visitor
//! answers: which countries the site serves, and on which ground. Its rules only;
//! whether the ground holds in law is the account's own answer.

use serde::{Deserialize, Serialize};

use super::Posture;
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::model::hit::Country;

/// Countries of one declaration at most: there are 249 codes.
pub const COUNTRIES_MAX: usize = 250;
/// Longest ground, in characters.
pub const GROUND_MAX: usize = 1_000;

/// Where access to a browser's storage, and reading what it sends, needs consent
/// first: the EEA, the United Kingdom, and Switzerland's duty to inform and stop.
/// Sources: Directive 2002/58/EC Art. 5(3); PECR reg. 6; Swiss TCA Art. 45c.
const ASKS_FIRST: &str = "AT BE BG HR CY CZ DK EE FI FR DE GR HU IS IE IT LV LI LT LU MT NL NO \
                          PL PT RO SK SI ES SE GB CH";

/// What was said when the posture was chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declaration {
    /// The countries whose visitors the site serves, in order, each once.
    pub countries: Vec<String>,
    /// Why this posture is allowed there, in the account's own words.
    pub ground: String,
    pub declared_at: Timestamp,
}

impl Declaration {
    /// # Errors
    /// `Invalid` without a country or a ground, or with a code that is none.
    pub fn parse(countries: &[String], ground: &str, now: Timestamp) -> Result<Declaration> {
        let mut codes: Vec<String> = Vec::new();
        for text in countries {
            let country = Country::parse(text.trim());
            if country == Country::UNKNOWN {
                return Err(Error::invalid(format!(
                    "{:?} is not a country code of two letters, such as US.",
                    text.trim()
                )));
            }
            codes.push(country.name());
        }
        codes.sort();
        codes.dedup();
        if codes.is_empty() || codes.len() > COUNTRIES_MAX {
            return Err(Error::invalid(
                "Name the countries whose visitors the site serves, as codes such as US or CA.",
            ));
        }
        let ground = ground.trim();
        if ground.is_empty() || ground.chars().count() > GROUND_MAX {
            return Err(Error::invalid(format!(
                "Say on which ground this is allowed there, in 1 to {GROUND_MAX} characters."
            )));
        }
        Ok(Declaration {
            countries: codes,
            ground: ground.to_owned(),
            declared_at: now,
        })
    }

    /// The declared countries that want consent first.
    pub fn asking_countries(&self) -> Vec<&str> {
        let asks = |code: &&str| ASKS_FIRST.split_whitespace().any(|known| known == *code);
        self.countries
            .iter()
            .map(String::as_str)
            .filter(asks)
            .collect()
    }
}

/// A posture with what was declared for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    pub posture: Posture,
    pub declaration: Option<Declaration>,
}

impl From<Posture> for Chosen {
    fn from(posture: Posture) -> Self {
        Chosen {
            posture,
            declaration: None,
        }
    }
}

impl Chosen {
    /// What somebody must look at, as `(word, sentence)`; the words are part of the API.
    pub fn warnings(posture: Posture, declaration: Option<&Declaration>) -> Vec<Warning> {
        let mut warnings = Vec::new();
        if !posture.needs_declaration() {
            return warnings;
        }
        let Some(declaration) = declaration else {
            warnings.push(Warning {
                word: "declaration_missing",
                meaning: "Nobody has declared which countries this site serves and on which \
                          ground it does more than count before visitors answer. Declare it, or \
                          go back to counts only."
                    .to_owned(),
            });
            return warnings;
        };
        let asking = declaration.asking_countries();
        if posture == Posture::Optout && !asking.is_empty() {
            warnings.push(Warning {
                word: "optout_where_consent_comes_first",
                meaning: format!(
                    "Visitors from {} must agree before anything is read from or stored in their \
                     browser. Counting them until they object does not meet that.",
                    asking.join(", ")
                ),
            });
        }
        warnings
    }
}

/// Something about a site's posture that its account must look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Warning {
    pub word: &'static str,
    pub meaning: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared(countries: &[&str]) -> Declaration {
        let countries: Vec<String> = countries.iter().map(|&code| code.to_owned()).collect();
        Declaration::parse(&countries, " opt-out law ", Timestamp::default()).unwrap()
    }

    #[test]
    fn countries_are_codes_each_once() {
        let declaration = declared(&["us", " CA", "US"]);
        assert_eq!(declaration.countries, ["CA", "US"]);
        assert_eq!(declaration.ground, "opt-out law");
        let parse =
            |codes: &[String], ground| Declaration::parse(codes, ground, Timestamp::default());
        assert!(parse(&[], "x").is_err());
        assert!(parse(&["USA".to_owned()], "x").is_err());
        assert!(parse(&["US".to_owned()], "  ").is_err());
    }

    #[test]
    fn the_first_two_postures_need_no_declaration_and_the_others_warn_without() {
        for posture in Posture::ALL {
            let words: Vec<_> = Chosen::warnings(posture, None)
                .into_iter()
                .map(|warning| warning.word)
                .collect();
            let wanted: &[&str] = match posture {
                Posture::Nothing | Posture::Strict => &[],
                _ => &["declaration_missing"],
            };
            assert_eq!(words, wanted, "{posture:?}");
        }
    }

    #[test]
    fn optout_for_europeans_is_warned_of() {
        let warned = |countries: &[&str]| {
            let declaration = declared(countries);
            !Chosen::warnings(Posture::Optout, Some(&declaration)).is_empty()
        };
        for country in ["DE", "NO", "GB", "CH", "LI"] {
            assert!(warned(&["US", country]), "{country}");
        }
        assert!(!warned(&["US", "CA"]));
    }
}
