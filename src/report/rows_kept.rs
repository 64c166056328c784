//! Which rows of a segment a question asks for: those in its period that pass
//! its filters.

use crate::error::Result;
use crate::report::dimension::Dimension;
use crate::report::opened::{Columns, Day, Opened};
use crate::report::period::Quarter;
use crate::report::question::{Filter, Question, Wanted};
use crate::segment::{Codes, Field};

/// What of a segment is asked for.
pub enum Kept {
    All,
    Nothing,
    /// One answer a row.
    Some(Vec<bool>),
}

impl Kept {
    pub fn of(question: &Question, day: &Day, columns: &Columns) -> Result<Kept> {
        let mut kept = Kept::All;
        if !day.whole {
            let quarters = columns.get(Field::Quarter);
            let passing = by_quarter(day, quarters, |quarter| {
                question.period.contains(quarter.day)
            })?;
            kept.and(quarters, columns.rows, &passing);
        }
        for filter in &question.filters {
            if filter.dimension == Dimension::LandingPage {
                kept.and_landing(filter, columns);
            } else {
                let field = filter.dimension.parts()[0].field();
                let column = columns.get(field);
                kept.and(column, columns.rows, &passing(filter, day, column)?);
            }
        }
        Ok(kept)
    }

    /// Drops the rows whose code does not pass. Without a column all have code 0.
    fn and(&mut self, column: Option<&Opened>, rows: usize, passing: &[bool]) {
        if matches!(self, Kept::Nothing) {
            return;
        }
        let codes = column.map_or(&Codes::Same(0), Opened::codes);
        if let Codes::Same(code) = codes {
            self.and_all(passing.get(*code as usize) == Some(&true));
        } else if passing.iter().all(|&passes| !passes) {
            self.and_all(false);
        } else if passing.contains(&false) {
            let mut row = 0;
            let kept = self.rows(rows);
            codes.for_each(rows, |code| {
                kept[row] &= passing[code as usize];
                row += 1;
            });
        }
    }

    fn and_all(&mut self, passes: bool) {
        if !passes {
            *self = Kept::Nothing;
        }
    }

    fn and_landing(&mut self, filter: &Filter, columns: &Columns) {
        let campaigns = columns.get(Field::Campaign);
        let landings = columns.get(Field::Landing);
        let (Some(campaigns), Some(landings)) = (campaigns, landings) else {
            return;
        };
        let kept = self.rows(columns.rows);
        for (row, kept) in kept.iter_mut().enumerate() {
            let landing = landings.number(landings.codes().get(row) as usize);
            let campaign = campaigns.number(campaigns.codes().get(row) as usize);
            *kept &= filter.wanted.iter().any(|wanted| match wanted {
                Wanted::None => landing.is_none(),
                Wanted::Landing(id, index) => {
                    campaign == Some(id.row() as u64) && landing == Some(u64::from(*index) + 1)
                }
                Wanted::Number(_) | Wanted::Text(_) => false,
            });
        }
    }

    pub fn keeps(&self, row: usize) -> bool {
        match self {
            Kept::All => true,
            Kept::Nothing => false,
            Kept::Some(kept) => kept[row],
        }
    }

    fn rows(&mut self, rows: usize) -> &mut [bool] {
        if let Kept::All = self {
            *self = Kept::Some(vec![true; rows]);
        }
        match self {
            Kept::Some(kept) => kept,
            Kept::All | Kept::Nothing => &mut [],
        }
    }
}

/// For each code of a column, whether it passes the filter.
fn passing(filter: &Filter, day: &Day, column: Option<&Opened>) -> Result<Vec<bool>> {
    let any = |test: &dyn Fn(&Wanted) -> bool| filter.wanted.iter().any(test);
    match filter.dimension {
        Dimension::Day => by_quarter(day, column, |quarter| {
            any(&|wanted| *wanted == Wanted::Number(quarter.day as u64))
        }),
        Dimension::Hour => by_quarter(day, column, |quarter| {
            let text = quarter.hour.text();
            any(&|wanted| *wanted == Wanted::Text(text.clone()))
        }),
        _ => Ok((0..column.map_or(1, Opened::size))
            .map(|code| {
                let number = column.and_then(|column| column.number(code));
                let text = column.and_then(|column| column.text(code));
                any(&|wanted| match wanted {
                    Wanted::None => code == 0,
                    Wanted::Number(wanted) => number.unwrap_or(0) == *wanted && text.is_none(),
                    Wanted::Text(wanted) => text == Some(wanted),
                    Wanted::Landing(..) => false,
                })
            })
            .collect()),
    }
}

fn by_quarter(
    day: &Day,
    column: Option<&Opened>,
    passes: impl Fn(&Quarter) -> bool,
) -> Result<Vec<bool>> {
    (0..column.map_or(1, Opened::size))
        .map(|code| Ok(passes(&day.quarter(column, code)?)))
        .collect()
}
