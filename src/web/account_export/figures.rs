//! The account's reports by day, one table a dimension, as far back as there are any.

use std::io::Write;

use jiff::ToSpan;
use jiff::civil::Date;

use super::Whole;
use super::archive::{Archive, Cell};
use crate::clock::DAY_MS;
use crate::error::{Error, Kind, Result};
use crate::model::inventory::Class;
use crate::report::{self, Dimension, FIGURES, Question, Reach, Report, figures};

/// Days of one question; fewer where they would have too many rows.
const DAYS: i32 = 31;

pub fn write(whole: &Whole<'_>, archive: &mut Archive<impl Write>) -> Result<()> {
    let Some((first, last)) = period(whole)? else {
        return Ok(());
    };
    let together = vec![Dimension::Day, Dimension::Campaign, Dimension::Publisher];
    table(whole, archive, "campaign-publisher", &together, first, last)?;
    for dimension in Dimension::all().filter(|it| *it != Dimension::Day) {
        let name = dimension.to_string();
        // An hour names its day.
        let asked = match dimension {
            Dimension::Hour => vec![dimension],
            _ => vec![Dimension::Day, dimension],
        };
        table(whole, archive, &name, &asked, first, last)?;
    }
    Ok(())
}

/// The days of which there are figures, in the account's zone; a day more on both sides
/// does no harm.
fn period(whole: &Whole<'_>) -> Result<Option<(Date, Date)>> {
    let oldest = whole.store.oldest_days(whole.account.id)?;
    let oldest = oldest.iter().find(|it| it.class == Class::Tally);
    let Some(day) = oldest.and_then(|it| it.day) else {
        return Ok(None);
    };
    let date = |ms: i64| -> Result<Date> {
        jiff::Timestamp::from_millisecond(ms)
            .map(|at| at.to_zoned(jiff::tz::TimeZone::UTC).date())
            .map_err(|error| Error::internal("A day lies outside the calendar").because(error))
    };
    let first = date((i64::from(day) - 1) * DAY_MS)?;
    Ok(Some((first, date(whole.now.millis() + DAY_MS)?)))
}

fn table(
    whole: &Whole<'_>,
    archive: &mut Archive<impl Write>,
    name: &str,
    asked: &[Dimension],
    first: Date,
    last: Date,
) -> Result<()> {
    let mut columns: Vec<String> = Vec::new();
    for dimension in asked {
        columns.push(dimension.to_string());
        if dimension.has_ids() {
            columns.push(format!("{dimension}_id"));
        }
    }
    columns.extend(FIGURES.map(str::to_owned));
    archive.table(&format!("figures/{name}.csv"), &columns, |rows| {
        let mut from = first;
        while from <= last {
            let to = from.saturating_add((DAYS - 1).days()).min(last);
            answers(whole, asked, from, to, &mut |report| {
                report.rows().try_for_each(|row| {
                    let mut cells = Vec::with_capacity(columns.len());
                    for (dimension, value) in asked.iter().zip(&row.values) {
                        cells.push(Cell::Text(value.label().to_owned()));
                        if dimension.has_ids() {
                            cells.push(Cell::Plain(value.id().to_owned()));
                        }
                    }
                    let sums = figures(&row.measures);
                    cells.extend(sums.map(|sum| Cell::Plain(sum.to_string())));
                    rows.add(cells)
                })
            })?;
            from = to.saturating_add(1.day());
        }
        Ok(())
    })
}

/// Answers for a period, in halves where one has more rows than an answer may.
fn answers(
    whole: &Whole<'_>,
    asked: &[Dimension],
    from: Date,
    to: Date,
    take: &mut dyn FnMut(&Report) -> Result<()>,
) -> Result<()> {
    let names: Vec<String> = asked.iter().map(Dimension::to_string).collect();
    let question = Question::parse(
        &from.to_string(),
        &to.to_string(),
        &names.join(","),
        &[],
        &whole.account,
        Reach::Account,
    )?;
    let snapshot = whole.store.snapshot()?;
    let answer = report::run(&snapshot, &whole.catalog, &whole.account, &question);
    drop(snapshot);
    match answer {
        Ok(report) => take(&report),
        Err(error) if error.kind() == Kind::Invalid && from < to => {
            let days = from.until(to).map_or(0, |span| span.get_days());
            let middle = from.saturating_add((days / 2).days());
            answers(whole, asked, from, middle, take)?;
            answers(whole, asked, middle.saturating_add(1.day()), to, take)
        }
        Err(error) => Err(error),
    }
}
