//! What reports and lists of conversions say, read member by member. The names of
//! members that the contract leaves open stand here and nowhere else.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

/// The measures of a report that can be recomputed from the list of conversions.
pub const OF_CONVERSIONS: [&str; 11] = [
    "conversions",
    "approved",
    "pending",
    "rejected",
    "cancelled",
    "sale_amount_minor",
    "revenue_minor",
    "payout_minor",
    "pending_sale_amount_minor",
    "pending_revenue_minor",
    "pending_payout_minor",
];

/// All measures of a report.
pub const MEASURES: [&str; 16] = [
    "impressions",
    "clicks",
    "unique_clicks",
    "unidentified_clicks",
    "views",
    "conversions",
    "approved",
    "pending",
    "rejected",
    "cancelled",
    "sale_amount_minor",
    "revenue_minor",
    "payout_minor",
    "pending_sale_amount_minor",
    "pending_revenue_minor",
    "pending_payout_minor",
];

pub type Figures = BTreeMap<String, i64>;

/// An item of `GET /api/v1/conversions`.
#[derive(Debug, Clone, PartialEq)]
pub struct Conversion(pub Value);

impl Conversion {
    #[track_caller]
    pub fn text(&self, name: &str) -> String {
        super::api::member(&self.0, name)
    }

    #[track_caller]
    pub fn number(&self, name: &str) -> i64 {
        self.0[name]
            .as_i64()
            .unwrap_or_else(|| panic!("no number {name} in {}", self.0))
    }

    pub fn id(&self) -> String {
        self.text("id")
    }

    pub fn status(&self) -> String {
        self.text("status")
    }

    /// click_id, shared_token, cookie, coupon, impression or unattributed.
    pub fn credit(&self) -> String {
        self.text("credit")
    }

    /// The transaction id, where consent let it be kept.
    pub fn txn(&self) -> Option<&str> {
        self.0["txn_id"].as_str()
    }

    /// The id of the campaign, publisher or goal, none where there is none.
    #[track_caller]
    pub fn id_of(&self, dimension: &str) -> Option<String> {
        id_in(&self.0[dimension])
    }

    /// Money adds nothing while it waits for a rate.
    pub fn money(&self, name: &str) -> i64 {
        self.0[name].as_i64().unwrap_or(0)
    }

    /// The words of its notes.
    pub fn notes(&self) -> Vec<String> {
        let Some(notes) = self.0["notes"].as_array() else {
            panic!("no notes in {}", self.0);
        };
        notes
            .iter()
            .map(|note| match note {
                Value::String(word) => word.clone(),
                note => super::api::member(note, "note"),
            })
            .collect()
    }

    #[track_caller]
    pub fn has_note(&self, word: &str) {
        let notes = self.notes();
        assert!(notes.iter().any(|note| note == word), "{word}: {}", self.0);
    }

    /// When it happened.
    #[track_caller]
    pub fn at(&self) -> Timestamp {
        match &self.0["at"] {
            Value::String(text) => text.parse().unwrap(),
            other => panic!("`at` is {other} in {}", self.0),
        }
    }

    /// What it adds to each measure of [`OF_CONVERSIONS`].
    pub fn adds(&self) -> Figures {
        let mut figures: Figures = OF_CONVERSIONS.map(|name| (name.to_owned(), 0)).into();
        let mut add = |name: &str, amount: i64| *figures.get_mut(name).unwrap() += amount;
        let status = self.status();
        add(&status, 1);
        let prefix = match status.as_str() {
            "approved" => "",
            "pending" => "pending_",
            _ => return figures,
        };
        add("conversions", 1);
        for money in ["sale_amount_minor", "revenue_minor", "payout_minor"] {
            add(&format!("{prefix}{money}"), self.money(money));
        }
        figures
    }
}

/// The body of a report.
#[derive(Debug, Clone, PartialEq)]
pub struct Report(pub Value);

impl Report {
    #[track_caller]
    pub fn rows(&self) -> &Vec<Value> {
        self.0["rows"]
            .as_array()
            .unwrap_or_else(|| panic!("no rows in {}", self.0))
    }

    #[track_caller]
    pub fn total(&self, measure: &str) -> i64 {
        figure(&self.0["totals"], measure)
    }

    /// Some of the totals, in the order asked for.
    #[track_caller]
    pub fn totals<const N: usize>(&self, measures: [&str; N]) -> [i64; N] {
        measures.map(|measure| self.total(measure))
    }

    /// The only row of which a dimension has this value (an id where it has one).
    #[track_caller]
    pub fn row(&self, dimension: &str, value: Option<&str>) -> &Value {
        let found: Vec<&Value> = self
            .rows()
            .iter()
            .filter(|row| id_in(&row[dimension]).as_deref() == value)
            .collect();
        match found[..] {
            [row] => row,
            _ => panic!(
                "{} rows with {dimension} = {value:?}: {}",
                found.len(),
                self.0
            ),
        }
    }

    /// Its rows add up to its totals, in every measure.
    #[track_caller]
    pub fn adds_up(&self) -> &Self {
        for measure in MEASURES {
            let sum: i64 = self.rows().iter().map(|row| figure(row, measure)).sum();
            assert_eq!(sum, self.total(measure), "{measure} in {:#}", self.0);
        }
        for row in self.rows().iter().chain([&self.0["totals"]]) {
            let both = figure(row, "approved") + figure(row, "pending");
            assert_eq!(figure(row, "conversions"), both, "{row}");
        }
        self
    }

    /// The totals that conversions make.
    #[track_caller]
    pub fn of_conversions(&self) -> Figures {
        OF_CONVERSIONS
            .map(|name| (name.to_owned(), self.total(name)))
            .into()
    }
}

/// A measure of a row.
#[track_caller]
pub fn figure(row: &Value, measure: &str) -> i64 {
    row[measure]
        .as_i64()
        .unwrap_or_else(|| panic!("no {measure} in {row}"))
}

/// What these conversions add up to.
pub fn sum<'a>(conversions: impl IntoIterator<Item = &'a Conversion>) -> Figures {
    let mut total: Figures = OF_CONVERSIONS.map(|name| (name.to_owned(), 0)).into();
    for conversion in conversions {
        for (name, amount) in conversion.adds() {
            *total.get_mut(&name).unwrap() += amount;
        }
    }
    total
}

/// The id of a dimension's value, or the value itself; null is none.
#[track_caller]
fn id_in(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Object(_) => Some(super::api::member(value, "id")),
        other => panic!("neither an id nor a name: {other}"),
    }
}
