//! Tally rows, encoded and decoded. Nothing that points to a person is stored here.

use crate::clock::{DAY_MS, QUARTER_MS};
use crate::error::Result;
use crate::model::tally::{Measures, TallyRow};
use crate::segment::Encoded;
use crate::segment::field::Field;
use crate::segment::pack::{Packer, Unpacker, damaged};
use crate::segment::tally_scan::TallyScan;
use crate::segment::tally_writer::{TallyWriter, encoded};

/// The id of the first measure's column; the others follow in their order.
const MEASURES_FROM: u8 = 32;

/// The id of a measure's column, by its index in [`Measures::NAMES`].
pub fn measure_column(measure: usize) -> u8 {
    MEASURES_FROM + measure as u8
}

/// The columns of all measures.
pub fn measure_columns() -> impl Iterator<Item = u8> {
    (0..Measures::COUNT).map(measure_column)
}

/// Encodes rows of one UTC day, those of equal quarter and dimensions as one line; what
/// counts nothing is left out.
///
/// # Errors
/// `Internal` where the rows or one of their columns are too many for one segment.
pub fn encode_tally(rows: &[TallyRow]) -> Result<Encoded> {
    encode_folded(rows, usize::MAX)
}

/// The same with at most so many values of each campaign's source and `p1`..`p10`.
pub(super) fn encode_folded(rows: &[TallyRow], values_max: usize) -> Result<Encoded> {
    let mut writer = TallyWriter::default();
    for row in rows {
        writer.push(row.quarter, &row.dimensions.borrowed(), &row.measures);
    }
    let mut packer = Packer::for_rows(rows.len())?;
    match writer.finish(&mut packer, values_max)? {
        Some(encoded) => Ok(encoded),
        None => encoded(0, Vec::new()),
    }
}

/// All rows of a segment, in the order in which they were encoded.
///
/// # Errors
/// `Damaged` where the bytes are not what [`encode_tally`] wrote.
pub fn decode_tally(header: &[u8], columns: &[(u8, Vec<u8>)]) -> Result<Vec<TallyRow>> {
    let mut unpacker = Unpacker::new()?;
    let mut scan = TallyScan::open(&mut unpacker, header, columns)?;
    let mut rows = vec![TallyRow::default(); scan.rows()];
    for field in Field::NUMBERS {
        let column = scan.numbers(field)?;
        for (index, row) in rows.iter_mut().enumerate() {
            let number = column.get(index).unwrap_or(0);
            if field == Field::Quarter {
                row.quarter = quarter_of(number)?;
            } else {
                field.set_number(&mut row.dimensions, number)?;
            }
        }
    }
    for field in Field::texts() {
        let column = scan.texts(field)?;
        for (index, row) in rows.iter_mut().enumerate() {
            field.set_text(&mut row.dimensions, column.get(index).map(str::to_owned));
        }
    }
    let mut measures = vec![0; Measures::COUNT * rows.len()];
    for index in 0..Measures::COUNT {
        let counts = scan.measure(index)?;
        counts.for_each(|row, count| measures[row * Measures::COUNT + index] = count);
    }
    for (row, measures) in rows.iter_mut().zip(measures.as_chunks().0) {
        row.measures = Measures::from_array(*measures);
    }
    Ok(rows)
}

/// A quarter of an hour, 0 to 95.
pub fn quarter_of(number: u64) -> Result<u8> {
    u8::try_from(number)
        .ok()
        .filter(|&quarter| i64::from(quarter) < DAY_MS / QUARTER_MS)
        .ok_or_else(damaged)
}
