//! Members: who is in the account and as what, one-time links for those who are to
//! join or to come back. A link is shown once, on the page that follows its making.

use actix_web::http::StatusCode;
use actix_web::web;
use askama::Template;

use super::fault::Fault;
use super::form::Form;
use super::page::{Answer, Frame, Room, page, see_other};
use super::snippet::{Choice, publishers};
use super::visit::{Posted, Visit};
use crate::access::member::{self, Link};
use crate::error::{Error, Kind, Result};
use crate::model::account::Member;
use crate::model::catalog::Catalog;
use crate::model::id::{InviteId, MemberId};
use crate::model::invite::{Invite, Purpose};
use crate::model::role::Role;

/// The roles a form offers, with what each may do.
const ROLES: [(&str, &str); 6] = [
    (
        "owner",
        "Owner: everything, support and the end of the account included",
    ),
    ("admin", "Admin: everything but owners and support"),
    ("analyst", "Analyst: reads figures and single conversions"),
    ("viewer", "Viewer: reads figures"),
    ("privacy", "Privacy: looks after the rights of visitors"),
    (
        "publisher",
        "Publisher: sees the report of one publisher alone",
    ),
];

struct Row {
    id: MemberId,
    email: String,
    role: &'static str,
    /// Whose figures a publisher sees.
    publisher: String,
    is_self: bool,
    /// Whether the reader may change this one.
    is_changeable: bool,
    roles: Vec<Choice>,
}

struct Pending {
    id: InviteId,
    email: String,
    what: String,
    until: String,
    /// When it begins to work, where it does not yet.
    opens: Option<String>,
}

/// A link to hand over.
struct Shown {
    email: String,
    address: String,
    until: String,
    opens: Option<String>,
}

#[derive(Template)]
#[template(path = "member/page.html")]
struct MemberPage {
    frame: Frame,
    rows: Vec<Row>,
    pending: Vec<Pending>,
    /// The reader may open a link that waits.
    is_owner: bool,
    email: String,
    roles: Vec<Choice>,
    publishers: Vec<Choice>,
    link: Option<Shown>,
    error: Option<String>,
}

impl MemberPage {
    async fn new(visit: &Visit, form: &Form) -> std::result::Result<Self, Fault> {
        let now = visit.now();
        let found = visit.read(move |app, account| {
            Ok((
                app.store.members(account)?,
                app.store.invites(account, now)?,
            ))
        });
        let (members, invites) = found.await?;
        let catalog = visit.catalog();
        let own = visit.member.profile.role;
        let rows = members.iter().map(|member| row(visit, &catalog, member));
        Ok(MemberPage {
            frame: visit.frame(Room::Members, "Members"),
            rows: rows.collect(),
            pending: invites
                .iter()
                .map(|invite| pending(visit, &catalog, invite))
                .collect(),
            is_owner: own == Role::Owner,
            email: form.text("email").to_owned(),
            roles: roles(
                own,
                match form.text("role") {
                    "" => "viewer",
                    word => word,
                },
            ),
            publishers: publishers(visit, &catalog, form.text("publisher")),
            link: None,
            error: None,
        })
    }
}

fn roles(own: Role, chosen: &str) -> Vec<Choice> {
    let offered = ROLES
        .iter()
        .filter(|(word, _)| own == Role::Owner || *word != "owner");
    offered
        .map(|(word, name)| Choice {
            id: (*word).to_owned(),
            name: (*name).to_owned(),
            is_chosen: *word == chosen,
        })
        .collect()
}

fn publisher_name(catalog: &Catalog, role: Role) -> String {
    let named = role.publisher().and_then(|id| catalog.publishers.get(&id));
    named.map_or_else(String::new, |publisher| publisher.settings.name.clone())
}

fn row(visit: &Visit, catalog: &Catalog, member: &Member) -> Row {
    let (own, role) = (visit.member.profile.role, member.profile.role);
    Row {
        id: member.id,
        email: member.profile.email.clone(),
        role: role.word(),
        publisher: publisher_name(catalog, role),
        is_self: member.id == visit.member.id,
        is_changeable: own.rules_over(role),
        roles: roles(own, role.word()),
    }
}

fn pending(visit: &Visit, catalog: &Catalog, invite: &Invite) -> Pending {
    let calendar = visit.calendar();
    let opens_at = invite.content.opens_at;
    Pending {
        id: invite.id,
        email: invite.content.email.clone(),
        what: match invite.content.purpose {
            Purpose::Join(role) => match publisher_name(catalog, role) {
                name if name.is_empty() => format!("Joins as {}", role.word()),
                name => format!("Joins as publisher, for {name}"),
            },
            Purpose::Return(_) => "Comes back with a new password".to_owned(),
        },
        until: calendar.stamp(invite.expires_at),
        opens: (visit.now() < opens_at).then(|| calendar.stamp(opens_at)),
    }
}

pub async fn list(visit: Visit) -> Answer {
    let shown = MemberPage::new(&visit, &Form::default()).await?;
    page(StatusCode::OK, &shown)
}

fn typed_role(form: &Form) -> Result<Role> {
    let publisher = match (form.text("role"), form.text("publisher")) {
        ("publisher", id) if !id.is_empty() => Some(id.parse()?),
        _ => None,
    };
    Role::parse(form.text("role"), publisher)
}

/// Shows the page with the link that was made, or with why none was.
async fn answer(
    visit: &Visit,
    form: &Form,
    email: &str,
    made: std::result::Result<Link, Fault>,
) -> Answer {
    let calendar = visit.calendar();
    match made {
        Ok(link) => {
            let mut shown = MemberPage::new(visit, &Form::default()).await?;
            shown.link = Some(Shown {
                email: email.to_owned(),
                address: link.address,
                until: calendar.stamp(link.expires_at),
                opens: (visit.now() < link.opens_at).then(|| calendar.stamp(link.opens_at)),
            });
            page(StatusCode::OK, &shown)
        }
        Err(fault) => refuse(visit, form, fault).await,
    }
}

/// The page again with what was typed and why it was not taken.
async fn refuse(visit: &Visit, form: &Form, fault: Fault) -> Answer {
    match fault {
        Fault::Error(error) if matches!(error.kind(), Kind::Invalid | Kind::Conflict) => {
            let mut shown = MemberPage::new(visit, form).await?;
            shown.error = Some(error.message().to_owned());
            page(StatusCode::BAD_REQUEST, &shown)
        }
        fault => Err(fault),
    }
}

pub async fn invite(posted: Posted) -> Answer {
    let Posted { visit, form } = posted;
    let (hand, email) = (visit.hand(), form.text("email").to_owned());
    let role = match typed_role(&form) {
        Ok(role) => role,
        Err(error) => return refuse(&visit, &form, error.into()).await,
    };
    let address = email.clone();
    let made = visit
        .write(move |store, act, account| member::invite(store, act, account, hand, &address, role))
        .await;
    answer(&visit, &form, &email, made).await
}

/// A link for a member who lost the way in.
pub async fn let_back_in(posted: Posted, id: web::Path<String>) -> Answer {
    let Posted { visit, form } = posted;
    let (hand, id): (_, MemberId) = (visit.hand(), id.parse()?);
    let made = visit
        .write(move |store, act, account| {
            let found = store.member(id)?.filter(|member| member.account == account);
            let found = found.ok_or_else(|| Error::not_found("member"))?;
            let link = member::let_back_in(store, act, account, hand, id)?;
            Ok((found.profile.email, link))
        })
        .await;
    match made {
        Ok((email, link)) => answer(&visit, &form, &email, Ok(link)).await,
        Err(fault) => refuse(&visit, &form, fault).await,
    }
}

pub async fn change_role(posted: Posted, id: web::Path<String>) -> Answer {
    let Posted { visit, form } = posted;
    let (hand, id): (_, MemberId) = (visit.hand(), id.parse()?);
    let role = match typed_role(&form) {
        Ok(role) => role,
        Err(error) => return refuse(&visit, &Form::default(), error.into()).await,
    };
    let changed = visit
        .write(move |store, act, account| member::change_role(store, act, account, hand, id, role))
        .await;
    match changed {
        Ok(_) => Ok(see_other("/members?done=role")),
        Err(fault) => refuse(&visit, &Form::default(), fault).await,
    }
}

pub async fn remove(posted: Posted, id: web::Path<String>) -> Answer {
    let Posted { visit, .. } = posted;
    let (hand, id): (_, MemberId) = (visit.hand(), id.parse()?);
    let removed = visit
        .write(move |store, act, account| member::remove(store, act, account, hand, id))
        .await;
    match removed {
        Ok(()) => Ok(see_other("/members?done=removed")),
        Err(fault) => refuse(&visit, &Form::default(), fault).await,
    }
}

pub async fn revoke_invite(posted: Posted, id: web::Path<String>) -> Answer {
    let Posted { visit, .. } = posted;
    let (hand, id): (_, InviteId) = (visit.hand(), id.parse()?);
    visit
        .write(move |store, act, account| member::revoke(store, act, account, hand, id))
        .await?;
    Ok(see_other("/members?done=invited"))
}

/// An owner opens a link that waits.
pub async fn confirm_invite(posted: Posted, id: web::Path<String>) -> Answer {
    let Posted { visit, .. } = posted;
    let (hand, id): (_, InviteId) = (visit.hand(), id.parse()?);
    visit
        .write(move |store, act, account| member::confirm(store, act, account, hand, id))
        .await?;
    Ok(see_other("/members?done=opened"))
}
