//! Support: an owner lets the operator look into the account, and ends it again. Also
//! where members say that they have seen what was done at the shell.

use actix_web::http::StatusCode;
use askama::Template;

use super::form::Form;
use super::page::{Answer, Frame, Room, page, see_other};
use super::visit::{Posted, Visit};
use crate::error::{Error, Result};
use crate::model::action::Action;
use crate::model::grant::{GrantContent, HOURS_MAX, parse_hours, parse_reason, parse_scope};
use crate::model::role::GrantScope;

struct Given {
    until: String,
    reason: String,
    scope: &'static str,
}

#[derive(Template)]
#[template(path = "support/page.html")]
struct SupportPage {
    frame: Frame,
    given: Option<Given>,
    may_give: bool,
    hours_max: i64,
    hours: String,
    reason: String,
    shows_details: bool,
    error: Option<String>,
}

fn scope_name(scope: GrantScope) -> &'static str {
    match scope {
        GrantScope::Figures => "figures and settings",
        GrantScope::Details => "figures, settings and single conversions",
    }
}

async fn shown(visit: &Visit, form: &Form, error: Option<&Error>) -> Answer {
    let now = visit.now();
    let grant = visit
        .read(move |app, account| app.store.grant(account, now))
        .await?;
    let calendar = visit.calendar();
    let status = match error {
        Some(_) => StatusCode::BAD_REQUEST,
        None => StatusCode::OK,
    };
    page(
        status,
        &SupportPage {
            frame: visit.frame(Room::Support, "Support"),
            given: grant.map(|grant| Given {
                until: calendar.stamp(grant.expires_at),
                reason: grant.content.reason,
                scope: scope_name(grant.content.scope),
            }),
            may_give: visit.may(Action::GiveGrant),
            hours_max: HOURS_MAX,
            hours: match form.text("hours") {
                "" => "24".to_owned(),
                text => text.to_owned(),
            },
            reason: form.text("reason").to_owned(),
            shows_details: form.text("scope") == "details",
            error: error.map(|error| error.message().to_owned()),
        },
    )
}

pub async fn show(visit: Visit) -> Answer {
    shown(&visit, &Form::default(), None).await
}

fn typed(form: &Form) -> Result<(GrantScope, String, i64)> {
    Ok((
        parse_scope(form.text("scope"))?,
        parse_reason(form.text("reason"))?,
        parse_hours(form.text("hours"))?,
    ))
}

pub async fn give(posted: Posted) -> Answer {
    let Posted { visit, form } = posted;
    let (scope, reason, length_ms) = match typed(&form) {
        Ok(typed) => typed,
        Err(error) => return shown(&visit, &form, Some(&error)).await,
    };
    let content = GrantContent {
        scope,
        reason,
        given_by: visit.member.id,
        given_at: visit.now(),
    };
    let expires_at = visit.now().plus_ms(length_ms);
    visit
        .write(move |store, act, account| store.give_grant(act, account, &content, expires_at))
        .await?;
    Ok(see_other("/support?done=granted"))
}

pub async fn revoke(posted: Posted) -> Answer {
    let write = posted
        .visit
        .write(|store, act, account| store.revoke_grant(act, account));
    write.await?;
    Ok(see_other("/support?done=revoked"))
}

/// A member has seen what was done at the shell.
pub async fn acknowledge(posted: Posted) -> Answer {
    let visit = posted.visit;
    if let Some(latest) = visit.latest_told() {
        let member = visit.member.id;
        visit
            .write(move |store, act, account| {
                store.update_member(act, account, member, |profile| {
                    profile.acknowledged = profile.acknowledged.max(latest);
                    Ok(())
                })
            })
            .await?;
    }
    Ok(see_other("/?done=seen"))
}
