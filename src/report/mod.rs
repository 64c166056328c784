//! Reports: a question and a period to rows that add up to their totals. It asks
//! no clock, knows no SQL and no HTTP; segments come through a [`Source`].
//!
//! Each tally segment of the period is read once, and only in the columns that
//! the question needs. Rows stand in the order of the dimensions asked for: days
//! and hours as they follow one another, all else by name, nothing last.

mod answer;
mod dimension;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod groups;
mod label;
mod opened;
mod period;
#[cfg(test)]
mod property_tests;
mod question;
mod rows_kept;
mod slots;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod zone_tests;

use std::collections::BTreeMap;

pub use answer::{FIGURES, ROWS_MAX, Report, Row, Value, figures, spreadsheet_safe};
pub use dimension::Dimension;
pub use period::{DAYS_MAX, Period};
pub use question::{FILTERS_MAX, Filter, GROUP_BY_MAX, Question, Reach};

use crate::error::Result;
use crate::model::account::Account;
use crate::model::catalog::Catalog;
use crate::model::tally::Measures;
use crate::report::groups::{Key, too_many_rows};
use crate::report::label::{Labels, Names};
use crate::report::opened::{Columns, Day};
use crate::report::rows_kept::Kept;
use crate::report::slots::Grouping;
use crate::segment::{Class, Field, SegmentKey, Source, TallyScan, Unpacker, measure_columns};

/// Answers a question from the account's segments.
///
/// # Errors
/// `Invalid` where the answer would have more than [`ROWS_MAX`] rows; `Damaged`
/// where a segment cannot be read.
pub fn run(
    source: &dyn Source,
    catalog: &Catalog,
    account: &Account,
    question: &Question,
) -> Result<Report> {
    let mut sum = Sum::new(question)?;
    for key in source.segments(account.id, Class::Tally, question.period.utc_days())? {
        sum.add(source, &key)?;
    }
    sum.answer(catalog, account)
}

/// What each day of a period counts, days without anything included.
pub fn daily(
    source: &dyn Source,
    catalog: &Catalog,
    account: &Account,
    period: Period,
) -> Result<Vec<(String, Measures)>> {
    let days = period.days();
    let question = Question {
        period,
        group_by: vec![Dimension::Day],
        filters: Vec::new(),
        reach: Reach::Account,
    };
    let report = run(source, catalog, account, &question)?;
    let rows = report.rows.into_iter();
    let counted: BTreeMap<String, Measures> = rows
        .filter_map(|row| Some((row.values.first()?.label().to_owned(), row.measures)))
        .collect();
    let of_day = |day| {
        let day = period::day_text(day);
        let measures = counted.get(&day).copied().unwrap_or_default();
        (day, measures)
    };
    Ok(days.map(of_day).collect())
}

/// A question while it is being answered.
struct Sum<'q> {
    question: &'q Question,
    fields: Vec<Field>,
    grouping: Grouping,
    unpacker: Unpacker,
    /// The last UTC day that was worked out; segments come day by day.
    day: Option<(u32, Day)>,
}

impl<'q> Sum<'q> {
    fn new(question: &'q Question) -> Result<Sum<'q>> {
        Ok(Sum {
            question,
            fields: question.fields(),
            grouping: Grouping::new(question),
            unpacker: Unpacker::new()?,
            day: None,
        })
    }

    fn add(&mut self, source: &dyn Source, key: &SegmentKey) -> Result<()> {
        if self.day.as_ref().is_none_or(|(of, _)| *of != key.day) {
            self.day = Some((key.day, Day::new(self.question, key.day)));
        }
        let Some((_, day)) = &self.day else {
            return Ok(());
        };
        let quarter = day.needs_quarter.then_some(Field::Quarter);
        let fields: Vec<Field> = self.fields.iter().copied().chain(quarter).collect();
        let dimensions = fields.iter().map(|field| field.column());
        let wanted: Vec<u8> = dimensions.chain(measure_columns()).collect();
        let header = source.header(key)?;
        let packed = source.columns(key, &wanted)?;

        let mut scan = TallyScan::open(&mut self.unpacker, &header, &packed)?;
        let columns = Columns::open(&mut scan, &fields)?;
        let kept = Kept::of(self.question, day, &columns)?;
        if columns.rows == 0 || matches!(kept, Kept::Nothing) {
            return Ok(());
        }
        let slots = self.grouping.slots(&columns, day, &kept)?;
        for measure in 0..Measures::COUNT {
            let counts = scan.measure(measure)?;
            self.grouping.groups.add(measure, &slots, &counts);
        }
        Ok(())
    }

    fn answer(self, catalog: &Catalog, account: &Account) -> Result<Report> {
        let names = Names::new(catalog, account);
        let groups: Vec<(Key, Measures)> = self.grouping.groups.counting().collect();
        if groups.len() > ROWS_MAX {
            return Err(too_many_rows());
        }
        let mut totals = [0i64; Measures::COUNT];
        for (_, measures) in &groups {
            let sums = totals.iter_mut().zip(measures.to_array());
            sums.for_each(|(total, count)| *total = total.wrapping_add(count));
        }
        let mut labels = Vec::new();
        let mut first = 0;
        for &dimension in &self.question.group_by {
            let parts = first..first + dimension.parts().len();
            first = parts.end;
            let keys = groups.iter().map(|(key, _)| key);
            let values = &self.grouping.values;
            labels.push(Labels::new(dimension, parts, keys, values, &names));
        }
        Ok(Report {
            dimensions: self.question.group_by.clone(),
            rows: in_order(&groups, &labels),
            totals: Measures::from_array(totals),
            reach: self.question.reach,
        })
    }
}

/// The groups as rows, sorted by the first dimension, then the next.
fn in_order(groups: &[(Key, Measures)], labels: &[Labels]) -> Vec<Row> {
    let mut rows: Vec<([usize; GROUP_BY_MAX], Measures)> = groups
        .iter()
        .map(|(key, measures)| {
            let mut ranks = [0; GROUP_BY_MAX];
            let of_dimension = labels.iter().zip(&mut ranks);
            of_dimension.for_each(|(labels, rank)| *rank = labels.rank(key));
            (ranks, *measures)
        })
        .collect();
    rows.sort_unstable_by_key(|&(ranks, _)| ranks);
    let values = |ranks: [usize; GROUP_BY_MAX]| {
        let of_dimension = labels.iter().zip(ranks);
        of_dimension
            .map(|(labels, rank)| labels.value(rank))
            .collect()
    };
    rows.into_iter()
        .map(|(ranks, measures)| Row {
            values: values(ranks),
            measures,
        })
        .collect()
}
