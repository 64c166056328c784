//! Sites: the websites that are measured, their hosts, and what happens there
//! before a visitor has answered about consent.

use actix_web::http::StatusCode;
use actix_web::web;
use askama::Template;

use super::fault::Fault;
use super::form::Form;
use super::page::{Answer, Frame, Room, ok, page, see_other};
use super::visit::{Posted, Visit};
use crate::error::{Error, Kind, Result};
use crate::model::account::{SiteSettings, parse_host, parse_name};
use crate::model::consent::Posture;
use crate::model::id::SiteId;

/// Hosts of one site at most.
const HOSTS_MAX: usize = 50;

struct Row {
    id: SiteId,
    name: String,
    hosts: String,
    consent: &'static str,
    campaigns: usize,
}

#[derive(Template)]
#[template(path = "site/list.html")]
struct ListPage {
    frame: Frame,
    rows: Vec<Row>,
}

pub async fn list(visit: Visit) -> Answer {
    let catalog = visit.catalog();
    let mine = catalog
        .sites
        .values()
        .filter(|site| site.account == visit.account.id);
    let mut rows: Vec<Row> = mine
        .map(|site| Row {
            id: site.id,
            name: site.settings.name.clone(),
            hosts: site.settings.hosts.join(", "),
            consent: match site.settings.posture {
                Posture::Strict => "Counts only, until they agree",
                Posture::Optout => "Counted in detail, until they object",
            },
            campaigns: catalog.campaigns_of(site.id).count(),
        })
        .collect();
    rows.sort_by_key(|row| (row.name.to_lowercase(), row.id));
    ok(&ListPage {
        frame: visit.frame(Room::Sites, "Sites"),
        rows,
    })
}

/// The form as it is shown: new or of a site, as stored or as just typed.
#[derive(Template)]
#[template(path = "site/form.html")]
struct FormPage {
    frame: Frame,
    /// None: a new site.
    id: Option<SiteId>,
    key: String,
    name: String,
    hosts: String,
    is_optout: bool,
    error: Option<String>,
}

impl FormPage {
    fn new(visit: &Visit) -> Self {
        FormPage {
            frame: visit.frame(Room::Sites, "New site"),
            id: None,
            key: String::new(),
            name: String::new(),
            hosts: String::new(),
            is_optout: false,
            error: None,
        }
    }

    fn of(visit: &Visit, id: SiteId) -> Result<Self> {
        let catalog = visit.catalog();
        let site = catalog.sites.get(&id);
        let site = site
            .filter(|site| site.account == visit.account.id)
            .ok_or_else(|| Error::not_found("site"))?;
        Ok(FormPage {
            frame: visit.frame(Room::Sites, site.settings.name.clone()),
            id: Some(id),
            key: site.settings.key.to_string(),
            name: site.settings.name.clone(),
            hosts: site.settings.hosts.join("\n"),
            is_optout: site.settings.posture == Posture::Optout,
            error: None,
        })
    }

    /// The same with what was typed, and why it was not taken.
    fn again(mut self, form: &Form, error: &Error) -> Answer {
        self.name = form.text("name").to_owned();
        self.hosts = form.exact("hosts").to_owned();
        self.is_optout = form.text("consent") == "optout";
        self.error = Some(error.message().to_owned());
        page(StatusCode::BAD_REQUEST, &self)
    }
}

struct Typed {
    name: String,
    hosts: Vec<String>,
    posture: Posture,
}

impl Typed {
    fn read(form: &Form) -> Result<Typed> {
        let name = parse_name("The site", form.text("name"))?;
        let mut hosts: Vec<String> = Vec::new();
        for text in form.list("hosts") {
            let host = parse_host(&text)?;
            if !hosts.contains(&host) {
                hosts.push(host);
            }
        }
        if hosts.is_empty() || hosts.len() > HOSTS_MAX {
            return Err(Error::invalid(format!(
                "A site has 1 to {HOSTS_MAX} host names, such as www.example.org."
            )));
        }
        let posture = match form.text("consent") {
            "optout" => Posture::Optout,
            _ => Posture::Strict,
        };
        Ok(Typed {
            name,
            hosts,
            posture,
        })
    }

    fn apply(self, settings: &mut SiteSettings) {
        settings.name = self.name;
        settings.hosts = self.hosts;
        settings.posture = self.posture;
    }
}

pub async fn new(visit: Visit) -> Answer {
    ok(&FormPage::new(&visit))
}

pub async fn create(posted: Posted) -> Answer {
    let Posted { visit, form } = posted;
    let typed = match Typed::read(&form) {
        Ok(typed) => typed,
        Err(error) => return FormPage::new(&visit).again(&form, &error),
    };
    visit
        .write(move |store, act, account| {
            store.create_site(act, account, typed.name, typed.hosts, typed.posture)
        })
        .await?;
    Ok(see_other("/sites?done=saved"))
}

pub async fn edit(visit: Visit, id: web::Path<String>) -> Answer {
    ok(&FormPage::of(&visit, id.parse()?)?)
}

pub async fn update(posted: Posted, id: web::Path<String>) -> Answer {
    let Posted { visit, form } = posted;
    let id: SiteId = id.parse()?;
    let shown = FormPage::of(&visit, id)?;
    let typed = match Typed::read(&form) {
        Ok(typed) => typed,
        Err(error) => return shown.again(&form, &error),
    };
    let write = visit.write(move |store, act, account| {
        store.update_site(act, account, id, |settings| {
            typed.apply(settings);
            Ok(())
        })
    });
    match write.await {
        Ok(_) => Ok(see_other("/sites?done=saved")),
        Err(Fault::Error(error)) if error.kind() == Kind::Invalid => shown.again(&form, &error),
        Err(fault) => Err(fault),
    }
}
