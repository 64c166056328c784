//! What the audit says of an act besides who, what and when. No personal data of
//! visitors and no secrets: a subject is an id of ours, a note is a short line that
//! whoever acts has written.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::model::action::{Action, Actor};
use crate::model::id::{
    AccountId, CampaignId, ConversionId, MemberId, PublisherId, SiteId, TokenId,
};

/// Longest note, in characters; the rest is cut off.
const NOTE_CHARS_MAX: usize = 300;

/// What an act is done to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Subject {
    Account(AccountId),
    Member(MemberId),
    Site(SiteId),
    Campaign(CampaignId),
    Publisher(PublisherId),
    Conversion(ConversionId),
    Token(TokenId),
}

impl Subject {
    /// Its kind in a word.
    pub fn word(self) -> &'static str {
        match self {
            Subject::Account(_) => "account",
            Subject::Member(_) => "member",
            Subject::Site(_) => "site",
            Subject::Campaign(_) => "campaign",
            Subject::Publisher(_) => "publisher",
            Subject::Conversion(_) => "conversion",
            Subject::Token(_) => "token",
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())?;
        f.write_str(" ")?;
        match self {
            Subject::Account(id) => id.fmt(f),
            Subject::Member(id) => id.fmt(f),
            Subject::Site(id) => id.fmt(f),
            Subject::Campaign(id) => id.fmt(f),
            Subject::Publisher(id) => id.fmt(f),
            Subject::Conversion(id) => id.fmt(f),
            Subject::Token(id) => id.fmt(f),
        }
    }
}

/// More about an act, sealed with its entry. New fields take a default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Subject>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    note: String,
}

impl Detail {
    pub fn of(subject: Subject) -> Self {
        Detail {
            subject: Some(subject),
            note: String::new(),
        }
    }

    /// The same with a line of text: 300 characters at most, no control characters.
    pub fn with_note(mut self, note: &str) -> Self {
        let calm = note.chars().map(|c| if c.is_control() { ' ' } else { c });
        self.note = calm.take(NOTE_CHARS_MAX).collect();
        self
    }

    /// The same, about this where it is about nothing yet.
    pub fn or_subject(self, subject: Option<Subject>) -> Self {
        Detail {
            subject: self.subject.or(subject),
            ..self
        }
    }

    pub fn note(&self) -> &str {
        &self.note
    }
}

/// The network an act came from, coarse: an IPv4 /24 or an IPv6 /48.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Network(IpAddr);

impl Network {
    pub fn of(address: IpAddr) -> Self {
        Network(match address.to_canonical() {
            IpAddr::V4(v4) => Ipv4Addr::from_bits(v4.to_bits() & !0xff).into(),
            IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() >> 80 << 80).into(),
        })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = if self.0.is_ipv4() { 24 } else { 48 };
        write!(f, "{}/{bits}", self.0)
    }
}

/// One entry of an audit log, as it is read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its place in the log of its account, from 1 on.
    pub number: u64,
    pub actor: Actor,
    pub action: Action,
    pub at: Timestamp,
    pub detail: Detail,
    /// Stands outside the chain: it may have been dropped since.
    pub network: Option<Network>,
}

impl AuditEntry {
    /// Whether a member did it, or it was done to them.
    pub fn is_about(&self, member: MemberId) -> bool {
        self.actor.member() == Some(member) || self.detail.subject == Some(Subject::Member(member))
    }
}

/// What is wrong with a log, and at which entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditFault {
    /// This entry was taken out.
    Missing(u64),
    /// This entry was changed or moved.
    Changed(u64),
    /// The log was written anew: this entry is not the one of a checkpoint.
    Rewritten(u64),
    /// This entry and those after it were taken away.
    CutOff(u64),
    /// What this entry says does not open.
    Unreadable(u64),
}

impl fmt::Display for AuditFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AuditFault::Missing(number) => write!(f, "entry {number} is missing"),
            AuditFault::Changed(number) => write!(f, "entry {number} was changed or moved"),
            AuditFault::Rewritten(number) => {
                write!(f, "entry {number} is not the one of the checkpoint")
            }
            AuditFault::CutOff(number) => write!(f, "entry {number} and later ones were cut off"),
            AuditFault::Unreadable(number) => write!(f, "entry {number} is damaged"),
        }
    }
}

/// A log held against its chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditCheck {
    pub account: AccountId,
    pub entries: u64,
    /// Of the last entry.
    pub hash: [u8; 32],
    /// Entries from before there was a chain; nothing vouches for them.
    pub older: u64,
    pub fault: Option<AuditFault>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_hides_the_host() {
        let network = |text: &str| Network::of(text.parse().unwrap()).to_string();
        assert_eq!(network("192.0.2.77"), "192.0.2.0/24");
        assert_eq!(network("::ffff:192.0.2.77"), "192.0.2.0/24");
        assert_eq!(network("2001:db8:1:2:3::4"), "2001:db8:1::/48");
    }

    #[test]
    fn a_note_is_one_short_line() {
        let detail = Detail::default().with_note(&format!("a\nb\u{1b}[31m{}", "x".repeat(999)));
        assert_eq!(detail.note().chars().count(), NOTE_CHARS_MAX);
        assert!(detail.note().starts_with("a b [31mx"));
    }
}
