//! Rows of a segment to groups of the report: each distinct combination of codes
//! is looked up once, and a row costs no more than a few table reads.

use std::ops::Range;

use foldhash::{HashMap, HashMapExt};

use crate::error::{Error, Result};
use crate::report::dimension::{Dimension, Part};
use crate::report::groups::{DROPPED, Groups, Key, Slots, Values};
use crate::report::opened::{Columns, Day, Opened};
use crate::report::question::Question;
use crate::report::rows_kept::Kept;
use crate::segment::{Codes, Field};

const UNKNOWN: u32 = u32::MAX;
/// Rows that are combined at a time: few enough for the fastest memory.
const BLOCK: usize = 1_024;

/// One part of the key in one segment: its codes, and what they come to.
struct Local<'a> {
    part: Part,
    column: Option<&'a Opened>,
    /// Code to place among the distinct values of this segment.
    places: Vec<u32>,
    /// Place to code.
    codes: Vec<u32>,
    /// Place to the number of the value in the whole report.
    numbers: Vec<u32>,
}

impl<'a> Local<'a> {
    fn new(part: Part, columns: &'a Columns, day: &Day) -> Result<Local<'a>> {
        let column = columns.get(part.field());
        let size = column.map_or(1, Opened::size);
        let mut local = Local {
            part,
            column,
            places: (0..size as u32).collect(),
            codes: (0..size as u32).collect(),
            numbers: Vec::new(),
        };
        if matches!(part, Part::Day | Part::Hour) {
            local.put_together(day)?;
        }
        local.numbers = vec![UNKNOWN; local.codes.len()];
        Ok(local)
    }

    /// Many quarters of an hour are one day or hour.
    fn put_together(&mut self, day: &Day) -> Result<()> {
        let mut seen = Vec::new();
        self.codes.clear();
        for (code, place) in self.places.iter_mut().enumerate() {
            let number = time_number(self.part, day, self.column, code)?;
            let known = seen.iter().position(|&known| known == number);
            *place = known.unwrap_or(seen.len()) as u32;
            if known.is_none() {
                seen.push(number);
                self.codes.push(code as u32);
            }
        }
        Ok(())
    }

    fn size(&self) -> u64 {
        self.codes.len() as u64
    }

    /// How far each code moves a combination in which a place weighs `stride`.
    fn steps(&self, stride: u64) -> Vec<u64> {
        let steps = self.places.iter().map(|&place| u64::from(place) * stride);
        steps.collect()
    }

    /// Moves the combination of each of these rows.
    fn combine(&self, steps: &[u64], rows: Range<usize>, combinations: &mut [u64]) {
        match self.column.map_or(&Codes::Same(0), Opened::codes) {
            Codes::Same(code) => {
                let step = steps[*code as usize];
                combinations.iter_mut().for_each(|row| *row += step);
            }
            Codes::Bytes(codes) => add_steps(combinations, &codes[rows], steps),
            Codes::Shorts(codes) => add_steps(combinations, &codes[rows], steps),
            Codes::Words(codes) => add_steps(combinations, &codes[rows], steps),
        }
    }

    fn number(&mut self, place: usize, day: &Day, values: &mut Values) -> Result<u32> {
        if self.numbers[place] == UNKNOWN {
            let code = self.codes[place] as usize;
            self.numbers[place] = match self.part {
                Part::Day | Part::Hour => {
                    values.number(time_number(self.part, day, self.column, code)?)
                }
                Part::Number(_) => {
                    let number = self.column.and_then(|column| column.number(code));
                    number.map_or(0, |number| values.number(number))
                }
                Part::Text(_) => {
                    let text = self.column.and_then(|column| column.text(code));
                    text.map_or(0, |text| values.text(text))
                }
            };
        }
        Ok(self.numbers[place])
    }
}

fn add_steps<C: Copy + TryInto<usize>>(combinations: &mut [u64], codes: &[C], steps: &[u64]) {
    for (row, &code) in combinations.iter_mut().zip(codes) {
        let code = code.try_into().unwrap_or(0);
        *row += steps[code];
    }
}

fn time_number(part: Part, day: &Day, column: Option<&Opened>, code: usize) -> Result<u64> {
    let quarter = day.quarter(column, code)?;
    Ok(match part {
        Part::Hour => quarter.hour.number(),
        _ => quarter.day as u64,
    })
}

/// What the groups of one question are made of.
pub struct Grouping {
    parts: Vec<Part>,
    /// The parts of a landing page: the campaign's, the index's.
    landing: Option<(usize, usize)>,
    pub values: Vec<Values>,
    pub groups: Groups,
}

impl Grouping {
    pub fn new(question: &Question) -> Grouping {
        let dimensions = question.group_by.iter().copied();
        let parts: Vec<Part> = dimensions.flat_map(Dimension::parts).copied().collect();
        let index = parts
            .iter()
            .position(|&part| part == Part::Number(Field::Landing));
        Grouping {
            landing: index.and_then(|index| Some((index.checked_sub(1)?, index))),
            values: parts.iter().map(|_| Values::default()).collect(),
            groups: Groups::new(parts.len()),
            parts,
        }
    }

    /// The group of each row of a segment.
    pub fn slots(&mut self, columns: &Columns, day: &Day, kept: &Kept) -> Result<Slots> {
        let locals = self
            .parts
            .iter()
            .map(|&part| Local::new(part, columns, day));
        let mut locals: Vec<Local> = locals.collect::<Result<_>>()?;
        for (local, values) in locals.iter().zip(&mut self.values) {
            if let Part::Text(_) = local.part {
                values.make_room(local.codes.len());
            }
        }
        let mut all: u64 = 1;
        let mut steps = Vec::with_capacity(locals.len());
        for local in &locals {
            steps.push(local.steps(all));
            all = all
                .checked_mul(local.size())
                .ok_or_else(|| Error::damaged("A stored segment has more values than rows."))?;
        }
        if all == 1 && matches!(kept, Kept::All) {
            return Ok(Slots::One(self.slot(0, &mut locals, day)?));
        }
        let mut known = Known::new(all, columns.rows);
        let mut slots = Vec::with_capacity(columns.rows);
        let mut combinations = [0; BLOCK];
        for first in (0..columns.rows).step_by(BLOCK) {
            let rows = first..columns.rows.min(first + BLOCK);
            let combinations = &mut combinations[..rows.len()];
            combinations.fill(0);
            for (local, steps) in locals.iter().zip(&steps) {
                local.combine(steps, rows.clone(), combinations);
            }
            for (row, &combination) in rows.zip(&*combinations) {
                if !kept.keeps(row) {
                    slots.push(DROPPED);
                    continue;
                }
                let slot = known.slot(combination);
                if *slot == UNKNOWN {
                    *slot = self.slot(combination, &mut locals, day)?;
                }
                slots.push(*slot);
            }
        }
        Ok(Slots::Each(slots))
    }

    /// The group of a combination of places.
    fn slot(&mut self, combination: u64, locals: &mut [Local], day: &Day) -> Result<u32> {
        let mut key = Key::default();
        let mut rest = combination;
        let values = self.values.iter_mut();
        for ((local, values), number) in locals.iter_mut().zip(values).zip(&mut key) {
            let place = (rest % local.size()) as usize;
            rest /= local.size();
            *number = local.number(place, day, values)?;
        }
        if let Some((campaign, index)) = self.landing.filter(|&(_, index)| key[index] == 0) {
            (key[campaign], key[index]) = (0, 0);
        }
        self.groups.slot(key)
    }
}

/// Groups of combinations met before: a table where there are few, else a map.
enum Known {
    Table(Vec<u32>),
    Map(HashMap<u64, u32>),
}

impl Known {
    fn new(combinations: u64, rows: usize) -> Known {
        match usize::try_from(combinations) {
            Ok(count) if count <= 4 * rows + 1_024 => Known::Table(vec![UNKNOWN; count]),
            _ => Known::Map(HashMap::new()),
        }
    }

    fn slot(&mut self, combination: u64) -> &mut u32 {
        match self {
            Known::Table(slots) => &mut slots[combination as usize],
            Known::Map(slots) => slots.entry(combination).or_insert(UNKNOWN),
        }
    }
}
