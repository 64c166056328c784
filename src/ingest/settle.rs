//! Settling: reads the journal in order and decides, once and for all, what each
//! hit counts for. One step is one transaction of the main database; a step that
//! fails has done nothing and is done again.

use std::collections::{BTreeMap, HashMap};

use super::batch::{Batch, trail_row};
use super::entries;
use super::history::{AccountDay, EVENT_DAYS, History};
use super::sale;
use crate::clock::{Clock, DAY_MS, Timestamp};
use crate::crypto::token;
use crate::error::{Error, Result};
use crate::model::account::Account;
use crate::model::attribution::attribute;
use crate::model::catalog::Catalog;
use crate::model::conversion::Conversion;
use crate::model::hit::{Entry, Hit, Kind};
use crate::model::id::{AccountId, ConversionId};
use crate::model::landing::DEEP_LINK;
use crate::model::person::{Effect, Trace};
use crate::model::reason::Reason;
use crate::model::tally::{Dimensions, Measures};
use crate::store::{
    JournalBatch, JournalReader, NewConversion, Settled, Settling, Snapshot, Store, mark,
};

/// Bytes of journal settled in one step.
const STEP_BYTES: usize = 8 << 20;
/// Conversion ids made at once.
const IDS_AHEAD: usize = 4_096;

/// Settles one data folder's journal.
pub struct Settler {
    store: Store,
    reader: JournalReader,
    journal: [u8; 16],
    clock: Clock,
    history: History,
    zones: HashMap<String, jiff::tz::TimeZone>,
    /// Random ids made ahead, the smallest last: in order they touch each page of
    /// their index once a step.
    ids: Vec<u64>,
}

/// What one step settled.
pub struct Step {
    pub position: i64,
    /// Hits and bytes by account.
    pub accounts: BTreeMap<AccountId, (i64, i64)>,
    /// What had not been stored as a hit and is in the figures now.
    pub not_counted: Vec<(AccountId, Reason, u64)>,
}

impl Settler {
    pub fn new(store: Store, reader: JournalReader, journal: [u8; 16], clock: Clock) -> Self {
        Settler {
            store,
            reader,
            journal,
            clock,
            history: History::default(),
            zones: HashMap::new(),
            ids: Vec::new(),
        }
    }

    /// Settles what waits, up to a few megabytes. None: nothing waited.
    pub fn step(&mut self) -> Result<Option<Step>> {
        let store = self.store.clone();
        let outcome = self.try_step(&store);
        if outcome.is_err() {
            self.history.clear();
        }
        outcome
    }

    fn try_step(&mut self, store: &Store) -> Result<Option<Step>> {
        let settling = store.settling()?;
        let position = match settling.position()? {
            (Some(journal), position) if journal == self.journal => position,
            _ => 0,
        };
        let batches = self.reader.read_after(position, STEP_BYTES)?;
        let Some(last) = batches.last().map(|batch| batch.seq) else {
            return Ok(None);
        };
        let snapshot = store.snapshot()?;
        let catalog = settling.catalog();
        let mut work: BTreeMap<AccountId, Batch> = BTreeMap::new();
        let mut step = Step {
            position: last,
            accounts: BTreeMap::new(),
            not_counted: Vec::new(),
        };
        for batch in &batches {
            self.settle_batch(&settling, &snapshot, &catalog, &mut work, batch, &mut step)?;
        }
        let settled = Settled {
            journal: self.journal,
            position: last,
            accounts: work
                .into_iter()
                .map(|(account, batch)| Ok((account, batch.encode()?)))
                .collect::<Result<_>>()?,
        };
        drop(snapshot);
        settling.commit(&settled)?;
        Ok(Some(step))
    }

    fn settle_batch(
        &mut self,
        settling: &Settling<'_>,
        snapshot: &Snapshot<'_>,
        catalog: &Catalog,
        work: &mut BTreeMap<AccountId, Batch>,
        batch: &JournalBatch,
        done: &mut Step,
    ) -> Result<()> {
        let Some(account) = catalog.accounts.get(&batch.account) else {
            return Ok(());
        };
        let into = work.entry(account.id).or_default();
        let mut hits = 0;
        for entry in entries::read_all(&batch.entries)? {
            match entry {
                Entry::NotCounted { reason, count } => {
                    into.count(reason, count);
                    done.not_counted.push((account.id, reason, count));
                }
                Entry::Hit(hit) => {
                    hits += 1;
                    into.figures.settled += 1;
                    let mut step = HitStep {
                        settler: self,
                        settling,
                        snapshot,
                        catalog,
                        account,
                    };
                    step.settle(into, *hit)?;
                }
            }
        }
        let sums = done.accounts.entry(account.id).or_default();
        sums.0 += hits;
        sums.1 += batch.entries.len() as i64;
        Ok(())
    }

    fn next_conversion_id(&mut self) -> ConversionId {
        if self.ids.is_empty() {
            self.ids = (0..IDS_AHEAD).map(|_| token::random_u64()).collect();
            self.ids.sort_unstable_by(|left, right| right.cmp(left));
        }
        ConversionId(self.ids.pop().unwrap_or_else(token::random_u64))
    }

    fn account_day(&mut self, account: &Account, at: Timestamp) -> Result<AccountDay> {
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

/// One hit being settled, and everything its decision may look at.
struct HitStep<'a> {
    settler: &'a mut Settler,
    settling: &'a Settling<'a>,
    snapshot: &'a Snapshot<'a>,
    catalog: &'a Catalog,
    account: &'a Account,
}

impl HitStep<'_> {
    fn settle(&mut self, into: &mut Batch, mut hit: Hit) -> Result<()> {
        if let Some(reason) = self.stopped_by(&hit)? {
            into.count(reason, 1);
            return Ok(());
        }
        hit.keep_only_permitted();
        if let Some(event) = hit.event {
            let now = self.settler.clock.now();
            let history = &mut self.settler.history;
            if !history.is_new_event(self.snapshot, self.account.id, event, now)? {
                return into.refuse(&hit, Reason::Duplicate);
            }
            if now.millis() - hit.at.millis() > (EVENT_DAYS + 1) * DAY_MS {
                return into.refuse(&hit, Reason::TooOld);
            }
        }
        if !hit.permits.measurement {
            hit.event = None;
        }
        match hit.kind {
            Kind::Conversion => self.settle_sale(into, hit),
            Kind::Click => self.settle_click(into, hit),
            Kind::Impression | Kind::View => {
                let dimensions = self.dimensions(&hit);
                let mut measures = Measures::default();
                match hit.kind {
                    Kind::Impression => measures.impressions = 1,
                    _ => measures.views = 1,
                }
                into.add(&hit, dimensions, measures);
                into.keep(trail_row(hit, None, None));
                Ok(())
            }
        }
    }

    /// Why nothing of this hit is kept: somebody erased, restricted or objecting sent it.
    fn stopped_by(&self, hit: &Hit) -> Result<Option<Reason>> {
        let store = &self.settler.store;
        let marks = store.marks(self.account.id);
        if marks.is_empty() {
            return Ok(None);
        }
        let index = store.keys().index(self.account.id)?;
        let visitor = hit.visitor.as_ref().map(|id| Trace::Visitor(*id.reveal()));
        let sale = hit.sale.as_deref();
        let touches = sale.into_iter().flat_map(|sale| {
            let cookie = sale.cookie_clicks.iter().chain(&sale.cookie_impressions);
            sale.click.iter().chain(cookie)
        });
        let txn = sale.and_then(|sale| sale.txn_key).map(Trace::Transaction);
        let effect = visitor
            .into_iter()
            .chain(touches.map(|touch| Trace::Hit(touch.id)))
            .chain(txn)
            .filter_map(|trace| marks.effect(&mark(&index, trace).key))
            .max();
        Ok(effect.map(|effect| match effect {
            Effect::Erased => Reason::ErasedPerson,
            Effect::Objected | Effect::Restricted => Reason::Objected,
        }))
    }

    fn settle_click(&mut self, into: &mut Batch, hit: Hit) -> Result<()> {
        let dimensions = self.dimensions(&hit);
        let mut measures = Measures {
            clicks: 1,
            ..Measures::default()
        };
        match (&hit.visitor, hit.campaign) {
            (Some(visitor), Some(campaign)) => {
                let day = self.settler.account_day(self.account, hit.at)?;
                let history = &mut self.settler.history;
                let visitor = *visitor.reveal();
                if history.is_first_click(self.snapshot, day, visitor, campaign)? {
                    measures.unique_clicks = 1;
                }
            }
            _ => measures.unidentified_clicks = 1,
        }
        if hit.permits.attribution {
            self.settler
                .history
                .remember_click(hit.id, dimensions.clone());
        }
        into.add(&hit, dimensions, measures);
        into.keep(trail_row(hit, None, None));
        Ok(())
    }

    fn settle_sale(&mut self, into: &mut Batch, mut hit: Hit) -> Result<()> {
        let Some(sale) = hit.sale.take() else {
            return Err(Error::damaged(
                "The journal holds a conversion without a sale.",
            ));
        };
        let attribution = match attribute(self.catalog, self.account.id, &hit, &sale) {
            Ok(attribution) => attribution,
            Err(reason) => return into.refuse(&hit, reason),
        };
        let index = self.settler.store.keys().index(self.account.id)?;
        let key = sale::counted_once_key(&index, attribution.goal.id, &sale);
        if let Some(key) = key {
            let since = sale::counted_since(self.settler.clock.now());
            let known =
                into.has_key(&key) || self.settling.is_known(self.account.id, &key, since)?;
            if known {
                return into.refuse(&hit, Reason::Duplicate);
            }
        }
        let clicked = match attribution.click {
            Some(touch) => self
                .settler
                .history
                .click(self.snapshot, self.account.id, touch.id)?,
            None => None,
        };
        let mut dimensions = clicked.unwrap_or_else(|| self.dimensions(&hit));
        dimensions.campaign = Some(attribution.campaign.id);
        dimensions.publisher = attribution.publisher;
        dimensions.goal = Some(attribution.goal.id);
        if let Some(touch) = attribution.click {
            dimensions.landing = (touch.landing != DEEP_LINK).then_some(touch.landing);
        }
        let body = sale::body(self.account, &hit, &sale, &attribution, dimensions.clone());
        let id = self.settler.next_conversion_id();
        into.add(&hit, dimensions, body.measures());
        hit.campaign = Some(body.campaign);
        hit.publisher = body.publisher;
        let kept = trail_row(hit, Some((id, body.goal)), sale.txn.clone());
        into.keep(kept);
        into.add_conversion(NewConversion {
            conversion: Conversion {
                id,
                account: self.account.id,
                body,
            },
            keys: key.into_iter().collect(),
        });
        Ok(())
    }

    /// The dimensions of the hit itself; of `p1`..`p10` those its campaign reports.
    fn dimensions(&self, hit: &Hit) -> Dimensions {
        let mut dimensions = Dimensions {
            campaign: hit.campaign,
            publisher: hit.publisher,
            goal: None,
            origin: hit.origin,
            landing: hit.landing,
            source: hit.source.clone(),
            params: Default::default(),
            referrer_host: hit.referrer_host.clone(),
        };
        let campaign = hit.campaign.and_then(|id| self.catalog.campaigns.get(&id));
        for (index, value) in &hit.params {
            let reported =
                campaign.is_some_and(|campaign| campaign.settings.report_params.contains(index));
            if let (true, Some(param)) = (reported, dimensions.params.get_mut(usize::from(*index)))
            {
                *param = Some(value.reveal().clone());
            }
        }
        dimensions
    }
}
