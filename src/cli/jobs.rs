//! The jobs that a data folder's scheduler knows.

use super::erasure_job::Erasures;
use super::mail_job::Mailing;
use crate::clock::Clock;
use crate::error::Result;
use crate::lifecycle::Schedule;
use crate::lifecycle::fold::Folding;
use crate::lifecycle::heartbeat::Heartbeat;
use crate::lifecycle::notice::Noticing;
use crate::lifecycle::overdue::Overdue;
use crate::lifecycle::purge::Purging;
use crate::lifecycle::reseal::Reseal;
use crate::lifecycle::retention::Retaining;
use crate::lifecycle::tidy::Tidy;
use crate::outbound::Mailer;
use crate::store::Store;

/// The scheduler of a folder, not started.
pub fn schedule(store: &Store, clock: &Clock, mailer: Option<Mailer>) -> Result<Schedule> {
    let jobs: Vec<Box<dyn crate::lifecycle::Job>> = vec![
        Box::new(Heartbeat::new(store.clone(), clock.clone())?),
        Box::new(Purging::new(store.clone(), clock.clone())),
        Box::new(Retaining::new(store.clone())),
        Box::new(Folding::new(store.clone())),
        Box::new(Tidy(store.clone())),
        Box::new(Erasures(store.clone())),
        Box::new(Overdue(store.clone())),
        Box::new(Reseal::new(store.clone())),
        Box::new(Noticing::new(store.clone())?),
        Box::new(Mailing::new(store.clone(), mailer)),
    ];
    Ok(Schedule::new(store.clone(), clock.clone(), jobs))
}
