//! `account expire`, `account reinstate` and `account delete`: how an account ends,
//! and how that is taken back.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::account::parse_end;
use super::options::{
    AccountDeleteOptions, AccountExpireOptions, AccountReinstateOptions, WhichAccount,
};
use super::request::{Output, Request};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::model::action::{Act, Action, Actor};
use crate::model::audit::Subject;
use crate::model::id::AccountId;
use crate::model::life::{About, Notice, Way, cooling_off};
use crate::store::Store;

impl WhichAccount {
    pub fn account_id(&self) -> Result<AccountId> {
        let text = self.account.as_deref().or(self.id.as_deref());
        text.unwrap_or_default().parse()
    }
}

#[derive(Serialize, Deserialize)]
pub struct Expire {
    account: AccountId,
    at: Option<String>,
}

#[derive(Serialize, Deserialize)]
pub struct Reinstate {
    account: AccountId,
    expires: Option<String>,
}

#[derive(Serialize, Deserialize)]
pub struct Delete {
    account: AccountId,
    after_hours: u32,
    cancel: bool,
}

pub fn expire(options: &AccountExpireOptions) -> Result<Request> {
    Ok(Request::AccountExpire(Expire {
        account: options.which.account_id()?,
        at: options.at.clone(),
    }))
}

pub fn reinstate(options: &AccountReinstateOptions) -> Result<Request> {
    Ok(Request::AccountReinstate(Reinstate {
        account: options.which.account_id()?,
        expires: options.expires.clone(),
    }))
}

pub fn delete(options: &AccountDeleteOptions) -> Result<Request> {
    Ok(Request::AccountDelete(Delete {
        account: options.which.account_id()?,
        after_hours: options.after,
        cancel: options.cancel,
    }))
}

fn act(action: Action, account: AccountId, clock: &Clock) -> Act {
    Act::new(Actor::Shell, action, clock.now()).on(Subject::Account(account))
}

/// The account's own zone; UTC for one that is gone, which the store then refuses.
fn zone(store: &Store, account: AccountId) -> String {
    let catalog = store.catalog();
    let account = catalog.accounts.get(&account);
    account.map_or_else(|| "UTC".to_owned(), |it| it.settings.timezone.clone())
}

/// Where the account stands now, for the answer.
fn shown(store: &Store, id: AccountId, clock: &Clock, sentence: &str) -> Result<Output> {
    let catalog = store.catalog();
    let account = catalog.accounts.get(&id);
    let account = account.ok_or_else(|| Error::not_found("account"))?;
    let (_, life) = store.life(id)?;
    let due = life.purge_due(account.ends_at, store.account_terms()?);
    let purge_at = due.map(|(at, _)| at.to_string());
    let state = account.state_at(clock.now()).word();
    let then = match &purge_at {
        Some(at) => format!(" Its data is destroyed from {at} on."),
        None => String::new(),
    };
    Ok(Output::new(
        json!({
            "id": id, "state": state, "purge_at": purge_at,
            "expires_at": account.expires_at.map(|at| at.to_string()),
        }),
        format!("{sentence}{then}"),
    ))
}

impl Expire {
    pub fn perform(self, store: &Store, clock: &Clock) -> Result<Output> {
        let act = act(Action::ExpireAccount, self.account, clock);
        let at = match &self.at {
            Some(text) => parse_end(text, &zone(store, self.account))?,
            None => act.at,
        };
        let told = Notice {
            about: About::Expiry,
            of: at,
            way: Way::Command,
            at: act.at,
        };
        store.expire_account(act, self.account, at, told)?;
        let sentence = match at <= act.at {
            true => "The account has expired and collects nothing more; `account reinstate` takes it back.".to_owned(),
            false => format!("The account expires at {at}."),
        };
        shown(store, self.account, clock, &sentence)
    }
}

impl Reinstate {
    pub fn perform(self, store: &Store, clock: &Clock) -> Result<Output> {
        let act = act(Action::ReinstateAccount, self.account, clock);
        let expires = match &self.expires {
            Some(text) => Some(parse_end(text, &zone(store, self.account))?),
            None => None,
        };
        if expires.is_some_and(|at| at <= act.at) {
            return Err(Error::invalid(
                "--expires: a reinstated account needs a day that is still to come.",
            ));
        }
        store.reinstate_account(act, self.account, expires)?;
        shown(
            store,
            self.account,
            clock,
            "The account is active and collects again.",
        )
    }
}

impl Delete {
    pub fn perform(self, store: &Store, clock: &Clock) -> Result<Output> {
        let act = act(Action::EndAccount, self.account, clock);
        if self.cancel {
            store.cancel_deletion(act, self.account)?;
            return shown(store, self.account, clock, "The deletion is taken back.");
        }
        store.request_deletion(act, self.account, cooling_off(self.after_hours, act.at)?)?;
        shown(
            store,
            self.account,
            clock,
            "The account is locked and will be deleted; `account delete --cancel` takes that back.",
        )
    }
}
