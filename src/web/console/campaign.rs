//! Campaigns: listed, made and changed. What the form holds is read in
//! `campaign_form`; what fits together is the model's rule.

use actix_web::http::StatusCode;
use actix_web::web;
use askama::Template;

use super::campaign_form::Draft;
use super::fault::Fault;
use super::page::{Answer, Frame, Room, ok, page, see_other};
use super::visit::{Posted, Visit};
use super::wording;
use crate::error::{Error, Kind, Result};
use crate::model::campaign::{Campaign, Goal};
use crate::model::id::{CampaignId, SiteId};
use crate::model::money::Currency;

struct GoalRow {
    name: String,
    /// Who gets how much, and when it counts.
    terms: String,
}

impl GoalRow {
    fn of(goal: &Goal, currency: Currency) -> Self {
        GoalRow {
            name: goal.name.clone(),
            terms: format!(
                "you earn {}, publisher gets {}, {}",
                wording::rule(currency, goal.revenue),
                wording::rule(currency, goal.payout),
                wording::approval(goal.approval),
            ),
        }
    }
}

struct Row {
    id: CampaignId,
    name: String,
    site: String,
    is_running: bool,
    status: &'static str,
    goals: Vec<GoalRow>,
}

#[derive(Template)]
#[template(path = "campaign/list.html")]
struct ListPage {
    frame: Frame,
    rows: Vec<Row>,
    has_site: bool,
}

pub async fn list(visit: Visit) -> Answer {
    let catalog = visit.catalog();
    let account = visit.account.id;
    let currency = visit.account.settings.currency;
    let site_name = |id: SiteId| {
        let site = catalog.sites.get(&id);
        site.map_or_else(String::new, |site| site.settings.name.clone())
    };
    let all = catalog.campaigns.values();
    let mut rows: Vec<Row> = all
        .filter(|campaign| campaign.account == account)
        .map(|campaign| Row {
            id: campaign.id,
            name: campaign.settings.name.clone(),
            site: site_name(campaign.settings.site),
            is_running: campaign.settings.is_running(),
            status: wording::campaign_status(campaign.settings.status),
            goals: goal_rows(campaign, currency),
        })
        .collect();
    rows.sort_by_key(|row| (!row.is_running, row.name.to_lowercase(), row.id));
    ok(&ListPage {
        frame: visit.frame(Room::Campaigns, "Campaigns"),
        rows,
        has_site: catalog.sites.values().any(|site| site.account == account),
    })
}

fn goal_rows(campaign: &Campaign, currency: Currency) -> Vec<GoalRow> {
    let goals = campaign.settings.goals.iter();
    goals.map(|goal| GoalRow::of(goal, currency)).collect()
}

/// A site to choose.
struct SiteChoice {
    id: String,
    name: String,
}

#[derive(Template)]
#[template(path = "campaign/form.html")]
struct FormPage {
    frame: Frame,
    /// None: a new campaign.
    id: Option<CampaignId>,
    sites: Vec<SiteChoice>,
    currency: Currency,
    draft: Draft,
    error: Option<String>,
}

impl FormPage {
    fn new(visit: &Visit, id: Option<CampaignId>, draft: Draft) -> Self {
        let title = match id {
            Some(_) => draft.name.clone(),
            None => "New campaign".to_owned(),
        };
        let catalog = visit.catalog();
        let all = catalog.sites.values();
        let mut sites: Vec<SiteChoice> = all
            .filter(|site| site.account == visit.account.id)
            .map(|site| SiteChoice {
                id: site.id.to_string(),
                name: site.settings.name.clone(),
            })
            .collect();
        sites.sort_by_key(|site| site.name.to_lowercase());
        FormPage {
            frame: visit.frame(Room::Campaigns, title),
            id,
            sites,
            currency: visit.account.settings.currency,
            draft,
            error: None,
        }
    }
}

pub async fn new(visit: Visit) -> Answer {
    let draft = Draft::blank(visit.query.text("site"));
    ok(&FormPage::new(&visit, None, draft))
}

pub async fn edit(visit: Visit, id: web::Path<String>) -> Answer {
    let id: CampaignId = id.parse()?;
    let draft = stored(&visit, id)?;
    ok(&FormPage::new(&visit, Some(id), draft))
}

fn stored(visit: &Visit, id: CampaignId) -> Result<Draft> {
    let catalog = visit.catalog();
    let campaign = catalog.campaigns.get(&id);
    campaign
        .filter(|campaign| campaign.account == visit.account.id)
        .map(|campaign| Draft::of(&campaign.settings, visit.account.settings.currency))
        .ok_or_else(|| Error::not_found("campaign"))
}

pub async fn create(posted: Posted) -> Answer {
    save(posted, None).await
}

pub async fn update(posted: Posted, id: web::Path<String>) -> Answer {
    let id = id.parse()?;
    stored(&posted.visit, id)?;
    save(posted, Some(id)).await
}

async fn save(posted: Posted, id: Option<CampaignId>) -> Answer {
    let Posted { visit, form } = posted;
    let mut draft = Draft::read(&form);
    if form.has("more") {
        draft.add_goal();
        return ok(&FormPage::new(&visit, id, draft));
    }
    let (typed, currency) = (draft.clone(), visit.account.settings.currency);
    let write = visit.write(move |store, act, account| match id {
        None => store.create_campaign(act, account, typed.settings(None, currency)?),
        Some(id) => store.update_campaign(act, account, id, |settings| {
            *settings = typed.settings(Some(settings), currency)?;
            Ok(())
        }),
    });
    match write.await {
        Ok(campaign) if id.is_none() => Ok(see_other(&format!(
            "/snippets?campaign={}&done=saved",
            campaign.id
        ))),
        Ok(_) => Ok(see_other("/campaigns?done=saved")),
        Err(Fault::Error(error)) if error.kind() == Kind::Invalid => {
            let mut again = FormPage::new(&visit, id, draft);
            again.error = Some(error.message().to_owned());
            page(StatusCode::BAD_REQUEST, &again)
        }
        Err(fault) => Err(fault),
    }
}
