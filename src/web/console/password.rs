//! Changing one's own password. It takes the present one, and ends all other sessions.

use actix_web::http::StatusCode;
use askama::Template;

use super::confirm;
use super::fault::Fault;
use super::page::{Answer, Frame, Room, ok, page};
use super::sign_in::welcome;
use super::visit::{Posted, Visit};
use crate::access::session;
use crate::crypto::password;
use crate::error::{Error, Kind};

#[derive(Template)]
#[template(path = "password/form.html")]
struct PasswordPage {
    frame: Frame,
    email: String,
    error: Option<String>,
}

impl PasswordPage {
    fn new(visit: &Visit, error: Option<&Error>) -> Self {
        PasswordPage {
            frame: visit.frame(Room::You, "Change your password"),
            email: visit.member.profile.email.clone(),
            error: error.map(|error| error.message().to_owned()),
        }
    }
}

pub async fn edit(visit: Visit) -> Answer {
    ok(&PasswordPage::new(&visit, None))
}

/// The present password was looked at with the form (`confirm`).
pub async fn update(posted: Posted) -> Answer {
    let Posted { visit, form } = posted;
    let again = |error: &Error| {
        page(
            StatusCode::BAD_REQUEST,
            &PasswordPage::new(&visit, Some(error)),
        )
    };
    let chosen = form.exact("password").to_owned();
    if !form.has(confirm::PASSWORD) {
        return again(&Error::invalid("Type your present password as well."));
    }
    if chosen != form.exact("password_again") {
        return again(&Error::invalid("The two new passwords differ."));
    }
    let (member, place, now) = (visit.member.clone(), visit.place.clone(), visit.now());
    let name = visit.account.settings.name.clone();
    let changed = visit.write(move |store, act, _| {
        let verifier = password::choose(&chosen, &[&member.profile.email, &name])?;
        let note = "the password was changed";
        let member = store.change_sign_in(act, member.id, note, |profile| {
            profile.password_hash = verifier;
            Ok(())
        })?;
        session::open(store, &member, place, now)
    });
    match changed.await {
        Ok(secret) => welcome(visit.app(), secret, "/you?done=password"),
        Err(Fault::Error(error)) if error.kind() == Kind::Invalid => again(&error),
        Err(fault) => Err(fault),
    }
}
