//! Trail rows: encoded and decoded whole. They hold personal data; whoever
//! decodes them answers for where it goes.

use crate::error::Result;
use crate::model::trail::TrailRow;
use crate::segment::Encoded;
use crate::segment::column::{Ids, Numbers, Texts};
use crate::segment::pack::{Packer, Unpacker};
use crate::segment::trail_field as field;
use crate::segment::trail_scan::TrailScan;
use crate::segment::trail_writer::TrailWriter;

/// Encodes rows in order of their ids, whatever order they come in.
///
/// # Errors
/// `Internal` where the rows or one of their columns are too many for one segment.
pub fn encode_trail(rows: &[TrailRow]) -> Result<Encoded> {
    let mut writer = TrailWriter::default();
    for row in rows {
        writer.push(&row.borrowed());
    }
    writer.finish(&mut Packer::quick()?)
}

/// All rows of a segment in order of their ids.
///
/// # Errors
/// `Damaged` where the bytes are not what [`encode_trail`] wrote.
pub fn decode_trail(header: &[u8], columns: &[(u8, Vec<u8>)]) -> Result<Vec<TrailRow>> {
    let mut unpacker = Unpacker::new()?;
    let mut scan = TrailScan::open(&mut unpacker, header, columns)?;
    let mut rows: Vec<TrailRow> = scan.ids()?.into_iter().map(field::blank).collect();
    for id in field::NUMBERS {
        let column = scan.column::<Numbers>(id)?;
        for (index, row) in rows.iter_mut().enumerate() {
            if let Some(number) = column.get(index) {
                field::set_number(id, row, number)?;
            }
        }
    }
    for id in field::TEXTS {
        let column = scan.column::<Texts>(id)?;
        for (index, row) in rows.iter_mut().enumerate() {
            if let Some(text) = column.get(index) {
                field::set_text(id, row, text)?;
            }
        }
    }
    for id in field::IDS {
        let column = scan.column::<Ids>(id)?;
        for (index, row) in rows.iter_mut().enumerate() {
            if let Some(value) = column.get(index) {
                field::set_id(id, row, value);
            }
        }
    }
    Ok(rows)
}
