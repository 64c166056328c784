//! How many clicks each pair of campaign and publisher has had this month, for accounts
//! that name nobody in a shared token before there were enough. Counted from what is
//! settled and read anew in the background; a click looks into a map and nothing else.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::tz::TimeZone;

use crate::clock::{Stopwatch, Timestamp};
use crate::crypto::month_of;
use crate::error::{Error, Result};
use crate::model::account::Account;
use crate::model::id::{AccountId, CampaignId, PublisherId};
use crate::report::{self, Clicks};
use crate::store::Store;
use crate::web::App;

/// How often the counts are brought up to date, where something was settled.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Reading takes no more than one part in so many of a processor's time.
const SHARE: u32 = 20;

/// Settled clicks of the running month.
#[derive(Default)]
pub struct Pairs {
    counts: ArcSwap<Counts>,
    /// What they were read from.
    read: Mutex<Option<Read>>,
}

#[derive(Default)]
struct Counts {
    /// In UTC, as tokens name it.
    month: u16,
    by_account: HashMap<AccountId, OfAccount>,
}

#[derive(Default)]
struct OfAccount {
    pairs: Clicks,
    campaigns: HashMap<CampaignId, u64>,
}

#[derive(PartialEq, Eq)]
struct Read {
    month: u16,
    settled: i64,
    accounts: Vec<AccountId>,
}

impl Pairs {
    /// Whom a shared token names beside the campaign; none: there is no token.
    pub fn named(
        &self,
        account: &Account,
        campaign: CampaignId,
        publisher: Option<PublisherId>,
        at: Timestamp,
    ) -> Option<Option<PublisherId>> {
        let enough = u64::from(account.settings.shared_token_clicks);
        if enough == 0 {
            return Some(publisher);
        }
        let counts = self.counts.load();
        let of_account = counts.by_account.get(&account.id);
        let counted = of_account.filter(|_| counts.month == month_of(at))?;
        if counted
            .campaigns
            .get(&campaign)
            .is_none_or(|&clicks| clicks < enough)
        {
            return None;
        }
        let of_pair = counted.pairs.get(&(campaign, publisher));
        Some(publisher.filter(|_| of_pair.is_some_and(|&clicks| clicks >= enough)))
    }

    /// Brings the counts up to date, where something has changed. Blocks for reading.
    pub fn refresh(&self, store: &Store, now: Timestamp) -> Result<()> {
        let catalog = store.catalog();
        let wanted = |account: &&Arc<Account>| account.settings.shared_token_clicks > 0;
        let mut accounts: Vec<AccountId> = catalog
            .accounts
            .values()
            .filter(wanted)
            .map(|account| account.id)
            .collect();
        accounts.sort_unstable();
        let read = Read {
            month: month_of(now),
            settled: match accounts.is_empty() {
                true => 0,
                false => store.settled_position()?.1,
            },
            accounts,
        };
        let mut last = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if last.as_ref() != Some(&read) {
            self.counts.store(Arc::new(count(store, &read, now)?));
            *last = Some(read);
        }
        Ok(())
    }
}

fn count(store: &Store, read: &Read, now: Timestamp) -> Result<Counts> {
    let mut counts = Counts {
        month: read.month,
        ..Counts::default()
    };
    for &account in &read.accounts {
        let pairs = report::clicks(&store.snapshot()?, account, days_of_month(now)?)?;
        let mut campaigns: HashMap<CampaignId, u64> = HashMap::new();
        for (&(campaign, _), clicks) in &pairs {
            *campaigns.entry(campaign).or_default() += clicks;
        }
        let counted = OfAccount { pairs, campaigns };
        counts.by_account.insert(account, counted);
    }
    Ok(counts)
}

/// The UTC days of the month in UTC in which an instant lies.
fn days_of_month(now: Timestamp) -> Result<RangeInclusive<u32>> {
    let outside =
        |error: jiff::Error| Error::internal("An instant lies outside the calendar").because(error);
    let instant = jiff::Timestamp::from_millisecond(now.millis()).map_err(outside)?;
    let date = instant.to_zoned(TimeZone::UTC).date();
    let day = |date: jiff::civil::Date| -> Result<u32> {
        let start = date.to_zoned(TimeZone::UTC).map_err(outside)?;
        Ok(Timestamp::from_millis(start.timestamp().as_millisecond()).utc_day())
    };
    Ok(day(date.first_of_month())?..=day(date.last_of_month())?)
}

/// Keeps the counts up to date until it is stopped.
pub struct PairWatch {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl PairWatch {
    pub fn start(app: Arc<App>) -> Result<PairWatch> {
        let (stop, stopped) = channel();
        let work = move || {
            let mut pause = LOOK_EVERY;
            while stopped.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
                let begun = Stopwatch::start();
                if let Err(error) = app.pairs.refresh(&app.store, app.clock.now()) {
                    tracing::warn!(%error, "clicks of the month could not be counted");
                }
                pause = LOOK_EVERY.max(begun.elapsed() * SHARE);
            }
        };
        let thread = std::thread::Builder::new().name("pairs".to_owned());
        let thread = thread
            .spawn(work)
            .map_err(|error| Error::internal("A thread could not be started").because(error))?;
        Ok(PairWatch { stop, thread })
    }

    pub fn stop(self) {
        drop(self.stop);
        // What it failed with it has told.
        let _ = self.thread.join();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::collect::scene;

    const JULY: i64 = 1_783_000_000_000;

    fn pairs(at: Timestamp, counted: &[(u64, Option<u64>, u64)], account: &Account) -> Pairs {
        let mut of_account = OfAccount::default();
        for &(campaign, publisher, clicks) in counted {
            let campaign = CampaignId::from_random(campaign);
            let publisher = publisher.map(PublisherId::from_random);
            of_account.pairs.insert((campaign, publisher), clicks);
            *of_account.campaigns.entry(campaign).or_default() += clicks;
        }
        let pairs = Pairs::default();
        pairs.counts.store(Arc::new(Counts {
            month: month_of(at),
            by_account: [(account.id, of_account)].into(),
        }));
        pairs
    }

    #[test]
    fn a_token_names_what_has_had_enough_clicks_this_month() {
        let at = Timestamp::from_millis(JULY);
        let mut account = scene::account_of(7);
        let counted = [
            (1, Some(11), 5),
            (1, Some(12), 4),
            (2, Some(11), 4),
            (3, None, 5),
        ];
        let pairs = pairs(at, &counted, &account);
        let named = |account: &Account, campaign, publisher: Option<u64>, at| {
            let publisher = publisher.map(PublisherId::from_random);
            pairs.named(account, CampaignId::from_random(campaign), publisher, at)
        };
        let eleven = Some(PublisherId::from_random(11));
        let twelve = Some(PublisherId::from_random(12));
        assert_eq!(named(&account, 9, Some(12), at), Some(twelve), "it is off");
        account.settings.shared_token_clicks = 5;
        assert_eq!(named(&account, 1, Some(11), at), Some(eleven));
        assert_eq!(named(&account, 1, Some(12), at), Some(None));
        assert_eq!(named(&account, 1, None, at), Some(None));
        assert_eq!(named(&account, 2, Some(11), at), None);
        assert_eq!(named(&account, 3, Some(11), at), Some(None));
        assert_eq!(named(&account, 9, None, at), None);
        let later = at.plus_ms(40 * crate::clock::DAY_MS);
        assert_eq!(named(&account, 1, Some(11), later), None);
    }

    #[test]
    fn a_month_is_all_of_its_days_in_utc() {
        let february = Timestamp::from_millis(1_709_210_000_000);
        assert_eq!(days_of_month(february).unwrap(), 19_754..=19_782);
    }
}
