//! One step of settling: everything it decided, in one transaction with the
//! journal position it reached.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, MutexGuard};

use rusqlite::{Connection, params};

use super::database::failed;
use super::intake::SettledFigures;
use super::segment::Place;
use super::{Store, meta, row};
use crate::error::Result;
use crate::model::catalog::Catalog;
use crate::model::conversion::Conversion;
use crate::model::hit::VisitorId;
use crate::model::id::AccountId;
use crate::model::personal::Personal;
use crate::segment::{Class, Encoded};

/// A conversion to be added, with the keys that keep it from counting again.
pub struct NewConversion {
    pub conversion: Conversion,
    pub keys: Vec<[u8; 16]>,
}

/// What one step adds to one account.
#[derive(Default)]
pub struct AccountBatch {
    pub conversions: Vec<NewConversion>,
    /// By UTC day.
    pub trail: BTreeMap<u32, Encoded>,
    /// By UTC day.
    pub tally: BTreeMap<u32, Encoded>,
    /// By UTC day.
    pub receipts: BTreeMap<u32, Encoded>,
    pub figures: SettledFigures,
    /// Who took consent back, and on which UTC day.
    pub withdrawn: Vec<(Personal<VisitorId>, u32)>,
}

/// What one step decided.
pub struct Settled {
    pub journal: [u8; 16],
    /// The last journal row it covers.
    pub position: i64,
    pub accounts: BTreeMap<AccountId, AccountBatch>,
}

/// A step in progress: one write transaction. While it lasts nothing else is written,
/// so that what it reads still holds when it commits; dropped, it has done nothing.
pub struct Settling<'a> {
    store: &'a Store,
    connection: MutexGuard<'a, Connection>,
}

impl Drop for Settling<'_> {
    fn drop(&mut self) {
        if !self.connection.is_autocommit()
            && let Err(error) = self.connection.execute_batch("ROLLBACK")
        {
            tracing::error!("a step of settling could not be taken back: {error}");
        }
    }
}

impl Store {
    /// Begins a step of settling.
    pub fn settling(&self) -> Result<Settling<'_>> {
        self.folder().room().check()?;
        let connection = self.writer();
        connection
            .execute_batch("BEGIN IMMEDIATE")
            .map_err(|error| self.judge(failed(error)))?;
        Ok(Settling {
            connection,
            store: self,
        })
    }
}

impl Settling<'_> {
    pub fn catalog(&self) -> Arc<Catalog> {
        self.store.catalog()
    }

    /// Which journal was settled last, and up to which row.
    pub fn position(&self) -> Result<(Option<[u8; 16]>, i64)> {
        meta::position(&self.connection)
    }

    /// Those of these keys under which a conversion has counted since a UTC day. Keys
    /// are random; looked up in order they touch each page of their index once.
    pub fn known_keys(
        &self,
        account: AccountId,
        mut keys: Vec<[u8; 16]>,
        since: u32,
    ) -> Result<HashSet<[u8; 16]>> {
        keys.sort_unstable();
        let sql = "SELECT 1 FROM conversion_key WHERE account = ?1 AND key = ?2 AND day >= ?3";
        let mut select = self.connection.prepare_cached(sql).map_err(failed)?;
        let mut known = HashSet::new();
        for key in keys {
            if select
                .exists(params![account.row(), key, since])
                .map_err(failed)?
            {
                known.insert(key);
            }
        }
        Ok(known)
    }

    /// Writes all of it and the position, or nothing.
    ///
    /// # Errors
    /// [`crate::error::Kind::Full`] where the disk has no room; it may be tried again.
    pub fn commit(self, settled: &Settled) -> Result<()> {
        self.try_commit(settled)
            .map_err(|error| self.store.judge(error))?;
        let mut batches = settled.accounts.values();
        if batches.any(|batch| !batch.withdrawn.is_empty()) {
            self.store.reload_marks(&self.connection)?;
        }
        self.store.tidy(&self.connection)
    }

    fn try_commit(&self, settled: &Settled) -> Result<()> {
        let mut seq = super::conversion::last_seq(&self.connection)?;
        for (&account, batch) in &settled.accounts {
            let new: Vec<&Conversion> = batch
                .conversions
                .iter()
                .map(|new| &new.conversion)
                .collect();
            self.store
                .insert_conversions(&self.connection, seq + 1, &new)?;
            seq += new.len() as i64;
            self.insert_keys(account, &batch.conversions)?;
            self.store
                .insert_withdrawals(&self.connection, account, &batch.withdrawn)?;
            let classes = [
                (Class::Trail, &batch.trail),
                (Class::Tally, &batch.tally),
                (Class::Consent, &batch.receipts),
            ];
            for (class, days) in classes {
                for (&day, encoded) in days {
                    let place = Place::new(account, class, day, 0);
                    self.store
                        .insert_segment(&self.connection, place, encoded)?;
                }
            }
            self.store
                .add_figures(&self.connection, account, &batch.figures)?;
        }
        meta::put_position(&self.connection, settled.journal, settled.position)?;
        self.connection.execute_batch("COMMIT").map_err(failed)
    }

    /// Keys are random; in order they touch each page of their index once a step.
    fn insert_keys(&self, account: AccountId, conversions: &[NewConversion]) -> Result<()> {
        let mut keys: Vec<(&[u8; 16], u32)> = conversions
            .iter()
            .flat_map(|new| {
                let day = new.conversion.body.at.utc_day();
                new.keys.iter().map(move |key| (key, day))
            })
            .collect();
        keys.sort_unstable();
        for rows in row::portions(&keys) {
            let mut insert = self
                .connection
                .prepare_cached(&insert_keys_sql(rows.len()))
                .map_err(failed)?;
            for (index, &(key, day)) in rows.iter().enumerate() {
                let place = 3 * index;
                insert
                    .raw_bind_parameter(place + 1, account.row())
                    .and_then(|()| insert.raw_bind_parameter(place + 2, key))
                    .and_then(|()| insert.raw_bind_parameter(place + 3, day))
                    .map_err(failed)?;
            }
            insert.raw_execute().map_err(failed)?;
        }
        Ok(())
    }
}

fn insert_keys_sql(rows: usize) -> String {
    let places = vec!["(?, ?, ?)"; rows].join(", ");
    format!("INSERT OR REPLACE INTO conversion_key (account, key, day) VALUES {places}")
}
