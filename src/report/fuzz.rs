//! The door for the fuzz target into what writes tables. It exists in tests and in
//! fuzzing builds alone.

use super::answer::{Report, Value};
use super::dimension::Dimension;
use super::question::Reach;
use crate::model::tally::Measures;

/// Lines of text as the values of a report: its CSV reads back as they were, and no
/// cell is a formula to a spreadsheet.
pub fn table(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let rows: Vec<(Vec<Value>, Measures)> = text.split('\n').map(row).collect();
    let expected: Vec<String> = rows
        .iter()
        .map(|(values, _)| values[0].label().into())
        .collect();
    let (dimensions, totals) = (vec![Dimension::Source], Measures::default());
    let report = Report::of_rows(dimensions, rows, totals, Reach::Account);
    let written = report.to_csv().unwrap_or_default();
    let mut reader = csv::Reader::from_reader(written.as_bytes());
    let cells: Vec<String> = reader
        .records()
        .map_while(|record| record.ok()?.get(0).map(str::to_owned))
        .collect();
    assert_eq!(cells.len(), expected.len());
    for (cell, text) in cells.iter().zip(&expected) {
        assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']));
        assert!(cell == text || cell.strip_prefix('\'') == Some(text));
    }
}

fn row(text: &str) -> (Vec<Value>, Measures) {
    (vec![Value::Text(text.to_owned())], Measures::default())
}

#[cfg(test)]
mod tests {
    use crate::model::fuzz_seeds::for_each;

    #[test]
    fn every_seed_of_a_table_reads_back() {
        for_each("csv", super::table);
    }
}
