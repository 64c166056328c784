//! Signatures under the instance's own key: Ed25519 (RFC 8032). Whoever holds the
//! public key can check one without this program's data. A purpose is signed with
//! the text, so that a signature of one kind never passes for another.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};

use super::cipher::KeyBytes;

/// Letters in front of a public key, so that nobody takes another key for it.
const PUBLIC_PREFIX: &str = "pixelkeep-ed25519-1:";

/// Signs in the name of this instance. Clones are the same key.
#[derive(Clone)]
pub struct Signer(SigningKey);

impl Signer {
    pub(super) fn new(seed: &KeyBytes) -> Self {
        Signer(SigningKey::from_bytes(seed))
    }

    /// The signature of a text for a purpose, as text (base64url).
    pub fn sign(&self, purpose: &str, text: &[u8]) -> String {
        let signature = self.0.sign(&signed(purpose, text));
        URL_SAFE_NO_PAD.encode(signature.to_bytes())
    }

    /// What others need to check signatures; not secret.
    pub fn public_key(&self) -> String {
        let bytes = self.0.verifying_key().to_bytes();
        format!("{PUBLIC_PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
    }
}

/// Whether the holder of this public key signed this text for this purpose.
pub fn verify(public_key: &str, purpose: &str, text: &[u8], signature: &str) -> bool {
    let check = || {
        let key = public_key.trim().strip_prefix(PUBLIC_PREFIX)?;
        let key: [u8; 32] = URL_SAFE_NO_PAD.decode(key).ok()?.try_into().ok()?;
        let key = VerifyingKey::from_bytes(&key).ok()?;
        let signature: [u8; 64] = URL_SAFE_NO_PAD
            .decode(signature.trim())
            .ok()?
            .try_into()
            .ok()?;
        let signature = Signature::from_bytes(&signature);
        key.verify_strict(&signed(purpose, text), &signature).ok()
    };
    check().is_some()
}

fn signed(purpose: &str, text: &[u8]) -> Vec<u8> {
    [b"pixelkeep/1/", purpose.as_bytes(), b"\0", text].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use zeroize::Zeroizing;

    #[test]
    fn only_the_signed_text_verifies_and_only_for_its_purpose() {
        let signer = Signer::new(&Zeroizing::new([7; 32]));
        let other = Signer::new(&Zeroizing::new([8; 32]));
        let public = signer.public_key();
        let signature = signer.sign("certificate", b"account gone");
        assert!(verify(&public, "certificate", b"account gone", &signature));
        assert!(!verify(&public, "checkpoint", b"account gone", &signature));
        assert!(!verify(&public, "certificate", b"account here", &signature));
        assert!(!verify(
            &other.public_key(),
            "certificate",
            b"account gone",
            &signature
        ));
        assert!(!verify(
            "no key",
            "certificate",
            b"account gone",
            &signature
        ));
        assert!(!verify(
            &public,
            "certificate",
            b"account gone",
            "no signature"
        ));
    }

    #[test]
    fn the_key_of_a_seed_is_the_one_of_the_standard() {
        // RFC 8032, section 7.1, test 1: seed and public key.
        let seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
        let public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
        let bytes = |hex: &str| -> Vec<u8> {
            (0..32)
                .map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap())
                .collect()
        };
        let seed: [u8; 32] = bytes(seed).try_into().unwrap();
        let signer = Signer::new(&Zeroizing::new(seed));
        let expected = format!("{PUBLIC_PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes(public)));
        assert_eq!(signer.public_key(), expected);
    }
}
