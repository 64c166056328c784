//! Who did what: one sealed entry an act, in the transaction of the act itself.

use rusqlite::Connection;
use serde::Serialize;

use super::Store;
use super::database::failed;
use crate::error::Result;
use crate::model::action::{Act, Action, Actor};
use crate::model::id::AccountId;

#[derive(Serialize)]
struct AuditEntry {
    actor: Actor,
    action: Action,
    at: i64,
}

impl Store {
    /// Appends the act. Settling is nobody's decision and is not recorded.
    pub(super) fn record(
        &self,
        connection: &Connection,
        act: Act,
        account: AccountId,
    ) -> Result<()> {
        if act.action == Action::Settle {
            return Ok(());
        }
        let entry = AuditEntry {
            actor: act.actor,
            action: act.action,
            at: act.at.millis(),
        };
        connection
            .execute(
                "INSERT INTO audit (account, body) VALUES (?1, x'')",
                [account.row()],
            )
            .map_err(failed)?;
        let seq = connection.last_insert_rowid();
        let body = super::row::seal(&self.row_sealer(account)?, "audit", seq, &entry)?;
        connection
            .execute(
                "UPDATE audit SET body = ?1 WHERE seq = ?2",
                rusqlite::params![body, seq],
            )
            .map_err(failed)?;
        Ok(())
    }
}
