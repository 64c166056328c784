//! `GET /pixel` and `GET /imp`: a conversion or an impression by an image, or by an
//! iframe. Never in here: any other answer than an image or a frame's page.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::conversion::Reading;
use super::draft::{self, Arrival};
use super::name::Name;
use super::outcome::Outcome;
use super::params::Params;
use super::place::{Place, Reference};
use super::terms::{Asked, Terms};
use super::visit::Visit;
use super::{App, Collector, answer, entries, keep, keep_answer, query, refuse};
use crate::model::catalog::Catalog;
use crate::model::hit::{Entry, Kind, Touch};
use crate::model::reason::{Note, Reason};

/// A conversion.
pub async fn conversion(
    request: HttpRequest,
    app: Data<App>,
    collector: Data<Collector>,
) -> HttpResponse {
    let params = query::read(request.query_string());
    let visit = Visit::of(&request, &collector, app.clock.now());
    let as_frame = visit.in_frame || params.get(Name::Format) == Some("iframe");
    let (outcome, cookie) = convert(&app, &collector, &params, &visit).await;
    if as_frame {
        answer::frame(outcome, cookie)
    } else {
        answer::image(outcome, cookie)
    }
}

async fn convert(
    app: &App,
    collector: &Collector,
    params: &Params<'_>,
    visit: &Visit<'_>,
) -> (Outcome, Option<String>) {
    let catalog = app.store.catalog();
    let place = match admit(app, collector, &catalog, params, visit) {
        Ok(place) => place,
        Err(outcome) => return (outcome, None),
    };
    let account = place.account.id;
    let reference = Reference::read(&app.click_ids, account, params.get(Name::ClickId));
    let terms = Terms::of(&Asked {
        agreed_at_click: reference.shows_agreement(&catalog),
        rewarded: reference.is_rewarded(&catalog),
        ..asked(app, &catalog, &place, params, visit)
    });
    let statement = place.statement(&terms);
    if !terms.counts {
        keep_answer(app, account, statement).await;
        return (Outcome::NotStored(Reason::ConsentMissing), terms.forget());
    }
    let reading = Reading {
        catalog: &catalog,
        click_ids: &app.click_ids,
        place: &place,
        params,
        terms: &terms,
        reference,
        authenticated: false,
    };
    let outcome = match reading.hit(&arrival(params, visit)) {
        Ok(hit) => {
            let entries = entries(Entry::Hit(Box::new(hit)), statement);
            keep(app, account, &entries).await
        }
        Err(reason) => refuse(app, Some(account), reason),
    };
    (outcome, terms.forget())
}

/// An impression.
pub async fn impression(
    request: HttpRequest,
    app: Data<App>,
    collector: Data<Collector>,
) -> HttpResponse {
    let params = query::read(request.query_string());
    let visit = Visit::of(&request, &collector, app.clock.now());
    let (outcome, cookie) = show(&app, &collector, &params, &visit).await;
    answer::image(outcome, cookie)
}

async fn show(
    app: &App,
    collector: &Collector,
    params: &Params<'_>,
    visit: &Visit<'_>,
) -> (Outcome, Option<String>) {
    let catalog = app.store.catalog();
    let place = match admit(app, collector, &catalog, params, visit) {
        Ok(place) => place,
        Err(outcome) => return (outcome, None),
    };
    let account = place.account.id;
    let Some(campaign) = place.campaign else {
        return (refuse(app, Some(account), Reason::CampaignUnknown), None);
    };
    if !campaign.settings.is_running() {
        return (refuse(app, Some(account), Reason::Paused), None);
    }
    let mut terms = Terms::of(&asked(app, &catalog, &place, params, visit));
    if !terms.counts {
        keep_answer(app, account, place.statement(&terms)).await;
        return (Outcome::NotStored(Reason::ConsentMissing), terms.forget());
    }
    let arrival = arrival(params, visit);
    let mut hit = draft::hit(Kind::Impression, &place, params, &terms, &arrival);
    if let Some(text) = params.get(Name::PubId) {
        hit.publisher = catalog
            .publisher(account, text)
            .map(|publisher| publisher.id);
        if hit.publisher.is_none() {
            hit.notes.add(Note::UnknownPublisher);
        }
    }
    terms.recognise();
    let cookie = terms.remember(&app.click_ids, |state| {
        state.remember_impression(Touch {
            campaign: campaign.id,
            publisher: hit.publisher,
            landing: 0,
            id: hit.id,
        });
    });
    hit.visitor = terms.visitor();
    hit.keep_only_permitted();
    let entries = entries(Entry::Hit(Box::new(hit)), place.statement(&terms));
    let outcome = keep(app, account, &entries).await;
    let remembered = cookie.filter(|_| outcome == Outcome::Stored);
    (outcome, remembered.or_else(|| terms.forget()))
}

/// The place of a request that may be counted; else what to answer.
fn admit<'c>(
    app: &App,
    collector: &Collector,
    catalog: &'c Catalog,
    params: &Params<'_>,
    visit: &Visit<'_>,
) -> Result<Place<'c>, Outcome> {
    let over_limit = visit.is_over_limit(collector);
    let place = Place::find(catalog, params).map_err(|refusal| {
        let reason = params.fault.unwrap_or(refusal.reason);
        let reason = if over_limit {
            Reason::RateLimited
        } else {
            reason
        };
        refuse(app, refusal.account, reason)
    })?;
    let expired = (!place.account.collects_at(visit.at)).then_some(Reason::Expired);
    let over_limit = over_limit || visit.is_site_over_limit(collector, place.site);
    let limited = over_limit.then_some(Reason::RateLimited);
    match expired.or(visit.set_aside).or(limited).or(params.fault) {
        Some(reason) => Err(refuse(app, Some(place.account.id), reason)),
        None => Ok(place),
    }
}

fn asked<'a>(
    app: &'a App,
    catalog: &'a Catalog,
    place: &Place<'_>,
    params: &'a Params<'_>,
    visit: &Visit<'a>,
) -> Asked<'a> {
    Asked {
        click_ids: &app.click_ids,
        account: place.account.id,
        catalog,
        posture: place.posture(),
        signals: params.signals(visit.privacy_control),
        cookies: visit.cookies,
        agreed_at_click: false,
        rewarded: false,
        now: visit.at,
    }
}

/// The page a pixel stands on is the request's referrer.
fn arrival<'a>(params: &'a Params<'_>, visit: &Visit<'a>) -> Arrival<'a> {
    Arrival {
        at: visit.at,
        origin: visit.origin,
        referrer: visit.referrer,
        page: params.get(Name::Url).or(visit.referrer),
        event: None,
    }
}
