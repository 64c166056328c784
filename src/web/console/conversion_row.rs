//! One conversion as lists show it, in plain words. Pure; no store and no HTTP.

use super::calendar::Calendar;
use super::wording;
use crate::model::catalog::Catalog;
use crate::model::conversion::{Conversion, Status};
use crate::model::money::Currency;
use crate::model::reason::Note;

pub struct Row {
    pub id: String,
    pub at: String,
    pub campaign: String,
    pub goal: String,
    /// None: credited to nobody.
    pub publisher: Option<String>,
    pub credit: &'static str,
    pub status: &'static str,
    pub tone: &'static str,
    /// The shop's own number, where it was kept.
    pub order: Option<String>,
    pub sale: String,
    /// As the shop sent it, where that was another currency.
    pub original: Option<String>,
    pub revenue: String,
    pub payout: String,
    /// The currency whose exchange rate is missing.
    pub needs_rate: Option<&'static str>,
    pub notes: Vec<&'static str>,
    pub can_approve: bool,
    pub can_reject: bool,
}

impl Row {
    pub fn of(
        conversion: &Conversion,
        catalog: &Catalog,
        calendar: &Calendar,
        currency: Currency,
    ) -> Self {
        let body = &conversion.body;
        let campaign = catalog.campaigns.get(&body.campaign);
        let publisher = body.publisher.and_then(|id| catalog.publishers.get(&id));
        let amounts = body.amounts;
        let amount = |minor: Option<i64>| match minor {
            Some(minor) => wording::amount(currency, minor),
            None => "–".to_owned(),
        };
        // What is lost earns nothing, whatever it would have been worth.
        let is_lost = matches!(body.status, Status::Rejected | Status::Cancelled);
        let earned = |minor: i64| if is_lost { 0 } else { minor };
        let needs_rate = amounts.is_none().then_some(body.currency.code());
        Row {
            id: conversion.id.to_string(),
            at: calendar.kept(body.at),
            campaign: campaign.map_or_else(String::new, |campaign| campaign.settings.name.clone()),
            goal: catalog
                .goal(body.campaign, body.goal)
                .map_or_else(String::new, |goal| goal.name.clone()),
            publisher: publisher.map(|publisher| publisher.settings.name.clone()),
            credit: wording::credit(body.credit),
            status: match needs_rate {
                Some(_) if body.status == Status::Pending => "Needs exchange rate",
                _ => wording::status(body.status),
            },
            tone: wording::tone(body.status),
            order: body
                .txn
                .as_ref()
                .filter(|_| !catalog.hides(body))
                .map(|txn| txn.reveal().clone()),
            sale: amount(amounts.map(|amounts| amounts.sale_minor)),
            original: (body.currency != currency)
                .then(|| wording::money(body.currency, body.original_minor)),
            revenue: amount(amounts.map(|amounts| earned(amounts.revenue_minor))),
            payout: amount(amounts.map(|amounts| earned(amounts.payout_minor))),
            notes: body
                .notes
                .iter()
                .filter(|&note| note != Note::RateMissing)
                .map(Note::meaning)
                .collect(),
            can_approve: body.status != Status::Approved && needs_rate.is_none(),
            can_reject: !is_lost,
            needs_rate,
        }
    }
}
