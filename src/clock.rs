//! Time: the only place that asks what time it is. Pure rules take a
//! [`Timestamp`]; only what runs by itself holds a [`Clock`].

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind, Result};

pub const SECOND_MS: i64 = 1_000;
pub const QUARTER_MS: i64 = 15 * 60 * SECOND_MS;
pub const DAY_MS: i64 = 24 * 60 * 60 * SECOND_MS;

/// An instant: milliseconds since 1970-01-01T00:00:00Z, never negative.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct Timestamp(i64);

impl Timestamp {
    /// An instant that is known when the program is written.
    pub const fn at(ms: i64) -> Self {
        Timestamp(ms)
    }

    pub fn from_millis(ms: i64) -> Self {
        Timestamp(ms.max(0))
    }

    pub fn millis(self) -> i64 {
        self.0
    }

    /// The day in UTC, as `2026-03-02`.
    pub fn day(self) -> String {
        self.to_string().chars().take(10).collect()
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

/// RFC 3339 in UTC.
impl std::fmt::Display for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(instant) => write!(f, "{instant}"),
            Err(_) => write!(f, "{} ms", self.0),
        }
    }
}

/// An instant as people write it: RFC 3339, a day (its first instant in UTC), or
/// milliseconds since 1970.
///
/// # Errors
/// [`Kind::Invalid`] where it is none of these, or lies before 1970.
pub fn parse_instant(text: &str) -> Result<Timestamp> {
    let text = text.trim();
    let ms = if let Ok(ms) = text.parse::<i64>() {
        Some(ms)
    } else if let Ok(instant) = text.parse::<jiff::Timestamp>() {
        Some(instant.as_millisecond())
    } else {
        text.parse::<jiff::civil::Date>()
            .and_then(|day| day.to_zoned(jiff::tz::TimeZone::UTC))
            .map(|start| start.timestamp().as_millisecond())
            .ok()
    };
    match ms {
        Some(ms @ 0..=INSTANT_MAX_MS) => Ok(Timestamp(ms)),
        _ => Err(Error::invalid(format!(
            "{:?} is no instant. Write 2027-03-01T12:00:00Z, 2027-03-01, or milliseconds since 1970.",
            text.chars().take(40).collect::<String>()
        ))),
    }
}

/// The end of the year 9999: no calendar goes further.
const INSTANT_MAX_MS: i64 = 253_402_300_799_999;

/// What stands behind the instant of a clock that was put wrong, or right again.
const JUMPED: &str = "jumped";

/// A file that says what time it is, and what it said last.
#[derive(Debug)]
pub struct ClockFile {
    path: PathBuf,
    last: AtomicI64,
}

impl ClockFile {
    /// The instant, and whether the clock has jumped there.
    fn read(path: &Path) -> Result<(Timestamp, bool)> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            let sentence = format!("The test clock {} cannot be read", path.display());
            Error::new(Kind::Usage, sentence).because(error)
        })?;
        let text = text.trim();
        match text.strip_suffix(JUMPED) {
            Some(instant) => Ok((parse_instant(instant)?, true)),
            None => Ok((parse_instant(text)?, false)),
        }
    }

    /// A file that is being rewritten, or is gone, leaves the time where it was.
    fn now(&self) -> Timestamp {
        if let Ok((now, _)) = Self::read(&self.path) {
            self.last.store(now.millis(), Ordering::SeqCst);
        }
        Timestamp(self.last.load(Ordering::SeqCst))
    }
}

/// Where the time comes from: the machine, or a test.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    #[default]
    System,
    Manual(Arc<AtomicI64>),
    /// Stands at the instant in a file, read at each look: for tests alone.
    File(Arc<ClockFile>),
}

impl Clock {
    /// A clock that stands still until [`Clock::advance`] moves it.
    pub fn manual(start: Timestamp) -> Self {
        Clock::Manual(Arc::new(AtomicI64::new(start.millis())))
    }

    /// The clock that stands at the instant written in a file and follows it.
    ///
    /// # Errors
    /// [`Kind::Usage`] where the file cannot be read, [`Kind::Invalid`] where it
    /// holds no instant.
    pub fn of_file(path: &Path) -> Result<Self> {
        let (now, _) = ClockFile::read(path)?;
        Ok(Clock::File(Arc::new(ClockFile {
            path: path.to_owned(),
            last: AtomicI64::new(now.millis()),
        })))
    }

    /// Whether this is the machine's own clock, which nobody moves for a test.
    pub fn is_real(&self) -> bool {
        matches!(self, Clock::System)
    }

    /// Whether a test says that the clock jumped to where it stands: no time has passed,
    /// as where a machine's clock is put wrong, or right again.
    pub fn has_jumped(&self) -> bool {
        match self {
            Clock::File(file) => ClockFile::read(&file.path).is_ok_and(|(_, jumped)| jumped),
            _ => false,
        }
    }

    pub fn now(&self) -> Timestamp {
        match self {
            Clock::System => Timestamp::from_millis(
                SystemTime::now()
                    .duration_since(UNIX_EPOCH)
                    .map_or(0, |since| since.as_millis() as i64),
            ),
            Clock::Manual(ms) => Timestamp::from_millis(ms.load(Ordering::SeqCst)),
            Clock::File(file) => file.now(),
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

    #[test]
    fn an_instant_is_read_in_each_way_of_writing_it() {
        for text in ["2027-03-01T00:00:00Z", "2027-03-01", "1803859200000\n"] {
            assert_eq!(parse_instant(text).unwrap().millis(), 1_803_859_200_000);
        }
        for text in ["", "tomorrow", "-5", "2027-13-01", "999999999999999999"] {
            assert!(parse_instant(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_clock_of_a_file_follows_it_and_outlives_a_bad_moment() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clock");
        assert!(Clock::of_file(&path).is_err());
        std::fs::write(&path, "1000").unwrap();
        let clock = Clock::of_file(&path).unwrap();
        std::fs::write(&path, "2000").unwrap();
        assert_eq!(clock.now().millis(), 2_000);
        std::fs::write(&path, "").unwrap();
        assert_eq!(clock.now().millis(), 2_000);
    }

    #[test]
    fn a_clock_of_a_file_says_that_it_jumped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clock");
        let clock = |text: &str| {
            std::fs::write(&path, text).unwrap();
            Clock::of_file(&path).map(|clock| (clock.now().millis(), clock.has_jumped()))
        };
        assert_eq!(clock("1000").unwrap(), (1_000, false));
        assert_eq!(clock("1970-01-02 jumped\n").unwrap(), (DAY_MS, true));
        assert!(clock("jumped").is_err());
        assert!(clock("1000 leapt").is_err());
    }
}
