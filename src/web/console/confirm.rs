//! The password once more, before something sensitive is done: the one place where that
//! is asked for. A page is shown again afterwards, a form goes on where it was stopped.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use askama::Template;

use super::Console;
use super::asset;
use super::fault::Fault;
use super::form::Form;

use super::page::{Answer, local_path, page, see_other};
use super::visit::{Posted, Visit, device_cookie_name};
use crate::access::session;
use crate::access::sign_in::{Knock, Outcome};
use crate::error::{Error, Result};
use crate::web::state::App;

/// The field in which a form carries the member's present password.
pub const PASSWORD: &str = "current_password";
const PATH: &str = "/confirm";

#[derive(Template)]
#[template(path = "confirm/form.html")]
struct ConfirmPage {
    /// Where the form goes.
    action: String,
    /// What it carries on.
    fields: Vec<(String, String)>,
    form_token: String,
    email: String,
    error: Option<String>,
}

impl ConfirmPage {
    /// A form to `action` with what was typed before, but for passwords.
    fn new(visit: &Visit, action: &str, form: &Form) -> Self {
        let carried = form
            .pairs()
            .iter()
            .filter(|(name, _)| name != "form_token" && !name.contains("password"));
        ConfirmPage {
            action: action.to_owned(),
            fields: carried.cloned().collect(),
            form_token: session::form_token(visit.secret()),
            email: visit.member.profile.email.clone(),
            error: None,
        }
    }

    fn asset(&self, name: &str) -> String {
        asset::path(name)
    }

    fn fault(&self) -> Fault {
        match self.render() {
            Ok(text) => Fault::Confirm(text),
            Err(error) => Error::internal("A page could not be written.")
                .because(error)
                .into(),
        }
    }
}

/// Who stands at the door.
pub fn knock(request: &HttpRequest, app: &App) -> Knock {
    let device = request.cookie(device_cookie_name(app));
    Knock {
        from: app.options.trusted_proxies.client(request),
        device: device.map(|cookie| cookie.value().to_owned()),
    }
}

fn is_asked(visit: &Visit) -> bool {
    visit.action().is_sensitive() && !session::is_proved(&visit.session, visit.now())
}

/// Asks for the password before a sensitive page is shown.
pub fn require_for_page(visit: &Visit, request: &HttpRequest) -> std::result::Result<(), Fault> {
    if !is_asked(visit) {
        return Ok(());
    }
    let here = request
        .uri()
        .path_and_query()
        .map_or("/", |path| path.as_str());
    let form = Form::of(&[("next", here)]);
    Err(ConfirmPage::new(visit, PATH, &form).fault())
}

/// The same before a sensitive form is taken. A form that carries the password proves
/// itself, and a wrong one is refused however fresh the session is.
pub async fn require_for_form(
    visit: &Visit,
    request: &HttpRequest,
    form: &Form,
) -> std::result::Result<(), Fault> {
    let carries = visit.action().is_sensitive() && form.has(PASSWORD);
    if !carries && !is_asked(visit) {
        return Ok(());
    }
    let mut asked = ConfirmPage::new(visit, request.path(), form);
    if !carries {
        return Err(asked.fault());
    }
    match prove(visit, request, form).await? {
        None => Ok(()),
        Some(sentence) => {
            asked.error = Some(sentence);
            Err(asked.fault())
        }
    }
}

/// Takes the password and goes back to the page that asked for it.
pub async fn enter(posted: Posted, request: HttpRequest) -> Answer {
    let Posted { visit, form } = posted;
    match prove(&visit, &request, &form).await? {
        None => Ok(see_other(local_path(form.text("next")))),
        Some(sentence) => {
            let mut again = ConfirmPage::new(&visit, PATH, &form);
            again.error = Some(sentence);
            page(StatusCode::FORBIDDEN, &again)
        }
    }
}

/// Looks at the password in a form; what is wrong with it, in a sentence.
async fn prove(
    visit: &Visit,
    request: &HttpRequest,
    form: &Form,
) -> std::result::Result<Option<String>, Fault> {
    let console = request.app_data::<web::Data<Console>>().cloned();
    let console = console.ok_or_else(|| Error::internal("A route without its console."))?;
    let (password, member) = (form.exact(PASSWORD).to_owned(), visit.member.clone());
    let (knock, now, hash) = (visit.knock.clone(), visit.now(), visit.session.token_hash);
    let outcome = visit.read(move |app, _| -> Result<Outcome> {
        let outcome = console
            .door
            .confirm(&app.store, &member, &password, &knock, now)?;
        if matches!(outcome, Outcome::Welcome(_)) {
            app.store.prove_session(&hash, now)?;
        }
        Ok(outcome)
    });
    Ok(match outcome.await? {
        Outcome::Welcome(_) => None,
        Outcome::Wait(seconds) => Some(wait(seconds)),
        _ => Some("This is not your password. Nothing was changed.".to_owned()),
    })
}

/// The sentence for somebody who has to wait.
pub fn wait(seconds: u32) -> String {
    let unit = if seconds == 1 { "second" } else { "seconds" };
    format!("Too many attempts. Please wait {seconds} {unit} and try again.")
}
