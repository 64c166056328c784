//! Blind indexes: keyed hashes by which a sealed value is found without opening
//! all of them. HMAC-SHA-256 cut to 128 bits, under a key of the account's own.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::cipher::{KeyBytes, derive};
use crate::error::{Error, Result};
use crate::model::hit::HitId;
use crate::model::id::GoalId;

/// Makes the blind indexes of one account.
#[derive(Clone)]
pub struct BlindIndex(Hmac<Sha256>);

impl BlindIndex {
    pub(super) fn new(index_key: &KeyBytes) -> Result<Self> {
        let key = derive(index_key, &[], &[b"pixelkeep/1/blind-index"]);
        let keyed = Hmac::new_from_slice(key.as_slice())
            .map_err(|_| Error::internal("An index key has a wrong length."))?;
        Ok(BlindIndex(keyed))
    }

    /// The index of a shop's order number.
    pub fn transaction(&self, text: &str) -> [u8; 16] {
        self.of("transaction", text.trim().as_bytes())
    }

    /// What keeps an order number, by its index, from counting twice for a goal.
    pub fn counted_transaction(&self, goal: GoalId, transaction: &[u8; 16]) -> [u8; 16] {
        self.counted(goal, b't', transaction)
    }

    /// The same for a click where there is no order number.
    pub fn counted_click(&self, goal: GoalId, click: HitId) -> [u8; 16] {
        self.counted(goal, b'c', &click.0)
    }

    fn counted(&self, goal: GoalId, kind: u8, value: &[u8; 16]) -> [u8; 16] {
        let mut bytes = Vec::with_capacity(22);
        bytes.extend_from_slice(&goal.to_bytes());
        bytes.push(kind);
        bytes.extend_from_slice(value);
        self.of("counted", &bytes)
    }

    /// The index of a value under a label that says what it is.
    pub fn of(&self, label: &str, value: &[u8]) -> [u8; 16] {
        let mut mac = self.0.clone();
        mac.update(&[label.len() as u8]);
        mac.update(label.as_bytes());
        mac.update(value);
        let full: [u8; 32] = mac.finalize().into_bytes().into();
        let mut cut = [0; 16];
        cut.copy_from_slice(&full[..16]);
        cut
    }
}
