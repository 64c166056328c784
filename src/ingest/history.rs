//! What settling must remember of earlier hits: clicks by their id, event ids, and
//! who clicked what on which day. All of it is cache: it is read back from the
//! trail whenever it is missing.

use std::collections::VecDeque;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasher, Hash};
use std::sync::Arc;

use foldhash::quality::RandomState;
use foldhash::{HashMap, HashSet};
use serde::Serialize;

use super::counted::Counted;
use super::fingerprints::Fingerprints;
use crate::clock::{DAY_MS, Timestamp};
use crate::error::{Error, Kind, Result};
use crate::model::hit::{EventId, HitId, VisitorId};
use crate::model::id::{AccountId, CampaignId};
use crate::model::tally::Dimensions;
use crate::segment::{
    CLICK_COLUMNS, Class, DIMENSION_COLUMNS, EVENT_COLUMNS, RECEIPT_ID_COLUMNS, SegmentKey, Source,
    TrailScan, Unpacker, read_header, receipt_ids,
};

/// Clicks whose dimensions are kept in memory.
const CLICKS_MAX: usize = 50_000;
/// Different dimensions of clicks that are shared.
const PACKED_MAX: usize = 4_096;
/// Days for which an event's id is remembered.
pub const EVENT_DAYS: i64 = 7;
/// Account days whose visitors are kept in memory.
const VISITOR_DAYS_MAX: usize = 256;

/// A day in an account's own zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AccountDay {
    pub account: AccountId,
    pub start: Timestamp,
    /// Where the next day begins.
    pub end: Timestamp,
}

/// Dimensions as bytes: what most clicks share lies there once.
type Packed = Arc<[u8]>;

#[derive(Default)]
pub struct History {
    clicks: HashMap<HitId, Packed>,
    click_order: VecDeque<HitId>,
    /// Different dimensions of late.
    packed: HashSet<Packed>,
    events: HashMap<AccountId, Generations>,
    visitors: HashMap<AccountDay, Fingerprints>,
    visitor_order: VecDeque<AccountDay>,
    /// Keys under which conversions have counted.
    pub counted: Counted,
    prints: Prints,
}

/// Events seen, by the time of their arrival, so that the oldest are forgotten.
struct Generations {
    /// The newest last, each with the first day on which it took any.
    all: VecDeque<(u32, Fingerprints)>,
}

impl Generations {
    fn new(day: u32, known: Fingerprints) -> Self {
        Generations {
            all: [(day, known)].into(),
        }
    }

    /// Whether this is the first time; remembers it for twice seven days at least.
    fn is_new(&mut self, day: u32, event: u64) -> bool {
        let days = EVENT_DAYS as u32;
        if self.all.back().is_none_or(|(first, _)| day >= first + days) {
            self.all.push_back((day, Fingerprints::default()));
            while self.all.len() > 3 {
                self.all.pop_front();
            }
        }
        let mut newest_first = self.all.iter_mut().rev();
        let Some((_, newest)) = newest_first.next() else {
            return true;
        };
        newest_first.all(|(_, known)| !known.contains(event)) && newest.insert(event)
    }

    fn fetch(&self, event: u64) {
        self.all.iter().for_each(|(_, known)| known.fetch(event));
    }
}

impl History {
    /// Remembers a click's dimensions.
    pub fn remember_click<T>(&mut self, id: HitId, dimensions: &Dimensions<T>) -> Result<()>
    where
        T: Serialize,
    {
        let bytes = postcard::to_allocvec(dimensions)
            .map_err(|_| Error::internal("The dimensions of a click could not be kept."))?;
        let packed = self.pack(bytes);
        if self.clicks.insert(id, packed).is_none() {
            self.click_order.push_back(id);
        }
        if self.click_order.len() > CLICKS_MAX
            && let Some(oldest) = self.click_order.pop_front()
        {
            self.clicks.remove(&oldest);
        }
        Ok(())
    }

    fn pack(&mut self, bytes: Vec<u8>) -> Packed {
        if let Some(packed) = self.packed.get(bytes.as_slice()) {
            return packed.clone();
        }
        if self.packed.len() >= PACKED_MAX {
            self.packed.clear();
        }
        let packed = Packed::from(bytes);
        self.packed.insert(packed.clone());
        packed
    }

    /// The dimensions of an earlier click; none if it was never stored or is gone.
    pub fn click(
        &mut self,
        source: &impl Source,
        account: AccountId,
        id: HitId,
    ) -> Result<Option<Dimensions>> {
        if let Some(packed) = self.clicks.get(&id) {
            return postcard::from_bytes(packed)
                .map(Some)
                .map_err(|_| Error::internal("The dimensions of a click could not be kept."));
        }
        let found = find_click(source, account, id)?;
        if let Some(dimensions) = &found {
            self.remember_click(id, dimensions)?;
        }
        Ok(found)
    }

    /// Fetches what will be asked about these events, all at once instead of one after
    /// the other.
    pub fn fetch(&self, account: AccountId, events: impl Iterator<Item = EventId>) {
        if let Some(known) = self.events.get(&account) {
            for event in events {
                known.fetch(self.prints.of_event(event));
            }
        }
    }

    /// Whether an event comes for the first time in seven days; remembers it.
    pub fn is_new_event(
        &mut self,
        source: &impl Source,
        account: AccountId,
        event: EventId,
        now: Timestamp,
    ) -> Result<bool> {
        let known = match self.events.entry(account) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(none) => {
                let known = load_events(source, &self.prints, account, now)?;
                none.insert(Generations::new(now.utc_day(), known))
            }
        };
        Ok(known.is_new(now.utc_day(), self.prints.of_event(event)))
    }

    /// Whether a visitor clicks a campaign for the first time that day; remembers it.
    pub fn is_first_click(
        &mut self,
        source: &impl Source,
        day: AccountDay,
        visitor: VisitorId,
        campaign: CampaignId,
    ) -> Result<bool> {
        if self.visitors.len() >= VISITOR_DAYS_MAX
            && !self.visitors.contains_key(&day)
            && let Some(oldest) = self.visitor_order.pop_front()
        {
            self.visitors.remove(&oldest);
        }
        let known = match self.visitors.entry(day) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(none) => {
                self.visitor_order.push_back(day);
                none.insert(load_visitors(source, &self.prints, day)?)
            }
        };
        Ok(known.insert(self.prints.of_visit(visitor, campaign)))
    }

    /// Forgets everything; it is read back when it is needed.
    pub fn clear(&mut self) {
        *self = History::default();
    }
}

/// Makes a fingerprint of a value. Two that are alike cannot be looked for by whoever
/// makes ids, since each start seeds them anew.
#[derive(Default)]
struct Prints(RandomState);

impl Prints {
    fn of_event(&self, event: EventId) -> u64 {
        self.of(u128::from_le_bytes(event.0))
    }

    fn of_visit(&self, visitor: VisitorId, campaign: CampaignId) -> u64 {
        self.of((u128::from_le_bytes(visitor.0), campaign))
    }

    fn of(&self, value: impl Hash) -> u64 {
        self.0.hash_one(value)
    }
}

fn find_click(source: &impl Source, account: AccountId, id: HitId) -> Result<Option<Dimensions>> {
    let day = id.at().utc_day();
    for key in source.segments(account, Class::Trail, day..=day)? {
        let found = readable(&key, find_click_in(source, &key, id))?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

fn find_click_in(source: &impl Source, key: &SegmentKey, id: HitId) -> Result<Option<Dimensions>> {
    let header = source.header(key)?;
    if !read_header(&header)?.may_hold(id) {
        return Ok(None);
    }
    let columns = source.columns(key, DIMENSION_COLUMNS)?;
    let mut unpacker = Unpacker::new()?;
    let mut found = TrailScan::open(&mut unpacker, &header, &columns)?.dimensions(&[id])?;
    Ok(found.pop().flatten())
}

/// What a damaged segment would have told is not known; it keeps nothing else from
/// being settled.
pub(super) fn readable<T: Default>(key: &SegmentKey, outcome: Result<T>) -> Result<T> {
    match outcome {
        Err(error) if error.kind() == Kind::Damaged => {
            let SegmentKey { id, account, .. } = key;
            tracing::error!(
                "segment {id} of account {account} is damaged and passed over: {error}"
            );
            Ok(T::default())
        }
        outcome => outcome,
    }
}

fn load_events(
    source: &impl Source,
    prints: &Prints,
    account: AccountId,
    now: Timestamp,
) -> Result<Fingerprints> {
    let mut known = Fingerprints::default();
    // A late event lies up to seven days before its arrival, which itself may lie
    // seven days back.
    let first = now.minus_ms(2 * EVENT_DAYS * DAY_MS).utc_day();
    let mut unpacker = Unpacker::new()?;
    for key in source.segments(account, Class::Trail, first..=u32::MAX)? {
        let mut read = || {
            let header = source.header(&key)?;
            let columns = source.columns(&key, EVENT_COLUMNS)?;
            TrailScan::open(&mut unpacker, &header, &columns)?.events(|event, _| {
                known.insert(prints.of_event(event));
            })
        };
        readable(&key, read())?;
    }
    for key in source.segments(account, Class::Consent, first..=u32::MAX)? {
        let mut read = || {
            let header = source.header(&key)?;
            let columns = source.columns(&key, RECEIPT_ID_COLUMNS)?;
            receipt_ids(&mut unpacker, &header, &columns, |id| {
                known.insert(prints.of_event(EventId(id.0)));
            })
        };
        readable(&key, read())?;
    }
    Ok(known)
}

fn load_visitors(source: &impl Source, prints: &Prints, day: AccountDay) -> Result<Fingerprints> {
    let mut known = Fingerprints::default();
    let days = day.start.utc_day()..=day.end.utc_day();
    let mut unpacker = Unpacker::new()?;
    for key in source.segments(day.account, Class::Trail, days)? {
        let mut read = || {
            let header = source.header(&key)?;
            let columns = source.columns(&key, CLICK_COLUMNS)?;
            TrailScan::open(&mut unpacker, &header, &columns)?.clicks(|visitor, campaign, at| {
                if at >= day.start && at < day.end {
                    known.insert(prints.of_visit(visitor, campaign));
                }
            })
        };
        readable(&key, read())?;
    }
    Ok(known)
}
