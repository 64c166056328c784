//! `token create`.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::options::TokenCommand;
use super::request::{Output, Request};
use crate::clock::Clock;
use crate::crypto::token;
use crate::error::Result;
use crate::model::action::{Act, Action, Actor};
use crate::model::id::AccountId;
use crate::model::role::Scope;
use crate::store::Store;

#[derive(Serialize, Deserialize)]
pub struct Create {
    account: AccountId,
    scope: Scope,
}

pub fn request(command: TokenCommand) -> Result<Request> {
    let TokenCommand::Create(options) = command;
    Ok(Request::TokenCreate(Create {
        account: options.account.parse()?,
        scope: options.scope.into(),
    }))
}

impl Create {
    pub fn perform(self, store: &Store, clock: &Clock) -> Result<Output> {
        let (secret, hash) = token::new();
        let act = Act::new(Actor::Shell, Action::CreateToken, clock.now());
        let id = store.create_token(act, self.account, self.scope, hash)?;
        Ok(Output::new(
            json!({ "id": id, "token": secret }),
            format!(
                "Token {id} is made. It is shown this once; send it as `Authorization: Bearer ...`.\n{secret}"
            ),
        ))
    }
}
