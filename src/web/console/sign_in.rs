//! Signing in and out. Who may come in is decided in `access`; here are only the
//! forms, the cookies and where to go next.

use actix_web::cookie::Cookie;
use actix_web::http::StatusCode;
use actix_web::http::header::RETRY_AFTER;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::Console;
use super::alert::TEST_TIME;
use super::asset;
use super::confirm::{knock, wait};
use super::form::Form;
use super::origin::{place, require_private_way};
use super::page::{Answer, done, local_path, page, see_other};
use super::visit::{
    GuestForm, Posted, Visit, block, cookie, cookie_name, device_cookie, no_cookie,
};
use crate::access::sign_in::Outcome;
use crate::access::{device, session};
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::store::{SignInPlace, Store};
use crate::web::state::App;

#[derive(Template)]
#[template(path = "sign_in/form.html")]
struct SignInPage {
    email: String,
    next: String,
    error: Option<String>,
    /// What led here.
    done: Option<&'static str>,
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
            done: None,
            is_new: app.store.catalog().accounts.is_empty(),
            test_time: (!app.clock.is_real()).then_some(TEST_TIME),
        }
    }

    fn again(app: &App, form: &Form, error: &str) -> Self {
        SignInPage {
            email: form.text("email").to_owned(),
            error: Some(error.to_owned()),
            ..SignInPage::new(app, form.text("next"))
        }
    }

    fn asset(&self, name: &str) -> String {
        asset::path(name)
    }
}

/// Asks for the code of the second factor.
#[derive(Template)]
#[template(path = "sign_in/code.html")]
struct CodePage {
    /// Says that the password was right.
    step: String,
    next: String,
    error: Option<String>,
}

impl CodePage {
    fn asset(&self, name: &str) -> String {
        asset::path(name)
    }
}

pub async fn show(app: web::Data<App>, request: HttpRequest, visit: Option<Visit>) -> Answer {
    let query = Form::parse(request.query_string().as_bytes());
    let mut form = SignInPage::new(&app, query.text("next"));
    form.done = done(query.text("done"));
    if visit.is_some() {
        return Ok(see_other(&form.next));
    }
    require_private_way(&request, &app)?;
    page(StatusCode::OK, &form)
}

/// What an attempt led to.
enum Entered {
    In(Box<Pass>),
    Not(Outcome),
}

/// What a browser is given that has signed in.
struct Pass {
    session: String,
    device: String,
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
    let (knock, now, server) = (knock(&request, &app), app.clock.now(), app.clone());
    let (place, old) = (place(&request, &app), old_session(&request, &app));
    let door = console.clone();
    let entered = block(move || {
        let store = &server.store;
        let outcome = console
            .door
            .sign_in(store, &email, &password, &knock, now)?;
        admit(store, outcome, place, old, now)
    });
    match entered.await? {
        Entered::In(pass) => let_in(&app, *pass, form.text("next")),
        Entered::Not(Outcome::Code(step)) => code_page(StatusCode::OK, step, &form, None),
        Entered::Not(Outcome::Wait(seconds)) => {
            let again = SignInPage::again(&app, &form, &wait(seconds));
            waiting(page(StatusCode::TOO_MANY_REQUESTS, &again)?, seconds)
        }
        Entered::Not(_) => {
            record_refused(&app, door);
            let sentence = "E-mail address and password do not match.";
            let again = SignInPage::again(&app, &form, sentence);
            page(StatusCode::UNAUTHORIZED, &again)
        }
    }
}

/// The code of the second factor, after the password.
pub async fn enter_code(
    app: web::Data<App>,
    console: web::Data<Console>,
    request: HttpRequest,
    form: GuestForm,
) -> Answer {
    require_private_way(&request, &app)?;
    let GuestForm(form) = form;
    let (step, code) = (form.text("step").to_owned(), form.text("code").to_owned());
    let (knock, now, server) = (knock(&request, &app), app.clock.now(), app.clone());
    let (place, old) = (place(&request, &app), old_session(&request, &app));
    let (kept, door) = (step.clone(), console.clone());
    let entered = block(move || {
        let store = &server.store;
        let outcome = console.door.finish(store, &step, &code, &knock, now)?;
        admit(store, outcome, place, old, now)
    });
    match entered.await? {
        Entered::In(pass) => let_in(&app, *pass, form.text("next")),
        Entered::Not(Outcome::Refused) => {
            record_refused(&app, door);
            let sentence = "This code does not fit, or was used already. Wait for the next one.";
            code_page(
                StatusCode::UNAUTHORIZED,
                kept,
                &form,
                Some(sentence.to_owned()),
            )
        }
        Entered::Not(Outcome::Wait(seconds)) => {
            let status = StatusCode::TOO_MANY_REQUESTS;
            waiting(
                code_page(status, kept, &form, Some(wait(seconds)))?,
                seconds,
            )
        }
        Entered::Not(_) => {
            let sentence = "That took too long. Please type your password again.";
            let again = SignInPage::again(&app, &form, sentence);
            page(StatusCode::UNAUTHORIZED, &again)
        }
    }
}

/// Lets the audit have what was refused, while the answer goes out: it is the same for
/// members and strangers.
fn record_refused(app: &web::Data<App>, console: web::Data<Console>) {
    let app = app.clone();
    actix_web::rt::spawn(async move {
        let written = block(move || console.door.record_refused(&app.store, &app.refusals));
        if written.await.is_err() {
            tracing::error!("a refused sign-in has no entry in the audit");
        }
    });
}

/// Opens a session for whom the door has let in, in place of the browser's old one.
fn admit(
    store: &Store,
    outcome: Outcome,
    place: SignInPlace,
    old: Option<String>,
    now: Timestamp,
) -> Result<Entered> {
    let Outcome::Welcome(member) = outcome else {
        return Ok(Entered::Not(outcome));
    };
    if let Some(old) = old {
        session::close(store, &old, member.id, now)?;
    }
    Ok(Entered::In(Box::new(Pass {
        session: session::open(store, &member, place, now)?,
        device: device::remember(store.keys(), &member.profile.email),
    })))
}

fn old_session(request: &HttpRequest, app: &App) -> Option<String> {
    let cookie = request.cookie(cookie_name(app))?;
    Some(cookie.value().to_owned())
}

fn code_page(status: StatusCode, step: String, form: &Form, error: Option<String>) -> Answer {
    let next = local_path(form.text("next")).to_owned();
    page(status, &CodePage { step, next, error })
}

fn waiting(mut response: HttpResponse, seconds: u32) -> Answer {
    response.headers_mut().insert(RETRY_AFTER, seconds.into());
    Ok(response)
}

fn let_in(app: &App, pass: Pass, next: &str) -> Answer {
    let mut response = welcome(app, pass.session, local_path(next))?;
    add_cookie(&mut response, &device_cookie(app, pass.device))?;
    Ok(response)
}

/// Sends a member who has just proved who they are on, with the session's cookie.
pub fn welcome(app: &App, secret: String, next: &str) -> Answer {
    let mut response = see_other(next);
    add_cookie(&mut response, &cookie(app, secret))?;
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

pub fn add_cookie(response: &mut HttpResponse, cookie: &Cookie<'_>) -> Result<()> {
    response
        .add_cookie(cookie)
        .map_err(|_| Error::internal("The session's cookie could not be written."))
}
