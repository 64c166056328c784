//! For whom the server is run, and the way from one to the other. Members of every
//! account are told of it.

use actix_web::http::StatusCode;
use askama::Template;

use super::fault::Fault;
use super::form::Form;
use super::page::{Answer, Frame, Room, page, see_other};
use super::sign_in::add_cookie;
use super::visit::{Posted, Visit, no_cookie};
use crate::access::member::{self, Hand};
use crate::error::{Error, Kind};
use crate::model::action::{Act, Action};
use crate::model::id::AccountId;
use crate::model::instance::Way;
use crate::model::role::Role;

#[derive(Template)]
#[template(path = "operator/way.html")]
struct WayPage {
    frame: Frame,
    way: &'static str,
    hosts: bool,
    accounts: usize,
    email: String,
    link: Option<String>,
    error: Option<String>,
}

async fn shown(visit: &Visit, form: &Form, link: Option<String>, error: Option<&Error>) -> Answer {
    let way = visit.read(|app, _| Ok(app.store.instance_settings()?.way));
    let way = way.await?;
    let status = match error {
        Some(_) => StatusCode::BAD_REQUEST,
        None => StatusCode::OK,
    };
    page(
        status,
        &WayPage {
            frame: visit.frame(Room::Instance, "For whom this server is run"),
            way: way.sentence(),
            hosts: way == Way::Hosting,
            accounts: visit.catalog().accounts.len(),
            email: form.text("email").to_owned(),
            link,
            error: error.map(|error| error.message().to_owned()),
        },
    )
}

pub async fn show(visit: Visit) -> Answer {
    shown(&visit, &Form::default(), None, None).await
}

/// To host others, somebody becomes the operator, by a link: nothing changes before it
/// is used. To run one business, its owners become the operator at once.
pub async fn change(posted: Posted) -> Answer {
    let Posted { visit, form } = posted;
    let changed = match form.text("way") {
        "hosting" => return offer_hosting(visit, form).await,
        _ => visit.write(|store, act, _| store.run_for_one(act)).await,
    };
    match changed {
        Ok(_) if visit.member.account == AccountId::INSTANCE => {
            // Whoever did it has no sign-in any more.
            let mut response = see_other("/signin?done=own");
            add_cookie(&mut response, &no_cookie(visit.app()))?;
            Ok(response)
        }
        Ok(_) => Ok(see_other("/operator/way?done=saved")),
        Err(fault) => refuse(&visit, &form, fault).await,
    }
}

async fn offer_hosting(visit: Visit, form: Form) -> Answer {
    let email = form.text("email").to_owned();
    let made = visit.write(move |store, act, _| {
        let act = Act {
            action: Action::ChangeInstance,
            ..act
        };
        let instance = AccountId::INSTANCE;
        member::invite(store, act, instance, Hand::Operator, &email, Role::Operator)
    });
    match made.await {
        Ok(link) => shown(&visit, &Form::default(), Some(link.address), None).await,
        Err(fault) => refuse(&visit, &form, fault).await,
    }
}

async fn refuse(visit: &Visit, form: &Form, fault: Fault) -> Answer {
    match fault {
        Fault::Error(error) if matches!(error.kind(), Kind::Invalid | Kind::Conflict) => {
            shown(visit, form, None, Some(&error)).await
        }
        fault => Err(fault),
    }
}
