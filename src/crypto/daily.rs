//! A hash that tells visitors of one day apart and says nothing about them: HMAC
//! under a salt that lives in memory alone, is made anew each UTC day, and is never
//! written anywhere.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::token;
use crate::error::{Error, Result};

/// The salt of one day.
pub struct DailySalt {
    day: u32,
    keyed: Hmac<Sha256>,
}

impl DailySalt {
    /// A new salt for a UTC day.
    pub fn new(day: u32) -> Result<DailySalt> {
        let salt: [u8; 32] = token::random_bytes();
        let keyed = Hmac::new_from_slice(&salt)
            .map_err(|_| Error::internal("A salt has a wrong length."))?;
        Ok(DailySalt { day, keyed })
    }

    /// The UTC day it is for.
    pub fn day(&self) -> u32 {
        self.day
    }

    /// 64 bits of the hash of these parts.
    pub fn of(&self, parts: &[&[u8]]) -> u64 {
        let mut mac = self.keyed.clone();
        for part in parts {
            mac.update(&[part.len() as u8]);
            mac.update(part);
        }
        let full: [u8; 32] = mac.finalize().into_bytes().into();
        full.iter()
            .take(8)
            .fold(0, |hash, &byte| hash << 8 | u64::from(byte))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_parts_hash_alike_under_one_salt_only() {
        let (today, other) = (DailySalt::new(1).unwrap(), DailySalt::new(1).unwrap());
        assert_eq!(today.of(&[b"a", b"b"]), today.of(&[b"a", b"b"]));
        assert_ne!(today.of(&[b"a", b"b"]), today.of(&[b"ab", b""]));
        assert_ne!(today.of(&[b"a", b"b"]), other.of(&[b"a", b"b"]));
    }
}
