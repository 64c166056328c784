//! What each hit of one account counts for, decided in the order of their arrival.
//! Never in here: a transaction, or the journal.

use std::collections::HashSet;
use std::sync::Arc;

use super::batch::{Batch, trail_row};
use super::entries;
use super::history::EVENT_DAYS;
use super::sale;
use super::settle::Settler;
use crate::clock::{DAY_MS, Timestamp};
use crate::crypto::{BlindIndex, ConversionIds};
use crate::error::{Error, Result};
use crate::model::account::Account;
use crate::model::attribution::{Attribution, attribute};
use crate::model::catalog::Catalog;
use crate::model::consent::receipt::Statement;
use crate::model::conversion::Conversion;
use crate::model::hit::{Entry, EventId, Hit, Kind, Sale, VisitorId};
use crate::model::landing::DEEP_LINK;
use crate::model::person::{Effect, Marks, Trace};
use crate::model::reason::Reason;
use crate::model::tally::{Dimensions, Measures};
use crate::store::{NewConversion, Settling, Snapshot, mark};

/// Entries read together before they are settled: what has to be fetched for them from far
/// memory is fetched at once.
const TOGETHER: usize = 32;

/// Deciding the hits of one account in one step, and everything that it may look at.
pub struct Deciding<'a> {
    settler: &'a mut Settler,
    settling: &'a Settling<'a>,
    snapshot: &'a Snapshot<'a>,
    catalog: &'a Catalog,
    account: &'a Account,
    now: Timestamp,
    index: BlindIndex,
    ids: ConversionIds,
    marks: Arc<Marks>,
    /// Who took their consent back among these very entries.
    withdrawn: HashSet<VisitorId>,
}

impl<'a> Deciding<'a> {
    pub fn new(
        settler: &'a mut Settler,
        settling: &'a Settling<'a>,
        snapshot: &'a Snapshot<'a>,
        catalog: &'a Catalog,
        account: &'a Account,
    ) -> Result<Self> {
        Ok(Deciding {
            index: settler.store.keys().index(account.id)?,
            ids: settler.store.keys().conversion_ids(account.id)?,
            marks: settler.store.marks(account.id),
            now: settler.now(),
            settler,
            settling,
            snapshot,
            catalog,
            account,
            withdrawn: HashSet::new(),
        })
    }

    /// Settles the entries of these batches in order.
    pub fn settle<'b>(&mut self, batches: &[&'b [u8]]) -> Result<Batch<'b>> {
        let mut into = Batch::default();
        let mut entries = batches.iter().flat_map(|bytes| entries::each(bytes));
        let mut next = Vec::with_capacity(TOGETHER);
        loop {
            for entry in entries.by_ref().take(TOGETHER) {
                next.push(entry?.read()?);
            }
            if next.is_empty() {
                return Ok(into);
            }
            let events = next.iter().filter_map(event_of);
            self.settler.history.fetch(self.account.id, events);
            for entry in next.drain(..) {
                self.settle_entry(&mut into, entry)?;
            }
        }
    }

    /// An answer leaves one receipt however often it comes. Consent that is taken back is
    /// taken back each time, whatever else went by the answer's id.
    fn settle_statement(&mut self, into: &mut Batch<'_>, statement: Statement) -> Result<()> {
        let Statement {
            id,
            receipt,
            withdrawn,
        } = statement;
        if let Some(visitor) = withdrawn {
            self.withdrawn.insert(*visitor.reveal());
            into.withdraw(visitor, receipt.at.utc_day());
        }
        let is_new = match id.given() {
            Some(id) => self.is_new_event(EventId(id.0))?,
            None => true,
        };
        if is_new {
            into.state(id, receipt);
        }
        Ok(())
    }

    fn is_new_event(&mut self, event: EventId) -> Result<bool> {
        let history = &mut self.settler.history;
        history.is_new_event(self.snapshot, self.account.id, event, self.now)
    }

    fn settle_entry<'b>(&mut self, into: &mut Batch<'b>, entry: Entry<&'b str>) -> Result<()> {
        match entry {
            Entry::NotCounted { reason, count } => {
                into.count(reason, count);
                into.not_stored.push((reason, count));
            }
            Entry::Statement(statement) => self.settle_statement(into, *statement)?,
            Entry::ClickOfDay { mut hit, is_first } => {
                hit.keep_only_permitted();
                self.settle_click_of_day(into, hit, is_first);
            }
            Entry::Hit(mut hit) => match self.stopped_by(&hit) {
                Some(reason) => stop(into, reason),
                None => {
                    hit.keep_only_permitted();
                    match hit.sale.take() {
                        Some(sale) => self.settle_sale(into, hit, sale)?,
                        None => self.settle_hit(into, hit)?,
                    }
                }
            },
        }
        Ok(())
    }

    /// Why nothing of this hit is kept: somebody erased, restricted or objecting sent it.
    fn stopped_by(&self, hit: &Hit<&str>) -> Option<Reason> {
        let visitor = hit.visitor.as_ref().map(|id| *id.reveal());
        if visitor.is_some_and(|id| self.withdrawn.contains(&id)) {
            return Some(Reason::Objected);
        }
        if self.marks.is_empty() {
            return None;
        }
        let visitor = visitor.map(Trace::Visitor);
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
            .filter_map(|trace| self.marks.effect(&mark(&self.index, trace).key))
            .max();
        effect.map(|effect| match effect {
            Effect::Erased => Reason::ErasedPerson,
            Effect::Objected | Effect::Restricted => Reason::Objected,
        })
    }

    /// Counts a hit as settled. Of one that has been before or is too old, says so.
    fn is_refused<'b>(
        &mut self,
        into: &mut Batch<'b>,
        hit: &mut Hit<&'b str>,
    ) -> Result<Option<Reason>> {
        into.figures.settled += 1;
        into.figures.count_removed(hit.notes);
        if let Some(event) = hit.event {
            if !self.is_new_event(event)? {
                return Ok(Some(Reason::Duplicate));
            }
            if self.now.millis() - hit.at.millis() > (EVENT_DAYS + 1) * DAY_MS {
                return Ok(Some(Reason::TooOld));
            }
        }
        if !hit.permits.measurement {
            hit.event = None;
        }
        Ok(None)
    }

    fn settle_hit<'b>(&mut self, into: &mut Batch<'b>, mut hit: Box<Hit<&'b str>>) -> Result<()> {
        if let Some(reason) = self.is_refused(into, &mut hit)? {
            into.refuse(hit, reason);
            return Ok(());
        }
        let mut measures = Measures::default();
        match hit.kind {
            Kind::Click => return self.settle_click(into, hit),
            Kind::Impression => measures.impressions = 1,
            Kind::View => measures.views = 1,
            Kind::Conversion => {
                return Err(Error::damaged(
                    "The journal holds a conversion without a sale.",
                ));
            }
        }
        into.add(&hit, &self.dimensions(&hit), &measures);
        into.keep(&trail_row(*hit, None, None));
        Ok(())
    }

    fn settle_click<'b>(&mut self, into: &mut Batch<'b>, hit: Box<Hit<&'b str>>) -> Result<()> {
        let dimensions = self.dimensions(&hit);
        let mut measures = Measures {
            clicks: 1,
            ..Measures::default()
        };
        match (&hit.visitor, hit.campaign) {
            (Some(visitor), Some(campaign)) => {
                let day = self.settler.days.of(self.account, hit.at)?;
                let history = &mut self.settler.history;
                let visitor = *visitor.reveal();
                if history.is_first_click(self.snapshot, day, visitor, campaign)? {
                    measures.unique_clicks = 1;
                }
            }
            _ => measures.unidentified_clicks = 1,
        }
        if hit.permits.attribution {
            self.settler.history.remember_click(hit.id, &dimensions)?;
        }
        into.add(&hit, &dimensions, &measures);
        into.keep(&trail_row(*hit, None, None));
        Ok(())
    }

    fn settle_click_of_day<'b>(
        &mut self,
        into: &mut Batch<'b>,
        hit: Box<Hit<&'b str>>,
        is_first: bool,
    ) {
        into.figures.settled += 1;
        let measures = Measures {
            clicks: 1,
            unique_clicks: i64::from(is_first),
            ..Measures::default()
        };
        into.add(&hit, &self.dimensions(&hit), &measures);
        into.keep(&trail_row(*hit, None, None));
    }

    fn settle_sale<'b>(
        &mut self,
        into: &mut Batch<'b>,
        mut hit: Box<Hit<&'b str>>,
        sale: Box<Sale<&'b str>>,
    ) -> Result<()> {
        if let Some(reason) = self.is_refused(into, &mut hit)? {
            into.refuse(hit, reason);
            return Ok(());
        }
        let attribution = match attribute(self.catalog, self.account.id, &hit, &sale) {
            Ok(attribution) => attribution,
            Err(reason) => {
                into.refuse(hit, reason);
                return Ok(());
            }
        };
        let key = sale::counted_once_key(&self.index, attribution.goal.id, &sale);
        if !self.counts_first(key)? {
            into.refuse(hit, Reason::Duplicate);
            return Ok(());
        }
        let dimensions = self.credited_dimensions(&hit, &attribution)?;
        let body = sale::body(self.account, &hit, &sale, &attribution, dimensions.clone());
        let seq = self.settling.next_seq();
        let id = self.ids.make(seq);
        into.add_credited(hit.at, dimensions, &body.measures());
        hit.campaign = Some(body.campaign);
        hit.publisher = body.publisher;
        into.keep(&trail_row(*hit, Some((id, body.goal)), sale.txn));
        let account = self.account.id;
        let conversion = Conversion { id, account, body };
        into.add_conversion(NewConversion { seq, conversion }, key);
        into.write_many(|many| self.settling.add_conversions(account, many))
    }

    /// Whether a conversion counts that has this key; remembers it.
    fn counts_first(&mut self, key: Option<[u8; 16]>) -> Result<bool> {
        let Some(key) = key else {
            return Ok(true);
        };
        let since = sale::counted_since(self.now);
        let counted = &mut self.settler.history.counted;
        counted.is_new(self.snapshot, self.account.id, since, key)
    }

    /// Under what a conversion counts: its click's dimensions, else its own.
    fn credited_dimensions(
        &mut self,
        hit: &Hit<&str>,
        attribution: &Attribution<'_>,
    ) -> Result<Dimensions> {
        let clicked = match attribution.click {
            Some(touch) => self
                .settler
                .history
                .click(self.snapshot, self.account.id, touch.id)?,
            None => None,
        };
        let mut dimensions = clicked.unwrap_or_else(|| self.dimensions(hit).to_owned());
        dimensions.campaign = Some(attribution.campaign.id);
        dimensions.publisher = attribution.publisher;
        dimensions.goal = Some(attribution.goal.id);
        if let Some(touch) = attribution.click {
            dimensions.landing = (touch.landing != DEEP_LINK).then_some(touch.landing);
        }
        Ok(dimensions)
    }

    /// The dimensions of the hit itself; of `p1`..`p10` those its campaign reports.
    fn dimensions<'b>(&self, hit: &Hit<&'b str>) -> Dimensions<&'b str> {
        let mut dimensions = Dimensions {
            campaign: hit.campaign,
            publisher: hit.publisher,
            goal: None,
            origin: hit.origin,
            landing: hit.landing,
            source: hit.source,
            params: Default::default(),
            referrer_host: hit.referrer_host,
        };
        let campaign = hit.campaign.and_then(|id| self.catalog.campaigns.get(&id));
        for (index, value) in &hit.params {
            let reported =
                campaign.is_some_and(|campaign| campaign.settings.report_params.contains(index));
            if let (true, Some(param)) = (reported, dimensions.params.get_mut(usize::from(*index)))
            {
                *param = Some(*value.reveal());
            }
        }
        dimensions
    }
}

/// The id by which an entry is known again.
fn event_of<S>(entry: &Entry<S>) -> Option<EventId> {
    match entry {
        Entry::Hit(hit) => hit.event,
        _ => None,
    }
}

/// Counts a hit of which nothing is kept.
fn stop(into: &mut Batch<'_>, reason: Reason) {
    into.figures.settled += 1;
    into.count(reason, 1);
}
