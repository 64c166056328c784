//! `retention preview` and `retention run`: what the scheduled jobs would do, and
//! doing it now.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::options::RetentionCommand;
use super::request::{Output, Request};
use crate::clock::{Clock, Timestamp, parse_instant};
use crate::error::{Error, Result};
use crate::lifecycle::Schedule;
use crate::model::action::{Act, Action, Actor};
use crate::model::id::AccountId;
use crate::model::retention::{DataClass, Retention};
use crate::store::Store;

#[derive(Serialize, Deserialize)]
pub struct Preview {
    /// None: now.
    as_of: Option<Timestamp>,
}

pub fn request(command: RetentionCommand) -> Result<Request> {
    Ok(match command {
        RetentionCommand::Run => Request::RetentionRun,
        RetentionCommand::Show(options) => Request::RetentionShow(Show {
            account: options.which.account_id()?,
        }),
        RetentionCommand::Set(options) => Request::RetentionSet(Set {
            account: options.which.account_id()?,
            class: DataClass::parse(&options.class)?,
            days: options.days,
        }),
        RetentionCommand::Preview(options) => {
            let as_of = options.as_of.as_deref().map(parse_instant).transpose()?;
            Request::RetentionPreview(Preview { as_of })
        }
    })
}

impl Preview {
    pub fn perform(self, schedule: &Schedule, clock: &Clock) -> Result<Output> {
        let as_of = self.as_of.unwrap_or_else(|| clock.now());
        let planned = schedule.preview(as_of)?;
        let mut text = format!("What falls due until {as_of}; nothing was changed.\n");
        for line in &planned {
            let account = line.account.map(|id| format!("{id}  ")).unwrap_or_default();
            text.push_str(&format!("{}  {account}{}\n", line.at, line.what));
        }
        if planned.is_empty() {
            text.push_str("Nothing.\n");
        }
        let items: Vec<_> = planned
            .iter()
            .map(|line| {
                json!({
                    "account": line.account, "class": line.class, "what": line.what,
                    "at": line.at.to_string(), "count": line.count,
                })
            })
            .collect();
        Ok(Output::new(
            json!({ "as_of": as_of.to_string(), "items": items, "next": null }),
            text,
        ))
    }
}

#[derive(Serialize, Deserialize)]
pub struct Show {
    account: AccountId,
}

#[derive(Serialize, Deserialize)]
pub struct Set {
    account: AccountId,
    class: DataClass,
    days: u32,
}

/// The rules of an account: what it keeps how long, and what then happens.
fn rules(retention: &Retention) -> Output {
    let mut text = String::new();
    let mut items = Vec::new();
    for class in DataClass::ALL {
        let (rule, days) = (class.rule(), retention.days(class));
        text.push_str(&format!(
            "{:<16} {days} days ({} to {}): {}, then {}\n",
            class.word(),
            rule.min_days,
            rule.max_days,
            rule.what,
            rule.then
        ));
        items.push(json!({
            "class": class.word(), "days": days, "default_days": rule.default_days,
            "min_days": rule.min_days, "max_days": rule.max_days,
            "what": rule.what, "then": rule.then,
        }));
    }
    Output::new(json!({ "items": items, "next": null }), text)
}

impl Show {
    pub fn perform(self, store: &Store) -> Result<Output> {
        if !store.catalog().accounts.contains_key(&self.account) {
            return Err(Error::not_found("account"));
        }
        Ok(rules(&store.retention(self.account)?))
    }
}

impl Set {
    pub fn perform(self, store: &Store, clock: &Clock) -> Result<Output> {
        if !store.catalog().accounts.contains_key(&self.account) {
            return Err(Error::not_found("account"));
        }
        let act = Act::new(Actor::Shell, Action::ChangeRetention, clock.now());
        let retention = store.set_retention(act, self.account, &[(self.class, self.days)])?;
        Ok(rules(&retention))
    }
}

/// Runs every job to its end.
pub fn run(schedule: &Schedule) -> Result<Output> {
    let mut text = String::new();
    let mut jobs = Vec::new();
    for (job, counts) in schedule.run_all()? {
        let done: Vec<String> = counts
            .iter()
            .filter(|(_, count)| **count > 0)
            .map(|(name, count)| format!("{} {count}", name.replace('_', " ")))
            .collect();
        let done = match done.is_empty() {
            true => "nothing to do".to_owned(),
            false => done.join(", "),
        };
        text.push_str(&format!("{job}: {done}\n"));
        jobs.push(json!({ "job": job, "counts": counts }));
    }
    Ok(Output::new(json!({ "jobs": jobs }), text))
}
