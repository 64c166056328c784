//! Members and the links by which they come in: `{email, role, publisher_id?}` in, a
//! one-time link out, shown this once. A token has the hand of an admin: owners are
//! out of its reach.

use actix_web::{HttpRequest, web};
use serde::Serialize;

use super::caller::{Answer, Caller, created, found, gone};
use super::fields::Fields;
use super::period::instant;
use super::query::{Query, page};
use crate::access::member::{self, Hand};
use crate::error::{Error, Result};
use crate::model::account::{Member, parse_email};
use crate::model::id::{InviteId, MemberId, PublisherId};
use crate::model::invite::{Invite, Purpose};
use crate::model::role::Role;

/// What a token may do to members.
const HAND: Hand = Hand::Member(Role::Admin);

#[derive(Serialize)]
struct View {
    id: MemberId,
    email: String,
    role: &'static str,
    publisher_id: Option<PublisherId>,
    second_factor: bool,
}

impl View {
    fn of(member: &Member) -> Self {
        View {
            id: member.id,
            email: member.profile.email.clone(),
            role: member.profile.role.word(),
            publisher_id: member.profile.role.publisher(),
            second_factor: member.profile.second_factor.is_some(),
        }
    }
}

#[derive(Serialize)]
struct InviteView {
    id: InviteId,
    email: String,
    /// None: a member comes back by it.
    role: Option<&'static str>,
    publisher_id: Option<PublisherId>,
    opens_at: String,
    expires_at: String,
}

impl InviteView {
    fn of(invite: &Invite) -> Self {
        let role = match invite.content.purpose {
            Purpose::Join(role) => Some(role),
            Purpose::Return(_) => None,
        };
        InviteView {
            id: invite.id,
            email: invite.content.email.clone(),
            role: role.map(Role::word),
            publisher_id: role.and_then(Role::publisher),
            opens_at: instant(invite.content.opens_at),
            expires_at: instant(invite.expires_at),
        }
    }
}

/// What was made, with the link that is never shown again.
#[derive(Serialize)]
struct MadeView {
    id: InviteId,
    link: String,
    opens_at: String,
    expires_at: String,
}

pub async fn list(caller: Caller, request: HttpRequest) -> Answer {
    let query = Query::of(&request);
    let (after, limit) = (query.cursor::<MemberId>()?, query.limit()?);
    let members = caller
        .read(|app, account| app.store.members(account))
        .await?;
    let views = members.iter().map(View::of).collect();
    Ok(found(&page(views, |view| view.id, after, limit)))
}

pub async fn read(caller: Caller, id: web::Path<String>) -> Answer {
    let id: MemberId = id.parse()?;
    let member = caller
        .read(move |app, account| {
            let member = app.store.member(id)?;
            let member = member.filter(|member| member.account == account);
            member.ok_or_else(|| Error::not_found("member"))
        })
        .await?;
    Ok(found(&View::of(&member)))
}

pub async fn update(caller: Caller, id: web::Path<String>, payload: web::Payload) -> Answer {
    let id: MemberId = id.parse()?;
    let fields = caller.body(payload).await?;
    let role = fields.required("role", role(&fields)?)?;
    let member = caller
        .write(move |store, act, account| member::change_role(store, act, account, HAND, id, role))
        .await?;
    Ok(found(&View::of(&member)))
}

pub async fn remove(caller: Caller, id: web::Path<String>) -> Answer {
    let id: MemberId = id.parse()?;
    caller
        .write(move |store, act, account| member::remove(store, act, account, HAND, id))
        .await?;
    Ok(gone())
}

pub async fn list_invites(caller: Caller, request: HttpRequest) -> Answer {
    let query = Query::of(&request);
    let (after, limit) = (query.cursor::<InviteId>()?, query.limit()?);
    let now = caller.now();
    let invites = caller
        .read(move |app, account| app.store.invites(account, now))
        .await?;
    let views = invites.iter().map(InviteView::of).collect();
    Ok(found(&page(views, |view| view.id, after, limit)))
}

pub async fn invite(caller: Caller, payload: web::Payload) -> Answer {
    let fields = caller.body(payload).await?;
    let email = fields.text("email")?;
    let email = email.map(|text| fields.named("email", parse_email(&text)));
    let email = fields.required("email", email.transpose()?)?;
    let role = fields.required("role", role(&fields)?)?;
    let link = caller
        .write(move |store, act, account| member::invite(store, act, account, HAND, &email, role))
        .await?;
    let place = format!("/api/v1/invites/{}", link.id);
    let made = MadeView {
        id: link.id,
        link: link.address,
        opens_at: instant(link.opens_at),
        expires_at: instant(link.expires_at),
    };
    Ok(created(&place, &made))
}

pub async fn revoke_invite(caller: Caller, id: web::Path<String>) -> Answer {
    let id: InviteId = id.parse()?;
    caller
        .write(move |store, act, account| member::revoke(store, act, account, HAND, id))
        .await?;
    Ok(gone())
}

fn role(fields: &Fields) -> Result<Option<Role>> {
    let publisher = match fields.text("publisher_id")? {
        Some(text) => Some(text.parse()?),
        None => None,
    };
    let role = fields.text("role")?;
    role.map(|word| fields.named("role", Role::parse(&word, publisher)))
        .transpose()
}
