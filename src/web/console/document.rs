//! The privacy documents: a list, each as a page to read and print and as a file, and
//! what only people can state for them.

use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_DISPOSITION;
use actix_web::web;
use askama::Template;

use super::fault::Fault;
use super::form::Form;
use super::page::{Answer, Frame, Room, guarded, ok, page, see_other};
use super::visit::{Posted, Visit};
use crate::error::{Error, Result};
use crate::model::action::Action;
use crate::model::document::{Document, Kind as DocumentKind};
use crate::model::facts::{Framework, NOTICE_VERSION_MAX, PrivacyFacts, parse_fact};
use crate::web::document;

struct Row {
    name: &'static str,
    title: &'static str,
    about: &'static str,
}

struct FrameworkChoice {
    word: &'static str,
    meaning: &'static str,
    is_chosen: bool,
}

#[derive(Template)]
#[template(path = "document/list.html")]
struct ListPage {
    frame: Frame,
    rows: Vec<Row>,
    facts: PrivacyFacts,
    frameworks: Vec<FrameworkChoice>,
    /// What nobody has stated, in words.
    missing: String,
    may_change: bool,
    error: Option<String>,
}

fn list_page(visit: &Visit, facts: PrivacyFacts) -> ListPage {
    let rows = DocumentKind::ALL.into_iter().map(|kind| Row {
        name: kind.name(),
        title: kind.title(),
        about: kind.about(),
    });
    let frameworks = Framework::ALL.into_iter().map(|known| FrameworkChoice {
        word: known.word(),
        meaning: known.meaning(),
        is_chosen: known == facts.framework,
    });
    ListPage {
        frame: visit.frame(Room::Documents, "Privacy documents"),
        rows: rows.collect(),
        frameworks: frameworks.collect(),
        missing: visit.account.settings.privacy.missing().join(", "),
        may_change: visit.may(Action::ChangeDocuments),
        facts,
        error: None,
    }
}

pub async fn list(visit: Visit) -> Answer {
    let facts = visit.account.settings.privacy.clone();
    ok(&list_page(&visit, facts))
}

/// What was typed; what cannot be taken stays as it was, beside the sentence that says so.
fn typed(form: &Form, facts: &mut PrivacyFacts) -> Result<()> {
    for (name, fact) in [
        ("controller", &mut facts.controller),
        ("contact", &mut facts.contact),
        ("officer", &mut facts.officer),
        ("region", &mut facts.region),
        ("recipients", &mut facts.recipients),
    ] {
        *fact = parse_fact(form.exact(name))?;
    }
    facts.framework = Framework::parse(form.text("framework"))?;
    let version = form.text("notice_version").parse().ok();
    facts.notice_version = version
        .filter(|version| *version <= NOTICE_VERSION_MAX)
        .ok_or_else(|| Error::invalid("The version of the notice is a whole number."))?;
    Ok(())
}

pub async fn update(posted: Posted) -> Answer {
    let Posted { visit, form } = posted;
    let mut facts = visit.account.settings.privacy.clone();
    if let Err(error) = typed(&form, &mut facts) {
        let mut shown = list_page(&visit, facts);
        shown.error = Some(error.message().to_owned());
        return page(StatusCode::BAD_REQUEST, &shown);
    }
    visit
        .write(move |store, act, account| {
            store.update_account(act, account, |settings| {
                settings.privacy = facts;
                Ok(())
            })
        })
        .await?;
    Ok(see_other("/documents?done=saved"))
}

#[derive(Template)]
#[template(path = "document/page.html")]
struct DocumentPage {
    frame: Frame,
    about: &'static str,
    document: Document,
}

async fn written(
    visit: &Visit,
    name: &str,
) -> std::result::Result<(DocumentKind, Document), Fault> {
    let kind = DocumentKind::parse(name).ok_or_else(|| Error::not_found("document"))?;
    let (catalog, now) = (visit.catalog(), visit.now());
    let facts = visit
        .read(move |app, account| document::facts(&app.store, &catalog, account, now))
        .await?;
    Ok((kind, Document::write(kind, &facts)))
}

pub async fn show(visit: Visit, name: web::Path<String>) -> Answer {
    let (kind, document) = written(&visit, &name).await?;
    ok(&DocumentPage {
        frame: visit.frame(Room::Documents, kind.title()),
        about: kind.about(),
        document,
    })
}

/// The document as a file: `NAME.html` or `NAME.json`.
pub async fn download(visit: Visit, path: web::Path<(String, String)>) -> Answer {
    let (name, file) = path.into_inner();
    let (_, document) = written(&visit, &name).await?;
    let (media, body) = match file.strip_prefix(&name) {
        Some(".html") => ("text/html; charset=utf-8", document::html(&document)?),
        Some(".json") => {
            let text = serde_json::to_string_pretty(&document);
            let failed = |error| Error::internal("A document could not be written.").because(error);
            ("application/json", text.map_err(failed)?)
        }
        _ => return Err(Error::not_found("file").into()),
    };
    Ok(guarded(StatusCode::OK)
        .insert_header((
            CONTENT_DISPOSITION,
            format!("attachment; filename=\"{file}\""),
        ))
        .content_type(media)
        .body(body))
}
