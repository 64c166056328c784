//! Sessions of the console. The cookie's secret is never stored, only its hash.

use rusqlite::{Row, params};
use serde::{Deserialize, Serialize};

use super::database::failed;
use super::{Store, row};
use crate::clock::Timestamp;
use crate::error::Result;
use crate::model::account::Member;
use crate::model::action::Act;
use crate::model::audit::{Detail, Network};
use crate::model::id::{AccountId, MemberId};

/// Sessions a member may have at once; the oldest ends first.
const PER_MEMBER_MAX: i64 = crate::model::limits::SESSIONS;

/// A member signed in on one browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    pub token_hash: [u8; 32],
    pub member: MemberId,
    pub account: AccountId,
    pub expires_at: Timestamp,
    pub content: SessionContent,
}

/// What is sealed of a session. New fields take a default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionContent {
    pub created_at: Timestamp,
    pub seen_at: Timestamp,
    /// When the member last proved by password who they are.
    #[serde(default = "long_ago")]
    pub proved_at: Timestamp,
    /// The member's epoch at sign-in.
    #[serde(default)]
    pub epoch: u32,
    #[serde(default)]
    pub place: SignInPlace,
}

fn long_ago() -> Timestamp {
    Timestamp::from_millis(0)
}

/// Where somebody signed in, as they know it again in a list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInPlace {
    /// Browser and system in words, such as `Firefox on Linux`.
    pub browser: String,
    pub network: Option<Network>,
}

const COLUMNS: &str = "id, account, member, token_hash, expires_at, body";

struct Stored {
    id: i64,
    account: AccountId,
    member: MemberId,
    token_hash: [u8; 32],
    expires_at: Timestamp,
    body: Vec<u8>,
}

impl Stored {
    fn read(row: &Row<'_>) -> rusqlite::Result<Stored> {
        Ok(Stored {
            id: row.get(0)?,
            account: AccountId::from_row(row.get(1)?),
            member: MemberId::from_row(row.get(2)?),
            token_hash: row.get(3)?,
            expires_at: Timestamp::from_millis(row.get(4)?),
            body: row.get(5)?,
        })
    }
}

impl Store {
    /// Opens a session of a member who has just proved who they are.
    pub fn create_session(
        &self,
        act: Act,
        member: &Member,
        token_hash: [u8; 32],
        expires_at: Timestamp,
        place: SignInPlace,
    ) -> Result<()> {
        let (account, member, epoch) = (member.account, member.id, member.profile.epoch);
        let content = SessionContent {
            created_at: act.at,
            seen_at: act.at,
            proved_at: act.at,
            epoch,
            place,
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
            let body = row::seal(&self.row_sealer(account)?, "session", id, &content)?;
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
        let found = self.stored_sessions("token_hash = ?1", token_hash)?;
        found
            .into_iter()
            .next()
            .map(|stored| self.open_session(stored))
            .transpose()
    }

    /// Sessions of a member that have not ended, newest first.
    pub fn sessions_of(&self, member: &Member, now: Timestamp) -> Result<Vec<Session>> {
        let found = self.stored_sessions("member = ?1", &member.id.row())?;
        let open = found.into_iter().filter(|stored| now < stored.expires_at);
        let mut sessions = Vec::new();
        for stored in open {
            let (_, session) = self.open_session(stored)?;
            if session.content.epoch == member.profile.epoch {
                sessions.push(session);
            }
        }
        Ok(sessions)
    }

    fn stored_sessions(&self, which: &str, key: &dyn rusqlite::ToSql) -> Result<Vec<Stored>> {
        let sql = format!("SELECT {COLUMNS} FROM session WHERE {which} ORDER BY id DESC");
        self.read(|connection| {
            let mut statement = connection.prepare_cached(&sql).map_err(failed)?;
            let rows = statement.query_map([key], Stored::read).map_err(failed)?;
            rows.collect::<rusqlite::Result<_>>().map_err(failed)
        })
    }

    fn open_session(&self, stored: Stored) -> Result<(i64, Session)> {
        let sealer = self.row_sealer(stored.account)?;
        let session = Session {
            token_hash: stored.token_hash,
            member: stored.member,
            account: stored.account,
            expires_at: stored.expires_at,
            content: row::open(&sealer, "session", stored.id, &stored.body)?,
        };
        Ok((stored.id, session))
    }

    /// Remembers that the session was used.
    pub fn touch_session(&self, token_hash: &[u8; 32], now: Timestamp) -> Result<()> {
        self.rewrite_session(token_hash, |content| content.seen_at = now)
    }

    /// Remembers that the member proved once more who they are.
    pub fn prove_session(&self, token_hash: &[u8; 32], now: Timestamp) -> Result<()> {
        self.rewrite_session(token_hash, |content| content.proved_at = now)
    }

    fn rewrite_session(
        &self,
        token_hash: &[u8; 32],
        change: impl FnOnce(&mut SessionContent),
    ) -> Result<()> {
        let Some((id, mut session)) = self.find_session(token_hash)? else {
            return Ok(());
        };
        change(&mut session.content);
        let sealer = self.row_sealer(session.account)?;
        let body = row::seal(&sealer, "session", id, &session.content)?;
        self.writer()
            .execute(
                "UPDATE session SET body = ?1 WHERE id = ?2",
                params![body, id],
            )
            .map_err(|error| self.judge(failed(error)))?;
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

    /// Ends a member's sessions but the one that is looked through.
    pub fn end_other_sessions(&self, act: Act, member: &Member, kept: &[u8; 32]) -> Result<()> {
        self.write_about(act, member.account, |transaction| {
            transaction
                .execute(
                    "DELETE FROM session WHERE member = ?1 AND token_hash <> ?2",
                    params![member.id.row(), kept],
                )
                .map_err(failed)?;
            Ok((
                (),
                Detail::default().with_note("all other sessions were ended"),
            ))
        })
    }
}
