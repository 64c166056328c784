//! The one-time set-up address: single use, one hour, and only while there is no
//! account.

use rusqlite::{OptionalExtension, params};

use super::Store;
use super::database::failed;
use crate::clock::Timestamp;
use crate::error::Result;
use crate::model::instance::Way;

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

    /// Uses the address up; false if it was used, has expired or never was.
    pub fn take_set_up(&self, token_hash: &[u8; 32], now: Timestamp) -> Result<bool> {
        let taken = self
            .writer()
            .execute(
                "DELETE FROM set_up WHERE token_hash = ?1 AND expires_at > ?2",
                params![token_hash, now.millis()],
            )
            .map_err(failed)?;
        Ok(taken == 1)
    }
}
