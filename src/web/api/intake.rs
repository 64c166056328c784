//! What came in, what became of it, and why the rest was not counted.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::caller::{Answer, Caller, found};
use crate::ingest;
use crate::model::reason::Reason;

#[derive(Serialize)]
struct View {
    accepted: u64,
    settled: u64,
    waiting: u64,
    not_counted: BTreeMap<&'static str, u64>,
    /// Hits that the disk had before they were answered: all that were accepted.
    stored: u64,
    /// Visitors sent on whose click could not be stored.
    unconfirmed: u64,
    /// Of this instance's latest commits, all accounts together.
    commit_p50_ms: f64,
    commit_p99_ms: f64,
    /// Age of the oldest hit of this instance that is not settled.
    settle_lag_ms: f64,
    /// Whether hits are refused for want of room on the disk.
    disk_full: bool,
    removed: BTreeMap<&'static str, u64>,
}

pub async fn read(caller: Caller) -> Answer {
    let (figures, health) = caller
        .read(|app, account| {
            let figures = ingest::intake(&app.store, &app.journal, account)?;
            Ok((figures, app.journal.health()))
        })
        .await?;
    let ms = |time: Duration| time.as_secs_f64() * 1_000.0;
    let unconfirmed = figures.not_counted.get(Reason::Unconfirmed.word());
    Ok(found(&View {
        stored: figures.accepted,
        unconfirmed: unconfirmed.copied().unwrap_or(0),
        commit_p50_ms: ms(health.commit.p50),
        commit_p99_ms: ms(health.commit.p99),
        settle_lag_ms: ms(health.settle_lag),
        disk_full: health.disk_full,
        accepted: figures.accepted,
        settled: figures.settled,
        waiting: figures.waiting,
        not_counted: figures.not_counted,
        removed: figures.removed,
    }))
}
