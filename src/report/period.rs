//! Days of an account: which quarter of an hour of UTC belongs to which of its
//! days and hours. It asks no clock.

use std::ops::RangeInclusive;

use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};

use crate::clock::{DAY_MS, QUARTER_MS, SECOND_MS, Timestamp};
use crate::error::{Error, Result};
use crate::model::account::Account;
use crate::model::catalog::Catalog;

/// Longest period of one question: 25 months and some days.
pub const DAYS_MAX: i32 = 800;
/// Quarters of an hour in a UTC day.
pub const QUARTERS: usize = (DAY_MS / QUARTER_MS) as usize;
const HOUR_SECONDS: i64 = 3_600;
const DAY_SECONDS: i64 = DAY_MS / SECOND_MS;
const QUARTER_SECONDS: i64 = QUARTER_MS / SECOND_MS;

/// Days in an account's zone, both ends included.
#[derive(Debug, Clone)]
pub struct Period {
    from: Date,
    /// 1 to [`DAYS_MAX`].
    days: i32,
    zone: TimeZone,
}

/// Where one quarter of an hour lies in the account's zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quarter {
    /// Days since 1970-01-01 in the account's zone.
    pub day: i64,
    pub hour: Hour,
}

/// An hour on the account's clock. One that the clock passes twice is two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hour {
    /// Start as the local clock shows it, in hours since 1970-01-01T00:00.
    local: i64,
    offset_seconds: i32,
}

impl Period {
    /// # Errors
    /// `Invalid` where a day is none, they stand the wrong way round, or are too many.
    pub fn parse(from: &str, to: &str, account: &Account) -> Result<Period> {
        Period::new(parse_day("from", from)?, parse_day("to", to)?, account)
    }

    fn new(from: Date, to: Date, account: &Account) -> Result<Period> {
        let days = epoch_day(to) - epoch_day(from) + 1;
        if days < 1 {
            return Err(Error::invalid(format!(
                "The period ends on {to}, before it begins on {from}."
            )));
        }
        let days = i32::try_from(days).unwrap_or(i32::MAX);
        if days > DAYS_MAX {
            return Err(Error::invalid(format!(
                "A period has at most {DAYS_MAX} days; this one has {days}."
            )));
        }
        let zone = zone_of(account)?;
        Ok(Period { from, days, zone })
    }

    /// The last `days` days of the account, today included.
    pub fn last_days(days: u16, now: Timestamp, account: &Account) -> Result<Period> {
        let zone = zone_of(account)?;
        let offset = offset_at(&zone, now.millis() / SECOND_MS);
        let local = now.millis() / SECOND_MS + i64::from(offset);
        let today = local.div_euclid(DAY_SECONDS);
        let first = today - i64::from(days.max(1)) + 1;
        Period::new(date_of(first), date_of(today), account)
    }

    pub fn from(&self) -> Date {
        self.from
    }

    pub fn to(&self) -> Date {
        date_of(self.last())
    }

    /// Every day of the period, in days since 1970-01-01.
    pub fn days(&self) -> RangeInclusive<i64> {
        epoch_day(self.from)..=self.last()
    }

    fn last(&self) -> i64 {
        epoch_day(self.from) + i64::from(self.days) - 1
    }

    /// The UTC days that any of it lies in.
    pub fn utc_days(&self) -> RangeInclusive<u32> {
        // No zone is ever further from UTC than a day.
        let widest = epoch_day(self.from) - 1..=self.last() + 1;
        let mut within = widest.filter(|&day| {
            let edges = [0, QUARTERS as i64 - 1].map(|quarter| {
                let second = day * DAY_SECONDS + quarter * QUARTER_SECONDS;
                let local = second + i64::from(offset_at(&self.zone, second));
                local.div_euclid(DAY_SECONDS)
            });
            edges[1] >= epoch_day(self.from) && edges[0] <= self.last()
        });
        let first = within.next().unwrap_or(0);
        let last = within.next_back().unwrap_or(first);
        u32::try_from(first).unwrap_or(0)..=u32::try_from(last).unwrap_or(0)
    }

    pub fn contains(&self, day: i64) -> bool {
        self.days().contains(&day)
    }

    /// The quarters of an hour of one UTC day.
    pub fn quarters(&self, utc_day: u32) -> [Quarter; QUARTERS] {
        let start = i64::from(utc_day) * DAY_SECONDS;
        let second_of = |quarter: usize| start + quarter as i64 * QUARTER_SECONDS;
        let first = offset_at(&self.zone, start);
        // Clocks change at most once a day.
        let changes = first != offset_at(&self.zone, second_of(QUARTERS - 1));
        std::array::from_fn(|quarter| {
            let second = second_of(quarter);
            let offset = if changes {
                offset_at(&self.zone, second)
            } else {
                first
            };
            let local = second + i64::from(offset);
            Quarter {
                day: local.div_euclid(DAY_SECONDS),
                hour: Hour {
                    local: local.div_euclid(HOUR_SECONDS),
                    offset_seconds: offset,
                },
            }
        })
    }
}

impl Hour {
    /// A number that sorts as hours follow one another.
    pub fn number(self) -> u64 {
        let instant = self.local * HOUR_SECONDS - i64::from(self.offset_seconds);
        let shifted = i64::from(self.offset_seconds) + DAY_SECONDS;
        (instant.max(0) as u64) << 20 | shifted.clamp(0, 0xf_ffff) as u64
    }

    pub fn from_number(number: u64) -> Hour {
        let offset_seconds = ((number & 0xf_ffff) as i64 - DAY_SECONDS) as i32;
        let local = (number >> 20) as i64 + i64::from(offset_seconds);
        Hour {
            local: local.div_euclid(HOUR_SECONDS),
            offset_seconds,
        }
    }

    /// Its start in RFC 3339, such as `2026-03-29T03:00:00+02:00`.
    pub fn text(self) -> String {
        let date = date_of(self.local.div_euclid(24));
        let hour = self.local.rem_euclid(24);
        let minutes = self.offset_seconds / 60;
        let sign = if minutes < 0 { '-' } else { '+' };
        let (hours, minutes) = (minutes.abs() / 60, minutes.abs() % 60);
        format!("{date}T{hour:02}:00:00{sign}{hours:02}:{minutes:02}")
    }
}

/// `YYYY-MM-DD` of days since 1970-01-01.
pub fn day_text(day: i64) -> String {
    date_of(day).to_string()
}

/// Days since 1970-01-01.
pub fn epoch_day(date: Date) -> i64 {
    let since = Date::constant(1970, 1, 1).until(date);
    since.map_or(0, |span| i64::from(span.get_days()))
}

fn date_of(day: i64) -> Date {
    let span = i32::try_from(day).map(|day| jiff::Span::new().try_days(day));
    let epoch = Date::constant(1970, 1, 1);
    match span {
        Ok(Ok(span)) => epoch.checked_add(span).unwrap_or(Date::MAX),
        _ => Date::MAX,
    }
}

/// A day as `YYYY-MM-DD`; `what` is the name of the parameter.
pub fn parse_day(what: &str, text: &str) -> Result<Date> {
    let shaped = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    let date = text.parse::<Date>().ok().filter(|_| shaped);
    date.filter(|date| (1970..=9_000).contains(&date.year()))
        .ok_or_else(|| {
            Error::invalid(format!(
                "{what}: {text:?} is not a day, such as 2026-01-31."
            ))
        })
}

fn zone_of(account: &Account) -> Result<TimeZone> {
    TimeZone::get(&account.settings.timezone)
        .map_err(|cause| Error::internal("The account's time zone is not known").because(cause))
}

/// Finds the time zones of all accounts ahead of the first question: the first one that
/// is asked for makes a list of all the system has, which takes as long as a report over
/// some days.
pub fn find_zones(catalog: &Catalog) {
    for account in catalog.accounts.values() {
        if let Err(error) = zone_of(account) {
            tracing::warn!("{error}");
        }
    }
}

/// Seconds that the local clock is ahead of UTC.
fn offset_at(zone: &TimeZone, second: i64) -> i32 {
    let at = jiff::Timestamp::from_second(second);
    at.map_or(Offset::UTC, |at| zone.to_offset(at)).seconds()
}
