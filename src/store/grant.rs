//! Support grants, and which of the operator's sessions is inside which account. A
//! grant that is revoked or over takes the way in with it.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::database::failed;
use super::{Store, row};
use crate::clock::Timestamp;
use crate::crypto::token;
use crate::error::{Error, Kind, Result};
use crate::model::action::Act;
use crate::model::audit::Detail;
use crate::model::grant::{Grant, GrantContent};
use crate::model::id::{AccountId, GrantId};

type Stored = (i64, i64, i64, Vec<u8>);

fn read(row: &Row<'_>) -> rusqlite::Result<Stored> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
}

impl Store {
    /// Lets support in. An account has one grant at a time: a new one replaces it.
    pub fn give_grant(
        &self,
        act: Act,
        account: AccountId,
        content: &GrantContent,
        expires_at: Timestamp,
    ) -> Result<GrantId> {
        self.write_about(act, account, |transaction| {
            delete(transaction, account)?;
            let random = || GrantId::from_random(token::random_u64()).row();
            let id = row::free_id(transaction, "support_grant", random)?;
            let body = row::seal(&self.row_sealer(account)?, "support_grant", id, content)?;
            transaction
                .execute(
                    "INSERT INTO support_grant (id, account, expires_at, body) \
                     VALUES (?1, ?2, ?3, ?4)",
                    params![id, account.row(), expires_at.millis(), body],
                )
                .map_err(failed)?;
            let detail = Detail::default().with_note(&content.reason);
            Ok((GrantId::from_row(id), detail))
        })
    }

    /// Ends the grant of an account at once.
    pub fn revoke_grant(&self, act: Act, account: AccountId) -> Result<()> {
        self.write(act, account, |transaction| delete(transaction, account))
    }

    /// The grant of an account that holds now.
    pub fn grant(&self, account: AccountId, now: Timestamp) -> Result<Option<Grant>> {
        let grants = self.find_grants(
            "SELECT id, account, expires_at, body FROM support_grant WHERE account = ?1",
            account.row(),
        )?;
        Ok(grants.into_iter().find(|grant| now < grant.expires_at))
    }

    /// All grants that hold now.
    pub fn grants(&self, now: Timestamp) -> Result<Vec<Grant>> {
        self.find_grants(
            "SELECT id, account, expires_at, body FROM support_grant WHERE expires_at > ?1",
            now.millis(),
        )
    }

    /// The grant by which this session of the operator is inside an account.
    pub fn entered_grant(&self, session: &[u8; 32], now: Timestamp) -> Result<Option<Grant>> {
        let grants = self.find_grants(
            "SELECT g.id, g.account, g.expires_at, g.body FROM support_visit AS v \
             JOIN support_grant AS g ON g.id = v.support_grant WHERE v.token_hash = ?1",
            session.as_slice(),
        )?;
        Ok(grants.into_iter().find(|grant| now < grant.expires_at))
    }

    fn find_grants(&self, sql: &str, key: impl rusqlite::ToSql) -> Result<Vec<Grant>> {
        let rows: Vec<Stored> = self.read(|connection| {
            let mut statement = connection.prepare_cached(sql).map_err(failed)?;
            let rows = statement.query_map(params![key], read).map_err(failed)?;
            rows.collect::<rusqlite::Result<_>>().map_err(failed)
        })?;
        rows.into_iter()
            .map(|(id, account, expires_at, body)| {
                let account = AccountId::from_row(account);
                Ok(Grant {
                    id: GrantId::from_row(id),
                    account,
                    expires_at: Timestamp::from_millis(expires_at),
                    content: row::open(&self.row_sealer(account)?, "support_grant", id, &body)?,
                })
            })
            .collect()
    }

    /// Takes a session of the operator into the account of a grant. The account's own
    /// log has it.
    ///
    /// # Errors
    /// [`Kind::NotAllowed`] where no such grant holds.
    pub fn enter_account(&self, act: Act, session: &[u8; 32], account: AccountId) -> Result<()> {
        self.write(act, account, |transaction| {
            let grant: Option<i64> = transaction
                .query_row(
                    "SELECT id FROM support_grant WHERE account = ?1 AND expires_at > ?2",
                    params![account.row(), act.at.millis()],
                    |row| row.get(0),
                )
                .optional()
                .map_err(failed)?;
            let grant = grant.ok_or_else(|| {
                Error::new(
                    Kind::NotAllowed,
                    "No owner of this account lets support in at the moment.",
                )
            })?;
            transaction
                .execute(
                    "INSERT INTO support_visit (token_hash, account, support_grant) \
                     VALUES (?1, ?2, ?3) ON CONFLICT (token_hash) DO UPDATE SET \
                     account = excluded.account, support_grant = excluded.support_grant",
                    params![session, account.row(), grant],
                )
                .map_err(failed)?;
            Ok(())
        })
    }

    /// Takes a session of the operator out of an account again.
    pub fn leave_account(&self, act: Act, session: &[u8; 32], account: AccountId) -> Result<()> {
        self.write(act, account, |transaction| {
            transaction
                .execute("DELETE FROM support_visit WHERE token_hash = ?1", [session])
                .map_err(failed)?;
            Ok(())
        })
    }
}

/// Ways in by a grant go with it.
fn delete(connection: &Connection, account: AccountId) -> Result<()> {
    connection
        .execute(
            "DELETE FROM support_grant WHERE account = ?1",
            [account.row()],
        )
        .map_err(failed)?;
    Ok(())
}
