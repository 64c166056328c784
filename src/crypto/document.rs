//! Signed documents: JSON of which every byte is signed, checked offline with nothing
//! but the public key. One form for certificates and receipts; what is signed says
//! which of them it is.

use serde::Serialize;
use serde_json::{Map, Value};

use super::signer::{Signer, verify};
use crate::error::{Error, Result};

/// Longest file that is taken for a document, in bytes.
pub const DOCUMENT_BYTES_MAX: usize = 1 << 20;

const PUBLIC_KEY: &str = "public_key";
const SIGNATURE: &str = "signature";

/// Signs a content as a document of a kind, such as `erasure_receipt`; gives the file.
pub fn sign(signer: &Signer, kind: &str, content: &impl Serialize) -> Result<String> {
    let content = serde_json::to_value(content)
        .map_err(|error| Error::internal("A document could not be written").because(error))?;
    let mut fields = Map::new();
    fields.insert(kind.to_owned(), content);
    fields.insert(PUBLIC_KEY.to_owned(), Value::String(signer.public_key()));
    let signature = signer.sign(kind, Value::Object(fields.clone()).to_string().as_bytes());
    fields.insert(SIGNATURE.to_owned(), Value::String(signature));
    file(&Value::Object(fields))
}

/// The one way in which a document is written: any other byte is a change.
fn file(whole: &Value) -> Result<String> {
    let mut text = serde_json::to_string_pretty(whole)
        .map_err(|error| Error::internal("A document could not be written").because(error))?;
    text.push('\n');
    Ok(text)
}

/// What a check of a document found.
#[derive(Debug, Clone, PartialEq)]
pub enum Checked {
    /// Unchanged since it was signed: its content and the key that signed it.
    Sound { content: Value, public_key: String },
    /// Why it cannot be relied on.
    Wrong(&'static str),
}

/// Checks a file of a kind, against a public key where one is given.
pub fn check(bytes: &[u8], kind: &str, expected_key: Option<&str>) -> Checked {
    let Some(mut fields) = read(bytes) else {
        return Checked::Wrong("This is no signed document, or it was changed.");
    };
    let signature = fields.remove(SIGNATURE);
    let signed = Value::Object(fields.clone()).to_string();
    let public_key = fields.remove(PUBLIC_KEY);
    let (Some(Value::String(signature)), Some(Value::String(public_key)), Some(content)) =
        (signature, public_key, fields.remove(kind))
    else {
        return Checked::Wrong("This is no signed document of this kind, or it was changed.");
    };
    if expected_key.is_some_and(|key| key.trim() != public_key) {
        return Checked::Wrong("It was signed with another key than the one given.");
    }
    let sound = fields.is_empty() && verify(&public_key, kind, signed.as_bytes(), &signature);
    if !sound {
        return Checked::Wrong("The signature does not fit: the file was changed.");
    }
    Checked::Sound {
        content,
        public_key,
    }
}

/// The fields of a file that stands exactly as it was written.
fn read(bytes: &[u8]) -> Option<Map<String, Value>> {
    let whole: Value = serde_json::from_slice(bytes).ok()?;
    if file(&whole).ok()?.as_bytes() != bytes {
        return None;
    }
    match whole {
        Value::Object(fields) => Some(fields),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zeroize::Zeroizing;

    #[test]
    fn every_single_byte_change_is_noticed() {
        let signer = Signer::new(&Zeroizing::new([7; 32]));
        let content = serde_json::json!({ "hits": 3, "day": "2026-11-24", "kept": ["ledger"] });
        let text = sign(&signer, "erasure_receipt", &content).unwrap();
        let sound =
            |bytes: &[u8]| matches!(check(bytes, "erasure_receipt", None), Checked::Sound { .. });
        assert!(sound(text.as_bytes()));
        assert!(!matches!(
            check(text.as_bytes(), "deletion_certificate", None),
            Checked::Sound { .. }
        ));
        for at in 0..text.len() {
            for change in [1u8, 0x20, 0x80] {
                let mut bytes = text.clone().into_bytes();
                bytes[at] ^= change;
                assert!(!sound(&bytes), "byte {at} changed by {change:#x}");
            }
            let mut shorter = text.clone().into_bytes();
            shorter.remove(at);
            assert!(!sound(&shorter), "byte {at} removed");
        }
    }

    #[test]
    fn another_key_than_the_expected_one_is_refused() {
        let signer = |seed| Signer::new(&Zeroizing::new([seed; 32]));
        let text = sign(&signer(1), "erasure_receipt", &1).unwrap();
        let expected = signer(2).public_key();
        let checked = check(text.as_bytes(), "erasure_receipt", Some(&expected));
        assert!(matches!(checked, Checked::Wrong(why) if why.contains("another key")));
    }
}
