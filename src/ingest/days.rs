//! Days of accounts in their own zones, as settling needs them: the one that an
//! instant lies in, worked out once and kept while hits of the same day follow.

use std::collections::HashMap;

use super::history::AccountDay;
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::model::account::Account;
use crate::model::id::AccountId;

#[derive(Default)]
pub struct Days {
    zones: HashMap<String, jiff::tz::TimeZone>,
    /// The last day of each account, with the zone it was worked out in.
    last: HashMap<AccountId, (String, AccountDay)>,
}

impl Days {
    /// The account's day that an instant lies in.
    pub fn of(&mut self, account: &Account, at: Timestamp) -> Result<AccountDay> {
        let name = &account.settings.timezone;
        if let Some((zone, day)) = self.last.get(&account.id)
            && zone == name
            && (day.start..day.end).contains(&at)
        {
            return Ok(*day);
        }
        let day = self.work_out(account, at)?;
        self.last.insert(account.id, (name.clone(), day));
        Ok(day)
    }

    fn work_out(&mut self, account: &Account, at: Timestamp) -> Result<AccountDay> {
        let name = &account.settings.timezone;
        let zone = match self.zones.get(name) {
            Some(zone) => zone,
            None => {
                let zone = jiff::tz::TimeZone::get(name).map_err(|error| {
                    Error::damaged("An account's time zone is not known").because(error)
                })?;
                self.zones.entry(name.clone()).or_insert(zone)
            }
        };
        let local = jiff::Timestamp::from_millisecond(at.millis())
            .map(|instant| instant.to_zoned(zone.clone()))
            .and_then(|now| Ok((now.start_of_day()?, now.tomorrow()?.start_of_day()?)));
        let (start, end) = local.map_err(|error| {
            Error::internal("An instant lies outside the calendar").because(error)
        })?;
        let instant =
            |zoned: jiff::Zoned| Timestamp::from_millis(zoned.timestamp().as_millisecond());
        Ok(AccountDay {
            account: account.id,
            start: instant(start),
            end: instant(end),
        })
    }
}
