//! One step of settling: everything it decided, in one transaction with the
//! journal position it reached.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::{Arc, MutexGuard};

use rusqlite::Connection;

use super::conversion_id::last_seq;
use super::database::failed;
use super::intake::SettledFigures;
use super::segment::Place;
use super::{Store, meta};
use crate::error::Result;
use crate::model::catalog::Catalog;
use crate::model::conversion::Conversion;
use crate::model::hit::VisitorId;
use crate::model::id::AccountId;
use crate::model::personal::Personal;
use crate::segment::{Class, Encoded};

/// A conversion to be added at its place.
pub struct NewConversion {
    /// As [`Settling::next_seq`] gave it.
    pub seq: i64,
    pub conversion: Conversion,
}

/// What one step adds to one account.
#[derive(Default)]
pub struct AccountBatch {
    pub conversions: Vec<NewConversion>,
    /// New segments, each of one UTC day.
    pub segments: Vec<(Class, u32, Encoded)>,
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
    last_seq: Cell<i64>,
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
        let settling = Settling {
            connection,
            store: self,
            last_seq: Cell::default(),
        };
        settling.last_seq.set(last_seq(&settling.connection)?);
        Ok(settling)
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

    /// The place of the next conversion, whichever account's it is. A step that is given
    /// up gives its places back, and nobody has seen their ids.
    pub fn next_seq(&self) -> i64 {
        self.last_seq.update(|last| last + 1);
        self.last_seq.get()
    }

    /// Writes conversions of an account before the rest of its step.
    ///
    /// # Errors
    /// As [`Settling::commit`].
    pub fn add_conversions(&self, account: AccountId, conversions: &[NewConversion]) -> Result<()> {
        self.store
            .insert_conversions(&self.connection, account, conversions)
            .map_err(|error| self.store.judge(error))
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
        for (&account, batch) in &settled.accounts {
            self.store
                .insert_conversions(&self.connection, account, &batch.conversions)?;
            self.store
                .insert_withdrawals(&self.connection, account, &batch.withdrawn)?;
            for (class, day, encoded) in &batch.segments {
                let place = Place::new(account, *class, *day, 0);
                self.store
                    .insert_segment(&self.connection, place, encoded)?;
            }
            self.store
                .add_figures(&self.connection, account, &batch.figures)?;
        }
        meta::put_position(&self.connection, settled.journal, settled.position)?;
        self.connection.execute_batch("COMMIT").map_err(failed)
    }
}
