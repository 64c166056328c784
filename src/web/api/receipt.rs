//! Receipts of consent: what was granted or taken back, when, in which way, under
//! which version of the notice. Nobody is named in one.

use actix_web::HttpRequest;
use serde::Serialize;

use super::caller::{Answer, Caller, found};
use super::period::instant;
use super::query::{Page, Query};
use crate::model::consent::Posture;
use crate::model::consent::receipt::KeptReceipt;
use crate::model::id::SiteId;
use crate::privacy::{self, Reached};

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
    fn of(kept: &KeptReceipt) -> View {
        let receipt = &kept.receipt;
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
    let (after, limit) = (query.cursor::<Reached>()?, query.limit()?);
    let (receipts, next) = caller
        .read(move |app, account| privacy::receipts(&app.store, account, after, limit))
        .await?;
    let items: Vec<View> = receipts.iter().map(View::of).collect();
    let next = next.map(|reached| reached.to_string());
    Ok(found(&Page { items, next }))
}
