//! Campaigns and their goals: what is advertised, and what a conversion earns.

use serde::{Deserialize, Serialize};

use crate::model::conversion::Status;
use crate::model::id::{AccountId, CampaignId, GoalId, SiteId};
use crate::model::money::Percent;

/// Bounds of the attribution window, in days.
pub const ATTRIBUTION_DAYS: std::ops::RangeInclusive<u16> = 1..=90;
/// Days within which a click counts where the campaign does not say.
pub const ATTRIBUTION_DAYS_DEFAULT: u16 = 30;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Campaign {
    pub id: CampaignId,
    pub account: AccountId,
    pub settings: CampaignSettings,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CampaignStatus {
    #[default]
    Running,
    Paused,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CampaignSettings {
    pub name: String,
    pub site: SiteId,
    /// Where a click leads; macros are filled. Index 0 is the default.
    pub landing_urls: Vec<String>,
    /// Days a click counts, see [`ATTRIBUTION_DAYS`].
    pub attribution_days: u16,
    /// Days an impression counts where no click matches; 0: never.
    #[serde(default)]
    pub view_through_days: u16,
    pub status: CampaignStatus,
    /// At least one; the first is the default.
    pub goals: Vec<Goal>,
    /// Which of `p1`..`p10` reports keep, by index 0..9.
    pub report_params: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Goal {
    pub id: GoalId,
    pub name: String,
    /// What the advertiser earns the account.
    pub revenue: Rule,
    /// What the publisher gets.
    pub payout: Rule,
    pub approval: Approval,
}

/// How an amount follows from a sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rule {
    /// Minor units of the account's currency.
    Fixed { amount_minor: i64 },
    /// Share of the sale amount.
    Percent { percent: Percent },
}

impl Rule {
    pub const NOTHING: Rule = Rule::Fixed { amount_minor: 0 };

    /// The amount for one conversion, in minor units, rounded half up.
    pub fn amount(self, sale_minor: i64) -> i64 {
        match self {
            Rule::Fixed { amount_minor } => amount_minor,
            Rule::Percent { percent } => percent.of(sale_minor),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Approval {
    /// Counts at once.
    #[default]
    Auto,
    /// Waits for a person.
    Pending,
}

impl Goal {
    /// The status a new conversion starts with. A browser's word can only hold
    /// back what the rule would approve; an authenticated one is believed.
    pub fn first_status(&self, asked: Option<Status>, authenticated: bool) -> Status {
        let rule = match self.approval {
            Approval::Auto => Status::Approved,
            Approval::Pending => Status::Pending,
        };
        match asked {
            Some(Status::Approved) if !authenticated => rule,
            Some(status) => status,
            None => rule,
        }
    }
}

impl CampaignSettings {
    /// The goal with this id or, without regard to case, this name.
    pub fn goal(&self, text: &str) -> Option<&Goal> {
        let text = text.trim();
        let by_id = text.parse::<GoalId>().ok();
        self.goals
            .iter()
            .find(|goal| Some(goal.id) == by_id)
            .or_else(|| {
                self.goals
                    .iter()
                    .find(|goal| goal.name.to_lowercase() == text.to_lowercase())
            })
    }

    pub fn is_running(&self) -> bool {
        self.status == CampaignStatus::Running
    }
}
