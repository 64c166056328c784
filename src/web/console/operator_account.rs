//! One account as the operator sees it, from outside: its label, state, dates and
//! volume, and what may be done to it. Nothing of its content.

use actix_web::http::StatusCode;
use actix_web::web;
use askama::Template;

use super::fault::Fault;
use super::form::Form;
use super::operator::last_day;
use super::page::{Answer, Frame, Room, page, see_other};
use super::visit::{Posted, Visit};
use super::wording;
use crate::access::member::Link;
use crate::access::outside;
use crate::error::{Error, Kind, Result};
use crate::model::account::{Account, AccountState, NAME_MAX, parse_name};
use crate::model::action::{Act, Actor};
use crate::model::audit::Subject;
use crate::model::id::AccountId;
use crate::model::instance::Way;
use crate::store::Store;

#[derive(Template)]
#[template(path = "operator/account.html")]
struct AccountPage {
    frame: Frame,
    id: AccountId,
    label: String,
    label_max: usize,
    state: &'static str,
    is_active: bool,
    is_suspended: bool,
    suspended: Option<String>,
    created: Option<String>,
    expires: Option<String>,
    /// From when on its data is destroyed.
    gone: Option<String>,
    members: u64,
    bytes: String,
    /// It is the business that this server is run for.
    is_own: bool,
    /// An owner asked for its deletion.
    is_owners_wish: bool,
    may_come_back: bool,
    link: Option<String>,
    error: Option<String>,
}

async fn shown(
    visit: &Visit,
    id: AccountId,
    link: Option<String>,
    error: Option<&Error>,
) -> Answer {
    let found = visit.read(move |app, _| {
        let (_, life) = app.store.life(id)?;
        let volume = app.store.volumes()?.remove(&id).unwrap_or_default();
        let terms = app.store.account_terms()?;
        Ok((life, volume, terms, app.store.instance_settings()?.way))
    });
    let (life, volume, terms, way) = found.await?;
    let (account, calendar) = (account(visit, id)?, visit.calendar());
    let state = account.state_at(visit.now());
    let asked_by = life.deletion.map(|deletion| deletion.by);
    let stamp = |at| calendar.stamp(at);
    let label = volume.label.unwrap_or_default();
    let status = match error {
        Some(_) => StatusCode::BAD_REQUEST,
        None => StatusCode::OK,
    };
    page(
        status,
        &AccountPage {
            frame: visit.frame(Room::Instance, "One account"),
            id,
            label,
            label_max: NAME_MAX,
            state: state.word(),
            is_active: state == AccountState::Active,
            is_suspended: volume.suspended_at.is_some(),
            suspended: volume.suspended_at.map(stamp),
            created: life.created_at.map(stamp),
            expires: account.expires_at.map(stamp),
            gone: life
                .purge_due(account.ends_at, terms)
                .map(|(at, _)| stamp(at)),
            members: volume.members,
            bytes: wording::bytes(volume.bytes),
            is_own: way == Way::Own(id),
            is_owners_wish: matches!(asked_by, Some(Actor::Member(_))),
            may_come_back: state == AccountState::Expired || account.expires_at.is_some(),
            link,
            error: error.map(|error| error.message().to_owned()),
        },
    )
}

/// # Errors
/// As for an absent page where there is no such account, or its data has gone.
fn account(visit: &Visit, id: AccountId) -> Result<std::sync::Arc<Account>> {
    let account = visit.catalog().accounts.get(&id).cloned();
    account.ok_or_else(|| Error::not_found("account"))
}

pub async fn show(visit: Visit, id: web::Path<String>) -> Answer {
    let id: AccountId = id.parse()?;
    account(&visit, id)?;
    shown(&visit, id, None, None).await
}

/// Does one act to the account and shows it again, with what came of it.
async fn change(
    visit: &Visit,
    id: AccountId,
    word: &str,
    work: impl FnOnce(&Store, Act) -> Result<()> + Send + 'static,
) -> Answer {
    account(visit, id)?;
    let about = Subject::Account(id);
    let changed = visit.write(move |store, act, _| work(store, act.on(about)));
    match changed.await {
        Ok(()) => Ok(see_other(&format!("/operator/accounts/{id}?done={word}"))),
        Err(fault) => refuse(visit, id, fault).await,
    }
}

async fn refuse(visit: &Visit, id: AccountId, fault: Fault) -> Answer {
    match fault {
        Fault::Error(error) if matches!(error.kind(), Kind::Invalid | Kind::Conflict) => {
            shown(visit, id, None, Some(&error)).await
        }
        fault => Err(fault),
    }
}

pub async fn label(posted: Posted, id: web::Path<String>) -> Answer {
    let Posted { visit, form } = posted;
    let id: AccountId = id.parse()?;
    account(&visit, id)?;
    let label = match parse_name("The account", form.text("label")) {
        Ok(label) => label,
        Err(error) => return shown(&visit, id, None, Some(&error)).await,
    };
    change(&visit, id, "saved", move |store, act| {
        store.label_account(act, id, &label)
    })
    .await
}

/// Holds the account, or lets it go on.
pub async fn suspend(posted: Posted, id: web::Path<String>) -> Answer {
    let Posted { visit, form } = posted;
    let id: AccountId = id.parse()?;
    if form.text("turn") == "off" {
        return change(&visit, id, "goes_on", move |store, act| {
            store.unsuspend_account(act, id)
        })
        .await;
    }
    let note = form.text("note").to_owned();
    change(&visit, id, "suspended", move |store, act| {
        store.suspend_account(act, id, &note)
    })
    .await
}

/// The last day of the zone that the account reckons in; none typed means now.
pub async fn expire(posted: Posted, id: web::Path<String>) -> Answer {
    let Posted { visit, form } = posted;
    let id: AccountId = id.parse()?;
    let at = match typed_day(&visit, id, &form)? {
        Ok(day) => day.unwrap_or(visit.now()),
        Err(error) => return shown(&visit, id, None, Some(&error)).await,
    };
    change(&visit, id, "expires", move |store, act| {
        outside::expire(store, act, id, at)
    })
    .await
}

pub async fn reinstate(posted: Posted, id: web::Path<String>) -> Answer {
    let Posted { visit, form } = posted;
    let id: AccountId = id.parse()?;
    let expires_at = match typed_day(&visit, id, &form)? {
        Ok(day) => day,
        Err(error) => return shown(&visit, id, None, Some(&error)).await,
    };
    change(&visit, id, "reinstated", move |store, act| {
        outside::reinstate(store, act, id, expires_at)
    })
    .await
}

type Typed = Result<Option<crate::clock::Timestamp>>;

fn typed_day(visit: &Visit, id: AccountId, form: &Form) -> Result<Typed> {
    let account = account(visit, id)?;
    Ok(last_day(form, &account.settings.timezone))
}

/// Another link for the first owner, as long as nobody has joined.
pub async fn invite_owner(posted: Posted, id: web::Path<String>) -> Answer {
    let Posted { visit, form } = posted;
    let id: AccountId = id.parse()?;
    account(&visit, id)?;
    let email = form.text("email").to_owned();
    let made = visit.write(move |store, act, _| outside::invite_owner(store, act, id, &email));
    match made.await {
        Ok(Link { address, .. }) => shown(&visit, id, Some(address), None).await,
        Err(fault) => refuse(&visit, id, fault).await,
    }
}
