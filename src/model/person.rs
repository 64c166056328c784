//! A person, as far as this product knows one: the ids they left, the marks by which
//! they are kept away, and what is asked in their name. Pure.

use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::model::conversion::Conversion;
use crate::model::hit::{HitId, VisitorId};
use crate::model::id::{ConversionId, MemberId};
use crate::model::personal::Personal;
use crate::model::trail::TrailRow;

/// Longest text by which somebody is looked for, in characters.
pub const IDENTITY_CHARS_MAX: usize = 512;

/// By what a person can be looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentityKind {
    ClickId,
    TransactionId,
    VisitorId,
    ConversionId,
    /// SHA-256, SHA-1 or MD5 of an address, where the shop sends one as a parameter.
    EmailHash,
}

impl IdentityKind {
    pub const ALL: [IdentityKind; 5] = [
        IdentityKind::ClickId,
        IdentityKind::TransactionId,
        IdentityKind::VisitorId,
        IdentityKind::ConversionId,
        IdentityKind::EmailHash,
    ];

    /// The word in API and forms.
    pub fn word(self) -> &'static str {
        match self {
            IdentityKind::ClickId => "click_id",
            IdentityKind::TransactionId => "transaction_id",
            IdentityKind::VisitorId => "visitor_id",
            IdentityKind::ConversionId => "conversion_id",
            IdentityKind::EmailHash => "email_hash",
        }
    }

    /// For a reader.
    pub fn name(self) -> &'static str {
        match self {
            IdentityKind::ClickId => "Click id",
            IdentityKind::TransactionId => "Order number (transaction id)",
            IdentityKind::VisitorId => "Visitor id",
            IdentityKind::ConversionId => "Conversion id",
            IdentityKind::EmailHash => "Hash of an e-mail address",
        }
    }

    pub fn parse(word: &str) -> Result<Self> {
        let mut kinds = IdentityKind::ALL.into_iter();
        kinds.find(|kind| kind.word() == word).ok_or_else(|| {
            Error::invalid(
                "A person is looked for by click_id, transaction_id, visitor_id, conversion_id \
                 or email_hash.",
            )
        })
    }
}

/// An id as somebody gave it: not yet read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    pub kind: IdentityKind,
    pub value: Personal<String>,
}

impl Identity {
    /// # Errors
    /// [`crate::error::Kind::Invalid`] where it is empty or too long.
    pub fn new(kind: IdentityKind, value: &str) -> Result<Self> {
        let value = value.trim();
        if value.is_empty() || value.chars().count() > IDENTITY_CHARS_MAX {
            return Err(Error::invalid(format!(
                "{}: give 1 to {IDENTITY_CHARS_MAX} characters.",
                kind.name()
            )));
        }
        Ok(Identity {
            kind,
            value: Personal::new(value.to_owned()),
        })
    }
}

/// How far a search goes from what was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// The click and the sales that came of it: who shows one order number or one
    /// click id may share the browser with others.
    Chain,
    /// All that the same browser left.
    Whole,
}

/// Every id that is known of a person.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct PersonIds {
    pub visitors: BTreeSet<[u8; 16]>,
    pub hits: BTreeSet<HitId>,
    pub conversions: BTreeSet<u64>,
    pub transactions: BTreeSet<String>,
    /// Lower-case hexadecimal digits.
    pub email_hashes: BTreeSet<String>,
}

impl PersonIds {
    pub fn is_empty(&self) -> bool {
        *self == PersonIds::default()
    }

    /// Whether hits and their instants alone are known: then the header of a segment
    /// tells whether to open it.
    pub fn are_hits_alone(&self) -> bool {
        self.visitors.is_empty()
            && self.conversions.is_empty()
            && self.transactions.is_empty()
            && self.email_hashes.is_empty()
    }

    pub fn has_conversion(&self, conversion: &Conversion) -> bool {
        let body = &conversion.body;
        let txn = body.txn.as_ref().map(Personal::reveal);
        self.conversions.contains(&conversion.id.0)
            || body.click.is_some_and(|click| self.hits.contains(&click))
            || txn.is_some_and(|txn| self.transactions.contains(txn))
            || body
                .subs
                .iter()
                .any(|(_, value)| self.has_hash(value.reveal()))
    }

    pub fn has_hash(&self, text: &str) -> bool {
        !self.email_hashes.is_empty()
            && self
                .email_hashes
                .contains(&text.trim().to_ascii_lowercase())
    }

    /// Learns the ids that a conversion names.
    pub fn learn_conversion(&mut self, conversion: &Conversion) {
        self.conversions.insert(conversion.id.0);
        self.hits.extend(conversion.body.click);
        let txn = conversion.body.txn.as_ref().map(Personal::reveal);
        self.transactions.extend(txn.cloned());
    }

    /// Learns the ids that a hit names.
    pub fn learn_hit(&mut self, row: &TrailRow, reach: Reach) {
        self.hits.insert(row.id);
        self.conversions.extend(row.conversion.map(|id| id.0));
        if reach == Reach::Whole {
            let visitor = row.visitor.as_ref().map(|visitor| visitor.reveal().0);
            self.visitors.extend(visitor);
            self.transactions
                .extend(row.txn.as_ref().map(|txn| txn.reveal().clone()));
        }
    }
}

/// What a mark stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trace {
    Visitor(VisitorId),
    Hit(HitId),
    Conversion(ConversionId),
    /// The blind index of an order number.
    Transaction([u8; 16]),
    /// Somebody who signed in.
    Member(MemberId),
}

/// The kind of a [`Trace`], as it stands beside its blind index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TraceKind {
    Visitor,
    Hit,
    Conversion,
    Transaction,
    Member,
}

impl Trace {
    pub fn kind(self) -> TraceKind {
        match self {
            Trace::Visitor(_) => TraceKind::Visitor,
            Trace::Hit(_) => TraceKind::Hit,
            Trace::Conversion(_) => TraceKind::Conversion,
            Trace::Transaction(_) => TraceKind::Transaction,
            Trace::Member(_) => TraceKind::Member,
        }
    }
}

impl TraceKind {
    pub fn number(self) -> u8 {
        match self {
            TraceKind::Visitor => 1,
            TraceKind::Hit => 2,
            TraceKind::Conversion => 3,
            TraceKind::Transaction => 4,
            TraceKind::Member => 5,
        }
    }

    pub fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            1 => TraceKind::Visitor,
            2 => TraceKind::Hit,
            3 => TraceKind::Conversion,
            4 => TraceKind::Transaction,
            5 => TraceKind::Member,
            _ => return None,
        })
    }
}

/// What a mark does. The stronger one holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Kept as it is, and nothing is done with it; nothing new is taken.
    Restricted,
    /// Nothing new is taken.
    Objected,
    /// Gone from every read, nothing new is taken.
    Erased,
}

impl Effect {
    pub fn number(self) -> u8 {
        match self {
            Effect::Restricted => 1,
            Effect::Objected => 2,
            Effect::Erased => 3,
        }
    }

    pub fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            1 => Effect::Restricted,
            2 => Effect::Objected,
            3 => Effect::Erased,
            _ => return None,
        })
    }
}

/// One mark: a blind index and nothing else of the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Mark {
    pub kind: TraceKind,
    pub key: [u8; 16],
}

/// All marks of an account, by blind index.
#[derive(Debug, Clone, Default)]
pub struct Marks(HashMap<[u8; 16], Effect>);

impl Marks {
    pub fn add(&mut self, key: [u8; 16], effect: Effect) {
        let held = self.0.entry(key).or_insert(effect);
        *held = effect.max(*held);
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn effect(&self, key: &[u8; 16]) -> Option<Effect> {
        self.0.get(key).copied()
    }

    pub fn is_erased(&self, key: &[u8; 16]) -> bool {
        self.effect(key) == Some(Effect::Erased)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stronger_mark_holds_whatever_came_first() {
        for order in [
            [Effect::Erased, Effect::Objected],
            [Effect::Objected, Effect::Erased],
        ] {
            let mut marks = Marks::default();
            order
                .into_iter()
                .for_each(|effect| marks.add([1; 16], effect));
            assert!(marks.is_erased(&[1; 16]));
        }
    }

    #[test]
    fn a_kind_reads_back_from_its_word_and_number() {
        for kind in IdentityKind::ALL {
            assert_eq!(IdentityKind::parse(kind.word()).unwrap(), kind);
        }
        for number in 1..=5 {
            assert_eq!(TraceKind::from_number(number).unwrap().number(), number);
        }
        assert!(Identity::new(IdentityKind::ClickId, "  ").is_err());
    }
}
