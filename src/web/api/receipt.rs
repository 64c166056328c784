//! Receipts of consent: what was granted or taken back, when, in which way, under
//! which version of the notice. Nobody is named in one.

use actix_web::HttpRequest;
use serde::Serialize;

use super::caller::{Answer, Caller, found};
use super::period::instant;
use super::query::{Page, Query};
use crate::model::consent::Posture;
use crate::model::id::SiteId;
use crate::store::StoredReceipt;

#[derive(Serialize)]
struct View {
    at: String,
    site: Option<SiteId>,
    posture: Posture,
    measurement: &'static str,
    attribution: &'static str,
    sharing: &'static str,
    way: &'static str,
    privacy_control: bool,
    notice_version: u32,
}

impl View {
    fn of(stored: &StoredReceipt) -> View {
        let receipt = &stored.receipt;
        View {
            at: instant(receipt.at),
            site: receipt.site,
            posture: receipt.posture,
            measurement: receipt.consent.measurement.word(),
            attribution: receipt.consent.attribution.word(),
            sharing: receipt.consent.sharing.word(),
            way: receipt.way.word(),
            privacy_control: receipt.privacy_control,
            notice_version: receipt.notice,
        }
    }
}

pub async fn list(caller: Caller, request: HttpRequest) -> Answer {
    let query = Query::of(&request);
    let (after, limit) = (query.cursor::<i64>()?.unwrap_or(0), query.limit()?);
    let stored = caller
        .read(move |app, account| app.store.receipts(account, after, limit + 1))
        .await?;
    let more = stored.len() > limit;
    let shown = &stored[..stored.len().min(limit)];
    let next = shown
        .last()
        .filter(|_| more)
        .map(|last| last.seq.to_string());
    let items: Vec<View> = shown.iter().map(View::of).collect();
    Ok(found(&Page { items, next }))
}
