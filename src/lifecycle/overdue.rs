//! Says every day in the log which accounts have not answered people in time. Whose
//! requests they are stands nowhere here.

use super::schedule::{Job, Planned, Step, every};
use crate::clock::{DAY_MS, Timestamp};
use crate::error::Result;
use crate::store::{Counts, Store};

/// Looks once a day.
pub struct Overdue(pub Store);

impl Job for Overdue {
    fn name(&self) -> &'static str {
        "overdue"
    }

    fn due_at(&self, last: Option<Timestamp>, now: Timestamp) -> Timestamp {
        every(DAY_MS, last, now)
    }

    fn step(&self, now: Timestamp) -> Result<Step> {
        let mut counts = Counts::new();
        for (account, count) in self.0.overdue_requests(now)? {
            tracing::warn!("{count} privacy requests of account {account} are overdue");
            *counts.entry("requests".to_owned()).or_default() += count;
        }
        Ok(Step::Done(counts))
    }

    fn preview(&self, _: Timestamp) -> Result<Vec<Planned>> {
        Ok(Vec::new())
    }
}
