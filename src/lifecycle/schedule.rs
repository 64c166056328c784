//! The scheduler: a thread that only sleeps and calls steps. A job says when it is
//! due and does one small piece at a time; how far it has come stands in the
//! database, so that a run that was cut goes on where it stopped.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;

use crate::clock::{Clock, Stopwatch, Timestamp};
use crate::error::{Error, Result};
use crate::store::{Counts, Store};

/// How often the thread looks for work.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The same where a test moves the time.
const LOOK_EVERY_IN_TESTS: Duration = Duration::from_millis(40);
/// Pause between two steps: settling and the console have their turn.
const STEP_PAUSE: Duration = Duration::from_millis(5);
/// A job that failed is tried again after so long.
const RETRY_PAUSE: Duration = Duration::from_secs(60);
const RETRY_PAUSE_IN_TESTS: Duration = Duration::from_millis(500);
/// A run that has not begun so long after it was due is late, in milliseconds.
pub const LATE_MS: i64 = 60 * 60 * 1_000;

/// What a step has done, and whether there is more.
pub enum Step {
    More(Counts),
    Done(Counts),
}

impl Step {
    /// Nothing to do.
    pub fn idle() -> Self {
        Step::Done(Counts::new())
    }
}

/// One line of a preview: what would go, when and how much of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Planned {
    /// The account it belongs to; none: the instance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<crate::model::id::AccountId>,
    /// The class of data, as the table of retention rules names it.
    pub class: String,
    /// In plain words.
    pub what: String,
    /// When it falls due.
    pub at: Timestamp,
    pub count: u64,
}

/// Work that is done again and again.
pub trait Job: Send + Sync {
    fn name(&self) -> &'static str;

    /// When the next run is due, after one that began at `last`.
    fn due_at(&self, last: Option<Timestamp>, now: Timestamp) -> Timestamp;

    /// Does one small, bounded piece; done again after a crash it does no harm.
    fn step(&self, now: Timestamp) -> Result<Step>;

    /// What would fall due until an instant.
    fn preview(&self, as_of: Timestamp) -> Result<Vec<Planned>>;
}

/// A job that should have run and has not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Late {
    pub job: &'static str,
    pub due_at: Timestamp,
}

struct Inner {
    store: Store,
    clock: Clock,
    jobs: Vec<Box<dyn Job>>,
    /// One run at a time, whoever asks for it.
    turn: Mutex<()>,
    /// When the last run of each job began that came to its end.
    last: Mutex<BTreeMap<&'static str, Option<Timestamp>>>,
    late: Mutex<BTreeMap<&'static str, Timestamp>>,
    stopping: std::sync::atomic::AtomicBool,
}

/// All jobs of one data folder. Clones are handles to the same.
#[derive(Clone)]
pub struct Schedule(Arc<Inner>);

impl Schedule {
    pub fn new(store: Store, clock: Clock, jobs: Vec<Box<dyn Job>>) -> Self {
        Schedule(Arc::new(Inner {
            store,
            clock,
            jobs,
            turn: Mutex::new(()),
            last: Mutex::new(BTreeMap::new()),
            late: Mutex::new(BTreeMap::new()),
            stopping: Default::default(),
        }))
    }

    /// Starts the thread; it ends after [`Schedule::stop`].
    pub fn start(&self) -> Result<std::thread::JoinHandle<()>> {
        let schedule = self.clone();
        std::thread::Builder::new()
            .name("schedule".to_owned())
            .spawn(move || schedule.work())
            .map_err(|error| Error::internal("A thread could not be started").because(error))
    }

    pub fn stop(&self) {
        self.0
            .stopping
            .store(true, std::sync::atomic::Ordering::Release);
    }

    fn is_stopping(&self) -> bool {
        self.0.stopping.load(std::sync::atomic::Ordering::Acquire)
    }

    fn work(&self) {
        let (look, retry) = match self.0.clock.is_real() {
            true => (LOOK_EVERY, RETRY_PAUSE),
            false => (LOOK_EVERY_IN_TESTS, RETRY_PAUSE_IN_TESTS),
        };
        let mut failed: BTreeMap<&str, Stopwatch> = BTreeMap::new();
        while !self.is_stopping() {
            for job in &self.0.jobs {
                let name = job.name();
                if failed
                    .get(name)
                    .is_some_and(|since| since.elapsed() < retry)
                {
                    continue;
                }
                failed.remove(name);
                if let Err(error) = self.run_if_due(job.as_ref()) {
                    tracing::error!(job = name, %error, "a scheduled job failed and is tried again");
                    failed.insert(name, Stopwatch::start());
                }
            }
            std::thread::sleep(look);
        }
    }

    fn run_if_due(&self, job: &dyn Job) -> Result<()> {
        let now = self.0.clock.now();
        let due_at = job.due_at(self.last_run(job)?, now);
        if due_at > now {
            self.late().remove(job.name());
            return Ok(());
        }
        if now.millis() - due_at.millis() > LATE_MS {
            self.late().insert(job.name(), due_at);
        }
        self.run(job, due_at)?;
        self.late().remove(job.name());
        Ok(())
    }

    /// Runs one job to its end, or until the server stops.
    fn run(&self, job: &dyn Job, due_at: Timestamp) -> Result<Counts> {
        let _turn = self.turn();
        let (store, clock) = (&self.0.store, &self.0.clock);
        let begun_at = clock.now();
        let id = store.begin_job_run(job.name(), due_at, begun_at)?;
        let mut counts = Counts::new();
        let outcome = loop {
            match job.step(clock.now()) {
                Ok(Step::Done(more)) => {
                    add(&mut counts, more);
                    break Ok(());
                }
                Ok(Step::More(more)) => add(&mut counts, more),
                Err(error) => break Err(error),
            }
            if self.is_stopping() {
                return Ok(counts);
            }
            std::thread::sleep(STEP_PAUSE);
        };
        let failure = outcome
            .as_ref()
            .err()
            .map(|error| error.message().to_owned());
        store.end_job_run(id, clock.now(), counts.clone(), failure)?;
        outcome?;
        self.last().insert(job.name(), Some(begun_at));
        Ok(counts)
    }

    fn last_run(&self, job: &dyn Job) -> Result<Option<Timestamp>> {
        if let Some(&known) = self.last().get(job.name()) {
            return Ok(known);
        }
        let last = self.0.store.last_job_run(job.name())?;
        self.last().insert(job.name(), last);
        Ok(last)
    }

    fn last(&self) -> MutexGuard<'_, BTreeMap<&'static str, Option<Timestamp>>> {
        self.0.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs every job now, whether it is due or not; what each of them did.
    pub fn run_all(&self) -> Result<Vec<(&'static str, Counts)>> {
        let now = self.0.clock.now();
        self.0
            .jobs
            .iter()
            .map(|job| {
                let due_at = job.due_at(self.last_run(job.as_ref())?, now).min(now);
                Ok((job.name(), self.run(job.as_ref(), due_at)?))
            })
            .collect()
    }

    /// What would fall due until an instant, in its order.
    pub fn preview(&self, as_of: Timestamp) -> Result<Vec<Planned>> {
        let mut planned = Vec::new();
        for job in &self.0.jobs {
            planned.extend(job.preview(as_of)?);
        }
        planned.sort_by_key(|line| line.at);
        Ok(planned)
    }

    /// Jobs that are late at the moment, for a banner and for `doctor`.
    pub fn late_jobs(&self) -> Vec<Late> {
        self.late()
            .iter()
            .map(|(&job, &due_at)| Late { job, due_at })
            .collect()
    }

    fn late(&self) -> MutexGuard<'_, BTreeMap<&'static str, Timestamp>> {
        self.0.late.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn turn(&self) -> MutexGuard<'_, ()> {
        self.0.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn add(counts: &mut Counts, more: Counts) {
    for (name, count) in more {
        *counts.entry(name).or_default() += count;
    }
}

/// Due `every` milliseconds after the last run began; at once where there was none,
/// or where the clock has gone back behind it.
pub fn every(ms: i64, last: Option<Timestamp>, now: Timestamp) -> Timestamp {
    match last {
        Some(last) if last <= now => last.plus_ms(ms),
        _ => now,
    }
}
