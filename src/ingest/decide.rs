//! What each hit of one account counts for, decided in the order of their arrival.
//! Never in here: a transaction, or the journal.

use std::collections::HashSet;
use std::sync::Arc;

use super::batch::{Batch, trail_row};
use super::history::EVENT_DAYS;
use super::sale;
use super::settle::Settler;
use crate::clock::DAY_MS;
use crate::crypto::BlindIndex;
use crate::error::{Error, Result};
use crate::model::account::Account;
use crate::model::attribution::{Attribution, attribute};
use crate::model::catalog::Catalog;
use crate::model::consent::receipt::Statement;
use crate::model::conversion::Conversion;
use crate::model::hit::{Entry, Hit, Kind, Sale, VisitorId};
use crate::model::landing::DEEP_LINK;
use crate::model::person::{Effect, Marks, Trace};
use crate::model::reason::Reason;
use crate::model::tally::{Dimensions, Measures};
use crate::store::{NewConversion, Settling, Snapshot, mark};

/// Deciding the hits of one account in one step, and everything that it may look at.
pub struct Deciding<'a> {
    settler: &'a mut Settler,
    settling: &'a Settling<'a>,
    snapshot: &'a Snapshot<'a>,
    catalog: &'a Catalog,
    account: &'a Account,
    index: BlindIndex,
    marks: Arc<Marks>,
    /// Who took their consent back among these very entries.
    withdrawn: HashSet<VisitorId>,
    /// Keys of these very hits that have counted before.
    known: HashSet<[u8; 16]>,
}

/// A sale, and where it belongs.
struct Decided<'a> {
    sale: Box<Sale>,
    attribution: std::result::Result<Attribution<'a>, Reason>,
    /// What keeps it from counting twice.
    key: Option<[u8; 16]>,
}

/// One entry of the journal; a sale is attributed already.
enum Arrived<'a> {
    NotCounted {
        reason: Reason,
        count: u64,
    },
    /// A hit of which nothing is kept.
    Stopped(Reason),
    /// A visitor answered.
    Statement(Box<Statement>),
    /// A click whose visitor is told apart for its day and known no further; whether
    /// it is their first.
    ClickOfDay(Box<Hit>, bool),
    Hit(Box<Hit>),
    Sale(Box<Hit>, Decided<'a>),
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
            marks: settler.store.marks(account.id),
            settler,
            settling,
            snapshot,
            catalog,
            account,
            withdrawn: HashSet::new(),
            known: HashSet::new(),
        })
    }

    /// Settles entries in order.
    pub fn settle(&mut self, entries: Vec<Entry>) -> Result<Batch> {
        let arrived = entries.into_iter().map(|entry| self.attribute(entry));
        let arrived: Vec<Arrived<'a>> = arrived.collect::<Result<_>>()?;
        self.look_up(&arrived)?;
        let mut into = Batch::default();
        for entry in arrived {
            match entry {
                Arrived::NotCounted { reason, count } => into.count(reason, count),
                Arrived::Stopped(reason) => {
                    into.figures.settled += 1;
                    into.count(reason, 1);
                }
                Arrived::Statement(statement) => into.statements.push(*statement),
                Arrived::ClickOfDay(hit, is_first) => {
                    self.settle_click_of_day(&mut into, *hit, is_first);
                }
                Arrived::Hit(hit) => self.settle_hit(&mut into, *hit, None)?,
                Arrived::Sale(hit, decided) => self.settle_hit(&mut into, *hit, Some(decided))?,
            }
        }
        Ok(into)
    }

    /// Takes away what may not be kept, and finds where a sale belongs.
    fn attribute(&mut self, entry: Entry) -> Result<Arrived<'a>> {
        let mut hit = match entry {
            Entry::NotCounted { reason, count } => {
                return Ok(Arrived::NotCounted { reason, count });
            }
            Entry::Statement(statement) => {
                let visitor = statement.withdrawn.as_ref();
                self.withdrawn.extend(visitor.map(|id| *id.reveal()));
                return Ok(Arrived::Statement(statement));
            }
            Entry::ClickOfDay { mut hit, is_first } => {
                hit.keep_only_permitted();
                return Ok(Arrived::ClickOfDay(hit, is_first));
            }
            Entry::Hit(hit) => hit,
        };
        if let Some(reason) = self.stopped_by(&hit) {
            return Ok(Arrived::Stopped(reason));
        }
        hit.keep_only_permitted();
        if hit.kind != Kind::Conversion {
            return Ok(Arrived::Hit(hit));
        }
        let sale = hit
            .sale
            .take()
            .ok_or_else(|| Error::damaged("The journal holds a conversion without a sale."))?;
        let attribution = attribute(self.catalog, self.account.id, &hit, &sale);
        let goal = attribution.as_ref().ok().map(|found| found.goal.id);
        let key = goal.and_then(|goal| sale::counted_once_key(&self.index, goal, &sale));
        let decided = Decided {
            sale,
            attribution,
            key,
        };
        Ok(Arrived::Sale(hit, decided))
    }

    /// Why nothing of this hit is kept: somebody erased, restricted or objecting sent it.
    fn stopped_by(&self, hit: &Hit) -> Option<Reason> {
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

    /// Looks up the keys of all these sales at once, in the order of their index.
    fn look_up(&mut self, arrived: &[Arrived<'_>]) -> Result<()> {
        let keys = arrived.iter().filter_map(|entry| match entry {
            Arrived::Sale(_, decided) => decided.key,
            _ => None,
        });
        let since = sale::counted_since(self.settler.clock.now());
        self.known = self
            .settling
            .known_keys(self.account.id, keys.collect(), since)?;
        Ok(())
    }

    fn settle_hit(
        &mut self,
        into: &mut Batch,
        mut hit: Hit,
        sale: Option<Decided<'a>>,
    ) -> Result<()> {
        into.figures.settled += 1;
        into.figures.count_removed(hit.notes);
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
        match (hit.kind, sale) {
            (_, Some(sale)) => self.settle_sale(into, hit, sale),
            (Kind::Click, None) => self.settle_click(into, hit),
            (kind, None) => {
                let dimensions = self.dimensions(&hit);
                let mut measures = Measures::default();
                match kind {
                    Kind::Impression => measures.impressions = 1,
                    _ => measures.views = 1,
                }
                into.add(&hit, dimensions, measures);
                into.keep(trail_row(hit, None, None));
                Ok(())
            }
        }
    }

    fn settle_click(&mut self, into: &mut Batch, hit: Hit) -> Result<()> {
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
            self.settler
                .history
                .remember_click(hit.id, dimensions.clone());
        }
        into.add(&hit, dimensions, measures);
        into.keep(trail_row(hit, None, None));
        Ok(())
    }

    fn settle_click_of_day(&mut self, into: &mut Batch, hit: Hit, is_first: bool) {
        into.figures.settled += 1;
        let measures = Measures {
            clicks: 1,
            unique_clicks: i64::from(is_first),
            ..Measures::default()
        };
        let dimensions = self.dimensions(&hit);
        into.add(&hit, dimensions, measures);
        into.keep(trail_row(hit, None, None));
    }

    fn settle_sale(&mut self, into: &mut Batch, mut hit: Hit, decided: Decided<'_>) -> Result<()> {
        let Decided {
            sale,
            attribution,
            key,
        } = decided;
        let attribution = match attribution {
            Ok(attribution) => attribution,
            Err(reason) => return into.refuse(&hit, reason),
        };
        if let Some(key) = key
            && (self.known.contains(&key) || into.has_key(&key))
        {
            return into.refuse(&hit, Reason::Duplicate);
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
        let kept = trail_row(hit, Some((id, body.goal)), sale.txn);
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
