//! The hashes of an audit log: each link holds the one before it, so that no entry
//! can be changed, moved or taken out without every later hash changing. No keys:
//! whoever has the hashes can check them.

use sha2::{Digest, Sha256};

/// SHA-256 as it stands in a chain.
pub type Hash = [u8; 32];

/// What the first link holds in place of one before it.
pub const NONE_BEFORE: Hash = [0; 32];

/// The hash of an entry's content. The content carries random bytes of its own, so
/// that nobody finds it by trying.
pub fn entry(content: &[u8]) -> Hash {
    let mut hash = Sha256::new();
    hash.update(b"pixelkeep/1/audit-entry\0");
    hash.update(content);
    hash.finalize().into()
}

/// The link of an account's `number`th entry.
pub fn link(account: i64, number: u64, before: &Hash, entry: &Hash) -> Hash {
    let mut hash = Sha256::new();
    hash.update(b"pixelkeep/1/audit-link\0");
    hash.update(account.to_be_bytes());
    hash.update(number.to_be_bytes());
    hash.update(before);
    hash.update(entry);
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_depends_on_everything_before_it() {
        let first = link(7, 1, &NONE_BEFORE, &entry(b"a"));
        let second = link(7, 2, &first, &entry(b"b"));
        assert_ne!(first, link(8, 1, &NONE_BEFORE, &entry(b"a")));
        assert_ne!(first, link(7, 2, &NONE_BEFORE, &entry(b"a")));
        let other = link(7, 1, &NONE_BEFORE, &entry(b"A"));
        assert_ne!(second, link(7, 2, &other, &entry(b"b")));
    }
}
