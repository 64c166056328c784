//! How the journal is doing, measured where it happens: counts since the start, the
//! time of the latest commits, and how far settling lies behind. All accounts
//! together; nothing here tells one from another.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::journal::Package;
use crate::clock::Stopwatch;
use crate::model::reason::Reason;

/// Commits that the quantiles are taken of.
const COMMITS_KEPT: usize = 1_024;
/// Between two marks of how far the journal had come.
const MARK_EVERY: Duration = Duration::from_millis(100);
/// Marks kept; with more, settling lies hours behind and the oldest still tells.
const MARKS_MAX: usize = 65_536;

/// Times of the latest commits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CommitTimes {
    pub p50: Duration,
    pub p99: Duration,
}

/// The journal at one moment. Counts are since the start of this process.
#[derive(Debug, Clone, Default)]
pub struct Health {
    /// Hits that were taken to be stored.
    pub accepted: u64,
    /// Hits that the disk has.
    pub stored: u64,
    /// Hits whose effect is in the figures.
    pub settled: u64,
    /// Visitors sent on before their click was known to be stored.
    pub unconfirmed: u64,
    /// What was not stored as a hit, or added nothing, and why.
    pub not_counted: BTreeMap<&'static str, u64>,
    /// Hits in the journal that are not settled.
    pub waiting: u64,
    pub waiting_bytes: u64,
    pub commit: CommitTimes,
    /// Age of the oldest stored hit that is not settled.
    pub settle_lag: Duration,
    pub disk_full: bool,
}

#[derive(Default)]
pub struct Gauges {
    pub accepted: AtomicU64,
    pub stored: AtomicU64,
    pub settled: AtomicU64,
    pub unconfirmed: AtomicU64,
    not_counted: Mutex<BTreeMap<Reason, u64>>,
    commits: Mutex<VecDeque<Duration>>,
    marks: Mutex<VecDeque<Mark>>,
}

/// When the journal had come to a row.
struct Mark {
    seq: i64,
    since: Stopwatch,
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Gauges {
    pub fn accept(&self, package: &Package) {
        let hits = package.items.iter().filter(|item| item.is_hit).count();
        self.accepted.fetch_add(hits as u64, Ordering::Relaxed);
    }

    pub fn count(&self, reason: Reason) {
        self.count_many(reason, 1);
    }

    pub fn count_many(&self, reason: Reason, count: u64) {
        *held(&self.not_counted).entry(reason).or_default() += count;
    }

    /// Notes a commit that took so long and wrote rows up to `seq`.
    pub fn committed(&self, took: Duration, hits: u64, seq: i64) {
        self.stored.fetch_add(hits, Ordering::Relaxed);
        let mut commits = held(&self.commits);
        if commits.len() == COMMITS_KEPT {
            commits.pop_front();
        }
        commits.push_back(took);
        drop(commits);
        if hits > 0 {
            self.mark(seq);
        }
    }

    /// Notes that the journal has come to this row by now.
    pub fn mark(&self, seq: i64) {
        let mut marks = held(&self.marks);
        match marks.back() {
            Some(last) if last.since.elapsed() < MARK_EVERY => {}
            _ if marks.len() >= MARKS_MAX => {}
            _ => marks.push_back(Mark {
                seq,
                since: Stopwatch::start(),
            }),
        }
    }

    pub fn not_counted(&self) -> BTreeMap<&'static str, u64> {
        let counts = held(&self.not_counted);
        counts
            .iter()
            .map(|(reason, &count)| (reason.word(), count))
            .collect()
    }

    pub fn commit(&self) -> CommitTimes {
        let mut times: Vec<Duration> = held(&self.commits).iter().copied().collect();
        times.sort_unstable();
        let at = |percent: usize| {
            let place = (times.len() * percent / 100).min(times.len().saturating_sub(1));
            times.get(place).copied().unwrap_or_default()
        };
        CommitTimes {
            p50: at(50),
            p99: at(99),
        }
    }

    /// How old the oldest row after `settled` is.
    pub fn lag(&self, settled: i64) -> Duration {
        let mut marks = held(&self.marks);
        while marks.front().is_some_and(|mark| mark.seq <= settled) {
            marks.pop_front();
        }
        marks
            .front()
            .map_or(Duration::ZERO, |mark| mark.since.elapsed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quantiles_are_of_the_latest_commits() {
        let gauges = Gauges::default();
        assert_eq!(gauges.commit(), CommitTimes::default());
        for ms in 1..=2_000 {
            gauges.committed(Duration::from_millis(ms), 0, 0);
        }
        let times = gauges.commit();
        assert_eq!(times.p50, Duration::from_millis(977 + 512));
        assert_eq!(times.p99, Duration::from_millis(977 + 1_013));
    }

    #[test]
    fn lag_is_the_age_of_what_is_not_settled() {
        let gauges = Gauges::default();
        gauges.committed(Duration::ZERO, 3, 7);
        assert!(gauges.lag(6) > Duration::ZERO);
        assert_eq!(gauges.lag(7), Duration::ZERO);
        assert_eq!(gauges.stored.load(Ordering::Relaxed), 3);
    }
}
