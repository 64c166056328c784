//! A column on its way: filled row after row, and laid out in the end. How its values
//! are written is theirs.

use std::hash::Hash;

use foldhash::{HashMap, HashMapExt};

use crate::error::Result;
use crate::segment::codes::Codes;
use crate::segment::column::{Column, Ids, Values};
use crate::segment::pack::{Packer, write_varint};

/// How a column is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Each distinct value once.
    Distinct,
    /// Values in the order of rows where most are distinct anyway.
    OwnIfRare,
}

/// Encodes a column; none where every row has the default.
pub(super) fn write_column<'a, V: Values>(
    packer: &mut Packer,
    rows: impl Iterator<Item = Option<V::Item<'a>>>,
    layout: Layout,
) -> Result<Option<Vec<u8>>> {
    let mut writer = ColumnWriter::new::<V>(layout);
    let mut count = 0;
    for value in rows {
        if let Some(value) = value {
            writer.push(count, value);
        }
        count += 1;
    }
    writer.finish::<V>(packer, count, None)
}

/// Encodes a column of random ids, each row one of its own: what [`write_column`] makes
/// of them, without looking which are alike. None where there is no row.
pub(super) fn write_own_ids(ids: &[[u8; 16]]) -> Option<Vec<u8>> {
    if ids.is_empty() {
        return None;
    }
    let mut out = Vec::with_capacity(17 * ids.len() + 16);
    write_varint(&mut out, ids.len() as u64);
    Ids::write(&mut out, ids);
    Codes::write_all_own(&mut out, ids.len());
    Some(Packer::keep(&out))
}

/// A column that is filled row after row. Rows with the default are passed over and
/// cost nothing; a value that repeats costs a comparison, and as long as every row has
/// the same, no code is kept.
pub(super) struct ColumnWriter<T> {
    layout: Layout,
    seen: HashMap<T, u32>,
    /// In the order of their first rows: code 1 is the first.
    distinct: Vec<T>,
    /// Up to the last row that has a value; empty while that is the first in each row.
    codes: Vec<u32>,
    /// Rows up to the last one that has a value.
    rows: usize,
    /// Rows that have a value.
    valued: usize,
    before: Option<(T, u32)>,
    are_random: bool,
}

/// A column whose codes count its values in their order.
pub(super) struct Ranked<T> {
    pub values: Vec<T>,
    pub codes: Codes,
}

/// Random ids of which most are different are not compared with all the others any
/// more once so many came.
const RANDOM_FROM: usize = 4_096;

impl<T: Copy + Eq + Ord + Hash> ColumnWriter<T> {
    pub fn new<'a, V: Values<Item<'a> = T>>(layout: Layout) -> Self {
        ColumnWriter {
            layout,
            seen: HashMap::new(),
            distinct: Vec::new(),
            codes: Vec::new(),
            rows: 0,
            valued: 0,
            before: None,
            are_random: V::ARE_RANDOM,
        }
    }

    /// Sets the value of a row behind all that have one; else does nothing.
    pub fn push(&mut self, row: usize, value: T) {
        if self.rows > row {
            return;
        }
        let code = self.code(value);
        self.put(row, code);
    }

    /// Adds the rows of an opened column behind so many that are there. Each of its values
    /// is looked for once, however often it stands there.
    pub fn extend<'a, V: Values<Item<'a> = T>>(
        &mut self,
        first: usize,
        rows: usize,
        column: &'a Column<V>,
    ) {
        let mut known = vec![0; column.values.count() + 1];
        let mut row = first;
        column.codes.for_each(rows, |code| {
            if let (Some(value), Some(known)) = (column.value(code), known.get_mut(code as usize)) {
                if *known == 0 {
                    *known = self.code(value);
                }
                self.put(row, *known);
            }
            row += 1;
        });
    }

    /// Sets the code of a row behind all that have one.
    fn put(&mut self, row: usize, code: u32) {
        let is_same = code == 1 && self.codes.is_empty() && self.rows == row;
        if !is_same {
            self.codes_of_all();
            self.codes.resize(row, 0);
            self.codes.push(code);
        }
        self.rows = row + 1;
        self.valued += 1;
    }

    /// The code of a value, a new one where it comes for the first time.
    pub fn code(&mut self, value: T) -> u32 {
        if let Some((before, code)) = self.before
            && before == value
        {
            return code;
        }
        let next = self.distinct.len() as u32 + 1;
        let code = match self.is_all_different() {
            true => next,
            false => *self.seen.entry(value).or_insert(next),
        };
        if code == next {
            self.distinct.push(value);
        }
        self.before = Some((value, code));
        code
    }

    /// Its values, in the order of their codes.
    pub fn values(&self) -> &[T] {
        &self.distinct
    }

    /// Calls `each` with the code of every row that has a value, and with the row.
    pub fn change_codes(&mut self, mut each: impl FnMut(usize, u32) -> u32) {
        self.codes_of_all();
        let codes = self.codes.iter_mut().enumerate();
        let valued = codes.filter(|(_, code)| **code != 0);
        valued.for_each(|(row, code)| *code = each(row, *code));
    }

    /// The code of a row; 0 where it has no value.
    pub fn code_of(&self, row: usize) -> u32 {
        match self.codes.is_empty() {
            true => u32::from(row < self.rows),
            false => self.codes.get(row).copied().unwrap_or(0),
        }
    }

    /// The codes of so many rows, and the largest of them.
    pub fn codes(&self, rows: usize) -> (Codes, usize) {
        let codes = match self.codes.is_empty() && (self.valued == 0 || self.valued == rows) {
            true => Codes::Same(u32::from(self.valued > 0)),
            false => Codes::Words((0..rows).map(|row| self.code_of(row)).collect()),
        };
        (codes, self.distinct.len())
    }

    /// Whether so many of the values are different that each gets a place of its own
    /// in the end, and looking for its like is in vain.
    fn is_all_different(&self) -> bool {
        self.are_random
            && self.layout == Layout::OwnIfRare
            && self.valued >= RANDOM_FROM
            && self.distinct.len() * 32 >= self.valued * 31
    }

    /// Writes the codes down that were not, because all are the same.
    fn codes_of_all(&mut self) {
        if self.codes.is_empty() {
            self.codes.resize(self.rows, 1);
        }
    }

    /// The column of so many rows, its values in their order.
    pub fn ranked(mut self, rows: usize) -> Ranked<T> {
        if self.codes.is_empty() && (self.valued == 0 || self.valued == rows) {
            return Ranked {
                codes: Codes::Same(u32::from(self.valued > 0)),
                values: self.distinct,
            };
        }
        self.codes_of_all();
        self.codes.resize(rows, 0);
        let values = sort_values(self.distinct, &mut self.codes);
        Ranked {
            values,
            codes: Codes::Words(self.codes),
        }
    }

    /// Encodes so many rows, in this order of their numbers or as they came; none
    /// where every row has the default.
    pub fn finish<'a, V: Values<Item<'a> = T>>(
        mut self,
        packer: &mut Packer,
        rows: usize,
        order: Option<&[u32]>,
    ) -> Result<Option<Vec<u8>>> {
        if self.valued == 0 {
            return Ok(None);
        }
        let mut out = Vec::new();
        if self.codes.is_empty() && self.valued == rows && rows > 1 {
            write_varint(&mut out, 1);
            V::write(&mut out, &self.distinct);
            Codes::write_same(&mut out);
            return packer.pack(&out).map(Some);
        }
        self.codes_of_all();
        let mut codes = self.codes;
        codes.resize(rows, 0);
        if let Some(order) = order {
            codes = order.iter().map(|&row| codes[row as usize]).collect();
        }
        if self.layout == Layout::OwnIfRare && self.distinct.len() * 4 > self.valued * 3 {
            let values = codes.iter().filter(|&&code| code != 0);
            let values: Vec<T> = values
                .map(|&code| self.distinct[code as usize - 1])
                .collect();
            write_varint(&mut out, values.len() as u64);
            V::write(&mut out, &values);
            Codes::write_own(&mut out, &codes);
            if V::ARE_RANDOM {
                return Ok(Some(Packer::keep(&out)));
            }
        } else {
            let values = sort_values(self.distinct, &mut codes);
            write_varint(&mut out, values.len() as u64);
            V::write(&mut out, &values);
            Codes::write(&mut out, &codes, values.len() as u32);
        }
        packer.pack(&out).map(Some)
    }
}

impl<T: Copy> Ranked<T> {
    /// Encodes these rows in this order, without the values that none of them has; none
    /// where all have the default.
    pub fn write<'a, V: Values<Item<'a> = T>>(
        &self,
        packer: &mut Packer,
        rows: &[u32],
    ) -> Result<Option<Vec<u8>>> {
        let codes = rows.iter().map(|&row| self.codes.get(row as usize));
        let mut codes: Vec<u32> = codes.collect();
        let mut renamed = vec![0; self.values.len() + 1];
        codes.iter().for_each(|&code| renamed[code as usize] = 1);
        renamed[0] = 0;
        let mut count = 0;
        let mut values = Vec::with_capacity(self.values.len());
        for (renamed, &value) in renamed[1..].iter_mut().zip(&self.values) {
            if *renamed != 0 {
                count += 1;
                *renamed = count;
                values.push(value);
            }
        }
        if count == 0 {
            return Ok(None);
        }
        codes
            .iter_mut()
            .for_each(|code| *code = renamed[*code as usize]);
        let mut out = Vec::new();
        write_varint(&mut out, u64::from(count));
        V::write(&mut out, &values);
        Codes::write(&mut out, &codes, count);
        packer.pack(&out).map(Some)
    }
}

/// The distinct values in order, with the codes changed to match.
fn sort_values<T: Ord + Copy>(distinct: Vec<T>, codes: &mut [u32]) -> Vec<T> {
    let mut sorted: Vec<(T, u32)> = distinct.into_iter().zip(1..).collect();
    sorted.sort_unstable();
    let mut renamed = vec![0; sorted.len() + 1];
    let mut values: Vec<T> = Vec::with_capacity(sorted.len());
    for (value, old) in sorted {
        // One that was not looked for may stand here twice.
        if values.last() != Some(&value) {
            values.push(value);
        }
        renamed[old as usize] = values.len() as u32;
    }
    for code in codes {
        *code = renamed[*code as usize];
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segment::column::Numbers;
    use crate::segment::pack::Unpacker;

    /// What stands in each row of a column that was given these values.
    fn read_back<V: Values>(rows: &[Option<V::Item<'static>>], order: Option<&[u32]>) -> Column<V> {
        let mut writer = ColumnWriter::new::<V>(Layout::OwnIfRare);
        for (row, value) in rows.iter().enumerate() {
            value.iter().for_each(|&value| writer.push(row, value));
        }
        let mut packer = Packer::quick().unwrap();
        let packed = writer.finish::<V>(&mut packer, rows.len(), order).unwrap();
        let mut unpacker = Unpacker::new().unwrap();
        Column::read(&mut unpacker, packed.as_deref(), rows.len()).unwrap()
    }

    fn numbers(rows: &[u64], order: Option<&[u32]>) -> Vec<u64> {
        let given: Vec<Option<u64>> = rows.iter().map(|&n| Some(n).filter(|n| *n > 0)).collect();
        let column = read_back::<Numbers>(&given, order);
        (0..rows.len())
            .map(|row| column.get(row).unwrap_or(0))
            .collect()
    }

    #[test]
    fn a_value_in_every_row_is_kept_as_one() {
        assert_eq!(numbers(&[7, 7, 7], Some(&[2, 0, 1])), [7, 7, 7]);
        let column = read_back::<Numbers>(&[Some(7), Some(7)], None);
        assert_eq!(column.codes, Codes::Same(1));
    }

    #[test]
    fn a_column_that_begins_alike_and_goes_on_otherwise_reads_back() {
        for rows in [
            &[7, 7, 0][..],
            &[7, 7, 0, 7],
            &[7, 7, 9, 7],
            &[0, 7, 7],
            &[7, 0, 0, 9],
        ] {
            assert_eq!(numbers(rows, None), rows);
            let last_first: Vec<u32> = (0..rows.len() as u32).rev().collect();
            let turned: Vec<u64> = rows.iter().copied().rev().collect();
            assert_eq!(numbers(rows, Some(&last_first)), turned);
        }
    }

    /// Random ids: so many different ones, then two of them again and again.
    #[test]
    fn ids_that_were_not_looked_for_are_one_value_each_all_the_same() {
        let id = |n: usize| {
            (n as u128)
                .wrapping_mul(0x9e37_79b9_7f4a_7c15)
                .to_le_bytes()
        };
        for (different, again) in [(3 * RANDOM_FROM, 10), (2 * RANDOM_FROM, 8 * RANDOM_FROM)] {
            let mut rows: Vec<Option<[u8; 16]>> = (0..different).map(|n| Some(id(n))).collect();
            rows.extend((0..again).map(|n| Some(id(RANDOM_FROM + 1 + n / 100 % 2))));
            let column = read_back::<Ids>(&rows, None);
            let read: Vec<_> = (0..rows.len()).map(|row| column.get(row)).collect();
            assert_eq!(read, rows);
            if again > different {
                assert_eq!(column.values.len(), different);
            }
        }
    }
}
