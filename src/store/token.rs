//! API tokens: scope, expiry and last use, found by the hash of their secret.

use rusqlite::{OptionalExtension, params};
use serde::{Deserialize, Serialize};

use super::database::failed;
use super::{Store, row};
use crate::clock::Timestamp;
use crate::crypto::token;
use crate::error::{Error, Result};
use crate::model::action::{Act, ApiToken};
use crate::model::audit::{Detail, Subject};
use crate::model::id::{AccountId, TokenId};
use crate::model::role::Scope;

pub(super) const TOKEN_OF_HASH: &str =
    "SELECT id, account, body FROM api_token WHERE token_hash = ?1";

#[derive(Serialize, Deserialize)]
pub(super) struct TokenSettings {
    scope: Scope,
    created_at: i64,
    #[serde(default)]
    expires_at: Option<Timestamp>,
    /// The UTC day it was used last: written once a day at most.
    #[serde(default)]
    used_day: Option<u32>,
}

/// A token as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenLine {
    pub id: TokenId,
    pub scope: Scope,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    pub used_day: Option<u32>,
}

impl Store {
    pub fn create_token(
        &self,
        act: Act,
        account: AccountId,
        scope: Scope,
        token_hash: [u8; 32],
        expires_at: Option<Timestamp>,
    ) -> Result<TokenId> {
        if !self.catalog().accounts.contains_key(&account) {
            return Err(Error::not_found("account"));
        }
        self.write_about(act, account, |transaction| {
            let random = || TokenId::from_random(token::random_u64()).row();
            let id = row::free_id(transaction, "api_token", random)?;
            let settings = TokenSettings {
                scope,
                created_at: act.at.millis(),
                expires_at,
                used_day: None,
            };
            let body = row::seal(&self.row_sealer(account)?, "api_token", id, &settings)?;
            transaction
                .execute(
                    "INSERT INTO api_token (id, account, token_hash, body) VALUES (?1, ?2, ?3, ?4)",
                    params![id, account.row(), token_hash, body],
                )
                .map_err(failed)?;
            let id = TokenId::from_row(id);
            Ok((id, Detail::of(Subject::Token(id))))
        })
    }

    pub fn token(&self, token_hash: &[u8; 32]) -> Result<Option<ApiToken>> {
        let found: Option<(i64, i64, Vec<u8>)> = self.read(|connection| {
            let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
            connection
                .prepare_cached(TOKEN_OF_HASH)
                .and_then(|mut select| select.query_row([token_hash], read).optional())
                .map_err(failed)
        })?;
        let Some((id, account, body)) = found else {
            return Ok(None);
        };
        let account = AccountId::from_row(account);
        let settings: TokenSettings =
            row::open(&self.row_sealer(account)?, "api_token", id, &body)?;
        Ok(Some(ApiToken {
            id: TokenId::from_row(id),
            account,
            scope: settings.scope,
            expires_at: settings.expires_at,
            used_day: settings.used_day,
        }))
    }

    /// Remembers the day on which a token was used last.
    pub fn use_token(&self, token: &ApiToken, day: u32) -> Result<()> {
        let sealer = self.row_sealer(token.account)?;
        let connection = self.writer();
        let sql = "SELECT body FROM api_token WHERE id = ?1";
        let body: Option<Vec<u8>> = connection
            .query_row(sql, [token.id.row()], |row| row.get(0))
            .optional()
            .map_err(failed)?;
        let Some(body) = body else {
            return Ok(());
        };
        let mut settings: TokenSettings = row::open(&sealer, "api_token", token.id.row(), &body)?;
        settings.used_day = Some(day);
        let body = row::seal(&sealer, "api_token", token.id.row(), &settings)?;
        connection
            .execute(
                "UPDATE api_token SET body = ?1 WHERE id = ?2",
                params![body, token.id.row()],
            )
            .map_err(failed)?;
        Ok(())
    }

    /// An account's tokens, in the order of their making.
    pub fn tokens(&self, account: AccountId) -> Result<Vec<TokenLine>> {
        let sealer = self.row_sealer(account)?;
        let mut lines = self.read(|connection| {
            let mut statement = connection
                .prepare_cached("SELECT id, body FROM api_token WHERE account = ?1")
                .map_err(failed)?;
            let rows = statement
                .query_map([account.row()], |row| Ok((row.get(0)?, row.get(1)?)))
                .map_err(failed)?;
            rows.map(|row| {
                let (id, body): (i64, Vec<u8>) = row.map_err(failed)?;
                let settings: TokenSettings = row::open(&sealer, "api_token", id, &body)?;
                Ok(TokenLine {
                    id: TokenId::from_row(id),
                    scope: settings.scope,
                    created_at: Timestamp::from_millis(settings.created_at),
                    expires_at: settings.expires_at,
                    used_day: settings.used_day,
                })
            })
            .collect::<Result<Vec<_>>>()
        })?;
        lines.sort_by_key(|line| line.created_at);
        Ok(lines)
    }

    /// Takes a token away; it opens nothing from here on.
    ///
    /// # Errors
    /// [`crate::error::Kind::NotFound`] where the account has no such token.
    pub fn revoke_token(&self, act: Act, account: AccountId, id: TokenId) -> Result<()> {
        self.write(act.on(Subject::Token(id)), account, |transaction| {
            let gone = transaction
                .execute(
                    "DELETE FROM api_token WHERE id = ?1 AND account = ?2",
                    params![id.row(), account.row()],
                )
                .map_err(failed)?;
            match gone {
                1 => Ok(()),
                _ => Err(Error::not_found("token")),
            }
        })
    }
}
