//! A column of signed counts or money: every row's where most count something,
//! else only the rows that do. All zero is left out.

use crate::error::Result;
use crate::segment::codes::{read_planes, write_planes};
use crate::segment::pack::{Packer, Reader, Unpacker, damaged, unzigzag, zigzag};

const EVERY_ROW: u8 = 0;
const SOME_ROWS: u8 = 1;
const SMALL: u8 = 2;
/// A gap of this or more takes another byte.
const GAP_MAX: usize = 255;

/// Counts opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Counts {
    Zero,
    /// One a row, each below 256.
    Bytes(Vec<u8>),
    /// One a row.
    Wide(Vec<i64>),
    /// Rows that count something, ascending, and what.
    Some(Vec<u32>, Vec<i64>),
    /// Rows that count the same, ascending.
    Same(Vec<u32>, i64),
}

impl Counts {
    /// Calls `each` with row and count, at least for every row that is not zero.
    pub fn for_each(&self, mut each: impl FnMut(usize, i64)) {
        match self {
            Counts::Zero => {}
            Counts::Bytes(counts) => {
                let rows = counts.iter().enumerate();
                rows.for_each(|(row, &count)| each(row, i64::from(count)));
            }
            Counts::Wide(counts) => {
                let rows = counts.iter().enumerate();
                rows.for_each(|(row, &count)| each(row, count));
            }
            Counts::Some(rows, counts) => {
                let rows = rows.iter().zip(counts);
                rows.for_each(|(&row, &count)| each(row as usize, count));
            }
            Counts::Same(rows, count) => rows.iter().for_each(|&row| each(row as usize, *count)),
        }
    }

    pub(super) fn read(
        unpacker: &mut Unpacker,
        packed: Option<&[u8]>,
        rows: usize,
    ) -> Result<Counts> {
        let Some(packed) = packed else {
            return Ok(Counts::Zero);
        };
        let bytes = unpacker.unpack(packed)?;
        let mut reader = Reader::new(&bytes);
        let counts = match reader.byte()? {
            SMALL => Counts::Bytes(read_small(&mut reader, rows)?),
            EVERY_ROW => {
                let width = read_width(&mut reader)?;
                let counts = read_planes(&mut reader, rows, width)?;
                Counts::Wide(counts.map(unzigzag).collect())
            }
            SOME_ROWS => read_some(&mut reader, rows)?,
            _ => return Err(damaged()),
        };
        reader.finish()?;
        Ok(counts)
    }
}

/// A column of counts, one a row; none where all are zero.
pub(super) fn write_counts(packer: &mut Packer, counts: &[i64]) -> Result<Option<Vec<u8>>> {
    let some: Vec<i64> = counts.iter().copied().filter(|&count| count != 0).collect();
    let Some(&first) = some.first() else {
        return Ok(None);
    };
    let mut out = Vec::new();
    if some.len() > counts.len() / 4 {
        let small: Option<Vec<u8>> = counts.iter().map(|&count| count.try_into().ok()).collect();
        if let Some(small) = small {
            out.push(SMALL);
            write_small(&mut out, &small);
        } else {
            out.push(EVERY_ROW);
            write_values(&mut out, counts, width_of(counts));
        }
        return packer.pack(&out).map(Some);
    }
    out.push(SOME_ROWS);
    write_gaps(&mut out, counts);
    if some.iter().all(|&count| count == first) {
        write_values(&mut out, &[], 0);
        write_values(&mut out, &[first], 8);
    } else {
        write_values(&mut out, &some, width_of(&some));
    }
    packer.pack(&out).map(Some)
}

fn width_of(counts: &[i64]) -> usize {
    let largest = counts.iter().map(|&count| zigzag(count)).max().unwrap_or(0);
    match largest {
        0..=0xff => 1,
        0x100..=0xffff => 2,
        0x1_0000..=0xffff_ffff => 4,
        _ => 8,
    }
}

fn write_values(out: &mut Vec<u8>, counts: &[i64], width: usize) {
    out.push(width as u8);
    write_planes(out, counts.iter().map(|&count| zigzag(count)), width);
}

fn read_width(reader: &mut Reader) -> Result<usize> {
    match reader.byte()? {
        width @ (0 | 1 | 2 | 4 | 8) => Ok(width.into()),
        _ => Err(damaged()),
    }
}

/// Counts below 256 as bits: the lowest of all rows, then the next of all rows.
fn write_small(out: &mut Vec<u8>, counts: &[u8]) {
    let largest = counts.iter().copied().max().unwrap_or(0);
    let planes = u8::BITS - largest.leading_zeros();
    out.push(planes as u8);
    for plane in 0..planes {
        out.extend(counts.chunks(8).map(|chunk| {
            let bits = chunk.iter().enumerate();
            bits.fold(0, |byte, (bit, &count)| byte | (count >> plane & 1) << bit)
        }));
    }
}

fn read_small(reader: &mut Reader, rows: usize) -> Result<Vec<u8>> {
    let planes = reader.byte()?;
    if u32::from(planes) > u8::BITS {
        return Err(damaged());
    }
    let mut counts = vec![0; rows.next_multiple_of(8)];
    let (eights, _) = counts.as_chunks_mut::<8>();
    for plane in 0..planes {
        let bits = reader.take(eights.len())?;
        for (eight, &bits) in eights.iter_mut().zip(bits) {
            let spread = u64::from_le_bytes(*eight) | spread(bits) << plane;
            *eight = spread.to_le_bytes();
        }
    }
    counts.truncate(rows);
    Ok(counts)
}

/// Bit 0 to the lowest byte, bit 7 to the highest; each byte becomes 0 or 1.
fn spread(bits: u8) -> u64 {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    let own_bit = u64::from(bits).wrapping_mul(ONES) & 0x8040_2010_0804_0201;
    (own_bit + 0x7f * ONES) >> 7 & ONES
}

/// Rows that count something, as the number of rows skipped before each.
fn write_gaps(out: &mut Vec<u8>, counts: &[i64]) {
    let mut gaps = Vec::new();
    let mut skipped = 0;
    for &count in counts {
        if count == 0 {
            skipped += 1;
            continue;
        }
        gaps.extend(std::iter::repeat_n(GAP_MAX as u8, skipped / GAP_MAX));
        gaps.push((skipped % GAP_MAX) as u8);
        skipped = 0;
    }
    crate::segment::pack::write_varint(out, gaps.len() as u64);
    out.extend(gaps);
}

fn read_some(reader: &mut Reader, rows: usize) -> Result<Counts> {
    let length = reader.count(reader.remaining())?;
    let mut counting = Vec::with_capacity(length);
    let mut row = 0;
    for &gap in reader.take(length)? {
        row += usize::from(gap);
        if usize::from(gap) < GAP_MAX {
            counting.push(row as u32);
            row += 1;
        }
    }
    if row > rows {
        return Err(damaged());
    }
    let width = read_width(reader)?;
    if width == 0 {
        let width = read_width(reader)?;
        let same = read_planes(reader, 1, width)?.map(unzigzag).sum();
        return Ok(Counts::Same(counting, same));
    }
    let counts = read_planes(reader, counting.len(), width)?.map(unzigzag);
    Ok(Counts::Some(counting, counts.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_back(counts: &[i64]) -> Vec<i64> {
        let packed = write_counts(&mut Packer::for_rows(1).unwrap(), counts).unwrap();
        let mut unpacker = Unpacker::new().unwrap();
        let read = Counts::read(&mut unpacker, packed.as_deref(), counts.len()).unwrap();
        let mut out = vec![0; counts.len()];
        read.for_each(|row, count| out[row] = count);
        out
    }

    #[test]
    fn counts_of_every_shape_read_back() {
        let mut rare = vec![0; 2_000];
        (rare[0], rare[255], rare[511], rare[1_999]) = (1, 1, 1, 1);
        let mut rare_and_different = rare.clone();
        rare_and_different[600] = -70_000;
        for counts in [
            vec![0; 9],
            vec![1, 2, 3],
            vec![127, 0, 1, 255, 4, 0, 0, 9, 130],
            (0..77).map(|row| row % 2).collect(),
            vec![-1, 0, 5],
            vec![i64::MIN, i64::MAX, 0],
            vec![40_000, -300],
            rare,
            rare_and_different,
        ] {
            assert_eq!(read_back(&counts), counts);
        }
    }

    #[test]
    fn a_row_beyond_the_last_is_damage() {
        let counts = [&[0; 30][..], &[1]].concat();
        let packed = write_counts(&mut Packer::for_rows(1).unwrap(), &counts).unwrap();
        let mut unpacker = Unpacker::new().unwrap();
        assert!(Counts::read(&mut unpacker, packed.as_deref(), 30).is_err());
        assert!(Counts::read(&mut unpacker, packed.as_deref(), 31).is_ok());
    }
}
