//! Who did what: one sealed entry an act, in the transaction of the act itself and
//! chained to the one before it. Where the entry cannot be written, nothing is done.

use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};

use super::database::failed;
use super::{Store, row};
use crate::crypto::{Sealer, chain, token};
use crate::error::Result;
use crate::model::action::{Act, Action, Actor};
use crate::model::audit::Detail;
use crate::model::id::AccountId;

/// The content of an entry, as it is hashed and sealed.
#[derive(Serialize, Deserialize)]
pub(super) struct AuditBody {
    pub actor: Actor,
    pub action: Action,
    pub at: i64,
    #[serde(default)]
    pub detail: Detail,
    /// Random, so that the hash in plain text does not tell the content.
    #[serde(default)]
    salt: [u8; 16],
}

/// Where a log ends.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct AuditHead {
    pub number: u64,
    pub hash: chain::Hash,
}

impl AuditHead {
    pub const EMPTY: AuditHead = AuditHead {
        number: 0,
        hash: chain::NONE_BEFORE,
    };
}

impl Store {
    /// Records that something was read or done that leaves no other trace here.
    pub fn record_act(&self, act: Act, account: AccountId, detail: Detail) -> Result<()> {
        self.write_about(act, account, |_| Ok(((), detail)))
    }

    /// Appends the act. Settling is nobody's decision and is not recorded.
    pub(super) fn record(
        &self,
        connection: &Connection,
        act: Act,
        account: AccountId,
        detail: Detail,
    ) -> Result<()> {
        if act.action == Action::Settle {
            return Ok(());
        }
        let sealer = self.row_sealer(account)?;
        let head = audit_head(connection, &sealer, account)?;
        let body = AuditBody {
            actor: act.actor,
            action: act.action,
            at: act.at.millis(),
            detail: detail.or_subject(act.subject),
            salt: token::random_bytes(),
        };
        let content = row::to_json(&body)?;
        let entry = chain::entry(&content);
        let number = head.number + 1;
        let hash = chain::link(account.row(), number, &head.hash, &entry);
        connection
            .prepare_cached(
                "INSERT INTO audit (account, number, day, entry, hash, body) \
                 VALUES (?1, ?2, ?3, ?4, ?5, x'')",
            )
            .and_then(|mut insert| {
                let day = act.at.utc_day();
                insert.execute(params![account.row(), number as i64, day, entry, hash])
            })
            .map_err(failed)?;
        let seq = connection.last_insert_rowid();
        let body = sealer.seal("audit", "body", seq, &content)?;
        let network = act
            .network
            .map(|network| sealer.seal("audit", "network", seq, &row::to_json(&network)?))
            .transpose()?;
        connection
            .prepare_cached("UPDATE audit SET body = ?1, network = ?2 WHERE seq = ?3")
            .and_then(|mut update| update.execute(params![body, network, seq]))
            .map_err(failed)?;
        put_head(connection, &sealer, account, AuditHead { number, hash })
    }
}

/// Where the log of an account ends.
pub(super) fn audit_head(
    connection: &Connection,
    sealer: &Sealer,
    account: AccountId,
) -> Result<AuditHead> {
    let body: Option<Vec<u8>> = connection
        .prepare_cached("SELECT body FROM audit_head WHERE account = ?1")
        .and_then(|mut select| {
            select
                .query_row([account.row()], |row| row.get(0))
                .optional()
        })
        .map_err(failed)?;
    match body {
        Some(body) => row::open(sealer, "audit_head", account.row(), &body),
        None => Ok(AuditHead::EMPTY),
    }
}

fn put_head(
    connection: &Connection,
    sealer: &Sealer,
    account: AccountId,
    head: AuditHead,
) -> Result<()> {
    let body = row::seal(sealer, "audit_head", account.row(), &head)?;
    connection
        .prepare_cached(
            "INSERT INTO audit_head (account, body) VALUES (?1, ?2) \
             ON CONFLICT (account) DO UPDATE SET body = excluded.body",
        )
        .and_then(|mut put| put.execute(params![account.row(), body]))
        .map_err(failed)?;
    Ok(())
}
