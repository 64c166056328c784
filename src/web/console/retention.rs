//! What the account keeps how long, and a calendar of what goes when.

use actix_web::http::StatusCode;
use askama::Template;

use super::fault::Fault;
use super::page::{Answer, Frame, Room, page, see_other};
use super::visit::{Posted, Visit};
use crate::clock::{DAY_MS, Timestamp};
use crate::error::{Error, Kind};
use crate::lifecycle::{fold, retention::planned};
use crate::model::action::Action;
use crate::model::retention::DataClass;

/// How far the calendar looks ahead.
const AHEAD_MS: i64 = 30 * DAY_MS;
/// Lines of the calendar, at most.
const LINES_MAX: usize = 60;

struct RuleRow {
    class: &'static str,
    what: &'static str,
    then: &'static str,
    days: u32,
    min_days: u32,
    max_days: u32,
}

struct CalendarRow {
    at: String,
    what: String,
    count: u64,
}

#[derive(Template)]
#[template(path = "retention/page.html")]
struct RetentionPage {
    frame: Frame,
    rules: Vec<RuleRow>,
    calendar: Vec<CalendarRow>,
    more: bool,
    may_change: bool,
    error: Option<String>,
}

impl RetentionPage {
    async fn of(visit: &Visit) -> std::result::Result<Self, Fault> {
        let until = visit.now().plus_ms(AHEAD_MS);
        let (retention, mut lines) = visit
            .read(move |app, account| {
                let retention = app.store.retention(account)?;
                let mut lines = planned(&app.store, account, &retention, until)?;
                lines.extend(fold::planned(&app.store, account, &retention, until)?);
                Ok((retention, lines))
            })
            .await?;
        lines.sort_by_key(|line| line.at);
        let more = lines.len() > LINES_MAX;
        lines.truncate(LINES_MAX);
        let rules = DataClass::ALL.into_iter().map(|class| {
            let rule = class.rule();
            RuleRow {
                class: class.word(),
                what: rule.what,
                then: rule.then,
                days: retention.days(class),
                min_days: rule.min_days,
                max_days: rule.max_days,
            }
        });
        Ok(RetentionPage {
            frame: visit.frame(Room::Retention, "Retention"),
            rules: rules.collect(),
            calendar: lines
                .into_iter()
                .map(|line| CalendarRow {
                    at: day(line.at),
                    what: line.what,
                    count: line.count,
                })
                .collect(),
            more,
            may_change: visit.may(Action::ChangeRetention),
            error: None,
        })
    }
}

/// Deadlines are days of UTC, whatever the account's zone.
fn day(at: Timestamp) -> String {
    at.to_string().chars().take(10).collect()
}

pub async fn show(visit: Visit) -> Answer {
    page(StatusCode::OK, &RetentionPage::of(&visit).await?)
}

/// How long one class is kept.
pub async fn update(posted: Posted) -> Answer {
    let Posted { visit, form } = posted;
    let read = DataClass::parse(form.text("class")).and_then(|class| {
        let days = form.text("days").parse();
        let days = days.map_err(|_| Error::invalid("Enter a number of days."))?;
        Ok((class, days))
    });
    let outcome = match read {
        Ok((class, days)) => {
            visit
                .write(move |store, act, account| {
                    store.set_retention(act, account, &[(class, days)])
                })
                .await
        }
        Err(error) => Err(error.into()),
    };
    match outcome {
        Ok(_) => Ok(see_other("/retention?done=saved")),
        Err(Fault::Error(error)) if error.kind() == Kind::Invalid => {
            let mut shown = RetentionPage::of(&visit).await?;
            shown.error = Some(error.message().to_owned());
            page(StatusCode::BAD_REQUEST, &shown)
        }
        Err(fault) => Err(fault),
    }
}
