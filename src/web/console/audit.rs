//! The audit log of the account, or of the instance for whoever runs it: who did what,
//! newest first, found by period, person and act; and a signed note of where the log
//! stands, to keep elsewhere.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_DISPOSITION;
use askama::Template;

use super::calendar::{Calendar, parse_day};
use super::form::Form;
use super::page::{Answer, Frame, Room, guarded, page};
use super::snippet::Choice;
use super::visit::Visit;
use super::wording;
use crate::access::audit::Checkpoint;
use crate::error::{Error, Result};
use crate::model::action::Actor;
use crate::model::audit::{AuditEntry, Subject};
use crate::model::catalog::Catalog;
use crate::model::id::{AccountId, MemberId};
use crate::store::{AuditQuery, Store};

/// Entries on one page.
const PAGE: usize = 50;

/// Who acts, as the filter offers them: the word of the log and one for readers.
const ACTORS: [(&str, &str); 7] = [
    ("member", "Members"),
    ("token", "API tokens"),
    ("shell", "The operator at the shell"),
    ("operator", "The operator"),
    ("support", "Support"),
    ("system", "Pixelkeep itself"),
    ("set_up", "Set-up"),
];

struct Row {
    number: u64,
    at: String,
    who: String,
    what: String,
    subject: Option<String>,
    note: String,
    network: Option<String>,
}

/// Which log a page is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Log {
    Account,
    Instance,
}

impl Log {
    pub fn path(self) -> &'static str {
        match self {
            Log::Account => "/audit",
            Log::Instance => "/operator/audit",
        }
    }

    /// Whose it is, for a visitor of this account.
    pub fn of(self, account: AccountId) -> AccountId {
        match self {
            Log::Account => account,
            Log::Instance => AccountId::INSTANCE,
        }
    }
}

#[derive(Template)]
#[template(path = "audit/list.html")]
struct ListPage {
    frame: Frame,
    log: Log,
    filters: String,
    from: String,
    to: String,
    actors: Vec<Choice>,
    actions: Vec<Choice>,
    rows: Vec<Row>,
    is_filtered: bool,
    newest: Option<String>,
    older: Option<String>,
    error: Option<String>,
}

/// What a page shows of the log.
struct Found {
    entries: Vec<AuditEntry>,
    next: Option<u64>,
    actions: BTreeSet<String>,
    people: BTreeMap<MemberId, String>,
}

pub async fn list(visit: Visit) -> Answer {
    show(visit, Log::Account).await
}

pub async fn list_of_instance(visit: Visit) -> Answer {
    show(visit, Log::Instance).await
}

async fn show(visit: Visit, log: Log) -> Answer {
    let calendar = visit.calendar();
    let (query, error) = match read_query(&visit.query, &calendar) {
        Ok(query) => (query, None),
        Err(error) => (AuditQuery::default(), Some(error.message().to_owned())),
    };
    let found = visit
        .read(move |app, account| {
            let account = log.of(account);
            let (entries, next) = app.store.audit_entries(account, &query)?;
            Ok(Found {
                people: people(&app.store, &entries, log)?,
                actions: app.store.audit_actions(account)?,
                entries,
                next,
            })
        })
        .await?;
    let catalog = visit.catalog();
    let row = |entry: &AuditEntry| Row {
        number: entry.number,
        at: calendar.stamp(entry.at),
        who: who(entry.actor, &found.people),
        what: spoken(&entry.action.word()),
        subject: entry.detail.subject.map(|it| named(it, &catalog)),
        note: entry.detail.note().to_owned(),
        network: entry.network.map(|network| network.to_string()),
    };
    let filters = filters(&visit.query);
    let text = |name: &str| visit.query.text(name).to_owned();
    let status = match error {
        Some(_) => StatusCode::BAD_REQUEST,
        None => StatusCode::OK,
    };
    let list = ListPage {
        frame: match log {
            Log::Account => visit.frame(Room::Audit, "Audit log"),
            Log::Instance => visit.frame(Room::Instance, "This server's log"),
        },
        log,
        from: text("from"),
        to: text("to"),
        actors: choices(
            ACTORS.map(|(word, name)| (word.to_owned(), name.to_owned())),
            &text("by"),
        ),
        actions: choices(
            found
                .actions
                .iter()
                .map(|word| (word.clone(), spoken(word))),
            &text("act"),
        ),
        rows: found.entries.iter().map(row).collect(),
        is_filtered: !filters.is_empty(),
        newest: visit
            .query
            .has("before")
            .then(|| address(log, &filters, None)),
        older: found
            .next
            .map(|number| address(log, &filters, Some(number))),
        filters,
        error,
    };
    page(status, &list)
}

/// A signed note of where the log stands, as a file.
pub async fn checkpoint(visit: Visit) -> Answer {
    sign(visit, Log::Account).await
}

pub async fn checkpoint_of_instance(visit: Visit) -> Answer {
    sign(visit, Log::Instance).await
}

async fn sign(visit: Visit, log: Log) -> Answer {
    let checkpoint = visit
        .read(move |app, account| Checkpoint::take(&app.store, log.of(account), app.clock.now()))
        .await?;
    let name = format!(
        "attachment; filename=\"audit-checkpoint-{}-{}.json\"",
        checkpoint.log, checkpoint.entries
    );
    Ok(guarded(StatusCode::OK)
        .insert_header((CONTENT_DISPOSITION, name))
        .json(checkpoint))
}

pub(super) fn read_query(form: &Form, calendar: &Calendar) -> Result<AuditQuery> {
    let day = |name: &str| match form.text(name) {
        "" => Ok(None),
        text => parse_day(text)
            .map(Some)
            .ok_or_else(|| Error::invalid("A day is written like 2026-11-23.")),
    };
    let word = |name: &str| match form.text(name) {
        "" => None,
        text => Some(text.to_owned()),
    };
    Ok(AuditQuery {
        member: None,
        from: day("from")?.and_then(|day| calendar.start(day)),
        to: day("to")?.and_then(|day| calendar.end(day)),
        action: word("act"),
        actor: word("by"),
        cursor: form.text("before").parse().ok(),
        limit: PAGE,
    })
}

fn choices(words: impl IntoIterator<Item = (String, String)>, chosen: &str) -> Vec<Choice> {
    let choice = |(id, name): (String, String)| Choice {
        is_chosen: id == chosen,
        id,
        name,
    };
    words.into_iter().map(choice).collect()
}

/// Addresses of those who still are members. Whoever runs the server is told of nobody's.
pub(super) fn people(
    store: &Store,
    entries: &[AuditEntry],
    log: Log,
) -> Result<BTreeMap<MemberId, String>> {
    let mut people = BTreeMap::new();
    if log == Log::Instance {
        return Ok(people);
    }
    for entry in entries {
        let acting = match entry.actor {
            Actor::Member(id) => Some(id),
            _ => None,
        };
        let meant = match entry.detail.subject {
            Some(Subject::Member(id)) => Some(id),
            _ => None,
        };
        for id in acting.into_iter().chain(meant) {
            if !people.contains_key(&id)
                && let Some(member) = store.member(id)?
            {
                people.insert(id, member.profile.email);
            }
        }
    }
    Ok(people)
}

pub(super) fn who(actor: Actor, people: &BTreeMap<MemberId, String>) -> String {
    match actor {
        Actor::Member(id) => match people.get(&id) {
            Some(email) => email.clone(),
            None => format!("A member ({id})"),
        },
        Actor::Token(id) => format!("API token {id}"),
        Actor::Operator(_) => "The operator".to_owned(),
        Actor::Support(_) => "Support, let in by an owner".to_owned(),
        Actor::Shell => "The operator at the shell".to_owned(),
        Actor::SetUp => "Set-up".to_owned(),
        Actor::Visitor => "Somebody not signed in".to_owned(),
        Actor::System => "Pixelkeep itself".to_owned(),
    }
}

/// `change_site` as `Change site`.
pub(super) fn spoken(word: &str) -> String {
    wording::capital(&word.replace('_', " "))
}

/// What an act was done to: by its name while it has one, else by its id.
pub(super) fn named(subject: Subject, catalog: &Catalog) -> String {
    let name = match subject {
        Subject::Site(id) => catalog.sites.get(&id).map(|it| &it.settings.name),
        Subject::Campaign(id) => catalog.campaigns.get(&id).map(|it| &it.settings.name),
        Subject::Publisher(id) => catalog.publishers.get(&id).map(|it| &it.settings.name),
        _ => None,
    };
    match name {
        Some(name) => format!("{} {name}", subject.word()),
        None => subject.to_string(),
    }
}

/// The filters that are set, as they stand in an address.
fn filters(query: &Form) -> String {
    let mut pairs = url::form_urlencoded::Serializer::new(String::new());
    for name in ["from", "to", "by", "act"] {
        if !query.text(name).is_empty() {
            pairs.append_pair(name, query.text(name));
        }
    }
    pairs.finish()
}

fn address(log: Log, filters: &str, before: Option<u64>) -> String {
    let before = before.map(|number| format!("before={number}"));
    let parts = [filters.to_owned(), before.unwrap_or_default()];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    format!("{}?{}", log.path(), parts.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_keeps_its_filters_from_page_to_page() {
        let form = Form::parse(b"from=2026-01-01&to=&by=token&before=7");
        let filters = filters(&form);
        assert_eq!(filters, "from=2026-01-01&by=token");
        let older = address(Log::Account, &filters, Some(5));
        assert_eq!(older, "/audit?from=2026-01-01&by=token&before=5");
        assert_eq!(
            address(Log::Instance, "", Some(5)),
            "/operator/audit?before=5"
        );
    }

    #[test]
    fn an_act_is_spoken_in_words() {
        assert_eq!(spoken("change_site"), "Change site");
        assert_eq!(spoken(""), "");
    }
}
