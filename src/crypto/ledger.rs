//! The erasure ledger: what was erased lately, by blind index alone. It lies in the
//! keyring, beside the database and outside its backups, so that a backup from before
//! an erasure cannot bring anybody back.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::model::id::AccountId;
use crate::model::person::{Mark, TraceKind};

/// One mark of somebody who was erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LedgerEntry {
    pub account: AccountId,
    pub kind: TraceKind,
    #[serde(with = "as_text")]
    pub key: [u8; 16],
    /// UTC day on which it was erased.
    pub day: u32,
}

impl LedgerEntry {
    pub fn mark(&self) -> Mark {
        Mark {
            kind: self.kind,
            key: self.key,
        }
    }
}

/// The ledger as the keyring holds it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErasureLedger {
    /// How many erasures were ever entered; it only goes up.
    pub made: u64,
    /// Entries of earlier UTC days were dropped: a backup from before this day would
    /// bring erased people back.
    pub complete_since: u32,
    pub entries: Vec<LedgerEntry>,
}

impl ErasureLedger {
    /// Enters one erasure; entered again, nothing changes.
    pub fn enter(&mut self, entries: &[LedgerEntry]) {
        let known = |entry: &LedgerEntry| {
            let mut held = self.entries.iter();
            held.any(|held| held.account == entry.account && held.key == entry.key)
        };
        let new: Vec<LedgerEntry> = entries.iter().filter(|it| !known(it)).copied().collect();
        if !new.is_empty() {
            self.made += 1;
        }
        self.entries.extend(new);
    }

    /// Drops entries of days before this one; false: there were none.
    pub fn drop_before(&mut self, day: u32) -> bool {
        if day <= self.complete_since {
            return false;
        }
        self.complete_since = day;
        self.entries.retain(|entry| entry.day >= day);
        true
    }
}

mod as_text {
    //! 16 bytes as base64.
    use super::*;

    pub fn serialize<S: Serializer>(key: &[u8; 16], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD_NO_PAD.encode(key))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; 16], D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = STANDARD_NO_PAD.decode(text).map_err(de::Error::custom)?;
        bytes
            .try_into()
            .map_err(|_| de::Error::custom("not 16 bytes"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(key: u8, day: u32) -> LedgerEntry {
        LedgerEntry {
            account: AccountId::from_random(1),
            kind: TraceKind::Visitor,
            key: [key; 16],
            day,
        }
    }

    #[test]
    fn an_erasure_is_entered_once_and_dropped_with_its_day() {
        let mut ledger = ErasureLedger::default();
        ledger.enter(&[entry(1, 10), entry(2, 10)]);
        ledger.enter(&[entry(1, 10), entry(2, 10)]);
        ledger.enter(&[entry(3, 20)]);
        assert_eq!((ledger.made, ledger.entries.len()), (2, 3));
        assert!(ledger.drop_before(15));
        assert!(!ledger.drop_before(15));
        assert_eq!(ledger.entries, [entry(3, 20)]);
        let text = serde_json::to_string(&ledger).unwrap();
        assert_eq!(
            serde_json::from_str::<ErasureLedger>(&text).unwrap(),
            ledger
        );
    }
}
