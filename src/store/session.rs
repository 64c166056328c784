//! Sessions of the console. The cookie's secret is never stored, only its hash.

use rusqlite::{OptionalExtension, params};
use serde::{Deserialize, Serialize};

use super::database::failed;
use super::{Store, row};
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::model::action::Act;
use crate::model::id::{AccountId, MemberId};

/// Sessions a member may have at once; the oldest ends first.
const PER_MEMBER_MAX: i64 = 10;

/// A member signed in on one browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    pub member: MemberId,
    pub account: AccountId,
    pub created_at: Timestamp,
    pub seen_at: Timestamp,
    pub expires_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct Times {
    created_at: Timestamp,
    seen_at: Timestamp,
}

impl Store {
    pub fn create_session(
        &self,
        act: Act,
        member: MemberId,
        token_hash: [u8; 32],
        expires_at: Timestamp,
    ) -> Result<()> {
        let account = self
            .member(member)?
            .ok_or_else(|| Error::not_found("member"))?
            .account;
        let times = Times {
            created_at: act.at,
            seen_at: act.at,
        };
        self.write(act, account, |transaction| {
            let statement = "DELETE FROM session WHERE expires_at <= ?1 OR (member = ?2 AND id NOT IN \
                 (SELECT id FROM session WHERE member = ?2 ORDER BY id DESC LIMIT ?3))";
            transaction
                .execute(statement, params![act.at.millis(), member.row(), PER_MEMBER_MAX - 1])
                .map_err(failed)?;
            let id: i64 = transaction
                .query_row("SELECT coalesce(max(id), 0) + 1 FROM session", [], |row| row.get(0))
                .map_err(failed)?;
            let body = row::seal(&self.row_sealer(account)?, "session", id, &times)?;
            transaction
                .execute(
                    "INSERT INTO session (id, account, member, token_hash, expires_at, body) \
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                    params![id, account.row(), member.row(), token_hash, expires_at.millis(), body],
                )
                .map_err(failed)?;
            Ok(())
        })
    }

    /// The session of a cookie, unless it has ended.
    pub fn session(&self, token_hash: &[u8; 32], now: Timestamp) -> Result<Option<Session>> {
        Ok(self
            .find_session(token_hash)?
            .map(|(_, session)| session)
            .filter(|session| now < session.expires_at))
    }

    fn find_session(&self, token_hash: &[u8; 32]) -> Result<Option<(i64, Session)>> {
        type Found = (i64, i64, i64, i64, Vec<u8>);
        let found: Option<Found> = self.read(|connection| {
            let sql =
                "SELECT id, account, member, expires_at, body FROM session WHERE token_hash = ?1";
            connection
                .query_row(sql, [token_hash], |row| {
                    Ok((
                        row.get(0)?,
                        row.get(1)?,
                        row.get(2)?,
                        row.get(3)?,
                        row.get(4)?,
                    ))
                })
                .optional()
                .map_err(failed)
        })?;
        let Some((id, account, member, expires_at, body)) = found else {
            return Ok(None);
        };
        let account = AccountId::from_row(account);
        let times: Times = row::open(&self.row_sealer(account)?, "session", id, &body)?;
        let session = Session {
            member: MemberId::from_row(member),
            account,
            created_at: times.created_at,
            seen_at: times.seen_at,
            expires_at: Timestamp::from_millis(expires_at),
        };
        Ok(Some((id, session)))
    }

    /// Remembers that the session was used.
    pub fn touch_session(&self, token_hash: &[u8; 32], now: Timestamp) -> Result<()> {
        let Some((id, session)) = self.find_session(token_hash)? else {
            return Ok(());
        };
        let times = Times {
            created_at: session.created_at,
            seen_at: now,
        };
        let body = row::seal(&self.row_sealer(session.account)?, "session", id, &times)?;
        self.writer()
            .execute(
                "UPDATE session SET body = ?1 WHERE id = ?2",
                params![body, id],
            )
            .map_err(failed)?;
        Ok(())
    }

    pub fn end_session(&self, act: Act, token_hash: &[u8; 32]) -> Result<()> {
        let Some((id, session)) = self.find_session(token_hash)? else {
            return Ok(());
        };
        self.write(act, session.account, |transaction| {
            transaction
                .execute("DELETE FROM session WHERE id = ?1", [id])
                .map_err(failed)?;
            Ok(())
        })
    }
}
