//! The account itself: `GET`, and `PATCH {name, timezone, rates, acquisition,
//! shared_token_clicks}`. The security token of `/acquisition` is shown once, when it is
//! made.

use std::collections::BTreeMap;

use actix_web::web;
use serde::Serialize;

use super::caller::{Answer, Caller, found};
use super::fields::Fields;
use super::period::instant;
use crate::clock::Timestamp;
use crate::crypto::token;
use crate::error::{Error, Result};
use crate::model::account::{
    Account, AccountSettings, AccountState, SHARED_TOKEN_CLICKS_MAX, parse_name, parse_timezone,
};
use crate::model::id::AccountId;
use crate::model::money::{Currency, Rate};

/// The account as answers show it.
#[derive(Serialize)]
pub struct View<'a> {
    id: AccountId,
    name: &'a str,
    timezone: &'a str,
    currency: Currency,
    state: AccountState,
    expires_at: Option<String>,
    acquisition: bool,
    shared_token_clicks: u16,
    rates: BTreeMap<&'a str, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    security_token: Option<String>,
}

impl<'a> View<'a> {
    pub fn of(account: &'a Account, now: Timestamp) -> Self {
        let settings = &account.settings;
        let rates = settings.rates.iter();
        View {
            id: account.id,
            name: &settings.name,
            timezone: &settings.timezone,
            currency: settings.currency,
            state: account.state_at(now),
            expires_at: account.expires_at.map(instant),
            acquisition: settings.acquisition,
            shared_token_clicks: settings.shared_token_clicks,
            rates: rates
                .map(|(code, rate)| (code.as_str(), rate.to_string()))
                .collect(),
            security_token: None,
        }
    }
}

pub async fn read(caller: Caller) -> Answer {
    let catalog = caller.catalog();
    let account = catalog.accounts.get(&caller.account());
    let account = account.ok_or_else(|| Error::not_found("account"))?;
    Ok(found(&View::of(account, caller.app().clock.now())))
}

pub async fn update(caller: Caller, payload: web::Payload) -> Answer {
    let change = Change::read(&caller.body(payload).await?)?;
    let (secret, hash) = token::new();
    let now = caller.app().clock.now();
    let turned_on = change.acquisition == Some(true);
    let account = caller
        .write(move |store, act, account| {
            store.update_account(act, account, |settings| change.apply(settings, hash))
        })
        .await?;
    let mut view = View::of(&account, now);
    view.security_token = turned_on.then_some(secret);
    Ok(found(&view))
}

/// What a request says of the account; what it does not say is none.
struct Change {
    name: Option<String>,
    timezone: Option<String>,
    /// Only to be refused where it is another: its sums cannot be read in two.
    currency: Option<Currency>,
    /// A rate to set, or none to forget, by currency.
    rates: Vec<(Currency, Option<Rate>)>,
    acquisition: Option<bool>,
    shared_token_clicks: Option<u16>,
}

impl Change {
    fn read(fields: &Fields) -> Result<Change> {
        let name = fields.text("name")?;
        let timezone = fields.text("timezone")?;
        let currency = fields.text("currency")?;
        Ok(Change {
            name: name.map(|name| parse_name("name", &name)).transpose()?,
            timezone: timezone
                .map(|zone| fields.named("timezone", parse_timezone(&zone)))
                .transpose()?,
            currency: currency
                .map(|code| fields.named("currency", code.parse()))
                .transpose()?,
            rates: match fields.object("rates")? {
                Some(rates) => read_rates(&rates)?,
                None => Vec::new(),
            },
            acquisition: fields.flag("acquisition")?,
            shared_token_clicks: fields
                .integer("shared_token_clicks", 0..=SHARED_TOKEN_CLICKS_MAX.into())?
                .and_then(|clicks| u16::try_from(clicks).ok()),
        })
    }

    fn apply(self, settings: &mut AccountSettings, token_hash: [u8; 32]) -> Result<()> {
        if self.currency.is_some_and(|it| it != settings.currency) {
            return Err(Error::invalid(
                "currency: an account keeps the currency it was made with.",
            ));
        }
        settings.name = self.name.unwrap_or_else(|| settings.name.clone());
        settings.timezone = self.timezone.unwrap_or_else(|| settings.timezone.clone());
        for (currency, rate) in self.rates {
            if currency == settings.currency {
                return Err(Error::invalid(format!(
                    "rates.{currency}: this is the account's own currency and needs no rate."
                )));
            }
            match rate {
                Some(rate) => settings.rates.insert(currency.code().to_owned(), rate),
                None => settings.rates.remove(currency.code()),
            };
        }
        if let Some(clicks) = self.shared_token_clicks {
            settings.shared_token_clicks = clicks;
        }
        if let Some(on) = self.acquisition {
            settings.acquisition = on;
            settings.security_token_hash = on.then_some(token_hash);
        }
        Ok(())
    }
}

fn read_rates(rates: &Fields) -> Result<Vec<(Currency, Option<Rate>)>> {
    rates
        .keys()
        .map(|code| {
            let currency = rates.named(code, code.parse())?;
            if rates.is_null(code) {
                return Ok((currency, None));
            }
            let digits = rates.required(code, rates.decimal(code)?)?;
            Ok((currency, Some(rates.named(code, Rate::parse(&digits))?)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(text: &str) -> Result<AccountSettings> {
        let mut settings = AccountSettings {
            name: "Shop".to_owned(),
            timezone: "UTC".to_owned(),
            currency: Currency::EUR,
            acquisition: false,
            security_token_hash: None,
            require_second_factor: false,
            shared_token_clicks: 0,
            rates: BTreeMap::new(),
            privacy: Default::default(),
        };
        Change::read(&Fields::parse(text.as_bytes())?)?.apply(&mut settings, [7; 32])?;
        Ok(settings)
    }

    #[test]
    fn a_rate_is_set_by_its_digits_and_forgotten_by_null() {
        let settings = change(r#"{"rates":{"usd":"0.92","JPY":0.00000001,"CHF":null}}"#).unwrap();
        let shown: Vec<_> = settings
            .rates
            .iter()
            .map(|(c, r)| format!("{c} {r}"))
            .collect();
        assert_eq!(shown, ["JPY 0.00000001", "USD 0.92"]);
    }

    #[test]
    fn a_wrong_value_is_refused_by_its_name() {
        for (text, start) in [
            (r#"{"rates":{"USD":0}}"#, "rates.USD: "),
            (r#"{"rates":{"XYZ":1}}"#, "rates.XYZ: "),
            (r#"{"rates":{"EUR":1}}"#, "rates.EUR: "),
            (r#"{"timezone":"Mars/Olympus"}"#, "timezone: "),
            (r#"{"currency":"USD"}"#, "currency: "),
            (r#"{"shared_token_clicks":1001}"#, "shared_token_clicks: "),
            (r#"{"shared_token_clicks":-1}"#, "shared_token_clicks: "),
        ] {
            let error = change(text).map(|_| ()).unwrap_err();
            assert!(error.message().starts_with(start), "{error}");
        }
    }

    #[test]
    fn an_account_may_be_sent_back_as_it_was_read() {
        assert!(change(r#"{"name":"Shop","currency":"EUR","rates":{}}"#).is_ok());
    }

    #[test]
    fn turning_acquisition_off_forgets_its_token() {
        assert!(
            change(r#"{"acquisition":true}"#)
                .unwrap()
                .security_token_hash
                .is_some()
        );
        let off = change(r#"{"acquisition":false}"#).unwrap();
        assert_eq!((off.acquisition, off.security_token_hash), (false, None));
    }
}
