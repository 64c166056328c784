//! Campaigns and their goals: what is advertised, and what a conversion earns.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::model::conversion::Status;
use crate::model::hit::{PARAMS, URL_MAX};
use crate::model::id::{AccountId, CampaignId, GoalId, SiteId};
use crate::model::money::Percent;

/// Bounds of the attribution window, in days.
pub const ATTRIBUTION_DAYS: std::ops::RangeInclusive<u16> = 1..=90;
/// Days within which a click counts where the campaign does not say.
pub const ATTRIBUTION_DAYS_DEFAULT: u16 = 30;
/// Bounds of the days within which an impression counts.
pub const VIEW_THROUGH_DAYS: std::ops::RangeInclusive<u16> = 0..=30;
/// Landing pages of one campaign at most.
pub const LANDING_URLS_MAX: usize = 50;
/// Goals of one campaign at most.
pub const GOALS_MAX: usize = 50;

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
    /// Which of `p1`..`p10` reports keep, by index 0..9. A link that puts something
    /// unique into one of them, such as a partner's own click id, should leave it out.
    pub report_params: Vec<u8>,
}

/// All of `p1`..`p10`.
pub fn report_params_default() -> Vec<u8> {
    (0..PARAMS as u8).collect()
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
        let goals = self.goals.iter();
        let by_id = GoalId::read(text).and_then(|id| goals.clone().find(|goal| goal.id == id));
        by_id.or_else(|| {
            let lower = text.to_lowercase();
            let mut goals = goals;
            goals.find(|goal| goal.name == text || goal.name.to_lowercase() == lower)
        })
    }

    pub fn is_running(&self) -> bool {
        self.status == CampaignStatus::Running
    }

    /// Whether every part is within its bounds and the parts fit together. The
    /// sentence of a refusal names the part.
    pub fn check(&self) -> Result<()> {
        let refuse = |sentence: String| Err(Error::invalid(sentence));
        if !(1..=LANDING_URLS_MAX).contains(&self.landing_urls.len()) {
            return refuse(format!(
                "A campaign has 1 to {LANDING_URLS_MAX} landing pages."
            ));
        }
        if !(1..=GOALS_MAX).contains(&self.goals.len()) {
            return refuse(format!("A campaign has 1 to {GOALS_MAX} goals."));
        }
        if !ATTRIBUTION_DAYS.contains(&self.attribution_days) {
            return refuse("A click counts for 1 to 90 days.".to_owned());
        }
        if !VIEW_THROUGH_DAYS.contains(&self.view_through_days) {
            return refuse("An impression counts for 0 to 30 days.".to_owned());
        }
        if self
            .report_params
            .iter()
            .any(|&index| usize::from(index) >= PARAMS)
        {
            return refuse("Reports keep p1 to p10 and nothing else.".to_owned());
        }
        let mut names = std::collections::HashSet::new();
        let twice = |goal: &&Goal| !names.insert(goal.name.to_lowercase());
        match self.goals.iter().find(twice) {
            Some(goal) => refuse(format!("Two goals are called {:?}.", goal.name)),
            None => Ok(()),
        }
    }
}

/// A landing page as people type it: http or https, with macros such as
/// `{click_id}` behind the host, at most 2,048 bytes. Other letters than ASCII are
/// percent-encoded, so that the result can stand in a header.
pub fn parse_landing_url(text: &str) -> Result<String> {
    let text = text.trim();
    let wrong = |why: &str| Error::invalid(format!("A landing page {why}."));
    if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(wrong("has no blanks in its address"));
    }
    if crate::model::landing::host_of(text).is_none() {
        return Err(wrong(
            "is an address that starts with https:// and a host name",
        ));
    }
    let url = url::Url::parse(text)
        .map_err(|_| wrong("is an address such as https://www.example.org/"))?;
    if url.username() != "" || url.password().is_some() {
        return Err(wrong("has no user name in its address"));
    }
    let encoded: String = text.chars().map(encoded).collect();
    if encoded.len() > URL_MAX {
        return Err(wrong("has an address of at most 2048 letters"));
    }
    Ok(encoded)
}

fn encoded(c: char) -> String {
    if c.is_ascii() {
        return c.to_string();
    }
    let mut bytes = [0; 4];
    c.encode_utf8(&mut bytes)
        .bytes()
        .map(|byte| format!("%{byte:02X}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_landing_page_keeps_its_macros_and_loses_nothing() {
        let text = " https://shop.example/{p1}/a?c={click_id}&x=1#top ";
        assert_eq!(parse_landing_url(text).unwrap(), text.trim());
        assert_eq!(
            parse_landing_url("https://shop.example/grün").unwrap(),
            "https://shop.example/gr%C3%BCn"
        );
    }

    #[test]
    fn a_landing_page_is_a_web_address_and_short_enough() {
        for wrong in [
            "",
            "shop.example",
            "ftp://shop.example/",
            "javascript:alert(1)",
            "//shop.example/",
            "https:///x",
            "https://{p1}/",
            "https://ann:secret@shop.example/",
            "https://shop.example/a b",
            "https://shop.example/\r\nSet-Cookie: x",
        ] {
            assert!(parse_landing_url(wrong).is_err(), "{wrong:?}");
        }
        let long = format!("https://shop.example/{}", "x".repeat(URL_MAX));
        assert!(parse_landing_url(&long).is_err());
    }

    fn settings(goals: &[&str]) -> CampaignSettings {
        CampaignSettings {
            name: "Spring".to_owned(),
            site: SiteId::from_random(1),
            landing_urls: vec!["https://shop.example/".to_owned()],
            attribution_days: 30,
            view_through_days: 0,
            status: CampaignStatus::Running,
            goals: goals
                .iter()
                .map(|name| Goal {
                    id: GoalId::from_random(2),
                    name: (*name).to_owned(),
                    revenue: Rule::NOTHING,
                    payout: Rule::NOTHING,
                    approval: Approval::Auto,
                })
                .collect(),
            report_params: vec![0, 9],
        }
    }

    #[test]
    fn goals_of_a_campaign_are_told_apart_by_name() {
        assert!(settings(&["sale", "lead"]).check().is_ok());
        assert!(settings(&["sale", "SALE"]).check().is_err());
        assert!(settings(&[]).check().is_err());
    }

    #[test]
    fn a_click_counts_for_one_to_ninety_days() {
        for (days, fits) in [(0, false), (1, true), (90, true), (91, false)] {
            let mut settings = settings(&["sale"]);
            settings.attribution_days = days;
            assert_eq!(settings.check().is_ok(), fits, "{days}");
        }
    }
}
