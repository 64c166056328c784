//! Marks of persons of whom nothing new is taken: in a table by blind index, and in
//! memory for settling and for every read that must leave them out.

use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::{Connection, params};

use super::Store;
use super::database::{self, failed};
use crate::clock::Timestamp;
use crate::crypto::BlindIndex;
use crate::error::Result;
use crate::model::action::Act;
use crate::model::audit::Detail;
use crate::model::id::AccountId;
use crate::model::person::{Effect, Mark, Marks, Trace, TraceKind};

/// The marks of every account that has some.
pub(super) type AllMarks = HashMap<AccountId, Arc<Marks>>;

/// The blind index of what a person left.
pub fn mark(index: &BlindIndex, trace: Trace) -> Mark {
    let key = match trace {
        Trace::Visitor(id) => index.of("person-visitor", &id.0),
        Trace::Hit(id) => index.of("person-hit", &id.0),
        Trace::Conversion(id) => index.of("person-conversion", &id.0.to_be_bytes()),
        Trace::Member(id) => index.of("person-member", &id.to_bytes()),
        // It is one already.
        Trace::Transaction(key) => key,
    };
    Mark {
        kind: trace.kind(),
        key,
    }
}

pub(super) fn load(connection: &Connection) -> Result<AllMarks> {
    let mut statement = connection
        .prepare("SELECT account, key, effect FROM person_mark")
        .map_err(failed)?;
    let mut rows = statement.query([]).map_err(failed)?;
    let mut all: HashMap<AccountId, Marks> = HashMap::new();
    while let Some(row) = rows.next().map_err(failed)? {
        let account = AccountId::from_row(row.get(0).map_err(failed)?);
        if let Some(effect) = Effect::from_number(row.get(2).map_err(failed)?) {
            let key = row.get(1).map_err(failed)?;
            all.entry(account).or_default().add(key, effect);
        }
    }
    Ok(all
        .into_iter()
        .map(|(account, marks)| (account, Arc::new(marks)))
        .collect())
}

pub(super) fn insert(
    connection: &Connection,
    account: AccountId,
    marks: &[Mark],
    effect: Effect,
    day: u32,
) -> Result<()> {
    let mut insert = connection
        .prepare_cached(
            "INSERT INTO person_mark (account, key, effect, kind, day) VALUES (?1, ?2, ?3, ?4, ?5) \
             ON CONFLICT DO NOTHING",
        )
        .map_err(failed)?;
    for mark in marks {
        let kind = mark.kind.number();
        insert
            .execute(params![account.row(), mark.key, effect.number(), kind, day])
            .map_err(failed)?;
    }
    Ok(())
}

impl Store {
    /// What was written with other things is in force from here on.
    pub(super) fn reload_marks(&self, connection: &Connection) -> Result<()> {
        self.0.marks.store(Arc::new(load(connection)?));
        Ok(())
    }

    /// The marks of an account, as they are in force.
    pub fn marks(&self, account: AccountId) -> Arc<Marks> {
        self.0
            .marks
            .load()
            .get(&account)
            .cloned()
            .unwrap_or_default()
    }

    /// Runs a write that changes marks: they are in force when it returns, and before
    /// settling can begin its next step.
    pub(super) fn write_marks<T>(
        &self,
        act: Act,
        account: AccountId,
        work: impl FnOnce(&rusqlite::Transaction<'_>) -> Result<(T, Detail)>,
    ) -> Result<T> {
        self.folder().room().check()?;
        let mut connection = self.writer();
        let written = || {
            let transaction = database::begin(&mut connection)?;
            let (outcome, detail) = work(&transaction)?;
            self.finish(&transaction, act, account, detail)?;
            let marks = load(&transaction)?;
            transaction.commit().map_err(failed)?;
            self.0.marks.store(Arc::new(marks));
            Ok(outcome)
        };
        let outcome = written().map_err(|error| self.judge(error))?;
        self.tidy(&connection)?;
        Ok(outcome)
    }

    /// From here on nothing new is taken of whoever bears these marks.
    pub fn add_marks(
        &self,
        act: Act,
        account: AccountId,
        marks: &[Mark],
        effect: Effect,
        detail: Detail,
    ) -> Result<()> {
        self.write_marks(act, account, |transaction| {
            insert(transaction, account, marks, effect, act.at.utc_day())?;
            Ok(((), detail))
        })
    }

    /// Lifts a restriction or an objection; what was erased stays erased.
    pub fn lift_marks(
        &self,
        act: Act,
        account: AccountId,
        marks: &[Mark],
        detail: Detail,
    ) -> Result<()> {
        self.write_marks(act, account, |transaction| {
            for mark in marks {
                transaction
                    .prepare_cached(
                        "DELETE FROM person_mark WHERE account = ?1 AND key = ?2 AND effect < 3",
                    )
                    .and_then(|mut delete| delete.execute(params![account.row(), mark.key]))
                    .map_err(failed)?;
            }
            Ok(((), detail))
        })
    }

    /// All erased marks of an account that were made since a UTC day.
    pub fn erased_marks_since(&self, day: u32) -> Result<Vec<(AccountId, Mark, u32)>> {
        self.read(|connection| {
            let mut statement = connection
                .prepare_cached(
                    "SELECT account, kind, key, day FROM person_mark WHERE effect = 3 AND day >= ?1",
                )
                .map_err(failed)?;
            let mut rows = statement.query([day]).map_err(failed)?;
            let mut found = Vec::new();
            while let Some(row) = rows.next().map_err(failed)? {
                let Some(kind) = TraceKind::from_number(row.get(1).map_err(failed)?) else {
                    continue;
                };
                let key = row.get(2).map_err(failed)?;
                let account = AccountId::from_row(row.get(0).map_err(failed)?);
                found.push((account, Mark { kind, key }, row.get(3).map_err(failed)?));
            }
            Ok(found)
        })
    }

    /// Forgets marks made before a UTC day; gives how many.
    pub fn forget_marks(&self, before: Timestamp) -> Result<u64> {
        let connection = self.writer();
        let forgotten = connection
            .execute("DELETE FROM person_mark WHERE day < ?1", [before.utc_day()])
            .map_err(|error| self.judge(failed(error)))?;
        if forgotten > 0 {
            self.reload_marks(&connection)?;
        }
        Ok(forgotten as u64)
    }
}
