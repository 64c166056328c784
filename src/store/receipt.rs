//! Receipts of grants and withdrawals, and who has withdrawn: written as the journal
//! is settled. A receipt is found by whoever holds its random id, and by nobody else.

use rusqlite::{Connection, OptionalExtension, params};

use super::database::failed;
use super::{Store, person_mark, row};
use crate::crypto::Sealer;
use crate::error::Result;
use crate::model::consent::receipt::{Receipt, ReceiptId, Statement};
use crate::model::document::Oldest;
use crate::model::hit::VisitorId;
use crate::model::id::AccountId;
use crate::model::inventory::Class;
use crate::model::person::{Effect, Trace};
use crate::model::personal::Personal;

const TABLE: &str = "consent_receipt";
const WITHDRAWALS: &str = "withdrawal";
/// Label of the blind index of a receipt's id.
const LABEL: &str = "consent-receipt";

/// A stored receipt with its place in the list.
pub struct StoredReceipt {
    /// Counts up within the instance.
    pub seq: i64,
    pub receipt: Receipt,
}

/// Somebody whose data must go because they took their consent back.
pub struct Withdrawal {
    pub row: i64,
    pub account: AccountId,
    pub visitor: Personal<VisitorId>,
}

impl Store {
    pub(super) fn insert_statements(
        &self,
        connection: &Connection,
        account: AccountId,
        statements: &[Statement],
    ) -> Result<()> {
        if statements.is_empty() {
            return Ok(());
        }
        let index = self.keys().index(account)?;
        let sealer = self.row_sealer(account)?;
        let mut receipts: Vec<_> = statements
            .iter()
            .map(|statement| (index.of(LABEL, &statement.id.0), &statement.receipt))
            .zip(next_seq(connection)?..)
            .collect();
        // Keys are random; in order they touch each page of their index once.
        receipts.sort_unstable_by_key(|&((key, _), _)| key);
        for ((key, receipt), seq) in receipts {
            insert_receipt(connection, account, &sealer, key, seq, receipt)?;
        }
        for statement in statements {
            if let Some(visitor) = &statement.withdrawn {
                self.insert_withdrawal(connection, account, visitor)?;
                // Until the erasure begins, nothing new is taken of them.
                let trace = Trace::Visitor(*visitor.reveal());
                let mark = person_mark::mark(&index, trace);
                let day = statement.receipt.at.utc_day();
                person_mark::insert(connection, account, &[mark], Effect::Objected, day)?;
            }
        }
        Ok(())
    }

    fn insert_withdrawal(
        &self,
        connection: &Connection,
        account: AccountId,
        visitor: &Personal<VisitorId>,
    ) -> Result<()> {
        connection
            .execute(
                "INSERT INTO withdrawal (account, body) VALUES (?1, x'')",
                [account.row()],
            )
            .map_err(failed)?;
        let id = connection.last_insert_rowid();
        let body = row::seal(&self.row_sealer(account)?, WITHDRAWALS, id, visitor)?;
        connection
            .execute(
                "UPDATE withdrawal SET body = ?1 WHERE id = ?2",
                params![body, id],
            )
            .map_err(failed)?;
        Ok(())
    }

    /// The oldest UTC day of which something is kept, by what it is.
    pub fn oldest_days(&self, account: AccountId) -> Result<Vec<Oldest>> {
        let asked = [
            (
                Class::Trail,
                "SELECT min(day) FROM segment WHERE class = 1 AND account = ?1",
            ),
            (
                Class::Tally,
                "SELECT min(day) FROM segment WHERE class = 2 AND account = ?1",
            ),
            (
                Class::Conversion,
                "SELECT min(day) FROM conversion WHERE account = ?1",
            ),
            (
                Class::ConsentReceipt,
                "SELECT min(day) FROM consent_receipt WHERE account = ?1",
            ),
            (
                Class::PersonRequest,
                "SELECT min(day) FROM erasure WHERE account = ?1",
            ),
            (
                Class::Audit,
                "SELECT min(day) FROM audit WHERE account = ?1",
            ),
        ];
        self.read(|connection| {
            let oldest = asked.into_iter().map(|(class, sql)| {
                let day = connection.query_row(sql, [account.row()], |row| row.get(0));
                Ok(Oldest {
                    class,
                    day: day.map_err(failed)?,
                })
            });
            oldest.collect()
        })
    }

    /// An account's receipts in the order in which they were settled, after `after`.
    pub fn receipts(
        &self,
        account: AccountId,
        after: i64,
        limit: usize,
    ) -> Result<Vec<StoredReceipt>> {
        let sealer = self.row_sealer(account)?;
        self.read(|connection| {
            let mut select = connection
                .prepare_cached(
                    "SELECT seq, body FROM consent_receipt WHERE account = ?1 AND seq > ?2 \
                     ORDER BY seq LIMIT ?3",
                )
                .map_err(failed)?;
            let rows = select
                .query_map(params![account.row(), after, limit as i64], |row| {
                    Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?))
                })
                .map_err(failed)?;
            rows.map(|stored| {
                let (seq, body) = stored.map_err(failed)?;
                let receipt = row::open(&sealer, TABLE, seq, &body)?;
                Ok(StoredReceipt { seq, receipt })
            })
            .collect()
        })
    }

    /// The receipt of this id; none where it is not known here.
    pub fn receipt(&self, account: AccountId, id: ReceiptId) -> Result<Option<StoredReceipt>> {
        let key = self.keys().index(account)?.of(LABEL, &id.0);
        let sealer = self.row_sealer(account)?;
        self.read(|connection| {
            let sql = "SELECT seq, body FROM consent_receipt WHERE account = ?1 AND key = ?2";
            let found: Option<(i64, Vec<u8>)> = connection
                .prepare_cached(sql)
                .and_then(|mut select| {
                    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
                    select
                        .query_row(params![account.row(), key], read)
                        .optional()
                })
                .map_err(failed)?;
            found
                .map(|(seq, body)| {
                    let receipt = row::open(&sealer, TABLE, seq, &body)?;
                    Ok(StoredReceipt { seq, receipt })
                })
                .transpose()
        })
    }

    /// Whether somebody has withdrawn and is not erased yet.
    pub fn has_withdrawals(&self) -> Result<bool> {
        self.read(|connection| {
            connection
                .query_row("SELECT EXISTS (SELECT 1 FROM withdrawal)", [], |row| {
                    row.get(0)
                })
                .map_err(failed)
        })
    }

    /// Forgets a withdrawal whose erasure has begun.
    pub fn finish_withdrawal(&self, row: i64) -> Result<()> {
        self.writer()
            .execute("DELETE FROM withdrawal WHERE id = ?1", [row])
            .map_err(failed)?;
        Ok(())
    }

    /// Who has withdrawn and is not erased yet, the oldest first, at most `limit`.
    pub fn withdrawals(&self, limit: usize) -> Result<Vec<Withdrawal>> {
        self.read(|connection| {
            let mut select = connection
                .prepare_cached("SELECT id, account, body FROM withdrawal ORDER BY id LIMIT ?1")
                .map_err(failed)?;
            let rows = select
                .query_map([limit as i64], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get::<_, Vec<u8>>(2)?))
                })
                .map_err(failed)?;
            rows.map(|stored| {
                let (row, account, body): (i64, i64, Vec<u8>) = stored.map_err(failed)?;
                let account = AccountId::from_row(account);
                let sealer = self.row_sealer(account)?;
                Ok(Withdrawal {
                    row,
                    account,
                    visitor: row::open(&sealer, WITHDRAWALS, row, &body)?,
                })
            })
            .collect()
        })
    }
}

/// The number of the next receipt; none is ever used again.
fn next_seq(connection: &Connection) -> Result<i64> {
    let sql = "SELECT seq FROM sqlite_sequence WHERE name = ?1";
    let last: Option<i64> = connection
        .prepare_cached(sql)
        .and_then(|mut select| select.query_row([TABLE], |row| row.get(0)).optional())
        .map_err(failed)?;
    Ok(last.unwrap_or(0) + 1)
}

/// A statement that came twice is kept once; its number stays unused.
fn insert_receipt(
    connection: &Connection,
    account: AccountId,
    sealer: &Sealer,
    key: [u8; 16],
    seq: i64,
    receipt: &Receipt,
) -> Result<()> {
    let body = row::seal(sealer, TABLE, seq, receipt)?;
    let day = receipt.at.utc_day();
    connection
        .prepare_cached(
            "INSERT OR IGNORE INTO consent_receipt (seq, account, day, key, body) \
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )
        .and_then(|mut insert| insert.execute(params![seq, account.row(), day, key, body]))
        .map_err(failed)?;
    Ok(())
}
