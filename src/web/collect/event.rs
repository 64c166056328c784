//! `POST /event`: what the WebSDK has to tell, many events at a time, each with its
//! own verdict. It is told without cookies, so nothing of them is read here.

use std::rc::Rc;

use actix_web::HttpResponse;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_MAX_AGE,
};

use super::batch::{Batch, Event};
use super::event_hit::Sender;
use super::keeping::Later;
use super::outcome::Outcome;
use super::verdicts::Verdicts;
use super::visit::Visit;
use super::{Answer, Decided, ReadCall, Station, refuse};
use crate::model::id::AccountId;
use crate::model::reason::Reason;

pub fn event<'r>(station: &Rc<Station>, call: &'r ReadCall<'r>) -> Decided<'r> {
    match answer(station, &call.visit, call.body) {
        Ok(decided) => decided,
        Err(outcome) => Decided::Now(Answer::problem(outcome)),
    }
}

/// The SDK's requests need no preflight; those of others get the answer they need.
pub async fn preflight() -> HttpResponse {
    HttpResponse::NoContent()
        .insert_header((ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .insert_header((ACCESS_CONTROL_ALLOW_METHODS, "POST"))
        .insert_header((ACCESS_CONTROL_ALLOW_HEADERS, "Content-Type"))
        .insert_header((ACCESS_CONTROL_MAX_AGE, "86400"))
        .finish()
}

/// Reads a request; an error is one that refuses it as a whole.
fn answer(
    station: &Rc<Station>,
    visit: &Visit<'_>,
    body: Result<&[u8], Reason>,
) -> Result<Decided<'static>, Outcome> {
    let (app, collector) = (&station.app, &station.collector);
    let body = body.map_err(|reason| refuse(app, None, reason))?;
    let over_limit = visit.is_over_limit(collector);
    let Ok(text) = std::str::from_utf8(body) else {
        return Err(refuse(app, None, Reason::BadEncoding));
    };
    let Some(batch) = Batch::read(text) else {
        return Err(refuse(app, None, Reason::BadJson));
    };
    let site = batch.site.into_text();
    let catalog = app.store.catalog();
    let Some(site) = site.and_then(|text| catalog.site(text.trim())) else {
        return Err(refuse(app, None, Reason::UnknownSite));
    };
    let over_limit = over_limit || visit.is_site_over_limit(collector, Some(site));
    let whole = (batch.hits.too_many.then_some(Reason::TooMany))
        .or(over_limit.then_some(Reason::RateLimited));
    if let Some(reason) = whole {
        return Err(refuse(app, Some(site.account), reason));
    }
    visit.pay(collector, batch.hits.events.len().saturating_sub(1));
    let (consent, visitor) = (batch.consent.into_text(), batch.visitor.into_text());
    let Some(sender) = Sender::of(app, &catalog, site, visit, consent, visitor) else {
        return Err(refuse(app, None, Reason::UnknownSite));
    };
    Ok(store(station, site.account, &sender, &batch.hits.events))
}

/// Sends on what can be stored; the answer tells what became of each.
fn store(
    station: &Rc<Station>,
    account: AccountId,
    sender: &Sender<'_>,
    events: &[Event<'_>],
) -> Decided<'static> {
    let mut verdicts = Verdicts::of(events.len());
    let mut entries = Vec::with_capacity(events.len());
    for event in events {
        let entry = sender.entry(event);
        verdicts.add(event.id.as_deref(), entry.as_ref().err().copied());
        entries.extend(entry);
    }
    let storing = station.app.journal.store_in_turn(account, &entries);
    Later::each(station, account, storing, move |station, kept| match kept {
        Ok(stored) => {
            count_refused(station, account, verdicts.refused());
            Answer::verdicts(verdicts.tell(&stored))
        }
        Err(outcome) => Answer::problem(outcome),
    })
}

/// Where nothing may be counted, that is not counted either.
fn count_refused(station: &Station, account: AccountId, refused: impl Iterator<Item = Reason>) {
    for reason in refused {
        if reason != Reason::ConsentMissing {
            station.app.journal.count(account, reason);
        }
    }
}
