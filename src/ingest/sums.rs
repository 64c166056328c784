//! What conversions are counted under, by quarter of an hour and dimensions: equal ones
//! are one line. Never in here: a day, or what is counted.

use foldhash::HashMap;

use crate::model::tally::{Dimensions, Measures};

/// Under what something is counted.
type Under = (u8, Dimensions);

/// Lines of one UTC day.
#[derive(Default)]
pub struct Sums(HashMap<Under, Measures>);

impl Sums {
    pub fn add(&mut self, quarter: u8, dimensions: Dimensions, measures: &Measures) {
        self.0
            .entry((quarter, dimensions))
            .or_default()
            .add(measures);
    }

    pub fn lines(&self) -> impl Iterator<Item = (&Under, &Measures)> {
        self.0.iter()
    }
}
