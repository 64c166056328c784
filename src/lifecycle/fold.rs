//! Once the single events of a day are deleted, reports keep no rare value of it: what
//! few hits of a campaign had in a month stands under `(other)` from then on. One small
//! transaction a day; totals stay what they were. A change of a conversion of such a day
//! is folded by the next run.

use std::ops::RangeInclusive;
use std::sync::{Mutex, PoisonError};

use jiff::ToSpan;
use jiff::civil::{Date, date};

use super::heartbeat;
use super::schedule::{Job, Planned, Step, every};
use crate::clock::Timestamp;
use crate::error::{Error, Kind, Result};
use crate::model::id::AccountId;
use crate::model::retention::{DataClass, Retention};
use crate::segment::{
    COLUMNS_MAX, Class, Packer, ROWS_MAX, Seen, SegmentKey, Source, TallyWriter, Unpacker,
    decode_tally, read_header, seen_columns,
};
use crate::store::{Counts, OldDay, Store, TIER_FOLDED};

const EVERY_MS: i64 = 60 * 60 * 1_000;
/// Accounts without a day to fold that one step passes by.
const ACCOUNTS_A_STEP: usize = 20;
const EPOCH: Date = date(1970, 1, 1);

/// Runs once an hour, after retention.
pub struct Folding {
    store: Store,
    run: Mutex<Option<Run>>,
}

/// What one run knows between its steps.
struct Run {
    /// Up to when time is proved to have passed, as the run began.
    until: Timestamp,
    /// The accounts still to come, the last one first.
    waiting: Vec<AccountId>,
    /// What was seen in the month of the day before. Folding changes none of it, since
    /// what is rare in a month is rare on each of its days.
    month: Option<Month>,
}

struct Month {
    account: AccountId,
    days: RangeInclusive<u32>,
    seen: Seen,
}

impl Folding {
    pub fn new(store: Store) -> Self {
        Folding {
            store,
            run: Mutex::default(),
        }
    }

    /// Folds one day of an account; false where there is none left.
    fn fold(&self, run: &mut Run, account: AccountId) -> Result<bool> {
        let retention = self.store.retention(account)?;
        let before = retention.first_day(DataClass::Trail, run.until);
        let Some(keys) = self.store.unfolded_segments(account, before)? else {
            return Ok(false);
        };
        self.fold_day(run, &keys)?;
        Ok(true)
    }

    /// The same; what cannot be read is in no report either, and other accounts go on.
    fn fold_some(&self, run: &mut Run, account: AccountId) -> Result<bool> {
        if !self.store.catalog().accounts.contains_key(&account) {
            return Ok(false);
        }
        match self.fold(run, account) {
            Err(error) if error.kind() == Kind::Damaged => {
                tracing::error!("figures of account {account} stay unfolded: {error}");
                Ok(false)
            }
            folded => folded,
        }
    }

    fn fold_day(&self, run: &mut Run, keys: &[SegmentKey]) -> Result<()> {
        let Some(&SegmentKey { account, day, .. }) = keys.first() else {
            return Ok(());
        };
        let snapshot = self.store.snapshot()?;
        let month = match run.month.take() {
            Some(month) if month.account == account && month.days.contains(&day) => month,
            _ => Month::see(&snapshot, account, day)?,
        };
        let every: Vec<u8> = (0..COLUMNS_MAX).collect();
        let (mut parts, mut rows, mut taken) = (Vec::new(), 0, 0);
        for key in keys {
            let header = snapshot.header(key)?;
            rows += read_header(&header)?.rows;
            if rows > ROWS_MAX && taken > 0 {
                break;
            }
            parts.push(decode_tally(&header, &snapshot.columns(key, &every)?)?);
            taken += 1;
        }
        drop(snapshot);
        let mut rows: Vec<_> = parts.into_iter().flatten().collect();
        month.seen.fold(&mut rows);
        run.month = Some(month);
        let mut folded = TallyWriter::default();
        for row in &rows {
            folded.push(row.quarter, &row.dimensions.borrowed(), &row.measures);
        }
        let encoded = folded.finish(&mut Packer::for_rows(rows.len())?, usize::MAX)?;
        // Where one of them was merged meanwhile, the next step takes what there is then.
        let keys = &keys[..taken];
        self.store
            .replace_segments(keys, TIER_FOLDED, encoded.as_ref())?;
        Ok(())
    }
}

impl Month {
    /// Counts what an account's reports say of the month that a day lies in.
    fn see(source: &dyn Source, account: AccountId, day: u32) -> Result<Month> {
        let days = month_of(day)?;
        let mut unpacker = Unpacker::new()?;
        let mut seen = Seen::default();
        for key in source.segments(account, Class::Tally, days.clone())? {
            let columns = source.columns(&key, &seen_columns())?;
            seen.add(&mut unpacker, &source.header(&key)?, &columns)?;
        }
        Ok(Month {
            account,
            days,
            seen,
        })
    }
}

/// The days of the month (UTC) that a day lies in.
fn month_of(day: u32) -> Result<RangeInclusive<u32>> {
    let outside =
        |error: jiff::Error| Error::internal("A day lies outside the calendar").because(error);
    let at = EPOCH.checked_add(i64::from(day).days()).map_err(outside)?;
    let number = |date: Date| -> Result<u32> {
        let days = EPOCH.until(date).map_err(outside)?.get_days();
        Ok(u32::try_from(days).unwrap_or(0))
    };
    Ok(number(at.first_of_month())?..=number(at.last_of_month())?)
}

impl Job for Folding {
    fn name(&self) -> &'static str {
        "folding"
    }

    fn due_at(&self, last: Option<Timestamp>, now: Timestamp) -> Timestamp {
        every(EVERY_MS, last, now)
    }

    fn step(&self, now: Timestamp) -> Result<Step> {
        let mut held = self.run.lock().unwrap_or_else(PoisonError::into_inner);
        if held.is_none() {
            *held = Some(Run {
                until: heartbeat::proved_until(&self.store, now)?,
                waiting: self.store.catalog().accounts.keys().copied().collect(),
                month: None,
            });
        }
        let Some(run) = held.as_mut() else {
            return Ok(Step::idle());
        };
        for _ in 0..ACCOUNTS_A_STEP {
            let Some(&account) = run.waiting.last() else {
                *held = None;
                return Ok(Step::idle());
            };
            if self.fold_some(run, account)? {
                return Ok(Step::More(Counts::from([("days".to_owned(), 1)])));
            }
            run.waiting.pop();
        }
        Ok(Step::More(Counts::new()))
    }

    fn preview(&self, as_of: Timestamp) -> Result<Vec<Planned>> {
        let mut lines = Vec::new();
        let accounts: Vec<AccountId> = self.store.catalog().accounts.keys().copied().collect();
        for account in accounts {
            let retention = self.store.retention(account)?;
            lines.extend(planned(&self.store, account, &retention, as_of)?);
        }
        Ok(lines)
    }
}

/// Of which days of an account rare values are folded until an instant.
pub fn planned(
    store: &Store,
    account: AccountId,
    retention: &Retention,
    as_of: Timestamp,
) -> Result<Vec<Planned>> {
    let before = retention.first_day(DataClass::Trail, as_of);
    let days = store.unfolded_days(account, before)?.into_iter();
    let line = |old: OldDay| Planned {
        account: Some(account),
        class: "rare_values".to_owned(),
        what: "rare values in figures of reports: counted together as (other)".to_owned(),
        at: retention.goes_at(DataClass::Trail, old.day),
        count: old.rows,
    };
    Ok(days.map(line).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_lies_in_its_month() {
        assert_eq!(month_of(0).unwrap(), 0..=30);
        assert_eq!(month_of(30).unwrap(), 0..=30);
        assert_eq!(month_of(31).unwrap(), 31..=58);
        // 29 February 2024.
        assert_eq!(month_of(19_782).unwrap(), 19_754..=19_782);
    }
}
