//! Finds everything that is held of a person: trail hits and conversions, going from
//! id to id until nothing new turns up. Whoever was erased is found by nobody.

use std::collections::HashMap;

use super::day;
use crate::clock::Timestamp;
use crate::crypto::BlindIndex;
use crate::error::Result;
use crate::model::conversion::Conversion;
use crate::model::hit::VisitorId;
use crate::model::id::AccountId;
use crate::model::person::{Effect, Marks, PersonIds, Reach, Trace};
use crate::model::personal::Personal;
use crate::model::retention::Retention;
use crate::model::trail::TrailRow;
use crate::segment::{
    COLUMNS_MAX, Class, PersonTraces, SegmentKey, Source, TrailScan, Unpacker, decode_trail,
    person_columns, read_header,
};
use crate::store::{self, Snapshot, Store};

/// Rounds from id to id at most: a click, its sale, its visitor, their clicks and sales
/// take four.
const ROUNDS_MAX: usize = 8;

/// What is held of a person.
#[derive(Clone, Default)]
pub struct Found {
    pub ids: PersonIds,
    /// In order of their ids.
    pub hits: Vec<TrailRow>,
    /// The newest first.
    pub conversions: Vec<Conversion>,
    /// How long the account keeps what.
    pub retention: Retention,
    /// Since when nothing of it may be shown; it can be erased all the same.
    pub locked_at: Option<Timestamp>,
    /// One of the order numbers has counted, and nothing leads from it to a person.
    pub counted_without_trace: bool,
}

impl Found {
    pub fn is_empty(&self) -> bool {
        self.hits.is_empty() && self.conversions.is_empty()
    }
}

/// Finds a person in an account.
pub fn find(store: &Store, account: AccountId, ids: PersonIds, reach: Reach) -> Result<Found> {
    let marks = store.marks(account);
    let index = store.keys().index(account)?;
    let mut found = Found {
        ids,
        retention: store.retention(account)?,
        locked_at: super::lock::since(&store.catalog(), account),
        ..Found::default()
    };
    for _ in 0..ROUNDS_MAX {
        let before = found.ids.clone();
        found.conversions = store.conversions_where(account, |conversion| {
            found.ids.has_conversion(conversion) && !store::is_erased(&marks, &index, conversion)
        })?;
        for conversion in &found.conversions {
            found.ids.learn_conversion(conversion);
        }
        found.hits = hits(store, account, &found.ids, &Erased::new(&marks, &index))?;
        for row in &found.hits {
            found.ids.learn_hit(row, reach);
        }
        if found.ids == before {
            break;
        }
    }
    found.hits.sort_by_key(|row| row.id);
    found
        .conversions
        .sort_by_key(|one| std::cmp::Reverse(one.body.at));
    if found.is_empty() {
        found.counted_without_trace = super::is_counted(store, account, &found.ids)?;
    }
    Ok(found)
}

/// Tells which rows belong to somebody who was erased.
pub(super) struct Erased<'a> {
    marks: &'a Marks,
    /// Whether restricted people are left out as well.
    or_restricted: bool,
    index: &'a BlindIndex,
    visitors: std::cell::RefCell<HashMap<VisitorId, bool>>,
}

impl<'a> Erased<'a> {
    pub fn new(marks: &'a Marks, index: &'a BlindIndex) -> Self {
        Erased {
            marks,
            or_restricted: false,
            index,
            visitors: Default::default(),
        }
    }

    /// The same of those whose data is restricted.
    pub fn or_restricted(marks: &'a Marks, index: &'a BlindIndex) -> Self {
        Erased {
            or_restricted: true,
            ..Erased::new(marks, index)
        }
    }

    fn has(&self, trace: Trace) -> bool {
        match self.marks.effect(&store::mark(self.index, trace).key) {
            Some(Effect::Erased) => true,
            Some(Effect::Restricted) => self.or_restricted,
            _ => false,
        }
    }

    pub fn row(&self, traces: &PersonTraces<'_>) -> bool {
        if self.marks.is_empty() {
            return false;
        }
        let visitor = traces.visitor.is_some_and(|visitor| {
            let mut known = self.visitors.borrow_mut();
            *known
                .entry(visitor)
                .or_insert_with(|| self.has(Trace::Visitor(visitor)))
        });
        let of_txn = |txn: &str| {
            let key = self.index.transaction(txn);
            self.has(Trace::Transaction(key))
        };
        visitor
            || self.has(Trace::Hit(traces.hit))
            || traces
                .conversion
                .is_some_and(|id| self.has(Trace::Conversion(id)))
            || traces.txn.is_some_and(of_txn)
    }
}

/// Trail rows that one of the ids names and that are nobody's who was erased.
fn hits(
    store: &Store,
    account: AccountId,
    ids: &PersonIds,
    erased: &Erased<'_>,
) -> Result<Vec<TrailRow>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let snapshot = store.snapshot()?;
    let mut unpacker = Unpacker::new()?;
    let mut found = Vec::new();
    for key in snapshot.segments(account, Class::Trail, 0..=u32::MAX)? {
        let header = snapshot.header(&key)?;
        if ids.are_hits_alone() {
            let header = read_header(&header)?;
            if !ids.hits.iter().any(|&id| header.may_hold(id)) {
                continue;
            }
        }
        let places = places(&snapshot, &key, &header, &mut unpacker, ids, erased)?;
        if !places.is_empty() {
            found.extend(pick(&snapshot, &key, &header, &places)?);
        }
    }
    Ok(found)
}

fn places(
    snapshot: &Snapshot<'_>,
    key: &SegmentKey,
    header: &[u8],
    unpacker: &mut Unpacker,
    ids: &PersonIds,
    erased: &Erased<'_>,
) -> Result<Vec<usize>> {
    let values = !ids.email_hashes.is_empty();
    let columns = snapshot.columns(key, &person_columns(values))?;
    let mut places = Vec::new();
    TrailScan::open(unpacker, header, &columns)?.people(values, |traces| {
        if is_theirs(ids, traces) && !erased.row(traces) {
            places.push(traces.row);
        }
        Ok(())
    })?;
    Ok(places)
}

fn is_theirs(ids: &PersonIds, traces: &PersonTraces<'_>) -> bool {
    traces
        .visitor
        .is_some_and(|id| ids.visitors.contains(&id.0))
        || ids.hits.contains(&traces.hit)
        || traces
            .conversion
            .is_some_and(|id| ids.conversions.contains(&id.0))
        || traces.txn.is_some_and(|txn| ids.transactions.contains(txn))
        || traces.values.iter().any(|value| ids.has_hash(value))
}

/// Whole rows of a segment.
fn pick(
    snapshot: &Snapshot<'_>,
    key: &SegmentKey,
    header: &[u8],
    places: &[usize],
) -> Result<Vec<TrailRow>> {
    let every: Vec<u8> = (0..COLUMNS_MAX).collect();
    let rows = decode_trail(header, &snapshot.columns(key, &every)?)?;
    let mut wanted = places.iter().copied().peekable();
    let picked = rows.into_iter().enumerate().filter_map(|(place, row)| {
        let is_wanted = wanted.peek() == Some(&place);
        if is_wanted {
            wanted.next();
        }
        is_wanted.then_some(row)
    });
    Ok(picked.collect())
}

/// What a person is told apart by from now on: their visitor ids, clicks, hits without
/// a visitor, sales and order numbers.
pub(super) fn traces(store: &Store, account: AccountId, found: &Found) -> Result<Vec<Trace>> {
    let index = store.keys().index(account)?;
    let mut traces: Vec<Trace> = Vec::new();
    traces.extend(
        found
            .ids
            .visitors
            .iter()
            .map(|&id| Trace::Visitor(VisitorId(id))),
    );
    let told_apart =
        |row: &&TrailRow| row.visitor.is_none() || row.kind == crate::model::hit::Kind::Click;
    traces.extend(
        found
            .hits
            .iter()
            .filter(told_apart)
            .map(|row| Trace::Hit(row.id)),
    );
    let clicks = found.conversions.iter().filter_map(|one| one.body.click);
    traces.extend(clicks.map(Trace::Hit));
    traces.extend(
        found
            .conversions
            .iter()
            .map(|one| Trace::Conversion(one.id)),
    );
    let of_hits = found.hits.iter().filter_map(|row| row.txn.as_ref());
    let of_sales = found
        .conversions
        .iter()
        .filter_map(|one| one.body.txn.as_ref());
    for txn in of_hits.chain(of_sales).map(Personal::reveal) {
        traces.push(Trace::Transaction(index.transaction(txn)));
    }
    Ok(traces)
}

/// The day of an instant as the ledger keeps it.
pub(super) fn ledger_day(
    store: &Store,
    account: AccountId,
) -> Result<impl Fn(Timestamp) -> Result<Timestamp>> {
    let catalog = store.catalog();
    let account = catalog
        .accounts
        .get(&account)
        .ok_or_else(|| crate::error::Error::not_found("account"))?;
    let zone = day::zone(account)?;
    Ok(move |at| day::start_of_day(&zone, at))
}
