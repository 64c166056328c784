//! The answer of a report as JSON, written straight into its text: an answer may have
//! 100,000 rows, and most of its figures are nought.

use serde::Serialize;

use super::answer::{FIGURES, Report, Row, Value, figures};
use crate::error::{Error, Result};
use crate::model::tally::Measures;

/// Room for the value of one dimension; it grows where this is too little.
const VALUE_BYTES: usize = 48;

impl Report {
    /// The body of the API: `{rows, totals}`, each row one flat object.
    ///
    /// # Errors
    /// `Internal` where a value cannot be written.
    pub fn to_json(&self) -> Result<String> {
        let writer = Writer::new(self)?;
        let mut body = Vec::with_capacity((self.rows.len() + 1) * writer.row_bytes());
        body.extend_from_slice(br#"{"rows":["#);
        for (index, row) in self.rows.iter().enumerate() {
            if index > 0 {
                body.push(b',');
            }
            writer.row(&mut body, row)?;
        }
        body.extend_from_slice(br#"],"totals":"#);
        writer.object(&mut body, &[], &self.totals)?;
        body.push(b'}');
        String::from_utf8(body).map_err(failed)
    }
}

/// The names of an answer as they stand in each of its rows.
struct Writer {
    /// `"day":`, without a comma before it.
    dimensions: Vec<Vec<u8>>,
    figures: Vec<Figure>,
}

/// A figure that is told: where it stands in [`FIGURES`], and its name.
struct Figure {
    index: usize,
    /// `"clicks":`
    name: Vec<u8>,
    /// `"clicks":0`
    nought: Vec<u8>,
}

impl Writer {
    fn new(report: &Report) -> Result<Writer> {
        let named = |name: &str| -> Result<Vec<u8>> {
            let mut text = Vec::new();
            value(&mut text, name)?;
            text.push(b':');
            Ok(text)
        };
        let dimensions = report.dimensions.iter().map(|of| named(&of.to_string()));
        let told = FIGURES.iter().enumerate();
        let told = told.filter(|(_, name)| report.tells(name));
        let figures = told.map(|(index, figure)| {
            let name = named(figure)?;
            let nought = [&name[..], b"0"].concat();
            Ok(Figure {
                index,
                name,
                nought,
            })
        });
        Ok(Writer {
            dimensions: dimensions.collect::<Result<_>>()?,
            figures: figures.collect::<Result<_>>()?,
        })
    }

    fn row_bytes(&self) -> usize {
        let dimensions = self.dimensions.iter().map(|name| name.len() + VALUE_BYTES);
        let figures = self.figures.iter().map(|figure| figure.nought.len() + 2);
        dimensions.sum::<usize>() + figures.sum::<usize>() + 3
    }

    fn row(&self, body: &mut Vec<u8>, row: &Row) -> Result<()> {
        self.object(body, &row.values, &row.measures)
    }

    fn object(&self, body: &mut Vec<u8>, values: &[Value], measures: &Measures) -> Result<()> {
        body.push(b'{');
        for (name, of_dimension) in self.dimensions.iter().zip(values) {
            body.extend_from_slice(name);
            value(body, of_dimension)?;
            body.push(b',');
        }
        let counts = figures(measures);
        for (position, figure) in self.figures.iter().enumerate() {
            if position > 0 {
                body.push(b',');
            }
            match counts[figure.index] {
                0 => body.extend_from_slice(&figure.nought),
                count => {
                    body.extend_from_slice(&figure.name);
                    value(body, &count)?;
                }
            }
        }
        body.push(b'}');
        Ok(())
    }
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
    use crate::report::Dimension;
    use crate::report::question::Reach;

    fn report(reach: Reach) -> Report {
        let mut counts = [0; Measures::COUNT];
        counts[0] = 12;
        counts[1] = -3;
        let measures = Measures::from_array(counts);
        let named = Value::Named {
            id: "abc".to_owned(),
            name: "Spring \"sale\" \u{1f337}\n".to_owned(),
        };
        Report {
            dimensions: vec![Dimension::Campaign, Dimension::Country],
            rows: vec![
                Row {
                    values: vec![named, Value::Text("DE".to_owned())],
                    measures,
                },
                Row {
                    values: vec![Value::None, Value::None],
                    measures: Measures::default(),
                },
            ],
            totals: measures,
            reach,
        }
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
        report.rows.clear();
        let body: Json = serde_json::from_str(&report.to_json().unwrap()).unwrap();
        assert_eq!(body["rows"], json!([]));
        assert_eq!(body["totals"]["impressions"], 12);
    }
}
