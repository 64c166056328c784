//! The operator's room: how the server is doing; accounts from outside, that is labels,
//! states, dates and volumes; new ones for owners who are invited by link; and the way
//! into an account whose owner lets support in. Nothing of an account's content.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::web;
use askama::Template;

use super::calendar::{Calendar, parse_day};
use super::fault::Fault;
use super::form::Form;
use super::operator_health::Health;
use super::page::{Answer, Frame, Room, page, see_other};
use super::set_up::timezones;
use super::visit::{Posted, Visit};
use super::wording;
use crate::access::member::join_link;
use crate::clock::Timestamp;
use crate::crypto::token;
use crate::error::{Error, Kind, Result};
use crate::model::account::{AccountSettings, parse_name, parse_timezone};
use crate::model::action::{Act, Action};
use crate::model::id::AccountId;
use crate::model::instance::Way;
use crate::model::role::Role;
use crate::store::HostedAccount;

struct Row {
    id: AccountId,
    label: String,
    state: &'static str,
    expires: Option<String>,
    /// That day has passed, and it goes on because nobody there was told.
    waits: bool,
    members: u64,
    bytes: String,
    /// Until when support may go in, where an owner lets them.
    grant: Option<(String, String)>,
}

#[derive(Template)]
#[template(path = "operator/page.html")]
struct OperatorPage {
    frame: Frame,
    /// For whom the server is run, in a sentence.
    way: &'static str,
    /// Whether accounts are made here for others.
    hosts: bool,
    health: Health,
    rows: Vec<Row>,
    label: String,
    email: String,
    timezone: String,
    timezones: Vec<String>,
    currency: String,
    expires: String,
    link: Option<String>,
    error: Option<String>,
    is_recoverable: bool,
}

async fn shown(visit: &Visit, form: &Form, link: Option<String>, error: Option<&Error>) -> Answer {
    let now = visit.now();
    let found = visit.read(move |app, _| {
        Ok((
            app.store.volumes()?,
            app.store.grants(now)?,
            app.store.instance_settings()?.way,
            Health::read(app)?,
        ))
    });
    let (mut volumes, grants, way, health) = found.await?;
    let (catalog, calendar) = (visit.catalog(), visit.calendar());
    let mut rows: Vec<Row> = Vec::new();
    for account in catalog.accounts.values() {
        let volume = volumes.remove(&account.id).unwrap_or_default();
        let grant = grants.iter().find(|grant| grant.account == account.id);
        rows.push(Row {
            id: account.id,
            label: volume.label.unwrap_or_default(),
            state: account.state_at(now).word(),
            expires: account.expires_at.map(|at| calendar.stamp(at)),
            waits: account.waits_at(now),
            members: volume.members,
            bytes: wording::bytes(volume.bytes),
            grant: grant.map(|grant| {
                (
                    calendar.stamp(grant.expires_at),
                    grant.content.reason.clone(),
                )
            }),
        });
    }
    rows.sort_by_key(|row| (row.label.to_lowercase(), row.id));
    let or = |name: &str, default: &str| match form.text(name) {
        "" => default.to_owned(),
        text => text.to_owned(),
    };
    let status = match error {
        Some(_) => StatusCode::BAD_REQUEST,
        None => StatusCode::OK,
    };
    page(
        status,
        &OperatorPage {
            is_recoverable: visit.is_recoverable(),
            frame: visit.frame(Room::Instance, "This server"),
            way: way.sentence(),
            hosts: way == Way::Hosting,
            health,
            rows,
            label: or("label", ""),
            email: or("email", ""),
            timezone: or("timezone", "UTC"),
            timezones: timezones(),
            currency: or("currency", "EUR"),
            expires: or("expires", ""),
            link,
            error: error.map(|error| error.message().to_owned()),
        },
    )
}

pub async fn show(visit: Visit) -> Answer {
    shown(&visit, &Form::default(), None, None).await
}

/// The end of the last day on which an account collects, where one was typed.
pub fn last_day(form: &Form, timezone: &str) -> Result<Option<Timestamp>> {
    let wrong = || Error::invalid("The last day is written as 2027-12-31, or left empty.");
    match form.text("expires") {
        "" => Ok(None),
        text => {
            let day = parse_day(text).ok_or_else(wrong)?;
            let end = Calendar::of(timezone).end(day);
            Ok(Some(end.ok_or_else(wrong)?))
        }
    }
}

/// What is typed of a new account, but for its owner.
fn typed(form: &Form) -> Result<(String, AccountSettings, Option<Timestamp>)> {
    let label = parse_name("The account", form.text("label"))?;
    let timezone = parse_timezone(form.text("timezone"))?;
    let expires_at = last_day(form, &timezone)?;
    let settings = AccountSettings {
        name: label.clone(),
        timezone,
        currency: form.text("currency").parse()?,
        acquisition: false,
        security_token_hash: None,
        require_second_factor: false,
        shared_token_clicks: 0,
        privacy: Default::default(),
        rates: BTreeMap::new(),
    };
    Ok((label, settings, expires_at))
}

/// Makes an account and the link by which its owner joins.
pub async fn create(posted: Posted) -> Answer {
    let Posted { visit, form } = posted;
    let (label, settings, expires_at) = match typed(&form) {
        Ok(typed) => typed,
        Err(error) => return shown(&visit, &form, None, Some(&error)).await,
    };
    let email = form.text("email").to_owned();
    let made = visit
        .write(move |store, act, _| {
            if store.instance_settings()?.way != Way::Hosting {
                return Err(Error::new(
                    Kind::Conflict,
                    "This server is run for one business. To host others, say so first under \
                     Change.",
                ));
            }
            let (invite, address) = join_link(store, &email, Role::Owner, act.actor, act.at)?;
            let new = HostedAccount {
                settings,
                expires_at,
                label,
                invite,
            };
            store.create_hosted_account(act, new)?;
            Ok(address)
        })
        .await;
    match made {
        Ok(link) => shown(&visit, &Form::default(), Some(link), None).await,
        Err(Fault::Error(error)) if matches!(error.kind(), Kind::Invalid | Kind::Conflict) => {
            shown(&visit, &form, None, Some(&error)).await
        }
        Err(fault) => Err(fault),
    }
}

/// Goes into an account whose owner lets support in.
pub async fn enter(posted: Posted, id: web::Path<String>) -> Answer {
    let visit = posted.visit;
    let account: AccountId = id.parse()?;
    let session = token::hash(visit.secret());
    visit
        .write(move |store, act, _| store.enter_account(act, &session, account))
        .await?;
    Ok(see_other("/"))
}

/// Comes out of the account again; its own log has it.
pub async fn leave(posted: Posted) -> Answer {
    let visit = posted.visit;
    let session = token::hash(visit.secret());
    visit
        .write(move |store, act, _| {
            if let Some(grant) = store.entered_grant(&session, act.at)? {
                let act = Act::new(act.actor, Action::LeaveAccount, act.at);
                store.leave_account(act, &session, grant.account)?;
            }
            Ok(())
        })
        .await?;
    Ok(see_other("/operator?done=left"))
}
