//! A member's own data: seen, taken along, corrected, erased. The same for every role, a
//! publisher's too; nobody else's is reached from here.

use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_DISPOSITION;
use askama::Template;

use super::fault::Fault;
use super::page::{Answer, Frame, Room, guarded, ok, page, see_other};
use super::sign_in::add_cookie;
use super::visit::{Posted, Visit, no_cookie};
use crate::error::{Error, Kind};
use crate::model::account::parse_email;
use crate::model::audit::Detail;
use crate::privacy::{self, OwnData, Record};

/// Acts shown one by one; the copy has all.
const SHOWN_MAX: usize = 50;

#[derive(Template)]
#[template(path = "own_data/page.html")]
struct OwnDataPage {
    frame: Frame,
    email: String,
    records: Vec<Record>,
    sessions: usize,
    acts: Vec<Record>,
    more: usize,
    is_publisher: bool,
    goes: Vec<String>,
    stays: Vec<String>,
    error: Option<String>,
}

async fn own_page(visit: &Visit) -> Result<OwnDataPage, Fault> {
    let (member, now) = (visit.member.clone(), visit.now());
    let data = visit
        .read(move |app, _| privacy::of_member(&app.store, &member, now))
        .await?;
    let (goes, stays) = privacy::member_goes(&data);
    let OwnData {
        profile,
        publisher,
        sessions,
        acts,
    } = data;
    Ok(OwnDataPage {
        frame: visit.frame(Room::You, "Your data"),
        email: visit.member.profile.email.clone(),
        is_publisher: publisher.is_some(),
        records: [Some(profile), publisher].into_iter().flatten().collect(),
        sessions: sessions.len(),
        more: acts.len().saturating_sub(SHOWN_MAX),
        acts: acts.into_iter().take(SHOWN_MAX).collect(),
        goes,
        stays,
        error: None,
    })
}

pub async fn show(visit: Visit) -> Answer {
    ok(&own_page(&visit).await?)
}

/// Everything as a ZIP.
pub async fn copy(posted: Posted) -> Answer {
    let visit = posted.visit;
    let (member, now) = (visit.member.clone(), visit.now());
    let business = visit.account.settings.name.clone();
    let zip = visit
        .write(move |store, act, _| {
            let detail = Detail::default().with_note("a member took a copy of their own data");
            store.record_act(act, member.account, detail)?;
            let data = privacy::of_member(store, &member, now)?;
            privacy::export_member(&data, &business, now)?.zip()
        })
        .await?;
    Ok(guarded(StatusCode::OK)
        .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"my-data.zip\""))
        .content_type("application/zip")
        .body(zip))
}

async fn again(visit: &Visit, fault: Fault) -> Answer {
    match fault {
        Fault::Error(error) if matches!(error.kind(), Kind::Invalid | Kind::Conflict) => {
            let mut shown = own_page(visit).await?;
            shown.error = Some(error.message().to_owned());
            page(StatusCode::BAD_REQUEST, &shown)
        }
        fault => Err(fault),
    }
}

/// Another e-mail address.
pub async fn correct(posted: Posted) -> Answer {
    let Posted { visit, form } = posted;
    let email = match parse_email(form.text("email")) {
        Ok(email) => email,
        Err(error) => return again(&visit, error.into()).await,
    };
    let (account, id) = (visit.member.account, visit.member.id);
    let changed = visit.write(move |store, act, _| store.change_email(act, account, id, &email));
    match changed.await {
        Ok(_) => Ok(see_other("/you/data?done=saved")),
        Err(fault) => again(&visit, fault).await,
    }
}

/// Ends the membership; nothing of it but nameless entries of the log is left.
pub async fn erase(posted: Posted) -> Answer {
    let Posted { visit, form } = posted;
    if form.text("sure") != "yes" {
        let unsure = Error::invalid("Tick that you are sure: there is no way back.");
        return again(&visit, unsure.into()).await;
    }
    let (account, id) = (visit.member.account, visit.member.id);
    let erased =
        visit.write(move |store, act, _| store.remove_member(act, account, id, |_| Ok(())));
    match erased.await {
        Ok(()) => {
            let mut response = see_other("/signin?done=erased");
            add_cookie(&mut response, &no_cookie(visit.app()))?;
            Ok(response)
        }
        Err(fault) => again(&visit, fault).await,
    }
}
