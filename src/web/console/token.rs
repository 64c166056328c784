//! API tokens: what each may do, until when and when it was used last; new ones, whose
//! secret is shown once; and their end.

use actix_web::http::StatusCode;
use actix_web::web;
use askama::Template;

use super::fault::Fault;
use super::form::Form;
use super::page::{Answer, Frame, Room, page, see_other};
use super::snippet::Choice;
use super::visit::{Posted, Visit};
use crate::access::api_token::{self, Made, Maker};
use crate::clock::{DAY_MS, Timestamp};
use crate::error::{Error, Kind, Result};
use crate::model::action::Action;
use crate::model::id::TokenId;
use crate::model::role::Scope;
use crate::store::TokenLine;

struct Row {
    id: TokenId,
    scope: &'static str,
    created: String,
    expires: Option<String>,
    is_over: bool,
    used: Option<String>,
}

#[derive(Template)]
#[template(path = "token/page.html")]
struct TokenPage {
    frame: Frame,
    rows: Vec<Row>,
    scopes: Vec<Choice>,
    expires: String,
    may_create: bool,
    secret: Option<String>,
    error: Option<String>,
}

/// What a token of this scope may do.
fn meaning(scope: Scope) -> &'static str {
    match scope {
        Scope::Read => "Read: figures, conversions and settings",
        Scope::Write => "Write: the same, and changes them",
        Scope::Admin => "Admin: the same, and sees to members and tokens",
    }
}

fn row(visit: &Visit, token: &TokenLine) -> Row {
    let calendar = visit.calendar();
    let day = |day: u32| {
        let at = Timestamp::from_millis(i64::from(day) * DAY_MS);
        super::calendar::Calendar::of("UTC").day(at).to_string()
    };
    Row {
        id: token.id,
        scope: token.scope.word(),
        created: calendar.stamp(token.created_at),
        expires: token.expires_at.map(|at| calendar.stamp(at)),
        is_over: token.expires_at.is_some_and(|at| at <= visit.now()),
        used: token.used_day.map(day),
    }
}

async fn shown(
    visit: &Visit,
    form: &Form,
    secret: Option<String>,
    error: Option<&Error>,
) -> Answer {
    let tokens = visit.read(|app, account| app.store.tokens(account)).await?;
    let chosen = match form.text("scope") {
        "" => Scope::Read.word(),
        word => word,
    };
    let choice = |scope: Scope| Choice {
        id: scope.word().to_owned(),
        name: meaning(scope).to_owned(),
        is_chosen: scope.word() == chosen,
    };
    let status = match error {
        Some(_) => StatusCode::BAD_REQUEST,
        None => StatusCode::OK,
    };
    page(
        status,
        &TokenPage {
            frame: visit.frame(Room::Tokens, "API tokens"),
            rows: tokens.iter().map(|token| row(visit, token)).collect(),
            scopes: Scope::ALL.map(choice).into(),
            expires: form.text("expires").to_owned(),
            may_create: visit.may(Action::CreateToken),
            secret,
            error: error.map(|error| error.message().to_owned()),
        },
    )
}

pub async fn list(visit: Visit) -> Answer {
    shown(&visit, &Form::default(), None, None).await
}

fn typed(form: &Form) -> Result<(Scope, Option<Timestamp>)> {
    let expires_at = match form.text("expires") {
        "" => None,
        day => Some(api_token::parse_last_day(day)?),
    };
    Ok((Scope::parse(form.text("scope"))?, expires_at))
}

pub async fn create(posted: Posted) -> Answer {
    let Posted { visit, form } = posted;
    let (scope, expires_at) = match typed(&form) {
        Ok(typed) => typed,
        Err(error) => return shown(&visit, &form, None, Some(&error)).await,
    };
    let made = visit.write(move |store, act, account| {
        api_token::create(store, act, account, Maker::Person, scope, expires_at)
    });
    match made.await {
        Ok(Made { secret, .. }) => shown(&visit, &Form::default(), Some(secret), None).await,
        Err(Fault::Error(error)) if error.kind() == Kind::Invalid => {
            shown(&visit, &form, None, Some(&error)).await
        }
        Err(fault) => Err(fault),
    }
}

pub async fn revoke(posted: Posted, id: web::Path<String>) -> Answer {
    let id: TokenId = id.parse()?;
    posted
        .visit
        .write(move |store, act, account| store.revoke_token(act, account, id))
        .await?;
    Ok(see_other("/tokens?done=token"))
}
