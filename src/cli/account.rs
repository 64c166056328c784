//! `account create` and `account list`.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::options::AccountCommand;
use super::request::{Output, Request};
use crate::clock::{Clock, Timestamp};
use crate::crypto::password;
use crate::error::{Error, Kind, Result};
use crate::model::account::{AccountSettings, parse_email, parse_name, parse_timezone};
use crate::model::action::{Act, Action, Actor};
use crate::store::{NewAccount, Store};

/// An account to make. The password has been read and hashed by the caller.
#[derive(Serialize, Deserialize)]
pub struct Create {
    name: String,
    owner: String,
    password_hash: String,
    timezone: String,
    currency: String,
    expires: Option<String>,
}

pub fn request(command: AccountCommand) -> Result<Request> {
    Ok(match command {
        AccountCommand::List => Request::AccountList,
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
            };
            create.new_account()?;
            Request::AccountCreate(create)
        }
    })
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
                rates: Default::default(),
            },
            expires_at: match &self.expires {
                Some(text) => Some(end_of_day(text, &self.timezone)?),
                None => None,
            },
            owner_email: self.owner.clone(),
            owner_password_hash: self.password_hash.clone(),
        })
    }

    pub fn perform(self, store: &Store, clock: &Clock) -> Result<Output> {
        let act = Act::new(Actor::Shell, Action::CreateAccount, clock.now());
        let (id, _) = store.create_account(act, self.new_account()?)?;
        Ok(Output::new(
            json!({ "id": id }),
            format!("Account {id} is made. Its owner can sign in to the console."),
        ))
    }
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
    if items.is_empty() {
        text.push_str("There is no account yet.");
    }
    Ok(Output::new(json!({ "items": items, "next": null }), text))
}

/// An instant of UTC for programs.
pub fn format_instant(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.millis())
        .map(|instant| instant.to_string())
        .unwrap_or_default()
}

/// The instant at which a day ends in a zone.
fn end_of_day(text: &str, timezone: &str) -> Result<Timestamp> {
    let wrong = || Error::invalid("--expires takes a day, such as 2027-12-31.");
    let date: jiff::civil::Date = text.parse().map_err(|_| wrong())?;
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
