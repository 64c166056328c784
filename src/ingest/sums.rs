//! What was counted, by quarter of an hour and dimensions: equal ones are one line.
//! Never in here: a day, or what is counted.

use std::hash::Hash;

use foldhash::HashMap;

use crate::model::tally::{Dimensions, Measures};

/// Under what something is counted.
type Under<T> = (u8, Dimensions<T>);

/// Lines of one UTC day.
pub struct Sums<T> {
    lines: Vec<(Under<T>, Measures)>,
    places: HashMap<Under<T>, usize>,
    /// The line that was added to last.
    before: usize,
}

impl<T> Default for Sums<T> {
    fn default() -> Self {
        Sums {
            lines: Vec::new(),
            places: HashMap::default(),
            before: 0,
        }
    }
}

impl<T: Clone + Eq + Hash> Sums<T> {
    pub fn add(&mut self, quarter: u8, dimensions: Dimensions<T>, measures: &Measures) {
        let under = (quarter, dimensions);
        // What arrives together is often alike, and to compare costs less than to look up.
        let is_alike = self
            .lines
            .get(self.before)
            .is_some_and(|line| line.0 == under);
        if !is_alike {
            self.before = self.place(under);
        }
        if let Some((_, sum)) = self.lines.get_mut(self.before) {
            sum.add(measures);
        }
    }

    fn place(&mut self, under: Under<T>) -> usize {
        if let Some(&place) = self.places.get(&under) {
            return place;
        }
        self.places.insert(under.clone(), self.lines.len());
        self.lines.push((under, Measures::default()));
        self.lines.len() - 1
    }

    pub fn into_lines(self) -> impl Iterator<Item = (Under<T>, Measures)> {
        self.lines.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_ones_are_one_line_whether_or_not_they_come_together() {
        let mut sums = Sums::default();
        let measures = Measures {
            views: 1,
            ..Measures::default()
        };
        for (quarter, source) in [(1, "a"), (1, "a"), (1, "b"), (2, "a"), (1, "a")] {
            let dimensions = Dimensions {
                source: Some(source),
                ..Dimensions::default()
            };
            sums.add(quarter, dimensions, &measures);
        }
        let lines = sums
            .into_lines()
            .map(|((quarter, dimensions), sum)| (quarter, dimensions.source, sum.views));
        let lines: Vec<_> = lines.collect();
        assert_eq!(
            lines,
            [(1, Some("a"), 3), (1, Some("b"), 1), (2, Some("a"), 1)]
        );
    }
}
