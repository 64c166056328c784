//! `report`: the API's body on standard output.

use serde::{Deserialize, Serialize};

use super::options::ReportOptions;
use super::request::{Output, Request};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::model::action::{Act, Action, Actor};
use crate::model::audit::Detail;
use crate::model::id::AccountId;
use crate::report::{self, Question, Reach};
use crate::store::Store;

/// A report that was asked for.
#[derive(Serialize, Deserialize)]
pub struct Ask {
    account: String,
    from: String,
    to: String,
    group_by: String,
    filter: Vec<String>,
}

pub fn request(options: ReportOptions) -> Request {
    Request::Report(Ask {
        account: options.account,
        from: options.from,
        to: options.to,
        group_by: options.group_by,
        filter: options.filter,
    })
}

impl Ask {
    /// The account's own log has it before anything is read.
    pub fn perform(self, store: &Store, clock: &Clock) -> Result<Output> {
        let id: AccountId = self.account.parse()?;
        let catalog = store.catalog();
        let account = catalog
            .accounts
            .get(&id)
            .ok_or_else(|| Error::not_found("account"))?;
        let question = Question::parse(
            &self.from,
            &self.to,
            &self.group_by,
            &self.filter,
            account,
            Reach::Account,
        )?;
        let act = Act::new(Actor::Shell, Action::ReadReport, clock.now());
        store.record_act(act, id, Detail::default())?;
        let report = report::run(&store.snapshot()?, &catalog, account, &question)?;
        let text = report.to_json()?;
        let json = serde_json::from_str(&text)
            .map_err(|error| Error::internal("The report could not be written").because(error))?;
        Ok(Output::new(json, text))
    }
}
