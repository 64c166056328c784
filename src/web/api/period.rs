//! Instants and days in requests and answers. Days are the account's own.

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::query::Query;
use crate::clock::Timestamp;
use crate::error::{Error, Result};

/// RFC 3339 in UTC, with milliseconds.
pub fn instant(at: Timestamp) -> String {
    match jiff::Timestamp::from_millisecond(at.millis()) {
        Ok(at) => format!("{at:.3}"),
        Err(_) => String::new(),
    }
}

/// `from` and `to` of a request: days in the account's zone, both inclusive, or
/// instants of RFC 3339, the second exclusive.
pub fn instants(query: &Query, zone: &str) -> Result<(Option<Timestamp>, Option<Timestamp>)> {
    let zone = TimeZone::get(zone)
        .map_err(|error| Error::internal("the account's time zone is unknown").because(error))?;
    let bound = |name: &str, days: i32| {
        match query.text(name) {
        Some(text) => read(text, days, &zone)
            .map(Some)
            .ok_or_else(|| {
                Error::invalid(format!(
                    "{name}: this must be a day such as 2026-01-31 or an instant such as 2026-01-31T12:00:00Z."
                ))
            }),
        None => Ok(None),
    }
    };
    let (from, to) = (bound("from", 0)?, bound("to", 1)?);
    if matches!((from, to), (Some(from), Some(to)) if from >= to) {
        return Err(Error::invalid("from: this must not be after to."));
    }
    Ok((from, to))
}

fn read(text: &str, days: i32, zone: &TimeZone) -> Option<Timestamp> {
    let at = match text.parse::<jiff::Timestamp>() {
        Ok(at) => at,
        Err(_) => {
            let well_formed = text.len() == 10;
            let day: Date = well_formed.then(|| text.parse().ok()).flatten()?;
            let day = day.checked_add(jiff::Span::new().days(days)).ok()?;
            day.to_zoned(zone.clone()).ok()?.timestamp()
        }
    };
    Some(Timestamp::from_millis(at.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_account_and_both_inclusive() {
        let query = Query::parse("from=2026-03-01&to=2026-03-01");
        let (from, to) = instants(&query, "Asia/Kathmandu").unwrap();
        assert_eq!(instant(from.unwrap()), "2026-02-28T18:15:00.000Z");
        assert_eq!(instant(to.unwrap()), "2026-03-01T18:15:00.000Z");
    }

    #[test]
    fn what_is_no_day_is_refused_by_its_name() {
        for text in ["from=yesterday", "from=2026-02-30", "from=2026-1-1"] {
            let error = instants(&Query::parse(text), "UTC").unwrap_err();
            assert!(error.message().starts_with("from: "), "{text}");
        }
        let backwards = Query::parse("from=2026-03-02&to=2026-03-01");
        assert!(instants(&backwards, "UTC").is_err());
    }
}
