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

/// Random id of a receipt, 128 bits, as the browser made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ReceiptId(pub [u8; 16]);

impl ReceiptId {
    /// Of an answer that came without one: it can come only once.
    pub const NONE: ReceiptId = ReceiptId([0; 16]);

    /// The id, where the browser made one.
    pub fn given(self) -> Option<ReceiptId> {
        (self != ReceiptId::NONE).then_some(self)
    }
}

/// What is kept of an answer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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

/// A receipt as it is kept. In order they stand by their instants.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeptReceipt {
    pub receipt: Receipt,
    pub id: Option<ReceiptId>,
}

/// An answer as it comes through the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// [`ReceiptId::NONE`] where the browser gave none.
    pub id: ReceiptId,
    pub receipt: Receipt,
    /// Whose data must go, where it is a withdrawal and the browser said who it is.
    pub withdrawn: Option<Personal<VisitorId>>,
}
