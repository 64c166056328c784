//! The sums of a question while it is being answered. The asking thread reads and
//! opens segments; where there are many, a second one helps to add them up.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, TrySendError, sync_channel};

use crate::error::{Error, Kind, Result};
use crate::model::tally::Measures;
use crate::report::groups::{DROPPED, Key};
use crate::report::opened::{Columns, Day};
use crate::report::period::day_text;
use crate::report::question::Question;
use crate::report::rows_kept::Kept;
use crate::report::slots::Grouping;
use crate::segment::{
    Field, SegmentKey, Source, TallyScan, Unpacker, measure_columns, read_header,
};

/// Segments from which on a second thread is worth its start.
const SHARED_FROM: usize = 16;
/// Opened segments that may wait for the second thread.
const WAITING_MAX: usize = 4;

/// Adds up all of these segments.
pub fn add_up<'q>(
    source: &dyn Source,
    question: &'q Question,
    keys: &[SegmentKey],
) -> Result<Sum<'q>> {
    let mut reader = SegmentReader::new(source, question);
    let mut sum = Sum::new(question)?;
    if keys.len() < SHARED_FROM {
        for key in keys {
            sum.add(&reader.read(key)?)?;
        }
        return Ok(sum);
    }
    std::thread::scope(|scope| {
        let (sender, receiver) = sync_channel(WAITING_MAX);
        let helper = scope.spawn(move || help(question, receiver));
        for key in keys {
            // Whoever is free adds it: with the other behind, this thread does.
            match sender.try_send(reader.read(key)?) {
                Ok(()) => {}
                Err(TrySendError::Full(segment) | TrySendError::Disconnected(segment)) => {
                    sum.add(&segment)?;
                }
            }
        }
        drop(sender);
        let helped = helper
            .join()
            .map_err(|_| Error::internal("A thread that adds up a report broke."))??;
        sum.absorb(&helped)?;
        Ok(sum)
    })
}

fn help<'q>(question: &'q Question, segments: Receiver<Segment>) -> Result<Sum<'q>> {
    let mut sum = Sum::new(question)?;
    for segment in segments {
        sum.add(&segment)?;
    }
    Ok(sum)
}

/// What was read of one segment.
struct Segment {
    utc_day: u32,
    day: Arc<Day>,
    fields: Vec<Field>,
    header: Vec<u8>,
    packed: Vec<(u8, Vec<u8>)>,
}

/// Reads of each segment what the question needs.
struct SegmentReader<'a> {
    source: &'a dyn Source,
    question: &'a Question,
    fields: Vec<Field>,
    /// The last UTC day that was worked out; segments come day by day.
    day: Option<(u32, Arc<Day>)>,
}

impl<'a> SegmentReader<'a> {
    fn new(source: &'a dyn Source, question: &'a Question) -> Self {
        SegmentReader {
            source,
            question,
            fields: question.fields(),
            day: None,
        }
    }

    fn read(&mut self, key: &SegmentKey) -> Result<Segment> {
        self.try_read(key).map_err(|error| of_day(key.day, error))
    }

    fn try_read(&mut self, key: &SegmentKey) -> Result<Segment> {
        let day = self.day(key.day);
        let quarter = day.needs_quarter.then_some(Field::Quarter);
        let fields: Vec<Field> = self.fields.iter().copied().chain(quarter).collect();
        let dimensions = fields.iter().map(|field| field.column());
        let wanted = dimensions.chain(measure_columns());
        let header = self.source.header(key)?;
        let present = read_header(&header)?.columns;
        let wanted: Vec<u8> = wanted.filter(|column| present.contains(column)).collect();
        Ok(Segment {
            utc_day: key.day,
            packed: self.source.columns(key, &wanted)?,
            header,
            fields,
            day,
        })
    }

    fn day(&mut self, utc_day: u32) -> Arc<Day> {
        match &self.day {
            Some((of, day)) if *of == utc_day => day.clone(),
            _ => {
                let day = Arc::new(Day::new(self.question, utc_day));
                self.day = Some((utc_day, day.clone()));
                day
            }
        }
    }
}

/// Damage named by its day: other periods can still be reported.
fn of_day(day: u32, error: Error) -> Error {
    if error.kind() != Kind::Damaged {
        return error;
    }
    let day = day_text(i64::from(day));
    Error::damaged(format!(
        "The figures of {day} (UTC) are damaged on the disk, so no period with that day can be \
         reported. Choose days before or after it, or put a backup back"
    ))
    .because(error)
}

/// Sums by group.
pub struct Sum<'q> {
    question: &'q Question,
    pub grouping: Grouping,
    unpacker: Unpacker,
}

impl<'q> Sum<'q> {
    fn new(question: &'q Question) -> Result<Sum<'q>> {
        Ok(Sum {
            question,
            grouping: Grouping::new(question),
            unpacker: Unpacker::new()?,
        })
    }

    fn add(&mut self, segment: &Segment) -> Result<()> {
        self.try_add(segment)
            .map_err(|error| of_day(segment.utc_day, error))
    }

    fn try_add(&mut self, segment: &Segment) -> Result<()> {
        let mut scan = TallyScan::open(&mut self.unpacker, &segment.header, &segment.packed)?;
        let columns = Columns::open(&mut scan, &segment.fields)?;
        let kept = Kept::of(self.question, &segment.day, &columns)?;
        if columns.rows == 0 || matches!(kept, Kept::Nothing) {
            return Ok(());
        }
        let slots = self.grouping.slots(&columns, &segment.day, &kept)?;
        for measure in 0..Measures::COUNT {
            let counts = scan.measure(measure)?;
            self.grouping.groups.add(measure, &slots, &counts);
        }
        Ok(())
    }

    /// Adds what another has added up for the same question.
    fn absorb(&mut self, other: &Sum<'_>) -> Result<()> {
        let groups = &other.grouping.groups;
        for theirs in groups.counting() {
            let measures = groups.sums.of(theirs);
            let mut key = Key::default();
            let values = self.grouping.values.iter_mut();
            let pairs = values.zip(&other.grouping.values).zip(groups.key(theirs));
            for (number, ((ours, known), &theirs)) in key.iter_mut().zip(pairs) {
                *number = known.get(theirs).map_or(0, |value| ours.of(value));
            }
            let slot = self.grouping.groups.slot(key)?;
            debug_assert_ne!(slot, DROPPED);
            self.grouping.groups.add_to(slot, &measures);
        }
        Ok(())
    }
}
