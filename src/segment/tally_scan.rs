//! Reads single columns of a tally segment into plain arrays, without building
//! rows: what reports add up. What the figures mean stays outside.

use crate::error::Result;
use crate::segment::Class;
use crate::segment::column::{Column, Numbers, Texts};
use crate::segment::counts::Counts;
use crate::segment::field::Field;
use crate::segment::header::read_header;
use crate::segment::pack::Unpacker;
use crate::segment::scan::Scan;
use crate::segment::tally::measure_column;

pub struct TallyScan<'a>(Scan<'a>);

impl<'a> TallyScan<'a> {
    /// `columns` are those of the segment that the caller is going to ask for.
    ///
    /// # Errors
    /// `Damaged` where the header is none of a tally segment.
    pub fn open(
        unpacker: &'a mut Unpacker,
        header: &[u8],
        columns: &'a [(u8, Vec<u8>)],
    ) -> Result<Self> {
        let header = read_header(header)?.of_class(Class::Tally)?;
        Ok(TallyScan(Scan::new(unpacker, header, columns)))
    }

    pub fn rows(&self) -> usize {
        self.0.rows()
    }

    /// A dimension that is a number: an id's row, or a code.
    pub fn numbers(&mut self, field: Field) -> Result<Column<Numbers>> {
        self.0.column(field.column())
    }

    /// A dimension that is a text: source, referrer host or a parameter.
    pub fn texts(&mut self, field: Field) -> Result<Column<Texts>> {
        self.0.column(field.column())
    }

    /// By index in [`Measures::NAMES`](crate::model::tally::Measures::NAMES).
    pub fn measure(&mut self, measure: usize) -> Result<Counts<'_>> {
        self.0.counts(measure_column(measure))
    }
}
