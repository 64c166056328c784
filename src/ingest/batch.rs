//! What one step of settling gathers for one account, until it is encoded.

use std::collections::{BTreeMap, HashSet};

use foldhash::HashMap;

use crate::error::Result;
use crate::model::consent::receipt::Statement;
use crate::model::hit::Hit;
use crate::model::id::{ConversionId, GoalId};
use crate::model::personal::Personal;
use crate::model::reason::Reason;
use crate::model::tally::{Dimensions, Measures, TallyRow};
use crate::model::trail::TrailRow;
use crate::segment::{collapse, encode_tally, encode_trail, fold_rare};
use crate::store::{AccountBatch, NewConversion, SettledFigures};

/// Values of one parameter that one campaign keeps a day; the rest count as `(other)`.
pub const PARAM_VALUES_MAX: usize = 10_000;

/// Rows of one UTC day.
#[derive(Default)]
struct DayCounts {
    trail: Vec<TrailRow>,
    /// By quarter of an hour and dimensions: most of what arrives together is alike.
    tally: HashMap<(u8, Dimensions), Measures>,
}

#[derive(Default)]
pub struct Batch {
    days: BTreeMap<u32, DayCounts>,
    conversions: Vec<NewConversion>,
    keys: HashSet<[u8; 16]>,
    pub figures: SettledFigures,
    /// Of the figures' reasons, those of hits that the trail keeps.
    pub refused: BTreeMap<Reason, u64>,
    pub statements: Vec<Statement>,
}

impl Batch {
    /// Counts something that was not stored as a hit.
    pub fn count(&mut self, reason: Reason, count: u64) {
        *self.figures.not_counted.entry(reason).or_default() += count;
    }

    /// Keeps a hit in the trail that adds nothing to any figure, and says why.
    pub fn refuse(&mut self, hit: &Hit, reason: Reason) -> Result<()> {
        self.count(reason, 1);
        *self.refused.entry(reason).or_default() += 1;
        let mut row = trail_row(hit.clone(), None, None);
        row.outcome = Some(reason);
        self.keep(row);
        Ok(())
    }

    /// Adds to the figures of the hit's instant.
    pub fn add(&mut self, hit: &Hit, dimensions: Dimensions, measures: Measures) {
        let day = self.days.entry(hit.at.utc_day()).or_default();
        day.tally
            .entry((hit.at.quarter(), dimensions))
            .or_default()
            .add(&measures);
    }

    /// Keeps a hit in the trail.
    pub fn keep(&mut self, row: TrailRow) {
        // Found again by the instant in its id, so that is the day it belongs to.
        self.days
            .entry(row.id.at().utc_day())
            .or_default()
            .trail
            .push(row);
    }

    /// Whether a conversion of this very step has the key.
    pub fn has_key(&self, key: &[u8; 16]) -> bool {
        self.keys.contains(key)
    }

    pub fn add_conversion(&mut self, new: NewConversion) {
        self.keys.extend(new.keys.iter().copied());
        self.conversions.push(new);
    }

    pub fn encode(self) -> Result<AccountBatch> {
        let mut encoded = AccountBatch {
            conversions: self.conversions,
            figures: self.figures,
            statements: self.statements,
            ..AccountBatch::default()
        };
        for (day, counts) in self.days {
            if !counts.trail.is_empty() {
                encoded.trail.insert(day, encode_trail(&counts.trail)?);
            }
            let tally = tally_rows(counts.tally);
            if !tally.is_empty() {
                encoded.tally.insert(day, encode_tally(&tally)?);
            }
        }
        Ok(encoded)
    }
}

fn tally_rows(counted: HashMap<(u8, Dimensions), Measures>) -> Vec<TallyRow> {
    let rows = counted.into_iter();
    let rows = rows.map(|((quarter, dimensions), measures)| TallyRow {
        quarter,
        dimensions,
        measures,
    });
    let mut rows = collapse(rows.collect());
    // With fewer rows no parameter has so many values.
    if rows.len() > PARAM_VALUES_MAX {
        fold_rare(&mut rows, PARAM_VALUES_MAX);
        rows = collapse(rows);
    }
    rows
}

/// A hit as the trail keeps it.
pub fn trail_row(
    hit: Hit,
    became: Option<(ConversionId, GoalId)>,
    txn: Option<Personal<String>>,
) -> TrailRow {
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
