//! A conversion as the API shows it. Its order number and sub-ids are the
//! account's own and go to the account alone; nothing of it is logged.

use std::collections::BTreeMap;

use serde::Serialize;

use super::period::instant;
use crate::error::{Error, Result};
use crate::model::catalog::Catalog;
use crate::model::conversion::{Conversion, Credit};
use crate::model::id::{AccountId, CampaignId, GoalId, PublisherId};
use crate::model::money::Currency;
use crate::model::personal::Personal;

/// Where the names beside ids come from.
pub struct Names<'a> {
    catalog: &'a Catalog,
    currency: Currency,
}

impl<'a> Names<'a> {
    pub fn of(catalog: &'a Catalog, account: AccountId) -> Result<Self> {
        let account = catalog.accounts.get(&account);
        let account = account.ok_or_else(|| Error::not_found("account"))?;
        Ok(Names {
            catalog,
            currency: account.settings.currency,
        })
    }
}

#[derive(Serialize)]
struct Named<'a, I> {
    id: I,
    name: &'a str,
}

/// Money is in minor units; an amount that waits for a rate is 0 and noted so.
#[derive(Serialize)]
pub struct View<'a> {
    id: String,
    at: String,
    status: &'static str,
    campaign: Named<'a, CampaignId>,
    publisher: Option<Named<'a, PublisherId>>,
    goal: Named<'a, GoalId>,
    sale_amount_minor: i64,
    revenue_minor: i64,
    payout_minor: i64,
    currency: Currency,
    original_amount_minor: i64,
    original_currency: Currency,
    credit: &'static str,
    /// A ledger line: the person behind it was erased.
    erased: bool,
    txn_id: Option<&'a str>,
    subs: BTreeMap<String, &'a str>,
    notes: Vec<&'static str>,
}

impl<'a> View<'a> {
    pub fn of(conversion: &'a Conversion, names: &Names<'a>) -> Self {
        let body = &conversion.body;
        let amounts = body.amounts.unwrap_or_default();
        let campaign = names.catalog.campaigns.get(&body.campaign);
        let goal = names.catalog.goal(body.campaign, body.goal);
        let is_restricted = names.catalog.hides(body);
        let shown = |text: Option<&'a Personal<String>>| {
            let text = text.filter(|_| !is_restricted)?;
            Some(text.reveal().as_str())
        };
        View {
            id: conversion.id.to_string(),
            at: instant(body.at),
            status: body.status.word(),
            campaign: Named {
                id: body.campaign,
                name: campaign.map_or("", |it| &it.settings.name),
            },
            publisher: body.publisher.map(|id| Named {
                id,
                name: names
                    .catalog
                    .publishers
                    .get(&id)
                    .map_or("", |it| &it.settings.name),
            }),
            goal: Named {
                id: body.goal,
                name: goal.map_or("", |goal| &goal.name),
            },
            sale_amount_minor: amounts.sale_minor,
            revenue_minor: amounts.revenue_minor,
            payout_minor: amounts.payout_minor,
            currency: names.currency,
            original_amount_minor: body.original_minor,
            original_currency: body.currency,
            credit: body.credit.word(),
            erased: body.credit == Credit::Erased,
            txn_id: shown(body.txn.as_ref()),
            subs: body
                .subs
                .iter()
                .filter(|_| !is_restricted)
                .map(|(index, value)| (format!("sub{}", index + 1), value.reveal().as_str()))
                .collect(),
            notes: body.notes.iter().map(|note| note.word()).collect(),
        }
    }
}
