//! The yardstick of reports: the same hits as plain integer rows in SQLite, one row a
//! hit, without keys or seals, added up by GROUP BY.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use pixelkeep::model::tally::Measures;
use rusqlite::{Connection, params_from_iter};

use crate::Outcome;
use crate::history::{self, History};
use crate::made;

/// The table, and the history it was made of.
pub struct Plain<'h> {
    path: PathBuf,
    history: &'h History,
}

/// A dimension in both: its name in the API, its column here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Dimension {
    Day,
    Campaign,
    Publisher,
    Goal,
    Country,
    SubId,
}

impl Dimension {
    pub fn name(self) -> &'static str {
        match self {
            Dimension::Day => "day",
            Dimension::Campaign => "campaign",
            Dimension::Publisher => "publisher",
            Dimension::Goal => "goal",
            Dimension::Country => "country",
            Dimension::SubId => "p1",
        }
    }
}

/// Measures by the values of the dimensions; no value is an empty text.
pub type Rows = BTreeMap<Vec<String>, [i64; Measures::COUNT]>;

impl<'h> Plain<'h> {
    pub fn prepare(beside: &Path, history: &'h History) -> Outcome<Plain<'h>> {
        let path = beside.join(format!("plain-{}.db", history.hits));
        let whole = path.with_extension("whole");
        let plain = Plain { path, history };
        if !whole.exists() {
            // What an interrupted start has left.
            let _ = std::fs::remove_file(&plain.path);
            plain.fill()?;
            std::fs::write(&whole, "")?;
        }
        Ok(plain)
    }

    fn fill(&self) -> Outcome<()> {
        let connection = Connection::open(&self.path)?;
        connection.pragma_update(None, "journal_mode", "OFF")?;
        connection.pragma_update(None, "synchronous", "OFF")?;
        let measures = Measures::NAMES.join(" INTEGER, ");
        connection.execute_batch(&format!(
            "CREATE TABLE hit (day INTEGER, quarter INTEGER, campaign INTEGER, publisher INTEGER, \
             goal INTEGER, country INTEGER, device INTEGER, p1 INTEGER, {measures} INTEGER)"
        ))?;
        let places = vec!["?"; 8 + Measures::COUNT].join(", ");
        let insert = format!("INSERT INTO hit VALUES ({places})");
        connection.execute_batch("BEGIN")?;
        for (day, first, count) in self.history.days() {
            for made in made::day(day, first, count) {
                let goal = made.sale.map(|sale| made.campaign * 2 + sale.goal);
                let mut values: Vec<Option<i64>> = vec![
                    Some(day.into()),
                    Some(made.at.quarter().into()),
                    Some(made.campaign as i64),
                    made.publisher.map(|index| index as i64),
                    goal.map(|index| index as i64),
                    Some(made.origin.country.code().into()),
                    Some(made.origin.device.code().into()),
                    made.sub_id.map(|value| value as i64),
                ];
                values.extend(history::counts(&made).map(Some));
                let mut insert = connection.prepare_cached(&insert)?;
                insert.execute(params_from_iter(values))?;
            }
        }
        connection.execute_batch("COMMIT")?;
        Ok(())
    }

    /// Answers a question, from a file just opened. `where_` is SQL, or empty.
    pub fn answer(&self, by: &[Dimension], where_: &str) -> Outcome<Rows> {
        let connection = Connection::open(&self.path)?;
        let columns: Vec<&str> = by.iter().map(|dimension| dimension.name()).collect();
        let columns = columns.join(", ");
        let sums: Vec<String> = Measures::NAMES
            .iter()
            .map(|name| format!("sum({name})"))
            .collect();
        let sums = sums.join(", ");
        let sql = format!("SELECT {columns}, {sums} FROM hit {where_} GROUP BY {columns}");
        let mut statement = connection.prepare(&sql)?;
        let mut found = statement.query([])?;
        let mut rows = Rows::new();
        while let Some(row) = found.next()? {
            let mut key = Vec::with_capacity(by.len());
            for (index, &dimension) in by.iter().enumerate() {
                let value: Option<i64> = row.get(index)?;
                key.push(value.map_or_else(String::new, |value| self.label(dimension, value)));
            }
            let mut counts = [0; Measures::COUNT];
            for (index, count) in counts.iter_mut().enumerate() {
                *count = row.get(by.len() + index)?;
            }
            if counts.iter().any(|&count| count != 0) {
                rows.insert(key, counts);
            }
        }
        Ok(rows)
    }

    /// A value as the API writes it: an id, or a text.
    fn label(&self, dimension: Dimension, value: i64) -> String {
        let setting = &self.history.setting;
        let index = value as usize;
        match dimension {
            Dimension::Day => self.history.day_text(value as u32),
            Dimension::Campaign => setting.campaigns[index].to_string(),
            Dimension::Publisher => setting.publishers[index].to_string(),
            Dimension::Goal => setting.goals[index / 2][index % 2].to_string(),
            Dimension::Country => pixelkeep::model::hit::Country::from_code(value as u16).name(),
            Dimension::SubId => format!("c-{value:04}"),
        }
    }
}
