//! The audit of the account: entries newest first, and where the log stands, signed.

use actix_web::HttpRequest;
use serde::Serialize;

use super::caller::{Answer, Caller, found};
use super::period::{instant, instants};
use super::query::{Page, Query};
use crate::access::audit::Checkpoint;
use crate::error::{Error, Result};
use crate::model::audit::{AuditEntry, Subject};
use crate::store::AuditQuery;

#[derive(Serialize)]
struct ActorView {
    kind: &'static str,
    id: Option<String>,
}

#[derive(Serialize)]
struct View {
    number: u64,
    at: String,
    actor: ActorView,
    action: String,
    subject: Option<Subject>,
    note: Option<String>,
    network: Option<String>,
}

impl View {
    fn of(entry: &AuditEntry) -> Self {
        let note = entry.detail.note();
        View {
            number: entry.number,
            at: instant(entry.at),
            actor: ActorView {
                kind: entry.actor.word(),
                id: entry.actor.id(),
            },
            action: entry.action.word(),
            subject: entry.detail.subject,
            note: (!note.is_empty()).then(|| note.to_owned()),
            network: entry.network.map(|network| network.to_string()),
        }
    }
}

pub async fn list(caller: Caller, request: HttpRequest) -> Answer {
    let catalog = caller.catalog();
    let account = catalog.accounts.get(&caller.account());
    let zone = account.map_or("UTC", |account| &account.settings.timezone);
    let query = read_query(&Query::of(&request), zone)?;
    let (entries, next) = caller
        .read(move |app, account| app.store.audit_entries(account, &query))
        .await?;
    Ok(found(&Page {
        items: entries.iter().map(View::of).collect(),
        next: next.map(|number| number.to_string()),
    }))
}

fn read_query(query: &Query, zone: &str) -> Result<AuditQuery> {
    let (from, to) = instants(query, zone)?;
    let word = |name: &str| query.text(name).map(str::to_owned);
    Ok(AuditQuery {
        member: None,
        from,
        to,
        action: word("action"),
        actor: word("actor"),
        cursor: query.cursor::<u64>()?,
        limit: query.limit()?,
    })
}

/// Where the account's log stands, signed.
pub async fn checkpoint(caller: Caller) -> Answer {
    let checkpoint = caller
        .read(move |app, account| {
            if !app.store.catalog().accounts.contains_key(&account) {
                return Err(Error::not_found("account"));
            }
            Checkpoint::take(&app.store, account, app.clock.now())
        })
        .await?;
    Ok(found(&checkpoint))
}
