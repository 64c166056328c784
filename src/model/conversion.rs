//! A conversion: what it is worth, where it stands, and what each change adds
//! to or takes from the figures.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::error::{Error, Kind, Result};
use crate::model::campaign::Goal;
use crate::model::hit::HitId;
use crate::model::id::{AccountId, CampaignId, ConversionId, GoalId, PublisherId};
use crate::model::money::Currency;
use crate::model::personal::Personal;
use crate::model::reason::{Note, Notes};
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
    /// A ledger line: what it was credited by went with the person.
    Erased,
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
            Credit::Erased => "erased",
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

    /// What stays of it once its person is erased: campaign, publisher, goal, day,
    /// status and amounts. `day` is the start of its day in the account's zone.
    pub fn ledger_line(&self, day: Timestamp) -> ConversionBody {
        let mut notes = Notes::default();
        if self.notes.contains(Note::RateMissing) {
            notes.add(Note::RateMissing);
        }
        ConversionBody {
            at: day,
            credit: Credit::Erased,
            dimensions: Dimensions {
                campaign: self.dimensions.campaign,
                publisher: self.dimensions.publisher,
                goal: self.dimensions.goal,
                ..Dimensions::default()
            },
            txn: None,
            click: None,
            subs: Vec::new(),
            notes,
            ..self.clone()
        }
    }

    /// What a person, or their program, decides about it. A new sale amount, in
    /// minor units of the account's currency, earns by the goal's rules as they are
    /// now; without one the amounts stay.
    ///
    /// # Errors
    /// [`Kind::Conflict`] where it is to be approved and its worth is not known.
    pub fn decide(
        &mut self,
        status: Option<Status>,
        sale_minor: Option<i64>,
        goal: &Goal,
    ) -> Result<()> {
        if let Some(sale_minor) = sale_minor {
            self.amounts = Some(Amounts {
                sale_minor,
                revenue_minor: goal.revenue.amount(sale_minor),
                payout_minor: goal.payout.amount(sale_minor),
            });
            self.notes.remove(Note::RateMissing);
        }
        if self.amounts.is_none() && status == Some(Status::Approved) {
            return Err(Error::new(
                Kind::Conflict,
                format!(
                    "What this is worth is not known yet: enter a rate for {}, or give the sale amount.",
                    self.currency
                ),
            ));
        }
        let waited_for = match self.amounts {
            Some(_) => self.status_with_rate.take(),
            None => None,
        };
        if let Some(status) = status.or(waited_for) {
            self.status = status;
            self.status_with_rate = None;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::campaign::{Approval, Rule};
    use crate::model::money::Percent;

    fn goal() -> Goal {
        Goal {
            id: GoalId::from_random(1),
            name: "sale".to_owned(),
            revenue: Rule::Percent {
                percent: Percent::parse("10").unwrap(),
            },
            payout: Rule::Fixed { amount_minor: 50 },
            approval: Approval::Auto,
        }
    }

    fn waiting() -> ConversionBody {
        let mut notes = Notes::default();
        notes.add(Note::RateMissing);
        ConversionBody {
            at: Timestamp::from_millis(0),
            campaign: CampaignId::from_random(2),
            publisher: None,
            goal: goal().id,
            status: Status::Pending,
            credit: Credit::Unattributed,
            amounts: None,
            status_with_rate: Some(Status::Approved),
            original_minor: 1_000,
            currency: "USD".parse().unwrap(),
            dimensions: Dimensions::default(),
            txn: None,
            click: None,
            subs: Vec::new(),
            notes,
        }
    }

    #[test]
    fn a_new_sale_amount_earns_by_the_rules_and_ends_the_wait_for_a_rate() {
        let mut body = waiting();
        body.decide(None, Some(905), &goal()).unwrap();
        let amounts = body.amounts.unwrap();
        assert_eq!((amounts.revenue_minor, amounts.payout_minor), (91, 50));
        assert_eq!(
            (body.status, body.status_with_rate),
            (Status::Approved, None)
        );
        assert!(!body.notes.contains(Note::RateMissing));
    }

    #[test]
    fn what_is_worth_nobody_knows_how_much_is_not_approved() {
        let mut body = waiting();
        let error = body
            .decide(Some(Status::Approved), None, &goal())
            .unwrap_err();
        assert_eq!(error.kind(), Kind::Conflict);
        assert_eq!(body.status, Status::Pending);
    }

    #[test]
    fn a_decision_outlives_the_rate_that_comes_later() {
        let mut body = waiting();
        body.decide(Some(Status::Rejected), None, &goal()).unwrap();
        assert_eq!(
            (body.status, body.status_with_rate),
            (Status::Rejected, None)
        );
    }

    #[test]
    fn a_change_of_status_alone_leaves_the_amounts() {
        let mut body = waiting();
        body.decide(None, Some(1_000), &goal()).unwrap();
        let amounts = body.amounts;
        body.decide(Some(Status::Cancelled), None, &goal()).unwrap();
        assert_eq!((body.amounts, body.status), (amounts, Status::Cancelled));
        assert_eq!(body.measures().sale_amount_minor, 0);
    }
}
