//! What the account keeps how long, and a calendar of what goes when.

use actix_web::http::StatusCode;
use askama::Template;

use super::fault::Fault;
use super::page::{Answer, Frame, Room, page, see_other};
use super::visit::{Posted, Visit};
use super::wording;
use crate::clock::DAY_MS;
use crate::error::{Error, Kind};
use crate::lifecycle::retention::{NAME as RETENTION, planned};
use crate::lifecycle::{fold, schedule::LATE_MS};
use crate::model::action::Action;
use crate::model::retention::DataClass;
use crate::store::JobRun;

/// How far the calendar looks ahead.
const AHEAD_MS: i64 = 30 * DAY_MS;
/// Lines of the calendar, at most.
const LINES_MAX: usize = 60;
/// Runs shown, the latest.
const RUNS_MAX: usize = 12;

struct RuleRow {
    class: &'static str,
    what: String,
    then: String,
    days: u32,
    min_days: u32,
    max_days: u32,
}

struct CalendarRow {
    at: String,
    what: String,
    count: u64,
}

/// A run of the job that deletes.
struct RunRow {
    at: String,
    /// Whether it began more than an hour after it was due.
    was_late: bool,
    outcome: String,
}

impl RunRow {
    /// `with_counts`: what it deleted, which is of every account on the server.
    fn of(run: JobRun, with_counts: bool) -> RunRow {
        let deleted: u64 = run.counts.values().sum();
        let outcome = match (run.failure, run.ended_at) {
            (Some(failure), _) => format!("Failed, and is tried again: {failure}"),
            (None, None) => "Was cut off, and goes on with the next run".to_owned(),
            (None, Some(_)) if deleted == 0 => "Nothing was too old".to_owned(),
            (None, Some(_)) if with_counts => {
                format!("{} rows went", wording::count(deleted as i64))
            }
            (None, Some(_)) => "What was too old went".to_owned(),
        };
        RunRow {
            at: run
                .started_at
                .to_string()
                .chars()
                .take(16)
                .collect::<String>()
                .replace('T', " "),
            was_late: run.started_at.millis() - run.due_at.millis() > LATE_MS,
            outcome,
        }
    }
}

#[derive(Template)]
#[template(path = "retention/page.html")]
struct RetentionPage {
    frame: Frame,
    rules: Vec<RuleRow>,
    calendar: Vec<CalendarRow>,
    more: bool,
    runs: Vec<RunRow>,
    may_change: bool,
    error: Option<String>,
}

impl RetentionPage {
    async fn of(visit: &Visit) -> std::result::Result<Self, Fault> {
        let until = visit.now().plus_ms(AHEAD_MS);
        let (retention, mut lines, runs) = visit
            .read(move |app, account| {
                let retention = app.store.retention(account)?;
                let mut lines = planned(&app.store, account, &retention, until)?;
                lines.extend(fold::planned(&app.store, account, &retention, until)?);
                let runs = app.store.job_runs(Some(RETENTION), RUNS_MAX)?;
                Ok((retention, lines, runs))
            })
            .await?;
        lines.sort_by_key(|line| line.at);
        let more = lines.len() > LINES_MAX;
        lines.truncate(LINES_MAX);
        let rules = DataClass::ALL.into_iter().map(|class| {
            let rule = class.rule();
            RuleRow {
                class: class.word(),
                what: wording::capital(rule.what),
                then: wording::capital(rule.then),
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
                    // Deadlines are days of UTC, whatever the account's zone.
                    at: line.at.day(),
                    what: wording::capital(&line.what),
                    count: line.count,
                })
                .collect(),
            more,
            runs: {
                let is_alone = visit.catalog().accounts.len() == 1;
                runs.into_iter()
                    .map(|run| RunRow::of(run, is_alone))
                    .collect()
            },
            may_change: visit.may(Action::ChangeRetention),
            error: None,
        })
    }
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
