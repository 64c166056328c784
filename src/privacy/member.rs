//! What is held of somebody who signs in: who they are, where they are signed in, what
//! they did. Shown and handed out to them alone.

use std::collections::BTreeMap;

use serde_json::json;

use super::bundle::{Bundle, File};
use super::export::{Heading, csv, json_text, page};
use super::wording::Record;
use crate::clock::Timestamp;
use crate::error::Result;
use crate::model::account::Member;
use crate::model::audit::AuditEntry;
use crate::model::catalog::Catalog;
use crate::model::id::AccountId;
use crate::model::inventory::Class;
use crate::model::retention::Retention;
use crate::model::role::Role;
use crate::store::{AuditQuery, Session, Store};

/// Entries of the log handed out at most.
const ACTS_MAX: usize = 100_000;
/// Entries read at once.
const ACTS_A_PAGE: usize = 5_000;

/// Everything that is held of a member.
pub struct OwnData {
    pub profile: Record,
    /// Of a publisher's member: the publisher.
    pub publisher: Option<Record>,
    pub sessions: Vec<Record>,
    /// Of the log of acts, newest first.
    pub acts: Vec<Record>,
}

fn fields(of: impl IntoIterator<Item = (&'static str, String)>) -> BTreeMap<String, String> {
    let of = of.into_iter().filter(|(_, value)| !value.is_empty());
    of.map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Reads what is held of a member. Blocks.
pub fn of_member(store: &Store, member: &Member, now: Timestamp) -> Result<OwnData> {
    let kept = match member.account {
        AccountId::INSTANCE => Retention::default(),
        account => store.retention(account)?,
    };
    let mut acts = Vec::new();
    let mut query = AuditQuery {
        member: Some(member.id),
        limit: ACTS_A_PAGE,
        ..AuditQuery::default()
    };
    loop {
        let (entries, next) = store.audit_entries(member.account, &query)?;
        acts.extend(entries.iter().map(|entry| act(entry, member, &kept)));
        if next.is_none() || acts.len() >= ACTS_MAX {
            break;
        }
        query.cursor = next;
    }
    let sessions = store.sessions_of(member, now)?;
    Ok(OwnData {
        profile: profile(member, &kept, now),
        publisher: publisher(member, &store.catalog(), &kept, now),
        sessions: (1..).zip(&sessions).map(|it| session(it, &kept)).collect(),
        acts,
    })
}

fn profile(member: &Member, kept: &Retention, now: Timestamp) -> Record {
    let profile = &member.profile;
    let factor = profile.second_factor.as_ref();
    Record {
        kind: "member",
        id: member.id.to_string(),
        at: now.to_string(),
        sentence: "You sign in here.".to_owned(),
        fields: fields([
            ("email", profile.email.clone()),
            ("role", profile.role.word().to_owned()),
            (
                "password",
                "a verifier from which it cannot be read".to_owned(),
            ),
            (
                "second_factor",
                factor.map_or("none".to_owned(), |factor| {
                    format!("since {}", factor.since)
                }),
            ),
        ]),
        purpose: "letting you in, and nobody else",
        kept: Class::Member.kept(kept),
        source: "you, and whoever invited you",
    }
}

fn publisher(
    member: &Member,
    catalog: &Catalog,
    kept: &Retention,
    now: Timestamp,
) -> Option<Record> {
    let Role::Publisher(id) = member.profile.role else {
        return None;
    };
    let publisher = catalog.publishers.get(&id)?;
    Some(Record {
        kind: "publisher",
        id: id.to_string(),
        at: now.to_string(),
        sentence: "You see the figures of this publisher.".to_owned(),
        fields: fields([
            ("name", publisher.settings.name.clone()),
            ("coupon_codes", publisher.settings.coupon_codes.join(", ")),
        ]),
        purpose: "crediting you for sales and paying commission",
        kept: Class::Account.kept(kept),
        source: "the business",
    })
}

fn session((number, session): (usize, &Session), kept: &Retention) -> Record {
    let content = &session.content;
    let network = content.place.network;
    Record {
        kind: "session",
        id: number.to_string(),
        at: content.created_at.to_string(),
        sentence: "You signed in with a browser.".to_owned(),
        fields: fields([
            ("browser", content.place.browser.clone()),
            (
                "network",
                network.map_or_else(String::new, |it| it.to_string()),
            ),
            ("last_used", content.seen_at.to_string()),
            ("ends", session.expires_at.to_string()),
        ]),
        purpose: "letting you in without asking each time, and showing you where you are",
        kept: Class::Session.kept(kept),
        source: "your browser",
    }
}

fn act(entry: &AuditEntry, member: &Member, kept: &Retention) -> Record {
    let is_own = entry.actor.member() == Some(member.id);
    let subject = entry
        .detail
        .subject
        .map_or_else(String::new, |it| it.to_string());
    Record {
        kind: "act",
        id: entry.number.to_string(),
        at: entry.at.to_string(),
        sentence: match is_own {
            true => "You did something.".to_owned(),
            false => "Something was done to your membership.".to_owned(),
        },
        fields: fields([
            ("what", entry.action.word()),
            ("to", subject),
            ("note", entry.detail.note().to_owned()),
            (
                "network",
                entry.network.map_or_else(String::new, |it| it.to_string()),
            ),
        ]),
        purpose: "showing what was done in the account, and by whom",
        kept: Class::Audit.kept(kept),
        source: "this program",
    }
}

/// What an end of the membership takes away, and what it leaves and why.
pub fn member_goes(data: &OwnData) -> (Vec<String>, Vec<String>) {
    let goes = vec![
        "your e-mail address, password, second factor and every link to sign in".to_owned(),
        format!(
            "your sign-ins ({}), with browser and network",
            data.sessions.len()
        ),
        "the networks from which you did something".to_owned(),
    ];
    let stays = vec![
        format!(
            "entries of the log of acts ({}), under a random number that is nobody's any more: the \
             business must be able to show what was done with people's data (Art. 5(2) GDPR)",
            data.acts.len()
        ),
        "what you set up for the account: sites, campaigns, publishers".to_owned(),
        "backups, sealed, until the last one from before is gone".to_owned(),
    ];
    (goes, stays)
}

/// Everything as files: a page to read, JSON, and tables.
pub fn export_member(data: &OwnData, business: &str, now: Timestamp) -> Result<Bundle> {
    let about = json!({
        "controller": business,
        "made_at": now.to_string(),
        "purposes": "letting members in, and showing what was done in the account",
        "recipients": "whoever is owner, admin or privacy of the account, in its lists of members and acts",
        "rights": "to have it corrected, erased or restricted, to object, and to complain to a supervisory authority",
    });
    let own: Vec<Record> = [Some(&data.profile), data.publisher.as_ref()]
        .into_iter()
        .flatten()
        .cloned()
        .collect();
    let all = json!({
        "format": "pixelkeep-member-1",
        "made_at": now.to_string(),
        "about": about,
        "member": own,
        "sessions": data.sessions,
        "acts": data.acts,
    });
    let heading = Heading {
        by: business,
        counted: format!(
            "{} sign-ins and {} acts",
            data.sessions.len(),
            data.acts.len()
        ),
        now,
    };
    let parts: [(&str, &[Record]); 3] = [
        ("You", &own),
        ("Where you are signed in", &data.sessions),
        ("What was done", &data.acts),
    ];
    Bundle::new(vec![
        File::new("index.html", page(&heading, &about, &parts)),
        File::new("data.json", json_text(&all)?),
        File::new("csv/member.csv", csv(&own)?),
        File::new("csv/sessions.csv", csv(&data.sessions)?),
        File::new("csv/acts.csv", csv(&data.acts)?),
    ])
}
