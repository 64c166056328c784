//! The receipt of one grant or withdrawal: what was said, when, in which way, under
//! which notice. It names nobody: its only id is random, and the visitor alone holds
//! it.

use serde::{Deserialize, Serialize};

use super::signal::Way;
use super::{Consent, Posture};
use crate::clock::Timestamp;
use crate::model::hit::VisitorId;
use crate::model::id::SiteId;
use crate::model::personal::Personal;

/// Random id of a receipt, 128 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ReceiptId(pub [u8; 16]);

/// What is kept of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    pub at: Timestamp,
    pub site: Option<SiteId>,
    pub posture: Posture,
    pub consent: Consent,
    pub way: Way,
    /// Global Privacy Control was seen with it.
    pub privacy_control: bool,
    /// Version of the site's notice that was in force; 0 where none was stated.
    pub notice: u32,
}

/// An answer as it comes through the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    pub id: ReceiptId,
    pub receipt: Receipt,
    /// Whose data must go, where it is a withdrawal and the browser said who it is.
    pub withdrawn: Option<Personal<VisitorId>>,
}
