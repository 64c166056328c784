//! How long the account keeps what: `GET`, and `PATCH {class: days, ...}` within the
//! bounds of the table.

use actix_web::web;
use serde::Serialize;

use super::caller::{Answer, Caller, found};
use super::query::page;
use crate::error::{Error, Result};
use crate::model::retention::{DataClass, Retention};

/// A rule as it stands for the account.
#[derive(Serialize)]
pub struct View {
    class: &'static str,
    days: u32,
    default_days: u32,
    min_days: u32,
    max_days: u32,
    what: &'static str,
    then: &'static str,
}

/// All of them, in the order of the table.
pub fn rules(retention: &Retention) -> Vec<View> {
    let rules = DataClass::ALL.into_iter().map(|class| {
        let rule = class.rule();
        View {
            class: class.word(),
            days: retention.days(class),
            default_days: rule.default_days,
            min_days: rule.min_days,
            max_days: rule.max_days,
            what: rule.what,
            then: rule.then,
        }
    });
    rules.collect()
}

fn shown(retention: &Retention) -> Answer {
    let rules = rules(retention);
    let limit = rules.len();
    Ok(found(&page(rules, |rule| rule.class, None, limit)))
}

pub async fn read(caller: Caller) -> Answer {
    let retention = caller
        .read(|app, account| app.store.retention(account))
        .await?;
    shown(&retention)
}

pub async fn update(caller: Caller, payload: web::Payload) -> Answer {
    let fields = caller.body(payload).await?;
    let choices = fields
        .keys()
        .map(|name| {
            let class = DataClass::parse(name)
                .map_err(|error| Error::invalid(format!("{name}: {}", error.message())))?;
            let days = fields.integer(name, 1..=i64::from(u32::MAX))?;
            let days = fields.required(name, days)?;
            Ok((class, u32::try_from(days).unwrap_or(u32::MAX)))
        })
        .collect::<Result<Vec<_>>>()?;
    if choices.is_empty() {
        return Err(Error::invalid("Name at least one class, such as {\"trail\": 60}.").into());
    }
    let retention = caller
        .write(move |store, act, account| store.set_retention(act, account, &choices))
        .await?;
    shown(&retention)
}
