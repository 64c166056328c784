//! Gives freed space back to the file system, clears the gaps of pages once a week, and
//! forgets old runs of jobs.

use super::schedule::{Job, Planned, Step, every};
use crate::clock::{DAY_MS, Timestamp};
use crate::error::Result;
use crate::store::{Counts, Store};

/// Runs of jobs are kept for 13 months.
const RUNS_KEPT_MS: i64 = 396 * DAY_MS;

/// Runs once a day, after the jobs that delete.
pub struct Tidy(pub Store);

impl Job for Tidy {
    fn name(&self) -> &'static str {
        "tidy"
    }

    fn due_at(&self, last: Option<Timestamp>, now: Timestamp) -> Timestamp {
        every(DAY_MS, last, now)
    }

    fn step(&self, now: Timestamp) -> Result<Step> {
        let forgotten = self.0.forget_job_runs(now.minus_ms(RUNS_KEPT_MS))?;
        let is_rewritten = self.0.reclaim()? && self.0.rewrite_weekly(now)?;
        Ok(Step::Done(Counts::from([
            ("runs_forgotten".to_owned(), forgotten),
            ("rewritten".to_owned(), is_rewritten.into()),
        ])))
    }

    fn preview(&self, _: Timestamp) -> Result<Vec<Planned>> {
        Ok(Vec::new())
    }
}
