//! Settling: reads the journal in order and decides, once and for all, what each
//! hit counts for. One step is one transaction of the main database; a step that
//! fails has done nothing and is done again.

use std::collections::BTreeMap;

use super::batch::Batch;
use super::days::Days;
use super::decide::Deciding;
use super::history::History;
use super::{entries, provoke};
use crate::clock::{Clock, Timestamp};
use crate::error::Result;
use crate::model::id::AccountId;
use crate::model::reason::Reason;
use crate::store::{JournalBatch, JournalReader, Settled, Store};

/// Bytes of journal settled in one step.
const STEP_BYTES: usize = 2 << 20;

/// Settles one data folder's journal.
pub struct Settler {
    pub(super) store: Store,
    reader: JournalReader,
    journal: [u8; 16],
    pub(super) clock: Clock,
    pub(super) history: History,
    pub(super) days: Days,
}

/// What one step settled.
pub struct Step {
    pub position: i64,
    /// About as much waited as one step takes, and perhaps more.
    pub is_full: bool,
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
        let mut batches = self.reader.read_after(position, STEP_BYTES)?;
        let Some(last) = batches.last().map(|batch| batch.seq) else {
            return Ok(None);
        };
        provoke::panic_at(provoke::Place::Settle, batches.len());
        for batch in &mut batches {
            batch.entries = entries::of_batch(batch)?;
        }
        let snapshot = store.snapshot()?;
        let catalog = settling.catalog();
        let mut step = Step {
            position: last,
            is_full: batches
                .iter()
                .map(|batch| batch.entries.len())
                .sum::<usize>()
                > STEP_BYTES / 2,
            accounts: BTreeMap::new(),
            not_counted: Vec::new(),
            refused: BTreeMap::new(),
        };
        let mut accounts = BTreeMap::new();
        for (id, arrived) in by_account(&batches) {
            let Some(account) = catalog.accounts.get(&id) else {
                continue;
            };
            let mut deciding = Deciding::new(self, &settling, &snapshot, &catalog, account)?;
            let batch = deciding.settle(&arrived)?;
            step.note(id, &arrived, &batch);
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
}

impl Step {
    /// Notes what became of an account's batches.
    fn note(&mut self, account: AccountId, arrived: &[&[u8]], batch: &Batch<'_>) {
        let bytes: usize = arrived.iter().map(|bytes| bytes.len()).sum();
        let hits = batch.figures.settled as i64;
        self.accounts.insert(account, (hits, bytes as i64));
        let not_stored = batch.not_stored.iter();
        self.not_counted
            .extend(not_stored.map(|&(reason, count)| (account, reason, count)));
        for (&reason, &count) in &batch.refused {
            *self.refused.entry(reason).or_default() += count;
        }
    }
}

/// What arrived of each account, in order.
fn by_account(batches: &[JournalBatch]) -> BTreeMap<AccountId, Vec<&[u8]>> {
    let mut arrived: BTreeMap<AccountId, Vec<&[u8]>> = BTreeMap::new();
    for batch in batches {
        arrived
            .entry(batch.account)
            .or_default()
            .push(&batch.entries);
    }
    arrived
}
