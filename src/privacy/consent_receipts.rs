//! Receipts of consent, listed in the order of their instants. They name nobody.

use std::fmt;
use std::str::FromStr;

use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::model::consent::receipt::KeptReceipt;
use crate::model::id::AccountId;
use crate::segment::{Class, RECEIPT_COLUMNS, Source, decode_receipts};
use crate::store::{Snapshot, Store};

/// Where a page of the list ended: the instant of its last receipt, and how many of that
/// very instant have been shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reached {
    at: Timestamp,
    shown: usize,
}

impl fmt::Display for Reached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.at.millis(), self.shown)
    }
}

impl FromStr for Reached {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let read = || {
            let (at, shown) = text.split_once('-')?;
            Some(Reached {
                at: Timestamp::from_millis(at.parse().ok().filter(|at| *at >= 0)?),
                shown: shown.parse().ok()?,
            })
        };
        read().ok_or_else(|| Error::invalid("This is no place in a list of receipts."))
    }
}

/// An account's receipts behind a place in the list, so many at most, and where to go
/// on; none: there are no more.
pub fn receipts(
    store: &Store,
    account: AccountId,
    after: Option<Reached>,
    limit: usize,
) -> Result<(Vec<KeptReceipt>, Option<Reached>)> {
    let snapshot = store.snapshot()?;
    let first = after.map_or(0, |reached| reached.at.utc_day());
    let mut page = Vec::new();
    for day in days(&snapshot, account, first)? {
        let receipts = of_day(&snapshot, account, day)?;
        let start = after.map_or(0, |reached| reached.place_in(&receipts));
        page.extend(
            receipts
                .into_iter()
                .skip(start)
                .take(limit + 1 - page.len()),
        );
        if page.len() > limit {
            page.truncate(limit);
            let next = Reached::behind(&page, after);
            return Ok((page, next));
        }
    }
    Ok((page, None))
}

/// Hands out all receipts of an account in order.
pub fn each_receipt(
    store: &Store,
    account: AccountId,
    mut each: impl FnMut(&KeptReceipt) -> Result<()>,
) -> Result<()> {
    let days = days(&store.snapshot()?, account, 0)?;
    for day in days {
        let receipts = of_day(&store.snapshot()?, account, day)?;
        receipts.iter().try_for_each(&mut each)?;
    }
    Ok(())
}

impl Reached {
    /// How many receipts of its day lie before it.
    fn place_in(self, receipts: &[KeptReceipt]) -> usize {
        receipts.partition_point(|it| it.receipt.at < self.at) + self.shown_on(receipts)
    }

    fn shown_on(self, receipts: &[KeptReceipt]) -> usize {
        let same = receipts.iter().filter(|it| it.receipt.at == self.at);
        same.count().min(self.shown)
    }

    /// The place behind a page that began behind `before`.
    fn behind(page: &[KeptReceipt], before: Option<Reached>) -> Option<Reached> {
        let at = page.last()?.receipt.at;
        let here = page.iter().filter(|it| it.receipt.at == at).count();
        let earlier = before.filter(|reached| reached.at == at);
        Some(Reached {
            at,
            shown: here + earlier.map_or(0, |reached| reached.shown),
        })
    }
}

fn days(snapshot: &Snapshot<'_>, account: AccountId, first: u32) -> Result<Vec<u32>> {
    let keys = snapshot.segments(account, Class::Consent, first..=u32::MAX)?;
    let mut days: Vec<u32> = keys.into_iter().map(|key| key.day).collect();
    days.dedup();
    Ok(days)
}

fn of_day(snapshot: &Snapshot<'_>, account: AccountId, day: u32) -> Result<Vec<KeptReceipt>> {
    let mut receipts = Vec::new();
    for key in snapshot.segments(account, Class::Consent, day..=day)? {
        let columns = snapshot.columns(&key, RECEIPT_COLUMNS)?;
        receipts.extend(decode_receipts(&snapshot.header(&key)?, &columns)?);
    }
    receipts.sort_unstable();
    Ok(receipts)
}
