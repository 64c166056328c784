//! Random values and secrets that are handed out once: sessions, API tokens,
//! one-time addresses. Only their SHA-256 is ever stored.

use std::cell::RefCell;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

const POOL_BYTES: usize = 2_048;

struct Pool {
    bytes: [u8; POOL_BYTES],
    used: usize,
}

thread_local! {
    // One call to the kernel serves many ids: a hit needs 10 to 40 random bytes.
    static POOL: RefCell<Pool> = const {
        RefCell::new(Pool { bytes: [0; POOL_BYTES], used: POOL_BYTES })
    };
}

/// Random bytes of the operating system. Each is handed out once and wiped here.
pub fn random_bytes<const N: usize>() -> [u8; N] {
    const { assert!(N <= POOL_BYTES) };
    POOL.with_borrow_mut(|pool| {
        if pool.used + N > POOL_BYTES {
            fill(&mut pool.bytes);
            pool.used = 0;
        }
        let mut taken = [0; N];
        let from = &mut pool.bytes[pool.used..pool.used + N];
        taken.copy_from_slice(from);
        from.fill(0);
        pool.used += N;
        taken
    })
}

fn fill(bytes: &mut [u8]) {
    if getrandom::fill(bytes).is_err() {
        // Without randomness no key, nonce or id may be made; going on would be worse.
        eprintln!("The operating system gives no random bytes.");
        std::process::abort();
    }
}

pub fn random_u64() -> u64 {
    u64::from_le_bytes(random_bytes())
}

/// A new secret of 256 bits, as 43 letters safe in URLs, and its hash to store.
pub fn new() -> (String, [u8; 32]) {
    let secret = URL_SAFE_NO_PAD.encode(random_bytes::<32>());
    let hash = hash(&secret);
    (secret, hash)
}

/// SHA-256 of a secret: what is stored and looked up.
pub fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// The first 16 bytes of SHA-256, as hexadecimal digits: names a content.
pub fn content_hash(content: &[u8]) -> String {
    let digest: [u8; 32] = Sha256::digest(content).into();
    digest[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// SHA-256 of everything that can be read, as hexadecimal digits.
pub fn stream_hash(source: &mut impl std::io::Read) -> std::io::Result<String> {
    let mut digest = Sha256::new();
    let mut part = vec![0u8; 1 << 16];
    loop {
        let read = source.read(&mut part)?;
        let Some(part) = part.get(..read).filter(|part| !part.is_empty()) else {
            let digest: [u8; 32] = digest.finalize().into();
            return Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect());
        };
        digest.update(part);
    }
}

/// Compares secrets in a time that does not tell where they differ.
pub fn same(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_values_do_not_repeat() {
        let mut seen = std::collections::HashSet::new();
        for _ in 0..1_000 {
            assert!(seen.insert(random_bytes::<16>()));
        }
    }

    #[test]
    fn a_secret_is_found_again_by_its_hash() {
        let (secret, stored) = new();
        assert_eq!(secret.len(), 43);
        assert!(same(&hash(&secret), &stored));
        assert!(!same(&hash("other"), &stored));
    }
}
