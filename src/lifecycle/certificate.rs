//! The deletion certificate: what was destroyed, how that was checked, and when the
//! last backup is gone. Signed, and checked offline with nothing but the public key.
//! No names: an account is its id.

use serde::Serialize;
use serde_json::{Value, json};

use crate::crypto::Signer;
use crate::crypto::signer::verify;
use crate::error::{Error, Result};

/// What a certificate is signed for.
const PURPOSE: &str = "deletion-certificate";
/// Longest file that is taken for one, in bytes.
pub const BYTES_MAX: usize = 1 << 20;

/// Signs a content; gives the file.
pub fn sign(signer: &Signer, content: &impl Serialize) -> Result<String> {
    let content = serde_json::to_value(content)
        .map_err(|error| Error::internal("A certificate could not be written").because(error))?;
    let signed = json!({ "certificate": content, "public_key": signer.public_key() });
    let signature = signer.sign(PURPOSE, signed.to_string().as_bytes());
    let mut whole = signed;
    if let Some(fields) = whole.as_object_mut() {
        fields.insert("signature".to_owned(), Value::String(signature));
    }
    file(&whole)
}

/// The one way in which a certificate is written: any other byte is a change.
fn file(whole: &Value) -> Result<String> {
    let mut text = serde_json::to_string_pretty(whole)
        .map_err(|error| Error::internal("A certificate could not be written").because(error))?;
    text.push('\n');
    Ok(text)
}

/// What a check of a certificate found.
#[derive(Debug, Clone, PartialEq)]
pub enum Checked {
    /// Unchanged since it was signed: its content and the key that signed it.
    Sound { content: Value, public_key: String },
    /// Why it cannot be relied on.
    Wrong(&'static str),
}

/// Checks a file, against a public key where one is given.
pub fn check(bytes: &[u8], expected_key: Option<&str>) -> Checked {
    let Ok(Value::Object(mut fields)) = serde_json::from_slice(bytes) else {
        return Checked::Wrong("This is not a certificate, or it was changed.");
    };
    let written = file(&Value::Object(fields.clone()));
    if written.ok().as_deref().map(str::as_bytes) != Some(bytes) {
        return Checked::Wrong("The file was changed after it was signed.");
    }
    let signature = fields.remove("signature");
    let signed = Value::Object(fields.clone()).to_string();
    let public_key = fields.remove("public_key");
    let (Some(Value::String(signature)), Some(Value::String(public_key)), Some(content)) =
        (signature, public_key, fields.remove("certificate"))
    else {
        return Checked::Wrong("This is not a certificate, or it was changed.");
    };
    if expected_key.is_some_and(|key| key.trim() != public_key) {
        return Checked::Wrong("It was signed with another key than the one given.");
    }
    if !fields.is_empty() || !verify(&public_key, PURPOSE, signed.as_bytes(), &signature) {
        return Checked::Wrong("The signature does not fit: the file was changed.");
    }
    Checked::Sound {
        content,
        public_key,
    }
}
