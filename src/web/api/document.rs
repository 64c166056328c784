//! The privacy documents as JSON, and what people state for them.

use actix_web::http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::caller::{Answer, Caller, found};
use super::fields::Fields;
use super::query::page;
use crate::error::{Error, Result};
use crate::model::document::{Document, Kind};
use crate::model::facts::{Framework, NOTICE_VERSION_MAX, PrivacyFacts, parse_fact};
use crate::model::inventory::{self, Holding};
use crate::web::document;

/// A document of its own brings its style with it, and nothing else.
const ALONE: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

#[derive(Serialize)]
struct Listed {
    name: &'static str,
    title: &'static str,
    about: &'static str,
}

pub async fn list(_: Caller) -> Answer {
    let listed: Vec<Listed> = Kind::ALL
        .into_iter()
        .map(|kind| Listed {
            name: kind.name(),
            title: kind.title(),
            about: kind.about(),
        })
        .collect();
    let limit = listed.len();
    Ok(found(&page(listed, |listed| listed.name, None, limit)))
}

/// As JSON, or as a page where the caller asks for `text/html`.
pub async fn read(caller: Caller, request: HttpRequest, name: web::Path<String>) -> Answer {
    let kind = Kind::parse(&name).ok_or_else(|| Error::not_found("document"))?;
    let (now, catalog) = (caller.now(), caller.catalog());
    let facts = caller
        .read(move |app, account| document::facts(&app.store, &catalog, account, now))
        .await?;
    let document = Document::write(kind, &facts);
    let accept = request.headers().get(ACCEPT);
    let accept = accept.and_then(|value| value.to_str().ok());
    if accept.is_some_and(|accept| accept.contains("text/html")) {
        return Ok(HttpResponse::Ok()
            .insert_header((CACHE_CONTROL, "no-store"))
            .insert_header((CONTENT_SECURITY_POLICY, ALONE))
            .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .content_type("text/html; charset=utf-8")
            .body(document::html(&document)?));
    }
    Ok(found(&document))
}

/// Everything that is collected or kept, as the code declares it.
pub async fn read_inventory(_: Caller, _: HttpRequest) -> Answer {
    let holdings: Vec<&Holding> = inventory::holdings().collect();
    Ok(found(&holdings))
}

pub async fn read_facts(caller: Caller) -> Answer {
    let catalog = caller.catalog();
    let account = catalog.accounts.get(&caller.account());
    let account = account.ok_or_else(|| Error::not_found("account"))?;
    Ok(found(&account.settings.privacy))
}

pub async fn update_facts(caller: Caller, payload: web::Payload) -> Answer {
    let fields = caller.body(payload).await?;
    let change = Change::read(&fields)?;
    let account = caller
        .write(move |store, act, account| {
            store.update_account(act, account, |settings| {
                change.apply(&mut settings.privacy);
                Ok(())
            })
        })
        .await?;
    Ok(found(&account.settings.privacy))
}

/// What of the facts is to change.
#[derive(Default)]
struct Change {
    controller: Option<String>,
    contact: Option<String>,
    officer: Option<String>,
    region: Option<String>,
    recipients: Option<String>,
    framework: Option<Framework>,
    notice_version: Option<u32>,
}

impl Change {
    fn read(fields: &Fields) -> Result<Change> {
        let text = |name: &str| -> Result<Option<String>> {
            let text = fields.text(name)?;
            text.map(|text| fields.named(name, parse_fact(&text)))
                .transpose()
        };
        let framework = fields.text("framework")?;
        let framework = framework.map(|word| fields.named("framework", Framework::parse(&word)));
        let version = fields.integer("notice_version", 0..=i64::from(NOTICE_VERSION_MAX))?;
        Ok(Change {
            controller: text("controller")?,
            contact: text("contact")?,
            officer: text("officer")?,
            region: text("region")?,
            recipients: text("recipients")?,
            framework: framework.transpose()?,
            notice_version: version.map(|version| version as u32),
        })
    }

    fn apply(self, facts: &mut PrivacyFacts) {
        let put = |into: &mut String, text: Option<String>| {
            if let Some(text) = text {
                *into = text;
            }
        };
        put(&mut facts.controller, self.controller);
        put(&mut facts.contact, self.contact);
        put(&mut facts.officer, self.officer);
        put(&mut facts.region, self.region);
        put(&mut facts.recipients, self.recipients);
        facts.framework = self.framework.unwrap_or(facts.framework);
        facts.notice_version = self.notice_version.unwrap_or(facts.notice_version);
    }
}
