//! A browser that a member has signed in with before. Its attempts are counted by
//! themselves, so that strangers who guess elsewhere cannot keep the member out.
//! Nothing is stored here: the cookie's text proves itself.

use crate::crypto::{Keys, token};

/// How long a browser is remembered, in days.
pub const REMEMBERED_DAYS: i64 = 180;
/// Longest text that is looked at, in bytes; ours have 76.
const TEXT_MAX: usize = 128;

/// The text for a browser that has just signed in with this address.
pub fn remember(keys: &Keys, email: &str) -> String {
    let (nonce, _) = token::new();
    let proof = proof(keys, email, &nonce);
    format!("{nonce}.{proof}")
}

/// What counts this browser's attempts, where it has signed in with this address.
pub fn known(keys: &Keys, email: &str, text: &str) -> Option<[u8; 32]> {
    let (nonce, given) = text.split_once('.')?;
    let shaped = text.len() <= TEXT_MAX;
    let right = shaped && token::same(proof(keys, email, nonce).as_bytes(), given.as_bytes());
    right.then(|| token::hash(nonce))
}

fn proof(keys: &Keys, email: &str, nonce: &str) -> String {
    let email = email.trim().to_lowercase();
    let index = keys.instance_index();
    index
        .of("device", format!("{nonce} {email}").as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_known_for_the_address_it_signed_in_with_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let store = crate::store::tests::try_open(&folder.path().join("data")).unwrap();
        let text = remember(store.keys(), "Ann@example.org");
        let known = |email: &str, text: &str| known(store.keys(), email, text);
        assert!(known("ann@example.org ", &text).is_some());
        assert!(known("bea@example.org", &text).is_none());
        for forged in ["", ".", "a.b", &text[1..], &text[..text.len() - 1]] {
            assert!(known("ann@example.org", forged).is_none(), "{forged}");
        }
        assert_ne!(text, remember(store.keys(), "Ann@example.org"));
    }
}
