//! Ends accounts: decides a purge when its time has come and has really passed,
//! destroys keys, rows, pages and logs one durable step after the other, looks for
//! what might be left, and writes the certificate.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use super::schedule::{Job, Planned, Step, every};
use super::timeline::timeline;
use super::{certificate, heartbeat};
use crate::clock::{Clock, DAY_MS, Timestamp};
use crate::crypto::token;
use crate::error::Result;
use crate::model::account::Account;
use crate::model::action::{Act, Action, Actor};
use crate::model::catalog::Catalog;
use crate::model::id::{AccountId, encode_base32};
use crate::model::instance::Snapshots;
use crate::model::life::{Life, Purge, Reason};
use crate::store::{Counts, Stage, Store, scan};

/// Looks at least this often.
const LOOK_MS: i64 = 60 * 60 * 1_000;
/// The same while an account waits for evidence.
const RETRY_MS: i64 = 5 * 60 * 1_000;
/// How often, and how many times, it looks whether the journal has let go.
const JOURNAL_PAUSE: Duration = Duration::from_millis(200);
const JOURNAL_LOOKS: u32 = 25;
/// How long it waits for room on the disk; then the certificate says what is left, in
/// milliseconds.
const ROOM_WAIT_MS: i64 = 2 * DAY_MS;
/// Words of an account that the scan looks for, at most.
const WORDS_MAX: usize = 300;

/// Ends accounts whose time has come.
pub struct Purging {
    store: Store,
    clock: Clock,
    /// When accounts fall due, as long as nothing about accounts has changed.
    known: Mutex<Option<(Arc<Catalog>, Vec<Timestamp>)>>,
}

/// An account whose purge is set.
struct Due {
    id: AccountId,
    life: Life,
    expires_at: Option<Timestamp>,
    at: Timestamp,
    reason: Reason,
}

impl Purging {
    pub fn new(store: Store, clock: Clock) -> Self {
        Purging {
            store,
            clock,
            known: Mutex::new(None),
        }
    }

    /// When accounts fall due, in order.
    fn instants(&self) -> Result<Vec<Timestamp>> {
        let catalog = self.store.catalog();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((seen, instants)) = known.as_ref()
            && Arc::ptr_eq(seen, &catalog)
        {
            return Ok(instants.clone());
        }
        let instants: Vec<Timestamp> = self.due()?.iter().map(|due| due.at).collect();
        *known = Some((catalog, instants.clone()));
        Ok(instants)
    }

    fn act(&self, id: AccountId, now: Timestamp) -> Act {
        Act::new(Actor::System, Action::PurgeAccount, now)
            .on(crate::model::audit::Subject::Account(id))
    }

    /// Every account that has an end, the next one first.
    fn due(&self) -> Result<Vec<Due>> {
        let terms = self.store.account_terms()?;
        let catalog = self.store.catalog();
        let mut lives: BTreeMap<AccountId, (Stage, Life)> = BTreeMap::new();
        for (id, stage, life) in self.store.lives_between(Stage::Living, Stage::Claimed)? {
            lives.insert(id, (stage, life));
        }
        let mut due: Vec<Due> = catalog
            .accounts
            .values()
            .filter_map(|account| {
                let known = lives.remove(&account.id);
                let (stage, life) = known.unwrap_or((Stage::Living, Life::default()));
                if stage != Stage::Living {
                    return None;
                }
                let (at, reason) = life.purge_due(account.ends_at, terms)?;
                Some(Due {
                    id: account.id,
                    expires_at: account.ends_at,
                    life,
                    at,
                    reason,
                })
            })
            .collect();
        due.sort_by_key(|due| (due.at, due.id));
        Ok(due)
    }

    /// Whether beats prove that the time up to the purge has passed.
    fn is_proved(&self, due: &Due, now: Timestamp) -> Result<bool> {
        let since = due.life.evidence_since(due.expires_at).min(now);
        let beats = self.store.heartbeats(since.utc_day())?;
        Ok(heartbeat::proves(&beats, since.utc_day(), now.utc_day()))
    }

    /// Goes on with the purges that have begun, those first that have come least far, so
    /// that every key goes before any row and what is left is cleaned once; none: there
    /// are none.
    fn go_on(&self, now: Timestamp) -> Result<Option<Counts>> {
        let begun = self.store.lives_between(Stage::Claimed, Stage::Cleaned)?;
        let Some((id, stage, life)) = begun.iter().min_by_key(|&&(_, stage, _)| stage) else {
            return Ok(None);
        };
        let (id, act) = (*id, self.act(*id, now));
        match stage {
            Stage::Claimed if begun.iter().all(|&(_, stage, _)| stage == Stage::Claimed) => {
                if let Some(counts) = self.begin(now)? {
                    return Ok(Some(counts));
                }
                self.store.destroy_account_keys(act, id)?;
                return Ok(Some(counted("keys_destroyed")));
            }
            Stage::Claimed => {
                self.store.destroy_account_keys(act, id)?;
                return Ok(Some(counted("keys_destroyed")));
            }
            Stage::Shredded => {
                self.store.delete_account_rows(act, id)?;
            }
            Stage::Emptied => {
                self.store.reclaim_journal()?;
                if !self.store.reclaim()? {
                    return Ok(Some(Counts::new()));
                }
                if !self.clear_gaps(&begun, now)? {
                    return Ok(None);
                }
                begun
                    .iter()
                    .try_for_each(|(id, ..)| self.store.mark_cleaned(*id))?;
            }
            _ => {
                let text = self.certify(id, life, now)?;
                self.store.close_account(act, id, text)?;
                return Ok(Some(counted("accounts_closed")));
            }
        }
        Ok(Some(Counts::new()))
    }

    /// Looks for what deleted rows have left between others, and has the database
    /// written anew where it finds something. False: that has to wait.
    fn clear_gaps(&self, begun: &[(AccountId, Stage, Life)], now: Timestamp) -> Result<bool> {
        let purges = || begun.iter().filter_map(|(.., life)| life.purge.as_ref());
        let marks: Vec<Vec<u8>> = purges().flat_map(|purge| purge.marks.clone()).collect();
        let since = purges().map(|purge| purge.started_at).min().unwrap_or(now);
        let may_wait = now.millis() - since.millis() < ROOM_WAIT_MS;
        Ok(self.store.clear_gaps(Some(&marks), may_wait)?.is_some())
    }

    /// Decides one purge whose time has come; none: there is none, or the evidence
    /// or the journal is not ready.
    pub(super) fn begin(&self, now: Timestamp) -> Result<Option<Counts>> {
        let mut waiting = 0;
        for due in self.due()? {
            if due.at > now {
                break;
            }
            // Hits that still wait are settled first: their keys open them.
            if !self.is_proved(&due, now)? || !self.journal_lets_go(due.id)? {
                waiting += 1;
                continue;
            }
            let catalog = self.store.catalog();
            let Some(account) = catalog.accounts.get(&due.id) else {
                continue;
            };
            let purge = Purge {
                reason: due.reason,
                due_at: due.at,
                started_at: now,
                expires_at: account.ends_at,
                requested_at: due.life.deletion.map(|deletion| deletion.requested_at),
                before: self.store.account_rows(due.id)?,
                data_keys: self.store.keys().data_key_versions(due.id),
                marks: self.marks(account)?,
                keys_gone_at: None,
            };
            self.store
                .claim_purge(self.act(due.id, now), due.id, purge)?;
            return Ok(Some(counted("purges_begun")));
        }
        if waiting > 0 {
            tracing::warn!(
                waiting,
                "accounts are due to be purged, but wait until it is certain that the time has passed"
            );
        }
        Ok(None)
    }

    fn journal_lets_go(&self, id: AccountId) -> Result<bool> {
        for _ in 0..JOURNAL_LOOKS {
            if !self.store.journal_holds(id)? {
                return Ok(true);
            }
            self.store.reclaim_journal()?;
            std::thread::sleep(JOURNAL_PAUSE);
        }
        Ok(false)
    }

    /// Sealed pieces of rows, and words that the account has written.
    fn marks(&self, account: &Account) -> Result<Vec<Vec<u8>>> {
        let catalog = self.store.catalog();
        let mut words = vec![account.settings.name.clone()];
        let own = |owner: AccountId| owner == account.id;
        for site in catalog.sites.values().filter(|site| own(site.account)) {
            words.push(site.settings.name.clone());
            words.extend(site.settings.hosts.iter().cloned());
        }
        for it in catalog.campaigns.values().filter(|it| own(it.account)) {
            words.push(it.settings.name.clone());
        }
        for it in catalog.publishers.values().filter(|it| own(it.account)) {
            words.push(it.settings.name.clone());
        }
        words.truncate(WORDS_MAX);
        let mut marks = self.store.sealed_pieces(account.id)?;
        marks.extend(words.iter().flat_map(|word| scan::forms(word)));
        Ok(marks)
    }

    fn certify(&self, id: AccountId, life: &Life, now: Timestamp) -> Result<String> {
        let terms = self.store.account_terms()?;
        let Some(purge) = &life.purge else {
            return Err(crate::error::Error::damaged(
                "A purge has lost what it had to prove.",
            ));
        };
        let after = self.store.account_rows(id)?;
        let seen = scan::scan(self.store.folder().path(), &purge.marks)?;
        let tables: Vec<Value> = purge
            .before
            .iter()
            .map(|(table, before)| {
                let after = after.get(table).copied().unwrap_or(0);
                json!({ "table": table, "before": before, "after": after })
            })
            .collect();
        let snapshots = self.store.instance_settings()?.snapshots;
        let mut timeline = timeline(purge, life, terms, now);
        timeline["last_snapshot_gone_at"] = json!(snapshots.gone_at(now).map(|at| at.to_string()));
        let content = json!({
            "kind": "account deletion",
            "format": 1,
            "id": encode_base32(token::random_u64(), 12),
            "product": concat!("pixelkeep ", env!("CARGO_PKG_VERSION")),
            "account": id,
            "reason": purge.reason,
            "timeline": timeline,
            "tables": tables,
            "keys": {
                "algorithm": "AES-256-GCM",
                "data_keys_destroyed": purge.data_keys,
                "index_key_destroyed": true,
                "destroyed_at": purge.keys_gone_at.map(|at| at.to_string()),
                "present_after": self.store.keys().accounts().contains(&id),
            },
            "methods": [
                "The account's keys were destroyed first: the keyring was replaced as a whole.",
                "Every row and segment was deleted; SQLite overwrites deleted content (secure_delete).",
                "Free pages were given back and both write-ahead logs emptied.",
            ],
            "scan": {
                "files": seen.files, "bytes": seen.bytes,
                "marks": seen.marks, "found": seen.found(),
            },
            "clock": {
                "days_with_heartbeat": self.store.heartbeat_count(
                    life.evidence_since(purge.expires_at))?,
                "moved_by_a_test": !self.clock.is_real(),
            },
            "kept": ["the account's id", "the day it was closed", "this certificate"],
            "outside": match snapshots {
                Snapshots::Unsaid => "Snapshots of the whole machine, and copies of the keyring made \
                    by others, are not known to this program. Delete them by the day the last \
                    backup is gone.",
                Snapshots::None => "The operator states that no snapshots of the whole machine are \
                    made. Copies of the keyring made by others are not known to this program.",
                Snapshots::Kept { .. } => "The day on which the last snapshot of the whole machine is \
                    gone follows from how long the operator states they are kept; this program \
                    cannot check it, nor copies of the keyring made by others.",
            },
        });
        certificate::sign(self.store.keys().signer(), &content)
    }
}

fn counted(name: &str) -> Counts {
    [(name.to_owned(), 1)].into()
}

impl Job for Purging {
    fn name(&self) -> &'static str {
        "accounts"
    }

    /// Now and then, and at the very instant at which an account falls due.
    fn due_at(&self, last: Option<Timestamp>, now: Timestamp) -> Timestamp {
        let regular = every(LOOK_MS, last, now);
        let begun = self.store.lives_between(Stage::Claimed, Stage::Cleaned);
        if begun.is_ok_and(|begun| !begun.is_empty()) {
            return now;
        }
        let (Some(last), Ok(instants)) = (last, self.instants()) else {
            return regular;
        };
        let is_overdue = instants.first().is_some_and(|&at| at <= last);
        // A clock that a test moves may stand still; then it is the real time that counts.
        let retry = if self.clock.is_real() { RETRY_MS } else { 0 };
        let soon = if is_overdue {
            regular.min(last.plus_ms(retry))
        } else {
            regular
        };
        let next = instants.into_iter().find(|&at| at > last);
        next.map_or(soon, |next| soon.min(next))
    }

    fn step(&self, now: Timestamp) -> Result<Step> {
        if let Some(counts) = self.go_on(now)? {
            return Ok(Step::More(counts));
        }
        Ok(match self.begin(now)? {
            Some(counts) => Step::More(counts),
            None => Step::idle(),
        })
    }

    fn preview(&self, as_of: Timestamp) -> Result<Vec<Planned>> {
        let mut planned = Vec::new();
        for due in self.due()?.into_iter().filter(|due| due.at <= as_of) {
            let count = self.store.account_rows(due.id)?.values().sum();
            planned.push(Planned {
                account: Some(due.id),
                class: "account".to_owned(),
                what: format!(
                    "all data of the account and its keys ({})",
                    due.reason.word()
                ),
                at: due.at,
                count,
            });
        }
        Ok(planned)
    }
}
