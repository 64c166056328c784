//! A hit into the journal, and the journal settled into conversions and segments.
//! No HTTP and no SQL.

mod batch;
mod counted;
mod days;
mod decide;
mod engine;
mod entries;
mod figures;
mod fingerprints;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod gauges;
mod history;
mod hit_bytes;
#[cfg(test)]
mod hit_bytes_tests;
mod journal;
mod merge;
mod provoke;
mod recent_events;
mod sale;
mod settle;
mod sums;
mod turn;
mod waiting;
mod writer;

pub use engine::{Engine, Failures, settle_everything};
pub use figures::{IntakeFigures, intake};
pub use gauges::{CommitTimes, Health};
pub use journal::{Journal, Verdict};
pub use turn::{Storing, Verdicts};

#[cfg(test)]
mod tests;
