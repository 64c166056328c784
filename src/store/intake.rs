//! How many hits an account had settled, and why others were not counted.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};

use super::database::failed;
use super::{Store, row};
use crate::error::Result;
use crate::model::id::AccountId;
use crate::model::reason::{Note, Notes, Reason};

/// An account's figures since it was made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettledFigures {
    pub settled: u64,
    pub not_counted: BTreeMap<Reason, u64>,
    /// Addresses and numbers of people that were taken out of parameters, by what they
    /// were: hits in which such a thing stood.
    #[serde(default)]
    pub removed: BTreeMap<Note, u64>,
}

impl SettledFigures {
    /// Counts what was taken out of a hit's parameters.
    pub fn count_removed(&mut self, notes: Notes) {
        if notes == Notes::default() {
            return;
        }
        for note in notes.iter().filter(|note| note.removed().is_some()) {
            *self.removed.entry(note).or_default() += 1;
        }
    }

    pub fn add(&mut self, other: &SettledFigures) {
        self.settled += other.settled;
        for (&reason, count) in &other.not_counted {
            *self.not_counted.entry(reason).or_default() += count;
        }
        for (&kind, count) in &other.removed {
            *self.removed.entry(kind).or_default() += count;
        }
    }
}

impl Store {
    /// The figures of everything settled so far.
    pub fn settled_figures(&self, account: AccountId) -> Result<SettledFigures> {
        self.read(|connection| self.load_figures(connection, account))
    }

    pub(super) fn load_figures(
        &self,
        connection: &Connection,
        account: AccountId,
    ) -> Result<SettledFigures> {
        let body: Option<Vec<u8>> = connection
            .query_row(
                "SELECT body FROM intake WHERE account = ?1",
                [account.row()],
                |row| row.get(0),
            )
            .optional()
            .map_err(failed)?;
        match body {
            Some(body) => row::open(&self.row_sealer(account)?, "intake", account.row(), &body),
            None => Ok(SettledFigures::default()),
        }
    }

    pub(super) fn add_figures(
        &self,
        connection: &Connection,
        account: AccountId,
        more: &SettledFigures,
    ) -> Result<()> {
        let mut figures = self.load_figures(connection, account)?;
        figures.add(more);
        let body = row::seal(
            &self.row_sealer(account)?,
            "intake",
            account.row(),
            &figures,
        )?;
        connection
            .execute(
                "INSERT INTO intake (account, body) VALUES (?1, ?2) \
                 ON CONFLICT (account) DO UPDATE SET body = excluded.body",
                params![account.row(), body],
            )
            .map_err(failed)?;
        Ok(())
    }
}
