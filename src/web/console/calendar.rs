//! Days and hours in the account's zone, written for readers. Pure.

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::clock::{QUARTER_MS, Timestamp};

/// The account's zone.
pub struct Calendar(TimeZone);

impl Calendar {
    /// A zone by its IANA name; one that is not known reads as UTC.
    pub fn of(timezone: &str) -> Self {
        Calendar(TimeZone::get(timezone).unwrap_or(TimeZone::UTC))
    }

    fn zoned(&self, at: Timestamp) -> jiff::Zoned {
        jiff::Timestamp::from_millisecond(at.millis())
            .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
            .to_zoned(self.0.clone())
    }

    /// The day that this instant lies in.
    pub fn day(&self, at: Timestamp) -> Date {
        self.zoned(at).date()
    }

    /// `23 Nov 2026, 21:07`
    pub fn stamp(&self, at: Timestamp) -> String {
        self.zoned(at).strftime("%-d %b %Y, %H:%M").to_string()
    }

    /// The same; where only the quarter of an hour was kept, as it is without
    /// consent, `23 Nov 2026, 21:00–21:15`.
    pub fn kept(&self, at: Timestamp) -> String {
        let start = self.stamp(at);
        if at != at.quarter_start() {
            return start;
        }
        let end = self.zoned(at.plus_ms(QUARTER_MS)).strftime("%H:%M");
        format!("{start}–{end}")
    }

    /// When a day begins.
    pub fn start(&self, day: Date) -> Option<Timestamp> {
        let start = day.to_zoned(self.0.clone()).ok()?.start_of_day().ok()?;
        Some(Timestamp::from_millis(start.timestamp().as_millisecond()))
    }

    /// When the day after begins.
    pub fn end(&self, day: Date) -> Option<Timestamp> {
        self.start(day.tomorrow().ok()?)
    }
}

/// `23 Nov`
pub fn short(day: Date) -> String {
    day.strftime("%-d %b").to_string()
}

/// The days of a period up to and with `last`, oldest first.
pub fn days_until(last: Date, count: i64) -> Vec<Date> {
    let back = |days: i64| last.checked_sub(jiff::Span::new().days(days)).ok();
    (0..count).rev().filter_map(back).collect()
}

/// A day as date fields of browsers send it: `2026-11-23`.
pub fn parse_day(text: &str) -> Option<Date> {
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_when_the_zone_says() {
        let kathmandu = Calendar::of("Asia/Kathmandu");
        let day = parse_day("2026-03-01").unwrap();
        let start = kathmandu.start(day).unwrap();
        assert_eq!(kathmandu.stamp(start), "1 Mar 2026, 00:00");
        assert_eq!(Calendar::of("UTC").stamp(start), "28 Feb 2026, 18:15");
        assert_eq!(kathmandu.day(start), day);
    }

    #[test]
    fn an_instant_of_which_the_quarter_was_kept_reads_as_that_quarter() {
        let vienna = Calendar::of("Europe/Vienna");
        let end = vienna.end(parse_day("2026-11-23").unwrap()).unwrap();
        let last = end.minus_ms(QUARTER_MS);
        assert_eq!(vienna.kept(last), "23 Nov 2026, 23:45–00:00");
        assert_eq!(vienna.kept(last.plus_ms(1)), "23 Nov 2026, 23:45");
    }

    #[test]
    fn a_day_that_loses_an_hour_is_shorter() {
        let vienna = Calendar::of("Europe/Vienna");
        let day = parse_day("2026-03-29").unwrap();
        let hours = vienna.end(day).unwrap().millis() - vienna.start(day).unwrap().millis();
        assert_eq!(hours / 3_600_000, 23);
    }

    #[test]
    fn a_period_ends_with_its_last_day() {
        let days = days_until(parse_day("2026-03-01").unwrap(), 3);
        let days: Vec<_> = days.into_iter().map(short).collect();
        assert_eq!(days, ["27 Feb", "28 Feb", "1 Mar"]);
    }
}
