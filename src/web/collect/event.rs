//! `POST /event`: what the WebSDK has to tell, many events at a time, each with its
//! own verdict. It is told without cookies, so nothing of them is read here.

use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_MAX_AGE, HeaderValue, RETRY_AFTER,
};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use super::answer::{X_PIXELKEEP, json};
use super::batch::{Batch, Event};
use super::event_hit::Sender;
use super::outcome::Outcome;
use super::visit::Visit;
use super::{App, Collector, refuse, report};
use crate::ingest::Verdict;
use crate::model::id::AccountId;
use crate::model::reason::Reason;
use crate::web::problem::Problem;

/// Longest body, in bytes.
pub const BODY_MAX: usize = crate::model::limits::EVENTS_BYTES;
/// Longest id that is given back in a verdict, in bytes.
const ID_SHOWN_MAX: usize = 64;
const ANYONE: HeaderValue = HeaderValue::from_static("*");

pub async fn event(
    request: HttpRequest,
    app: Data<App>,
    collector: Data<Collector>,
    body: Payload,
) -> HttpResponse {
    let visit = Visit::of(&request, &collector, app.clock.now());
    let mut response = match body.to_bytes_limited(BODY_MAX).await {
        Err(_) => problem(refuse(&app, None, Reason::TooLarge)),
        Ok(Err(_)) => problem(refuse(&app, None, Reason::BadJson)),
        Ok(Ok(body)) => answer(&app, &collector, &visit, &body).await,
    };
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, ANYONE);
    response
}

/// The SDK's requests need no preflight; those of others get the answer they need.
pub async fn preflight() -> HttpResponse {
    HttpResponse::NoContent()
        .insert_header((ACCESS_CONTROL_ALLOW_ORIGIN, ANYONE))
        .insert_header((ACCESS_CONTROL_ALLOW_METHODS, "POST"))
        .insert_header((ACCESS_CONTROL_ALLOW_HEADERS, "Content-Type"))
        .insert_header((ACCESS_CONTROL_MAX_AGE, "86400"))
        .finish()
}

async fn answer(app: &App, collector: &Collector, visit: &Visit<'_>, body: &[u8]) -> HttpResponse {
    let over_limit = visit.is_over_limit(collector);
    let Ok(text) = std::str::from_utf8(body) else {
        return problem(refuse(app, None, Reason::BadEncoding));
    };
    let Ok(batch) = serde_json::from_str::<Batch<'_>>(text) else {
        return problem(refuse(app, None, Reason::BadJson));
    };
    let site = batch.site.into_text();
    let catalog = app.store.catalog();
    let Some(site) = site.and_then(|text| catalog.site(text.trim())) else {
        return problem(refuse(app, None, Reason::UnknownSite));
    };
    let over_limit = over_limit || visit.is_site_over_limit(collector, Some(site));
    let whole = (batch.hits.too_many.then_some(Reason::TooMany))
        .or(over_limit.then_some(Reason::RateLimited));
    if let Some(reason) = whole {
        return problem(refuse(app, Some(site.account), reason));
    }
    visit.pay(collector, batch.hits.events.len().saturating_sub(1));
    let (consent, visitor) = (batch.consent.into_text(), batch.visitor.into_text());
    let Some(sender) = Sender::of(app, &catalog, site, visit, consent, visitor) else {
        return problem(refuse(app, None, Reason::UnknownSite));
    };
    store(app, site.account, &sender, batch.hits.events).await
}

/// What became of one event.
#[derive(Serialize)]
struct Said {
    id: Option<String>,
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

#[derive(Serialize)]
struct Answer {
    verdicts: Vec<Said>,
}

async fn store(
    app: &App,
    account: AccountId,
    sender: &Sender<'_>,
    events: Vec<Event<'_>>,
) -> HttpResponse {
    let mut verdicts = Vec::with_capacity(events.len());
    let mut entries = Vec::with_capacity(events.len());
    let mut refused = Vec::new();
    for event in events {
        let entry = sender.entry(&event);
        let not_stored = entry.as_ref().err().copied();
        verdicts.push(said(&event, not_stored));
        match entry {
            Ok(entry) => entries.push(entry),
            Err(reason) => refused.push(reason),
        }
    }
    let stored = match app.journal.store_in_turn(account, &entries).await {
        Ok(stored) => stored,
        Err(error) => {
            report(&error);
            return problem(refuse(app, Some(account), Reason::Overloaded));
        }
    };
    for reason in refused {
        // Where nothing may be counted, this is not counted either.
        if reason != Reason::ConsentMissing {
            app.journal.count(account, reason);
        }
    }
    let taken = verdicts.iter_mut().filter(|said| said.reason.is_none());
    for (said, verdict) in taken.zip(stored) {
        said.verdict = match verdict {
            Verdict::Stored => "stored",
            Verdict::Duplicate => "duplicate",
        };
    }
    match serde_json::to_string(&Answer { verdicts }) {
        Ok(body) => json(StatusCode::OK, Outcome::Stored, body),
        Err(_) => problem(Outcome::NotStored(Reason::BadJson)),
    }
}

fn said(event: &Event<'_>, not_stored: Option<Reason>) -> Said {
    let outcome = not_stored.map_or(Outcome::Stored, Outcome::NotStored);
    let id = event.id.as_deref().filter(|id| id.len() <= ID_SHOWN_MAX);
    Said {
        id: id.map(str::to_owned),
        verdict: outcome.verdict(),
        reason: not_stored.map(Reason::word),
    }
}

/// A request that is refused as a whole.
fn problem(outcome: Outcome) -> HttpResponse {
    let detail = match outcome {
        Outcome::NotStored(reason) => reason.meaning(),
        Outcome::Stored | Outcome::Unconfirmed => "",
    };
    let mut response = Problem::new(outcome.status(), detail).response();
    let headers = response.headers_mut();
    headers.insert(X_PIXELKEEP, outcome.header());
    if let Some(seconds) = outcome.retry_after() {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}
