//! The answer of a report as JSON, written straight into its text: an answer may have
//! 100,000 rows, and most of its figures are nought.

use std::ops::Range;

use serde::Serialize;

use super::answer::{FIGURES, Report, figures};
use crate::error::{Error, Result};
use crate::model::tally::Measures;

/// Bytes of one piece of an answer, or some more.
const PIECE: usize = 32 * 1_024;
/// Digits of a figure; there is room for more.
const DIGITS: usize = 2;

impl Report {
    /// The body of the API: `{rows, totals}`, each row one flat object.
    ///
    /// # Errors
    /// `Internal` where a value cannot be written.
    pub fn to_json(&self) -> Result<String> {
        String::from_utf8(self.to_json_pieces()?.concat()).map_err(failed)
    }

    /// The same in pieces that follow one another, none of them empty: a long answer is
    /// nowhere in memory as a whole a second time.
    ///
    /// # Errors
    /// `Internal` where a value cannot be written.
    pub fn to_json_pieces(&self) -> Result<Vec<Vec<u8>>> {
        let writer = Writer::new(self)?;
        let mut pieces = Vec::new();
        let rows = self.places.len() + 2;
        let room = (rows * writer.row_bytes()).min(PIECE + PIECE / 4);
        let mut body = Vec::with_capacity(room);
        body.extend_from_slice(br#"{"rows":["#);
        for (index, place) in self.places.iter().enumerate() {
            if body.len() >= PIECE {
                pieces.push(std::mem::replace(&mut body, Vec::with_capacity(room)));
            }
            if index > 0 {
                body.push(b',');
            }
            writer.object(&mut body, &place.ranks, &self.sums.of(place.slot))?;
        }
        body.extend_from_slice(br#"],"totals":"#);
        writer.object(&mut body, &[], &self.totals)?;
        body.push(b'}');
        pieces.push(body);
        Ok(pieces)
    }
}

/// What stands in rows, written ahead.
struct Writer {
    dimensions: Vec<Written>,
    /// `"clicks":0,"views":0}`, all figures that are told.
    noughts: Vec<u8>,
    figures: Vec<Figure>,
}

/// The values of a dimension, each as `"day":"2026-01-31",`.
struct Written {
    all: Vec<u8>,
    /// Where each ends.
    ends: Vec<usize>,
}

/// A figure that is told.
struct Figure {
    /// Where it stands in [`FIGURES`].
    index: usize,
    /// Where its nought stands among the others.
    nought: Range<usize>,
}

impl Written {
    fn get(&self, rank: u32) -> &[u8] {
        let before = (rank as usize).checked_sub(1);
        let start = before.map_or(0, |before| self.ends[before]);
        &self.all[start..self.ends[rank as usize]]
    }

    fn longest(&self) -> usize {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let lengths = self.ends.iter().zip(starts).map(|(end, start)| end - start);
        lengths.max().unwrap_or(0)
    }
}

impl Writer {
    fn new(report: &Report) -> Result<Writer> {
        let written = report
            .dimensions
            .iter()
            .zip(&report.values)
            .map(|(of, values)| {
                let name = name(&of.to_string())?;
                let (mut all, mut ends) = (Vec::new(), Vec::with_capacity(values.order.len()));
                for of_row in values.iter() {
                    all.extend_from_slice(&name);
                    value(&mut all, of_row)?;
                    all.push(b',');
                    ends.push(all.len());
                }
                Ok(Written { all, ends })
            });
        let dimensions = written.collect::<Result<_>>()?;
        let (mut noughts, mut figures) = (Vec::new(), Vec::new());
        let told = FIGURES.iter().enumerate();
        for (index, figure) in told.filter(|(_, name)| report.tells(name)) {
            noughts.extend_from_slice(&name(figure)?);
            noughts.extend_from_slice(b"0,");
            let end = noughts.len() - 1;
            figures.push(Figure {
                index,
                nought: end - 1..end,
            });
        }
        noughts.pop();
        noughts.push(b'}');
        Ok(Writer {
            dimensions,
            noughts,
            figures,
        })
    }

    fn row_bytes(&self) -> usize {
        let values = self.dimensions.iter().map(Written::longest);
        let figures = self.noughts.len() + DIGITS * self.figures.len();
        values.sum::<usize>() + figures + 2
    }

    fn object(&self, body: &mut Vec<u8>, ranks: &[u32], measures: &Measures) -> Result<()> {
        body.push(b'{');
        for (written, &rank) in self.dimensions.iter().zip(ranks) {
            body.extend_from_slice(written.get(rank));
        }
        let counts = figures(measures);
        let mut from = 0;
        for figure in &self.figures {
            let count = counts[figure.index];
            if count != 0 {
                body.extend_from_slice(&self.noughts[from..figure.nought.start]);
                value(body, &count)?;
                from = figure.nought.end;
            }
        }
        body.extend_from_slice(&self.noughts[from..]);
        Ok(())
    }
}

/// `"clicks":`
fn name(name: &str) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    value(&mut text, name)?;
    text.push(b':');
    Ok(text)
}

fn value<T: Serialize + ?Sized>(body: &mut Vec<u8>, of: &T) -> Result<()> {
    serde_json::to_writer(body, of).map_err(failed)
}

fn failed(cause: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::internal("The report cannot be written").because(cause)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::report::question::Reach;
    use crate::report::{Dimension, Value};

    fn report(reach: Reach) -> Report {
        let mut counts = [0; Measures::COUNT];
        counts[0] = 12;
        counts[1] = -3;
        let measures = Measures::from_array(counts);
        let named = Value::Named {
            id: "abc".to_owned(),
            name: "Spring \"sale\" \u{1f337}\n".to_owned(),
        };
        let rows = vec![
            (vec![named, Value::Text("DE".to_owned())], measures),
            (vec![Value::None, Value::None], Measures::default()),
        ];
        let dimensions = vec![Dimension::Campaign, Dimension::Country];
        Report::of_rows(dimensions, rows, measures, reach)
    }

    #[test]
    fn rows_are_flat_objects_with_every_figure_and_odd_names_whole() {
        let body: Json = serde_json::from_str(&report(Reach::Account).to_json().unwrap()).unwrap();
        let row = &body["rows"][0];
        assert_eq!(
            row["campaign"],
            json!({"id": "abc", "name": "Spring \"sale\" \u{1f337}\n"})
        );
        assert_eq!(row["country"], "DE");
        assert_eq!(
            (&row["impressions"], &row["clicks"]),
            (&json!(12), &json!(-3))
        );
        assert_eq!(body["rows"][1]["campaign"], Json::Null);
        assert_eq!(body["totals"]["impressions"], 12);
        let keys: Vec<&String> = body["totals"].as_object().unwrap().keys().collect();
        assert_eq!(keys.len(), FIGURES.len());
        assert_eq!(row.as_object().unwrap().len(), FIGURES.len() + 2);
    }

    #[test]
    fn an_answer_without_rows_has_its_totals() {
        let mut report = report(Reach::Account);
        report.places.clear();
        let body: Json = serde_json::from_str(&report.to_json().unwrap()).unwrap();
        assert_eq!(body["rows"], json!([]));
        assert_eq!(body["totals"]["impressions"], 12);
    }

    #[test]
    fn a_long_answer_in_pieces_is_the_same_text() {
        let short = report(Reach::Account).to_json_pieces().unwrap();
        assert_eq!(short.len(), 1);
        let row = |number: i64| {
            let clicks = number % 3;
            let measures = Measures {
                clicks,
                views: clicks * -1_000_000,
                ..Measures::default()
            };
            (vec![Value::Text(format!("c-{number}"))], measures)
        };
        let rows: Vec<_> = (0..2_000).map(row).collect();
        let (params, totals) = (vec![Dimension::Param(0)], Measures::default());
        let long = Report::of_rows(params, rows, totals, Reach::Account);
        let pieces = long.to_json_pieces().unwrap();
        assert!(pieces.len() > 8);
        assert!(pieces.iter().all(|piece| !piece.is_empty()));
        assert!(pieces.iter().all(|piece| piece.len() < 2 * PIECE));
        let text = String::from_utf8(pieces.concat()).unwrap();
        assert_eq!(text, long.to_json().unwrap());
        let body: Json = serde_json::from_str(&text).unwrap();
        for (number, row) in body["rows"].as_array().unwrap().iter().enumerate() {
            assert_eq!(row["p1"], format!("c-{number}"));
            assert_eq!(row["clicks"], number % 3);
            assert_eq!(row["views"], (number % 3) as i64 * -1_000_000);
            assert_eq!(row.as_object().unwrap().len(), FIGURES.len() + 1);
        }
    }
}
