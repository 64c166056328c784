//! People's rights for programs, in the shape of OpenDSR: requests are made, looked at,
//! taken back, and their results fetched. The caller answers for knowing the person.

use actix_web::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_DISPOSITION};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use serde_json::json;

use super::caller::{Answer, Caller, created, found};
use super::fields::Fields;
use super::period::instant;
use super::query::{Page, Query};
use crate::error::{Error, Kind, Result};
use crate::model::audit::Detail;
use crate::model::person::{Identity, IdentityKind, Reach};
use crate::model::privacy_request::{Channel, IDENTITIES_MAX, PrivacyRequest, RequestState, Right};
use crate::privacy::{self, desk};

/// Where requests stand.
const PLACE: &str = "/api/v1/privacy/requests";

#[derive(Serialize)]
struct View {
    controller_id: String,
    subject_request_id: String,
    subject_request_type: &'static str,
    /// `pending`, `in_progress`, `completed` or `cancelled`.
    request_status: &'static str,
    /// The same, as the console names it.
    state: RequestState,
    received_time: String,
    /// The last instant at which it is answered in time.
    expected_completion_time: String,
    extended: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    results_count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    results_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt_url: Option<String>,
}

impl View {
    fn of(request: &PrivacyRequest) -> View {
        let body = &request.body;
        let place = format!("{PLACE}/{}", body.uuid);
        let is_copy = matches!(body.right, Right::Access | Right::Portability);
        let is_gone = request.state == RequestState::Completed && body.erasure.is_some();
        View {
            controller_id: request.account.to_string(),
            subject_request_id: body.uuid.clone(),
            subject_request_type: body.right.word(),
            request_status: request.state.status(),
            state: request.state,
            received_time: instant(body.received_at),
            expected_completion_time: instant(request.due_at.minus_ms(1)),
            extended: body.extended.is_some(),
            results_count: body.found.map(|(hits, conversions)| hits + conversions),
            results_url: is_copy.then(|| format!("{place}/results")),
            receipt_url: is_gone.then(|| format!("{place}/receipt")),
        }
    }
}

/// What is understood, as OpenDSR's discovery says it.
pub async fn discovery(caller: Caller) -> Answer {
    let identities: Vec<_> = IdentityKind::ALL
        .iter()
        .map(|kind| json!({ "identity_type": kind.word(), "identity_format": "raw" }))
        .collect();
    let types: Vec<_> = Right::ALL.iter().map(|right| right.word()).collect();
    let public_key = caller.app().store.keys().signer().public_key();
    Ok(found(&json!({
        "api_version": "1",
        "supported_identities": identities,
        "supported_subject_request_types": types,
        "receipt_public_key": public_key,
    })))
}

pub async fn list(caller: Caller, request: HttpRequest) -> Answer {
    let limit = Query::of(&request).limit()?;
    let requests = caller
        .read(move |app, account| app.store.requests(account, limit))
        .await?;
    Ok(found(&Page {
        items: requests.iter().map(View::of).collect::<Vec<_>>(),
        next: None,
    }))
}

/// Makes a request and, but for a correction, carries it out as far as it goes at once.
pub async fn create(caller: Caller, payload: web::Payload) -> Answer {
    let fields = caller.body(payload).await?;
    let new = read_request(&fields)?;
    let request = caller
        .write(move |store, act, account| {
            // Wrong ids are refused before anything is kept.
            privacy::read_identity(store.keys(), account, &new.identities)?;
            let request = desk::receive(store, act, account, new)?;
            let is_new = request.state == RequestState::Received;
            let step = match request.body.right {
                Right::Erasure => desk::Step::Erase,
                Right::Restriction => desk::Step::Restrict,
                Right::Objection => desk::Step::Object,
                Right::Access | Right::Portability | Right::Rectification => return Ok(request),
            };
            match is_new {
                true => desk::take(store, act, account, request.id, step),
                false => Ok(request),
            }
        })
        .await?;
    let place = format!("{PLACE}/{}", request.body.uuid);
    Ok(created(&place, &View::of(&request)))
}

fn read_request(fields: &Fields) -> Result<desk::NewRequest> {
    let word = fields.required("subject_request_type", fields.text("subject_request_type")?)?;
    let right = fields.named("subject_request_type", Right::parse(&word))?;
    let given = fields.objects("subject_identities", IDENTITIES_MAX)?;
    let given = fields.required("subject_identities", given)?;
    let identities = given
        .iter()
        .map(read_identity)
        .collect::<Result<Vec<_>>>()?;
    let reach = match fields.text("reach")?.as_deref() {
        None | Some("whole") => Reach::Whole,
        Some("chain") => Reach::Chain,
        Some(_) => return Err(fields.refuse("reach", "this must be whole or chain.")),
    };
    Ok(desk::NewRequest {
        uuid: fields.text("subject_request_id")?,
        right,
        channel: Channel::Api,
        identities,
        reach,
        message: fields.text("message")?.unwrap_or_default(),
        evidence: "vouched for by the holder of the API token".to_owned(),
        received_on: None,
    })
}

fn read_identity(fields: &Fields) -> Result<Identity> {
    let word = fields.required("identity_type", fields.text("identity_type")?)?;
    let kind = fields.named("identity_type", IdentityKind::parse(&word))?;
    if fields
        .text("identity_format")?
        .is_some_and(|format| format != "raw")
    {
        return Err(fields.refuse("identity_format", "this must be raw."));
    }
    let value = fields.required("identity_value", fields.text("identity_value")?)?;
    fields.named("identity_value", Identity::new(kind, &value))
}

pub async fn read(caller: Caller, uuid: web::Path<String>) -> Answer {
    let request = caller
        .read(move |app, account| desk::request_by_uuid(&app.store, account, &uuid))
        .await?;
    Ok(found(&View::of(&request)))
}

/// Takes a request back that nothing was done for yet.
pub async fn cancel(caller: Caller, uuid: web::Path<String>) -> Answer {
    let request = caller
        .write(move |store, act, account| {
            let request = desk::request_by_uuid(store, account, &uuid)?;
            desk::take(store, act, account, request.id, desk::Step::Cancel)
        })
        .await?;
    Ok(HttpResponse::Accepted()
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(View::of(&request)))
}

/// What is held, as JSON or, where that is asked for, as a ZIP. The request is answered
/// by it.
pub async fn results(caller: Caller, uuid: web::Path<String>, request: HttpRequest) -> Answer {
    let accept = request
        .headers()
        .get(ACCEPT)
        .and_then(|value| value.to_str().ok());
    let zip = accept.is_some_and(|accept| accept.contains("application/zip"));
    let bundle = caller
        .write(move |store, act, account| {
            let request = desk::request_by_uuid(store, account, &uuid)?;
            if !matches!(request.body.right, Right::Access | Right::Portability) {
                return Err(Error::new(
                    Kind::NotFound,
                    "Only requests for access and portability have results.",
                ));
            }
            let detail = Detail::default().with_note("results of a request fetched");
            store.record_act(act, account, detail)?;
            let found = desk::found(store, &request)?;
            let bundle = privacy::export(&found, &store.catalog(), account, act.at)?;
            if request.state.is_open() {
                let answer = "the copy was fetched through the API".to_owned();
                desk::take(
                    store,
                    act,
                    account,
                    request.id,
                    desk::Step::Complete(answer),
                )?;
            }
            Ok(bundle)
        })
        .await?;
    if zip {
        return Ok(attachment("application/zip", "person.zip", bundle.zip()?));
    }
    let data = bundle.file("data.json").map(|file| file.bytes.clone());
    Ok(attachment(
        "application/json",
        "person.json",
        data.unwrap_or_default(),
    ))
}

/// The signed receipt of an erasure.
pub async fn receipt(caller: Caller, uuid: web::Path<String>) -> Answer {
    let receipt = caller
        .read(move |app, account| {
            let request = desk::request_by_uuid(&app.store, account, &uuid)?;
            let erasure = match request.body.erasure {
                Some(id) => app.store.erasure(account, id)?,
                None => None,
            };
            erasure
                .and_then(|erasure| erasure.body.receipt)
                .ok_or_else(|| Error::not_found("receipt"))
        })
        .await?;
    Ok(attachment(
        "application/json",
        "receipt.json",
        receipt.into_bytes(),
    ))
}

fn attachment(media: &str, name: &str, bytes: Vec<u8>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((
            CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ))
        .content_type(media)
        .body(bytes)
}
