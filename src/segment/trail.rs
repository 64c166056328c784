//! Trail rows: encoded and decoded whole. They hold personal data; whoever
//! decodes them answers for where it goes.

use crate::error::Result;
use crate::model::trail::TrailRow;
use crate::segment::column::{Ids, Layout, Numbers, Texts, write_column};
use crate::segment::header::Header;
use crate::segment::pack::{Packer, Unpacker, write_varint};
use crate::segment::trail_field::{self as field, ID_RANDOM, ID_TIME};
use crate::segment::trail_scan::TrailScan;
use crate::segment::{Class, Encoded};

/// Encodes rows in order of their ids, whatever order they come in.
///
/// # Errors
/// `Internal` where the rows or one of their columns are too many for one segment.
pub fn encode_trail(rows: &[TrailRow]) -> Result<Encoded> {
    let mut rows: Vec<&TrailRow> = rows.iter().collect();
    rows.sort_by_key(|row| row.id);
    let mut packer = Packer::for_rows(rows.len())?;
    let mut columns = write_ids(&mut packer, &rows)?;
    for id in field::NUMBERS {
        let values = rows.iter().map(|row| field::number(id, row));
        let packed = write_column::<Numbers>(&mut packer, values, Layout::OwnIfRare)?;
        columns.extend(packed.map(|packed| (id, packed)));
    }
    for id in field::TEXTS {
        let values = rows.iter().map(|row| field::text(id, row));
        let packed = write_column::<Texts>(&mut packer, values, Layout::OwnIfRare)?;
        columns.extend(packed.map(|packed| (id, packed)));
    }
    for id in field::IDS {
        let values = rows.iter().map(|row| field::id(id, row));
        let packed = write_column::<Ids>(&mut packer, values, Layout::OwnIfRare)?;
        columns.extend(packed.map(|packed| (id, packed)));
    }
    let header = Header {
        class: Class::Trail,
        rows: rows.len(),
        ids: rows
            .first()
            .zip(rows.last())
            .map(|(first, last)| (first.id, last.id)),
        columns: columns.iter().map(|&(id, _)| id).collect(),
    };
    Ok(Encoded {
        header: header.write()?,
        columns,
    })
}

/// The ids in two columns: what compresses, and what never will.
fn write_ids(packer: &mut Packer, rows: &[&TrailRow]) -> Result<Vec<(u8, Vec<u8>)>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let mut times = Vec::new();
    let mut randoms = Vec::with_capacity(10 * rows.len());
    let mut before = 0;
    for row in rows {
        let (_, random) = row.id.0.split_at(6);
        let time = row.id.at().millis() as u64;
        write_varint(&mut times, time - before);
        randoms.extend_from_slice(random);
        before = time;
    }
    Ok(vec![
        (ID_TIME, packer.pack(&times)?),
        (ID_RANDOM, packer.pack(&randoms)?),
    ])
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
