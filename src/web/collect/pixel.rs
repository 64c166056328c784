//! `GET /pixel` and `GET /imp`: a conversion or an impression by an image, or by an
//! iframe. Never in here: any other answer than an image or a frame's page.

use std::borrow::Cow;
use std::rc::Rc;

use super::conversion::Reading;
use super::draft::{self, Arrival};
use super::keeping::Keeping;
use super::name::Name;
use super::outcome::Outcome;
use super::params::Params;
use super::place::{Place, Reference};
use super::terms::{Asked, Terms};
use super::visit::Visit;
use super::{Answer, App, Decided, ReadCall, Station, entries, refuse};
use crate::model::campaign::Campaign;
use crate::model::catalog::Catalog;
use crate::model::hit::{Entry, Hit, Kind, Touch};
use crate::model::reason::{Note, Reason};

/// How an outcome is shown.
type Medium = fn(Outcome, Option<String>) -> Answer;

/// A conversion.
pub fn conversion<'r>(station: &Rc<Station>, call: &'r ReadCall<'r>) -> Decided<'r> {
    let (params, visit) = (&call.params, &call.visit);
    let medium: Medium = if visit.in_frame || params.get(Name::Format) == Some("iframe") {
        Answer::frame
    } else {
        Answer::image
    };
    convert(station, params, visit, medium)
}

fn convert<'r>(
    station: &Rc<Station>,
    params: &'r Params<'_>,
    visit: &Visit<'r>,
    medium: Medium,
) -> Decided<'r> {
    let app = &station.app;
    let catalog = app.store.catalog();
    let place = match admit(station, &catalog, params, visit) {
        Ok(place) => place,
        Err(outcome) => return Decided::Now(medium(outcome, None)),
    };
    let account = place.account.id;
    let reference = Reference::read(&app.click_ids, account, params.get(Name::ClickId));
    let terms = Terms::of(&Asked {
        agreed_at_click: reference.shows_agreement(&catalog),
        rewarded: reference.is_rewarded(&catalog),
        ..asked(app, &catalog, &place, params, visit)
    });
    if !terms.counts {
        return unwanted(&place, &terms, medium);
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
    let forget = terms.forget();
    match reading.hit(&arrival(params, visit)) {
        Ok(hit) => {
            let entries = entries(Entry::Hit(hit), place.statement(&terms));
            Keeping::stored(account, entries, move |outcome| medium(outcome, forget))
        }
        Err(reason) => Decided::Now(medium(refuse(app, Some(account), reason), forget)),
    }
}

/// An impression.
pub fn impression<'r>(station: &Rc<Station>, call: &'r ReadCall<'r>) -> Decided<'r> {
    let (params, visit) = (&call.params, &call.visit);
    let app = &station.app;
    let catalog = app.store.catalog();
    let (place, campaign) = match admit_shown(station, &catalog, params, visit) {
        Ok(admitted) => admitted,
        Err(outcome) => return Decided::Now(Answer::image(outcome, None)),
    };
    let account = place.account.id;
    let mut terms = Terms::of(&asked(app, &catalog, &place, params, visit));
    if !terms.counts {
        return unwanted(&place, &terms, Answer::image);
    }
    let mut hit = seen(&catalog, &place, params, &terms, visit);
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
    let entries = entries(Entry::Hit(hit), place.statement(&terms));
    let forget = terms.forget();
    Keeping::stored(account, entries, move |outcome| {
        let remembered = cookie.filter(|_| outcome == Outcome::Stored);
        Answer::image(outcome, remembered.or(forget))
    })
}

/// The hit of an impression, but for its visitor.
fn seen<'p>(
    catalog: &Catalog,
    place: &Place<'_>,
    params: &'p Params<'_>,
    terms: &Terms,
    visit: &Visit<'p>,
) -> Box<Hit<Cow<'p, str>>> {
    let arrival = arrival(params, visit);
    let mut hit = draft::hit(Kind::Impression, place, params, terms, &arrival);
    if let Some(text) = params.get(Name::PubId) {
        hit.publisher = catalog
            .publisher(place.account.id, text)
            .map(|publisher| publisher.id);
        if hit.publisher.is_none() {
            hit.notes.add(Note::UnknownPublisher);
        }
    }
    hit
}

/// The answer to a hit that its visitor does not want to be counted.
fn unwanted<'r>(place: &Place<'_>, terms: &Terms, medium: Medium) -> Decided<'r> {
    let forget = terms.forget();
    Keeping::withdrawn(place.account.id, place.statement(terms), move || {
        medium(Outcome::NotStored(Reason::ConsentMissing), forget)
    })
}

/// The place of a request that may be counted; else what to answer.
fn admit<'c>(
    station: &Station,
    catalog: &'c Catalog,
    params: &Params<'_>,
    visit: &Visit<'_>,
) -> Result<Place<'c>, Outcome> {
    let (app, collector) = (&station.app, &station.collector);
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
    let over = place.account.refusal_at(visit.at);
    let over_limit = over_limit || visit.is_site_over_limit(collector, place.site);
    let limited = over_limit.then_some(Reason::RateLimited);
    match over.or(visit.set_aside).or(limited).or(params.fault) {
        Some(reason) => Err(refuse(app, Some(place.account.id), reason)),
        None => Ok(place),
    }
}

/// The same of an impression, whose campaign must be named and run.
fn admit_shown<'c>(
    station: &Station,
    catalog: &'c Catalog,
    params: &Params<'_>,
    visit: &Visit<'_>,
) -> Result<(Place<'c>, &'c Campaign), Outcome> {
    let place = admit(station, catalog, params, visit)?;
    let refused = |reason| refuse(&station.app, Some(place.account.id), reason);
    let campaign = place
        .campaign
        .ok_or_else(|| refused(Reason::CampaignUnknown))?;
    if !campaign.settings.is_running() {
        return Err(refused(Reason::Paused));
    }
    Ok((place, campaign))
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
