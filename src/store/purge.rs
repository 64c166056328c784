//! The purge of an ended account, one durable step after the other: decided, keys
//! destroyed, rows deleted, closed. Each step done again does no harm.

use std::collections::BTreeMap;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, params};

use super::database::{self, failed};
use super::life::{PURGING, Stage, set_state};
use super::segment::{class_number, column_row};
use super::{Store, shred};
use crate::clock::Timestamp;
use crate::error::{Error, Kind, Result};
use crate::model::action::Act;
use crate::model::id::AccountId;
use crate::model::life::{Life, Purge};
use crate::segment::Class;

/// Tables that may be large, and that no catalog is made of: emptied row by row.
const LARGE: [&str; 3] = ["conversion", "segment", "audit"];
/// Rows deleted in one transaction.
const ROWS_A_STEP: i64 = 1_000;
/// Segments deleted in one transaction, with all their columns.
const SEGMENTS_A_STEP: i64 = 24;
/// Sealed values a table gives a piece of, for the scan.
const MARKS_A_TABLE: i64 = 12;
/// Length of such a piece; its place in the value is behind format, version and nonce.
const MARK_BYTES: std::ops::Range<usize> = 16..40;

impl Store {
    /// How many rows each table holds of an account.
    pub fn account_rows(&self, id: AccountId) -> Result<BTreeMap<String, u64>> {
        self.read(|connection| count_rows(connection, id))
    }

    /// Whether batches of an account still wait in the journal's file.
    pub fn journal_holds(&self, id: AccountId) -> Result<bool> {
        let path = self.folder().journal_database();
        if !path.exists() {
            return Ok(false);
        }
        let connection = database::open_reader(&path)?;
        let held: i64 = connection
            .query_row(
                "SELECT EXISTS (SELECT 1 FROM journal WHERE account = ?1)",
                [id.row()],
                |row| row.get(0),
            )
            .map_err(failed)?;
        Ok(held == 1)
    }

    /// Pieces of sealed rows of an account: once it is gone none may be found.
    pub fn sealed_pieces(&self, id: AccountId) -> Result<Vec<Vec<u8>>> {
        self.read(|connection| {
            let mut pieces = Vec::new();
            for table in shred::tables_by_account(connection)? {
                if has_column(connection, &table, "body")? {
                    let sql = format!("SELECT body FROM {table} WHERE account = ?1 LIMIT ?2");
                    take_pieces(connection, &sql, id.row(), &mut pieces)?;
                }
            }
            let sql = "SELECT body FROM segment_column WHERE id IN \
                 (SELECT id * 64 FROM segment WHERE account = ?1) LIMIT ?2";
            take_pieces(connection, sql, id.row(), &mut pieces)?;
            Ok(pieces)
        })
    }

    /// Decides the purge; from here on it is not taken back.
    pub fn claim_purge(&self, act: Act, id: AccountId, purge: Purge) -> Result<()> {
        self.write(act, AccountId::INSTANCE, |transaction| {
            let (stage, mut life) = self.load_life(transaction, id)?;
            if stage != Stage::Living {
                return Ok(());
            }
            life.purge = Some(purge);
            self.put_life(transaction, id, Stage::Claimed, &life)
        })
    }

    /// Destroys the keys, and takes the account out of every catalog. The keyring is
    /// written before the database commits: what is cut in between is finished by the
    /// next start.
    pub fn destroy_account_keys(&self, act: Act, id: AccountId) -> Result<()> {
        self.write_catalog(act, AccountId::INSTANCE, |transaction| {
            let (stage, mut life) = self.load_life(transaction, id)?;
            if stage != Stage::Claimed {
                return Ok(());
            }
            transaction
                .pragma_update(None, "defer_foreign_keys", true)
                .map_err(failed)?;
            for table in shred::tables_by_account(transaction)? {
                if !LARGE.contains(&table.as_str()) {
                    let sql = format!("DELETE FROM {table} WHERE account = ?1");
                    transaction.execute(&sql, [id.row()]).map_err(failed)?;
                }
            }
            set_state(transaction, id, PURGING)?;
            if let Some(purge) = &mut life.purge {
                purge.keys_gone_at = Some(act.at);
            }
            self.put_life(transaction, id, Stage::Shredded, &life)?;
            self.keys().remove_account(id)
        })
    }

    /// Deletes some rows of an account without keys; false once none is left.
    pub fn delete_account_rows(&self, act: Act, id: AccountId) -> Result<bool> {
        let more = self.delete_some_rows(id)?;
        if !more {
            self.write(act, AccountId::INSTANCE, |transaction| {
                let (stage, life) = self.load_life(transaction, id)?;
                if stage != Stage::Shredded {
                    return Ok(());
                }
                transaction
                    .execute("DELETE FROM account WHERE id = ?1", [id.row()])
                    .map_err(failed)?;
                self.put_life(transaction, id, Stage::Emptied, &life)
            })?;
        }
        Ok(more)
    }

    fn delete_some_rows(&self, id: AccountId) -> Result<bool> {
        let mut connection = self.writer();
        let transaction = database::begin(&mut connection)?;
        let mut deleted = delete_segments(&transaction, id)?;
        for table in shred::tables_by_account(&transaction)? {
            if table == "segment" || deleted > 0 {
                continue;
            }
            let key = primary_key(&transaction, &table)?;
            let sql = format!(
                "DELETE FROM {table} WHERE ({key}) IN \
                 (SELECT {key} FROM {table} WHERE account = ?1 LIMIT ?2)"
            );
            deleted = transaction
                .execute(&sql, params![id.row(), ROWS_A_STEP])
                .map_err(failed)?;
        }
        transaction
            .commit()
            .map_err(|error| self.judge(failed(error)))?;
        database::checkpoint_if_long(&connection, &self.wal())?;
        Ok(deleted > 0)
    }

    /// Notes that free pages and logs are clean.
    pub fn mark_cleaned(&self, id: AccountId) -> Result<()> {
        let mut connection = self.writer();
        let transaction = database::begin(&mut connection)?;
        let (stage, life) = self.load_life(&transaction, id)?;
        if stage == Stage::Emptied {
            self.put_life(&transaction, id, Stage::Cleaned, &life)?;
        }
        transaction
            .commit()
            .map_err(|error| self.judge(failed(error)))
    }

    /// Keeps the certificate as all that is left of an account.
    pub fn close_account(&self, act: Act, id: AccountId, certificate: String) -> Result<()> {
        self.write(act, AccountId::INSTANCE, |transaction| {
            let (stage, life) = self.load_life(transaction, id)?;
            if stage != Stage::Cleaned {
                return Err(Error::new(Kind::Conflict, "This account is not purged."));
            }
            let tombstone = Life {
                certificate: Some(certificate),
                closed_at: Some(act.at),
                created_at: life.created_at,
                ..Life::default()
            };
            self.put_life(transaction, id, Stage::Closed, &tombstone)
        })
    }

    /// The day of the oldest heartbeat after an instant, and how many there are.
    pub fn heartbeat_count(&self, since: Timestamp) -> Result<u64> {
        Ok(self.heartbeats(since.utc_day())?.len() as u64)
    }
}

fn delete_segments(connection: &Connection, id: AccountId) -> Result<usize> {
    let mut statement = connection
        .prepare_cached("SELECT id FROM segment WHERE account = ?1 LIMIT ?2")
        .map_err(failed)?;
    let ids = statement
        .query_map(params![id.row(), SEGMENTS_A_STEP], |row| row.get(0))
        .and_then(Iterator::collect::<rusqlite::Result<Vec<i64>>>)
        .map_err(failed)?;
    for &segment in &ids {
        connection
            .execute(
                "DELETE FROM segment_column WHERE id >= ?1 AND id < ?2",
                params![column_row(segment, 0), column_row(segment + 1, 0)],
            )
            .map_err(failed)?;
        connection
            .execute("DELETE FROM segment WHERE id = ?1", [segment])
            .map_err(failed)?;
    }
    Ok(ids.len())
}

pub(super) fn count_rows(connection: &Connection, id: AccountId) -> Result<BTreeMap<String, u64>> {
    let mut rows = BTreeMap::new();
    let count = |sql: &str| -> Result<u64> {
        let count: i64 = connection
            .query_row(sql, [id.row()], |row| row.get(0))
            .map_err(failed)?;
        Ok(count.max(0) as u64)
    };
    for table in shred::tables_by_account(connection)? {
        let sql = format!("SELECT count(*) FROM {table} WHERE account = ?1");
        rows.insert(table, count(&sql)?);
    }
    for class in Class::ALL {
        let sql = format!(
            "SELECT count(*) FROM segment WHERE account = ?1 AND class = {}",
            class_number(class)
        );
        rows.insert(format!("segment ({})", class.name()), count(&sql)?);
    }
    rows.insert(
        "account".to_owned(),
        count("SELECT count(*) FROM account WHERE id = ?1")?,
    );
    Ok(rows)
}

fn take_pieces(connection: &Connection, sql: &str, id: i64, into: &mut Vec<Vec<u8>>) -> Result<()> {
    let mut statement = connection.prepare(sql).map_err(failed)?;
    let mut rows = statement
        .query(params![id, MARKS_A_TABLE])
        .map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        if let ValueRef::Blob(body) = row.get_ref(0).map_err(failed)?
            && let Some(piece) = body.get(MARK_BYTES)
        {
            into.push(piece.to_vec());
        }
    }
    Ok(())
}

fn has_column(connection: &Connection, table: &str, column: &str) -> Result<bool> {
    let found: i64 = connection
        .query_row(
            "SELECT count(*) FROM pragma_table_info(?1) WHERE name = ?2",
            [table, column],
            |row| row.get(0),
        )
        .map_err(failed)?;
    Ok(found > 0)
}

/// The columns of a table's key, for a row value.
fn primary_key(connection: &Connection, table: &str) -> Result<String> {
    let mut statement = connection
        .prepare("SELECT name FROM pragma_table_info(?1) WHERE pk > 0 ORDER BY pk")
        .map_err(failed)?;
    let names = statement
        .query_map([table], |row| row.get::<_, String>(0))
        .and_then(Iterator::collect::<rusqlite::Result<Vec<_>>>)
        .map_err(failed)?;
    Ok(names.join(", "))
}
