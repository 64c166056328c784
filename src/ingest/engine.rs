//! The two threads of a running server: the journal's writer and settling. When
//! one of them fails for good, the process must end; nothing goes on half alive.

use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::mpsc;

use super::journal::{Journal, Shared};
use super::merge::{close_step, merge_step};
use super::settle::{Settler, Step};
use super::waiting;
use super::writer::Writer;
use crate::clock::{Clock, SECOND_MS, Timestamp};
use crate::error::{Error, Kind, Result};
use crate::store::{JournalReader, Store};

/// Pause between two steps of settling: what arrives meanwhile is settled together.
/// After a full step there is none.
const SETTLE_PAUSE: Duration = Duration::from_millis(500);
/// Looks for segments to merge at least this often.
const IDLE_PAUSE: Duration = Duration::from_secs(2);
/// Pause after a step that found no room, or no file handle.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// The engine of one data folder.
pub struct Engine {
    journal: Journal,
    writer: JoinHandle<()>,
    settling: JoinHandle<()>,
}

/// Says why the engine failed; nothing is acknowledged after that.
pub type Failures = mpsc::UnboundedReceiver<Error>;

impl Engine {
    /// Opens the journal of the store's folder and starts both threads.
    pub fn start(store: &Store, clock: Clock) -> Result<(Engine, Failures)> {
        let mut file = store.open_journal()?;
        let id = file.id();
        let settled = store.settled_position()?;
        let position = if settled.0 == Some(id) { settled.1 } else { 0 };
        let journal = Journal::new(position, store.folder().room().clone());
        let mut reader = JournalReader::open(store.folder(), store.keys().clone())?;
        let unreadable = waiting::count(&mut reader, &journal.0, position)?;
        waiting::pass_over(store, &mut file, &journal.0, &unreadable)?;
        let (report, failures) = mpsc::unbounded_channel();
        let (broken, told) = (journal.clone(), report.clone());
        store.folder().room().when_broken(move |error| {
            broken.0.failed.store(true, Ordering::Release);
            // The server is gone already: nobody is left to tell.
            let _ = told.send(error);
        });
        let settler = Settler::new(store.clone(), reader, id, clock);
        let writer = Writer::new(journal.clone(), file);
        let engine = Engine {
            writer: spawn("journal", report.clone(), journal.clone(), move || {
                writer.run()
            })?,
            settling: {
                let (journal, store) = (journal.clone(), store.clone());
                spawn("settle", report, journal.clone(), move || {
                    settle(settler, &journal, &store)
                })?
            },
            journal,
        };
        Ok((engine, failures))
    }

    pub fn journal(&self) -> Journal {
        self.journal.clone()
    }

    /// Takes nothing more, makes the rest durable, settles all of it, ends.
    pub fn stop(self) {
        self.journal.0.queue().closing = true;
        self.journal.0.ready.notify_all();
        // A thread that failed has reported itself.
        let _ = self.writer.join();
        self.journal.0.drained.store(true, Ordering::Release);
        self.journal.0.wake_settling();
        let _ = self.settling.join();
    }
}

/// Settles everything that waits in a folder that no server runs on.
pub fn settle_everything(store: &Store, clock: Clock) -> Result<()> {
    let file = store.open_journal()?;
    let reader = JournalReader::open(store.folder(), store.keys().clone())?;
    let mut settler = Settler::new(store.clone(), reader, file.id(), clock);
    while settler.step()?.is_some() {}
    Ok(())
}

fn settle(mut settler: Settler, journal: &Journal, store: &Store) -> Result<()> {
    let shared = &journal.0;
    let mut closing = Closing::default();
    shared.room.keep_reserve();
    loop {
        let last_round = shared.drained.load(Ordering::Acquire);
        match settler.step() {
            Ok(Some(step)) => {
                let is_full = step.is_full;
                note(shared, step);
                if !last_round && !is_full {
                    merge(store)?;
                    std::thread::sleep(SETTLE_PAUSE);
                }
            }
            Ok(None) if last_round => return Ok(()),
            Ok(None) => {
                if !merge(store)? && !close(&mut closing, store, settler.now())? {
                    shared.wait_for_settling(IDLE_PAUSE);
                }
            }
            // What waits is on the disk, and the next start settles it.
            Err(error) if passes(&error) && last_round => return Ok(()),
            Err(error) if passes(&error) => wait_out(store, &error)?,
            Err(error) => return Err(error),
        }
    }
}

/// Closes days that are over while nothing else is to be done. Looking for them goes
/// through all segments, so where there was none it is done again after an hour.
#[derive(Default)]
struct Closing {
    again: Timestamp,
}

impl Closing {
    fn step(&mut self, store: &Store, now: Timestamp) -> Result<bool> {
        if now < self.again {
            return Ok(false);
        }
        let closed = close_step(store, now)?;
        if !closed {
            self.again = now.plus_ms(CLOSE_EVERY_MS);
        }
        Ok(closed)
    }
}

const CLOSE_EVERY_MS: i64 = 60 * 60 * SECOND_MS;

fn note(shared: &Shared, step: Step) {
    shared.settled.store(step.position, Ordering::Release);
    for (account, (hits, bytes)) in step.accounts {
        shared.add_waiting(account, -hits, -bytes);
        shared
            .gauges
            .settled
            .fetch_add(hits.max(0) as u64, Ordering::Relaxed);
    }
    for (account, reason, count) in step.not_counted {
        shared.remove_not_counted(account, reason, count);
    }
    for (reason, count) in step.refused {
        shared.gauges.count_many(reason, count);
    }
}

/// Merges once; false where there was nothing to merge, or no room.
fn merge(store: &Store) -> Result<bool> {
    match merge_step(store) {
        Err(error) if passes(&error) => wait_out(store, &error).map(|()| false),
        outcome => outcome,
    }
}

/// The same for closing a day.
fn close(closing: &mut Closing, store: &Store, now: Timestamp) -> Result<bool> {
    match closing.step(store, now) {
        Err(error) if passes(&error) => wait_out(store, &error).map(|()| false),
        outcome => outcome,
    }
}

/// Whether an error goes away by itself: a full disk, or no file handle left.
fn passes(error: &Error) -> bool {
    matches!(error.kind(), Kind::Full | Kind::Busy)
}

/// Waits a moment for what passes, and makes what room there is.
fn wait_out(store: &Store, error: &Error) -> Result<()> {
    tracing::warn!("settling waits: {error}");
    std::thread::sleep(RETRY_PAUSE);
    if error.kind() != Kind::Full {
        return Ok(());
    }
    match store.empty_log() {
        Err(error) if !passes(&error) => return Err(error),
        _ => store.folder().room().came_back(),
    };
    Ok(())
}

fn spawn(
    name: &'static str,
    report: mpsc::UnboundedSender<Error>,
    journal: Journal,
    work: impl FnOnce() -> Result<()> + Send + 'static,
) -> Result<JoinHandle<()>> {
    let guarded = move || {
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
        let error = match outcome {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error,
            Err(_) => Error::internal(format!("The {name} thread panicked.")),
        };
        journal.0.failed.store(true, Ordering::Release);
        // The server is gone already: nobody is left to tell.
        let _ = report.send(error);
    };
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(guarded)
        .map_err(|error| Error::internal("A thread could not be started").because(error))
}
