//! What one step of settling gathers for one account, until it is encoded. Texts stay
//! where the journal's batches have them.

use std::collections::BTreeMap;

use super::sums::Sums;
use crate::clock::Timestamp;
use crate::error::Result;
use crate::model::consent::receipt::{Receipt, ReceiptId};
use crate::model::hit::{Hit, VisitorId};
use crate::model::id::{ConversionId, GoalId};
use crate::model::personal::Personal;
use crate::model::reason::Reason;
use crate::model::tally::{Dimensions, Measures};
use crate::model::trail::TrailRow;
use crate::segment::{
    Class, Encoded, Packer, ReceiptWriter, TallyWriter, TrailWriter, encode_counted,
};
use crate::store::{AccountBatch, NewConversion, SettledFigures};

/// Values of one parameter that one campaign keeps a day; the rest count as `(other)`.
pub const PARAM_VALUES_MAX: usize = 10_000;

/// Conversions that are kept until they are written: each takes most of a kilobyte.
const CONVERSIONS_MAX: usize = 512;

/// Rows of one UTC day.
#[derive(Default)]
struct DayCounts<'a> {
    trail: TrailWriter<'a>,
    tally: TallyWriter<'a>,
    /// The same of conversions, whose dimensions are their clicks'.
    credited: Sums,
    receipts: ReceiptWriter,
    counted: Vec<[u8; 16]>,
}

#[derive(Default)]
pub struct Batch<'a> {
    days: BTreeMap<u32, DayCounts<'a>>,
    /// Those that are not written yet.
    conversions: Vec<NewConversion>,
    pub figures: SettledFigures,
    /// Of the figures' reasons, those of what was not stored as a hit.
    pub not_stored: Vec<(Reason, u64)>,
    /// Of the figures' reasons, those of hits that the trail keeps.
    pub refused: BTreeMap<Reason, u64>,
    /// Who took consent back, and on which UTC day.
    withdrawn: Vec<(Personal<VisitorId>, u32)>,
}

impl<'a> Batch<'a> {
    /// Counts something that was not stored as a hit.
    pub fn count(&mut self, reason: Reason, count: u64) {
        *self.figures.not_counted.entry(reason).or_default() += count;
    }

    /// Keeps a hit in the trail that adds nothing to any figure, and says why.
    pub fn refuse(&mut self, hit: Box<Hit<&'a str>>, reason: Reason) {
        self.count(reason, 1);
        *self.refused.entry(reason).or_default() += 1;
        let mut row = trail_row(*hit, None, None);
        row.outcome = Some(reason);
        self.keep(&row);
    }

    /// Adds to the figures of the hit's instant.
    pub fn add(
        &mut self,
        hit: &Hit<&'a str>,
        dimensions: &Dimensions<&'a str>,
        measures: &Measures,
    ) {
        let day = self.days.entry(hit.at.utc_day()).or_default();
        day.tally.push(hit.at.quarter(), dimensions, measures);
    }

    /// Adds a conversion to the figures of its instant.
    pub fn add_credited(&mut self, at: Timestamp, dimensions: Dimensions, measures: &Measures) {
        let day = self.days.entry(at.utc_day()).or_default();
        day.credited.add(at.quarter(), dimensions, measures);
    }

    /// Keeps a hit in the trail.
    pub fn keep(&mut self, row: &TrailRow<&'a str>) {
        // Found again by the instant in its id, so that is the day it belongs to.
        let day = self.days.entry(row.id.at().utc_day()).or_default();
        day.trail.push(row);
    }

    /// Keeps the receipt of an answer.
    pub fn state(&mut self, id: ReceiptId, receipt: Receipt) {
        let day = self.days.entry(receipt.at.utc_day()).or_default();
        day.receipts.push(id, receipt);
    }

    /// Has whoever took consent back on a UTC day erased.
    pub fn withdraw(&mut self, visitor: Personal<VisitorId>, day: u32) {
        self.withdrawn.push((visitor, day));
    }

    /// Adds a conversion, with the key that keeps it from counting again.
    pub fn add_conversion(&mut self, new: NewConversion, key: Option<[u8; 16]>) {
        let at = new.conversion.body.at;
        let day = self.days.entry(at.utc_day()).or_default();
        day.counted.extend(key);
        self.conversions.push(new);
    }

    /// Has conversions written once they are many.
    pub fn write_many(&mut self, write: impl FnOnce(&[NewConversion]) -> Result<()>) -> Result<()> {
        if self.conversions.len() < CONVERSIONS_MAX {
            return Ok(());
        }
        write(&self.conversions)?;
        self.conversions.clear();
        Ok(())
    }

    pub fn encode(self) -> Result<AccountBatch> {
        let mut segments = Vec::new();
        let mut packer = Packer::quick()?;
        for (day, counts) in self.days {
            let encoded = counts.encode(&mut packer)?.into_iter();
            segments.extend(encoded.map(|(class, encoded)| (class, day, encoded)));
        }
        Ok(AccountBatch {
            conversions: self.conversions,
            segments,
            figures: self.figures,
            withdrawn: self.withdrawn,
        })
    }
}

impl DayCounts<'_> {
    /// A segment of each class of which there is something.
    fn encode(self, packer: &mut Packer) -> Result<Vec<(Class, Encoded)>> {
        let mut segments = Vec::new();
        if !self.trail.is_empty() {
            segments.push((Class::Trail, self.trail.finish(packer)?));
        }
        let mut tally: TallyWriter<'_> = self.tally;
        for ((quarter, dimensions), measures) in self.credited.lines() {
            tally.push(*quarter, &dimensions.borrowed(), measures);
        }
        let tally = tally.finish(packer, PARAM_VALUES_MAX)?;
        segments.extend(tally.map(|encoded| (Class::Tally, encoded)));
        if !self.receipts.is_empty() {
            segments.push((Class::Consent, self.receipts.finish()?));
        }
        if !self.counted.is_empty() {
            segments.push((Class::Counted, encode_counted(self.counted)?));
        }
        Ok(segments)
    }
}

/// A hit as the trail keeps it.
pub fn trail_row<T>(
    hit: Hit<T>,
    became: Option<(ConversionId, GoalId)>,
    txn: Option<Personal<T>>,
) -> TrailRow<T> {
    TrailRow {
        id: hit.id,
        at: hit.at,
        kind: hit.kind,
        permits: hit.permits,
        site: hit.site,
        campaign: hit.campaign,
        publisher: hit.publisher,
        goal: became.map(|(_, goal)| goal),
        landing: hit.landing,
        origin: hit.origin,
        referrer_host: hit.referrer_host,
        source: hit.source,
        creative: hit.creative,
        params: hit.params,
        subs: hit.subs,
        url: hit.url,
        referrer: hit.referrer,
        visitor: hit.visitor,
        event: hit.event,
        txn,
        conversion: became.map(|(id, _)| id),
        outcome: None,
        notes: hit.notes,
    }
}
