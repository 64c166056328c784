//! Trail segments made one, a column after the other: no row is built, and no more than
//! one column of them lies open at a time.

use crate::error::Result;
use crate::model::hit::HitId;
use crate::segment::column::{Column, Ids, Numbers, Texts, Values};
use crate::segment::column_writer::{ColumnWriter, Layout};
use crate::segment::header::Header;
use crate::segment::pack::{Packer, Unpacker};
use crate::segment::trail_field as field;
use crate::segment::trail_scan::TrailScan;
use crate::segment::trail_writer::{order_of, write_ids};
use crate::segment::{Class, Encoded};

/// One segment of all rows of these, in order of their ids.
///
/// # Errors
/// `Damaged` where one of them is, `Internal` where they are too many for one segment.
pub fn merge_trail(parts: &[Encoded]) -> Result<Encoded> {
    let mut merging = Merging {
        parts,
        unpacker: Unpacker::new()?,
        packer: Packer::quick()?,
        order: None,
    };
    let mut columns = Vec::new();
    let ids = merging.take_ids()?;
    if !ids.is_empty() {
        columns.extend(write_ids(&mut merging.packer, &ids)?);
    }
    for id in field::NUMBERS {
        columns.extend(merging.column::<Numbers>(id)?);
    }
    for id in field::TEXTS {
        columns.extend(merging.column::<Texts>(id)?);
    }
    for id in field::IDS {
        columns.extend(merging.column::<Ids>(id)?);
    }
    let header = Header {
        class: Class::Trail,
        rows: ids.len(),
        ids: ids.first().copied().zip(ids.last().copied()),
        columns: columns.iter().map(|&(id, _)| id).collect(),
    };
    Ok(Encoded {
        header: header.write()?,
        columns,
    })
}

struct Merging<'a> {
    parts: &'a [Encoded],
    unpacker: Unpacker,
    packer: Packer,
    /// The places of the rows in the order of their ids, where that is another one.
    order: Option<Vec<u32>>,
}

impl Merging<'_> {
    /// All ids in order, which is kept for the columns.
    fn take_ids(&mut self) -> Result<Vec<HitId>> {
        let mut ids = Vec::new();
        for part in self.parts {
            ids.extend(open(&mut self.unpacker, part)?.ids()?);
        }
        self.order = order_of(&ids);
        ids.sort_unstable();
        Ok(ids)
    }

    /// A column of all; none where every row has the default.
    fn column<V: Values>(&mut self, id: u8) -> Result<Option<(u8, Vec<u8>)>> {
        let mut opened: Vec<(usize, Column<V>)> = Vec::with_capacity(self.parts.len());
        for part in self.parts {
            let mut scan = open(&mut self.unpacker, part)?;
            opened.push((scan.rows(), scan.column(id)?));
        }
        let mut writer = ColumnWriter::new::<V>(Layout::OwnIfRare);
        let mut first = 0;
        for (rows, column) in &opened {
            writer.extend(first, *rows, column);
            first += rows;
        }
        let order = self.order.as_deref();
        let packed = writer.finish::<V>(&mut self.packer, first, order)?;
        Ok(packed.map(|packed| (id, packed)))
    }
}

fn open<'a>(unpacker: &'a mut Unpacker, part: &'a Encoded) -> Result<TrailScan<'a>> {
    TrailScan::open(unpacker, &part.header, &part.columns)
}
