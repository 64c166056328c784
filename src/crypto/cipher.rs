//! AES-256-GCM with a random 96-bit nonce in front of the ciphertext. Everything
//! that is sealed goes through here.

use aes_gcm::aead::{Aead, AeadInOut, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Key, Nonce};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::token;
use crate::error::{Error, Result};

pub const NONCE_BYTES: usize = 12;
pub const TAG_BYTES: usize = 16;

/// 32 bytes of key, wiped when dropped.
pub type KeyBytes = Zeroizing<[u8; 32]>;

/// A key ready for use.
#[derive(Clone)]
pub struct Cipher(Aes256Gcm);

impl Cipher {
    pub fn new(key: &KeyBytes) -> Self {
        Cipher(Aes256Gcm::new(&Key::<Aes256Gcm>::from(**key)))
    }

    /// Nonce, ciphertext and tag.
    pub fn seal(&self, associated: &[u8], plain: &[u8]) -> Result<Vec<u8>> {
        self.seal_after(&[], associated, plain)
    }

    /// The same after bytes that are neither sealed nor vouched for.
    pub fn seal_after(&self, before: &[u8], associated: &[u8], plain: &[u8]) -> Result<Vec<u8>> {
        let nonce: [u8; NONCE_BYTES] = token::random_bytes();
        let start = before.len() + NONCE_BYTES;
        let mut sealed = Vec::with_capacity(start + plain.len() + TAG_BYTES);
        sealed.extend_from_slice(before);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plain);
        let tag = self
            .0
            .encrypt_inout_detached(
                &Nonce::from(nonce),
                associated,
                (&mut sealed[start..]).into(),
            )
            .map_err(|_| Error::internal("A value was too long to seal."))?;
        sealed.extend_from_slice(&tag);
        Ok(sealed)
    }

    /// Ciphertext and tag under a nonce that the caller stores. The caller answers
    /// for its randomness.
    pub fn seal_with(
        &self,
        nonce: [u8; NONCE_BYTES],
        associated: &[u8],
        plain: &[u8],
    ) -> Result<Vec<u8>> {
        let payload = Payload {
            msg: plain,
            aad: associated,
        };
        self.0
            .encrypt(&Nonce::from(nonce), payload)
            .map_err(|_| Error::internal("A value was too long to seal."))
    }

    /// What [`Cipher::seal`] made; none if a single bit or the place differs.
    pub fn open(&self, associated: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, ciphertext) = sealed.split_first_chunk::<NONCE_BYTES>()?;
        let payload = Payload {
            msg: ciphertext,
            aad: associated,
        };
        self.0.decrypt(&Nonce::from(*nonce), payload).ok()
    }
}

/// A key derived from another by HKDF-SHA-256 (RFC 5869).
pub fn derive(from: &KeyBytes, salt: &[u8], info: &[&[u8]]) -> KeyBytes {
    let mut key = Zeroizing::new([0u8; 32]);
    let expanded = Hkdf::<Sha256>::new(Some(salt), from.as_slice())
        .expand_multi_info(info, key.as_mut_slice());
    // HKDF-SHA-256 gives up to 8,160 bytes; 32 cannot be too many.
    debug_assert!(expanded.is_ok());
    key
}
