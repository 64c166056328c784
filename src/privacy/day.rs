//! Days and instants in an account's own zone.

use jiff::tz::TimeZone;

use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::model::account::Account;

/// The zone of an account.
pub fn zone(account: &Account) -> Result<TimeZone> {
    TimeZone::get(&account.settings.timezone)
        .map_err(|error| Error::damaged("An account's time zone is not known").because(error))
}

/// Where the day of an instant begins in a zone.
pub fn start_of_day(zone: &TimeZone, at: Timestamp) -> Result<Timestamp> {
    let start = jiff::Timestamp::from_millisecond(at.millis())
        .and_then(|instant| instant.to_zoned(zone.clone()).start_of_day())
        .map_err(outside)?;
    Ok(Timestamp::from_millis(start.timestamp().as_millisecond()))
}

/// The date of an instant in a zone.
pub fn date(zone: &TimeZone, at: Timestamp) -> Result<jiff::civil::Date> {
    jiff::Timestamp::from_millisecond(at.millis())
        .map(|instant| instant.to_zoned(zone.clone()).date())
        .map_err(outside)
}

fn outside(error: jiff::Error) -> Error {
    Error::internal("An instant lies outside the calendar").because(error)
}
