//! The one-time set-up address: a form that makes the first account and its owner,
//! and signs them in. Never in here: a way to make a second account.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;

use super::asset;
use super::fault::Fault;
use super::form::Form;
use super::origin::{place, require_private_way};
use super::page::{Answer, page};
use super::sign_in::welcome;
use super::visit::{GuestForm, block};
use crate::access::session;
use crate::clock::Timestamp;
use crate::crypto::{password, token};
use crate::error::{Error, Kind, Result};
use crate::model::account::{AccountSettings, parse_email, parse_name, parse_timezone};
use crate::model::action::{Act, Action, Actor};
use crate::model::instance::Way;
use crate::store::{NewAccount, SignInPlace, Store};
use crate::web::state::App;

/// Currencies offered first; any code of ISO 4217 can be typed.
const CURRENCIES: [&str; 14] = [
    "EUR", "USD", "GBP", "CHF", "SEK", "NOK", "DKK", "PLN", "CZK", "HUF", "CAD", "AUD", "INR",
    "JPY",
];

#[derive(Template)]
#[template(path = "set_up/form.html")]
struct SetUpPage {
    token: String,
    name: String,
    email: String,
    timezone: String,
    currency: String,
    error: Option<String>,
}

impl SetUpPage {
    fn new(form: &Form) -> Self {
        let or = |name: &str, default: &str| match form.text(name) {
            "" => default.to_owned(),
            text => text.to_owned(),
        };
        SetUpPage {
            token: form.text("token").to_owned(),
            name: or("name", ""),
            email: or("email", ""),
            timezone: or("timezone", "UTC"),
            currency: or("currency", "EUR"),
            error: None,
        }
    }

    fn timezones(&self) -> Vec<String> {
        timezones()
    }

    fn currencies(&self) -> [&'static str; 14] {
        CURRENCIES
    }

    fn asset(&self, name: &str) -> String {
        asset::path(name)
    }
}

/// Names of all time zones, in order.
pub fn timezones() -> Vec<String> {
    let mut names: Vec<String> = jiff::tz::db()
        .available()
        .map(|name| name.to_string())
        .collect();
    names.sort_unstable();
    names
}

#[derive(Template)]
#[template(path = "set_up/closed.html")]
struct ClosedPage {
    /// There is an account already: the way in is to sign in.
    has_account: bool,
}

impl ClosedPage {
    fn asset(&self, name: &str) -> String {
        asset::path(name)
    }
}

fn closed(app: &App) -> Answer {
    let has_account = !app.store.catalog().accounts.is_empty();
    page(StatusCode::GONE, &ClosedPage { has_account })
}

pub async fn show(app: web::Data<App>, request: HttpRequest) -> Answer {
    require_private_way(&request, &app)?;
    let query = Form::parse(request.query_string().as_bytes());
    let (server, hash) = (app.clone(), token::hash(query.text("token")));
    let now = app.clock.now();
    if block(move || server.store.set_up_open(&hash, now)).await? {
        page(StatusCode::OK, &SetUpPage::new(&query))
    } else {
        closed(&app)
    }
}

pub async fn create(app: web::Data<App>, request: HttpRequest, form: GuestForm) -> Answer {
    require_private_way(&request, &app)?;
    let GuestForm(form) = form;
    let (server, now, filled) = (app.clone(), app.clock.now(), form.clone());
    let place = place(&request, &app);
    match block(move || make(&server.store, &filled, place, now)).await {
        Ok(Some(secret)) => welcome(&app, secret, "/operator/kit"),
        Ok(None) => closed(&app),
        Err(Fault::Error(error)) if matches!(error.kind(), Kind::Invalid | Kind::Conflict) => {
            let mut again = SetUpPage::new(&form);
            again.error = Some(error.message().to_owned());
            page(StatusCode::BAD_REQUEST, &again)
        }
        Err(fault) => Err(fault),
    }
}

/// Makes account and owner, and opens the owner's session; none where the address
/// does not work any more.
fn make(store: &Store, form: &Form, place: SignInPlace, now: Timestamp) -> Result<Option<String>> {
    let hash = token::hash(form.text("token"));
    if !store.set_up_open(&hash, now)? {
        return Ok(None);
    }
    let settings = settings(form)?;
    let owner_email = parse_email(form.text("email"))?;
    let secret = form.exact("password");
    if secret != form.exact("password_again") {
        return Err(Error::invalid("The two passwords differ."));
    }
    let owner_password_hash = password::choose(secret, &[&owner_email, &settings.name])?;
    if !store.take_set_up(&hash, now)? {
        return Ok(None);
    }
    let new = NewAccount {
        settings,
        expires_at: None,
        owner_email,
        owner_password_hash,
    };
    let act = Act::new(Actor::SetUp, Action::SetUp, now);
    let (account, member) = store.create_account(act, new)?;
    store.update_instance(act, |instance| {
        instance.way = Way::Own(account);
        Ok(())
    })?;
    let member = store.member(member)?;
    let member = member.ok_or_else(|| Error::not_found("member"))?;
    session::open(store, &member, place, now).map(Some)
}

fn settings(form: &Form) -> Result<AccountSettings> {
    Ok(AccountSettings {
        name: parse_name("Your business", form.text("name"))?,
        timezone: parse_timezone(form.text("timezone"))?,
        currency: form.text("currency").parse()?,
        acquisition: false,
        security_token_hash: None,
        require_second_factor: false,
        rates: BTreeMap::new(),
        privacy: Default::default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_offers_zones_and_currencies_that_are_taken() {
        assert!(timezones().iter().any(|name| name == "Europe/Vienna"));
        for code in CURRENCIES {
            assert!(
                code.parse::<crate::model::money::Currency>().is_ok(),
                "{code}"
            );
        }
    }

    #[test]
    fn a_filled_form_is_shown_again_without_its_passwords() {
        let form = Form::parse(b"token=t&name=Keep&email=a%40b.example&password=secret123456");
        let mut page = SetUpPage::new(&form);
        page.error = Some("The two passwords differ.".to_owned());
        let text = page.render().unwrap();
        assert!(text.contains("value=\"Keep\"") && text.contains("differ"));
        assert!(!text.contains("secret123456"));
    }
}
