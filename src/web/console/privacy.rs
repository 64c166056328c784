//! The desk for people's requests: those that arrive by mail are typed in, all are
//! listed by when they are due. What is done with one of them is `privacy_request`.

use actix_web::http::StatusCode;
use askama::Template;

use super::fault::Fault;
use super::form::Form;
use super::page::{Answer, Frame, Room, ok, page, see_other};
use super::visit::{Posted, Visit};
use crate::error::{Error, Kind, Result};
use crate::model::person::{Identity, IdentityKind, Reach};
use crate::model::privacy_request::{Channel, PrivacyRequest, RequestState, Right};
use crate::privacy::{self, desk};

/// Requests listed at once.
const LISTED_MAX: usize = 200;
pub(super) const ROOM: &str = "/requests";

pub(super) struct Row {
    pub id: String,
    pub right: &'static str,
    pub channel: &'static str,
    pub state: &'static str,
    pub tone: &'static str,
    pub received_on: String,
    pub due_on: String,
}

/// A choice of a form: its word and how it reads.
struct Choice {
    word: &'static str,
    name: &'static str,
}

#[derive(Template)]
#[template(path = "request/list.html")]
struct ListPage {
    frame: Frame,
    rows: Vec<Row>,
    rights: Vec<Choice>,
    kinds: Vec<Choice>,
    today: String,
    value: String,
    message: String,
    evidence: String,
    error: Option<String>,
}

fn tone(request: &PrivacyRequest, visit: &Visit) -> &'static str {
    match request.state {
        RequestState::Received | RequestState::InProgress if visit.now() >= request.due_at => "bad",
        RequestState::Received | RequestState::InProgress => "wait",
        RequestState::Completed => "good",
        _ => "",
    }
}

fn state(request: &PrivacyRequest, visit: &Visit) -> &'static str {
    let is_late = request.state.is_open() && visit.now() >= request.due_at;
    if is_late {
        "Overdue"
    } else {
        request.state.name()
    }
}

pub(super) fn row(request: &PrivacyRequest, visit: &Visit) -> Row {
    let body = &request.body;
    Row {
        id: format!("{:010x}", request.id),
        right: body.right.name(),
        channel: body.channel.name(),
        state: state(request, visit),
        tone: tone(request, visit),
        received_on: body.received_on.to_string(),
        due_on: body.due_on.to_string(),
    }
}

async fn list_page(visit: &Visit) -> std::result::Result<ListPage, Fault> {
    let requests = visit
        .read(|app, account| app.store.requests(account, LISTED_MAX))
        .await?;
    let rights = Right::ALL.into_iter();
    let kinds = IdentityKind::ALL.into_iter();
    Ok(ListPage {
        frame: visit.frame(Room::Privacy, "Privacy requests"),
        rows: requests.iter().map(|request| row(request, visit)).collect(),
        rights: rights
            .map(|it| Choice {
                word: it.word(),
                name: it.name(),
            })
            .collect(),
        kinds: kinds
            .map(|it| Choice {
                word: it.word(),
                name: it.name(),
            })
            .collect(),
        today: visit.calendar().day(visit.now()).to_string(),
        value: String::new(),
        message: String::new(),
        evidence: String::new(),
        error: None,
    })
}

pub async fn list(visit: Visit) -> Answer {
    ok(&list_page(&visit).await?)
}

fn typed(form: &Form) -> Result<desk::NewRequest> {
    let kind = IdentityKind::parse(form.text("kind"))?;
    let identities = match form.text("value") {
        "" => Vec::new(),
        value => vec![Identity::new(kind, value)?],
    };
    let day = form.text("received_on");
    let received_on = (!day.is_empty())
        .then(|| {
            day.parse()
                .map_err(|_| Error::invalid("Give the day as YYYY-MM-DD."))
        })
        .transpose()?;
    Ok(desk::NewRequest {
        uuid: None,
        right: Right::parse(form.text("right"))?,
        channel: Channel::Desk,
        identities,
        reach: match form.text("reach") {
            "chain" => Reach::Chain,
            _ => Reach::Whole,
        },
        message: form.text("message").to_owned(),
        evidence: form.text("evidence").to_owned(),
        received_on,
    })
}

pub async fn create(posted: Posted) -> Answer {
    let Posted { visit, form } = posted;
    let made = match typed(&form) {
        Ok(new) => {
            visit
                .write(move |store, act, account| {
                    if !new.identities.is_empty() {
                        privacy::read_identity(store.keys(), account, &new.identities)?;
                    }
                    desk::receive(store, act, account, new)
                })
                .await
        }
        Err(error) => Err(error.into()),
    };
    match made {
        Ok(request) => Ok(see_other(&format!("{ROOM}/{:010x}", request.id))),
        Err(Fault::Error(error)) if matches!(error.kind(), Kind::Invalid | Kind::Busy) => {
            let mut shown = list_page(&visit).await?;
            shown.value = form.text("value").to_owned();
            shown.message = form.text("message").to_owned();
            shown.evidence = form.text("evidence").to_owned();
            shown.error = Some(error.message().to_owned());
            page(StatusCode::BAD_REQUEST, &shown)
        }
        Err(fault) => Err(fault),
    }
}

/// Opens personal data again: who was erased before the ledger was lost is erased again.
pub async fn unlock(posted: Posted) -> Answer {
    posted
        .visit
        .write(|store, act, account| store.unlock_personal(act, account))
        .await?;
    Ok(see_other(&format!("{ROOM}?done=unlocked")))
}
