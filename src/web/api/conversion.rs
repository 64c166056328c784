//! Conversions: listed newest first, and decided: `PATCH {status, sale_amount_minor?}`.
//! What a decision means is the model's rule.

use actix_web::{HttpRequest, web};

use super::caller::{Answer, Caller, found};
use super::conversion_view::{Names, View};
use super::period::instants;
use super::query::{Page, Query};
use crate::error::{Error, Result};
use crate::model::catalog::Catalog;
use crate::model::conversion::Status;
use crate::model::id::{
    AccountId, CampaignId, ConversionId, GoalId, PublisherId, decode_base32, encode_base32,
};
use crate::model::money::AMOUNT_MAX_MINOR;
use crate::store::ConversionQuery;

const STATUS_WORDS: &str = "this must be approved, pending, rejected or cancelled.";
/// Letters of a cursor: enough for 64 bits.
const CURSOR_CHARS: usize = 13;

pub async fn list(caller: Caller, request: HttpRequest) -> Answer {
    let catalog = caller.catalog();
    let query = read_query(&catalog, caller.account(), &Query::of(&request))?;
    let (conversions, next) = caller
        .read(move |app, account| app.store.conversions(account, &query))
        .await?;
    let names = Names::of(&catalog, caller.account())?;
    Ok(found(&Page {
        items: conversions
            .iter()
            .map(|one| View::of(one, &names))
            .collect(),
        next: next.map(|seq| encode_base32(seq as u64, CURSOR_CHARS)),
    }))
}

pub async fn read(caller: Caller, id: web::Path<String>) -> Answer {
    let id: ConversionId = id.parse()?;
    let conversion = caller
        .read(move |app, account| {
            let conversion = app.store.conversion(account, id)?;
            conversion.ok_or_else(|| Error::not_found("conversion"))
        })
        .await?;
    let catalog = caller.catalog();
    let names = Names::of(&catalog, caller.account())?;
    Ok(found(&View::of(&conversion, &names)))
}

pub async fn update(caller: Caller, id: web::Path<String>, payload: web::Payload) -> Answer {
    let id: ConversionId = id.parse()?;
    let fields = caller.body(payload).await?;
    let status = match fields.text("status")? {
        Some(text) => {
            let status = Status::parse(&text);
            Some(status.ok_or_else(|| fields.refuse("status", STATUS_WORDS))?)
        }
        None => None,
    };
    let sale_minor = fields.integer("sale_amount_minor", 0..=AMOUNT_MAX_MINOR)?;
    if status.is_none() && sale_minor.is_none() {
        return Err(Error::invalid("Give status, sale_amount_minor or both.").into());
    }
    let conversion = caller
        .write(move |store, act, account| {
            store.change_conversion(act, account, id, |body| {
                let catalog = store.catalog();
                let goal = catalog.goal(body.campaign, body.goal);
                body.decide(
                    status,
                    sale_minor,
                    goal.ok_or_else(|| Error::not_found("goal"))?,
                )
            })
        })
        .await?;
    let catalog = caller.catalog();
    let names = Names::of(&catalog, caller.account())?;
    Ok(found(&View::of(&conversion, &names)))
}

/// The filters of a list. An id that is not the account's is one that nobody has.
fn read_query(catalog: &Catalog, account: AccountId, query: &Query) -> Result<ConversionQuery> {
    let mine = catalog.accounts.get(&account);
    let mine = mine.ok_or_else(|| Error::not_found("account"))?;
    let (from, to) = instants(query, &mine.settings.timezone)?;
    let status = query.text("status").map(|text| {
        Status::parse(text).ok_or_else(|| Error::invalid(format!("status: {STATUS_WORDS}")))
    });
    Ok(ConversionQuery {
        from,
        to,
        campaign: campaign(catalog, account, query)?,
        publisher: publisher(catalog, account, query)?,
        goal: goal(catalog, account, query)?,
        status: status.transpose()?,
        cursor: cursor(query)?,
        limit: query.limit()?,
    })
}

fn campaign(catalog: &Catalog, account: AccountId, query: &Query) -> Result<Option<CampaignId>> {
    let Some(id) = query.id::<CampaignId>("campaign_id")? else {
        return Ok(None);
    };
    let campaign = catalog
        .campaigns
        .get(&id)
        .filter(|it| it.account == account);
    campaign
        .map(|it| Some(it.id))
        .ok_or_else(|| Error::not_found("campaign"))
}

fn publisher(catalog: &Catalog, account: AccountId, query: &Query) -> Result<Option<PublisherId>> {
    let Some(id) = query.text("publisher_id") else {
        return Ok(None);
    };
    let publisher = catalog.publisher(account, id);
    publisher
        .map(|it| Some(it.id))
        .ok_or_else(|| Error::not_found("publisher"))
}

fn goal(catalog: &Catalog, account: AccountId, query: &Query) -> Result<Option<GoalId>> {
    let Some(id) = query.id::<GoalId>("goal_id")? else {
        return Ok(None);
    };
    let mut campaigns = catalog
        .campaigns
        .values()
        .filter(|it| it.account == account);
    let known = campaigns.any(|it| it.settings.goals.iter().any(|goal| goal.id == id));
    known
        .then_some(Some(id))
        .ok_or_else(|| Error::not_found("goal"))
}

fn cursor(query: &Query) -> Result<Option<i64>> {
    let Some(text) = query.cursor::<String>()? else {
        return Ok(None);
    };
    decode_base32(&text, CURSOR_CHARS)
        .and_then(|seq| i64::try_from(seq).ok())
        .map(Some)
        .ok_or_else(|| Error::invalid("cursor: give the value of next as the last page had it."))
}
