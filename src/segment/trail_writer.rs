//! A trail segment that is filled hit after hit and encoded at the end. What it was
//! given lies elsewhere: it keeps each different text once, and only where it is.

use std::ops::Range;

use crate::error::Result;
use crate::model::hit::HitId;
use crate::model::trail::TrailRow;
use crate::segment::column::{Ids, Numbers, Texts, Values};
use crate::segment::column_writer::{ColumnWriter, Layout};
use crate::segment::header::Header;
use crate::segment::pack::{Packer, write_varint};
use crate::segment::trail_field::{self as field, ID_RANDOM, ID_TIME};
use crate::segment::{Class, Encoded};

type Columns<T> = Vec<ColumnWriter<T>>;

/// An empty column for each of these.
fn columns<'a, V: Values>(fields: Range<u8>) -> Columns<V::Item<'a>> {
    fields
        .map(|_| ColumnWriter::new::<V>(Layout::OwnIfRare))
        .collect()
}

/// Rows on their way into one segment.
pub struct TrailWriter<'a> {
    ids: Vec<HitId>,
    numbers: Columns<u64>,
    texts: Columns<&'a str>,
    wide_ids: Columns<[u8; 16]>,
}

impl Default for TrailWriter<'_> {
    fn default() -> Self {
        TrailWriter {
            ids: Vec::new(),
            numbers: columns::<Numbers>(field::NUMBERS),
            texts: columns::<Texts>(field::TEXTS),
            wide_ids: columns::<Ids>(field::IDS),
        }
    }
}

impl<'a> TrailWriter<'a> {
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Adds a row, in whatever order of their ids they come.
    pub fn push(&mut self, row: &TrailRow<&'a str>) {
        let place = self.ids.len();
        self.ids.push(row.id);
        for (number, column) in field::numbers(row).into_iter().zip(&mut self.numbers) {
            if number != 0 {
                column.push(place, number);
            }
        }
        field::texts(row, |id, text| {
            let column = usize::from(id - field::TEXTS.start);
            self.texts[column].push(place, text);
        });
        for (id, column) in field::IDS.zip(&mut self.wide_ids) {
            if let Some(wide_id) = field::id(id, row) {
                column.push(place, wide_id);
            }
        }
    }

    /// Encodes the rows in order of their ids.
    ///
    /// # Errors
    /// `Internal` where the rows or one of their columns are too many for one segment.
    pub fn finish(mut self, packer: &mut Packer) -> Result<Encoded> {
        let rows = self.ids.len();
        let order = order_of(&self.ids);
        if let Some(order) = &order {
            let ids = order.iter().map(|&place| self.ids[place as usize]);
            self.ids = ids.collect();
        }
        let mut columns = Vec::new();
        if !self.ids.is_empty() {
            columns.extend(write_ids(packer, &self.ids)?);
        }
        let order = order.as_deref();
        columns.extend(finish::<Numbers>(
            packer,
            field::NUMBERS.start,
            self.numbers,
            rows,
            order,
        )?);
        columns.extend(finish::<Texts>(
            packer,
            field::TEXTS.start,
            self.texts,
            rows,
            order,
        )?);
        columns.extend(finish::<Ids>(
            packer,
            field::IDS.start,
            self.wide_ids,
            rows,
            order,
        )?);
        let header = Header {
            class: Class::Trail,
            rows,
            ids: self.ids.first().copied().zip(self.ids.last().copied()),
            columns: columns.iter().map(|&(id, _)| id).collect(),
        };
        Ok(Encoded {
            header: header.write()?,
            columns,
        })
    }
}

/// The places of ids in their order; none where they stand in it already.
pub(super) fn order_of(ids: &[HitId]) -> Option<Vec<u32>> {
    if ids.is_sorted() {
        return None;
    }
    // Numbers are compared at once.
    let numbers = ids.iter().map(|id| u128::from_be_bytes(id.0));
    let mut order: Vec<(u128, u32)> = numbers.zip(0..).collect();
    order.sort_by_key(|&(id, _)| id);
    Some(order.into_iter().map(|(_, place)| place).collect())
}

fn finish<'a, V: Values>(
    packer: &mut Packer,
    first: u8,
    columns: Columns<V::Item<'a>>,
    rows: usize,
    order: Option<&[u32]>,
) -> Result<Vec<(u8, Vec<u8>)>> {
    let mut finished = Vec::new();
    for (id, column) in (first..).zip(columns) {
        let packed = column.finish::<V>(packer, rows, order)?;
        finished.extend(packed.map(|packed| (id, packed)));
    }
    Ok(finished)
}

/// The ids in two columns: what compresses, and what never will.
pub(super) fn write_ids(packer: &mut Packer, ids: &[HitId]) -> Result<[(u8, Vec<u8>); 2]> {
    let mut times = Vec::with_capacity(2 * ids.len());
    let mut randoms = Vec::with_capacity(10 * ids.len());
    let mut before = 0;
    for id in ids {
        let time = id.at().millis() as u64;
        write_varint(&mut times, time - before);
        randoms.extend_from_slice(&id.0[6..]);
        before = time;
    }
    Ok([
        (ID_TIME, packer.pack(&times)?),
        (ID_RANDOM, Packer::keep(&randoms)),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::model::hit::VisitorId;
    use crate::model::personal::Personal;
    use crate::segment::decode_trail;
    use crate::segment::trail_field::blank;

    #[test]
    fn rows_that_come_late_stand_in_the_order_of_their_ids() {
        let row = |ms: i64, source: Option<&str>| {
            let mut row = blank(HitId::new(Timestamp::from_millis(ms), [ms as u8; 10]));
            row.source = source.map(str::to_owned);
            row.visitor = (ms == 2).then(|| Personal::new(VisitorId([7; 16])));
            row
        };
        let given = [
            row(3, Some("a")),
            row(1, None),
            row(2, Some("b")),
            row(4, Some("a")),
        ];
        let mut writer = TrailWriter::default();
        for row in &given {
            writer.push(&row.borrowed());
        }
        let encoded = writer.finish(&mut Packer::quick().unwrap()).unwrap();
        let read = decode_trail(&encoded.header, &encoded.columns).unwrap();
        let [third, first, second, fourth] = given;
        assert_eq!(read, [first, second, third, fourth]);
    }
}
