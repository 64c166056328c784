//! How the account ends by its own wish: everything it holds as one file, and its
//! deletion, for which an owner proves by password who they are.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::caller::{Answer, Caller, found};
use super::fields::Fields;
use super::period::instant;
use crate::access::sign_in::{Knock, Outcome};
use crate::error::{Error, Kind, Result};
use crate::lifecycle::doomed::doomed;
use crate::model::account::Member;
use crate::model::id::AccountId;
use crate::model::life::{COOLING_OFF_HOURS_MAX, Life, cooling_off};
use crate::model::role::Role;
use crate::store::Store;
use crate::web::console::Console;
use crate::web::pipe::piped;
use crate::web::{account_export, state::App};

pub async fn export(caller: Caller) -> Answer {
    let turn = caller.app().export_turn()?;
    let now = caller.now();
    let store = caller
        .write(|store, act, account| {
            account_export::announce(store, act, account)?;
            Ok(store.clone())
        })
        .await?;
    let account = caller.account();
    let name = account_export::file_name(account, now);
    let body = piped(move |out| {
        let _turn = turn;
        account_export::write(&store, account, now, out)
    });
    Ok(HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((
            CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ))
        .content_type("application/zip")
        .body(body))
}

#[derive(Serialize)]
struct Line {
    table: &'static str,
    what: &'static str,
    count: u64,
}

#[derive(Serialize)]
struct View {
    /// `none`, or `requested` for as long as it can be taken back.
    state: &'static str,
    requested_at: Option<String>,
    due_at: Option<String>,
    /// What goes.
    preview: Vec<Line>,
}

impl View {
    fn read(store: &Store, account: AccountId) -> Result<View> {
        let (_, life) = store.life(account)?;
        let lines = doomed(store, account)?;
        Ok(View::of(
            &life,
            lines
                .iter()
                .map(|line| Line {
                    table: line.table,
                    what: line.what,
                    count: line.count,
                })
                .collect(),
        ))
    }

    fn of(life: &Life, preview: Vec<Line>) -> View {
        let deletion = life.deletion.as_ref();
        View {
            state: match deletion {
                Some(_) => "requested",
                None => "none",
            },
            requested_at: deletion.map(|it| instant(it.requested_at)),
            due_at: deletion.map(|it| instant(it.due_at)),
            preview,
        }
    }
}

async fn shown(caller: &Caller) -> std::result::Result<View, crate::web::problem::Problem> {
    caller
        .read(|app, account| View::read(&app.store, account))
        .await
}

/// What would go, and whether it is asked for.
pub async fn read_deletion(caller: Caller) -> Answer {
    Ok(found(&shown(&caller).await?))
}

/// What a request for deletion says.
struct Wish {
    account_name: String,
    email: String,
    password: String,
    after_hours: u32,
}

impl Wish {
    fn read(fields: &Fields) -> Result<Wish> {
        let hours = fields.integer("after_hours", 0..=i64::from(COOLING_OFF_HOURS_MAX))?;
        let text = |name: &str| fields.required(name, fields.text(name)?);
        Ok(Wish {
            account_name: text("account_name")?,
            email: text("owner_email")?,
            password: text("owner_password")?,
            after_hours: hours.map_or(COOLING_OFF_HOURS_MAX, |hours| hours as u32),
        })
    }

    /// # Errors
    /// [`Kind::NotAllowed`] where they are not an owner's e-mail address and password.
    fn prove(&self, app: &App, console: &Console, account: AccountId, knock: &Knock) -> Result<()> {
        let owner = |member: &Member| {
            member.profile.role == Role::Owner
                && member.profile.email.eq_ignore_ascii_case(self.email.trim())
        };
        let refused = || {
            let sentence = "This is not the e-mail address and the password of an owner of the \
                 account. Nothing was changed.";
            Error::new(Kind::NotAllowed, sentence)
        };
        let members = app.store.members(account)?;
        let owner = members.into_iter().find(owner).ok_or_else(refused)?;
        if owner.profile.second_factor.is_some() {
            return Err(Error::new(
                Kind::NotAllowed,
                "This owner signs in with a second factor, which the API cannot ask for. Delete \
                 the account in the console.",
            ));
        }
        let (door, now) = (console.door(), app.clock.now());
        match door.confirm(&app.store, &owner, &self.password, knock, now)? {
            Outcome::Welcome(_) => Ok(()),
            Outcome::Wait(seconds) => Err(Error::new(
                Kind::Busy,
                format!("Too many attempts. Try again in {seconds} seconds."),
            )),
            _ => Err(refused()),
        }
    }
}

/// Ends the account at once and has its data deleted when the time to think better of it
/// is over.
pub async fn request_deletion(
    caller: Caller,
    request: HttpRequest,
    payload: web::Payload,
) -> Answer {
    let wish = Wish::read(&caller.body(payload).await?)?;
    let console = request.app_data::<web::Data<Console>>().cloned();
    let console = console.ok_or_else(|| Error::internal("A route without its console."))?;
    let knock = Knock {
        from: caller.app().options.trusted_proxies.client(&request),
        device: None,
    };
    let hours = wish.after_hours;
    caller
        .read(move |app, account| {
            let catalog = app.store.catalog();
            let name = catalog.accounts.get(&account).map(|it| &it.settings.name);
            if name.is_none_or(|name| name.trim() != wish.account_name.trim()) {
                return Err(Error::invalid(
                    "account_name: write the name of the account as `GET /api/v1/account` gives it.",
                ));
            }
            wish.prove(app, &console, account, &knock)
        })
        .await?;
    caller
        .write(move |store, act, account| {
            store.request_deletion(act, account, cooling_off(hours, act.at)?)
        })
        .await?;
    Ok(HttpResponse::Accepted()
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(&shown(&caller).await?))
}

/// Takes it back.
pub async fn cancel_deletion(caller: Caller) -> Answer {
    caller
        .write(|store, act, account| store.cancel_deletion(act, account))
        .await?;
    Ok(found(&shown(&caller).await?))
}
