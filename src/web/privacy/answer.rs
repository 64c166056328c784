//! What a visitor does: takes a copy, corrects, objects, deletes, asks the business.

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_DISPOSITION, SET_COOKIE};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::gate::{Gate, Try, even_out, own_form};
use super::page::{account_of_host, done};
use super::subject::Subject;
use crate::clock::{Stopwatch, Timestamp};
use crate::error::{Error, Kind, Result};
use crate::model::action::{Act, Action, Actor};
use crate::model::id::AccountId;
use crate::model::person::{Identity, IdentityKind};
use crate::model::privacy_request::{Channel, Right};
use crate::privacy::{self, desk};
use crate::web::collect::cookie;
use crate::web::console::asset;
use crate::web::console::fault::Fault;
use crate::web::console::form::Form;
use crate::web::console::page::{Answer, guarded, ok};
use crate::web::console::visit::block;
use crate::web::state::App;

fn act(now: Timestamp) -> Act {
    Act::new(Actor::Visitor, Action::SeeToOneself, now)
}

/// A form about somebody who was recognised.
async fn about(
    request: &HttpRequest,
    payload: Payload,
    app: &App,
    gate: &Gate,
) -> std::result::Result<(Subject, Form), Fault> {
    let form = own_form(request, payload).await?;
    gate.pass(request, app, Try::Other)?;
    let subject = Subject::open(app.store.keys(), form.text("subject"), app.clock.now())?;
    Ok((subject, form))
}

/// The browser forgets who it was, and keeps that it objected.
fn with_objection(response: &mut HttpResponse, account: AccountId) {
    for value in [cookie::remove(account), cookie::objection()] {
        if let Ok(value) = value.parse() {
            response.headers_mut().append(SET_COOKIE, value);
        }
    }
}

pub async fn download(
    request: HttpRequest,
    payload: Payload,
    app: Data<App>,
    gate: Data<Gate>,
) -> Answer {
    let (subject, _) = about(&request, payload, &app, &gate).await?;
    let now = app.clock.now();
    let zip = block(move || {
        let found = privacy::find(&app.store, subject.account, subject.ids(), subject.reach)?;
        privacy::export(&found, &app.store.catalog(), subject.account, now)?.zip()
    })
    .await?;
    Ok(guarded(StatusCode::OK)
        .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"my-data.zip\""))
        .content_type("application/zip")
        .body(zip))
}

pub async fn correct(
    request: HttpRequest,
    payload: Payload,
    app: Data<App>,
    gate: Data<Gate>,
) -> Answer {
    let (subject, form) = about(&request, payload, &app, &gate).await?;
    let message = form.text("message").to_owned();
    if message.is_empty() {
        return Err(Error::invalid("Say what is wrong and how it should be.").into());
    }
    let now = app.clock.now();
    let received = block(move || {
        let ids = subject.ids();
        let hex =
            |bytes: &[u8]| -> String { bytes.iter().map(|byte| format!("{byte:02x}")).collect() };
        let visitors = ids
            .visitors
            .iter()
            .map(|id| (IdentityKind::VisitorId, hex(id)));
        let conversions = ids
            .conversions
            .iter()
            .map(|id| (IdentityKind::ConversionId, format!("{id:016x}")));
        let identities = visitors
            .chain(conversions)
            .take(10)
            .map(|(kind, value)| Identity::new(kind, &value))
            .collect::<Result<Vec<_>>>()?;
        let new = desk::NewRequest {
            uuid: None,
            right: Right::Rectification,
            channel: Channel::Page,
            identities,
            reach: subject.reach,
            message,
            evidence: "the browser or the click was recognised on the page for visitors".to_owned(),
            received_on: None,
        };
        desk::receive(&app.store, act(now), subject.account, new)
    })
    .await?;
    done(
        "Your correction has been passed on",
        &[
            format!("It bears the number {}.", received.body.uuid),
            format!("The business must answer by {}.", received.body.due_on),
        ],
    )
}

pub async fn object(
    request: HttpRequest,
    payload: Payload,
    app: Data<App>,
    gate: Data<Gate>,
) -> Answer {
    let (subject, _) = about(&request, payload, &app, &gate).await?;
    let (account, now) = (subject.account, app.clock.now());
    block(move || privacy::object(&app.store, act(now), account, subject.ids(), subject.reach))
        .await?;
    let mut response = done(
        "Nothing more is counted of you",
        &[
            "From this moment on nothing new is kept of this browser, and it carries no id of ours \
             any more."
                .to_owned(),
            "What was kept before is still there. You can delete it as well.".to_owned(),
        ],
    )?;
    with_objection(&mut response, account);
    Ok(response)
}

/// The browser forgets that it objected; what was said on websites holds again.
pub async fn allow(
    request: HttpRequest,
    payload: Payload,
    app: Data<App>,
    gate: Data<Gate>,
) -> Answer {
    own_form(&request, payload).await?;
    gate.pass(&request, &app, Try::Other)?;
    let mut response = done(
        "Your objection is taken back",
        &["What you answer on each website holds again.".to_owned()],
    )?;
    if let Ok(value) = cookie::no_objection().parse() {
        response.headers_mut().append(SET_COOKIE, value);
    }
    Ok(response)
}

#[derive(Template)]
#[template(path = "privacy/sure.html")]
struct Sure {
    subject: String,
    preview: privacy::Preview,
}

impl Sure {
    fn asset(&self, name: &str) -> String {
        asset::path(name)
    }
}

/// First what would go and what stays, then, sent again, the deed.
pub async fn delete(
    request: HttpRequest,
    payload: Payload,
    app: Data<App>,
    gate: Data<Gate>,
) -> Answer {
    let (subject, form) = about(&request, payload, &app, &gate).await?;
    let (account, now) = (subject.account, app.clock.now());
    if form.text("sure") != "yes" {
        let preview = block(move || {
            let found = privacy::find(&app.store, account, subject.ids(), subject.reach)?;
            Ok(privacy::preview(&found))
        })
        .await?;
        let subject = form.text("subject").to_owned();
        return ok(&Sure { subject, preview });
    }
    let (begun, backup_days) = block(move || {
        let ids = subject.ids();
        let begun = match privacy::begin(&app.store, act(now), account, ids, subject.reach) {
            Err(error) if error.kind() == Kind::NotFound => None,
            begun => Some(begun?),
        };
        Ok((begun, app.store.account_terms()?.backup_days))
    })
    .await?;
    let number = begun.map_or_else(
        || "There was nothing left to delete.".to_owned(),
        |id| {
            format!(
                "The erasure bears the number {id:010x}; the business holds its signed receipt."
            )
        },
    );
    let mut response = done(
        "You are deleted",
        &[
            format!(
                "Nobody can read any more what was kept of you, and nothing new is kept. The last \
                 traces leave the disk within minutes, and backups within {backup_days} days."
            ),
            number,
        ],
    )?;
    with_objection(&mut response, account);
    Ok(response)
}

/// Passes a question on to a business, from somebody who was not recognised. Whatever
/// is held, and whether there is such a business, the answer is the same.
pub async fn ask(
    request: HttpRequest,
    payload: Payload,
    app: Data<App>,
    gate: Data<Gate>,
) -> Answer {
    let begun = Stopwatch::start();
    let form = own_form(&request, payload).await?;
    gate.pass(&request, &app, Try::Search)?;
    let right = Right::parse(form.text("right"))?;
    let message = form.text("message").to_owned();
    if message.is_empty() {
        return Err(Error::invalid("Say who you are and how the business can reach you.").into());
    }
    let now = app.clock.now();
    let passed_on = block(move || {
        let Some(account) = account_of_host(&app, form.text("shop")) else {
            return Ok(());
        };
        let order = Identity::new(IdentityKind::TransactionId, form.text("order"));
        let new = desk::NewRequest {
            uuid: None,
            right,
            channel: Channel::Page,
            identities: order.into_iter().collect(),
            reach: crate::model::person::Reach::Chain,
            message,
            evidence: String::new(),
            received_on: None,
        };
        desk::receive(&app.store, act(now), account, new).map(|_| ())
    })
    .await;
    even_out(begun).await;
    match passed_on {
        Err(Fault::Error(error)) if error.kind() == Kind::Invalid => Err(error.into()),
        Err(Fault::Error(error)) if error.kind() != Kind::Busy => Err(error.into()),
        _ => done(
            "Your request has been passed on",
            &[
                "If the website is one of this server's, its business has your request now and \
                 must answer within a month."
                    .to_owned(),
            ],
        ),
    }
}
