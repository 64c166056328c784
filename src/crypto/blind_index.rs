//! Blind indexes: keyed hashes by which a sealed value is found without opening
//! all of them. HMAC-SHA-256 cut to 128 bits, under a key of the account's own.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::cipher::{KeyBytes, derive};

/// Makes the blind indexes of one account.
#[derive(Clone)]
pub struct BlindIndex(KeyBytes);

impl BlindIndex {
    pub(super) fn new(index_key: &KeyBytes) -> Self {
        BlindIndex(derive(index_key, &[], &[b"pixelkeep/1/blind-index"]))
    }

    /// The index of a value under a label that says what it is.
    pub fn of(&self, label: &str, value: &[u8]) -> [u8; 16] {
        let full = self.mac(label, value);
        let mut cut = [0; 16];
        cut.copy_from_slice(&full[..16]);
        cut
    }

    fn mac(&self, label: &str, value: &[u8]) -> [u8; 32] {
        // HMAC takes keys of any length, so this cannot fail; an empty hash would be
        // caught by every look-up.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0.as_slice()) else {
            return [0; 32];
        };
        mac.update(&[label.len() as u8]);
        mac.update(label.as_bytes());
        mac.update(value);
        mac.finalize().into_bytes().into()
    }
}
