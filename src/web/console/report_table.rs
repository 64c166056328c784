//! A report as the table that people read: columns that say something, numbers in
//! their form, and links that look closer. Pure.

use super::report_query::{ReportQuery, name};
use super::wording;
use crate::model::money::Currency;
use crate::model::tally::Measures;
use crate::report::{Dimension, OTHER, RARE_BELOW, Reach, Report, Row, Value};

/// Rows of one page; the CSV has all.
const ROWS_MAX: usize = crate::model::limits::TABLE_ROWS;

/// A value of a dimension, and the address of the same report for it alone.
pub struct Label {
    pub text: String,
    /// Nothing was known.
    pub is_none: bool,
    pub closer: String,
}

pub struct Line {
    pub labels: Vec<Label>,
    pub numbers: Vec<String>,
}

pub struct Table {
    pub dimensions: Vec<String>,
    pub measures: Vec<&'static str>,
    pub lines: Vec<Line>,
    pub totals: Vec<String>,
    /// Rows that are not shown.
    pub more: String,
    pub has_more: bool,
    /// Some values are shown together: below so many hits of a campaign in a month.
    pub folded_below: Option<i64>,
    pub currency: &'static str,
}

/// A column: its title, and its number of a row.
struct Column {
    title: &'static str,
    kind: Kind,
    /// Shown even where it is nought in every row.
    always: bool,
    /// Not for publishers.
    is_confidential: bool,
    number: fn(&Measures) -> i64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Count,
    Money,
    /// Conversions of a hundred clicks.
    Rate,
}

/// What earns money first; the finer points after it.
const COLUMNS: [Column; 15] = [
    column("Impressions", Kind::Count, false, |m| m.impressions),
    column("Clicks", Kind::Count, true, |m| m.clicks),
    column("Conversions", Kind::Count, true, Measures::conversions),
    column("Rate", Kind::Rate, true, |_| 0),
    column("Sales", Kind::Money, true, |m| m.sale_amount_minor),
    column("Revenue", Kind::Money, true, |m| m.revenue_minor).confidential(),
    column("Payout", Kind::Money, true, |m| m.payout_minor),
    column("Waiting", Kind::Count, false, |m| m.pending),
    column("Sales waiting", Kind::Money, false, |m| {
        m.pending_sale_amount_minor
    }),
    column("Revenue waiting", Kind::Money, false, |m| {
        m.pending_revenue_minor
    })
    .confidential(),
    column("Payout waiting", Kind::Money, false, |m| {
        m.pending_payout_minor
    }),
    column("Rejected", Kind::Count, false, |m| m.rejected),
    column("Cancelled", Kind::Count, false, |m| m.cancelled),
    column("Unique clicks", Kind::Count, false, |m| m.unique_clicks),
    column("Page views", Kind::Count, false, |m| m.views),
];

const fn column(
    title: &'static str,
    kind: Kind,
    always: bool,
    number: fn(&Measures) -> i64,
) -> Column {
    Column {
        title,
        kind,
        always,
        is_confidential: false,
        number,
    }
}

impl Column {
    const fn confidential(mut self) -> Self {
        self.is_confidential = true;
        self
    }

    fn text(&self, measures: &Measures, currency: Currency) -> String {
        match self.kind {
            Kind::Count => wording::count((self.number)(measures)),
            Kind::Money => wording::amount(currency, (self.number)(measures)),
            Kind::Rate => wording::share(measures.conversions(), measures.clicks),
        }
    }
}

impl Table {
    pub fn of(report: &Report, query: &ReportQuery, currency: Currency) -> Self {
        let says_something = |column: &&Column| {
            let mut rows = report.rows();
            let says = column.always
                || (column.number)(&report.totals) != 0
                || rows.any(|row| (column.number)(&row.measures) != 0);
            says && (report.reach == Reach::Account || !column.is_confidential)
        };
        let columns: Vec<&Column> = COLUMNS.iter().filter(says_something).collect();
        let numbers = |measures: &Measures| {
            let texts = columns.iter().map(|column| column.text(measures, currency));
            texts.collect::<Vec<_>>()
        };
        let shown = report.rows().take(ROWS_MAX);
        let more = report.rows().len().saturating_sub(ROWS_MAX);
        Table {
            dimensions: report
                .dimensions
                .iter()
                .map(|dimension| name(*dimension))
                .collect(),
            measures: columns.iter().map(|column| column.title).collect(),
            lines: shown
                .map(|row| Line {
                    labels: labels(&row, &report.dimensions, query),
                    numbers: numbers(&row.measures),
                })
                .collect(),
            totals: numbers(&report.totals),
            more: wording::count(i64::try_from(more).unwrap_or(i64::MAX)),
            has_more: more > 0,
            folded_below: report
                .has(&Value::Text(OTHER.to_owned()))
                .then_some(RARE_BELOW),
            currency: currency.code(),
        }
    }
}

fn labels(row: &Row<'_>, dimensions: &[Dimension], query: &ReportQuery) -> Vec<Label> {
    let each = row.values.iter().zip(dimensions);
    each.map(|(value, dimension)| {
        let filter = match *value {
            Value::None => "none",
            Value::Text(text) => text,
            Value::Named { id, .. } => id,
        };
        Label {
            text: match *value {
                Value::None => format!("no {}", name(*dimension).to_lowercase()),
                value => value.label().to_owned(),
            },
            is_none: **value == Value::None,
            closer: query
                .with(format!("{dimension}:{filter}"))
                .address("/reports"),
        }
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::console::form::Form;

    #[test]
    fn columns_that_say_nothing_are_left_out() {
        let measures = Measures {
            clicks: 200,
            approved: 5,
            revenue_minor: 1_234,
            ..Measures::default()
        };
        let row = (vec![Value::Text("DE".to_owned())], measures);
        let dimensions = vec![Dimension::Country];
        let report = Report::of_rows(dimensions, vec![row], measures, Reach::Account);
        let query = ReportQuery::read(&Form::parse(b""), "2026-01-01", "2026-01-31");
        let table = Table::of(&report, &query, Currency::EUR);
        assert_eq!(
            table.measures,
            [
                "Clicks",
                "Conversions",
                "Rate",
                "Sales",
                "Revenue",
                "Payout"
            ]
        );
        assert_eq!(
            table.lines[0].numbers,
            ["200", "5", "2.5 %", "0.00", "12.34", "0.00"]
        );
        assert_eq!(table.totals, table.lines[0].numbers);
        assert!(
            table.lines[0].labels[0]
                .closer
                .contains("filter=country%3ADE")
        );
    }
}
