//! Gives notice of ends by mail: 14 days and one day before an account expires and
//! before its data is destroyed; and again where an expiry waits because nobody was told.
//! Without a mail server only the console tells.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::schedule::{Job, Planned, Step};
use crate::clock::{DAY_MS, Timestamp};
use crate::error::Result;
use crate::model::account::Account;
use crate::model::action::{Act, Action, Actor};
use crate::model::catalog::Catalog;
use crate::model::id::AccountId;
use crate::model::life::{About, Call, Life};
use crate::model::mail::NewMail;
use crate::model::notice::{Ahead, ahead, due, next_due};
use crate::model::role::Role;
use crate::store::Store;

/// Looks again after so long where nothing is due, or nothing could be written.
const LOOK_MS: i64 = 60 * 60 * 1_000;

/// When the next notice is due, for as long as nothing about accounts changes.
type Known = (Arc<Catalog>, Option<Timestamp>);

/// An account, its life, and the ends that are ahead of it.
type Ends = (Arc<Account>, Life, Vec<Ahead>);

/// Writes the notices that are due.
pub struct Noticing {
    store: Store,
    sends_mail: bool,
    known: Mutex<Option<Known>>,
    /// Accounts in which nobody could be written to, and until when they are passed over.
    passed: Mutex<BTreeMap<AccountId, Timestamp>>,
}

impl Noticing {
    pub fn new(store: Store) -> Result<Self> {
        Ok(Noticing {
            sends_mail: store.sends_mail()?,
            store,
            known: Mutex::new(None),
            passed: Mutex::new(BTreeMap::new()),
        })
    }

    fn passed(&self) -> MutexGuard<'_, BTreeMap<AccountId, Timestamp>> {
        self.passed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every account with the ends that are ahead of it.
    fn ends(&self, now: Timestamp) -> Result<Vec<Ends>> {
        let (catalog, terms) = (self.store.catalog(), self.store.account_terms()?);
        let mut found = Vec::new();
        for account in catalog.accounts.values() {
            let (_, life) = self.store.life(account.id)?;
            let ends = ahead(&life, account.expires_at, account.ends_at, terms, now);
            if !ends.is_empty() {
                found.push((account.clone(), life, ends));
            }
        }
        Ok(found)
    }

    fn next(&self, now: Timestamp) -> Result<Option<Timestamp>> {
        let catalog = self.store.catalog();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((seen, next)) = known.as_ref()
            && Arc::ptr_eq(seen, &catalog)
            && next.is_none_or(|at| now < at)
        {
            return Ok(*next);
        }
        let passed = self.passed().clone();
        let of_one = |(account, life, ends): &Ends| {
            let next = next_due(life, ends, now)?;
            Some(
                passed
                    .get(&account.id)
                    .map_or(next, |&until| next.max(until)),
            )
        };
        let next = self.ends(now)?.iter().filter_map(of_one).min();
        *known = Some((catalog, next));
        Ok(next)
    }

    /// The first notice that is due.
    fn due(&self, now: Timestamp) -> Result<Option<(Arc<Account>, Ahead, u32)>> {
        self.passed().retain(|_, until| now < *until);
        for (account, life, ends) in self.ends(now)? {
            if self.passed().contains_key(&account.id) {
                continue;
            }
            let first = ends
                .into_iter()
                .find_map(|end| Some((end, due(&life, end, now)?)));
            if let Some((end, days)) = first {
                return Ok(Some((account, end, days)));
            }
        }
        Ok(None)
    }

    fn give(&self, account: &Account, end: Ahead, days: u32, now: Timestamp) -> Result<usize> {
        let mail = NewMail {
            kind: end.about.mail_kind(),
            recipients: self.recipients(account.id)?,
            subject: subject(end, days),
            text: text(
                end,
                days,
                self.store.instance_settings()?.public_url.as_deref(),
            ),
        };
        let act = Act::new(Actor::System, Action::GiveNotice, now);
        let call = Call {
            about: end.about,
            of: end.of,
            days,
            at: now,
        };
        self.store.call_members(act, account.id, call, &mail)
    }

    /// Those who can do something about it.
    fn recipients(&self, account: AccountId) -> Result<Vec<String>> {
        let members = self.store.members(account)?;
        let keepers = members
            .into_iter()
            .filter(|member| matches!(member.profile.role, Role::Owner | Role::Admin));
        Ok(keepers.map(|member| member.profile.email).collect())
    }
}

/// The day and the minute, as UTC.
fn stamp(at: Timestamp) -> String {
    let text = at.to_string();
    let text: String = text.chars().take(16).collect();
    format!("{} UTC", text.replace('T', " "))
}

fn subject(end: Ahead, days: u32) -> String {
    let when = match days {
        0 => "is overdue".to_owned(),
        1 => "is tomorrow".to_owned(),
        days => format!("comes within {days} days"),
    };
    match end.about {
        About::Expiry => format!("The end of your account {when}"),
        About::Purge => format!("Your account's data is destroyed: that {when}"),
    }
}

fn text(end: Ahead, days: u32, url: Option<&str>) -> String {
    let at = stamp(end.of);
    let what = match end.about {
        About::Expiry if days == 0 => format!(
            "Your account was to expire on {at}. It goes on until a day after this message has \
             reached you; then it counts nothing any more."
        ),
        About::Expiry => format!(
            "Your account expires on {at}. From then on it counts nothing any more; tracking \
             links still lead on. Its data is destroyed 45 days later at the earliest."
        ),
        About::Purge => format!(
            "All data of your account is destroyed from {at} on, with its keys. It cannot be \
             brought back, not even from a backup."
        ),
    };
    let place = match url {
        Some(url) => format!("{url}/account/end"),
        None => "the console, under Account".to_owned(),
    };
    format!(
        "{what}\n\nUntil then you can take everything with you as one file:\n{place}\n\nTo keep the \
         account, ask who runs the server to reinstate it. Where a deletion was asked for, an \
         owner can take that back there.\n"
    )
}

impl Job for Noticing {
    fn name(&self) -> &'static str {
        "notices"
    }

    fn due_at(&self, last: Option<Timestamp>, now: Timestamp) -> Timestamp {
        if !self.sends_mail {
            return now.plus_ms(DAY_MS);
        }
        match (self.next(now), last) {
            (Ok(Some(at)), _) => at,
            (Ok(None), _) => now.plus_ms(LOOK_MS),
            // What went wrong is said by the step, and not every second.
            (Err(_), Some(last)) => last.plus_ms(LOOK_MS),
            (Err(_), None) => now,
        }
    }

    fn step(&self, now: Timestamp) -> Result<Step> {
        if !self.sends_mail {
            return Ok(Step::idle());
        }
        let Some((account, end, days)) = self.due(now)? else {
            return Ok(Step::idle());
        };
        let written = self.give(&account, end, days, now)?;
        if written == 0 {
            self.passed().insert(account.id, now.plus_ms(LOOK_MS));
            *self.known.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
        Ok(Step::More([("mails".to_owned(), written as u64)].into()))
    }

    fn preview(&self, _: Timestamp) -> Result<Vec<Planned>> {
        Ok(Vec::new())
    }
}
