//! A column: its distinct values once, and a code a row. What the values mean
//! is the business of `tally` and `trail`.

use std::hash::Hash;

use crate::error::Result;
use crate::segment::codes::Codes;
use crate::segment::pack::{Reader, Unpacker, damaged, unzigzag, write_varint, zigzag};

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
        let mut reader = Reader::new(bytes);
        let count = reader.count(rows)?;
        let values = V::read(&mut reader, count)?;
        let codes = Codes::read(&mut reader, rows, count)?;
        reader.finish()?;
        Ok(Column { codes, values })
    }
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
