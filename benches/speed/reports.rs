//! Reports over twelve months, asked of the API of a server just started, beside
//! GROUP BY over plain rows. The two must say the same, row by row.

use std::time::Instant;

use pixelkeep::model::tally::Measures;
use serde_json::Value;

use crate::Outcome;
use crate::contest::FOREIGN_MAX;
use crate::history::{DAYS, History};
use crate::machine::Others;
use crate::plain::{Dimension, Plain, Rows};
use crate::settings::Settings;
use crate::table::{Figure, Line, geometric_mean, median};
use crate::tracker::Tracker;

/// The smaller store, to see how the time grows.
const SMALLER: u64 = 10;

/// One shape of question.
struct Shape {
    name: &'static str,
    by: &'static [Dimension],
    /// `dimension:value` of the API, and the same as SQL.
    filter: Option<(&'static str, &'static str)>,
}

const SHAPES: [Shape; 5] = [
    Shape {
        name: "campaign",
        by: &[Dimension::Campaign],
        filter: None,
    },
    Shape {
        name: "campaign, country of mobile",
        by: &[Dimension::Campaign, Dimension::Country],
        filter: Some(("device:mobile", "device = 2")),
    },
    Shape {
        name: "sub-id of 5,000 values",
        by: &[Dimension::SubId],
        filter: None,
    },
    Shape {
        name: "day, goal",
        by: &[Dimension::Day, Dimension::Goal],
        filter: None,
    },
    Shape {
        name: "publisher, country",
        by: &[Dimension::Publisher, Dimension::Country],
        filter: None,
    },
];

/// A period of the history.
#[derive(Clone, Copy)]
struct Days {
    from: u32,
    to: u32,
}

impl Days {
    fn all(history: &History) -> Days {
        Days {
            from: history.first_day,
            to: history.first_day + DAYS - 1,
        }
    }

    fn one(history: &History) -> Days {
        let middle = history.first_day + DAYS / 2;
        Days {
            from: middle,
            to: middle,
        }
    }
}

impl Shape {
    fn path(&self, history: &History, days: Days) -> String {
        let by: Vec<&str> = self.by.iter().map(|dimension| dimension.name()).collect();
        let filter = self
            .filter
            .map_or_else(String::new, |(filter, _)| format!("&filter={filter}"));
        format!(
            "report?from={}&to={}&group_by={}{filter}",
            history.day_text(days.from),
            history.day_text(days.to),
            by.join(",")
        )
    }

    fn condition(&self, days: Days) -> String {
        let filter = self
            .filter
            .map_or_else(String::new, |(_, filter)| format!(" AND {filter}"));
        format!("WHERE day BETWEEN {} AND {}{filter}", days.from, days.to)
    }

    fn read(&self, answer: &str) -> Outcome<Rows> {
        let answer: Value = serde_json::from_str(answer)?;
        let rows = answer["rows"].as_array().ok_or("the answer has no rows")?;
        Ok(rows.iter().map(|row| self.read_row(row)).collect())
    }

    fn read_row(&self, row: &Value) -> (Vec<String>, [i64; Measures::COUNT]) {
        let text = |dimension: &Dimension| match &row[dimension.name()] {
            Value::Null => String::new(),
            Value::Object(named) => named["id"].as_str().unwrap_or_default().to_owned(),
            other => other.as_str().unwrap_or_default().to_owned(),
        };
        let key = self.by.iter().map(text).collect();
        let mut counts = [0; Measures::COUNT];
        for (count, name) in counts.iter_mut().zip(Measures::NAMES) {
            *count = row[name].as_i64().unwrap_or(i64::MIN);
        }
        (key, counts)
    }
}

/// Fails unless the API says the same as the plain rows, for each shape of question.
pub fn compare(history: &History, plain: &Plain) -> Outcome<()> {
    let server = Tracker::start(&history.data(), &history.setting.token)?;
    for shape in &SHAPES {
        for days in [Days::all(history), Days::one(history)] {
            let ours = shape.read(&server.get(&shape.path(history, days))?)?;
            let theirs = plain.answer(shape.by, &shape.condition(days))?;
            if ours.is_empty() || ours != theirs {
                let differs = theirs.iter().find(|(key, row)| ours.get(*key) != Some(row));
                return Err(format!(
                    "{}: {} rows beside {} of plain SQL; the first that differs: {differs:?} is {:?}",
                    shape.name,
                    ours.len(),
                    theirs.len(),
                    differs.and_then(|(key, _)| ours.get(key))
                )
                .into());
            }
        }
    }
    server.stop()
}

/// Seconds of the first answer after a start, for each shape; median of the runs, or
/// none where others kept the machine busy.
fn first_reads(
    settings: &Settings,
    history: &History,
    days: fn(&History) -> Days,
) -> Outcome<Vec<Option<f64>>> {
    let mut medians = Vec::new();
    for shape in &SHAPES {
        let path = shape.path(history, days(history));
        let seconds = undisturbed(settings.runs, || {
            let server = Tracker::start(&history.data(), &history.setting.token)?;
            // The connection, the token and the account are known by then.
            server.intake("/accepted")?;
            let begun = Instant::now();
            server.get(&path)?;
            let seconds = begun.elapsed().as_secs_f64();
            server.stop()?;
            Ok(seconds)
        })?;
        medians.push(seconds);
    }
    Ok(medians)
}

/// The median of so many runs in which nobody else used the machine; none where there
/// was no such run.
pub fn undisturbed(runs: usize, mut work: impl FnMut() -> Outcome<f64>) -> Outcome<Option<f64>> {
    let mut counted = Vec::new();
    for _ in 0..3 * runs {
        if counted.len() >= runs {
            break;
        }
        let before = Others::read(&[])?;
        let seconds = work()?;
        // Too short to be told from the ticks of the clock that counts them.
        let is_short = seconds < 0.2;
        if is_short || Others::read(&[])?.percent_since(&before) <= FOREIGN_MAX {
            counted.push(seconds);
        }
    }
    if counted.len() < runs {
        let counted = counted.len();
        println!("only {counted} of {runs} runs count, others kept the machine busy");
    }
    Ok(median(counted))
}

pub fn measure(settings: &Settings, history: &History) -> Outcome<Vec<Line>> {
    let folder = settings.folder()?;
    let plain = Plain::prepare(&folder, history)?;
    compare(history, &plain)?;
    println!("the five reports say what plain SQL says, row by row");
    let ours = first_reads(settings, history, Days::all)?;
    let mut rows = Vec::new();
    for (shape, ours) in SHAPES.iter().zip(&ours) {
        let condition = shape.condition(Days::all(history));
        let theirs = undisturbed(settings.runs, || {
            let begun = Instant::now();
            plain.answer(shape.by, &condition)?;
            Ok(begun.elapsed().as_secs_f64())
        })?;
        println!(
            "{:28} {:>8.1} ms   plain rows {:>6.2} s",
            shape.name,
            ours.unwrap_or(f64::NAN) * 1e3,
            theirs.unwrap_or(f64::NAN)
        );
        rows.push(theirs);
    }
    let day = first_reads(settings, history, Days::one)?;
    let smaller = History::prepare(&folder, history.hits / SMALLER)?;
    let smaller = first_reads(settings, &smaller, Days::all)?;
    Ok(lines(
        history,
        [mean(&ours), mean(&rows), mean(&day), mean(&smaller)],
    ))
}

/// The geometric mean of the five; none where one is missing.
fn mean(seconds: &[Option<f64>]) -> Option<f64> {
    let all: Option<Vec<f64>> = seconds.iter().copied().collect();
    geometric_mean(&all?)
}

/// Seconds: ours, over plain rows, over one day, and on the smaller store.
fn lines(history: &History, [ours, rows, day, smaller]: [Option<f64>; 4]) -> Vec<Line> {
    let ratio = |of: Option<f64>, to: Option<f64>| Some(of? / to?);
    let text = |seconds: Option<f64>| match seconds {
        Some(seconds) => format!("{:.1} ms", seconds * 1e3),
        None => "-".to_owned(),
    };
    let line = |what: String, figure, measured, bounds: (f64, f64), detail| Line {
        what,
        figure,
        measured,
        reach: bounds.0,
        aim: bounds.1,
        detail,
    };
    vec![
        line(
            "12-month report: five shapes to GROUP BY over plain rows".to_owned(),
            Figure::Part,
            ratio(ours, rows),
            (1.0 / 50.0, 1.0 / 150.0),
            format!("{} to {}", text(ours), text(rows)),
        ),
        line(
            "  one day to twelve months".to_owned(),
            Figure::Part,
            ratio(day, ours),
            (1.0 / 40.0, 1.0 / 100.0),
            text(day),
        ),
        line(
            format!("  {} to {} hits", history.hits, history.hits / SMALLER),
            Figure::Times,
            ratio(ours, smaller),
            (11.0, 9.0),
            text(smaller),
        ),
    ]
}

/// A report over all of it, for whoever needs one.
pub fn any(history: &History) -> String {
    SHAPES[4].path(history, Days::all(history))
}

/// The most that a server holds in memory while it answers the five, in megabytes.
pub fn memory(history: &History) -> Outcome<f64> {
    let server = Tracker::start(&history.data(), &history.setting.token)?;
    for shape in &SHAPES {
        server.get(&shape.path(history, Days::all(history)))?;
    }
    let most = server.process().megabytes("VmHWM")?;
    server.stop()?;
    Ok(most)
}
