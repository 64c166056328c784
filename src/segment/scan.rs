//! What both classes of segment share in opening single columns.

use crate::error::{Error, Result};
use crate::segment::column::{Column, Values};
use crate::segment::counts::Counts;
use crate::segment::header::Header;
use crate::segment::pack::Unpacker;

pub(super) struct Scan<'a> {
    unpacker: &'a mut Unpacker,
    header: Header,
    columns: &'a [(u8, Vec<u8>)],
}

impl<'a> Scan<'a> {
    pub fn new(unpacker: &'a mut Unpacker, header: Header, columns: &'a [(u8, Vec<u8>)]) -> Self {
        Scan {
            unpacker,
            header,
            columns,
        }
    }

    pub fn rows(&self) -> usize {
        self.header.rows
    }

    pub fn column<V: Values>(&mut self, id: u8) -> Result<Column<V>> {
        let packed = self.packed(id)?;
        Column::read(self.unpacker, packed, self.header.rows)
    }

    pub fn counts(&mut self, id: u8) -> Result<Counts<'_>> {
        let packed = self.packed(id)?;
        Counts::read(self.unpacker, packed, self.header.rows)
    }

    /// The bytes of a column before compression; none where it was left out.
    pub fn bytes(&mut self, id: u8) -> Result<Option<Vec<u8>>> {
        let packed = self.packed(id)?;
        packed
            .map(|packed| self.unpacker.unpack(packed).map(<[u8]>::to_vec))
            .transpose()
    }

    fn packed(&self, id: u8) -> Result<Option<&'a [u8]>> {
        if !self.header.columns.contains(&id) {
            return Ok(None);
        }
        let mut columns = self.columns.iter();
        match columns.find(|&&(present, _)| present == id) {
            Some((_, packed)) => Ok(Some(packed)),
            None => Err(Error::internal(
                "A column was not fetched before it was read",
            )),
        }
    }
}
