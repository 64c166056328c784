//! API tokens: `{scope, expires?}` in, the secret out, shown this once; the list says
//! what each may do, until when, and on which day it was used last.

use actix_web::{HttpRequest, web};
use serde::Serialize;

use super::caller::{Answer, Caller, created, found, gone};
use super::period::instant;
use super::query::{Query, page};
use crate::access::api_token::{self, Maker};
use crate::clock::{DAY_MS, Timestamp};
use crate::model::id::TokenId;
use crate::model::role::Scope;
use crate::store::TokenLine;

#[derive(Serialize)]
struct View {
    id: TokenId,
    scope: Scope,
    created_at: String,
    expires_at: Option<String>,
    /// UTC day of the last use.
    used_on: Option<String>,
}

impl View {
    fn of(token: &TokenLine) -> Self {
        let day = |day: u32| {
            let at = Timestamp::from_millis(i64::from(day) * DAY_MS);
            instant(at).chars().take(10).collect()
        };
        View {
            id: token.id,
            scope: token.scope,
            created_at: instant(token.created_at),
            expires_at: token.expires_at.map(instant),
            used_on: token.used_day.map(day),
        }
    }
}

#[derive(Serialize)]
struct MadeView {
    id: TokenId,
    token: String,
    scope: Scope,
    expires_at: Option<String>,
}

pub async fn list(caller: Caller, request: HttpRequest) -> Answer {
    let query = Query::of(&request);
    let (after, limit) = (query.cursor::<TokenId>()?, query.limit()?);
    let tokens = caller
        .read(|app, account| app.store.tokens(account))
        .await?;
    let views = tokens.iter().map(View::of).collect();
    Ok(found(&page(views, |view| view.id, after, limit)))
}

pub async fn create(caller: Caller, payload: web::Payload) -> Answer {
    let fields = caller.body(payload).await?;
    let scope = fields.text("scope")?;
    let scope = scope.map(|word| fields.named("scope", Scope::parse(&word)));
    let scope = fields.required("scope", scope.transpose()?)?;
    let expires_at = fields
        .text("expires")?
        .map(|day| fields.named("expires", api_token::parse_last_day(&day)))
        .transpose()?;
    let maker = Maker::Token(caller.token());
    let made = caller
        .write(move |store, act, account| {
            api_token::create(store, act, account, maker, scope, expires_at)
        })
        .await?;
    let place = format!("/api/v1/tokens/{}", made.id);
    let view = MadeView {
        id: made.id,
        token: made.secret,
        scope,
        expires_at: expires_at.map(instant),
    };
    Ok(created(&place, &view))
}

pub async fn revoke(caller: Caller, id: web::Path<String>) -> Answer {
    let id: TokenId = id.parse()?;
    caller
        .write(move |store, act, account| store.revoke_token(act, account, id))
        .await?;
    Ok(gone())
}
