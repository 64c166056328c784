//! Which rows of a tally are one line, and what each line counts. It knows columns of
//! codes alone, not what they stand for.

use crate::model::tally::Measures;
use crate::segment::codes::Codes;
use crate::segment::tally_writer::Count;

/// Lines in the order of their codes.
pub(super) struct Lines {
    /// A row of each line; it has the codes of all of them.
    pub rows: Vec<u32>,
    /// The line of each row.
    pub of_row: Vec<u32>,
}

/// What lines count, a column a measure in which one of them does.
pub(super) struct Sums {
    lines: usize,
    columns: Vec<Option<Vec<i64>>>,
}

impl Lines {
    /// Lines of so many rows that have these codes, each up to a largest one.
    pub fn of<'a>(columns: impl Iterator<Item = (&'a Codes, usize)>, rows: usize) -> Lines {
        let keys = Keys::of(columns, rows);
        let first = |row: u32| keys.of_row(row).first().copied().unwrap_or(0);
        let mut order: Vec<(u64, u32)> = (0..rows as u32).map(|row| (first(row), row)).collect();
        match keys.words {
            0 | 1 => order.sort_unstable(),
            _ => order.sort_unstable_by(|a, b| {
                let rest = || keys.of_row(a.1).cmp(keys.of_row(b.1));
                a.0.cmp(&b.0).then_with(rest).then(a.1.cmp(&b.1))
            }),
        }
        let mut lines = Lines {
            rows: Vec::new(),
            of_row: vec![0; rows],
        };
        let mut before: Option<&[u64]> = None;
        for (_, row) in order {
            let key = keys.of_row(row);
            if before != Some(key) {
                lines.rows.push(row);
                before = Some(key);
            }
            if let Some(line) = lines.of_row.get_mut(row as usize) {
                *line = lines.rows.len() as u32 - 1;
            }
        }
        lines
    }
}

/// The codes of each row side by side, those that come first in the highest bits.
struct Keys {
    words: usize,
    all: Vec<u64>,
}

impl Keys {
    fn of<'a>(columns: impl Iterator<Item = (&'a Codes, usize)>, rows: usize) -> Keys {
        let (mut placed, mut word, mut free) = (Vec::new(), 0, u64::BITS);
        for (codes, largest) in columns {
            if matches!(codes, Codes::Same(_)) {
                continue;
            }
            let bits = u32::BITS - (largest as u32).leading_zeros();
            if bits > free {
                (word, free) = (word + 1, u64::BITS);
            }
            free -= bits;
            placed.push((codes, word, free));
        }
        let words = word + 1;
        let mut all = vec![0; words * rows];
        for (codes, word, shift) in placed {
            let mut place = word;
            codes.for_each(rows, |code| {
                if let Some(key) = all.get_mut(place) {
                    *key |= u64::from(code) << shift;
                }
                place += words;
            });
        }
        Keys { words, all }
    }

    fn of_row(&self, row: u32) -> &[u64] {
        let from = row as usize * self.words;
        self.all.get(from..from + self.words).unwrap_or_default()
    }
}

impl Sums {
    /// Adds up what rows count, a line each.
    pub fn of(counts: &[Count], lines: &Lines) -> Sums {
        let mut columns: Vec<Option<Vec<i64>>> = vec![None; Measures::COUNT];
        for count in counts {
            let column = columns.get_mut(count.measure as usize);
            let line = lines.of_row.get(count.row as usize);
            if let (Some(column), Some(&line)) = (column, line) {
                let sums = column.get_or_insert_with(|| vec![0; lines.rows.len()]);
                let sum = &mut sums[line as usize];
                *sum = sum.saturating_add(count.count);
            }
        }
        Sums {
            lines: lines.rows.len(),
            columns,
        }
    }

    /// What a line counts.
    pub fn of_line(&self, line: usize) -> Measures {
        let sum = |column: &Option<Vec<i64>>| column.as_ref().map_or(0, |sums| sums[line]);
        Measures::from_array(std::array::from_fn(|measure| sum(&self.columns[measure])))
    }

    /// The lines that count something.
    pub fn counting(&self) -> Vec<usize> {
        let mut counts = vec![false; self.lines];
        for sums in self.columns.iter().flatten() {
            for (counts, &sum) in counts.iter_mut().zip(sums) {
                *counts |= sum != 0;
            }
        }
        (0..self.lines).filter(|&line| counts[line]).collect()
    }

    /// What these lines count in one measure.
    pub fn column(&self, measure: usize, lines: &[usize]) -> Vec<i64> {
        match &self.columns[measure] {
            Some(sums) => lines.iter().map(|&line| sums[line]).collect(),
            None => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(columns: &[(&[u32], usize)], rows: usize) -> Lines {
        let codes: Vec<(Codes, usize)> = columns
            .iter()
            .map(|&(codes, largest)| (Codes::Words(codes.to_vec()), largest))
            .collect();
        Lines::of(codes.iter().map(|(codes, largest)| (codes, *largest)), rows)
    }

    #[test]
    fn rows_alike_in_all_columns_are_one_line_in_the_order_of_their_codes() {
        let found = lines(&[(&[2, 1, 2, 0], 2), (&[1, 300, 1, 7], 300)], 4);
        assert_eq!(found.rows, [3, 1, 0]);
        assert_eq!(found.of_row, [2, 1, 2, 0]);
    }

    /// More codes than one word takes.
    #[test]
    fn what_only_the_last_of_many_columns_tells_apart_is_told_apart() {
        let large = u32::MAX as usize;
        let alike: &[u32] = &[u32::MAX, u32::MAX, u32::MAX];
        let last: &[u32] = &[5, 4, 5];
        let columns = [(alike, large), (alike, large), (alike, large), (last, 5)];
        let found = lines(&columns, 3);
        assert_eq!((found.rows, found.of_row), (vec![1, 0], vec![1, 0, 1]));
        let first: Vec<_> = [columns[3], columns[0], columns[1]].into();
        assert_eq!(lines(&first, 3).rows, [1, 0]);
    }

    #[test]
    fn rows_without_any_code_are_one_line_and_no_rows_are_none() {
        assert_eq!(lines(&[], 3).rows, [0]);
        assert!(lines(&[], 0).rows.is_empty());
    }
}
