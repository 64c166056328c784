//! A column of signed counts or money: every row's where most count something,
//! else only the rows that do. All zero is left out.

use crate::error::Result;
use crate::segment::codes::write_planes;
use crate::segment::pack::{Packer, Reader, Unpacker, damaged, unzigzag, zigzag};

const EVERY_ROW: u8 = 0;
const SOME_ROWS: u8 = 1;
const SMALL: u8 = 2;
/// A gap of this or more takes another byte.
const GAP_MAX: usize = 255;

/// Counts opened: they are read from the bytes of the column as they are asked for.
#[derive(Debug, Clone)]
pub enum Counts<'a> {
    Zero,
    /// One a row, each below 256.
    Small(Bits<'a>),
    /// One a row.
    Every(Planes<'a>),
    /// Rows that count something, and what.
    Some(Gaps<'a>, Planes<'a>),
    /// Rows that count the same.
    Same(Gaps<'a>, i64),
}

impl<'a> Counts<'a> {
    pub fn is_zero(&self) -> bool {
        matches!(self, Counts::Zero)
    }

    /// Calls `each` with row and count, at least for every row that is not zero. Rows
    /// ascend, and lie below the number of rows.
    pub fn for_each(&self, mut each: impl FnMut(usize, i64)) {
        match self {
            Counts::Zero => {}
            Counts::Small(bits) => bits.for_each(each),
            Counts::Every(planes) => planes.for_each(each),
            Counts::Some(gaps, planes) => {
                let mut rows = gaps.rows();
                planes.for_each(|_, count| {
                    if let Some(row) = rows.next() {
                        each(row, count);
                    }
                });
            }
            Counts::Same(gaps, count) => gaps.rows().for_each(|row| each(row, *count)),
        }
    }

    pub(super) fn read(
        unpacker: &'a mut Unpacker,
        packed: Option<&'a [u8]>,
        rows: usize,
    ) -> Result<Counts<'a>> {
        let Some(packed) = packed else {
            return Ok(Counts::Zero);
        };
        let mut reader = Reader::new(unpacker.unpack(packed)?);
        let counts = match reader.byte()? {
            SMALL => Counts::Small(Bits::read(&mut reader, rows)?),
            EVERY_ROW => {
                let width = read_width(&mut reader)?;
                Counts::Every(Planes::read(&mut reader, rows, width)?)
            }
            SOME_ROWS => read_some(&mut reader, rows)?,
            _ => return Err(damaged()),
        };
        reader.finish()?;
        Ok(counts)
    }
}

/// Counts below 256 as bits: the lowest of all rows, then the next of all rows.
#[derive(Debug, Clone)]
pub struct Bits<'a> {
    rows: usize,
    planes: &'a [u8],
}

impl<'a> Bits<'a> {
    fn read(reader: &mut Reader<'a>, rows: usize) -> Result<Bits<'a>> {
        let planes = reader.byte()?;
        if u32::from(planes) > u8::BITS {
            return Err(damaged());
        }
        let planes = reader.take(rows.div_ceil(8) * usize::from(planes))?;
        Ok(Bits { rows, planes })
    }

    fn for_each(&self, mut each: impl FnMut(usize, i64)) {
        let eights = self.rows.div_ceil(8);
        for eight in 0..eights {
            let planes = self.planes.chunks_exact(eights).enumerate();
            let counts = planes.fold(0, |counts, (plane, bits)| {
                counts | spread(bits[eight]) << plane
            });
            if counts == 0 {
                continue;
            }
            let rows = 8 * eight..self.rows.min(8 * eight + 8);
            for (row, count) in rows.zip(counts.to_le_bytes()) {
                each(row, i64::from(count));
            }
        }
    }
}

/// Counts as planes of bytes: all lowest, then all second bytes and so on.
#[derive(Debug, Clone)]
pub struct Planes<'a> {
    width: usize,
    bytes: &'a [u8],
}

impl<'a> Planes<'a> {
    fn read(reader: &mut Reader<'a>, count: usize, width: usize) -> Result<Planes<'a>> {
        let length = count.checked_mul(width).ok_or_else(damaged)?;
        let bytes = reader.take(length)?;
        Ok(Planes { width, bytes })
    }

    /// With the place of each count.
    fn for_each(&self, each: impl FnMut(usize, i64)) {
        match self.width {
            1 => self.for_each_of::<1>(each),
            2 => self.for_each_of::<2>(each),
            4 => self.for_each_of::<4>(each),
            8 => self.for_each_of::<8>(each),
            _ => {}
        }
    }

    fn for_each_of<const WIDTH: usize>(&self, mut each: impl FnMut(usize, i64)) {
        let count = self.bytes.len() / WIDTH;
        let planes: [&[u8]; WIDTH] =
            std::array::from_fn(|plane| &self.bytes[plane * count..(plane + 1) * count]);
        for place in 0..count {
            let bytes = planes.iter().rev();
            let value = bytes.fold(0, |value, plane| value << 8 | u64::from(plane[place]));
            each(place, unzigzag(value));
        }
    }
}

/// Which rows count something: before each, how many do not.
#[derive(Debug, Clone)]
pub struct Gaps<'a>(&'a [u8]);

impl<'a> Gaps<'a> {
    /// The gaps, and how many rows count something.
    fn read(reader: &mut Reader<'a>, rows: usize) -> Result<(Gaps<'a>, usize)> {
        let length = reader.count(reader.remaining())?;
        let gaps = reader.take(length)?;
        let counting = gaps.iter().filter(|&&gap| usize::from(gap) < GAP_MAX);
        let counting = counting.count();
        let skipped: usize = gaps.iter().map(|&gap| usize::from(gap)).sum();
        if skipped + counting > rows {
            return Err(damaged());
        }
        Ok((Gaps(gaps), counting))
    }

    fn rows(&self) -> impl Iterator<Item = usize> + use<'a> {
        let mut row = 0;
        self.0.iter().filter_map(move |&gap| {
            row += usize::from(gap);
            let counting = row;
            (usize::from(gap) < GAP_MAX).then(|| {
                row += 1;
                counting
            })
        })
    }
}

fn read_some<'a>(reader: &mut Reader<'a>, rows: usize) -> Result<Counts<'a>> {
    let (gaps, counting) = Gaps::read(reader, rows)?;
    let width = read_width(reader)?;
    if width > 0 {
        return Ok(Counts::Some(gaps, Planes::read(reader, counting, width)?));
    }
    let width = read_width(reader)?;
    let mut same = 0;
    Planes::read(reader, 1, width)?.for_each(|_, count| same = count);
    Ok(Counts::Same(gaps, same))
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
