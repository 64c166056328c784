//! The audit log as a table to download: the same filters, all pages, one row an entry.
//! No cell begins as a formula would.

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};

use super::audit::{Log, named, people, read_query, spoken, who};
use super::page::{Answer, guarded};
use super::visit::Visit;
use crate::error::{Error, Result};
use crate::model::audit::AuditEntry;
use crate::model::id::AccountId;
use crate::model::limits::FILE_ROWS;
use crate::report::spreadsheet_safe;
use crate::store::{AuditQuery, Store};

const COLUMNS: [&str; 7] = ["entry", "at", "who", "what", "to_what", "note", "network"];

pub async fn download(visit: Visit) -> Answer {
    table_of(visit, Log::Account).await
}

pub async fn download_of_instance(visit: Visit) -> Answer {
    table_of(visit, Log::Instance).await
}

async fn table_of(visit: Visit, log: Log) -> Answer {
    let query = read_query(&visit.query, &visit.calendar())?;
    let text = visit
        .read(move |app, account| {
            let found = all(&app.store, log.of(account), query)?;
            table(&app.store, log, &found)
        })
        .await?;
    Ok(guarded(StatusCode::OK)
        .insert_header((CONTENT_TYPE, "text/csv; charset=utf-8"))
        .insert_header((
            CONTENT_DISPOSITION,
            "attachment; filename=\"pixelkeep-audit.csv\"",
        ))
        .body(text))
}

/// Every entry that fits, newest first.
fn all(store: &Store, account: AccountId, mut query: AuditQuery) -> Result<Vec<AuditEntry>> {
    let mut found = Vec::new();
    query.cursor = None;
    loop {
        query.limit = FILE_ROWS + 1 - found.len();
        let (some, next) = store.audit_entries(account, &query)?;
        found.extend(some);
        if found.len() > FILE_ROWS {
            return Err(Error::invalid(format!(
                "That is more than {FILE_ROWS} entries. Choose a shorter period."
            )));
        }
        if next.is_none() {
            return Ok(found);
        }
        query.cursor = next;
    }
}

fn table(store: &Store, log: Log, found: &[AuditEntry]) -> Result<String> {
    let mut table = csv::Writer::from_writer(Vec::new());
    let failed = |cause| Error::internal("The table cannot be written").because(cause);
    let (people, catalog) = (people(store, found, log)?, store.catalog());
    table.write_record(COLUMNS).map_err(failed)?;
    for entry in found {
        let subject = entry.detail.subject.map(|it| named(it, &catalog));
        let network = entry.network.map(|network| network.to_string());
        let cells = [
            entry.number.to_string(),
            entry.at.to_string(),
            spreadsheet_safe(&who(entry.actor, &people)),
            spoken(&entry.action.word()),
            spreadsheet_safe(&subject.unwrap_or_default()),
            spreadsheet_safe(entry.detail.note()),
            network.unwrap_or_default(),
        ];
        table.write_record(cells).map_err(failed)?;
    }
    let bytes = table.into_inner().map_err(|cause| {
        Error::internal("The table cannot be written").because(cause.to_string())
    })?;
    String::from_utf8(bytes)
        .map_err(|cause| Error::internal("The table cannot be written").because(cause))
}
