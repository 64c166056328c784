//! `token create`, `token list` and `token revoke`.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::options::TokenCommand;
use super::request::{Output, Request};
use crate::access::api_token::{self, Maker};
use crate::clock::{Clock, DAY_MS, Timestamp};
use crate::error::{Error, Result};
use crate::model::action::{Act, Action, Actor};
use crate::model::id::{AccountId, TokenId};
use crate::model::role::Scope;
use crate::store::Store;

#[derive(Serialize, Deserialize)]
pub struct Create {
    account: AccountId,
    scope: Scope,
    #[serde(default)]
    expires: Option<String>,
}

pub fn request(command: TokenCommand) -> Result<Request> {
    Ok(match command {
        TokenCommand::Create(options) => Request::TokenCreate(Create {
            account: options.account.parse()?,
            scope: options.scope.into(),
            expires: options.expires,
        }),
        TokenCommand::List(options) => Request::TokenList {
            account: options.account.parse()?,
        },
        TokenCommand::Revoke(options) => Request::TokenRevoke {
            account: options.account.parse()?,
            token: options.token.parse()?,
        },
    })
}

impl Create {
    pub fn perform(self, store: &Store, clock: &Clock) -> Result<Output> {
        let now = clock.now();
        let expires_at = match &self.expires {
            Some(day) => Some(api_token::parse_last_day(day)?),
            None => None,
        };
        let act = Act::new(Actor::Shell, Action::CreateToken, now);
        let (account, maker) = (self.account, Maker::Person);
        let api_token::Made { id, secret } =
            api_token::create(store, act, account, maker, self.scope, expires_at)?;
        Ok(Output::new(
            json!({ "id": id, "token": secret }),
            format!(
                "Token {id} is made. It is shown this once; send it as `Authorization: Bearer ...`.\n{secret}"
            ),
        ))
    }
}

/// An account's tokens: never their secrets.
pub fn list(store: &Store, account: AccountId) -> Result<Output> {
    if !store.catalog().accounts.contains_key(&account) {
        return Err(Error::not_found("account"));
    }
    let (mut items, mut lines) = (Vec::new(), Vec::new());
    for token in store.tokens(account)? {
        let expires = token.expires_at.map(|at| at.to_string());
        let used = token.used_day.and_then(day);
        lines.push(format!(
            "{}  {}  expires {}  last used {}",
            token.id,
            token.scope.word(),
            expires.as_deref().unwrap_or("never"),
            used.as_deref().unwrap_or("never"),
        ));
        items.push(json!({
            "id": token.id,
            "scope": token.scope,
            "created_at": token.created_at.to_string(),
            "expires_at": expires,
            "used_on": used,
        }));
    }
    if lines.is_empty() {
        lines.push("There is no token yet.".to_owned());
    }
    Ok(Output::new(
        json!({ "items": items, "next": null }),
        lines.join("\n"),
    ))
}

fn day(day: u32) -> Option<String> {
    let at = jiff::Timestamp::from_millisecond(i64::from(day) * DAY_MS).ok()?;
    Some(at.to_zoned(jiff::tz::TimeZone::UTC).date().to_string())
}

/// Takes a token away.
pub fn revoke(store: &Store, account: AccountId, token: TokenId, now: Timestamp) -> Result<Output> {
    if !store.catalog().accounts.contains_key(&account) {
        return Err(Error::not_found("account"));
    }
    let act = Act::new(Actor::Shell, Action::RevokeToken, now);
    store.revoke_token(act, account, token)?;
    Ok(Output::new(
        json!({ "id": token }),
        format!("Token {token} opens nothing any more."),
    ))
}
