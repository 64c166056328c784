//! Tally rows: equal ones collapsed, encoded, decoded and merged. Nothing that
//! points to a person is stored here.

use std::cmp::Ordering;

use crate::clock::{DAY_MS, QUARTER_MS};
use crate::error::Result;
use crate::model::hit::Origin;
use crate::model::tally::{Dimensions, Measures, TallyRow};
use crate::segment::column::{Numbers, Texts};
use crate::segment::column_writer::{Layout, write_column};
use crate::segment::counts::write_counts;
use crate::segment::field::Field;
use crate::segment::header::Header;
use crate::segment::pack::{Packer, Unpacker, damaged};
use crate::segment::tally_scan::TallyScan;
use crate::segment::{Class, Encoded};

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

/// Adds up rows of equal quarter and dimensions, drops those that count nothing,
/// and sorts so that like stands beside like.
pub fn collapse(rows: Vec<TallyRow>) -> Vec<TallyRow> {
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_unstable_by(|&a, &b| compare(&rows[a], &rows[b]));
    let mut rows: Vec<Option<TallyRow>> = rows.into_iter().map(Some).collect();
    let mut kept: Vec<TallyRow> = Vec::with_capacity(rows.len());
    for next in order.into_iter().filter_map(|index| rows[index].take()) {
        match kept.last_mut() {
            Some(last) if compare(last, &next).is_eq() => last.measures.add(&next.measures),
            _ => kept.push(next),
        }
    }
    kept.retain(|row| !row.measures.is_zero());
    kept
}

/// The rows of several segments of one day as those of one.
pub fn merge_tally(segments: Vec<Vec<TallyRow>>) -> Vec<TallyRow> {
    collapse(segments.into_iter().flatten().collect())
}

/// Equal only where quarter and all dimensions are. What repeats most comes first.
fn compare(a: &TallyRow, b: &TallyRow) -> Ordering {
    fn key(row: &TallyRow) -> impl Ord {
        let Dimensions {
            campaign,
            publisher,
            goal,
            origin,
            landing,
            source,
            params,
            referrer_host,
        } = &row.dimensions;
        let Origin {
            country,
            device,
            os,
            browser,
        } = origin;
        let family = (device.code(), os.code(), browser.code(), country.code());
        (
            (campaign, goal, publisher, landing),
            family,
            row.quarter,
            (source, params, referrer_host),
        )
    }
    key(a).cmp(&key(b))
}

/// Encodes rows of one UTC day, best collapsed before.
///
/// # Errors
/// `Internal` where the rows or one of their columns are too many for one segment.
pub fn encode_tally(rows: &[TallyRow]) -> Result<Encoded> {
    let mut packer = Packer::for_rows(rows.len())?;
    let mut columns = Vec::new();
    for field in Field::NUMBERS {
        let values = rows
            .iter()
            .map(|row| Some(field.number(row)).filter(|&n| n != 0));
        let packed = write_column::<Numbers>(&mut packer, values, Layout::Distinct)?;
        columns.extend(packed.map(|packed| (field.column(), packed)));
    }
    for field in Field::texts() {
        let values = rows.iter().map(|row| field.text(&row.dimensions));
        let packed = write_column::<Texts>(&mut packer, values, Layout::Distinct)?;
        columns.extend(packed.map(|packed| (field.column(), packed)));
    }
    for measure in 0..Measures::COUNT {
        let values: Vec<i64> = rows
            .iter()
            .map(|row| row.measures.to_array()[measure])
            .collect();
        let packed = write_counts(&mut packer, &values)?;
        columns.extend(packed.map(|packed| (measure_column(measure), packed)));
    }
    let header = Header {
        class: Class::Tally,
        rows: rows.len(),
        ids: None,
        columns: columns.iter().map(|&(id, _)| id).collect(),
    };
    Ok(Encoded {
        header: header.write()?,
        columns,
    })
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
