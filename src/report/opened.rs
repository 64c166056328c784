//! The columns of one tally segment that a question needs, opened.

use crate::error::Result;
use crate::report::dimension::Dimension;
use crate::report::period::{QUARTERS, Quarter};
use crate::report::question::Question;
use crate::segment::{Codes, Column, Field, Numbers, TallyScan, Texts, Values, quarter_of};

/// One column of dimensions, whatever its values.
pub enum Opened {
    Numbers(Column<Numbers>),
    Texts(Column<Texts>),
}

impl Opened {
    pub fn codes(&self) -> &Codes {
        match self {
            Opened::Numbers(column) => &column.codes,
            Opened::Texts(column) => &column.codes,
        }
    }

    /// How many codes there are; 0 is the default's.
    pub fn size(&self) -> usize {
        1 + match self {
            Opened::Numbers(column) => column.values.count(),
            Opened::Texts(column) => column.values.count(),
        }
    }

    pub fn number(&self, code: usize) -> Option<u64> {
        match self {
            Opened::Numbers(column) => column.value(code as u32),
            Opened::Texts(_) => None,
        }
    }

    pub fn text(&self, code: usize) -> Option<&str> {
        match self {
            Opened::Numbers(_) => None,
            Opened::Texts(column) => column.value(code as u32),
        }
    }
}

/// The opened columns of one segment.
pub struct Columns {
    pub rows: usize,
    opened: Vec<(Field, Opened)>,
}

impl Columns {
    pub fn open(scan: &mut TallyScan, fields: &[Field]) -> Result<Columns> {
        let open = |&field: &Field| {
            let opened = if field.is_text() {
                Opened::Texts(scan.texts(field)?)
            } else {
                Opened::Numbers(scan.numbers(field)?)
            };
            Ok((field, opened))
        };
        let opened = fields.iter().map(open).collect::<Result<_>>()?;
        Ok(Columns {
            rows: scan.rows(),
            opened,
        })
    }

    /// A column; none where the question does not need it.
    pub fn get(&self, field: Field) -> Option<&Opened> {
        let mut opened = self.opened.iter();
        opened
            .find(|(of, _)| *of == field)
            .map(|(_, column)| column)
    }
}

/// One UTC day, in the account's zone.
pub struct Day {
    quarters: [Quarter; QUARTERS],
    /// Whether it matters to the question in which quarter of an hour a row stands.
    pub needs_quarter: bool,
    /// Whether all of it lies in the period.
    pub whole: bool,
}

impl Day {
    pub fn new(question: &Question, utc_day: u32) -> Day {
        let quarters = question.period.quarters(utc_day);
        let one_day = quarters
            .iter()
            .all(|quarter| quarter.day == quarters[0].day);
        let in_period = |quarter: &Quarter| question.period.contains(quarter.day);
        let whole = quarters.iter().all(in_period);
        let hours = question.names(Dimension::Hour);
        let days = question.names(Dimension::Day);
        Day {
            quarters,
            needs_quarter: hours || !one_day && (days || !whole),
            whole,
        }
    }

    /// Where the rows with a code of the column of quarters stand. Where the
    /// column is not needed, any quarter of the day serves.
    pub fn quarter(&self, column: Option<&Opened>, code: usize) -> Result<Quarter> {
        let number = column.and_then(|column| column.number(code)).unwrap_or(0);
        Ok(self.quarters[usize::from(quarter_of(number)?)])
    }
}
