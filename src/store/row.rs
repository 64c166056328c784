//! Rows whose content is one sealed JSON value in `body`.

use rusqlite::{Connection, OptionalExtension, Row};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Store;
use super::database::failed;
use crate::crypto::Sealer;
use crate::error::{Error, Kind, Result};
use crate::model::id::AccountId;

/// Tries before giving up on finding a free random id.
const ID_TRIES: usize = 64;

/// A row's content as it is sealed.
pub fn to_json<T: Serialize>(content: &T) -> Result<Vec<u8>> {
    serde_json::to_vec(content)
        .map_err(|error| Error::internal("A row could not be written").because(error))
}

/// Seals a row's content for its place.
pub fn seal<T: Serialize>(sealer: &Sealer, table: &str, row: i64, content: &T) -> Result<Vec<u8>> {
    sealer.seal(table, "body", row, &to_json(content)?)
}

/// Opens what [`seal`] made.
pub fn open<T: DeserializeOwned>(sealer: &Sealer, table: &str, row: i64, body: &[u8]) -> Result<T> {
    let json = sealer.open(table, "body", row, body)?;
    serde_json::from_slice(&json)
        .map_err(|error| Error::damaged(format!("A row of {table} is damaged")).because(error))
}

/// A random id that no row of the table has yet.
pub fn free_id(connection: &Connection, table: &str, random: impl Fn() -> i64) -> Result<i64> {
    let sql = format!("SELECT 1 FROM {table} WHERE id = ?1");
    for _ in 0..ID_TRIES {
        let id = random();
        let taken = connection
            .query_row(&sql, [id], |_| Ok(()))
            .optional()
            .map_err(failed)?;
        if taken.is_none() {
            return Ok(id);
        }
    }
    Err(Error::new(Kind::Internal, "No free id was found."))
}

/// Rows written by one statement: running it costs as much as a row.
const ROWS_AT_ONCE: usize = 32;

/// Rows in portions that one statement each writes: full ones, and the rest alone, so
/// that two statements serve any number.
pub fn portions<T>(rows: &[T]) -> impl Iterator<Item = &[T]> {
    let full = rows.chunks_exact(ROWS_AT_ONCE);
    let rest = full.remainder().chunks(1);
    full.chain(rest)
}

/// A row as it stands in a table: id, account and sealed body.
pub struct StoredRow {
    pub id: i64,
    pub account: AccountId,
    pub body: Vec<u8>,
}

impl StoredRow {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(StoredRow {
            id: row.get(0)?,
            account: AccountId::from_row(row.get(1)?),
            body: row.get(2)?,
        })
    }
}

impl Store {
    /// All rows of one of the tables `id, account, body`.
    pub(super) fn load_rows<T>(
        &self,
        connection: &Connection,
        table: &str,
        make: impl Fn(StoredRow, &Sealer) -> Result<T>,
    ) -> Result<Vec<T>> {
        let sql = format!("SELECT id, account, body FROM {table}");
        let mut statement = connection.prepare_cached(&sql).map_err(failed)?;
        let rows = statement.query_map([], StoredRow::read).map_err(failed)?;
        rows.map(|row| {
            let row = row.map_err(failed)?;
            let sealer = self.row_sealer(row.account)?;
            make(row, &sealer)
        })
        .collect()
    }

    /// Writes the sealed content of a row that exists or not.
    pub(super) fn put_row<T: Serialize>(
        &self,
        connection: &Connection,
        table: &str,
        account: AccountId,
        id: i64,
        content: &T,
    ) -> Result<()> {
        let body = seal(&self.row_sealer(account)?, table, id, content)?;
        let sql = format!(
            "INSERT INTO {table} (id, account, body) VALUES (?1, ?2, ?3) \
             ON CONFLICT (id) DO UPDATE SET body = excluded.body"
        );
        connection
            .execute(&sql, rusqlite::params![id, account.row(), body])
            .map_err(failed)?;
        Ok(())
    }
}
