//! Certificates of deleted accounts, for whoever runs the server: to keep, to hand over
//! and to check offline. And what the operator says of snapshots of the whole machine,
//! which decide when the last copy of anything is gone.

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::web;
use askama::Template;

use super::form::Form;
use super::page::{Answer, Frame, Room, guarded, page, see_other};
use super::visit::{Posted, Visit};
use crate::error::{Error, Kind, Result};
use crate::lifecycle::certificate;
use crate::model::id::AccountId;
use crate::model::instance::Snapshots;

struct Row {
    id: AccountId,
    closed: String,
    reason: String,
    late: bool,
    clean: bool,
    backup_gone: String,
    snapshot_gone: Option<String>,
}

#[derive(Template)]
#[template(path = "certificate/list.html")]
struct ListPage {
    frame: Frame,
    rows: Vec<Row>,
    public_key: String,
    snapshots: Snapshots,
    days: String,
    error: Option<String>,
}

async fn shown(visit: &Visit, form: &Form, error: Option<&Error>) -> Answer {
    let (lives, settings, public_key) = visit
        .read(|app, _| {
            let store = &app.store;
            let key = store.keys().signer().public_key();
            Ok((store.lives()?, store.instance_settings()?, key))
        })
        .await?;
    let calendar = visit.calendar();
    let mut rows = Vec::new();
    for (id, _, life) in lives {
        let (Some(closed_at), Some(text)) = (life.closed_at, &life.certificate) else {
            continue;
        };
        let content = certificate::content(text)?;
        let text = |pointer: &str| content.pointer(pointer).and_then(|it| it.as_str());
        rows.push(Row {
            id,
            closed: calendar.stamp(closed_at),
            reason: text("/reason").unwrap_or_default().to_owned(),
            late: content
                .pointer("/timeline/late_by_seconds")
                .is_some_and(|it| !it.is_null()),
            clean: content.pointer("/scan/found").is_some_and(|it| *it == 0),
            backup_gone: day(text("/timeline/last_backup_gone_at")),
            snapshot_gone: text("/timeline/last_snapshot_gone_at").map(|at| day(Some(at))),
        });
    }
    let days = match form.has("days") {
        true => form.text("days").to_owned(),
        false => settings.snapshots.days_text(),
    };
    let status = match error {
        Some(_) => StatusCode::BAD_REQUEST,
        None => StatusCode::OK,
    };
    page(
        status,
        &ListPage {
            frame: visit.frame(Room::Instance, "Certificates"),
            rows,
            public_key,
            snapshots: settings.snapshots,
            days,
            error: error.map(|error| error.message().to_owned()),
        },
    )
}

fn day(at: Option<&str>) -> String {
    at.unwrap_or_default().chars().take(10).collect()
}

pub async fn list(visit: Visit) -> Answer {
    shown(&visit, &Form::default(), None).await
}

/// `certificate.json`, as it is checked, or `certificate.html` to read.
pub async fn download(visit: Visit, path: web::Path<(String, String)>) -> Answer {
    let (id, name) = path.into_inner();
    let account: AccountId = id.parse()?;
    let (_, life) = visit.read(move |app, _| app.store.life(account)).await?;
    let absent = || Error::not_found("certificate");
    let text = life.certificate.ok_or_else(absent)?;
    let (media, text) = match name.as_str() {
        "certificate.json" => ("application/json", text),
        "certificate.html" => ("text/html; charset=utf-8", certificate::html(&text)?),
        _ => return Err(absent().into()),
    };
    let file = format!("attachment; filename=\"pixelkeep-{account}-{name}\"");
    Ok(guarded(StatusCode::OK)
        .insert_header((CONTENT_TYPE, media))
        .insert_header((CONTENT_DISPOSITION, file))
        .body(text))
}

fn read(form: &Form) -> Result<Snapshots> {
    match form.text("snapshots") {
        "none" => Ok(Snapshots::None),
        "kept" => {
            let days = form.text("days").parse();
            Snapshots::kept(days.unwrap_or(0))
        }
        _ => Err(Error::invalid("Choose whether there are snapshots.")),
    }
}

/// What the operator says of snapshots.
pub async fn update_snapshots(posted: Posted) -> Answer {
    let Posted { visit, form } = posted;
    let snapshots = match read(&form) {
        Ok(snapshots) => snapshots,
        Err(error) if error.kind() == Kind::Invalid => {
            return shown(&visit, &form, Some(&error)).await;
        }
        Err(error) => return Err(error.into()),
    };
    visit
        .write(move |store, act, _| {
            store.update_instance(act, |settings| {
                settings.snapshots = snapshots;
                Ok(())
            })
        })
        .await?;
    Ok(see_other("/operator/certificates?done=saved"))
}
