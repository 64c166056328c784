//! Publishers: `{name, coupon_codes?, reward?}` in, `{id, ...}` out.

use actix_web::{HttpRequest, web};
use serde::Serialize;

use super::caller::{Answer, Caller, created, found};
use super::fields::Fields;
use super::query::{Query, page};
use crate::error::{Error, Result};
use crate::model::account::{Publisher, PublisherSettings, parse_coupon, parse_name};
use crate::model::catalog::Catalog;
use crate::model::id::{AccountId, PublisherId};

/// Coupon codes of one publisher at most.
const COUPONS_MAX: usize = 200;

/// As lists and answers show it.
#[derive(Serialize)]
pub struct View<'a> {
    id: PublisherId,
    name: &'a str,
    coupon_codes: &'a [String],
    reward: bool,
}

impl<'a> View<'a> {
    fn of(publisher: &'a Publisher) -> Self {
        View {
            id: publisher.id,
            name: &publisher.settings.name,
            coupon_codes: &publisher.settings.coupon_codes,
            reward: publisher.settings.reward,
        }
    }
}

/// All publishers of an account, by id.
pub fn all(catalog: &Catalog, account: AccountId) -> Vec<View<'_>> {
    let all = catalog.publishers.values();
    let mine = all.filter(|publisher| publisher.account == account);
    let mut views: Vec<View<'_>> = mine.map(|publisher| View::of(publisher)).collect();
    views.sort_by_key(|view| view.id);
    views
}

pub async fn list(caller: Caller, request: HttpRequest) -> Answer {
    let query = Query::of(&request);
    let (after, limit) = (query.cursor::<PublisherId>()?, query.limit()?);
    let catalog = caller.catalog();
    let views = all(&catalog, caller.account());
    Ok(found(&page(views, |view| view.id, after, limit)))
}

pub async fn read(caller: Caller, id: web::Path<String>) -> Answer {
    let catalog = caller.catalog();
    let publisher = catalog.publisher(caller.account(), &id);
    let publisher = publisher.ok_or_else(|| Error::not_found("publisher"))?;
    Ok(found(&View::of(publisher)))
}

pub async fn create(caller: Caller, payload: web::Payload) -> Answer {
    let fields = caller.body(payload).await?;
    let settings = PublisherSettings {
        name: fields.required("name", name(&fields)?)?,
        coupon_codes: coupon_codes(&fields)?.unwrap_or_default(),
        reward: fields.flag("reward")?.unwrap_or_default(),
    };
    let publisher = caller
        .write(move |store, act, account| store.create_publisher(act, account, settings))
        .await?;
    let place = format!("/api/v1/publishers/{}", publisher.id);
    Ok(created(&place, &View::of(&publisher)))
}

pub async fn update(caller: Caller, id: web::Path<String>, payload: web::Payload) -> Answer {
    let id: PublisherId = id.parse()?;
    let fields = caller.body(payload).await?;
    let (name, coupon_codes) = (name(&fields)?, coupon_codes(&fields)?);
    let reward = fields.flag("reward")?;
    let publisher = caller
        .write(move |store, act, account| {
            store.update_publisher(act, account, id, |settings| {
                if let Some(name) = name {
                    settings.name = name;
                }
                if let Some(coupon_codes) = coupon_codes {
                    settings.coupon_codes = coupon_codes;
                }
                settings.reward = reward.unwrap_or(settings.reward);
                Ok(())
            })
        })
        .await?;
    Ok(found(&View::of(&publisher)))
}

fn name(fields: &Fields) -> Result<Option<String>> {
    let name = fields.text("name")?;
    name.map(|name| parse_name("name", &name)).transpose()
}

fn coupon_codes(fields: &Fields) -> Result<Option<Vec<String>>> {
    let Some(texts) = fields.texts("coupon_codes", COUPONS_MAX)? else {
        return Ok(None);
    };
    let mut codes = Vec::new();
    for text in &texts {
        let code = fields.named("coupon_codes", parse_coupon(text))?;
        if !codes.contains(&code) {
            codes.push(code);
        }
    }
    Ok(Some(codes))
}
