//! What visitors' browsers reach: tracking links, pixels, events, the WebSDK and
//! what it needs. A request becomes a hit with consent applied, the journal makes
//! it durable, and only then it is answered, each in its own medium. No database is
//! read here: the catalog in memory knows every campaign.

mod acquisition;
mod agents;
mod answer;
mod batch;
mod click;
mod conversion;
pub(super) mod cookie;
mod country;
mod daily;
mod draft;
mod event;
mod event_hit;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod limit;
mod name;
mod outcome;
mod params;
mod pixel;
mod place;
mod query;
mod scalar;
#[cfg(test)]
mod scene;
mod sdk;
mod terms;
mod visit;
mod wild;

use std::net::IpAddr;
use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::web::Data;

pub use self::country::Countries;
use self::daily::DailyVisitors;
use self::limit::Limiter;
use self::outcome::Outcome;
use self::place::Place;
use super::App;
use super::client::TrustedProxies;
use super::route::Routes;
use crate::error::Kind;
use crate::model::action::Action;
use crate::model::consent::receipt::Statement;
use crate::model::hit::Entry;
use crate::model::id::{AccountId, SiteId};
use crate::model::reason::Reason;

/// What this room keeps in memory between requests.
#[derive(Default)]
pub struct Collector {
    limiter: Option<Limiter<IpAddr>>,
    site_limiter: Option<Limiter<SiteId>>,
    trusted_proxies: TrustedProxies,
    countries: Arc<Countries>,
    daily: DailyVisitors,
}

/// Prepares this room.
pub fn state(app: &Data<App>) -> Collector {
    Collector {
        limiter: app.options.limits.address.map(Limiter::new),
        site_limiter: app.options.limits.site.map(Limiter::new),
        trusted_proxies: app.options.trusted_proxies.clone(),
        countries: app.countries.clone(),
        daily: DailyVisitors::default(),
    }
}

pub fn routes(routes: &mut Routes) {
    let collect = Action::Collect;
    routes.get(collect, "/click", click::click);
    routes.head(collect, "/click", click::click);
    routes.get(collect, "/imp", pixel::impression);
    routes.head(collect, "/imp", pixel::impression);
    routes.get(collect, "/pixel", pixel::conversion);
    routes.head(collect, "/pixel", pixel::conversion);
    routes.post(collect, "/event", event::event);
    routes.options(collect, "/event", event::preflight);
    routes.get(collect, "/acquisition", acquisition::acquisition);
    routes.head(collect, "/acquisition", acquisition::acquisition);
    routes.post(collect, "/acquisition", acquisition::acquisition);
    let asset = Action::ReadAsset;
    routes.get(asset, "/sdk.js", sdk::current);
    routes.head(asset, "/sdk.js", sdk::current);
    routes.get(asset, "/sdk.{hash}.js", sdk::pinned);
    routes.head(asset, "/sdk.{hash}.js", sdk::pinned);
    routes.get(asset, "/config/{key}.json", sdk::config);
    routes.head(asset, "/config/{key}.json", sdk::config);
}

/// A hit, and the visitor's answer where there is one, as the journal takes them.
fn entries(hit: Entry, statement: Option<Statement>) -> Vec<Entry> {
    let answer = statement.map(|statement| Entry::Statement(Box::new(statement)));
    std::iter::once(hit).chain(answer).collect()
}

/// Makes one hit durable, and the visitor's answer with it.
async fn keep(app: &App, account: AccountId, entries: &[Entry]) -> Outcome {
    match app.journal.store_in_turn(account, entries).await {
        Ok(_) => Outcome::Stored,
        Err(error) => {
            report(&error);
            refuse(app, Some(account), Reason::Overloaded)
        }
    }
}

/// Makes a withdrawal durable whose hit is not counted. Where that fails the visitor
/// is not told: their browser has forgotten already, and the account's log says so.
async fn keep_answer(app: &App, account: AccountId, statement: Option<Statement>) {
    let Some(statement) = statement else {
        return;
    };
    let entry = [Entry::Statement(Box::new(statement))];
    if let Err(error) = app.journal.store_in_turn(account, &entry).await {
        report(&error);
    }
}

/// Counts what is not stored, where it is known whose it was.
fn refuse(app: &App, account: Option<AccountId>, reason: Reason) -> Outcome {
    if let Some(account) = account {
        app.journal.count(account, reason);
    }
    Outcome::NotStored(reason)
}

/// Counts a request whose method its address does not take, where that is one of
/// this room's and its parameters say whose it was.
pub fn count_wrong_method(request: &HttpRequest) {
    let Some(app) = request.app_data::<Data<App>>() else {
        return;
    };
    if !["/click", "/imp", "/pixel"].contains(&request.path()) {
        return;
    }
    let catalog = app.store.catalog();
    let account = match Place::find(&catalog, &query::read(request.query_string())) {
        Ok(place) => Some(place.account.id),
        Err(refusal) => refusal.account,
    };
    refuse(app, account, Reason::BadMethod);
}

/// Being busy is told to the sender; everything else is for the operator.
fn report(error: &crate::error::Error) {
    if error.kind() != Kind::Busy {
        tracing::error!(%error, "a hit could not be stored");
    }
}
