//! Who took their consent back, until what was kept of them is erased: written as the
//! journal is settled.

use rusqlite::{Connection, params};

use super::database::failed;
use super::remains::Gone;
use super::{Store, person_mark, row};
use crate::error::Result;
use crate::model::hit::VisitorId;
use crate::model::id::AccountId;
use crate::model::person::{Effect, Trace};
use crate::model::personal::Personal;

const TABLE: &str = "withdrawal";

/// Somebody whose data must go because they took their consent back.
pub struct Withdrawal {
    pub row: i64,
    pub account: AccountId,
    pub visitor: Personal<VisitorId>,
}

impl Store {
    /// Notes who took consent back, and on which UTC day.
    pub(super) fn insert_withdrawals(
        &self,
        connection: &Connection,
        account: AccountId,
        withdrawn: &[(Personal<VisitorId>, u32)],
    ) -> Result<()> {
        for (visitor, day) in withdrawn {
            self.insert_withdrawal(connection, account, visitor)?;
            // Until the erasure begins, nothing new is taken of them.
            let index = self.keys().index(account)?;
            let mark = person_mark::mark(&index, Trace::Visitor(*visitor.reveal()));
            person_mark::insert(connection, account, &[mark], Effect::Objected, *day)?;
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
        let body = row::seal(&self.row_sealer(account)?, TABLE, id, visitor)?;
        connection
            .execute(
                "UPDATE withdrawal SET body = ?1 WHERE id = ?2",
                params![body, id],
            )
            .map_err(failed)?;
        Ok(())
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
        let connection = self.writer();
        let mut gone = Gone::default();
        self.note_gone(&connection, (TABLE, "body", "id"), row..row + 1, &mut gone)?;
        connection
            .execute("DELETE FROM withdrawal WHERE id = ?1", [row])
            .map_err(failed)?;
        self.remains().add(gone);
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
                    visitor: row::open(&sealer, TABLE, row, &body)?,
                })
            })
            .collect()
        })
    }
}
