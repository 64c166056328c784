//! The groups of a report while it is being added up: numbered values, keys made
//! of their numbers, and sums by key.

use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};

use crate::error::{Error, Result};
use crate::model::tally::Measures;
use crate::report::question::GROUP_BY_MAX;

/// Groups at most while adding up; some of them may come to nothing.
const GROUPS_MAX: usize = 200_000;
/// A landing page is told by two parts, its campaign and its index.
pub const PARTS_MAX: usize = GROUP_BY_MAX + 1;
/// Where rows go that are not asked for.
pub const DROPPED: u32 = 0;

/// A number for the value of each part; 0 where there is none.
pub type Key = [u32; PARTS_MAX];
pub type Sums = [i64; Measures::COUNT];

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

    /// The value with this number; none for 0.
    pub fn get(&self, number: u32) -> Option<&Value> {
        self.met.get((number as usize).checked_sub(1)?)
    }
}

/// Sums by key.
#[derive(Debug)]
pub struct Groups {
    slots: HashMap<Key, u32>,
    keys: Vec<Key>,
    sums: Vec<Sums>,
}

impl Groups {
    pub fn new() -> Self {
        Groups {
            slots: HashMap::new(),
            keys: vec![Key::default()],
            sums: vec![Sums::default()],
        }
    }

    /// The slot of a key, made where it is new.
    ///
    /// # Errors
    /// `Invalid` where the question has too many groups.
    pub fn slot(&mut self, key: Key) -> Result<u32> {
        if let Some(&slot) = self.slots.get(&key) {
            return Ok(slot);
        }
        if self.keys.len() > GROUPS_MAX {
            return Err(too_many_rows());
        }
        let slot = self.keys.len() as u32;
        self.slots.insert(key, slot);
        self.keys.push(key);
        self.sums.push(Sums::default());
        Ok(slot)
    }

    pub fn sums_mut(&mut self) -> &mut [Sums] {
        &mut self.sums
    }

    /// Keys that count anything, with what they count.
    pub fn counting(&self) -> impl Iterator<Item = (Key, Measures)> {
        let all = self.keys.iter().zip(&self.sums).skip(DROPPED as usize + 1);
        all.map(|(&key, &sums)| (key, Measures::from_array(sums)))
            .filter(|(_, measures)| !measures.is_zero())
    }
}

pub fn too_many_rows() -> Error {
    Error::invalid(
        "The answer has more than 100000 rows. Ask for a shorter period, fewer dimensions or a filter.",
    )
}
