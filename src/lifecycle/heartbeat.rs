//! Evidence that time has passed. A running server leaves one beat a UTC day, at
//! least 20 hours by the machine's steady clock after the one before, so that a wall
//! clock that jumps forward makes none. What cannot be undone looks here first.
//!
//! A gap between two beats is a server that was off, or a clock that jumped: nobody
//! can tell. It counts as time only after a week of beats behind it, in which the
//! operator can put a wrong clock right; beats of days that then lie in the future
//! are forgotten. What goes by its age goes by [`proved_until`].

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::schedule::{Job, Planned, Step};
use crate::clock::{Clock, DAY_MS, Stopwatch, Timestamp};
use crate::error::Result;
use crate::store::Store;

/// Shortest time between two beats of one process.
const BETWEEN: Duration = Duration::from_secs(20 * 60 * 60);
/// Days without a beat that are no gap: a restart, a maintenance.
const GAP_DAYS: u32 = 2;
/// Beats after a gap, from which on it counts as time that passed.
const WITNESSES: usize = 8;
/// The job looks again after so long.
const LOOK_MS: i64 = 60 * 1_000;
/// Days that a moved test clock fills in at once, at most.
const FILLED_MAX: u32 = 40 * 366;

/// Whether the beats, the last of them today, prove that the days from `since` to
/// `today` went by.
pub fn proves(beats: &[u32], since: u32, today: u32) -> bool {
    let mut at = since;
    let days: Vec<u32> = beats
        .iter()
        .copied()
        .filter(|&day| day >= since && day <= today)
        .collect();
    for (index, &day) in days.iter().enumerate() {
        if day - at > GAP_DAYS && days.len() - index < WITNESSES {
            return false;
        }
        at = day;
    }
    at == today
}

/// The last day up to which beats prove that time went by; none: there are no beats.
fn proved_day(beats: &[u32], today: u32) -> Option<u32> {
    let (&first, later) = beats.split_first()?;
    let mut at = first;
    for (index, &day) in later.iter().enumerate() {
        if day - at > GAP_DAYS && later.len() - index < WITNESSES {
            return Some(at);
        }
        at = day;
    }
    let is_now = today.saturating_sub(at) <= GAP_DAYS;
    Some(if is_now { today } else { at })
}

/// The instant by which data may be too old: now, or where beats do not prove that the
/// time has passed, the last day of which they do.
pub fn proved_until(store: &Store, now: Timestamp) -> Result<Timestamp> {
    // With one more than the witnesses of a gap, earlier ones change nothing.
    let beats = store.newest_heartbeats(WITNESSES + 1, now.utc_day())?;
    Ok(match proved_day(&beats, now.utc_day()) {
        Some(day) if day == now.utc_day() => now,
        day => Timestamp::from_millis(i64::from(day.unwrap_or(0)) * DAY_MS),
    })
}

/// What whoever runs the server is told where that is not now; none as well before the
/// first beat.
pub fn doubt(store: &Store, now: Timestamp) -> Result<Option<String>> {
    let until = proved_until(store, now)?;
    Ok((until != now && until != Timestamp::default()).then(|| {
        format!(
            "After {} this server was off for days, or its clock has jumped: it says {} now. See \
             that this is right. Until the server has run for a week nothing more is deleted for \
             its age.",
            until.day(),
            now.day()
        )
    }))
}

/// What the job remembers of its last beat.
struct Last {
    day: Option<u32>,
    /// Since this process left one.
    steady: Option<Stopwatch>,
}

/// Leaves the beats.
pub struct Heartbeat {
    store: Store,
    clock: Clock,
    last: Mutex<Last>,
}

impl Heartbeat {
    pub fn new(store: Store, clock: Clock) -> Result<Self> {
        let last = Last {
            day: store.last_heartbeat()?,
            steady: None,
        };
        Ok(Heartbeat {
            store,
            clock,
            last: Mutex::new(last),
        })
    }

    fn last(&self) -> MutexGuard<'_, Last> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn must_wait(&self, last: &Last) -> bool {
        self.clock.is_real() && last.steady.is_some_and(|since| since.elapsed() < BETWEEN)
    }

    /// Whether a test's clock has jumped while this process ran: what it leapt over are
    /// no days that are filled in.
    fn leapt(&self, last: &Last) -> bool {
        last.steady.is_some() && self.clock.has_jumped()
    }
}

impl Job for Heartbeat {
    fn name(&self) -> &'static str {
        "heartbeat"
    }

    fn due_at(&self, _: Option<Timestamp>, now: Timestamp) -> Timestamp {
        let last = self.last();
        if last.day == Some(now.utc_day()) {
            now.plus_ms(DAY_MS - now.millis() % DAY_MS)
        } else if self.must_wait(&last) {
            now.plus_ms(LOOK_MS)
        } else {
            now
        }
    }

    fn step(&self, now: Timestamp) -> Result<Step> {
        let today = now.utc_day();
        let mut last = self.last();
        if last.day == Some(today) || self.must_wait(&last) {
            return Ok(Step::idle());
        }
        if self.leapt(&last) {
            last.day = Some(today);
            return Ok(Step::idle());
        }
        let first = match last.day {
            // Where a test moves the time, its days are moved with it.
            Some(day) if !self.clock.is_real() && !self.clock.has_jumped() && day < today => {
                (day + 1).max(today.saturating_sub(FILLED_MAX))
            }
            _ => today,
        };
        self.store.beat(first, now)?;
        *last = Last {
            day: Some(today),
            steady: Some(Stopwatch::start()),
        };
        Ok(Step::Done([("beats".to_owned(), 1)].into()))
    }

    fn preview(&self, _: Timestamp) -> Result<Vec<Planned>> {
        Ok(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_with_beats_are_proved_and_a_short_pause_is_none() {
        let beats: Vec<u32> = (100..=145).filter(|day| *day != 120).collect();
        assert!(proves(&beats, 100, 145));
        assert!(proves(&beats, 99, 145));
        assert!(!proves(&beats, 99, 146));
    }

    #[test]
    fn a_jump_proves_nothing_until_a_week_of_beats_lies_behind_it() {
        let mut beats: Vec<u32> = (100..=110).collect();
        beats.push(160);
        assert!(!proves(&beats, 100, 160));
        beats.extend(161..=166);
        assert!(!proves(&beats, 100, 166));
        beats.push(167);
        assert!(proves(&beats, 100, 167));
    }

    #[test]
    fn data_ages_by_the_days_that_are_proved() {
        let mut beats: Vec<u32> = (100..=110).collect();
        assert_eq!(proved_day(&beats, 110), Some(110));
        assert_eq!(proved_day(&beats, 112), Some(112));
        assert_eq!(proved_day(&beats, 113), Some(110));
        for day in 4_000..4_007 {
            beats.push(day);
            assert_eq!(proved_day(&beats, day), Some(110), "{day}");
        }
        beats.push(4_007);
        assert_eq!(proved_day(&beats, 4_007), Some(4_007));
        assert_eq!(proved_day(&beats[beats.len() - 9..], 4_007), Some(4_007));
        assert_eq!(proved_day(&beats[beats.len() - 10..], 4_007), Some(4_007));
        assert_eq!(proved_day(&[], 100), None);
    }

    #[test]
    fn a_server_that_never_ran_proves_nothing() {
        assert!(!proves(&[], 100, 145));
        assert!(!proves(&[100], 100, 145));
        assert!(!proves(&[], 100, 101));
        assert!(proves(&[101], 100, 101));
    }
}
