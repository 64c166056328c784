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
mod ranked;
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
    ranked::answer(question, sum.grouping, catalog, account)
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
    let counted: BTreeMap<String, Measures> = report
        .rows()
        .filter_map(|row| Some((row.values.first()?.label().to_owned(), row.measures)))
        .collect();
    let of_day = |day| {
        let day = period::day_text(day);
        let measures = counted.get(&day).copied().unwrap_or_default();
        (day, measures)
    };
    Ok(days.map(of_day).collect())
}
