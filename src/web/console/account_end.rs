//! The end of the account: when it comes and what then happens, everything it holds as
//! one file, and its deletion by an owner.

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use askama::Template;

use super::end_notice::EndAhead;
use super::fault::Fault;
use super::form::Form;
use super::page::{Answer, Frame, Room, guarded, page, see_other};
use super::visit::{Posted, Visit};
use crate::clock::Timestamp;
use crate::error::{Error, Kind, Result};
use crate::lifecycle::doomed::{Doomed, doomed};
use crate::model::account::AccountState;
use crate::model::action::Action;
use crate::model::life::{GONE_BY_DAY, Life, Notice, Way, cooling_off};
use crate::web::account_export;
use crate::web::pipe::piped;

/// Hours that the form offers to think better of it.
const HOURS: [(u32, &str); 3] = [(72, "3 days"), (24, "1 day"), (1, "1 hour")];

struct Ends {
    expires: Option<String>,
    /// When its data begins to be destroyed.
    purge: Option<String>,
    /// By when nothing of it is left, backups neither.
    gone: Option<String>,
    /// A deletion that was asked for: when, and until when it can be taken back.
    deletion: Option<(String, String)>,
    is_over: bool,
}

#[derive(Template)]
#[template(path = "account_end/page.html")]
struct EndPage {
    frame: Frame,
    ends: Ends,
    name: String,
    preview: Vec<Doomed>,
    hours: [(u32, &'static str); 3],
    may_end: bool,
    typed: String,
    error: Option<String>,
}

impl Ends {
    fn of(visit: &Visit, life: &Life, due: Option<Timestamp>, backup_days: u32) -> Ends {
        let calendar = visit.calendar();
        let stamp = |at: Timestamp| calendar.stamp(at);
        let expires_at = visit.account.ends_at.or(visit.account.expires_at);
        let days = |at: Timestamp, days: u32| at.plus_ms(i64::from(days) * crate::clock::DAY_MS);
        let gone = match (&life.deletion, expires_at) {
            (None, Some(at)) if !life.legacy => Some(days(at, GONE_BY_DAY)),
            _ => due.map(|at| days(at, backup_days + 1)),
        };
        Ends {
            expires: expires_at.map(stamp),
            purge: due.map(stamp),
            gone: gone.map(stamp),
            deletion: life
                .deletion
                .as_ref()
                .map(|it| (stamp(it.requested_at), stamp(it.due_at))),
            is_over: visit.account.state_at(visit.now()) == AccountState::Expired,
        }
    }
}

impl EndPage {
    async fn of(visit: &Visit) -> std::result::Result<Self, Fault> {
        let account = visit.account.clone();
        let (life, due, terms, preview) = visit
            .read(move |app, id| {
                let (_, life) = app.store.life(id)?;
                let terms = app.store.account_terms()?;
                let due = life.purge_due(account.ends_at, terms).map(|(at, _)| at);
                Ok((life, due, terms, doomed(&app.store, id)?))
            })
            .await?;
        Ok(EndPage {
            frame: visit.frame(Room::Account, "End of the account"),
            ends: Ends::of(visit, &life, due, terms.backup_days),
            name: visit.account.settings.name.clone(),
            preview,
            hours: HOURS,
            may_end: visit.may(Action::EndAccount),
            typed: String::new(),
            error: None,
        })
    }
}

pub async fn show(visit: Visit) -> Answer {
    page(StatusCode::OK, &EndPage::of(&visit).await?)
}

/// Everything as a ZIP, written while it goes out.
pub async fn export(posted: Posted) -> Answer {
    let visit = posted.visit;
    let turn = visit.app().export_turn()?;
    let (account, now) = (visit.account.id, visit.now());
    let store = visit
        .write(|store, act, account| {
            account_export::announce(store, act, account)?;
            Ok(store.clone())
        })
        .await?;
    let name = account_export::file_name(account, now);
    let body = piped(move |out| {
        let _turn = turn;
        account_export::write(&store, account, now, out)
    });
    Ok(guarded(StatusCode::OK)
        .insert_header((CONTENT_TYPE, "application/zip"))
        .insert_header((
            CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ))
        .body(body))
}

fn read(form: &Form, name: &str) -> Result<u32> {
    if form.text("name") != name.trim() {
        return Err(Error::invalid(
            "Type the name of the account as it stands here. Nothing was changed.",
        ));
    }
    let hours = form.text("hours").parse();
    hours.map_err(|_| Error::invalid("Choose how long it can be taken back."))
}

/// Ends the account at once; its data goes when the time to think better of it is over.
pub async fn delete(posted: Posted) -> Answer {
    let Posted { visit, form } = posted;
    let asked = match read(&form, &visit.account.settings.name) {
        Ok(hours) => {
            visit
                .write(move |store, act, account| {
                    store.request_deletion(act, account, cooling_off(hours, act.at)?)
                })
                .await
        }
        Err(error) => Err(error.into()),
    };
    match asked {
        Ok(()) => Ok(see_other("/account/end?done=ending")),
        Err(Fault::Error(error)) if error.kind() == Kind::Invalid => {
            let mut shown = EndPage::of(&visit).await?;
            shown.typed = form.text("name").to_owned();
            shown.error = Some(error.message().to_owned());
            page(StatusCode::BAD_REQUEST, &shown)
        }
        Err(fault) => Err(fault),
    }
}

/// Takes a deletion back.
pub async fn cancel(posted: Posted) -> Answer {
    posted
        .visit
        .write(|store, act, account| store.cancel_deletion(act, account))
        .await?;
    Ok(see_other("/account/end?done=kept"))
}

/// A member has read of the end: that counts as notice of it.
pub async fn confirm(posted: Posted) -> Answer {
    let Posted { visit, form } = posted;
    let (about, of) = (form.text("about").to_owned(), form.text("of").to_owned());
    visit
        .write(move |store, act, account| {
            let end = EndAhead::read(store, account, act.at)?;
            let read = end.and_then(|end| end.is(&about, &of)).ok_or_else(|| {
                Error::new(
                    Kind::Conflict,
                    "That end is not ahead any more. Open the page again to see what is.",
                )
            })?;
            let notice = Notice {
                about: read.about,
                of: read.of,
                way: Way::Screen,
                at: act.at,
            };
            store.add_notice(act, account, notice)
        })
        .await?;
    Ok(see_other("/account/end?done=read"))
}
