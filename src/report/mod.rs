//! Reports: a question and a period to rows that add up to their totals. It asks
//! no clock, knows no SQL and no HTTP; segments come through a [`Source`].
//!
//! Each tally segment of the period is read once, and only in the columns that
//! the question needs. Rows stand in the order of the dimensions asked for: days
//! and hours as they follow one another, all else by name, nothing last.

mod answer;
mod answer_json;
mod clicks;
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
mod sums;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod zone_tests;

use std::collections::BTreeMap;

pub use answer::{FIGURES, ROWS_MAX, Report, Row, Value, figures, spreadsheet_safe};
pub use clicks::{Clicks, clicks};
pub use dimension::Dimension;
pub use period::{DAYS_MAX, Period, find_zones};
pub use question::{FILTERS_MAX, Filter, GROUP_BY_MAX, Question, Reach};

use crate::error::Result;
use crate::model::account::Account;
use crate::model::catalog::Catalog;
use crate::model::tally::Measures;
use crate::report::groups::{Key, too_many_rows};
use crate::report::label::{Labels, Names};
use crate::report::slots::Grouping;
use crate::segment::{Class, Source};
pub use crate::segment::{OTHER, RARE_BELOW};

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
    let keys = source.segments(account.id, Class::Tally, question.period.utc_days())?;
    let sum = sums::add_up(source, question, &keys)?;
    answer(question, &sum.grouping, catalog, account)
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

/// The sums as an answer: named, sorted, with their totals.
fn answer(
    question: &Question,
    grouping: &Grouping,
    catalog: &Catalog,
    account: &Account,
) -> Result<Report> {
    let names = Names::new(catalog, account);
    let groups: Vec<(Key, Measures)> = grouping.groups.counting().collect();
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
    for &dimension in &question.group_by {
        let parts = first..first + dimension.parts().len();
        first = parts.end;
        let keys = groups.iter().map(|(key, _)| key);
        let values = &grouping.values;
        labels.push(Labels::new(dimension, parts, keys, values, &names));
    }
    Ok(Report {
        dimensions: question.group_by.clone(),
        rows: in_order(&groups, &labels),
        totals: Measures::from_array(totals),
        reach: question.reach,
    })
}

/// The groups as rows, sorted by the first dimension, then the next.
fn in_order(groups: &[(Key, Measures)], labels: &[Labels]) -> Vec<Row> {
    let mut order: Vec<([usize; GROUP_BY_MAX], usize)> = groups
        .iter()
        .enumerate()
        .map(|(index, (key, _))| {
            let mut ranks = [0; GROUP_BY_MAX];
            let of_dimension = labels.iter().zip(&mut ranks);
            of_dimension.for_each(|(labels, rank)| *rank = labels.rank(key));
            (ranks, index)
        })
        .collect();
    order.sort_unstable();
    let values = |ranks: [usize; GROUP_BY_MAX]| {
        let of_dimension = labels.iter().zip(ranks);
        of_dimension
            .map(|(labels, rank)| labels.value(rank))
            .collect()
    };
    order
        .into_iter()
        .map(|(ranks, index)| Row {
            values: values(ranks),
            measures: groups[index].1,
        })
        .collect()
}
