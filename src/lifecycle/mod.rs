//! What time does to data: the scheduler and its jobs, the evidence that time has
//! passed, how long things are kept, how an account ends, and backups. Nothing here
//! knows HTTP or SQL; the clock is the scheduler's alone.

pub mod backup;
pub mod certificate;
pub mod doomed;
pub mod fold;
pub mod heartbeat;
pub mod notice;
pub mod overdue;
pub mod purge;
pub mod reseal;
pub mod retention;
pub mod schedule;
#[cfg(test)]
mod tests;
pub mod tidy;
mod timeline;

pub use schedule::{Job, Planned, Schedule, Step};
