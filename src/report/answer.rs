//! The answer of a report: rows that add up to its totals, and the same as CSV.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::model::tally::Measures;
use crate::report::dimension::Dimension;
use crate::report::groups::Sums;
use crate::report::question::{GROUP_BY_MAX, Reach};

#[derive(Debug, Clone)]
pub struct Report {
    pub dimensions: Vec<Dimension>,
    /// The distinct values of each dimension.
    pub(super) values: Vec<Ordered>,
    /// One a row, in the order of rows.
    pub(super) places: Vec<Place>,
    pub(super) sums: Sums,
    pub totals: Measures,
    /// For whom it was made: a publisher is not told what the account earns.
    pub reach: Reach,
}

/// Values as they were met, and the order in which rows have them: putting numbers in
/// order is less work than moving values.
#[derive(Debug, Clone, Default)]
pub(super) struct Ordered {
    pub values: Vec<Value>,
    pub order: Vec<u32>,
}

impl Ordered {
    pub fn get(&self, rank: u32) -> &Value {
        &self.values[self.order[rank as usize] as usize]
    }

    pub fn iter(&self) -> impl Iterator<Item = &Value> {
        self.order.iter().map(|&index| &self.values[index as usize])
    }
}

/// Where a row has what it says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// Which of the values in order it has of each dimension.
    pub ranks: [u32; GROUP_BY_MAX],
    /// Which of the sums are its measures.
    pub slot: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row<'a> {
    /// One a dimension of the report.
    pub values: Vec<&'a Value>,
    pub measures: Measures,
}

/// What a row has in one dimension.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    None,
    Text(String),
    /// A thing of the account. Where it is not known, its id is its name.
    Named {
        id: String,
        name: String,
    },
}

impl Value {
    /// What a reader sees; empty where there is none.
    pub fn label(&self) -> &str {
        match self {
            Value::None => "",
            Value::Text(text) => text,
            Value::Named { name, .. } => name,
        }
    }

    /// Empty where it has none.
    pub fn id(&self) -> &str {
        match self {
            Value::Named { id, .. } => id,
            Value::None | Value::Text(_) => "",
        }
    }
}

/// Rows of one answer at most.
pub const ROWS_MAX: usize = 100_000;

/// The names of all figures in the order of the API, `conversions` among them.
pub const FIGURES: [&str; Measures::COUNT + 1] = {
    let mut names = [""; Measures::COUNT + 1];
    let mut index = 0;
    while index < Measures::COUNT {
        names[index + (index >= VIEWS_END) as usize] = Measures::NAMES[index];
        index += 1;
    }
    names[VIEWS_END] = "conversions";
    names
};
/// What the account earns is not for its publishers.
const CONFIDENTIAL: [&str; 2] = ["revenue_minor", "pending_revenue_minor"];
/// `conversions` follows impressions, the three kinds of clicks, and views.
const VIEWS_END: usize = 5;

/// What [`FIGURES`] names.
pub fn figures(measures: &Measures) -> [i64; FIGURES.len()] {
    let stored = measures.to_array();
    std::array::from_fn(|index| match index {
        VIEWS_END => measures.conversions(),
        _ => stored[index - usize::from(index > VIEWS_END)],
    })
}

impl Report {
    /// A report of these rows.
    #[cfg(any(test, fuzzing))]
    pub fn of_rows(
        dimensions: Vec<Dimension>,
        rows: Vec<(Vec<Value>, Measures)>,
        totals: Measures,
        reach: Reach,
    ) -> Report {
        let mut report = Report {
            values: vec![Ordered::default(); dimensions.len()],
            dimensions,
            places: Vec::new(),
            sums: Sums::default(),
            totals,
            reach,
        };
        let slots = rows.len();
        for (slot, (values, measures)) in (0..).zip(rows) {
            let ranks = std::array::from_fn(|at| u32::from(at < values.len()) * slot);
            report.places.push(Place { ranks, slot });
            report.sums.add(slot, slots, &measures);
            let lists = report.values.iter_mut().zip(values);
            lists.for_each(|(list, value)| {
                list.values.push(value);
                list.order.push(slot);
            });
        }
        report
    }

    pub fn rows(&self) -> impl ExactSizeIterator<Item = Row<'_>> {
        self.places.iter().map(|place| Row {
            values: self.values_at(place).collect(),
            measures: self.sums.of(place.slot),
        })
    }

    /// Whether any row has this value.
    pub fn has(&self, value: &Value) -> bool {
        let mut dimensions = self.values.iter();
        dimensions.any(|of| of.values.contains(value))
    }

    fn values_at(&self, place: &Place) -> impl Iterator<Item = &Value> {
        let of_dimension = self.values.iter().zip(place.ranks);
        of_dimension.map(|(values, rank)| values.get(rank))
    }

    /// Whether this figure is for the eyes of who asked.
    pub fn tells(&self, figure: &str) -> bool {
        self.reach == Reach::Account || !CONFIDENTIAL.contains(&figure)
    }

    /// A table with a line of names. Things take two columns, name and id. Text
    /// that a spreadsheet would take for a formula begins with an apostrophe.
    pub fn to_csv(&self) -> Result<String> {
        let mut table = csv::Writer::from_writer(Vec::new());
        let failed = |cause| Error::internal("The table cannot be written").because(cause);
        table.write_record(self.columns()).map_err(failed)?;
        for row in self.rows() {
            table.write_record(self.cells(&row)).map_err(failed)?;
        }
        let bytes = table.into_inner().map_err(|cause| {
            Error::internal("The table cannot be written").because(cause.to_string())
        })?;
        String::from_utf8(bytes)
            .map_err(|cause| Error::internal("The table cannot be written").because(cause))
    }

    fn columns(&self) -> Vec<String> {
        let mut columns = Vec::new();
        for dimension in &self.dimensions {
            columns.push(dimension.to_string());
            if dimension.has_ids() {
                columns.push(format!("{dimension}_id"));
            }
        }
        let told = FIGURES.into_iter().filter(|name| self.tells(name));
        columns.extend(told.map(str::to_owned));
        columns
    }

    fn cells(&self, row: &Row<'_>) -> Vec<String> {
        let mut cells = Vec::new();
        for (dimension, value) in self.dimensions.iter().zip(&row.values) {
            cells.push(spreadsheet_safe(value.label()));
            if dimension.has_ids() {
                cells.push(value.id().to_owned());
            }
        }
        let told = FIGURES.iter().zip(figures(&row.measures));
        let told = told.filter(|(name, _)| self.tells(name));
        cells.extend(told.map(|(_, figure)| figure.to_string()));
        cells
    }
}

/// Text as a spreadsheet may have it: never a formula.
pub fn spreadsheet_safe(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}
