//! What came in, what is settled, what waits, and why the rest was not counted.

use std::collections::BTreeMap;

use super::Journal;
use crate::error::Result;
use crate::model::id::AccountId;
use crate::store::Store;

/// An account's figures since it was made. `accepted` is settled + waiting.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IntakeFigures {
    pub accepted: u64,
    pub settled: u64,
    pub waiting: u64,
    pub not_counted: BTreeMap<&'static str, u64>,
    /// Settled hits from which something of a person was taken out, by what it was.
    pub removed: BTreeMap<&'static str, u64>,
}

/// The figures as they stand. Blocks for a read.
pub fn intake(store: &Store, journal: &Journal, account: AccountId) -> Result<IntakeFigures> {
    // Read before the database: a step of settling in between then shows a hit as
    // waiting once more rather than lose it.
    let waiting = journal.waiting(account);
    let mut not_counted: BTreeMap<&'static str, u64> = BTreeMap::new();
    for (reason, count) in journal.not_counted(account) {
        *not_counted.entry(reason.word()).or_default() += count;
    }
    let figures = store.settled_figures(account)?;
    for (reason, &count) in &figures.not_counted {
        *not_counted.entry(reason.word()).or_default() += count;
    }
    Ok(IntakeFigures {
        accepted: figures.settled + waiting,
        settled: figures.settled,
        waiting,
        not_counted,
        removed: figures
            .removed
            .iter()
            .filter_map(|(note, &count)| Some((note.removed()?, count)))
            .collect(),
    })
}
