//! Members: people who sign in, found by the blind index of their address.

use rusqlite::{Connection, OptionalExtension, params};

use super::database::failed;
use super::{Store, row};
use crate::crypto::{Keys, SealerClass, token};
use crate::error::{Error, Kind, Result};
use crate::model::account::{Member, MemberProfile};
use crate::model::id::{AccountId, MemberId};

fn email_index(keys: &Keys, email: &str) -> [u8; 16] {
    keys.instance_index()
        .of("email", email.trim().to_lowercase().as_bytes())
}

/// Refuses an address that somebody signs in with already.
pub fn refuse_known_email(connection: &Connection, keys: &Keys, email: &str) -> Result<()> {
    let known = connection
        .query_row(
            "SELECT 1 FROM member WHERE email_index = ?1",
            [email_index(keys, email)],
            |_| Ok(()),
        )
        .optional()
        .map_err(failed)?;
    match known {
        Some(()) => Err(Error::new(
            Kind::Conflict,
            "Somebody signs in with this e-mail address already. Use another one.",
        )),
        None => Ok(()),
    }
}

/// Adds a member inside a transaction.
pub fn insert(
    connection: &Connection,
    keys: &Keys,
    account: AccountId,
    profile: &MemberProfile,
) -> Result<MemberId> {
    refuse_known_email(connection, keys, &profile.email)?;
    let random = || MemberId::from_random(token::random_u64()).row();
    let id = row::free_id(connection, "member", random)?;
    let body = row::seal(
        &keys.sealer(account, SealerClass::Row)?,
        "member",
        id,
        profile,
    )?;
    connection
        .execute(
            "INSERT INTO member (id, account, email_index, body) VALUES (?1, ?2, ?3, ?4)",
            params![id, account.row(), email_index(keys, &profile.email), body],
        )
        .map_err(failed)?;
    Ok(MemberId::from_row(id))
}

impl Store {
    pub fn member_by_email(&self, email: &str) -> Result<Option<Member>> {
        let index = email_index(self.keys(), email);
        self.find_member(
            "SELECT id, account, body FROM member WHERE email_index = ?1",
            index,
        )
    }

    pub fn member(&self, id: MemberId) -> Result<Option<Member>> {
        self.find_member(
            "SELECT id, account, body FROM member WHERE id = ?1",
            id.row(),
        )
    }

    fn find_member(&self, sql: &str, key: impl rusqlite::ToSql) -> Result<Option<Member>> {
        let found: Option<(i64, i64, Vec<u8>)> = self.read(|connection| {
            connection
                .query_row(sql, params![key], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })
                .optional()
                .map_err(failed)
        })?;
        let Some((id, account, body)) = found else {
            return Ok(None);
        };
        let account = AccountId::from_row(account);
        Ok(Some(Member {
            id: MemberId::from_row(id),
            account,
            profile: row::open(&self.row_sealer(account)?, "member", id, &body)?,
        }))
    }
}
