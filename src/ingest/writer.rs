//! The writer thread: takes what is queued, makes it durable in one transaction,
//! answers. It never waits for more than there is.

use std::collections::HashMap;
use std::time::Duration;

use super::journal::{DISK_FULL, Journal, Queue, Request, Verdict};
use super::recent_events::RecentEvents;
use super::{entries, provoke};
use crate::clock::Stopwatch;
use crate::error::{Error, Kind, Result};
use crate::model::hit::{Entry, EventId};
use crate::model::id::AccountId;
use crate::store::JournalWriter;

/// Entries in one batch, at most, unless a single request has more.
const BATCH_MAX: usize = 2_048;
/// Bytes that are set aside for a group at once, at most.
const USUAL_MAX: usize = 64 << 10;
/// How long counts of what was not stored may wait for company.
const COUNTS_WAIT: Duration = Duration::from_millis(200);
/// Removing settled rows may wait this long for a batch to go with.
const IDLE_WAIT: Duration = Duration::from_secs(1);

/// Between two looks for room on a full disk.
const ROOM_WAIT: Duration = Duration::from_millis(500);

/// One account's part of a batch.
struct Group {
    bytes: Vec<u8>,
    hits: i64,
    events: Vec<EventId>,
}

type Groups = foldhash::HashMap<AccountId, Group>;

pub(super) struct Writer {
    journal: Journal,
    file: JournalWriter,
    events: RecentEvents,
    /// Bytes of the last batch's largest group, within reason: the next is about as large.
    usual: usize,
}

impl Writer {
    pub fn new(journal: Journal, file: JournalWriter) -> Self {
        Writer {
            journal,
            file,
            events: RecentEvents::default(),
            usual: 0,
        }
    }

    /// Works until the journal closes and its queue is empty. A full disk is waited
    /// out; hits are refused meanwhile.
    ///
    /// # Errors
    /// Where the disk fails: nothing after that is acknowledged.
    pub fn run(mut self) -> Result<()> {
        loop {
            let (requests, counts, closing) = self.take();
            provoke::panic_at(provoke::Place::Journal, requests.len());
            let idle = requests.is_empty() && counts.is_empty();
            if idle && closing {
                return passing(self.remove_all().and_then(|()| self.file.empty_log()));
            }
            let outcome = match idle {
                true => self.remove_some(),
                false => self.write(requests, counts),
            };
            let settled = self.settled();
            passing(outcome.and_then(|()| self.file.tidy(settled)))?;
            if self.journal.0.room.is_full() && !self.wait_for_room()? {
                return Ok(());
            }
        }
    }

    /// Refuses what comes until the disk has room again; false where the journal
    /// closes before that.
    fn wait_for_room(&mut self) -> Result<bool> {
        loop {
            passing(self.file.empty_log())?;
            if self.journal.0.room.came_back() {
                return Ok(true);
            }
            let shared = self.journal.0.clone();
            let mut queue = shared.queue();
            for request in take_batch(&mut queue) {
                // Nobody waits any more: a redirect that left early.
                let _ = request.answer.send(Err(Error::new(Kind::Busy, DISK_FULL)));
            }
            if queue.closing && queue.requests.is_empty() {
                return Ok(false);
            }
            let until = |queue: &mut Queue| !queue.closing && queue.requests.is_empty();
            // Woken by counts of what was refused, it waits on.
            drop(shared.ready.wait_timeout_while(queue, ROOM_WAIT, until));
        }
    }

    fn take(&self) -> (Vec<Request>, HashMap<AccountId, Vec<Entry>>, bool) {
        let shared = &self.journal.0;
        let mut queue = shared.queue();
        if queue.requests.is_empty() && !queue.closing {
            let wait = if queue.not_counted.is_empty() {
                IDLE_WAIT
            } else {
                COUNTS_WAIT
            };
            queue = shared
                .ready
                .wait_timeout_while(queue, wait, |queue| {
                    queue.requests.is_empty() && !queue.closing
                })
                .unwrap_or_else(std::sync::PoisonError::into_inner)
                .0;
        }
        let requests = take_batch(&mut queue);
        let mut counts: HashMap<AccountId, Vec<Entry>> = HashMap::new();
        for ((account, reason), count) in queue.not_counted.drain() {
            let entry = Entry::NotCounted { reason, count };
            counts.entry(account).or_default().push(entry);
        }
        (requests, counts, queue.closing)
    }

    fn write(
        &mut self,
        requests: Vec<Request>,
        counts: HashMap<AccountId, Vec<Entry>>,
    ) -> Result<()> {
        let mut groups = Groups::default();
        let verdicts: Vec<Vec<Verdict>> = requests
            .iter()
            .map(|request| self.sort_in(request, &mut groups))
            .collect();
        for (account, entries) in &counts {
            let group = groups
                .entry(*account)
                .or_insert_with(|| Group::with_room(0));
            for entry in entries {
                entries::append(&mut group.bytes, entry)?;
            }
        }
        match self.append(groups) {
            Ok(()) => {
                for (request, verdicts) in requests.into_iter().zip(verdicts) {
                    // Nobody waits any more: a redirect that left early.
                    let _ = request.answer.send(Ok(verdicts));
                }
                Ok(())
            }
            Err(error) => {
                self.count_later(counts);
                let sentence = "Nothing can be stored at the moment.";
                for request in requests {
                    let _ = request.answer.send(Err(Error::new(Kind::Busy, sentence)));
                }
                Err(error)
            }
        }
    }

    /// Puts counts that were not stored back, for the next batch.
    fn count_later(&self, counts: HashMap<AccountId, Vec<Entry>>) {
        let mut queue = self.journal.0.queue();
        for (account, entries) in counts {
            for entry in entries {
                if let Entry::NotCounted { reason, count } = entry {
                    *queue.not_counted.entry((account, reason)).or_default() += count;
                }
            }
        }
    }

    fn sort_in(&mut self, request: &Request, groups: &mut Groups) -> Vec<Verdict> {
        let package = &request.package;
        let mut verdicts = Vec::with_capacity(package.items.len());
        for item in &package.items {
            let begin = || Group::with_room(package.bytes.len().max(self.usual));
            let group = groups.entry(item.account).or_insert_with(begin);
            if let Some(event) = item.event {
                if !self.events.is_new(item.account, event) {
                    verdicts.push(Verdict::Duplicate);
                    continue;
                }
                group.events.push(event);
            }
            if let Some(bytes) = package.bytes.get(item.bytes.clone()) {
                group.bytes.extend_from_slice(bytes);
            }
            group.hits += i64::from(item.is_hit);
            verdicts.push(Verdict::Stored);
        }
        verdicts
    }

    fn append(&mut self, groups: Groups) -> Result<()> {
        let mut written = Vec::with_capacity(groups.len());
        let mut waits = Vec::with_capacity(groups.len());
        let mut events = Vec::new();
        let largest = groups.values().map(|group| group.bytes.len()).max();
        self.usual = largest.unwrap_or(0).min(USUAL_MAX);
        for (account, group) in groups {
            waits.push((account, group.hits, group.bytes.len() as i64));
            events.extend(group.events.into_iter().map(|event| (account, event)));
            if group.bytes.len() > 1 {
                written.push((account, group.bytes));
            }
        }
        let shared = &self.journal.0;
        // Counted as waiting before the rows can be seen, so that settling never
        // takes away what was not added yet.
        for &(account, hits, bytes) in &waits {
            shared.add_waiting(account, hits, bytes);
        }
        let settled = self.settled();
        let begun = Stopwatch::start();
        match self.file.append(&written, settled) {
            Ok(last) => {
                let hits: i64 = waits.iter().map(|(_, hits, _)| hits).sum();
                let hits = hits.max(0) as u64;
                shared.gauges.committed(begun.elapsed(), hits, last);
                shared.wake_settling();
                Ok(())
            }
            Err(error) => {
                for (account, hits, bytes) in waits {
                    shared.add_waiting(account, -hits, -bytes);
                }
                for (account, event) in events {
                    self.events.forget(account, event);
                }
                Err(error)
            }
        }
    }

    fn settled(&self) -> i64 {
        let settled = &self.journal.0.settled;
        settled.load(std::sync::atomic::Ordering::Acquire)
    }

    /// Takes settled rows away, in steps between which it looks for something to
    /// store; once none is left, what they have left in the file.
    fn remove_some(&mut self) -> Result<()> {
        let shared = self.journal.0.clone();
        while shared.queue().requests.is_empty() {
            if !self.file.remove(self.settled())? {
                return match shared.waiting.load(std::sync::atomic::Ordering::Relaxed) {
                    0 => self.file.clear_remains(),
                    _ => Ok(()),
                };
            }
        }
        Ok(())
    }

    fn remove_all(&mut self) -> Result<()> {
        while self.file.remove(self.settled())? {}
        Ok(())
    }
}

impl Group {
    fn with_room(room: usize) -> Self {
        let mut bytes = entries::begin();
        bytes.reserve(room);
        Group {
            bytes,
            hits: 0,
            events: Vec::new(),
        }
    }
}

/// A full disk passes; it is waited out.
fn passing(outcome: Result<()>) -> Result<()> {
    match outcome {
        Err(error) if error.kind() == Kind::Full => Ok(()),
        outcome => outcome,
    }
}

fn take_batch(queue: &mut Queue) -> Vec<Request> {
    let mut taken = 0;
    let count = queue
        .requests
        .iter()
        .take_while(|request| {
            let fits = taken == 0 || taken + request.package.items.len() <= BATCH_MAX;
            taken += request.package.items.len();
            fits
        })
        .count();
    let requests: Vec<Request> = queue.requests.drain(..count).collect();
    queue.queued -= requests
        .iter()
        .map(|request| request.package.items.len())
        .sum::<usize>();
    requests
}
