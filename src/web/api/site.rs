//! Sites: `{name, hosts, posture, declaration?}` in, `{id, key, ...}` out. A
//! declaration is `{countries, ground}`; what is missing or speaks against a posture
//! stands in `warnings`.

use actix_web::{HttpRequest, web};
use serde::Serialize;

use super::caller::{Answer, Caller, created, found};
use super::fields::Fields;
use super::query::{Query, page};
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::model::account::{Site, parse_host, parse_name};
use crate::model::catalog::Catalog;
use crate::model::consent::declaration::{COUNTRIES_MAX, Warning};
use crate::model::consent::{Chosen, Declaration, Posture};
use crate::model::id::{AccountId, SiteId};

/// Hosts of one site at most.
const HOSTS_MAX: usize = 50;

/// As lists and answers show it.
#[derive(Serialize)]
pub struct View<'a> {
    id: SiteId,
    key: String,
    name: &'a str,
    hosts: &'a [String],
    posture: Posture,
    declaration: Option<DeclarationView<'a>>,
    warnings: Vec<Warning>,
}

#[derive(Serialize)]
struct DeclarationView<'a> {
    countries: &'a [String],
    ground: &'a str,
    declared_at: i64,
}

impl<'a> View<'a> {
    fn of(site: &'a Site) -> Self {
        View {
            id: site.id,
            key: site.settings.key.to_string(),
            name: &site.settings.name,
            hosts: &site.settings.hosts,
            posture: site.settings.posture,
            declaration: site
                .settings
                .declaration
                .as_ref()
                .map(|declared| DeclarationView {
                    countries: &declared.countries,
                    ground: &declared.ground,
                    declared_at: declared.declared_at.millis(),
                }),
            warnings: site.settings.warnings(),
        }
    }
}

/// All sites of an account, by id.
pub fn all(catalog: &Catalog, account: AccountId) -> Vec<View<'_>> {
    let all = catalog.sites.values();
    let mine = all.filter(|site| site.account == account);
    let mut views: Vec<View<'_>> = mine.map(|site| View::of(site)).collect();
    views.sort_by_key(|view| view.id);
    views
}

pub async fn list(caller: Caller, request: HttpRequest) -> Answer {
    let query = Query::of(&request);
    let (after, limit) = (query.cursor::<SiteId>()?, query.limit()?);
    let catalog = caller.catalog();
    let mine = catalog
        .sites
        .values()
        .filter(|site| site.account == caller.account());
    let views = mine.map(|site| View::of(site)).collect();
    Ok(found(&page(views, |view| view.id, after, limit)))
}

pub async fn read(caller: Caller, id: web::Path<String>) -> Answer {
    let catalog = caller.catalog();
    let id: SiteId = id.parse()?;
    let site = catalog
        .sites
        .get(&id)
        .filter(|site| site.account == caller.account());
    let site = site.ok_or_else(|| Error::not_found("site"))?;
    Ok(found(&View::of(site)))
}

pub async fn create(caller: Caller, payload: web::Payload) -> Answer {
    let fields = caller.body(payload).await?;
    let name = fields.required("name", name(&fields)?)?;
    let hosts = fields.required("hosts", hosts(&fields)?)?;
    let chosen = Chosen {
        posture: posture(&fields)?.unwrap_or_default(),
        declaration: declaration(&fields, caller.now())?,
    };
    let site = caller
        .write(move |store, act, account| store.create_site(act, account, name, hosts, chosen))
        .await?;
    Ok(created(
        &format!("/api/v1/sites/{}", site.id),
        &View::of(&site),
    ))
}

pub async fn update(caller: Caller, id: web::Path<String>, payload: web::Payload) -> Answer {
    let id: SiteId = id.parse()?;
    let fields = caller.body(payload).await?;
    let (name, hosts, posture) = (name(&fields)?, hosts(&fields)?, posture(&fields)?);
    let declaration = declaration(&fields, caller.now())?;
    let site = caller
        .write(move |store, act, account| {
            store.update_site(act, account, id, |settings| {
                if let Some(name) = name {
                    settings.name = name;
                }
                if let Some(hosts) = hosts {
                    settings.hosts = hosts;
                }
                settings.choose(Chosen {
                    posture: posture.unwrap_or(settings.posture),
                    declaration,
                });
                Ok(())
            })
        })
        .await?;
    Ok(found(&View::of(&site)))
}

fn name(fields: &Fields) -> Result<Option<String>> {
    let name = fields.text("name")?;
    name.map(|name| parse_name("name", &name)).transpose()
}

fn hosts(fields: &Fields) -> Result<Option<Vec<String>>> {
    let Some(texts) = fields.texts("hosts", HOSTS_MAX)? else {
        return Ok(None);
    };
    let mut hosts = Vec::new();
    for text in &texts {
        let host = fields.named("hosts", parse_host(text))?;
        if !hosts.contains(&host) {
            hosts.push(host);
        }
    }
    if hosts.is_empty() {
        return Err(fields.refuse("hosts", "a site needs at least one host name."));
    }
    Ok(Some(hosts))
}

fn posture(fields: &Fields) -> Result<Option<Posture>> {
    let Some(text) = fields.text("posture")? else {
        return Ok(None);
    };
    let words = "this must be \"nothing\", \"strict\", \"audience\", \"reward\" or \"optout\".";
    Posture::parse(&text)
        .map(Some)
        .ok_or_else(|| fields.refuse("posture", words))
}

fn declaration(fields: &Fields, now: Timestamp) -> Result<Option<Declaration>> {
    let Some(declared) = fields.object("declaration")? else {
        return Ok(None);
    };
    let countries = declared.texts("countries", COUNTRIES_MAX)?;
    let countries = declared.required("countries", countries)?;
    let ground = declared.required("ground", declared.text("ground")?)?;
    let parsed = Declaration::parse(&countries, &ground, now);
    fields.named("declaration", parsed).map(Some)
}
