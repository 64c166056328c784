//! A column: its distinct values once, and a code a row. What the values mean
//! is the business of `tally` and `trail`.

use std::hash::Hash;

use foldhash::{HashMap, HashMapExt};

use crate::error::Result;
use crate::segment::codes::Codes;
use crate::segment::pack::{Packer, Reader, Unpacker, damaged, unzigzag, write_varint, zigzag};

/// Values of one kind, in the order that codes count them: code 1 is the first.
pub trait Values: Default {
    type Item<'a>: Copy + Eq + Ord + Hash;
    /// Whether no compression makes different values smaller.
    const ARE_RANDOM: bool = false;

    fn write(out: &mut Vec<u8>, values: &[Self::Item<'_>]);
    fn read(reader: &mut Reader, count: usize) -> Result<Self>;
    fn count(&self) -> usize;
    fn get(&self, index: usize) -> Self::Item<'_>;
}

/// A column opened. Code 0 is the default: zero, or none.
#[derive(Debug)]
pub struct Column<V> {
    pub codes: Codes,
    pub values: V,
}

impl<V: Values> Column<V> {
    /// The value of a row; none where it is the default.
    pub fn get(&self, row: usize) -> Option<V::Item<'_>> {
        self.value(self.codes.get(row))
    }

    pub fn value(&self, code: u32) -> Option<V::Item<'_>> {
        let index = code.checked_sub(1)? as usize;
        (index < self.values.count()).then(|| self.values.get(index))
    }

    /// Opens a column; none stands for one left out, in which all is default.
    pub(super) fn read(
        unpacker: &mut Unpacker,
        packed: Option<&[u8]>,
        rows: usize,
    ) -> Result<Self> {
        let Some(packed) = packed else {
            return Ok(Column {
                codes: Codes::Same(0),
                values: V::default(),
            });
        };
        let bytes = unpacker.unpack(packed)?;
        let mut reader = Reader::new(&bytes);
        let count = reader.count(rows)?;
        let values = V::read(&mut reader, count)?;
        let codes = Codes::read(&mut reader, rows, count)?;
        reader.finish()?;
        Ok(Column { codes, values })
    }
}

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
    let mut writer = ColumnWriter::<V>::default();
    let mut count = 0;
    for value in rows {
        if let Some(value) = value {
            writer.push(count, value);
        }
        count += 1;
    }
    writer.finish(packer, count, None, layout)
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
/// cost nothing; a value that repeats costs a comparison.
pub(super) struct ColumnWriter<'a, V: Values> {
    seen: HashMap<V::Item<'a>, u32>,
    /// In the order of their first rows: code 1 is the first.
    distinct: Vec<V::Item<'a>>,
    /// Up to the last row that has a value.
    codes: Vec<u32>,
    /// Rows that have a value.
    valued: usize,
    before: Option<(V::Item<'a>, u32)>,
}

impl<V: Values> Default for ColumnWriter<'_, V> {
    fn default() -> Self {
        ColumnWriter {
            seen: HashMap::new(),
            distinct: Vec::new(),
            codes: Vec::new(),
            valued: 0,
            before: None,
        }
    }
}

impl<'a, V: Values> ColumnWriter<'a, V> {
    /// Sets the value of a row behind all that have one; else does nothing.
    pub fn push(&mut self, row: usize, value: V::Item<'a>) {
        if self.codes.len() > row {
            return;
        }
        let code = match self.before {
            Some((before, code)) if before == value => code,
            _ => self.code(value),
        };
        if self.codes.len() < row {
            self.codes.resize(row, 0);
        }
        self.codes.push(code);
        self.valued += 1;
    }

    fn code(&mut self, value: V::Item<'a>) -> u32 {
        let next = self.distinct.len() as u32 + 1;
        let code = *self.seen.entry(value).or_insert(next);
        if code == next {
            self.distinct.push(value);
        }
        self.before = Some((value, code));
        code
    }

    /// Encodes so many rows, in this order of their numbers or as they came; none
    /// where every row has the default.
    pub fn finish(
        self,
        packer: &mut Packer,
        rows: usize,
        order: Option<&[u32]>,
        layout: Layout,
    ) -> Result<Option<Vec<u8>>> {
        if self.valued == 0 {
            return Ok(None);
        }
        let mut codes = self.codes;
        codes.resize(rows, 0);
        if let Some(order) = order {
            codes = order.iter().map(|&row| codes[row as usize]).collect();
        }
        let mut out = Vec::new();
        if layout == Layout::OwnIfRare && self.distinct.len() * 4 > self.valued * 3 {
            let values = codes.iter().filter(|&&code| code != 0);
            let values: Vec<V::Item<'a>> = values
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

/// The distinct values in order, with the codes changed to match.
fn sort_values<T: Ord + Copy>(distinct: Vec<T>, codes: &mut [u32]) -> Vec<T> {
    let mut values: Vec<(T, u32)> = distinct.into_iter().zip(1..).collect();
    values.sort_unstable();
    let mut renamed = vec![0; values.len() + 1];
    for (index, &(_, old)) in values.iter().enumerate() {
        renamed[old as usize] = index as u32 + 1;
    }
    for code in codes {
        *code = renamed[*code as usize];
    }
    values.into_iter().map(|(value, _)| value).collect()
}

/// Whole numbers; 0 is the default and never among them.
pub type Numbers = Vec<u64>;

impl Values for Numbers {
    type Item<'a> = u64;

    fn write(out: &mut Vec<u8>, values: &[u64]) {
        let mut before = 0u64;
        for &value in values {
            write_varint(out, zigzag(value.wrapping_sub(before) as i64));
            before = value;
        }
    }

    fn read(reader: &mut Reader, count: usize) -> Result<Self> {
        let mut before = 0u64;
        (0..count)
            .map(|_| {
                before = before.wrapping_add(unzigzag(reader.varint()?) as u64);
                Ok(before)
            })
            .collect()
    }

    fn count(&self) -> usize {
        self.len()
    }

    fn get(&self, index: usize) -> u64 {
        self[index]
    }
}

/// Random ids of 128 bits.
pub type Ids = Vec<[u8; 16]>;

impl Values for Ids {
    type Item<'a> = [u8; 16];
    const ARE_RANDOM: bool = true;

    fn write(out: &mut Vec<u8>, values: &[[u8; 16]]) {
        out.extend(values.iter().flatten());
    }

    fn read(reader: &mut Reader, count: usize) -> Result<Self> {
        let bytes = reader.take(count.checked_mul(16).ok_or_else(damaged)?)?;
        Ok(bytes.as_chunks().0.to_vec())
    }

    fn count(&self) -> usize {
        self.len()
    }

    fn get(&self, index: usize) -> [u8; 16] {
        self[index]
    }
}

/// Texts, end to end.
#[derive(Debug, Default)]
pub struct Texts {
    all: String,
    /// Where each text ends.
    ends: Vec<usize>,
}

impl Values for Texts {
    type Item<'a> = &'a str;

    fn write(out: &mut Vec<u8>, values: &[&str]) {
        for value in values {
            write_varint(out, value.len() as u64);
        }
        for value in values {
            out.extend_from_slice(value.as_bytes());
        }
    }

    fn read(reader: &mut Reader, count: usize) -> Result<Self> {
        let mut end = 0;
        let mut ends = Vec::with_capacity(count);
        for _ in 0..count {
            end += reader.count(reader.remaining())?;
            ends.push(end);
        }
        let all = String::from_utf8(reader.take(end)?.to_vec()).map_err(|_| damaged())?;
        if ends.iter().all(|&end| all.is_char_boundary(end)) {
            Ok(Texts { all, ends })
        } else {
            Err(damaged())
        }
    }

    fn count(&self) -> usize {
        self.ends.len()
    }

    fn get(&self, index: usize) -> &str {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.all[start..self.ends[index]]
    }
}
