//! `account suspend`, `account unsuspend` and `account label`: what is done to an account
//! from outside. Both logs have it.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::options::{AccountLabelOptions, AccountSuspendOptions, WhichAccount};
use super::request::{Output, Request};
use crate::clock::Clock;
use crate::error::Result;
use crate::model::account::parse_name;
use crate::model::action::{Act, Action, Actor};
use crate::model::audit::Subject;
use crate::model::id::AccountId;
use crate::store::Store;

#[derive(Serialize, Deserialize)]
pub struct Outside {
    account: AccountId,
    what: What,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum What {
    Suspend { note: String },
    Unsuspend,
    Label { label: String },
}

pub fn suspend(options: AccountSuspendOptions) -> Result<Request> {
    let what = What::Suspend { note: options.note };
    of(&options.which, what)
}

pub fn unsuspend(which: &WhichAccount) -> Result<Request> {
    of(which, What::Unsuspend)
}

pub fn label(options: &AccountLabelOptions) -> Result<Request> {
    let label = parse_name("The account", &options.label)?;
    of(&options.which, What::Label { label })
}

fn of(which: &WhichAccount, what: What) -> Result<Request> {
    Ok(Request::AccountOutside(Outside {
        account: which.account_id()?,
        what,
    }))
}

impl Outside {
    pub fn perform(self, store: &Store, clock: &Clock) -> Result<Output> {
        let id = self.account;
        let act = |action| Act::new(Actor::Shell, action, clock.now()).on(Subject::Account(id));
        let sentence = match self.what {
            What::Suspend { note } => {
                store.suspend_account(act(Action::SuspendAccount), id, &note)?;
                "The account is suspended: it collects nothing, and its members only read."
            }
            What::Unsuspend => {
                store.unsuspend_account(act(Action::SuspendAccount), id)?;
                "The account goes on."
            }
            What::Label { label } => {
                store.label_account(act(Action::LabelAccount), id, &label)?;
                "The label is changed."
            }
        };
        let catalog = store.catalog();
        let account = catalog.accounts.get(&id);
        let state = account.map(|it| it.state_at(clock.now()).word());
        Ok(Output::new(json!({ "id": id, "state": state }), sentence))
    }
}
