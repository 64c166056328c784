//! Campaigns: `{name, site_id, landing_url, attribution_days, goals}` in,
//! `{id, goals: [{id, ...}], ...}` out; and what to paste for one.

use actix_web::{HttpRequest, web};
use serde::Serialize;

use super::caller::{Answer, Caller, created, found};
use super::fields::Fields;
use super::goal::{GoalChange, GoalView, apply, read_goals};
use super::query::{Query, page};
use crate::error::{Error, Result};
use crate::model::account::parse_name;
use crate::model::campaign::{
    ATTRIBUTION_DAYS, ATTRIBUTION_DAYS_DEFAULT, Campaign, CampaignSettings, CampaignStatus,
    LANDING_URLS_MAX, VIEW_THROUGH_DAYS, parse_landing_url, report_params_default,
};
use crate::model::catalog::Catalog;
use crate::model::hit::PARAMS;
use crate::model::id::{AccountId, CampaignId, SiteId};
use crate::web::snippets::snippets;

/// As lists and answers show it.
#[derive(Serialize)]
pub struct View<'a> {
    id: CampaignId,
    name: &'a str,
    site_id: SiteId,
    landing_url: &'a str,
    landing_urls: &'a [String],
    attribution_days: u16,
    view_through_days: u16,
    status: CampaignStatus,
    report_params: Vec<String>,
    goals: Vec<GoalView<'a>>,
}

impl<'a> View<'a> {
    fn of(campaign: &'a Campaign) -> Self {
        let settings = &campaign.settings;
        let params = settings.report_params.iter();
        View {
            id: campaign.id,
            name: &settings.name,
            site_id: settings.site,
            landing_url: settings.landing_urls.first().map_or("", String::as_str),
            landing_urls: &settings.landing_urls,
            attribution_days: settings.attribution_days,
            view_through_days: settings.view_through_days,
            status: settings.status,
            report_params: params.map(|index| format!("p{}", index + 1)).collect(),
            goals: settings.goals.iter().map(GoalView::of).collect(),
        }
    }
}

/// All campaigns of an account, by id.
pub fn all(catalog: &Catalog, account: AccountId) -> Vec<View<'_>> {
    let all = catalog.campaigns.values();
    let mine = all.filter(|campaign| campaign.account == account);
    let mut views: Vec<View<'_>> = mine.map(|campaign| View::of(campaign)).collect();
    views.sort_by_key(|view| view.id);
    views
}

pub async fn list(caller: Caller, request: HttpRequest) -> Answer {
    let query = Query::of(&request);
    let (after, limit) = (query.cursor::<CampaignId>()?, query.limit()?);
    let catalog = caller.catalog();
    let views = all(&catalog, caller.account());
    Ok(found(&page(views, |view| view.id, after, limit)))
}

pub async fn read(caller: Caller, id: web::Path<String>) -> Answer {
    let catalog = caller.catalog();
    let id: CampaignId = id.parse()?;
    let campaign = catalog.campaigns.get(&id);
    let mine = campaign.filter(|campaign| campaign.account == caller.account());
    let campaign = mine.ok_or_else(|| Error::not_found("campaign"))?;
    Ok(found(&View::of(campaign)))
}

pub async fn create(caller: Caller, payload: web::Payload) -> Answer {
    let fields = caller.body(payload).await?;
    let change = Change::read(&fields)?;
    let mut settings = CampaignSettings {
        name: fields.required("name", change.name.clone())?,
        site: fields.required("site_id", change.site)?,
        landing_urls: Vec::new(),
        attribution_days: ATTRIBUTION_DAYS_DEFAULT,
        view_through_days: 0,
        status: CampaignStatus::Running,
        goals: Vec::new(),
        report_params: report_params_default(),
    };
    fields.required("landing_url", change.has_landing_page().then_some(()))?;
    fields.required("goals", change.goals.as_ref())?;
    change.apply(&mut settings)?;
    let campaign = caller
        .write(move |store, act, account| store.create_campaign(act, account, settings))
        .await?;
    let place = format!("/api/v1/campaigns/{}", campaign.id);
    Ok(created(&place, &View::of(&campaign)))
}

pub async fn update(caller: Caller, id: web::Path<String>, payload: web::Payload) -> Answer {
    let id: CampaignId = id.parse()?;
    let change = Change::read(&caller.body(payload).await?)?;
    let campaign = caller
        .write(move |store, act, account| {
            store.update_campaign(act, account, id, |settings| change.apply(settings))
        })
        .await?;
    Ok(found(&View::of(&campaign)))
}

/// Snippets to paste, with links credited to `publisher_id` where one is given.
pub async fn read_snippets(caller: Caller, id: web::Path<String>, request: HttpRequest) -> Answer {
    let catalog = caller.catalog();
    let id: CampaignId = id.parse()?;
    let campaign = catalog.campaigns.get(&id);
    let mine = campaign.filter(|campaign| campaign.account == caller.account());
    let campaign = mine.ok_or_else(|| Error::not_found("campaign"))?;
    let site = catalog.sites.get(&campaign.settings.site);
    let site = site.ok_or_else(|| Error::not_found("site"))?;
    let publisher = match Query::of(&request).text("publisher_id") {
        None => None,
        Some(id) => {
            let publisher = catalog.publisher(caller.account(), id);
            Some(publisher.ok_or_else(|| Error::not_found("publisher"))?)
        }
    };
    let public_url = &caller.app().options.public_url;
    let publisher = publisher.map(|publisher| publisher.as_ref());
    Ok(found(&snippets(public_url, site, campaign, publisher)))
}

/// What a request says of a campaign; what it does not say is none.
struct Change {
    name: Option<String>,
    site: Option<SiteId>,
    /// Replaces the first landing page alone.
    landing_url: Option<String>,
    /// Replaces all of them.
    landing_urls: Option<Vec<String>>,
    attribution_days: Option<u16>,
    view_through_days: Option<u16>,
    status: Option<CampaignStatus>,
    report_params: Option<Vec<u8>>,
    goals: Option<Vec<GoalChange>>,
}

impl Change {
    fn read(fields: &Fields) -> Result<Change> {
        let name = fields.text("name")?;
        let site = fields.text("site_id")?;
        let landing_url = fields.text("landing_url")?;
        Ok(Change {
            name: name.map(|name| parse_name("name", &name)).transpose()?,
            site: site.map(|site| site.parse()).transpose()?,
            landing_url: landing_url
                .map(|url| fields.named("landing_url", parse_landing_url(&url)))
                .transpose()?,
            landing_urls: landing_urls(fields)?,
            attribution_days: days(fields, "attribution_days", ATTRIBUTION_DAYS)?,
            view_through_days: days(fields, "view_through_days", VIEW_THROUGH_DAYS)?,
            status: status(fields)?,
            report_params: report_params(fields)?,
            goals: read_goals(fields)?,
        })
    }

    fn has_landing_page(&self) -> bool {
        self.landing_url.is_some() || self.landing_urls.is_some()
    }

    fn apply(self, settings: &mut CampaignSettings) -> Result<()> {
        if let Some(name) = self.name {
            settings.name = name;
        }
        settings.site = self.site.unwrap_or(settings.site);
        if let Some(urls) = self.landing_urls {
            settings.landing_urls = urls;
        }
        if let Some(url) = self.landing_url {
            match settings.landing_urls.first_mut() {
                Some(first) => *first = url,
                None => settings.landing_urls.push(url),
            }
        }
        settings.attribution_days = self.attribution_days.unwrap_or(settings.attribution_days);
        settings.view_through_days = self.view_through_days.unwrap_or(settings.view_through_days);
        settings.status = self.status.unwrap_or(settings.status);
        if let Some(params) = self.report_params {
            settings.report_params = params;
        }
        apply(&mut settings.goals, self.goals.unwrap_or_default())?;
        settings.check()
    }
}

fn landing_urls(fields: &Fields) -> Result<Option<Vec<String>>> {
    let Some(texts) = fields.texts("landing_urls", LANDING_URLS_MAX)? else {
        return Ok(None);
    };
    texts
        .iter()
        .map(|text| fields.named("landing_urls", parse_landing_url(text)))
        .collect::<Result<_>>()
        .map(Some)
}

fn days(
    fields: &Fields,
    field: &str,
    bounds: std::ops::RangeInclusive<u16>,
) -> Result<Option<u16>> {
    let bounds = i64::from(*bounds.start())..=i64::from(*bounds.end());
    let days = fields.integer(field, bounds)?;
    Ok(days.and_then(|days| u16::try_from(days).ok()))
}

fn status(fields: &Fields) -> Result<Option<CampaignStatus>> {
    match fields.text("status")?.as_deref() {
        None => Ok(None),
        Some("running") => Ok(Some(CampaignStatus::Running)),
        Some("paused") => Ok(Some(CampaignStatus::Paused)),
        Some(_) => Err(fields.refuse("status", "this must be \"running\" or \"paused\".")),
    }
}

fn report_params(fields: &Fields) -> Result<Option<Vec<u8>>> {
    let Some(names) = fields.texts("report_params", PARAMS)? else {
        return Ok(None);
    };
    let mut indexes = Vec::new();
    for name in &names {
        let index = (0..PARAMS as u8).find(|index| *name == format!("p{}", index + 1));
        let index = index
            .ok_or_else(|| fields.refuse("report_params", "each must be one of p1 to p10."))?;
        if !indexes.contains(&index) {
            indexes.push(index);
        }
    }
    indexes.sort_unstable();
    Ok(Some(indexes))
}
