//! The scheduler's job that carries erasures through.

use crate::clock::{DAY_MS, Timestamp};
use crate::error::Result;
use crate::lifecycle::heartbeat::proved_until;
use crate::lifecycle::schedule::every;
use crate::lifecycle::{Job, Planned, Step};
use crate::privacy;
use crate::store::{Counts, Store};

/// Carries erasures through as soon as there are some, and keeps house once a day.
pub struct Erasures(pub Store);

impl Job for Erasures {
    fn name(&self) -> &'static str {
        "erasure"
    }

    fn due_at(&self, last: Option<Timestamp>, now: Timestamp) -> Timestamp {
        // A database that does not answer fails in the step, where that is told.
        match (self.0.unfinished_erasure(), self.0.has_withdrawals()) {
            (Ok(None), Ok(false)) => every(DAY_MS, last, now),
            _ => now,
        }
    }

    fn step(&self, now: Timestamp) -> Result<Step> {
        let has_begun = privacy::withdraw_step(&self.0, now)?;
        if privacy::step(&self.0, now)? || has_begun {
            return Ok(Step::More(Counts::from([("steps".to_owned(), 1)])));
        }
        let closed = privacy::desk::close_done(&self.0, now)?;
        let forgotten = privacy::housekeeping(&self.0, proved_until(&self.0, now)?)?;
        Ok(Step::Done(Counts::from([
            ("marks".to_owned(), forgotten),
            ("requests_closed".to_owned(), closed),
        ])))
    }

    fn preview(&self, as_of: Timestamp) -> Result<Vec<Planned>> {
        let _ = as_of;
        Ok(Vec::new())
    }
}
