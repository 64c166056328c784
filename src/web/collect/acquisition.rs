//! `GET|POST /acquisition`: a conversion that the shop's server reports, by the
//! account's security token. It answers JSON, for programs.

use actix_web::http::{Method, StatusCode};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use super::answer::X_PIXELKEEP;
use super::conversion::Reading;
use super::draft::Arrival;
use super::name::Name;
use super::outcome::Outcome;
use super::params::Params;
use super::place::{Place, Reference};
use super::terms::{Asked, Terms};
use super::visit::Visit;
use super::{App, Call, Collector, query, refuse, report};
use crate::crypto::token;
use crate::model::account::Account;
use crate::model::catalog::Catalog;
use crate::model::hit::Entry;
use crate::model::reason::{Note, Reason};
use crate::web::problem::Problem;

const NOT_ALLOWED: &str = "No account takes conversions under this security token. Turn the \
                           acquisition address on, and send the token that this gives.";

pub async fn acquisition(
    request: HttpRequest,
    app: Data<App>,
    collector: Data<Collector>,
    body: Payload,
) -> HttpResponse {
    let visit = Visit::of(
        &Call::of(request.head(), Ok(&[])),
        &collector,
        app.clock.now(),
    );
    let mut sent = request.query_string().to_owned();
    if request.method() == Method::POST {
        match form(body).await {
            Ok(form) => sent.extend(["&", &form]),
            Err(reason) => return answer(refuse(&app, None, reason)),
        }
    }
    let mut params = query::read(&sent);
    let catalog = app.store.catalog();
    let Some(account) = holder(&catalog, &params) else {
        return forbidden();
    };
    // A token that a browser sends is no secret: everyone can read it there.
    let is_secret = !visit.from_browser;
    if !is_secret {
        params.notes.add(Note::TokenInBrowser);
    }
    let named = Place::find(&catalog, &params).ok();
    if named.is_some_and(|place| place.account.id != account.id) {
        refuse(&app, Some(account.id), Reason::UnknownCampaign);
        return forbidden();
    }
    let room = (&**app, &**collector);
    answer(convert(room, &catalog, account, &params, &visit, is_secret).await)
}

/// The body of a form, which is written like a query.
async fn form(body: Payload) -> Result<String, Reason> {
    let bytes = match body.to_bytes_limited(query::QUERY_MAX).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(_)) => return Err(Reason::BadEncoding),
        Err(_) => return Err(Reason::TooLarge),
    };
    String::from_utf8(bytes.to_vec()).map_err(|_| Reason::BadEncoding)
}

fn holder<'c>(catalog: &'c Catalog, params: &Params<'_>) -> Option<&'c Account> {
    let hash = token::hash(params.get(Name::SecurityToken)?);
    let id = catalog.account_by_security_token(&hash)?;
    catalog.accounts.get(&id).map(AsRef::as_ref)
}

async fn convert(
    (app, collector): (&App, &Collector),
    catalog: &Catalog,
    account: &Account,
    params: &Params<'_>,
    visit: &Visit<'_>,
    authenticated: bool,
) -> Outcome {
    let over = account.refusal_at(visit.at);
    let head = visit.set_aside.filter(|&reason| reason == Reason::Head);
    let limited = visit
        .is_over_limit(collector)
        .then_some(Reason::RateLimited);
    if let Some(reason) = over.or(head).or(limited).or(params.fault) {
        return refuse(app, Some(account.id), reason);
    }
    let reference = Reference::read(&app.click_ids, account.id, params.get(Name::ClickId));
    let place = match place(catalog, account, params, reference) {
        Ok(place) => place,
        Err(reason) => return refuse(app, Some(account.id), reason),
    };
    if visit.is_site_over_limit(collector, place.site) {
        return refuse(app, Some(account.id), Reason::RateLimited);
    }
    let terms = Terms::of(&Asked {
        click_ids: &app.click_ids,
        account: account.id,
        catalog,
        posture: place.posture(),
        signals: params.signals(visit.privacy_control),
        cookies: None,
        agreed_at_click: reference.shows_agreement(catalog),
        rewarded: reference.is_rewarded(catalog),
        now: visit.at,
    });
    if !terms.counts {
        return Outcome::NotStored(Reason::ConsentMissing);
    }
    let reading = Reading {
        catalog,
        click_ids: &app.click_ids,
        place: &place,
        params,
        terms: &terms,
        reference,
        authenticated,
    };
    let hit = match reading.hit(&arrival(params, visit)) {
        Ok(hit) => [Entry::Hit(hit)],
        Err(reason) => return refuse(app, Some(account.id), reason),
    };
    match app.journal.store_in_turn(account.id, &hit).await {
        Ok(_) => Outcome::Stored,
        Err(error) => {
            report(&error);
            refuse(app, Some(account.id), Reason::Overloaded)
        }
    }
}

/// The campaign or site that the request names, else the click's campaign.
fn place<'c>(
    catalog: &'c Catalog,
    account: &'c Account,
    params: &Params<'_>,
    reference: Reference,
) -> Result<Place<'c>, Reason> {
    if params.get(Name::CampaignId).is_some() || params.get(Name::Site).is_some() {
        let place = Place::find(catalog, params).map_err(|refusal| refusal.reason)?;
        let own = place.account.id == account.id;
        return own.then_some(place).ok_or(Reason::UnknownCampaign);
    }
    reference
        .carried()
        .and_then(|(campaign, _)| Place::of_campaign(catalog, account, campaign))
        .ok_or(Reason::CampaignUnknown)
}

/// The caller is a server: nothing of its own origin belongs to the visitor.
fn arrival<'a>(params: &'a Params<'_>, visit: &Visit<'_>) -> Arrival<'a> {
    Arrival {
        at: visit.at,
        origin: Default::default(),
        referrer: params.get(Name::Referrer),
        page: params.get(Name::Url),
        event: None,
    }
}

#[derive(Serialize)]
struct Answer {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'static str>,
}

fn answer(outcome: Outcome) -> HttpResponse {
    let reason = match outcome {
        Outcome::NotStored(reason) => Some(reason),
        Outcome::Stored | Outcome::Unconfirmed => None,
    };
    let body = Answer {
        status: outcome.verdict(),
        reason: reason.map(Reason::word),
        detail: reason.map(Reason::meaning),
    };
    let text = serde_json::to_string(&body).unwrap_or_default();
    super::Answer::json(outcome, text).into()
}

fn forbidden() -> HttpResponse {
    let mut response = Problem::new(StatusCode::FORBIDDEN, NOT_ALLOWED).response();
    let verdict = "rejected; not_allowed";
    if let Ok(value) = verdict.parse() {
        response.headers_mut().insert(X_PIXELKEEP, value);
    }
    response
}
