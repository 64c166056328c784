//! Where a one-time link leads: a password is chosen, and the way on is to sign in. What
//! a link may do is decided in `access`.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;

use super::asset;
use super::calendar::Calendar;
use super::fault::Fault;
use super::form::Form;
use super::origin::require_private_way;
use super::page::{Answer, page, see_other};
use super::visit::{GuestForm, block};
use crate::access::member;
use crate::error::{Error, Kind};
use crate::model::invite::{Invite, Purpose};
use crate::web::state::App;

#[derive(Template)]
#[template(path = "join/form.html")]
struct JoinPage {
    token: String,
    email: String,
    is_new: bool,
    error: Option<String>,
}

impl JoinPage {
    fn of(invite: &Invite, token: &str) -> Self {
        JoinPage {
            token: token.to_owned(),
            email: invite.content.email.clone(),
            is_new: matches!(invite.content.purpose, Purpose::Join(_)),
            error: None,
        }
    }

    fn asset(&self, name: &str) -> String {
        asset::path(name)
    }
}

#[derive(Template)]
#[template(path = "join/closed.html")]
struct ClosedPage {
    /// When it will work, where it does not yet.
    opens: Option<String>,
}

impl ClosedPage {
    fn asset(&self, name: &str) -> String {
        asset::path(name)
    }
}

fn closed(opens: Option<String>) -> Answer {
    page(StatusCode::GONE, &ClosedPage { opens })
}

pub async fn show(app: web::Data<App>, request: HttpRequest) -> Answer {
    require_private_way(&request, &app)?;
    let query = Form::parse(request.query_string().as_bytes());
    let token = query.text("token").to_owned();
    let (server, secret, now) = (app.clone(), token.clone(), app.clock.now());
    match block(move || member::find(&server.store, &secret, now)).await? {
        Some(invite) if invite.is_open(now) => page(StatusCode::OK, &JoinPage::of(&invite, &token)),
        Some(invite) => closed(Some(Calendar::of("UTC").stamp(invite.content.opens_at))),
        None => closed(None),
    }
}

pub async fn accept(app: web::Data<App>, request: HttpRequest, form: GuestForm) -> Answer {
    require_private_way(&request, &app)?;
    let GuestForm(form) = form;
    let (server, now, filled) = (app.clone(), app.clock.now(), form.clone());
    let outcome = block(move || {
        let (secret, password) = (filled.text("token"), filled.exact("password"));
        if password != filled.exact("password_again") {
            return Err(Error::invalid("The two passwords differ."));
        }
        member::accept(&server.store, secret, password, now)
    });
    match outcome.await {
        Ok(Some(_)) => Ok(see_other("/signin?done=joined")),
        Ok(None) => closed(None),
        Err(Fault::Error(error)) if matches!(error.kind(), Kind::Invalid | Kind::Conflict) => {
            again(&app, &form, &error).await
        }
        Err(fault) => Err(fault),
    }
}

async fn again(app: &web::Data<App>, form: &Form, error: &Error) -> Answer {
    let token = form.text("token").to_owned();
    let (server, secret, now) = (app.clone(), token.clone(), app.clock.now());
    match block(move || member::find(&server.store, &secret, now)).await? {
        Some(invite) => {
            let mut shown = JoinPage::of(&invite, &token);
            shown.error = Some(error.message().to_owned());
            page(StatusCode::BAD_REQUEST, &shown)
        }
        None => closed(None),
    }
}
