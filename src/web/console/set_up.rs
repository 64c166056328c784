//! The one-time set-up address: it asks for whom the instance is run, makes the first
//! account and its owner, or the operator who hosts others, and signs them in. Never in
//! here: a way to make a second account.

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
use crate::model::account::{
    AccountSettings, MemberProfile, parse_email, parse_name, parse_timezone,
};
use crate::model::action::{Act, Action, Actor};
use crate::model::instance::Way;
use crate::model::role::Role;
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
    /// Others are hosted here: no account is made, but an operator.
    hosts: bool,
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
            hosts: hosts(form),
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
    /// It was set up already: the way in is to sign in.
    is_set_up: bool,
}

impl ClosedPage {
    fn asset(&self, name: &str) -> String {
        asset::path(name)
    }
}

async fn closed(app: web::Data<App>) -> Answer {
    let is_set_up = block(move || app.store.is_set_up()).await?;
    page(StatusCode::GONE, &ClosedPage { is_set_up })
}

/// Whether the form is the one of an operator who hosts others.
fn hosts(form: &Form) -> bool {
    form.text("way") == Way::Hosting.word()
}

pub async fn show(app: web::Data<App>, request: HttpRequest) -> Answer {
    require_private_way(&request, &app)?;
    let query = Form::parse(request.query_string().as_bytes());
    let (server, hash) = (app.clone(), token::hash(query.text("token")));
    let now = app.clock.now();
    if block(move || server.store.set_up_open(&hash, now)).await? {
        page(StatusCode::OK, &SetUpPage::new(&query))
    } else {
        closed(app).await
    }
}

pub async fn create(app: web::Data<App>, request: HttpRequest, form: GuestForm) -> Answer {
    require_private_way(&request, &app)?;
    let GuestForm(form) = form;
    let (server, now, filled) = (app.clone(), app.clock.now(), form.clone());
    let place = place(&request, &app);
    match block(move || make(&server.store, &filled, place, now)).await {
        Ok(Some(secret)) => welcome(&app, secret, "/operator/kit"),
        Ok(None) => closed(app).await,
        Err(Fault::Error(error)) if matches!(error.kind(), Kind::Invalid | Kind::Conflict) => {
            let mut again = SetUpPage::new(&form);
            again.error = Some(error.message().to_owned());
            page(StatusCode::BAD_REQUEST, &again)
        }
        Err(fault) => Err(fault),
    }
}

/// Makes account and owner, or the operator, and opens their session; none where the
/// address does not work any more.
fn make(store: &Store, form: &Form, place: SignInPlace, now: Timestamp) -> Result<Option<String>> {
    let hash = token::hash(form.text("token"));
    if !store.set_up_open(&hash, now)? {
        return Ok(None);
    }
    let act = Act::new(Actor::SetUp, Action::SetUp, now).from_network(place.network);
    let made = match hosts(form) {
        true => {
            let email = parse_email(form.text("email"))?;
            let verifier = password(form, &[&email])?;
            let operator = MemberProfile::new(email, Role::Operator, verifier);
            store.set_up_hosting(act, &hash, &operator)?
        }
        false => {
            let new = new_account(form)?;
            store.set_up_own(act, &hash, new)?.map(|(_, owner)| owner)
        }
    };
    let Some(member) = made else {
        return Ok(None);
    };
    let member = store.member(member)?;
    let member = member.ok_or_else(|| Error::not_found("member"))?;
    session::open(store, &member, place, now).map(Some)
}

/// The password that was typed twice, hashed.
fn password(form: &Form, known: &[&str]) -> Result<String> {
    let secret = form.exact("password");
    if secret != form.exact("password_again") {
        return Err(Error::invalid("The two passwords differ."));
    }
    password::choose(secret, known)
}

fn new_account(form: &Form) -> Result<NewAccount> {
    let settings = settings(form)?;
    let owner_email = parse_email(form.text("email"))?;
    let owner_password_hash = password(form, &[&owner_email, &settings.name])?;
    Ok(NewAccount {
        settings,
        expires_at: None,
        owner_email,
        owner_password_hash,
    })
}

fn settings(form: &Form) -> Result<AccountSettings> {
    Ok(AccountSettings {
        name: parse_name("Your business", form.text("name"))?,
        timezone: parse_timezone(form.text("timezone"))?,
        currency: form.text("currency").parse()?,
        acquisition: false,
        security_token_hash: None,
        require_second_factor: false,
        shared_token_clicks: 0,
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
