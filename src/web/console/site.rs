//! Sites: the websites that are measured, their hosts, and what happens there
//! before a visitor has answered about consent.

use actix_web::http::StatusCode;
use actix_web::web;
use askama::Template;

use super::fault::Fault;
use super::form::Form;
use super::page::{Answer, Frame, Room, ok, page, see_other};
use super::visit::{Posted, Visit};
use crate::clock::Timestamp;
use crate::error::{Error, Kind, Result};
use crate::model::account::{SiteSettings, parse_host, parse_name};
use crate::model::consent::declaration::Warning;
use crate::model::consent::{Chosen, Declaration, Posture};
use crate::model::id::SiteId;

/// Hosts of one site at most.
const HOSTS_MAX: usize = 50;

struct Row {
    id: SiteId,
    name: String,
    hosts: String,
    consent: &'static str,
    /// Something about the posture wants looking at.
    is_warned: bool,
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
                Posture::Nothing => "Not counted, until they agree",
                Posture::Strict => "Counts only, until they agree",
                Posture::Audience => "Counts and daily visitors, until they agree",
                Posture::Reward => "Counts and rewards, until they agree",
                Posture::Optout => "Counted in detail, until they object",
            },
            is_warned: !site.settings.warnings().is_empty(),
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
    posture: Posture,
    countries: String,
    ground: String,
    warnings: Vec<Warning>,
    error: Option<String>,
}

impl FormPage {
    fn is(&self, word: &str) -> bool {
        self.posture.word() == word
    }

    fn new(visit: &Visit) -> Self {
        FormPage {
            frame: visit.frame(Room::Sites, "New site"),
            id: None,
            key: String::new(),
            name: String::new(),
            hosts: String::new(),
            posture: Posture::default(),
            countries: String::new(),
            ground: String::new(),
            warnings: Vec::new(),
            error: None,
        }
    }

    fn of(visit: &Visit, id: SiteId) -> Result<Self> {
        let catalog = visit.catalog();
        let site = catalog.sites.get(&id);
        let site = site
            .filter(|site| site.account == visit.account.id)
            .ok_or_else(|| Error::not_found("site"))?;
        let declared = site.settings.declaration.as_ref();
        Ok(FormPage {
            frame: visit.frame(Room::Sites, site.settings.name.clone()),
            id: Some(id),
            key: site.settings.key.to_string(),
            name: site.settings.name.clone(),
            hosts: site.settings.hosts.join("\n"),
            posture: site.settings.posture,
            countries: declared.map_or_else(String::new, |known| known.countries.join(", ")),
            ground: declared.map_or_else(String::new, |known| known.ground.clone()),
            warnings: site.settings.warnings(),
            error: None,
        })
    }

    /// The same with what was typed, and why it was not taken.
    fn again(mut self, form: &Form, error: &Error) -> Answer {
        self.name = form.text("name").to_owned();
        self.hosts = form.exact("hosts").to_owned();
        self.posture = Posture::parse(form.text("consent")).unwrap_or_default();
        self.countries = form.exact("countries").to_owned();
        self.ground = form.exact("ground").to_owned();
        self.error = Some(error.message().to_owned());
        page(StatusCode::BAD_REQUEST, &self)
    }
}

struct Typed {
    name: String,
    hosts: Vec<String>,
    chosen: Chosen,
}

impl Typed {
    fn read(form: &Form, now: Timestamp) -> Result<Typed> {
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
        let posture = Posture::parse(form.text("consent")).unwrap_or_default();
        let declaration = if posture.needs_declaration() {
            let (countries, ground) = (form.list("countries"), form.text("ground"));
            Some(Declaration::parse(&countries, ground, now)?)
        } else {
            None
        };
        Ok(Typed {
            name,
            hosts,
            chosen: Chosen {
                posture,
                declaration,
            },
        })
    }

    fn apply(self, settings: &mut SiteSettings) {
        settings.name = self.name;
        settings.hosts = self.hosts;
        let declared_before = settings.declaration.take();
        let same = |before: &Declaration, now: &Declaration| {
            before.countries == now.countries && before.ground == now.ground
        };
        settings.posture = self.chosen.posture;
        // What is sent again unchanged keeps the day on which it was declared.
        settings.declaration = match (declared_before, self.chosen.declaration) {
            (Some(before), Some(now)) if same(&before, &now) => Some(before),
            (_, now) => now,
        };
    }
}

pub async fn new(visit: Visit) -> Answer {
    ok(&FormPage::new(&visit))
}

pub async fn create(posted: Posted) -> Answer {
    let Posted { visit, form } = posted;
    let typed = match Typed::read(&form, visit.now()) {
        Ok(typed) => typed,
        Err(error) => return FormPage::new(&visit).again(&form, &error),
    };
    visit
        .write(move |store, act, account| {
            store.create_site(act, account, typed.name, typed.hosts, typed.chosen)
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
    let typed = match Typed::read(&form, visit.now()) {
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
