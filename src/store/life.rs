//! An account's life beside its settings, and the changes of state that it goes
//! through. What is kept here outlives the account's own rows and keys.

use rusqlite::{Connection, OptionalExtension, params};

use super::database::failed;
use super::{Store, meta, row};
use crate::clock::Timestamp;
use crate::error::{Error, Kind, Result};
use crate::model::action::Act;
use crate::model::id::AccountId;
use crate::model::life::{About, Call, Deletion, Life, Notice, Terms, Way};
use crate::model::mail::NewMail;

const TERMS: &str = "account_terms";

/// `account.state`: it may collect.
pub(super) const ACTIVE: i64 = 0;
/// It was ended before its expiry: by a request, or because it came too old.
pub(super) const ENDED: i64 = 1;
/// Its keys are gone; it is in no catalog.
pub(super) const PURGING: i64 = 2;

/// How far an account's end has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// It lives, or has expired and can be taken back.
    Living,
    /// The purge is decided; its keys still exist.
    Claimed,
    /// Keys are destroyed, rows go.
    Shredded,
    /// No row is left; pages and logs are cleaned.
    Emptied,
    /// Clean; the scan and the certificate are left.
    Cleaned,
    Closed,
}

impl Stage {
    const ALL: [Stage; 6] = [
        Stage::Living,
        Stage::Claimed,
        Stage::Shredded,
        Stage::Emptied,
        Stage::Cleaned,
        Stage::Closed,
    ];

    pub(super) fn number(self) -> i64 {
        self as i64
    }

    fn of_number(number: i64) -> Result<Stage> {
        usize::try_from(number)
            .ok()
            .and_then(|index| Stage::ALL.get(index).copied())
            .ok_or_else(|| Error::damaged("An account's end stands at an unknown stage."))
    }

    pub fn word(self) -> &'static str {
        match self {
            Stage::Living => "living",
            Stage::Closed => "closed",
            _ => "purging",
        }
    }
}

impl Store {
    /// What is known of an account's life; nothing much for one that never had a date.
    pub fn life(&self, id: AccountId) -> Result<(Stage, Life)> {
        self.read(|connection| self.load_life(connection, id))
    }

    /// Every life that is written down.
    pub fn lives(&self) -> Result<Vec<(AccountId, Stage, Life)>> {
        self.lives_between(Stage::Living, Stage::Closed)
    }

    /// Those whose end has come so far.
    pub fn lives_between(
        &self,
        first: Stage,
        last: Stage,
    ) -> Result<Vec<(AccountId, Stage, Life)>> {
        self.read(|connection| {
            let mut statement = connection
                .prepare_cached(
                    "SELECT id, stage, body FROM account_life \
                     WHERE stage BETWEEN ?1 AND ?2 ORDER BY id",
                )
                .map_err(failed)?;
            let mut rows = statement
                .query(params![first.number(), last.number()])
                .map_err(failed)?;
            let mut lives = Vec::new();
            while let Some(stored) = rows.next().map_err(failed)? {
                let id: i64 = stored.get(0).map_err(failed)?;
                let stage = Stage::of_number(stored.get(1).map_err(failed)?)?;
                let body: Vec<u8> = stored.get(2).map_err(failed)?;
                let sealer = self.keys().instance_sealer();
                let life = row::open(sealer, "account_life", id, &body)?;
                lives.push((AccountId::from_row(id), stage, life));
            }
            Ok(lives)
        })
    }

    pub(super) fn load_life(
        &self,
        connection: &Connection,
        id: AccountId,
    ) -> Result<(Stage, Life)> {
        let found: Option<(i64, Vec<u8>)> = connection
            .prepare_cached("SELECT stage, body FROM account_life WHERE id = ?1")
            .and_then(|mut select| {
                let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
                select.query_row([id.row()], read).optional()
            })
            .map_err(failed)?;
        let Some((stage, body)) = found else {
            return Ok((Stage::Living, Life::default()));
        };
        let sealer = self.keys().instance_sealer();
        let life = row::open(sealer, "account_life", id.row(), &body)?;
        Ok((Stage::of_number(stage)?, life))
    }

    pub(super) fn put_life(
        &self,
        connection: &Connection,
        id: AccountId,
        stage: Stage,
        life: &Life,
    ) -> Result<()> {
        let sealer = self.keys().instance_sealer();
        let body = row::seal(sealer, "account_life", id.row(), life)?;
        connection
            .prepare_cached(
                "INSERT INTO account_life (id, stage, body) VALUES (?1, ?2, ?3) \
                 ON CONFLICT (id) DO UPDATE SET stage = excluded.stage, body = excluded.body",
            )
            .and_then(|mut put| put.execute(params![id.row(), stage.number(), body]))
            .map_err(failed)?;
        Ok(())
    }

    /// Changes a life that can still be changed, and the account's row with it.
    pub(super) fn change_life(
        &self,
        act: Act,
        id: AccountId,
        change: impl FnOnce(&Connection, &mut Life) -> Result<()>,
    ) -> Result<()> {
        self.write_catalog(act, id, |transaction| {
            let (stage, mut life) = self.load_life(transaction, id)?;
            refuse_late(stage)?;
            change(transaction, &mut life)?;
            self.put_life(transaction, id, Stage::Living, &life)
        })
    }

    fn require_account(&self, id: AccountId) -> Result<()> {
        match self.catalog().accounts.contains_key(&id) {
            true => Ok(()),
            false => {
                let (stage, _) = self.life(id)?;
                refuse_late(stage)?;
                Err(Error::not_found("account"))
            }
        }
    }

    /// Sets when an account expires; its data goes no sooner than a day from now.
    pub fn expire_account(
        &self,
        act: Act,
        id: AccountId,
        at: Timestamp,
        told: Notice,
    ) -> Result<()> {
        self.require_account(id)?;
        self.change_life(act, id, |transaction, life| {
            life.expiry_set_at = Some(act.at);
            life.notices.push(told);
            set_expiry(transaction, id, ACTIVE_OR_ENDED, Some(at))
        })
    }

    /// Takes an end back: the account collects again, until `expires_at`.
    ///
    /// # Errors
    /// [`Kind::Conflict`] once its purge has begun.
    pub fn reinstate_account(
        &self,
        act: Act,
        id: AccountId,
        expires_at: Option<Timestamp>,
    ) -> Result<()> {
        self.require_account(id)?;
        self.change_life(act, id, |transaction, life| {
            life.deletion = None;
            life.legacy = false;
            life.notices.clear();
            life.calls.clear();
            life.expiry_set_at = expires_at.map(|_| act.at);
            life.notices.extend(expires_at.map(|of| Notice {
                about: About::Expiry,
                of,
                way: Way::Command,
                at: act.at,
            }));
            set_expiry(transaction, id, Some(ACTIVE), expires_at)
        })
    }

    /// Ends an account at once, and has its data deleted when the time to think better
    /// of it is over.
    pub fn request_deletion(&self, act: Act, id: AccountId, due_at: Timestamp) -> Result<()> {
        self.require_account(id)?;
        self.change_life(act, id, |transaction, life| {
            life.deletion = Some(Deletion {
                by: act.actor,
                requested_at: act.at,
                due_at,
            });
            set_state(transaction, id, ENDED)
        })
    }

    /// Takes a deletion back that is not due yet; the expiry stays as it was.
    pub fn cancel_deletion(&self, act: Act, id: AccountId) -> Result<()> {
        self.require_account(id)?;
        self.change_life(act, id, |transaction, life| {
            if life.deletion.take().is_none() {
                return Err(Error::new(
                    Kind::Conflict,
                    "No deletion of this account was asked for.",
                ));
            }
            set_state(transaction, id, if life.legacy { ENDED } else { ACTIVE })
        })
    }

    /// Gives notice of an end to those who may do something about it: by mail, where this
    /// server sends some. Gives how many were written to.
    pub fn call_members(
        &self,
        act: Act,
        id: AccountId,
        call: Call,
        mail: &NewMail,
    ) -> Result<usize> {
        let mut written = 0;
        self.change_life(act, id, |transaction, life| {
            written = self.enqueue_mail(transaction, id, mail, act.at)?;
            if written > 0 {
                life.calls.push(call);
            }
            Ok(())
        })?;
        Ok(written)
    }

    /// Notes that notice was given.
    pub fn add_notice(&self, act: Act, id: AccountId, notice: Notice) -> Result<()> {
        self.change_life(act, id, |_, life| {
            life.notices.push(notice);
            Ok(())
        })
    }

    /// The days of the instance's accounts, as they were set last.
    pub fn account_terms(&self) -> Result<Terms> {
        let stored = self.read(|connection| meta::get(connection, TERMS))?;
        match stored {
            Some(bytes) => serde_json::from_slice(&bytes)
                .map_err(|_| Error::damaged("The days of ended accounts cannot be read.")),
            None => Ok(Terms::default()),
        }
    }

    pub fn put_account_terms(&self, terms: Terms) -> Result<()> {
        meta::put(&self.writer(), TERMS, &row::to_json(&terms)?)
    }
}

/// Leaves the state as it is.
const ACTIVE_OR_ENDED: Option<i64> = None;

fn set_expiry(
    connection: &Connection,
    id: AccountId,
    state: Option<i64>,
    expires_at: Option<Timestamp>,
) -> Result<()> {
    connection
        .execute(
            "UPDATE account SET expires_at = ?1, state = coalesce(?2, state) WHERE id = ?3",
            params![expires_at.map(Timestamp::millis), state, id.row()],
        )
        .map_err(failed)?;
    Ok(())
}

pub(super) fn set_state(connection: &Connection, id: AccountId, state: i64) -> Result<()> {
    connection
        .execute(
            "UPDATE account SET state = ?1 WHERE id = ?2",
            params![state, id.row()],
        )
        .map_err(failed)?;
    Ok(())
}

fn refuse_late(stage: Stage) -> Result<()> {
    match stage {
        Stage::Living => Ok(()),
        Stage::Closed => Err(Error::new(
            Kind::Conflict,
            "This account is closed; its data is gone. `certificate list` shows the proof.",
        )),
        _ => Err(Error::new(
            Kind::Conflict,
            "The purge of this account has begun and cannot be taken back.",
        )),
    }
}
