//! One step of settling: everything it decided, in one transaction with the
//! journal position it reached.

use std::collections::BTreeMap;
use std::sync::{Arc, MutexGuard};

use rusqlite::{Connection, OptionalExtension, params};

use super::database::{self, failed};
use super::intake::SettledFigures;
use super::segment::Place;
use super::{Store, meta};
use crate::error::Result;
use crate::model::catalog::Catalog;
use crate::model::conversion::Conversion;
use crate::model::id::AccountId;
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
    pub figures: SettledFigures,
}

/// What one step decided.
pub struct Settled {
    pub journal: [u8; 16],
    /// The last journal row it covers.
    pub position: i64,
    pub accounts: BTreeMap<AccountId, AccountBatch>,
}

/// A step in progress. While it lasts nothing else is written, so that what it
/// reads still holds when it commits.
pub struct Settling<'a> {
    store: &'a Store,
    connection: MutexGuard<'a, Connection>,
}

impl Store {
    /// Begins a step of settling.
    pub fn settling(&self) -> Settling<'_> {
        Settling {
            connection: self.writer(),
            store: self,
        }
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

    /// Whether a conversion with this key has counted since a UTC day.
    pub fn is_known(&self, account: AccountId, key: &[u8; 16], since: u32) -> Result<bool> {
        let sql = "SELECT 1 FROM conversion_key WHERE account = ?1 AND key = ?2 AND day >= ?3";
        self.connection
            .prepare_cached(sql)
            .and_then(|mut select| {
                let known = select.query_row(params![account.row(), key, since], |_| Ok(()));
                known.optional()
            })
            .map(|found| found.is_some())
            .map_err(failed)
    }

    /// Writes all of it and the position, or nothing.
    pub fn commit(mut self, settled: &Settled) -> Result<()> {
        let transaction = database::begin(&mut self.connection)?;
        for (&account, batch) in &settled.accounts {
            for new in &batch.conversions {
                self.store
                    .insert_conversion(&transaction, &new.conversion, &new.keys)?;
            }
            for (class, days) in [(Class::Trail, &batch.trail), (Class::Tally, &batch.tally)] {
                for (&day, encoded) in days {
                    let place = Place::new(account, class, day, 0);
                    self.store.insert_segment(&transaction, place, encoded)?;
                }
            }
            self.store
                .add_figures(&transaction, account, &batch.figures)?;
        }
        meta::put_position(&transaction, settled.journal, settled.position)?;
        transaction.commit().map_err(failed)?;
        database::checkpoint_if_long(&self.connection, &self.store.wal())
    }
}
