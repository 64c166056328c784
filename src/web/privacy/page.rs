//! What a visitor sees: what is held of this browser, or of the click or order they name.

use actix_web::HttpRequest;
use actix_web::http::header::COOKIE;
use actix_web::web::{Data, Payload};
use askama::Template;

use super::gate::{Gate, Try, even_out, own_form};
use super::subject::Subject;
use crate::clock::{DAY_MS, Stopwatch, Timestamp};
use crate::error::Result;
use crate::model::conversion::Conversion;
use crate::model::id::AccountId;
use crate::model::money::parse_amount;
use crate::model::person::{Identity, IdentityKind, PersonIds, Reach};
use crate::privacy::{self, Found, Record};
use crate::web::collect::cookie;
use crate::web::console::asset;
use crate::web::console::form::Form;
use crate::web::console::page::{Answer, ok};
use crate::web::console::visit::block;
use crate::web::state::App;

/// Things shown one by one; the copy has all.
const SHOWN_MAX: usize = 100;

/// What one business holds.
pub struct Held {
    pub business: String,
    /// Goes into every form about it.
    pub subject: String,
    pub hits: usize,
    pub conversions: usize,
    pub records: Vec<Record>,
    pub more: usize,
    /// The browser's cookie says who it is, rather than a click or order that was named.
    pub by_cookie: bool,
    /// Nothing of it can be shown at the moment; it can be deleted.
    pub is_locked: bool,
}

#[derive(Template)]
#[template(path = "privacy/page.html")]
struct Page {
    held: Vec<Held>,
    /// What was looked for by hand and is not shown.
    searched: bool,
    privacy_control: bool,
    /// The browser has objected on this page.
    objected: bool,
}

impl Page {
    fn asset(&self, name: &str) -> String {
        asset::path(name)
    }
}

fn held(app: &App, found: &Found, subject: &Subject, by_cookie: bool) -> Result<Held> {
    let catalog = app.store.catalog();
    let is_locked = found.locked_at.is_some();
    let records = match is_locked {
        true => Vec::new(),
        false => privacy::records(found, &catalog, subject.account)?,
    };
    let business = catalog.accounts.get(&subject.account);
    Ok(Held {
        business: business.map_or_else(String::new, |it| it.settings.name.clone()),
        subject: subject.seal(app.store.keys())?,
        hits: found.hits.len(),
        conversions: found.conversions.len(),
        more: records.len().saturating_sub(SHOWN_MAX),
        records: records.into_iter().take(SHOWN_MAX).collect(),
        by_cookie,
        is_locked,
    })
}

/// Whom this browser's cookies name, one a business.
fn recognised(app: &App, cookies: &str) -> Vec<(AccountId, PersonIds)> {
    let catalog = app.store.catalog();
    let of = |&account: &AccountId| {
        let value = cookie::find(cookies, account)?;
        let state = app.click_ids.open_state(account, value)?;
        let mut ids = PersonIds::default();
        ids.visitors.insert(state.visitor.0);
        ids.hits.extend(state.clicks.iter().map(|touch| touch.id));
        Some((account, ids))
    };
    catalog.accounts.keys().filter_map(of).collect()
}

pub async fn show(request: HttpRequest, app: Data<App>, gate: Data<Gate>) -> Answer {
    gate.pass(&request, &app, Try::Other)?;
    let header = |name: &str| -> String {
        let value = request.headers().get(name);
        let text = value.and_then(|value| value.to_str().ok());
        text.unwrap_or_default().to_owned()
    };
    let (cookies, privacy_control) = (header(COOKIE.as_str()), header("sec-gpc").trim() == "1");
    let now = app.clock.now();
    let objected = cookie::has_objected(&cookies);
    let held = block(move || {
        let mut all = Vec::new();
        for (account, ids) in recognised(&app, &cookies) {
            let found = privacy::find(&app.store, account, ids, Reach::Whole)?;
            let subject = Subject::new(account, &found.ids, Reach::Whole, now);
            all.push(held(&app, &found, &subject, true)?);
        }
        Ok(all)
    })
    .await?;
    ok(&Page {
        held,
        searched: false,
        privacy_control,
        objected,
    })
}

/// Looks for a click id, or an order with the facts that only its buyer knows. What is
/// not shown is answered alike, and as late, whether or not it is there.
pub async fn find(
    request: HttpRequest,
    payload: Payload,
    app: Data<App>,
    gate: Data<Gate>,
) -> Answer {
    let begun = Stopwatch::start();
    let form = own_form(&request, payload).await?;
    gate.pass(&request, &app, Try::Search)?;
    let now = app.clock.now();
    let found = block(move || {
        let found = match form.text("click_id") {
            "" => by_order(&app, &form)?,
            text => by_click(&app, text)?,
        };
        let Some((account, found)) = found else {
            return Ok(None);
        };
        let subject = Subject::new(account, &found.ids, Reach::Chain, now);
        held(&app, &found, &subject, false).map(Some)
    })
    .await;
    even_out(begun).await;
    ok(&Page {
        held: found?.into_iter().collect(),
        searched: true,
        privacy_control: false,
        objected: false,
    })
}

/// A click id was given to one browser alone: who has it, has the click.
fn by_click(app: &App, text: &str) -> Result<Option<(AccountId, Found)>> {
    let catalog = app.store.catalog();
    let mut accounts = catalog.accounts.keys();
    let opened = accounts.find_map(|&account| Some((account, app.click_ids.open(account, text)?)));
    let Some((account, touch)) = opened else {
        return Ok(None);
    };
    let mut ids = PersonIds::default();
    ids.hits.insert(touch.id);
    let found = privacy::find(&app.store, account, ids, Reach::Chain)?;
    Ok((!found.is_empty()).then_some((account, found)))
}

/// An order number can be guessed: shop, amount and day must fit as well.
fn by_order(app: &App, form: &Form) -> Result<Option<(AccountId, Found)>> {
    let Some(account) = account_of_host(app, form.text("shop")) else {
        return Ok(None);
    };
    let Ok(order) = Identity::new(IdentityKind::TransactionId, form.text("order")) else {
        return Ok(None);
    };
    let ids = privacy::read_identity(app.store.keys(), account, &[order])?;
    let found = privacy::find(&app.store, account, ids, Reach::Chain)?;
    let day = form.text("day").parse::<jiff::civil::Date>().ok();
    let amount = form.text("amount");
    let fits = |one: &Conversion| {
        day.is_some_and(|day| is_near(one.body.at, day))
            && parse_amount(amount, one.body.currency).ok() == Some(one.body.original_minor)
    };
    Ok(found
        .conversions
        .iter()
        .any(fits)
        .then_some((account, found)))
}

/// The account on whose sites this host is.
pub fn account_of_host(app: &App, host: &str) -> Option<AccountId> {
    let host = host.trim().to_ascii_lowercase();
    let host = host
        .split_once("://")
        .map_or(host.as_str(), |(_, rest)| rest);
    let host = host.split(['/', ':']).next().unwrap_or_default();
    let bare = host.strip_prefix("www.").unwrap_or(host);
    let catalog = app.store.catalog();
    let mut sites = catalog.sites.values();
    let named = |held: &String| {
        let held = held.to_ascii_lowercase();
        held.strip_prefix("www.").unwrap_or(&held) == bare
    };
    sites
        .find(|site| !bare.is_empty() && site.settings.hosts.iter().any(named))
        .map(|site| site.account)
}

/// Within a day of it, whatever the zone.
fn is_near(at: Timestamp, day: jiff::civil::Date) -> bool {
    let start = day.to_zoned(jiff::tz::TimeZone::UTC);
    start.is_ok_and(|start| {
        let from = start.timestamp().as_millisecond() - DAY_MS;
        (from..from + 3 * DAY_MS).contains(&at.millis())
    })
}

#[derive(Template)]
#[template(path = "privacy/done.html")]
struct Done<'a> {
    title: &'a str,
    sentences: &'a [String],
}

impl Done<'_> {
    fn asset(&self, name: &str) -> String {
        asset::path(name)
    }
}

/// The page that says what was done.
pub fn done(title: &str, sentences: &[String]) -> Answer {
    ok(&Done { title, sentences })
}
