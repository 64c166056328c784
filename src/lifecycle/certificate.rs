//! The deletion certificate: what was destroyed, how that was checked, and when the
//! last backup is gone. A signed document without names: an account is its id.

use serde::Serialize;

use crate::crypto::{Signer, document};
use crate::error::Result;

/// What a certificate is as a signed document.
pub const CERTIFICATE: &str = "certificate";

/// Signs a content; gives the file.
pub fn sign(signer: &Signer, content: &impl Serialize) -> Result<String> {
    document::sign(signer, CERTIFICATE, content)
}
