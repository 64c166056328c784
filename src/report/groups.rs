//! The groups of a report while it is being added up: numbered values, keys made
//! of their numbers, and sums by key.

use std::hash::BuildHasher;
use std::ops::Range;

use foldhash::fast::RandomState;
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
    /// The last text met of those that hash the same.
    texts: HashMap<u64, u32>,
    hasher: RandomState,
    met: Vec<Met>,
    /// All texts, end to end.
    all: String,
}

#[derive(Debug)]
enum Met {
    Number(u64),
    Text {
        at: Range<usize>,
        /// Another that hashes the same; 0 where there is none.
        before: u32,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'a> {
    Number(u64),
    Text(&'a str),
}

impl Values {
    pub fn number(&mut self, number: u64) -> u32 {
        *self.numbers.entry(number).or_insert_with(|| {
            self.met.push(Met::Number(number));
            self.met.len() as u32
        })
    }

    pub fn text(&mut self, text: &str) -> u32 {
        self.text_of_hash(self.hasher.hash_one(text), text)
    }

    fn text_of_hash(&mut self, hash: u64, text: &str) -> u32 {
        let next = self.met.len() as u32 + 1;
        let last = self.texts.entry(hash).or_insert(0);
        let before = *last;
        let mut number = before;
        while let Some(Met::Text { at, before }) = self.met.get((number as usize).wrapping_sub(1)) {
            if self.all[at.clone()] == *text {
                return number;
            }
            number = *before;
        }
        *last = next;
        let start = self.all.len();
        self.all.push_str(text);
        let at = start..self.all.len();
        self.met.push(Met::Text { at, before });
        next
    }

    /// Makes room ahead for so many texts, where there is none yet.
    pub fn make_room(&mut self, texts: usize) {
        if self.met.is_empty() {
            self.met.reserve(texts);
            self.texts.reserve(texts);
        }
    }

    /// The number of a value that another list has.
    pub fn of(&mut self, value: Value) -> u32 {
        match value {
            Value::Number(number) => self.number(number),
            Value::Text(text) => self.text(text),
        }
    }

    /// How many values there are; the last one has this number.
    pub fn count(&self) -> usize {
        self.met.len()
    }

    /// The value with this number; none for 0.
    pub fn get(&self, number: u32) -> Option<Value<'_>> {
        let met = self.met.get((number as usize).checked_sub(1)?)?;
        Some(match met {
            Met::Number(number) => Value::Number(*number),
            Met::Text { at, .. } => Value::Text(&self.all[at.clone()]),
        })
    }
}

/// What each slot counts.
#[derive(Debug, Clone, Default)]
pub struct Sums {
    /// One list a measure, with a sum a slot: a measure is added up at a time. What lies
    /// beyond the end of a list is nought.
    of_measure: [Vec<i64>; Measures::COUNT],
}

impl Sums {
    pub fn of(&self, slot: u32) -> Measures {
        let sums = self.of_measure.each_ref();
        Measures::from_array(sums.map(|sums| sums.get(slot as usize).copied().unwrap_or(0)))
    }

    /// Adds all measures to one of so many slots.
    pub fn add(&mut self, slot: u32, slots: usize, measures: &Measures) {
        for (sums, count) in self.of_measure.iter_mut().zip(measures.to_array()) {
            if count != 0 {
                sums.resize(slots, 0);
                let sum = &mut sums[slot as usize];
                *sum = sum.wrapping_add(count);
            }
        }
    }

    /// What was asked for counts together.
    pub fn totals(&self) -> Measures {
        Measures::from_array(self.of_measure.each_ref().map(|sums| {
            let asked_for = sums.iter().skip(DROPPED as usize + 1);
            asked_for.fold(0i64, |total, &count| total.wrapping_add(count))
        }))
    }
}

/// Sums by key.
#[derive(Debug)]
pub struct Groups {
    slots: HashMap<u128, u32>,
    keys: Vec<Key>,
    /// Whether keys have no more than one part, so that its number is the slot.
    simple: bool,
    pub sums: Sums,
}

impl Groups {
    /// For keys of so many parts.
    pub fn new(parts: usize) -> Self {
        Groups {
            slots: HashMap::new(),
            keys: vec![Key::default()],
            simple: parts <= 1,
            sums: Sums::default(),
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
        let sums = &mut self.sums.of_measure[measure];
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
        self.sums.add(slot, self.keys.len(), measures);
    }

    pub fn key(&self, slot: u32) -> &Key {
        &self.keys[slot as usize]
    }

    /// The slots of what counts anything.
    pub fn counting(&self) -> Vec<u32> {
        let mut counts = vec![false; self.keys.len()];
        for sums in &self.sums.of_measure {
            let slots = counts.iter_mut().zip(sums);
            slots.for_each(|(counts, &sum)| *counts |= sum != 0);
        }
        let slots = (0u32..).zip(counts).skip(DROPPED as usize + 1);
        slots
            .filter_map(|(slot, counts)| counts.then_some(slot))
            .collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_numbered_as_they_are_met_even_where_they_hash_the_same() {
        let mut values = Values::default();
        values.make_room(2);
        let texts = ["a", "ab", "", "b"];
        for _ in 0..2 {
            let numbers = texts.map(|text| values.text_of_hash(7, text));
            assert_eq!(numbers, [1, 2, 3, 4]);
        }
        assert_eq!(values.number(9), 5);
        assert_eq!(values.text_of_hash(8, "c"), 6);
        assert_eq!(values.count(), 6);
        for (number, text) in (1..).zip(texts) {
            assert_eq!(values.get(number), Some(Value::Text(text)));
        }
        assert_eq!(values.get(5), Some(Value::Number(9)));
        assert_eq!((values.get(0), values.get(7)), (None, None));
    }
}
