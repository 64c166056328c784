//! A member's own sign-in: the browsers they are signed in with, and the way to change
//! password and second factor. Nobody else's is reached from here.

use askama::Template;

use super::page::{Answer, Frame, Room, ok, see_other};
use super::visit::{Posted, Visit};
use crate::access::{second_factor, session};
use crate::error::Error;
use crate::store::Session;

struct Row {
    handle: String,
    browser: String,
    network: String,
    since: String,
    seen: String,
    /// The one this page is looked at with.
    is_this: bool,
}

impl Row {
    fn of(visit: &Visit, session: &Session) -> Row {
        let (calendar, content) = (visit.calendar(), &session.content);
        let network = content.place.network;
        Row {
            handle: session::handle(session),
            browser: content.place.browser.clone(),
            network: network.map_or_else(String::new, |network| network.to_string()),
            since: calendar.stamp(content.created_at),
            seen: calendar.stamp(content.seen_at),
            is_this: session::is_of(session, visit.secret()),
        }
    }
}

#[derive(Template)]
#[template(path = "own_sign_in/page.html")]
struct OwnSignInPage {
    frame: Frame,
    email: String,
    role: &'static str,
    rows: Vec<Row>,
    /// Since when there is a second factor.
    second_factor: Option<String>,
    recovery_left: usize,
    is_required: bool,
}

pub async fn show(visit: Visit) -> Answer {
    let (member, now) = (visit.member.clone(), visit.now());
    let sessions = visit
        .read(move |app, _| app.store.sessions_of(&member, now))
        .await?;
    let profile = &visit.member.profile;
    let factor = profile.second_factor.as_ref();
    ok(&OwnSignInPage {
        frame: visit.frame(Room::You, "Your sign-in"),
        email: profile.email.clone(),
        role: profile.role.word(),
        rows: sessions
            .iter()
            .map(|session| Row::of(&visit, session))
            .collect(),
        second_factor: factor.map(|factor| visit.calendar().stamp(factor.since)),
        recovery_left: factor.map_or(0, |factor| factor.recovery.len()),
        is_required: second_factor::is_required(&visit.member, &visit.account.settings),
    })
}

/// Ends one of the member's sessions, or all others.
pub async fn end(posted: Posted) -> Answer {
    let Posted { visit, form } = posted;
    let (member, now, this) = (visit.member.clone(), visit.now(), visit.session.token_hash);
    let which = form.text("session").to_owned();
    visit
        .write(move |store, act, _| {
            if which == "others" {
                return store.end_other_sessions(act, &member, &this);
            }
            let sessions = store.sessions_of(&member, now)?;
            let found = sessions
                .iter()
                .find(|session| session::handle(session) == which);
            let found = found.ok_or_else(|| Error::not_found("session"))?;
            store.end_session(act, &found.token_hash)
        })
        .await?;
    Ok(see_other("/you?done=ended"))
}
