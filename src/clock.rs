//! Time: the only place that asks what time it is. Pure rules take a
//! [`Timestamp`]; only what runs by itself holds a [`Clock`].

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

pub const SECOND_MS: i64 = 1_000;
pub const QUARTER_MS: i64 = 15 * 60 * SECOND_MS;
pub const DAY_MS: i64 = 24 * 60 * 60 * SECOND_MS;

/// An instant: milliseconds since 1970-01-01T00:00:00Z, never negative.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct Timestamp(i64);

impl Timestamp {
    pub fn from_millis(ms: i64) -> Self {
        Timestamp(ms.max(0))
    }

    pub fn millis(self) -> i64 {
        self.0
    }

    /// Days since 1970-01-01 in UTC.
    pub fn utc_day(self) -> u32 {
        u32::try_from(self.0 / DAY_MS).unwrap_or(u32::MAX)
    }

    /// Quarter of an hour within the UTC day, 0 to 95.
    pub fn quarter(self) -> u8 {
        ((self.0 % DAY_MS) / QUARTER_MS) as u8
    }

    /// The start of the quarter of an hour this instant lies in.
    pub fn quarter_start(self) -> Self {
        Timestamp(self.0 - self.0 % QUARTER_MS)
    }

    pub fn plus_ms(self, ms: i64) -> Self {
        Timestamp::from_millis(self.0.saturating_add(ms))
    }

    pub fn minus_ms(self, ms: i64) -> Self {
        self.plus_ms(ms.saturating_neg())
    }
}

/// Where the time comes from: the machine, or a test.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    #[default]
    System,
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands still until [`Clock::advance`] moves it.
    pub fn manual(start: Timestamp) -> Self {
        Clock::Manual(Arc::new(AtomicI64::new(start.millis())))
    }

    pub fn now(&self) -> Timestamp {
        match self {
            Clock::System => Timestamp::from_millis(
                SystemTime::now()
                    .duration_since(UNIX_EPOCH)
                    .map_or(0, |since| since.as_millis() as i64),
            ),
            Clock::Manual(ms) => Timestamp::from_millis(ms.load(Ordering::SeqCst)),
        }
    }

    /// Moves a manual clock; does nothing to the machine's.
    pub fn advance(&self, ms: i64) {
        if let Clock::Manual(at) = self {
            at.fetch_add(ms, Ordering::SeqCst);
        }
    }
}

/// Measures how long something took. It never goes backwards.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    pub fn start() -> Self {
        Stopwatch(Instant::now())
    }

    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_quarter_of_a_day_is_95() {
        let at = Timestamp::from_millis(DAY_MS * 3 + DAY_MS - 1);
        assert_eq!((at.utc_day(), at.quarter()), (3, 95));
        assert_eq!(at.quarter_start().millis(), DAY_MS * 4 - QUARTER_MS);
    }

    #[test]
    fn a_timestamp_never_becomes_negative() {
        assert_eq!(Timestamp::from_millis(5).minus_ms(10).millis(), 0);
        assert_eq!(
            Timestamp::from_millis(5).minus_ms(i64::MIN).millis(),
            i64::MAX
        );
    }

    #[test]
    fn a_manual_clock_moves_only_when_told() {
        let clock = Clock::manual(Timestamp::from_millis(100));
        assert_eq!(clock.now(), clock.now());
        clock.advance(50);
        assert_eq!(clock.now().millis(), 150);
    }
}
