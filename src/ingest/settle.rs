//! Settling: reads the journal in order and decides, once and for all, what each
//! hit counts for. One step is one transaction of the main database; a step that
//! fails has done nothing and is done again.

use std::collections::BTreeMap;

use super::days::Days;
use super::decide::Deciding;
use super::history::History;
use super::{entries, provoke};
use crate::clock::{Clock, Timestamp};
use crate::crypto::token;
use crate::error::Result;
use crate::model::catalog::Catalog;
use crate::model::hit::Entry;
use crate::model::id::{AccountId, ConversionId};
use crate::model::reason::Reason;
use crate::store::{JournalBatch, JournalReader, Settled, Store};

/// Bytes of journal settled in one step.
const STEP_BYTES: usize = 8 << 20;
/// Conversion ids made at once.
const IDS_AHEAD: usize = 4_096;

/// Settles one data folder's journal.
pub struct Settler {
    pub(super) store: Store,
    reader: JournalReader,
    journal: [u8; 16],
    pub(super) clock: Clock,
    pub(super) history: History,
    pub(super) days: Days,
    /// Random ids made ahead, the smallest last: in order they touch each page of
    /// their index once a step.
    ids: Vec<u64>,
}

/// What one step settled.
pub struct Step {
    pub position: i64,
    /// Hits and bytes by account.
    pub accounts: BTreeMap<AccountId, (i64, i64)>,
    /// What had not been stored as a hit and is in the figures now.
    pub not_counted: Vec<(AccountId, Reason, u64)>,
    /// Stored hits that add nothing to any figure.
    pub refused: BTreeMap<Reason, u64>,
}

impl Settler {
    pub fn new(store: Store, reader: JournalReader, journal: [u8; 16], clock: Clock) -> Self {
        Settler {
            store,
            reader,
            journal,
            clock,
            history: History::default(),
            days: Days::default(),
            ids: Vec::new(),
        }
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Settles what waits, up to a few megabytes. None: nothing waited.
    pub fn step(&mut self) -> Result<Option<Step>> {
        let store = self.store.clone();
        let outcome = self.try_step(&store);
        if outcome.is_err() {
            self.history.clear();
        }
        outcome
    }

    fn try_step(&mut self, store: &Store) -> Result<Option<Step>> {
        let settling = store.settling()?;
        let position = match settling.position()? {
            (Some(journal), position) if journal == self.journal => position,
            _ => 0,
        };
        let batches = self.reader.read_after(position, STEP_BYTES)?;
        let Some(last) = batches.last().map(|batch| batch.seq) else {
            return Ok(None);
        };
        provoke::panic_at(provoke::Place::Settle, batches.len());
        let snapshot = store.snapshot()?;
        let catalog = settling.catalog();
        let mut step = Step {
            position: last,
            accounts: BTreeMap::new(),
            not_counted: Vec::new(),
            refused: BTreeMap::new(),
        };
        let arrived = read(&catalog, batches, &mut step)?;
        let mut accounts = BTreeMap::new();
        for (id, arrived) in arrived {
            let Some(account) = catalog.accounts.get(&id) else {
                continue;
            };
            let mut deciding = Deciding::new(self, &settling, &snapshot, &catalog, account)?;
            let batch = deciding.settle(arrived)?;
            for (&reason, &count) in &batch.refused {
                *step.refused.entry(reason).or_default() += count;
            }
            accounts.insert(id, batch.encode()?);
        }
        drop(snapshot);
        settling.commit(&Settled {
            journal: self.journal,
            position: last,
            accounts,
        })?;
        Ok(Some(step))
    }

    pub(super) fn next_conversion_id(&mut self) -> ConversionId {
        if self.ids.is_empty() {
            self.ids = (0..IDS_AHEAD).map(|_| token::random_u64()).collect();
            self.ids.sort_unstable_by(|left, right| right.cmp(left));
        }
        ConversionId(self.ids.pop().unwrap_or_else(token::random_u64))
    }
}

/// What arrived of each account that there is, in order.
fn read(
    catalog: &Catalog,
    batches: Vec<JournalBatch>,
    done: &mut Step,
) -> Result<BTreeMap<AccountId, Vec<Entry>>> {
    let mut arrived: BTreeMap<AccountId, Vec<Entry>> = BTreeMap::new();
    for batch in batches {
        if !catalog.accounts.contains_key(&batch.account) {
            continue;
        }
        let sums = done.accounts.entry(batch.account).or_default();
        sums.1 += batch.entries.len() as i64;
        for entry in entries::read_all(&batch.entries)? {
            match entry {
                Entry::NotCounted { reason, count } => {
                    done.not_counted.push((batch.account, reason, count));
                }
                Entry::Hit(_) | Entry::ClickOfDay { .. } => sums.0 += 1,
                Entry::Statement(_) => {}
            }
            arrived.entry(batch.account).or_default().push(entry);
        }
    }
    Ok(arrived)
}
