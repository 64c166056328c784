//! One request of a person: looked into, carried out, answered. What is shown of somebody
//! stands in the audit before it is shown.

use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_DISPOSITION;
use actix_web::{HttpResponse, web};
use askama::Template;

use super::fault::Fault;
use super::form::Form;
use super::page::{Answer, Frame, Room, guarded, ok, page, see_other};
use super::privacy::{ROOM, Row, row};
use super::visit::{Posted, Visit};
use crate::error::{Error, Kind, Result};
use crate::model::action::Act;
use crate::model::audit::Detail;
use crate::model::id::{AccountId, ConversionId};
use crate::model::privacy_request::{PrivacyRequest, RequestState};
use crate::privacy::{self, Change, Preview, Record, desk};
use crate::store::Store;

/// Things shown one by one; the copy has all.
const SHOWN_MAX: usize = 200;

struct History {
    at: String,
    what: String,
}

struct Named {
    name: &'static str,
    value: String,
}

#[derive(Template)]
#[template(path = "request/page.html")]
struct RequestPage {
    frame: Frame,
    row: Row,
    uuid: String,
    is_open: bool,
    can_erase: bool,
    can_extend: bool,
    can_cancel: bool,
    extended: Option<String>,
    message: String,
    evidence: String,
    identities: Vec<Named>,
    /// None: nobody is named, or they are erased.
    preview: Option<Preview>,
    counted_without_trace: bool,
    /// Whether a restriction or an objection can be lifted.
    is_held_back: bool,
    records: Vec<Record>,
    more: usize,
    conversions: Vec<String>,
    history: Vec<History>,
    receipt: bool,
    error: Option<String>,
}

/// A request's number in an address.
fn number(text: &str) -> Result<i64> {
    i64::from_str_radix(text, 16)
        .ok()
        .filter(|_| text.len() == 10)
        .ok_or_else(|| Error::not_found("request"))
}

struct Looked {
    request: PrivacyRequest,
    preview: Option<Preview>,
    records: Vec<Record>,
    counted_without_trace: bool,
    is_held_back: bool,
    conversions: Vec<String>,
    receipt: bool,
}

fn look(store: &Store, account: AccountId, id: i64) -> Result<Looked> {
    let request = desk::request(store, account, id)?;
    let mut looked = Looked {
        preview: None,
        records: Vec::new(),
        counted_without_trace: false,
        is_held_back: false,
        conversions: Vec::new(),
        receipt: false,
        request,
    };
    if let Some(erasure) = looked.request.body.erasure {
        let erasure = store.erasure(account, erasure)?;
        looked.receipt = erasure.is_some_and(|erasure| erasure.body.receipt.is_some());
    }
    if !looked.request.body.identities.is_empty() {
        let found = desk::found(store, &looked.request)?;
        looked.preview = Some(privacy::preview(&found));
        looked.counted_without_trace = found.counted_without_trace;
        looked.is_held_back = privacy::is_held_back(store, account, &found)?;
        looked.conversions = found
            .conversions
            .iter()
            .map(|one| one.id.to_string())
            .collect();
        if found.locked_at.is_none() {
            looked.records = privacy::records(&found, &store.catalog(), account)?;
        }
    }
    Ok(looked)
}

async fn request_page(visit: &Visit, id: i64) -> std::result::Result<RequestPage, Fault> {
    // What is shown of a person is noted before it is shown.
    let looked = visit
        .write(move |store, act, account| {
            let detail = Detail::default().with_note("a request and what is held were looked at");
            store.record_act(act, account, detail)?;
            look(store, account, id)
        })
        .await?;
    let calendar = visit.calendar();
    let (request, body) = (&looked.request, &looked.request.body);
    let is_open = request.state.is_open();
    Ok(RequestPage {
        frame: visit.frame(Room::Privacy, body.right.name()),
        row: row(request, visit),
        uuid: body.uuid.clone(),
        is_open,
        can_erase: is_open && body.erasure.is_none(),
        can_extend: is_open && body.extended.is_none() && visit.now() < request.due_at,
        can_cancel: request.state == RequestState::Received,
        extended: body.extended.clone(),
        message: body.message.reveal().clone(),
        evidence: body.evidence.clone(),
        identities: body
            .identities
            .iter()
            .map(|identity| Named {
                name: identity.kind.name(),
                value: identity.value.reveal().clone(),
            })
            .collect(),
        preview: looked.preview,
        counted_without_trace: looked.counted_without_trace,
        is_held_back: looked.is_held_back,
        more: looked.records.len().saturating_sub(SHOWN_MAX),
        records: looked.records.into_iter().take(SHOWN_MAX).collect(),
        conversions: looked.conversions,
        history: body
            .history
            .iter()
            .map(|line| History {
                at: calendar.kept(line.at),
                what: line.what.clone(),
            })
            .collect(),
        receipt: looked.receipt,
        error: None,
    })
}

pub async fn show(visit: Visit, id: web::Path<String>) -> Answer {
    ok(&request_page(&visit, number(&id)?).await?)
}

/// What one of the page's buttons asks for.
enum Wish {
    Step(desk::Step),
    Rectify(ConversionId, Change),
}

fn wish(form: &Form) -> Result<Wish> {
    let text = form.text("text").to_owned();
    let step = match form.text("do") {
        "erase" if form.text("sure") != "yes" => {
            return Err(Error::invalid(
                "Tick that you are sure: there is no way back.",
            ));
        }
        "erase" => desk::Step::Erase,
        "restrict" => desk::Step::Restrict,
        "object" => desk::Step::Object,
        "lift" if form.text("sure") != "yes" => {
            return Err(Error::invalid(
                "Tell the person first, then tick that they were told.",
            ));
        }
        "lift" => desk::Step::Lift,
        "complete" => desk::Step::Complete(text),
        "refuse" => desk::Step::Refuse(text),
        "not_identifiable" => desk::Step::NotIdentifiable,
        "cancel" => desk::Step::Cancel,
        "extend" => desk::Step::Extend(text),
        "evidence" => desk::Step::Evidence(text),
        "rectify" => return rectification(form),
        _ => return Err(Error::invalid("This form is not one of this page.")),
    };
    Ok(Wish::Step(step))
}

fn rectification(form: &Form) -> Result<Wish> {
    let id: ConversionId = form.text("conversion").parse()?;
    let value = Some(form.text("value").to_owned());
    let change = match form.text("field") {
        "transaction_id" => Change::Transaction(value),
        field => {
            let number = field
                .strip_prefix("sub")
                .and_then(|number| number.parse().ok());
            Change::Sub(number.unwrap_or(0), value)
        }
    };
    Ok(Wish::Rectify(id, change))
}

fn carry_out(store: &Store, act: Act, account: AccountId, id: i64, wish: Wish) -> Result<()> {
    match wish {
        Wish::Step(step) => desk::take(store, act, account, id, step).map(|_| ()),
        Wish::Rectify(conversion, change) => {
            let request = desk::request(store, account, id)?;
            let found = desk::found(store, &request)?;
            if !found.conversions.iter().any(|one| one.id == conversion) {
                return Err(Error::not_found("conversion of this person"));
            }
            privacy::rectify(store, act, account, conversion, &change)?;
            desk::take(store, act, account, id, desk::Step::Corrected).map(|_| ())
        }
    }
}

pub async fn update(posted: Posted, id: web::Path<String>) -> Answer {
    let Posted { visit, form } = posted;
    let id = number(&id)?;
    let done = match wish(&form) {
        Ok(wish) => {
            visit
                .write(move |store, act, account| carry_out(store, act, account, id, wish))
                .await
        }
        Err(error) => Err(error.into()),
    };
    match done {
        Ok(()) => Ok(see_other(&format!("{ROOM}/{id:010x}?done=saved"))),
        Err(Fault::Error(error)) if matches!(error.kind(), Kind::Invalid | Kind::Conflict) => {
            let mut shown = request_page(&visit, id).await?;
            shown.error = Some(error.message().to_owned());
            page(StatusCode::BAD_REQUEST, &shown)
        }
        Err(fault) => Err(fault),
    }
}

/// The copy for the person, as a ZIP.
pub async fn export(posted: Posted, id: web::Path<String>) -> Answer {
    let id = number(&id)?;
    let zip = posted
        .visit
        .write(move |store, act, account| {
            let detail = Detail::default().with_note("a person's data was exported");
            store.record_act(act, account, detail)?;
            let request = desk::request(store, account, id)?;
            let found = desk::found(store, &request)?;
            privacy::export(&found, &store.catalog(), account, act.at)?.zip()
        })
        .await?;
    Ok(download("application/zip", "person.zip", zip))
}

/// The signed receipt: `receipt.json` as it is checked, `receipt.html` to read.
pub async fn receipt(visit: Visit, path: web::Path<(String, String)>) -> Answer {
    let (id, name) = path.into_inner();
    let id = number(&id)?;
    let text = visit
        .read(move |app, account| {
            let request = desk::request(&app.store, account, id)?;
            let erasure = match request.body.erasure {
                Some(erasure) => app.store.erasure(account, erasure)?,
                None => None,
            };
            erasure
                .and_then(|erasure| erasure.body.receipt)
                .ok_or_else(|| Error::not_found("receipt"))
        })
        .await?;
    match name.as_str() {
        "receipt.json" => Ok(download(
            "application/json",
            "receipt.json",
            text.into_bytes(),
        )),
        "receipt.html" => {
            let html = privacy::receipt_html(&text)?;
            Ok(download(
                "text/html; charset=utf-8",
                "receipt.html",
                html.into_bytes(),
            ))
        }
        _ => Err(Error::not_found("file").into()),
    }
}

fn download(media: &str, name: &str, bytes: Vec<u8>) -> HttpResponse {
    guarded(StatusCode::OK)
        .insert_header((
            CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ))
        .content_type(media)
        .body(bytes)
}
