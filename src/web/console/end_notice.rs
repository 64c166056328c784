//! The sentence about the end of an account that stands above every page when it is
//! near, and whether somebody must still confirm that they have read it. No HTTP.

use super::calendar::Calendar;
use crate::clock::{DAY_MS, Timestamp};
use crate::error::Result;
use crate::model::id::AccountId;
use crate::model::life::{About, NOTICE_DAYS};
use crate::model::notice::{Ahead, ahead, is_confirmed};
use crate::store::Store;

/// What stands on the page.
pub struct EndNotice {
    pub sentence: String,
    /// What the form says that was read; none: nothing is asked of the reader.
    pub confirm: Option<(&'static str, i64)>,
}

/// An end that is near, or that has come.
pub struct EndAhead {
    next: Ahead,
    purge_at: Option<Timestamp>,
    is_deletion: bool,
    /// The date has passed, and nobody was told.
    waits: bool,
    is_confirmed: bool,
}

impl EndAhead {
    /// None where no end is near.
    pub fn read(store: &Store, account: AccountId, now: Timestamp) -> Result<Option<EndAhead>> {
        let catalog = store.catalog();
        let Some(found) = catalog.accounts.get(&account) else {
            return Ok(None);
        };
        let (_, life) = store.life(account)?;
        let terms = store.account_terms()?;
        let ends = ahead(&life, found.expires_at, found.ends_at, terms, now);
        let Some(&next) = ends.first() else {
            return Ok(None);
        };
        let from = NOTICE_DAYS.into_iter().max().unwrap_or_default() * DAY_MS;
        let is_near = next.about == About::Purge || next.of.minus_ms(from) <= now;
        Ok(is_near.then(|| EndAhead {
            next,
            purge_at: ends
                .iter()
                .find(|end| end.about == About::Purge)
                .map(|end| end.of),
            is_deletion: life.deletion.is_some(),
            waits: found.waits_at(now),
            is_confirmed: is_confirmed(&life, next),
        }))
    }

    pub fn notice(&self, may_confirm: bool, calendar: &Calendar) -> EndNotice {
        let of = calendar.stamp(self.next.of);
        let then = match self.purge_at {
            Some(at) => format!(" Its data is destroyed from {} on.", calendar.stamp(at)),
            None => String::new(),
        };
        let sentence = match self.next.about {
            _ if self.is_deletion => {
                format!(
                    "This account is being deleted: everything is destroyed from {of} on. Until \
                     then an owner can take that back."
                )
            }
            About::Expiry if self.waits => format!(
                "This account was to expire on {of} and goes on, because nobody is known to have \
                 been told. It expires a day after a member confirms this."
            ),
            About::Expiry => format!(
                "This account expires on {of}. From then on nothing is counted any more.{then}"
            ),
            About::Purge => format!(
                "This account has expired and counts nothing any more. Its data is destroyed from \
                 {of} on."
            ),
        };
        let about = match self.next.about {
            About::Expiry => "expiry",
            About::Purge => "purge",
        };
        let asks = may_confirm && !self.is_deletion && !self.is_confirmed;
        EndNotice {
            sentence,
            confirm: asks.then(|| (about, self.next.of.millis())),
        }
    }

    /// Whether this is the end that a form names.
    pub fn is(&self, about: &str, of: &str) -> Option<Ahead> {
        let notice = self.notice(true, &Calendar::of("UTC"));
        let (word, millis) = notice.confirm?;
        (word == about && millis.to_string() == of).then_some(self.next)
    }
}
