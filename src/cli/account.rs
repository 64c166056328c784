//! `account create` and `account list`; how accounts end is [`super::account_end`], what
//! is done to them from outside [`super::account_outside`].

use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::instance::{self, To};
use super::options::{AccountCommand, Global};
use super::request::{Output, Request, carry_out};
use super::{account_end, account_export, account_outside};
use crate::clock::{Clock, Timestamp, parse_instant};
use crate::crypto::password;
use crate::error::{Error, Kind, Result};
use crate::model::account::{AccountSettings, parse_email, parse_name, parse_timezone};
use crate::model::action::{Act, Action, Actor};
use crate::model::instance::Way;
use crate::model::life::GDPR;
use crate::store::{NewAccount, Stage, Store};

/// An account to make. The password has been read and hashed by the caller.
#[derive(Serialize, Deserialize)]
pub struct Create {
    name: String,
    owner: String,
    password_hash: String,
    timezone: String,
    currency: String,
    expires: Option<String>,
    /// For whom the instance is run from then on.
    #[serde(default)]
    way: Option<To>,
    #[serde(default)]
    imported: bool,
}

pub fn run(global: &Global, command: AccountCommand) -> Result<Output> {
    let request = match command {
        AccountCommand::List => Request::AccountList,
        AccountCommand::Expire(options) => account_end::expire(&options)?,
        AccountCommand::Reinstate(options) => account_end::reinstate(&options)?,
        AccountCommand::Delete(options) => account_end::delete(&options)?,
        AccountCommand::Export(options) => return account_export::run(global, &options),
        AccountCommand::Suspend(options) => account_outside::suspend(options)?,
        AccountCommand::Unsuspend(which) => account_outside::unsuspend(&which)?,
        AccountCommand::Label(options) => account_outside::label(&options)?,
        AccountCommand::Create(options) => {
            // Checked before the password is hashed, which takes a while.
            let create = Create {
                name: parse_name("The account", &options.name)?,
                owner: parse_email(&options.owner)?,
                password_hash: password::choose(
                    &read_password(&options.password_file)?,
                    &[&options.owner, &options.name],
                )?,
                timezone: parse_timezone(&options.timezone)?,
                currency: options.currency,
                expires: options.expires,
                way: match options.way {
                    Some(way) => Some(way.into()),
                    None => instance::ask(global)?,
                },
                imported: options.imported,
            };
            create.new_account()?;
            Request::AccountCreate(create)
        }
    };
    carry_out(global, request)
}

impl Create {
    fn new_account(&self) -> Result<NewAccount> {
        Ok(NewAccount {
            settings: AccountSettings {
                name: self.name.clone(),
                timezone: self.timezone.clone(),
                currency: self.currency.parse()?,
                acquisition: false,
                security_token_hash: None,
                require_second_factor: false,
                shared_token_clicks: 0,
                rates: Default::default(),
                privacy: Default::default(),
            },
            expires_at: match &self.expires {
                Some(text) => Some(parse_end(text, &self.timezone)?),
                None => None,
            },
            owner_email: self.owner.clone(),
            owner_password_hash: self.password_hash.clone(),
        })
    }

    /// Whether it expired before the GDPR applied: its last day, where that was given,
    /// or its instant.
    fn is_legacy(&self, expires_at: Option<Timestamp>) -> bool {
        let day = self.expires.as_deref().and_then(|text| {
            let is_day = !text.contains(['T', 't']);
            is_day.then(|| text.parse::<jiff::civil::Date>().ok())?
        });
        match day {
            Some(day) => day < jiff::civil::date(2018, 5, 25),
            None => expires_at.is_some_and(|at| at < GDPR),
        }
    }

    pub fn perform(self, store: &Store, clock: &Clock) -> Result<Output> {
        let act = Act::new(Actor::Shell, Action::CreateAccount, clock.now());
        let new = self.new_account()?;
        if self.way == Some(To::Own) && !store.catalog().accounts.is_empty() {
            return Err(Error::new(
                Kind::Conflict,
                "There is an account already, and a server for one business has one.",
            ));
        }
        let made = match self.imported {
            true => self.import(store, act, new)?,
            false => {
                let (id, _) = store.create_account(act, new)?;
                Output::new(
                    json!({ "id": id }),
                    format!("Account {id} is made. Its owner can sign in to the console."),
                )
            }
        };
        if let Some(to) = self.way {
            instance::change(store, to, clock)?;
        }
        let note = match store.instance_settings()?.way {
            Way::Unsaid => instance::UNSAID,
            Way::Own(_) if store.catalog().accounts.len() > 1 => {
                "This server is run for one business, whose owners see every account from \
                 outside: `pixelkeep instance way --to hosting` ends that."
            }
            Way::Own(_) | Way::Hosting => return Ok(made),
        };
        Ok(Output::new(made.json, format!("{}\n{note}", made.text)))
    }

    fn import(&self, store: &Store, act: Act, new: NewAccount) -> Result<Output> {
        let legacy = self.is_legacy(new.expires_at);
        let (id, _) = store.import_account(act, new, legacy)?;
        let text = match legacy {
            true => format!(
                "Account {id} is made and locked: it expired before 25 May 2018, so its data is \
                 destroyed a day from now. `retention preview` shows that; was the date mistyped, \
                 `account reinstate {id}` takes it back."
            ),
            false => format!("Account {id} is made."),
        };
        Ok(Output::new(json!({ "id": id, "locked": legacy }), text))
    }
}

/// Where an account stands that is in no catalog any more.
fn list_ended(store: &Store, items: &mut Vec<serde_json::Value>, text: &mut String) -> Result<()> {
    for (id, stage, life) in store.lives()? {
        if stage == Stage::Living || store.catalog().accounts.contains_key(&id) {
            continue;
        }
        let closed_at = life.closed_at.map(|at| at.to_string());
        let shown = closed_at
            .as_deref()
            .unwrap_or("its data is being destroyed");
        text.push_str(&format!("{id}  {}  {shown}\n", stage.word()));
        items.push(json!({
            "id": id, "state": stage.word(), "expires_at": null, "closed_at": closed_at,
        }));
    }
    Ok(())
}

/// All accounts: ids, states and dates, no names.
pub fn list(store: &Store, now: Timestamp) -> Result<Output> {
    let catalog = store.catalog();
    let mut accounts: Vec<_> = catalog.accounts.values().collect();
    accounts.sort_by_key(|account| account.id);
    let mut items = Vec::new();
    let mut text = String::new();
    for account in accounts {
        let state = account.state_at(now).word();
        let expires = account.expires_at.map(format_instant);
        let shown = expires.as_deref().unwrap_or("does not expire");
        text.push_str(&format!("{}  {state}  {shown}\n", account.id));
        items.push(json!({ "id": account.id, "state": state, "expires_at": expires }));
    }
    list_ended(store, &mut items, &mut text)?;
    if items.is_empty() {
        text.push_str("There is no account yet.");
    }
    Ok(Output::new(json!({ "items": items, "next": null }), text))
}

/// An instant of UTC for programs.
pub fn format_instant(at: Timestamp) -> String {
    at.to_string()
}

/// When an account expires: with the end of a day in its zone, or at an instant.
pub fn parse_end(text: &str, timezone: &str) -> Result<Timestamp> {
    let wrong =
        || Error::invalid("An expiry is a day, such as 2027-12-31, or 2027-12-31T12:00:00Z.");
    let Ok(date) = text.parse::<jiff::civil::Date>() else {
        return parse_instant(text).map_err(|_| wrong());
    };
    if text.contains(['T', 't']) {
        return parse_instant(text).map_err(|_| wrong());
    }
    let zone = jiff::tz::TimeZone::get(timezone).map_err(|_| wrong())?;
    let next = date.tomorrow().map_err(|_| wrong())?;
    let end = next.to_zoned(zone).map_err(|_| wrong())?;
    Ok(Timestamp::from_millis(end.timestamp().as_millisecond()))
}

fn read_password(path: &Path) -> Result<String> {
    let unreadable = |error: std::io::Error| {
        let sentence = format!("The password file {} cannot be read", path.display());
        Error::new(Kind::Usage, sentence).because(error)
    };
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let mut line = String::new();
    BufReader::new(file.take(2_048))
        .read_line(&mut line)
        .map_err(unreadable)?;
    let password = line.trim_end_matches(['\r', '\n']).to_owned();
    password::check_length(&password)?;
    Ok(password)
}
