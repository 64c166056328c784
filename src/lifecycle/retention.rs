//! Deletes what is too old, by the table of rules and what each account chose, in
//! steps of one small transaction. Nothing is too old by a clock alone: the time must
//! be proved to have passed.

use std::sync::{Mutex, PoisonError};

use jiff::tz::TimeZone;

use super::heartbeat;
use super::schedule::{Job, Planned, Step, every};
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::model::id::AccountId;
use crate::model::retention::{DataClass, Retention};
use crate::store::{Counts, Store};

/// The job's name, in its history too.
pub const NAME: &str = "retention";
const EVERY_MS: i64 = 60 * 60 * 1_000;
/// Accounts without anything too old that one step passes by.
const ACCOUNTS_A_STEP: usize = 20;

/// Where the run is: the accounts still to come, the last one first.
#[derive(Default)]
struct Progress {
    accounts: Option<Vec<AccountId>>,
    class: usize,
    /// Up to when time is proved to have passed, as the run began.
    until: Timestamp,
    /// The last conversion seen of the present account.
    conversion: i64,
}

impl Progress {
    fn account(&self) -> Option<AccountId> {
        self.accounts.as_ref()?.last().copied()
    }

    /// To the next account.
    fn go_on(&mut self) {
        self.class = 0;
        self.conversion = 0;
        if let Some(accounts) = &mut self.accounts {
            accounts.pop();
        }
    }
}

/// Runs once an hour.
pub struct Retaining {
    store: Store,
    progress: Mutex<Progress>,
}

impl Retaining {
    pub fn new(store: Store) -> Self {
        Retaining {
            store,
            progress: Mutex::default(),
        }
    }

    fn accounts(&self) -> Vec<AccountId> {
        let mut accounts: Vec<AccountId> = self.store.catalog().accounts.keys().copied().collect();
        accounts.sort_unstable_by(|left, right| right.cmp(left));
        accounts
    }

    /// Deletes some of what an account has too long; none: nothing is left.
    fn delete_some(&self, account: AccountId, progress: &mut Progress) -> Result<Option<Counts>> {
        // One that is purged meanwhile has no rules any more.
        if !self.store.catalog().accounts.contains_key(&account) {
            return Ok(None);
        }
        let retention = self.store.retention(account)?;
        let until = progress.until;
        while let Some(&class) = DataClass::ALL.get(progress.class) {
            let end = retention.first_day(class, until);
            let deleted = self.delete(account, class, end, until, &mut progress.conversion)?;
            if deleted > 0 {
                return Ok(Some([(class.word().to_owned(), deleted)].into()));
            }
            progress.class += 1;
        }
        Ok(None)
    }

    /// Deletes some of a class of an account before a day; zero: nothing is left.
    fn delete(
        &self,
        account: AccountId,
        class: DataClass,
        end: u32,
        now: Timestamp,
        after: &mut i64,
    ) -> Result<u64> {
        if class != DataClass::Conversions {
            return self.store.delete_old(account, class, end);
        }
        if let Some((ids, last)) = self.store.old_conversions(account, end, *after)? {
            let zone = self.zone(account)?;
            let day_of = move |at: Timestamp| start_of_day(&zone, at);
            self.store.make_ledger_lines(account, &ids, &day_of)?;
            *after = last;
            return Ok(ids.len().max(1) as u64);
        }
        self.store.note_stripped(account, end)?;
        // An order counts once for 13 months, however soon its details go.
        let keys_end = Retention::default().first_day(class, now);
        self.store.delete_old(account, class, keys_end)
    }

    fn zone(&self, account: AccountId) -> Result<TimeZone> {
        let catalog = self.store.catalog();
        let account = catalog.accounts.get(&account);
        let account = account.ok_or_else(|| Error::not_found("account"))?;
        TimeZone::get(&account.settings.timezone)
            .map_err(|error| Error::damaged("An account's time zone is not known").because(error))
    }
}

fn start_of_day(zone: &TimeZone, at: Timestamp) -> Result<Timestamp> {
    let start = jiff::Timestamp::from_millisecond(at.millis())
        .and_then(|instant| instant.to_zoned(zone.clone()).start_of_day())
        .map_err(|error| Error::internal("An instant lies outside the calendar").because(error))?;
    Ok(Timestamp::from_millis(start.timestamp().as_millisecond()))
}

/// What of an account falls due until an instant, by class and day.
pub fn planned(
    store: &Store,
    account: AccountId,
    retention: &Retention,
    as_of: Timestamp,
) -> Result<Vec<Planned>> {
    let mut planned = Vec::new();
    for class in DataClass::ALL {
        let end = retention.first_day(class, as_of);
        let rule = class.rule();
        for old in store.old_days(account, class, end)? {
            planned.push(Planned {
                account: Some(account),
                class: class.word().to_owned(),
                what: format!("{}: {}", rule.what, rule.then),
                at: retention.goes_at(class, old.day),
                count: old.rows,
            });
        }
    }
    Ok(planned)
}

impl Job for Retaining {
    fn name(&self) -> &'static str {
        NAME
    }

    fn due_at(&self, last: Option<Timestamp>, now: Timestamp) -> Timestamp {
        every(EVERY_MS, last, now)
    }

    fn step(&self, now: Timestamp) -> Result<Step> {
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        if progress.accounts.is_none() {
            progress.until = heartbeat::proved_until(&self.store, now)?;
            progress.accounts = Some(self.accounts());
        }
        for _ in 0..ACCOUNTS_A_STEP {
            let Some(account) = progress.account() else {
                *progress = Progress::default();
                return Ok(Step::idle());
            };
            if let Some(deleted) = self.delete_some(account, &mut progress)? {
                return Ok(Step::More(deleted));
            }
            progress.go_on();
        }
        Ok(Step::More(Counts::new()))
    }

    fn preview(&self, as_of: Timestamp) -> Result<Vec<Planned>> {
        let mut lines = Vec::new();
        for account in self.accounts() {
            let retention = self.store.retention(account)?;
            lines.extend(planned(&self.store, account, &retention, as_of)?);
        }
        Ok(lines)
    }
}
