//! The way into the journal: requests queue here, one writer thread makes them
//! durable in batches, and only then are they answered.

use std::collections::{HashMap, hash_map};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use tokio::sync::oneshot;

use super::entries;
use super::gauges::{Gauges, Health};
use super::turn::{self, Storing};
use crate::error::{Error, Kind, Result};
use crate::model::hit::{Entry, EventId};
use crate::model::id::AccountId;
use crate::model::reason::Reason;
use crate::store::Room;

/// Entries that may wait for the writer.
const QUEUED_MAX: usize = crate::model::limits::QUEUED_HITS;
/// Hits that may wait to be settled before no more are taken.
pub const WAITING_MAX: i64 = crate::model::limits::WAITING_HITS;
/// Bytes that may wait to be settled before no more are taken.
pub const WAITING_BYTES_MAX: i64 = crate::model::limits::WAITING_BYTES;

/// Bytes of most packages at most.
const USUAL_BYTES: usize = 8 * 1_024;

/// What is said while nothing fits on the disk.
pub(super) const DISK_FULL: &str = "The disk is full; nothing can be stored until there is room.";

/// What became of an entry. Both mean that it is on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Stored,
    /// The same event was stored before.
    Duplicate,
}

/// One entry on its way: where its bytes lie and what tells it from others.
pub(super) struct Item {
    pub account: AccountId,
    pub bytes: Range<usize>,
    pub event: Option<EventId>,
    pub is_hit: bool,
}

/// Entries that go to the writer together and are answered together.
#[derive(Default)]
pub(super) struct Package {
    pub bytes: Vec<u8>,
    pub items: Vec<Item>,
}

impl Package {
    /// Adds entries of one account; on error none of them.
    pub fn add<T: AsRef<str> + Serialize>(
        &mut self,
        account: AccountId,
        entries: &[Entry<T>],
    ) -> Result<()> {
        let before = (self.bytes.len(), self.items.len());
        if before.0 == 0 {
            self.bytes.reserve(USUAL_BYTES);
        }
        self.items.reserve(entries.len());
        let added = entries
            .iter()
            .try_for_each(|entry| self.add_one(account, entry));
        if added.is_err() {
            self.bytes.truncate(before.0);
            self.items.truncate(before.1);
        }
        added
    }

    fn add_one<T: AsRef<str> + Serialize>(
        &mut self,
        account: AccountId,
        entry: &Entry<T>,
    ) -> Result<()> {
        let start = self.bytes.len();
        entries::append(&mut self.bytes, entry)?;
        let (event, is_hit) = match entry {
            Entry::Hit(hit) => (hit.event, true),
            Entry::ClickOfDay { hit, .. } => (hit.event, true),
            Entry::Statement(statement) => (statement.id.given().map(|id| EventId(id.0)), false),
            Entry::NotCounted { .. } => (None, false),
        };
        self.items.push(Item {
            account,
            bytes: start..self.bytes.len(),
            event,
            is_hit,
        });
        Ok(())
    }
}

/// A package on its way, and where its verdicts go: one an item, in order.
pub(super) struct Request {
    pub package: Package,
    pub answer: oneshot::Sender<Result<Vec<Verdict>>>,
}

#[derive(Default)]
pub(super) struct Queue {
    pub requests: Vec<Request>,
    pub queued: usize,
    pub not_counted: HashMap<(AccountId, Reason), u64>,
    pub closing: bool,
}

pub(super) struct Shared {
    queue: Mutex<Queue>,
    /// Wakes the writer.
    pub ready: Condvar,
    /// Wakes settling.
    settle: Mutex<bool>,
    settle_ready: Condvar,
    /// Journal row up to which everything is settled; the writer removes these.
    pub settled: AtomicI64,
    /// Hits in the journal that are not settled, all accounts.
    pub waiting: AtomicI64,
    pub waiting_bytes: AtomicI64,
    pub by_account: Mutex<HashMap<AccountId, i64>>,
    /// What was not stored as a hit and is not in the settled figures yet.
    not_counted: Mutex<HashMap<(AccountId, Reason), u64>>,
    /// The disk failed; nothing more is acknowledged.
    pub failed: AtomicBool,
    pub room: Arc<Room>,
    pub gauges: Gauges,
    /// The writer has ended; what is in the journal is all there will be.
    pub drained: AtomicBool,
}

/// The handle by which hits come in. Clones are handles to the same journal.
#[derive(Clone)]
pub struct Journal(pub(super) Arc<Shared>);

impl Journal {
    pub(super) fn new(settled: i64, room: Arc<Room>) -> Self {
        Journal(Arc::new(Shared {
            queue: Mutex::default(),
            ready: Condvar::new(),
            settle: Mutex::new(false),
            settle_ready: Condvar::new(),
            settled: AtomicI64::new(settled),
            waiting: AtomicI64::new(0),
            waiting_bytes: AtomicI64::new(0),
            by_account: Mutex::default(),
            not_counted: Mutex::default(),
            failed: AtomicBool::new(false),
            room,
            gauges: Gauges::default(),
            drained: AtomicBool::new(false),
        }))
    }

    /// Makes entries durable. Resolves after the disk has them, with one verdict an
    /// entry, in order. Dropping the future does not take them back.
    ///
    /// # Errors
    /// [`Kind::Busy`] where too much waits: nothing was stored, come again.
    pub async fn store(&self, account: AccountId, entries: Vec<Entry>) -> Result<Vec<Verdict>> {
        let mut package = Package::default();
        package.add(account, &entries)?;
        self.send(package).await
    }

    /// The same on an event loop (a `tokio` local set): what one turn of the loop
    /// stores goes across to the writer in one piece, and comes back in one. The
    /// entries are on their way when this returns.
    ///
    /// # Errors
    /// As [`Journal::store`].
    pub fn store_in_turn<T: AsRef<str> + Serialize>(
        &self,
        account: AccountId,
        entries: &[Entry<T>],
    ) -> Storing {
        turn::store(self, account, entries, None)
    }

    /// The same for entries whose sender may not wait to the end: where they are not
    /// stored, that is counted under this reason, whether or not somebody still asks.
    ///
    /// # Errors
    /// As [`Journal::store`].
    pub fn store_or_count<T: AsRef<str> + Serialize>(
        &self,
        account: AccountId,
        entries: &[Entry<T>],
        reason: Reason,
    ) -> Storing {
        turn::store(self, account, entries, Some(reason))
    }

    pub(super) async fn send(&self, package: Package) -> Result<Vec<Verdict>> {
        if package.items.is_empty() {
            return Ok(Vec::new());
        }
        let (answer, answered) = oneshot::channel();
        self.0.push(Request { package, answer })?;
        answered
            .await
            .unwrap_or_else(|_| Err(Error::new(Kind::Busy, "The server is stopping.")))
    }

    /// Counts something that was not stored, and why. Never waits; durable with the
    /// next batch.
    pub fn count(&self, account: AccountId, reason: Reason) {
        self.0.gauges.count(reason);
        self.0.add_not_counted(account, reason, 1);
        let mut queue = self.0.queue();
        *queue.not_counted.entry((account, reason)).or_default() += 1;
        self.0.ready.notify_one();
    }

    /// Hits of an account that are acknowledged and not settled yet.
    pub fn waiting(&self, account: AccountId) -> u64 {
        let waiting = self
            .0
            .by_account
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        waiting.get(&account).copied().unwrap_or(0).max(0) as u64
    }

    /// What was not stored for an account and is not in its settled figures yet.
    pub fn not_counted(&self, account: AccountId) -> Vec<(Reason, u64)> {
        self.0
            .not_counted()
            .iter()
            .filter(|((whose, _), _)| *whose == account)
            .map(|((_, reason), count)| (*reason, *count))
            .collect()
    }

    /// Notes that a visitor was sent on before the click was known to be stored.
    pub fn sent_on_unconfirmed(&self) {
        self.0.gauges.unconfirmed.fetch_add(1, Ordering::Relaxed);
    }

    /// Hits of all accounts that are acknowledged and not settled yet.
    pub fn depth(&self) -> u64 {
        self.0.waiting.load(Ordering::Relaxed).max(0) as u64
    }

    /// How the journal of this instance is doing, all accounts together.
    pub fn health(&self) -> Health {
        let shared = &self.0;
        let number = |value: &AtomicI64| value.load(Ordering::Relaxed).max(0) as u64;
        let gauges = &shared.gauges;
        Health {
            accepted: gauges.accepted.load(Ordering::Relaxed),
            stored: gauges.stored.load(Ordering::Relaxed),
            settled: gauges.settled.load(Ordering::Relaxed),
            unconfirmed: gauges.unconfirmed.load(Ordering::Relaxed),
            not_counted: gauges.not_counted(),
            waiting: number(&shared.waiting),
            waiting_bytes: number(&shared.waiting_bytes),
            commit: gauges.commit(),
            settle_lag: gauges.lag(shared.settled.load(Ordering::Acquire)),
            disk_full: shared.room.is_full(),
        }
    }
}

impl Shared {
    pub fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, request: Request) -> Result<()> {
        if self.room.is_full() {
            return Err(Error::new(Kind::Busy, DISK_FULL));
        }
        let full = self.waiting.load(Ordering::Relaxed) > WAITING_MAX
            || self.waiting_bytes.load(Ordering::Relaxed) > WAITING_BYTES_MAX
            || self.failed.load(Ordering::Relaxed);
        let mut queue = self.queue();
        if full || queue.closing || queue.queued + request.package.items.len() > QUEUED_MAX {
            return Err(Error::new(Kind::Busy, "Too much waits to be stored."));
        }
        queue.queued += request.package.items.len();
        self.gauges.accept(&request.package);
        queue.requests.push(request);
        // The writer looks again by itself after each batch; it sleeps only when
        // the queue was empty.
        if queue.requests.len() == 1 {
            self.ready.notify_one();
        }
        Ok(())
    }

    /// Notes that hits of an account came to wait, or were settled.
    pub fn add_waiting(&self, account: AccountId, hits: i64, bytes: i64) {
        self.waiting.fetch_add(hits, Ordering::Relaxed);
        self.waiting_bytes.fetch_add(bytes, Ordering::Relaxed);
        let mut waiting = self
            .by_account
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *waiting.entry(account).or_default() += hits;
    }

    fn not_counted(&self) -> MutexGuard<'_, HashMap<(AccountId, Reason), u64>> {
        self.not_counted
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub fn add_not_counted(&self, account: AccountId, reason: Reason, count: u64) {
        *self.not_counted().entry((account, reason)).or_default() += count;
    }

    /// Notes that what was not stored is in the settled figures now.
    pub fn remove_not_counted(&self, account: AccountId, reason: Reason, count: u64) {
        let mut waiting = self.not_counted();
        if let hash_map::Entry::Occupied(mut kept) = waiting.entry((account, reason)) {
            *kept.get_mut() = kept.get().saturating_sub(count);
            if *kept.get() == 0 {
                kept.remove();
            }
        }
    }

    pub fn wake_settling(&self) {
        *self.settle.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.settle_ready.notify_one();
    }

    /// Waits until something new is durable, at most so long.
    pub fn wait_for_settling(&self, longest: std::time::Duration) {
        let flag = self.settle.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut flag, _) = self
            .settle_ready
            .wait_timeout_while(flag, longest, |new| !*new)
            .unwrap_or_else(PoisonError::into_inner);
        *flag = false;
    }
}
