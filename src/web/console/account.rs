//! The account itself: name and time zone, exchange rates, and reporting sales from
//! server to server, whose token is shown once.

use actix_web::http::StatusCode;
use askama::Template;

use super::fault::Fault;
use super::form::Form;
use super::page::{Answer, Frame, Room, page, see_other};
use super::set_up::timezones;
use super::visit::{Posted, Visit};
use crate::crypto::token;
use crate::error::{Error, Kind, Result};
use crate::model::account::{AccountSettings, SHARED_TOKEN_CLICKS_MAX, parse_name, parse_timezone};
use crate::model::action::Action;
use crate::model::money::{Currency, Rate};

struct RateRow {
    code: String,
    rate: String,
}

#[derive(Template)]
#[template(path = "account/page.html")]
struct AccountPage {
    frame: Frame,
    /// For whom the server is run, in a sentence.
    way: &'static str,
    name: String,
    timezone: String,
    timezones: Vec<String>,
    currency: &'static str,
    /// As it is typed.
    shared_token_clicks: String,
    rates: Vec<RateRow>,
    rate_currency: String,
    rate: String,
    server_to_server: bool,
    /// Whether every member must have a second factor.
    require_second_factor: bool,
    /// Whether the reader may change that.
    may_require: bool,
    /// Shown once, on the page that follows the turning on.
    security_token: Option<String>,
    public_url: String,
    error: Option<String>,
}

impl AccountPage {
    fn new(visit: &Visit, settings: &AccountSettings) -> Self {
        let rates = settings.rates.iter();
        AccountPage {
            frame: visit.frame(Room::Account, "Account"),
            way: visit.way().sentence(),
            name: settings.name.clone(),
            timezone: settings.timezone.clone(),
            timezones: timezones(),
            currency: settings.currency.code(),
            shared_token_clicks: settings.shared_token_clicks.to_string(),
            rates: rates
                .map(|(code, rate)| RateRow {
                    code: code.clone(),
                    rate: rate.to_string(),
                })
                .collect(),
            rate_currency: visit.query.text("rate").to_owned(),
            rate: String::new(),
            server_to_server: settings.acquisition,
            require_second_factor: settings.require_second_factor,
            may_require: visit.may(Action::ChangeMembers),
            security_token: None,
            public_url: visit.app().options.public_url.clone(),
            error: None,
        }
    }

    fn again(visit: &Visit, form: &Form, error: &Error) -> Answer {
        let mut shown = AccountPage::new(visit, &visit.account.settings);
        let typed = |name: &str, shown: &mut String| {
            if form.has(name) {
                *shown = form.text(name).to_owned();
            }
        };
        typed("name", &mut shown.name);
        typed("timezone", &mut shown.timezone);
        typed("shared_token_clicks", &mut shown.shared_token_clicks);
        typed("currency", &mut shown.rate_currency);
        typed("rate", &mut shown.rate);
        shown.error = Some(error.message().to_owned());
        page(StatusCode::BAD_REQUEST, &shown)
    }
}

pub async fn show(visit: Visit) -> Answer {
    page(
        StatusCode::OK,
        &AccountPage::new(&visit, &visit.account.settings),
    )
}

/// Name, time zone, and when a token without consent names a publisher.
pub async fn update(posted: Posted) -> Answer {
    change(posted, "/account?done=saved", |form| {
        let name = parse_name("Your business", form.text("name"))?;
        let timezone = parse_timezone(form.text("timezone"))?;
        let clicks = form.has("shared_token_clicks").then(|| {
            let typed = form.text("shared_token_clicks");
            parse_shared_token_clicks(typed)
        });
        let clicks = clicks.transpose()?;
        Ok(move |settings: &mut AccountSettings| {
            settings.name = name;
            settings.timezone = timezone;
            settings.shared_token_clicks = clicks.unwrap_or(settings.shared_token_clicks);
            Ok(())
        })
    })
    .await
}

/// One exchange rate, entered or removed.
pub async fn update_rate(posted: Posted) -> Answer {
    change(posted, "/account?done=rate#rates", |form| {
        let currency: Currency = form.text("currency").parse()?;
        let rate = if form.has("remove") {
            None
        } else {
            Some(Rate::parse(&form.text("rate").replace(',', "."))?)
        };
        Ok(move |settings: &mut AccountSettings| set_rate(settings, currency, rate))
    })
    .await
}

fn parse_shared_token_clicks(text: &str) -> Result<u16> {
    let clicks = text.trim().parse().ok();
    clicks
        .filter(|&clicks| clicks <= SHARED_TOKEN_CLICKS_MAX)
        .ok_or_else(|| {
            Error::invalid(format!(
                "Clicks before a publisher is named: a whole number from 0 to \
                 {SHARED_TOKEN_CLICKS_MAX}."
            ))
        })
}

fn set_rate(settings: &mut AccountSettings, currency: Currency, rate: Option<Rate>) -> Result<()> {
    if currency == settings.currency {
        return Err(Error::invalid(format!(
            "{currency} is the account's own currency and needs no rate."
        )));
    }
    match rate {
        Some(rate) => settings.rates.insert(currency.code().to_owned(), rate),
        None => settings.rates.remove(currency.code()),
    };
    Ok(())
}

async fn change<C>(posted: Posted, next: &str, read: impl FnOnce(&Form) -> Result<C>) -> Answer
where
    C: FnOnce(&mut AccountSettings) -> Result<()> + Send + 'static,
{
    let Posted { visit, form } = posted;
    let change = match read(&form) {
        Ok(change) => change,
        Err(error) => return AccountPage::again(&visit, &form, &error),
    };
    let write = visit.write(|store, act, account| store.update_account(act, account, change));
    match write.await {
        Ok(_) => Ok(see_other(next)),
        Err(Fault::Error(error)) if error.kind() == Kind::Invalid => {
            AccountPage::again(&visit, &form, &error)
        }
        Err(fault) => Err(fault),
    }
}

/// Whether every member must have a second factor; whoever has none is led to it.
pub async fn update_second_factor(posted: Posted) -> Answer {
    change(posted, "/account?done=saved#second-factor", |form| {
        let required = form.text("require") == "yes";
        Ok(move |settings: &mut AccountSettings| {
            settings.require_second_factor = required;
            Ok(())
        })
    })
    .await
}

/// Turns server-to-server reporting on, with a new token, or off.
pub async fn update_server_to_server(posted: Posted) -> Answer {
    let Posted { visit, form } = posted;
    let on = form.text("turn") == "on";
    let (secret, hash) = token::new();
    let account = visit
        .write(move |store, act, account| {
            store.update_account(act, account, |settings| {
                settings.acquisition = on;
                settings.security_token_hash = on.then_some(hash);
                Ok(())
            })
        })
        .await?;
    if !on {
        return Ok(see_other("/account?done=off"));
    }
    let mut shown = AccountPage::new(&visit, &account.settings);
    shown.security_token = Some(secret);
    page(StatusCode::OK, &shown)
}
