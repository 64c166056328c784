//! The groups of a report while it is being added up: numbered values, keys made
//! of their numbers, and sums by key.

use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};

use crate::error::{Error, Result};
use crate::model::tally::Measures;
use crate::report::question::GROUP_BY_MAX;
use crate::segment::Counts;

/// Groups at most while adding up; some of them may come to nothing.
const GROUPS_MAX: usize = 200_000;
/// A landing page is told by two parts, its campaign and its index.
pub const PARTS_MAX: usize = GROUP_BY_MAX + 1;
/// Where rows go that are not asked for.
pub const DROPPED: u32 = 0;

/// A number for the value of each part; 0 where there is none.
pub type Key = [u32; PARTS_MAX];

/// The values of one part of all keys, numbered from 1 as they are met.
#[derive(Debug, Default)]
pub struct Values {
    numbers: HashMap<u64, u32>,
    texts: HashMap<Arc<str>, u32>,
    met: Vec<Value>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Number(u64),
    Text(Arc<str>),
}

impl Values {
    pub fn number(&mut self, number: u64) -> u32 {
        *self.numbers.entry(number).or_insert_with(|| {
            self.met.push(Value::Number(number));
            self.met.len() as u32
        })
    }

    pub fn text(&mut self, text: &str) -> u32 {
        if let Some(&known) = self.texts.get(text) {
            return known;
        }
        let text: Arc<str> = text.into();
        self.met.push(Value::Text(text.clone()));
        self.texts.insert(text, self.met.len() as u32);
        self.met.len() as u32
    }

    /// The number of a value that another list has.
    pub fn of(&mut self, value: &Value) -> u32 {
        match value {
            Value::Number(number) => self.number(*number),
            Value::Text(text) => self.text(text),
        }
    }

    /// The value with this number; none for 0.
    pub fn get(&self, number: u32) -> Option<&Value> {
        self.met.get((number as usize).checked_sub(1)?)
    }
}

/// Sums by key.
#[derive(Debug)]
pub struct Groups {
    slots: HashMap<u128, u32>,
    keys: Vec<Key>,
    /// Whether keys have no more than one part, so that its number is the slot.
    simple: bool,
    /// One list a measure, with a sum a slot: a measure is added up at a time.
    sums: [Vec<i64>; Measures::COUNT],
}

impl Groups {
    /// For keys of so many parts.
    pub fn new(parts: usize) -> Self {
        Groups {
            slots: HashMap::new(),
            keys: vec![Key::default()],
            simple: parts <= 1,
            sums: Default::default(),
        }
    }

    /// The slot of a key, made where it is new.
    ///
    /// # Errors
    /// `Invalid` where the question has too many groups.
    pub fn slot(&mut self, key: Key) -> Result<u32> {
        if self.simple {
            let slot = key[0] + DROPPED + 1;
            return self.make_up_to(slot).map(|()| slot);
        }
        let packed = key
            .iter()
            .fold(0, |packed, &part| packed << 32 | u128::from(part));
        if let Some(&slot) = self.slots.get(&packed) {
            return Ok(slot);
        }
        let slot = self.keys.len() as u32;
        self.push(key)?;
        self.slots.insert(packed, slot);
        Ok(slot)
    }

    fn make_up_to(&mut self, slot: u32) -> Result<()> {
        while self.keys.len() <= slot as usize {
            let mut key = Key::default();
            key[0] = self.keys.len() as u32 - DROPPED - 1;
            self.push(key)?;
        }
        Ok(())
    }

    fn push(&mut self, key: Key) -> Result<()> {
        if self.keys.len() > GROUPS_MAX {
            return Err(too_many_rows());
        }
        self.keys.push(key);
        Ok(())
    }

    /// Adds one measure of each row to the group of the row. Sums wrap rather than
    /// stop at a bound: rows add up to totals whatever a segment holds.
    pub fn add(&mut self, measure: usize, slots: &Slots, counts: &Counts) {
        if counts.is_zero() {
            return;
        }
        let sums = &mut self.sums[measure];
        sums.resize(self.keys.len(), 0);
        match slots {
            Slots::One(slot) => {
                let sum = &mut sums[*slot as usize];
                counts.for_each(|_, count| *sum = sum.wrapping_add(count));
            }
            Slots::Each(slots) => counts.for_each(|row, count| {
                let sum = &mut sums[slots[row] as usize];
                *sum = sum.wrapping_add(count);
            }),
        }
    }

    /// Adds all measures to one group.
    pub fn add_to(&mut self, slot: u32, measures: &Measures) {
        let size = self.keys.len();
        for (sums, count) in self.sums.iter_mut().zip(measures.to_array()) {
            if count != 0 {
                sums.resize(size, 0);
                let sum = &mut sums[slot as usize];
                *sum = sum.wrapping_add(count);
            }
        }
    }

    /// Keys that count anything, with what they count.
    pub fn counting(&self) -> impl Iterator<Item = (Key, Measures)> {
        let slots = self.keys.iter().enumerate().skip(DROPPED as usize + 1);
        slots
            .map(|(slot, &key)| (key, self.measures(slot)))
            .filter(|(_, measures)| !measures.is_zero())
    }

    fn measures(&self, slot: usize) -> Measures {
        let sums = self.sums.each_ref();
        Measures::from_array(sums.map(|sums| sums.get(slot).copied().unwrap_or(0)))
    }
}

/// The group of each row of a segment.
pub enum Slots {
    /// All rows belong to one.
    One(u32),
    Each(Vec<u32>),
}

pub fn too_many_rows() -> Error {
    Error::invalid(
        "The answer has more than 100000 rows. Ask for a shorter period, fewer dimensions or a filter.",
    )
}
