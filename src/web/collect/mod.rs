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
mod heading;
mod keeping;
mod limit;
mod name;
mod outcome;
mod pairs;
mod params;
mod pixel;
mod place;
mod plain;
mod query;
mod scalar;
#[cfg(test)]
mod scene;
mod sdk;
mod terms;
mod verdicts;
mod visit;
mod wild;

use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::dev::RequestHead;
use actix_web::http::Method;
use actix_web::web::Data;

pub use self::answer::Answer;
pub use self::country::Countries;
use self::daily::DailyVisitors;
pub use self::heading::Heading;
pub use self::keeping::{Answering, Decided};
use self::limit::Limiter;
use self::outcome::Outcome;
pub use self::pairs::{PairWatch, Pairs};
use self::params::Params;
use self::place::Place;
use self::visit::Visit;
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

/// Longest body of a request to this room, in bytes.
pub const BODY_MAX: usize = crate::model::limits::EVENTS_BYTES;

/// What a worker answers with. Each has one of its own, so that what is counted for a
/// request is counted on one thread.
pub struct Station {
    pub app: Data<App>,
    pub collector: Data<Collector>,
}

/// A request that this room answers, however it came.
pub struct Call<'r> {
    pub query: &'r str,
    pub heading: Heading<'r>,
    /// Only the head of the answer is asked for.
    pub is_head: bool,
    /// Who is at the other end of the connection.
    pub peer: Option<IpAddr>,
    pub body: Result<&'r [u8], Reason>,
}

impl<'r> Call<'r> {
    /// A request that came by way of the router.
    pub fn of(head: &'r RequestHead, body: Result<&'r [u8], Reason>) -> Call<'r> {
        let mut heading = Heading::default();
        for (name, value) in &head.headers {
            heading.take(name.as_str(), value.as_bytes());
        }
        Call {
            query: head.uri.query().unwrap_or_default(),
            heading,
            is_head: head.method == Method::HEAD,
            peer: head.peer_addr.map(|peer| peer.ip()),
            body,
        }
    }
}

/// A request that was read: what it says, and what else it shows.
pub struct ReadCall<'r> {
    pub params: Params<'r>,
    pub visit: Visit<'r>,
    pub body: Result<&'r [u8], Reason>,
}

impl<'r> Call<'r> {
    /// Reads what the request says.
    pub fn read(&self, station: &Station) -> ReadCall<'r> {
        ReadCall {
            params: query::read(self.query),
            visit: Visit::of(self, &station.collector, station.app.clock.now()),
            body: self.body,
        }
    }
}

/// How a request is answered that needs no router.
pub type Direct = for<'r> fn(&Rc<Station>, &'r ReadCall<'r>) -> Decided<'r>;

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
    for method in [Method::GET, Method::HEAD] {
        routes.direct(method.clone(), collect, "/click", click::click);
        routes.direct(method.clone(), collect, "/imp", pixel::impression);
        routes.direct(method, collect, "/pixel", pixel::conversion);
    }
    routes.direct(Method::POST, collect, "/event", event::event);
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
fn entries<S>(hit: Entry<S>, statement: Option<Statement>) -> Vec<Entry<S>> {
    let answer = statement.map(|statement| Entry::Statement(Box::new(statement)));
    std::iter::once(hit).chain(answer).collect()
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
