//! A tally segment that is filled count after count and encoded at the end, equal ones
//! as one line. Values are kept once each and stand for themselves as numbers, so that
//! lines are told apart and put in order without a look at any text.

use crate::error::Result;
use crate::model::tally::{Dimensions, Measures};
use crate::segment::column::{Column, Numbers, Texts};
use crate::segment::column_writer::{ColumnWriter, Layout, Ranked};
use crate::segment::counts::write_counts;
use crate::segment::field::{Field, numbers_of, texts_of};
use crate::segment::fold::fold_rare;
use crate::segment::header::Header;
use crate::segment::pack::{Packer, Unpacker};
use crate::segment::tally::measure_column;
use crate::segment::tally_lines::{Lines, Sums};
use crate::segment::tally_scan::TallyScan;
use crate::segment::{Class, Encoded};

/// What is counted on its way into one segment.
pub struct TallyWriter<'a> {
    /// In the order of [`Field::NUMBERS`].
    pub(super) numbers: Vec<ColumnWriter<u64>>,
    /// In the order of [`Field::texts`].
    pub(super) texts: Vec<ColumnWriter<&'a str>>,
    pub(super) counts: Vec<Count>,
    pub(super) rows: usize,
    /// What the last row counts under: what arrives together is often alike.
    before: Option<(u8, Dimensions<&'a str>)>,
}

/// What a row counts in one measure, by its index in [`Measures::NAMES`].
pub(super) struct Count {
    pub row: u32,
    pub measure: u32,
    pub count: i64,
}

/// A tally segment opened, all of it.
pub struct Opened {
    rows: usize,
    numbers: Vec<Column<Numbers>>,
    texts: Vec<Column<Texts>>,
    counts: Vec<Count>,
}

impl Default for TallyWriter<'_> {
    fn default() -> Self {
        TallyWriter {
            numbers: Field::NUMBERS
                .map(|_| ColumnWriter::new::<Numbers>(Layout::Distinct))
                .into(),
            texts: Field::texts()
                .map(|_| ColumnWriter::new::<Texts>(Layout::Distinct))
                .collect(),
            counts: Vec::new(),
            rows: 0,
            before: None,
        }
    }
}

impl<'a> TallyWriter<'a> {
    /// Rows so far, some of them perhaps alike.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Adds what is counted in a quarter of an hour, 0 to 95, under dimensions.
    pub fn push(&mut self, quarter: u8, dimensions: &Dimensions<&'a str>, measures: &Measures) {
        let is_alike = self
            .before
            .as_ref()
            .is_some_and(|(before, under)| *before == quarter && under == dimensions);
        if !is_alike {
            self.begin_row(quarter, dimensions);
        }
        let row = self.rows.saturating_sub(1) as u32;
        for (measure, count) in (0..).zip(measures.to_array()) {
            if count != 0 {
                self.count(row, measure, count);
            }
        }
    }

    fn begin_row(&mut self, quarter: u8, dimensions: &Dimensions<&'a str>) {
        let row = self.rows;
        for (column, number) in self.numbers.iter_mut().zip(numbers_of(quarter, dimensions)) {
            if number != 0 {
                column.push(row, number);
            }
        }
        for (column, text) in self.texts.iter_mut().zip(texts_of(dimensions)) {
            if let Some(text) = text {
                column.push(row, text);
            }
        }
        self.rows += 1;
        self.before = Some((quarter, dimensions.clone()));
    }

    fn count(&mut self, row: u32, measure: u32, count: i64) {
        match self.counts.last_mut() {
            Some(last) if last.row == row && last.measure == measure => {
                last.count = last.count.saturating_add(count);
            }
            _ => self.counts.push(Count {
                row,
                measure,
                count,
            }),
        }
    }

    /// Adds all that an opened segment counts.
    pub fn extend(&mut self, opened: &'a Opened) {
        let first = self.rows;
        for (writer, column) in self.numbers.iter_mut().zip(&opened.numbers) {
            writer.extend(first, opened.rows, column);
        }
        for (writer, column) in self.texts.iter_mut().zip(&opened.texts) {
            writer.extend(first, opened.rows, column);
        }
        let counts = opened.counts.iter().map(|count| Count {
            row: first as u32 + count.row,
            ..*count
        });
        self.counts.extend(counts);
        self.rows += opened.rows;
        self.before = None;
    }

    /// Encodes what was counted. Of each campaign's source and `p1`..`p10` the values that
    /// count most stay, at most so many of each; the others are counted together as
    /// [`crate::segment::OTHER`]. None where counts cancel each other out.
    ///
    /// # Errors
    /// `Internal` where the lines or one of their columns are too many for one segment.
    pub fn finish(mut self, packer: &mut Packer, values_max: usize) -> Result<Option<Encoded>> {
        fold_rare(&mut self, values_max);
        let rows = self.rows;
        let numbers = self.numbers.into_iter().map(|column| column.ranked(rows));
        let numbers: Vec<Ranked<u64>> = numbers.collect();
        let texts = self.texts.into_iter().map(|column| column.ranked(rows));
        let texts: Vec<Ranked<&str>> = texts.collect();
        let codes = Field::in_order().map(|field| match field.place() {
            Ok(number) => (&numbers[number].codes, numbers[number].values.len()),
            Err(text) => (&texts[text].codes, texts[text].values.len()),
        });
        let lines = Lines::of(codes, rows);
        let sums = Sums::of(&self.counts, &lines);
        let kept = sums.counting();
        if kept.is_empty() {
            return Ok(None);
        }
        let kept_rows: Vec<u32> = kept.iter().map(|&line| lines.rows[line]).collect();
        let mut columns = Vec::new();
        for (field, column) in Field::NUMBERS.into_iter().zip(&numbers) {
            let packed = column.write::<Numbers>(packer, &kept_rows)?;
            columns.extend(packed.map(|packed| (field.column(), packed)));
        }
        for (field, column) in Field::texts().zip(&texts) {
            let packed = column.write::<Texts>(packer, &kept_rows)?;
            columns.extend(packed.map(|packed| (field.column(), packed)));
        }
        for measure in 0..Measures::COUNT {
            let packed = write_counts(packer, &sums.column(measure, &kept))?;
            columns.extend(packed.map(|packed| (measure_column(measure), packed)));
        }
        encoded(kept.len(), columns).map(Some)
    }
}

/// # Errors
/// `Internal` where these are too many rows for one segment.
pub(super) fn encoded(rows: usize, columns: Vec<(u8, Vec<u8>)>) -> Result<Encoded> {
    let header = Header {
        class: Class::Tally,
        rows,
        ids: None,
        columns: columns.iter().map(|&(id, _)| id).collect(),
    };
    Ok(Encoded {
        header: header.write()?,
        columns,
    })
}

impl Opened {
    /// # Errors
    /// `Damaged` where this is no tally segment, or one of no quarter or id that there is.
    pub fn open(unpacker: &mut Unpacker, encoded: &Encoded) -> Result<Opened> {
        let mut scan = TallyScan::open(unpacker, &encoded.header, &encoded.columns)?;
        let mut numbers = Vec::with_capacity(Field::NUMBERS.len());
        for field in Field::NUMBERS {
            let column = scan.numbers(field)?;
            column
                .values
                .iter()
                .try_for_each(|&number| field.check(number))?;
            numbers.push(column);
        }
        let texts = Field::texts().map(|field| scan.texts(field));
        let texts = texts.collect::<Result<_>>()?;
        let mut counts = Vec::new();
        for measure in 0..Measures::COUNT {
            scan.measure(measure)?.for_each(|row, count| {
                if count != 0 {
                    let (row, measure) = (row as u32, measure as u32);
                    counts.push(Count {
                        row,
                        measure,
                        count,
                    });
                }
            });
        }
        Ok(Opened {
            rows: scan.rows(),
            numbers,
            texts,
            counts,
        })
    }
}
