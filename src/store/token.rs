//! API tokens: their scope, found by the hash of their secret.

use rusqlite::{OptionalExtension, params};
use serde::{Deserialize, Serialize};

use super::database::failed;
use super::{Store, row};
use crate::crypto::token;
use crate::error::{Error, Result};
use crate::model::action::{Act, ApiToken};
use crate::model::id::{AccountId, TokenId};
use crate::model::role::Scope;

#[derive(Serialize, Deserialize)]
pub(super) struct TokenSettings {
    scope: Scope,
    created_at: i64,
}

impl Store {
    pub fn create_token(
        &self,
        act: Act,
        account: AccountId,
        scope: Scope,
        token_hash: [u8; 32],
    ) -> Result<TokenId> {
        if !self.catalog().accounts.contains_key(&account) {
            return Err(Error::not_found("account"));
        }
        self.write(act, account, |transaction| {
            let random = || TokenId::from_random(token::random_u64()).row();
            let id = row::free_id(transaction, "api_token", random)?;
            let settings = TokenSettings {
                scope,
                created_at: act.at.millis(),
            };
            let body = row::seal(&self.row_sealer(account)?, "api_token", id, &settings)?;
            transaction
                .execute(
                    "INSERT INTO api_token (id, account, token_hash, body) VALUES (?1, ?2, ?3, ?4)",
                    params![id, account.row(), token_hash, body],
                )
                .map_err(failed)?;
            Ok(TokenId::from_row(id))
        })
    }

    pub fn token(&self, token_hash: &[u8; 32]) -> Result<Option<ApiToken>> {
        let found: Option<(i64, i64, Vec<u8>)> = self.read(|connection| {
            let sql = "SELECT id, account, body FROM api_token WHERE token_hash = ?1";
            connection
                .query_row(sql, [token_hash], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })
                .optional()
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
        }))
    }
}
