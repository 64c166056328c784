//! The one-time set-up address: single use, one hour, and only while there is no
//! account.

use rusqlite::{Connection, OptionalExtension, params};

use super::database::failed;
use super::{NewAccount, Store, member};
use crate::clock::Timestamp;
use crate::error::{Error, Kind, Result};
use crate::model::account::MemberProfile;
use crate::model::action::Act;
use crate::model::audit::{Detail, Subject};
use crate::model::id::{AccountId, MemberId};
use crate::model::instance::Way;
use crate::model::life::Life;

impl Store {
    /// Whether somebody has an account here or runs this for others.
    pub fn is_set_up(&self) -> Result<bool> {
        let is_said = self.instance_settings()?.way != Way::Unsaid;
        Ok(is_said || !self.catalog().accounts.is_empty())
    }

    /// Makes this the only set-up address that works.
    pub fn offer_set_up(&self, token_hash: [u8; 32], expires_at: Timestamp) -> Result<()> {
        let connection = self.writer();
        connection
            .execute("DELETE FROM set_up", [])
            .map_err(failed)?;
        connection
            .execute(
                "INSERT INTO set_up (token_hash, expires_at) VALUES (?1, ?2)",
                params![token_hash, expires_at.millis()],
            )
            .map_err(failed)?;
        Ok(())
    }

    /// Whether the address would work now.
    pub fn set_up_open(&self, token_hash: &[u8; 32], now: Timestamp) -> Result<bool> {
        if self.is_set_up()? {
            return Ok(false);
        }
        self.read(|connection| {
            connection
                .query_row(
                    "SELECT 1 FROM set_up WHERE token_hash = ?1 AND expires_at > ?2",
                    params![token_hash, now.millis()],
                    |_| Ok(()),
                )
                .optional()
                .map(|found| found.is_some())
                .map_err(failed)
        })
    }

    /// Uses the address up and makes the one account of a business, whose owner runs the
    /// instance as well. None where the address does not work.
    pub fn set_up_own(
        &self,
        act: Act,
        token_hash: &[u8; 32],
        new: NewAccount,
    ) -> Result<Option<(AccountId, MemberId)>> {
        if !self.set_up_open(token_hash, act.at)? {
            return Ok(None);
        }
        let made = self.add_account(act, new, Life::default(), |connection, account| {
            take(connection, token_hash, act.at)?;
            self.begin_way(connection, act, Way::Own(account))
        });
        none_if_taken(made)
    }

    /// Uses the address up and makes the sign-in of an operator who hosts others. None
    /// where the address does not work.
    pub fn set_up_hosting(
        &self,
        act: Act,
        token_hash: &[u8; 32],
        operator: &MemberProfile,
    ) -> Result<Option<MemberId>> {
        if !self.set_up_open(token_hash, act.at)? {
            return Ok(None);
        }
        let made = self.write_about(act, AccountId::INSTANCE, |transaction| {
            take(transaction, token_hash, act.at)?;
            self.put_way(transaction, Way::Hosting)?;
            let id = member::insert(transaction, self.keys(), AccountId::INSTANCE, operator)?;
            let detail = Detail::of(Subject::Member(id)).with_note(Way::Hosting.word());
            Ok((id, detail))
        });
        none_if_taken(made)
    }
}

/// Uses the address up.
///
/// # Errors
/// [`Kind::NotFound`] if it was used, has expired or never was.
fn take(connection: &Connection, token_hash: &[u8; 32], now: Timestamp) -> Result<()> {
    let taken = connection
        .execute(
            "DELETE FROM set_up WHERE token_hash = ?1 AND expires_at > ?2",
            params![token_hash, now.millis()],
        )
        .map_err(failed)?;
    match taken {
        1 => Ok(()),
        _ => Err(Error::not_found("set-up address")),
    }
}

fn none_if_taken<T>(made: Result<T>) -> Result<Option<T>> {
    match made {
        Err(error) if error.kind() == Kind::NotFound => Ok(None),
        made => made.map(Some),
    }
}
