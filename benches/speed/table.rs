//! The table: what was measured, what is to be reached, what is aimed at.

use std::fmt;

/// How a figure is written, and which way is better.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Figure {
    /// More is better.
    Ratio,
    /// Less is better.
    Times,
    /// Less is better; written as one part in so many.
    Part,
    Seconds,
    Milliseconds,
    Bytes,
    Megabytes,
}

/// One line of the table.
pub struct Line {
    pub what: String,
    pub figure: Figure,
    /// None: it could not be measured here.
    pub measured: Option<f64>,
    pub reach: f64,
    pub aim: f64,
    /// The absolute figures behind it.
    pub detail: String,
}

pub struct Table {
    machine: String,
    lines: Vec<Line>,
}

impl Figure {
    fn text(self, value: f64) -> String {
        match self {
            Figure::Ratio | Figure::Times => format!("{value:.2}"),
            Figure::Part => format!("1/{:.0}", 1.0 / value),
            Figure::Seconds => format!("{value:.2} s"),
            Figure::Milliseconds => format!("{value:.2} ms"),
            Figure::Bytes => format!("{value:.1} B"),
            Figure::Megabytes => format!("{value:.0} MB"),
        }
    }

    fn is_at_least(self, value: f64, wanted: f64) -> bool {
        if self == Figure::Ratio {
            value >= wanted
        } else {
            value <= wanted
        }
    }
}

impl Table {
    pub fn new(machine: String) -> Table {
        Table {
            machine,
            lines: Vec::new(),
        }
    }

    pub fn machine(&self) -> &str {
        &self.machine
    }

    pub fn extend(&mut self, lines: Vec<Line>) {
        self.lines.extend(lines);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n", self.machine)?;
        let what = self.lines.iter().map(|line| line.what.chars().count());
        let width = what.max().unwrap_or(0);
        writeln!(
            f,
            "{:width$}  {:>9}  {:>8}  {:>8}",
            "", "measured", "reach", "aim"
        )?;
        for line in &self.lines {
            let figure = line.figure;
            let (measured, verdict) = match line.measured {
                None => ("-".to_owned(), "not measured"),
                Some(value) if figure.is_at_least(value, line.aim) => (figure.text(value), "aim"),
                Some(value) if figure.is_at_least(value, line.reach) => {
                    (figure.text(value), "reached")
                }
                Some(value) => (figure.text(value), "SHORT"),
            };
            writeln!(
                f,
                "{:width$}  {measured:>9}  {:>8}  {:>8}  {verdict:12}  {}",
                line.what,
                figure.text(line.reach),
                figure.text(line.aim),
                line.detail
            )?;
        }
        Ok(())
    }
}

/// The middle of the values; none of no values.
pub fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        count if count % 2 == 0 => Some((values[middle - 1] + values[middle]) / 2.0),
        _ => Some(values[middle]),
    }
}

/// The geometric mean; none of no values.
pub fn geometric_mean(values: &[f64]) -> Option<f64> {
    let sum: f64 = values.iter().map(|value| value.ln()).sum();
    (!values.is_empty()).then(|| (sum / values.len() as f64).exp())
}
