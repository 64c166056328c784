//! Which value each row has, as numbers into a column's list of values; 0 is
//! the default. Stored as byte planes of the smallest width. No values here.

use crate::error::Result;
use crate::segment::pack::{Reader, damaged};

/// One code a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Codes {
    /// The same for every row.
    Same(u32),
    Bytes(Vec<u8>),
    Shorts(Vec<u16>),
    Words(Vec<u32>),
}

const SAME: u8 = 0;
const BYTES: u8 = 1;
const SHORTS: u8 = 2;
const WORDS: u8 = 3;
/// A bit a row; the n-th row that has a value has the n-th value.
const OWN: u8 = 4;

impl Codes {
    /// The code of a row below the number of rows.
    pub fn get(&self, row: usize) -> u32 {
        match self {
            Codes::Same(code) => *code,
            Codes::Bytes(codes) => u32::from(codes[row]),
            Codes::Shorts(codes) => u32::from(codes[row]),
            Codes::Words(codes) => codes[row],
        }
    }

    /// Calls `each` with the code of every row in order; the match is made once.
    pub fn for_each(&self, rows: usize, mut each: impl FnMut(u32)) {
        match self {
            Codes::Same(code) => (0..rows).for_each(|_| each(*code)),
            Codes::Bytes(codes) => codes.iter().for_each(|&code| each(u32::from(code))),
            Codes::Shorts(codes) => codes.iter().for_each(|&code| each(u32::from(code))),
            Codes::Words(codes) => codes.iter().for_each(|&code| each(code)),
        }
    }

    /// `codes` lie in 0..=`largest`.
    pub(super) fn write(out: &mut Vec<u8>, codes: &[u32], largest: u32) {
        if codes.iter().all(|&code| code == 1) {
            return Codes::write_same(out);
        }
        let (form, planes) = match largest {
            0..=0xff => (BYTES, 1),
            0x100..=0xffff => (SHORTS, 2),
            _ => (WORDS, 4),
        };
        out.push(form);
        write_planes(out, codes.iter().map(|&code| u64::from(code)), planes);
    }

    /// Writes that every row has the first value.
    pub(super) fn write_same(out: &mut Vec<u8>) {
        out.push(SAME);
    }

    /// Writes only whether each row has a value.
    pub(super) fn write_own(out: &mut Vec<u8>, codes: &[u32]) {
        out.push(OWN);
        out.extend(codes.chunks(8).map(|chunk| {
            let bits = chunk.iter().enumerate();
            bits.fold(0u8, |byte, (bit, &code)| byte | u8::from(code != 0) << bit)
        }));
    }

    /// The same of rows that all have one.
    pub(super) fn write_all_own(out: &mut Vec<u8>, rows: usize) {
        out.push(OWN);
        out.resize(out.len() + rows / 8, u8::MAX);
        if !rows.is_multiple_of(8) {
            out.push((1 << (rows % 8)) - 1);
        }
    }

    /// Reads codes that point at the default or one of `values` values.
    pub(super) fn read(reader: &mut Reader, rows: usize, values: usize) -> Result<Codes> {
        let codes = match reader.byte()? {
            SAME => Codes::Same(1),
            BYTES => Codes::Bytes(reader.take(rows)?.to_vec()),
            SHORTS => Codes::Shorts(read_shorts(reader, rows)?),
            WORDS => Codes::Words(
                read_planes(reader, rows, 4)?
                    .map(|value| value as u32)
                    .collect(),
            ),
            OWN => Codes::Words(read_own(reader, rows)?),
            _ => return Err(damaged()),
        };
        if codes.largest() as usize <= values {
            Ok(codes)
        } else {
            Err(damaged())
        }
    }

    fn largest(&self) -> u32 {
        match self {
            Codes::Same(code) => *code,
            Codes::Bytes(codes) => codes.iter().copied().max().unwrap_or(0).into(),
            Codes::Shorts(codes) => codes.iter().copied().max().unwrap_or(0).into(),
            Codes::Words(codes) => codes.iter().copied().max().unwrap_or(0),
        }
    }
}

fn read_shorts(reader: &mut Reader, rows: usize) -> Result<Vec<u16>> {
    let low = reader.take(rows)?;
    let high = reader.take(rows)?;
    let pairs = low.iter().zip(high);
    Ok(pairs
        .map(|(&low, &high)| u16::from_le_bytes([low, high]))
        .collect())
}

fn read_own(reader: &mut Reader, rows: usize) -> Result<Vec<u32>> {
    let bits = reader.take(rows.div_ceil(8))?;
    let mut last = 0;
    Ok((0..rows)
        .map(|row| {
            let present = bits[row / 8] >> (row % 8) & 1;
            last += u32::from(present);
            last * u32::from(present)
        })
        .collect())
}

/// All lowest bytes, then all second bytes and so on: alike beside alike.
pub(super) fn write_planes(
    out: &mut Vec<u8>,
    values: impl Iterator<Item = u64> + Clone,
    planes: usize,
) {
    for plane in 0..planes {
        out.extend(values.clone().map(|value| (value >> (8 * plane)) as u8));
    }
}

pub(super) fn read_planes<'a>(
    reader: &mut Reader<'a>,
    rows: usize,
    planes: usize,
) -> Result<impl Iterator<Item = u64> + use<'a>> {
    let length = rows.checked_mul(planes).ok_or_else(damaged)?;
    let bytes = reader.take(length)?;
    Ok((0..rows).map(move |row| {
        (0..planes).fold(0, |value, plane| {
            value | u64::from(bytes[plane * rows + row]) << (8 * plane)
        })
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_back(codes: &[u32], largest: u32) -> Vec<u32> {
        let mut bytes = Vec::new();
        Codes::write(&mut bytes, codes, largest);
        let mut reader = Reader::new(&bytes);
        let read = Codes::read(&mut reader, codes.len(), largest as usize).unwrap();
        reader.finish().unwrap();
        (0..codes.len()).map(|row| read.get(row)).collect()
    }

    #[test]
    fn codes_of_every_width_read_back() {
        for largest in [1, 2, 255, 256, 65_535, 65_536, 1_000_000] {
            let codes = [1, 0, largest, largest / 2];
            assert_eq!(read_back(&codes, largest), codes);
        }
        assert_eq!(read_back(&[1, 1, 1], 1), [1, 1, 1]);
    }

    #[test]
    fn rows_with_values_of_their_own_are_counted_up() {
        let mut bytes = Vec::new();
        Codes::write_own(&mut bytes, &[1, 0, 2, 0, 0, 0, 0, 0, 0, 3]);
        let codes = Codes::read(&mut Reader::new(&bytes), 10, 3).unwrap();
        assert_eq!(codes, Codes::Words(vec![1, 0, 2, 0, 0, 0, 0, 0, 0, 3]));
        assert!(Codes::read(&mut Reader::new(&bytes), 10, 2).is_err());
    }

    #[test]
    fn a_code_beyond_the_values_is_damage() {
        let mut bytes = Vec::new();
        Codes::write(&mut bytes, &[0, 5], 5);
        assert!(Codes::read(&mut Reader::new(&bytes), 2, 4).is_err());
        assert!(Codes::read(&mut Reader::new(&bytes), 3, 5).is_err());
    }
}
