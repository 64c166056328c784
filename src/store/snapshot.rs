//! Reading: connections from a small pool, and a snapshot in which a whole report
//! sees one state.

use std::ops::RangeInclusive;
use std::sync::PoisonError;

use rusqlite::{Connection, OptionalExtension, params};

use super::database::{failed, open_reader};
use super::segment::{class_number, column_row, key_in_row};
use super::token::TOKEN_OF_HASH;
use super::{Store, database};
use crate::crypto::Sealer;
use crate::error::{Error, Result};
use crate::model::id::AccountId;
use crate::segment::{COLUMNS_MAX, Class, SegmentKey, Source};

/// Idle reading connections kept.
const READERS_IDLE_MAX: usize = 4;
/// Of these, ready before anybody asks: one for the token, one for what it asks.
const READERS_READY: usize = 2;

const BEGIN: &str = "BEGIN";
const ROLLBACK: &str = "ROLLBACK";
const SEGMENTS_OF_DAYS: &str = "SELECT id, day, tier FROM segment \
    WHERE account = ?1 AND class = ?2 AND day BETWEEN ?3 AND ?4 ORDER BY day, id";
const HEADER: &str = "SELECT header FROM segment WHERE id = ?1";
const COLUMN: &str = "SELECT body FROM segment_column WHERE id = ?1";

struct Reader<'a> {
    store: &'a Store,
    connection: Option<Connection>,
}

impl Reader<'_> {
    fn connection(&self) -> Result<&Connection> {
        self.connection
            .as_ref()
            .ok_or_else(|| Error::internal("A reading connection was given back too early."))
    }
}

fn run(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(drop)
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else {
            return;
        };
        if !connection.is_autocommit() && run(&connection, ROLLBACK).is_err() {
            return;
        }
        let mut idle = self
            .store
            .0
            .readers
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if idle.len() < READERS_IDLE_MAX {
            idle.push(connection);
        }
    }
}

/// One state of the database, for as long as it is held.
pub struct Snapshot<'a>(Reader<'a>);

impl Store {
    fn reader(&self) -> Result<Reader<'_>> {
        let idle = self
            .0
            .readers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let connection = match idle {
            Some(connection) => connection,
            None => open_reader(&self.0.folder.main_database())?,
        };
        Ok(Reader {
            store: self,
            connection: Some(connection),
        })
    }

    /// Opens connections for reading before anybody asks, with what a report needs
    /// prepared.
    pub fn ready_readers(&self) -> Result<()> {
        let readers = (0..READERS_READY).map(|_| self.reader());
        for reader in readers.collect::<Result<Vec<_>>>()? {
            let asked = [TOKEN_OF_HASH, SEGMENTS_OF_DAYS, HEADER, COLUMN];
            for sql in asked.into_iter().chain([BEGIN, ROLLBACK]) {
                reader.connection()?.prepare_cached(sql).map_err(failed)?;
            }
        }
        Ok(())
    }

    pub(super) fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let reader = self.reader()?;
        work(reader.connection()?)
    }

    /// Holds one state of the database still.
    pub fn snapshot(&self) -> Result<Snapshot<'_>> {
        let reader = self.reader()?;
        run(reader.connection()?, BEGIN).map_err(failed)?;
        Ok(Snapshot(reader))
    }

    /// The same without looking into every index; quick.
    pub fn check_quickly(&self) -> Result<()> {
        let answer: String = self.read(|connection| {
            connection
                .pragma_query_value(None, "quick_check", |row| row.get(0))
                .map_err(database::failed)
        })?;
        if answer == "ok" {
            Ok(())
        } else {
            Err(Error::damaged("The database is damaged."))
        }
    }

    /// Asks SQLite whether the file is sound.
    pub fn check_integrity(&self) -> Result<()> {
        let answer: String = self.read(|connection| {
            connection
                .pragma_query_value(None, "integrity_check", |row| row.get(0))
                .map_err(database::failed)
        })?;
        if answer == "ok" {
            Ok(())
        } else {
            Err(Error::damaged(format!("The database is damaged: {answer}")))
        }
    }
}

impl Snapshot<'_> {
    pub(super) fn connection(&self) -> Result<&Connection> {
        self.0.connection()
    }

    /// The header of a segment; none where it was replaced meanwhile.
    pub fn header_if_any(&self, key: &SegmentKey) -> Result<Option<Vec<u8>>> {
        let sealed: Option<Vec<u8>> = self
            .connection()?
            .prepare_cached(HEADER)
            .and_then(|mut select| select.query_row([key.id], |row| row.get(0)).optional())
            .map_err(failed)?;
        let open = |sealed: Vec<u8>| self.sealer(key)?.open("segment", "header", key.id, &sealed);
        sealed.map(open).transpose()
    }

    fn sealer(&self, key: &SegmentKey) -> Result<Sealer> {
        self.0.store.segment_sealer(key.account, key.class)
    }
}

impl Source for Snapshot<'_> {
    fn segments(
        &self,
        account: AccountId,
        class: Class,
        days: RangeInclusive<u32>,
    ) -> Result<Vec<SegmentKey>> {
        let mut statement = self
            .connection()?
            .prepare_cached(SEGMENTS_OF_DAYS)
            .map_err(failed)?;
        let rows = statement
            .query_map(
                params![account.row(), class_number(class), days.start(), days.end()],
                key_in_row(account, class),
            )
            .map_err(failed)?;
        rows.map(|row| row.map_err(failed)).collect()
    }

    fn header(&self, key: &SegmentKey) -> Result<Vec<u8>> {
        let sealed: Vec<u8> = self
            .connection()?
            .prepare_cached(HEADER)
            .and_then(|mut select| select.query_row([key.id], |row| row.get(0)))
            .map_err(failed)?;
        self.sealer(key)?.open("segment", "header", key.id, &sealed)
    }

    fn columns(&self, key: &SegmentKey, wanted: &[u8]) -> Result<Vec<(u8, Vec<u8>)>> {
        let sealer = self.sealer(key)?;
        let mut statement = self.connection()?.prepare_cached(COLUMN).map_err(failed)?;
        let mut found = Vec::with_capacity(wanted.len());
        for &column in wanted.iter().filter(|&&column| column < COLUMNS_MAX) {
            let row = column_row(key.id, column);
            let mut rows = statement.query([row]).map_err(failed)?;
            if let Some(stored) = rows.next().map_err(failed)? {
                let body = stored
                    .get_ref(0)
                    .and_then(|value| Ok(value.as_blob()?))
                    .map_err(failed)?;
                found.push((column, sealer.open("segment_column", "body", row, body)?));
            }
        }
        Ok(found)
    }
}
