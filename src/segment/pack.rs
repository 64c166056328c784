//! Bytes at their smallest: whole columns through zstd, numbers as varints, and
//! a reader that answers damage with an error. It knows nothing of rows.

use crate::error::{Error, Result};
use crate::segment::COLUMN_BYTES_MAX;

const PLAIN: u8 = 0;
const ZSTD: u8 = 1;
/// Shorter columns do not shrink.
const COMPRESS_FROM: usize = 24;

pub fn damaged() -> Error {
    Error::damaged("A stored segment is damaged.")
}

/// Compresses columns. Costly to make, so one serves a whole segment.
pub struct Packer(zstd::bulk::Compressor<'static>);

impl Packer {
    /// A large segment lives long and is worth more effort than a small one.
    pub fn for_rows(rows: usize) -> Result<Packer> {
        Packer::of_level(if rows >= 2_048 { 6 } else { 3 })
    }

    /// For what is written once a hit and seldom read: more effort would make it a
    /// twentieth smaller.
    pub fn quick() -> Result<Packer> {
        Packer::of_level(1)
    }

    fn of_level(level: i32) -> Result<Packer> {
        let mut compressor = zstd::bulk::Compressor::new(level)?;
        compressor.include_contentsize(false)?;
        Ok(Packer(compressor))
    }

    /// A column that no compression makes smaller, as it is.
    pub fn keep(bytes: &[u8]) -> Vec<u8> {
        let mut kept = Vec::with_capacity(1 + bytes.len());
        kept.push(PLAIN);
        kept.extend_from_slice(bytes);
        kept
    }

    /// # Errors
    /// `Internal` where the column is longer than [`COLUMN_BYTES_MAX`].
    pub fn pack(&mut self, bytes: &[u8]) -> Result<Vec<u8>> {
        if bytes.len() > COLUMN_BYTES_MAX {
            return Err(Error::internal("A column is too large for one segment"));
        }
        if bytes.len() >= COMPRESS_FROM {
            let compressed = self.0.compress(bytes)?;
            if compressed.len() + 4 < bytes.len() {
                let mut packed = vec![ZSTD];
                write_varint(&mut packed, bytes.len() as u64);
                packed.extend_from_slice(&compressed);
                return Ok(packed);
            }
        }
        Ok(Packer::keep(bytes))
    }
}

/// Decompresses columns; one serves many segments.
pub struct Unpacker {
    decompressor: zstd::bulk::Decompressor<'static>,
    /// The last column that was decompressed.
    unpacked: Vec<u8>,
}

impl Unpacker {
    pub fn new() -> Result<Unpacker> {
        Ok(Unpacker {
            decompressor: zstd::bulk::Decompressor::new()?,
            unpacked: Vec::new(),
        })
    }

    /// The bytes of a column, until the next one is unpacked.
    pub fn unpack<'a>(&'a mut self, packed: &'a [u8]) -> Result<&'a [u8]> {
        let mut reader = Reader::new(packed);
        if reader.byte()? == PLAIN {
            return Ok(reader.rest);
        }
        let length = reader.count(COLUMN_BYTES_MAX)?;
        self.unpacked.clear();
        self.unpacked.reserve(length);
        self.decompressor
            .decompress_to_buffer(reader.rest, &mut self.unpacked)
            .map_err(|cause| damaged().because(cause))?;
        if self.unpacked.len() == length {
            Ok(&self.unpacked)
        } else {
            Err(damaged())
        }
    }
}

/// Seven bits a byte, lowest first; the top bit says that more follow.
pub fn write_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Small magnitudes of either sign to small numbers.
pub fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

pub fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

/// Reads what was written, and knows when there is no more of it.
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Reader { rest: bytes }
    }

    pub fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or_else(damaged)?;
        self.rest = rest;
        Ok(taken)
    }

    pub fn byte(&mut self) -> Result<u8> {
        let (&byte, rest) = self.rest.split_first().ok_or_else(damaged)?;
        self.rest = rest;
        Ok(byte)
    }

    pub fn varint(&mut self) -> Result<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(damaged())
    }

    /// A number of things, `max` at most.
    pub fn count(&mut self, max: usize) -> Result<usize> {
        usize::try_from(self.varint()?)
            .ok()
            .filter(|&count| count <= max)
            .ok_or_else(damaged)
    }

    /// Nothing may follow.
    pub fn finish(self) -> Result<()> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(damaged())
        }
    }

    pub fn remaining(&self) -> usize {
        self.rest.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_any_size_read_back() {
        let mut bytes = Vec::new();
        let values = [0, 1, -1, 63, -64, 64, i64::MAX, i64::MIN];
        for value in values {
            write_varint(&mut bytes, zigzag(value));
        }
        let mut reader = Reader::new(&bytes);
        for value in values {
            assert_eq!(unzigzag(reader.varint().unwrap()), value);
        }
        assert!(reader.byte().is_err());
    }

    #[test]
    fn a_length_beyond_the_bound_is_damage_and_allocates_nothing() {
        let mut packed = vec![ZSTD];
        write_varint(&mut packed, COLUMN_BYTES_MAX as u64 + 1);
        let mut unpacker = Unpacker::new().unwrap();
        assert!(unpacker.unpack(&packed).is_err());
        assert!(unpacker.unpack(&[]).is_err());
    }

    #[test]
    fn what_does_not_shrink_is_kept_plain() {
        let mut packer = Packer::for_rows(1).unwrap();
        let mut unpacker = Unpacker::new().unwrap();
        for bytes in [vec![], vec![7; 3], vec![9; 10_000]] {
            let packed = packer.pack(&bytes).unwrap();
            assert!(packed.len() <= bytes.len() + 1);
            assert_eq!(unpacker.unpack(&packed).unwrap(), bytes);
        }
    }
}
