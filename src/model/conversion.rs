//! A conversion: what it is worth, where it stands, and what each change adds
//! to or takes from the figures.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::model::hit::HitId;
use crate::model::id::{AccountId, CampaignId, ConversionId, GoalId, PublisherId};
use crate::model::money::Currency;
use crate::model::personal::Personal;
use crate::model::reason::Notes;
use crate::model::tally::{Dimensions, Measures};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Approved,
    Pending,
    Rejected,
    Cancelled,
}

impl Status {
    /// Status words of the trade, without regard to case.
    pub fn parse(text: &str) -> Option<Status> {
        match text.trim().to_ascii_lowercase().as_str() {
            "approved" | "approve" | "confirmed" | "accepted" | "paid" | "1" => {
                Some(Status::Approved)
            }
            "pending" | "hold" | "open" | "waiting" | "0" => Some(Status::Pending),
            "rejected" | "reject" | "declined" | "denied" | "2" => Some(Status::Rejected),
            "cancelled" | "canceled" | "cancel" | "refunded" | "reversed" => {
                Some(Status::Cancelled)
            }
            _ => None,
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Status::Approved => "approved",
            Status::Pending => "pending",
            Status::Rejected => "rejected",
            Status::Cancelled => "cancelled",
        }
    }
}

/// What a conversion was credited by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Credit {
    ClickId,
    SharedToken,
    Cookie,
    Coupon,
    Impression,
    Unattributed,
}

impl Credit {
    pub fn word(self) -> &'static str {
        match self {
            Credit::ClickId => "click_id",
            Credit::SharedToken => "shared_token",
            Credit::Cookie => "cookie",
            Credit::Coupon => "coupon",
            Credit::Impression => "impression",
            Credit::Unattributed => "unattributed",
        }
    }
}

/// Money of one conversion, in minor units of the account's currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Amounts {
    pub sale_minor: i64,
    pub revenue_minor: i64,
    pub payout_minor: i64,
}

/// A goal reached.
#[derive(Debug, Clone, PartialEq)]
pub struct Conversion {
    pub id: ConversionId,
    pub account: AccountId,
    pub body: ConversionBody,
}

/// The sealed part of a conversion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConversionBody {
    pub at: Timestamp,
    pub campaign: CampaignId,
    pub publisher: Option<PublisherId>,
    pub goal: GoalId,
    pub status: Status,
    pub credit: Credit,
    /// None: no rate for its currency yet; it stands as pending and adds nothing.
    pub amounts: Option<Amounts>,
    /// The status it takes once a rate is known; some only while `amounts` is none
    /// and nobody decided otherwise.
    #[serde(default)]
    pub status_with_rate: Option<Status>,
    /// As the request said, in minor units of `currency`.
    pub original_minor: i64,
    pub currency: Currency,
    pub dimensions: Dimensions,
    pub txn: Option<Personal<String>>,
    pub click: Option<HitId>,
    pub subs: Vec<(u8, Personal<String>)>,
    pub notes: Notes,
}

impl ConversionBody {
    /// What this conversion, as it stands, adds to the figures.
    pub fn measures(&self) -> Measures {
        let mut measures = Measures::default();
        let amounts = self.amounts.unwrap_or_default();
        match self.status {
            Status::Approved => {
                measures.approved = 1;
                measures.sale_amount_minor = amounts.sale_minor;
                measures.revenue_minor = amounts.revenue_minor;
                measures.payout_minor = amounts.payout_minor;
            }
            Status::Pending => {
                measures.pending = 1;
                measures.pending_sale_amount_minor = amounts.sale_minor;
                measures.pending_revenue_minor = amounts.revenue_minor;
                measures.pending_payout_minor = amounts.payout_minor;
            }
            Status::Rejected => measures.rejected = 1,
            Status::Cancelled => measures.cancelled = 1,
        }
        measures
    }
}
