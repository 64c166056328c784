//! What came in, what became of it, and why the rest was not counted.

use std::collections::BTreeMap;

use serde::Serialize;

use super::caller::{Answer, Caller, found};
use crate::ingest;

#[derive(Serialize)]
struct View {
    accepted: u64,
    settled: u64,
    waiting: u64,
    not_counted: BTreeMap<&'static str, u64>,
}

pub async fn read(caller: Caller) -> Answer {
    let figures = caller
        .read(|app, account| ingest::intake(&app.store, &app.journal, account))
        .await?;
    Ok(found(&View {
        accepted: figures.accepted,
        settled: figures.settled,
        waiting: figures.waiting,
        not_counted: figures.not_counted,
    }))
}
