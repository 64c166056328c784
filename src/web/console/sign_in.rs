//! Signing in and out. Who may come in is decided in `access`; here are only the
//! form, the cookie and where to go next.

use actix_web::http::StatusCode;
use actix_web::http::header::RETRY_AFTER;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::Console;
use super::alert::TEST_TIME;
use super::asset;
use super::form::Form;
use super::origin::{client, require_private_way};
use super::page::{Answer, local_path, page, see_other};
use super::visit::{GuestForm, Posted, Visit, block, cookie, no_cookie};
use crate::access::session;
use crate::access::sign_in::Outcome;
use crate::web::state::App;

#[derive(Template)]
#[template(path = "sign_in/form.html")]
struct SignInPage {
    email: String,
    next: String,
    error: Option<String>,
    /// Nobody can sign in yet.
    is_new: bool,
    /// Where time is a test's.
    test_time: Option<&'static str>,
}

impl SignInPage {
    fn new(app: &App, next: &str) -> Self {
        SignInPage {
            email: String::new(),
            next: local_path(next).to_owned(),
            error: None,
            is_new: app.store.catalog().accounts.is_empty(),
            test_time: (!app.clock.is_real()).then_some(TEST_TIME),
        }
    }

    fn asset(&self, name: &str) -> String {
        asset::path(name)
    }
}

pub async fn show(app: web::Data<App>, request: HttpRequest, visit: Option<Visit>) -> Answer {
    let query = Form::parse(request.query_string().as_bytes());
    let form = SignInPage::new(&app, query.text("next"));
    if visit.is_some() {
        return Ok(see_other(&form.next));
    }
    require_private_way(&request, &app)?;
    page(StatusCode::OK, &form)
}

pub async fn enter(
    app: web::Data<App>,
    console: web::Data<Console>,
    request: HttpRequest,
    form: GuestForm,
) -> Answer {
    require_private_way(&request, &app)?;
    let GuestForm(form) = form;
    let (email, password) = (
        form.text("email").to_owned(),
        form.exact("password").to_owned(),
    );
    let (from, now, server) = (client(&request), app.clock.now(), app.clone());
    let outcome = block(move || {
        let store = &server.store;
        match console.door.sign_in(store, &email, &password, from, now)? {
            Outcome::Welcome(member) => Ok(Ok(session::open(store, member.id, now)?)),
            Outcome::Refused => Ok(Err(0)),
            Outcome::Wait(seconds) => Ok(Err(seconds)),
        }
    });
    match outcome.await? {
        Ok(secret) => welcome(&app, secret, local_path(form.text("next"))),
        Err(wait) => refuse(&app, &form, wait),
    }
}

/// Sends a member who has just proved who they are on, with the session's cookie.
pub fn welcome(app: &App, secret: String, next: &str) -> Answer {
    let mut response = see_other(next);
    add_cookie(&mut response, &cookie(app, secret))?;
    Ok(response)
}

fn refuse(app: &App, form: &Form, wait: u32) -> Answer {
    let mut again = SignInPage::new(app, form.text("next"));
    again.email = form.text("email").to_owned();
    if wait == 0 {
        again.error = Some("E-mail address and password do not match.".to_owned());
        return page(StatusCode::UNAUTHORIZED, &again);
    }
    let unit = if wait == 1 { "second" } else { "seconds" };
    again.error = Some(format!(
        "Too many attempts. Please wait {wait} {unit} and try again."
    ));
    let mut response = page(StatusCode::TOO_MANY_REQUESTS, &again)?;
    response.headers_mut().insert(RETRY_AFTER, wait.into());
    Ok(response)
}

pub async fn leave(posted: Posted) -> Answer {
    let visit = posted.visit;
    let (secret, now) = (visit.secret().to_owned(), visit.now());
    let member = visit.member.id;
    visit
        .write(move |store, _, _| session::close(store, &secret, member, now))
        .await?;
    let mut response = see_other("/signin");
    add_cookie(&mut response, &no_cookie(visit.app()))?;
    Ok(response)
}

fn add_cookie(
    response: &mut HttpResponse,
    cookie: &actix_web::cookie::Cookie<'_>,
) -> crate::error::Result<()> {
    response
        .add_cookie(cookie)
        .map_err(|_| crate::error::Error::internal("The session's cookie could not be written."))
}
