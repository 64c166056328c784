//! What only people can state for the privacy documents: who is responsible, whom to
//! write to, where the machine stands. Everything else in them comes from the
//! inventory and the live settings.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Longest fact, in characters.
pub const FACT_MAX: usize = 500;

/// Highest version of a notice.
pub const NOTICE_VERSION_MAX: u32 = 1_000_000;

/// On what data may leave for another country.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Framework {
    /// Nobody has said.
    #[default]
    NotStated,
    /// It does not leave the EEA.
    StaysInEea,
    /// A decision of the European Commission: GDPR Art. 45.
    Adequacy,
    /// The importer is certified under the EU-US Data Privacy Framework.
    DataPrivacyFramework,
    /// Standard contractual clauses: Art. 46(2)(c).
    StandardClauses,
    /// Binding corporate rules: Art. 47.
    BindingRules,
}

impl Framework {
    pub const ALL: [Framework; 6] = [
        Framework::NotStated,
        Framework::StaysInEea,
        Framework::Adequacy,
        Framework::DataPrivacyFramework,
        Framework::StandardClauses,
        Framework::BindingRules,
    ];

    /// The word in the API and in forms.
    pub fn word(self) -> &'static str {
        match self {
            Framework::NotStated => "not_stated",
            Framework::StaysInEea => "stays_in_eea",
            Framework::Adequacy => "adequacy",
            Framework::DataPrivacyFramework => "data_privacy_framework",
            Framework::StandardClauses => "standard_clauses",
            Framework::BindingRules => "binding_rules",
        }
    }

    /// The same for a reader.
    pub fn meaning(self) -> &'static str {
        match self {
            Framework::NotStated => "Not stated yet",
            Framework::StaysInEea => "The data stays in the EEA",
            Framework::Adequacy => "Adequacy decision of the European Commission (GDPR Art. 45)",
            Framework::DataPrivacyFramework => {
                "EU-US Data Privacy Framework; the importer's certification has been checked"
            }
            Framework::StandardClauses => "Standard contractual clauses (GDPR Art. 46(2)(c))",
            Framework::BindingRules => "Binding corporate rules (GDPR Art. 47)",
        }
    }

    /// # Errors
    /// `Invalid` for a word that is none, and for the Privacy Shield, which the Court
    /// of Justice ended (C-311/18, 16 July 2020).
    pub fn parse(word: &str) -> Result<Framework> {
        let word = word.trim().to_ascii_lowercase().replace(['-', ' '], "_");
        if word.contains("privacy_shield") || word == "safe_harbor" || word == "safe_harbour" {
            return Err(Error::invalid(
                "The Privacy Shield is no longer valid: the Court of Justice ended it on 16 July \
                 2020 (C-311/18). State another framework, or that the data stays in the EEA.",
            ));
        }
        let known = Framework::ALL
            .into_iter()
            .find(|known| known.word() == word);
        known.ok_or_else(|| {
            let words: Vec<&str> = Framework::ALL.iter().map(|known| known.word()).collect();
            Error::invalid(format!(
                "A transfer framework is one of {}.",
                words.join(", ")
            ))
        })
    }
}

/// The facts of one account. An empty text is one that nobody has stated.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PrivacyFacts {
    /// Name and address of who is responsible.
    pub controller: String,
    /// Where people write to about their data.
    pub contact: String,
    /// The data protection officer, where there is one.
    pub officer: String,
    /// Where the machine stands: country, region, host.
    pub region: String,
    pub framework: Framework,
    /// Who else sees personal data, besides the account's own people.
    pub recipients: String,
    /// Counts up whenever the site's notice changes; stands in receipts. 0: none yet.
    pub notice_version: u32,
}

impl PrivacyFacts {
    /// What the documents cannot say until somebody states it, in words.
    pub fn missing(&self) -> Vec<&'static str> {
        let asked = [
            (self.controller.is_empty(), "who is responsible"),
            (self.contact.is_empty(), "where people write to"),
            (self.region.is_empty(), "where the machine stands"),
            (
                self.framework == Framework::NotStated,
                "on what data may leave for another country",
            ),
            (self.notice_version == 0, "the version of the notice"),
        ];
        let missing = asked.into_iter().filter(|(is_missing, _)| *is_missing);
        missing.map(|(_, words)| words).collect()
    }
}

/// A stated fact: trimmed, bounded, of one or several lines.
///
/// # Errors
/// `Invalid` where it is too long or holds control characters.
pub fn parse_fact(text: &str) -> Result<String> {
    let text = text.trim().replace("\r\n", "\n");
    let is_odd = |c: char| c.is_control() && c != '\n';
    if text.chars().count() > FACT_MAX || text.chars().any(is_odd) {
        return Err(Error::invalid(format!(
            "This takes at most {FACT_MAX} characters of plain text."
        )));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_privacy_shield_is_refused_and_says_why() {
        for word in ["privacy_shield", "Privacy Shield", "eu-us-privacy-shield"] {
            let error = Framework::parse(word).unwrap_err();
            assert!(error.message().contains("no longer valid"), "{word}");
        }
        assert!(Framework::parse("whatever").is_err());
        for known in Framework::ALL {
            assert_eq!(Framework::parse(known.word()).unwrap(), known);
        }
    }

    #[test]
    fn a_fact_is_plain_text_of_bounded_length() {
        assert_eq!(parse_fact(" A\r\nB ").unwrap(), "A\nB");
        assert!(parse_fact("a\u{7}").is_err());
        assert!(parse_fact(&"x".repeat(FACT_MAX + 1)).is_err());
    }
}
