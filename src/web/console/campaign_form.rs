//! A campaign as its form holds it: every field as text, read back into settings.
//! Pure: nothing here knows the store or HTTP.

use super::form::Form;
use crate::crypto::token;
use crate::error::{Error, Result};
use crate::model::account::parse_name;
use crate::model::campaign::{
    ATTRIBUTION_DAYS_DEFAULT, Approval, CampaignSettings, CampaignStatus, GOALS_MAX, Goal, Rule,
    parse_landing_url, report_params_default,
};
use crate::model::id::GoalId;
use crate::model::money::{AmountError, Currency, Percent, parse_amount};

/// One goal as typed. All fields of a row are sent, empty ones too.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GoalDraft {
    /// Empty for a new goal.
    pub id: String,
    pub name: String,
    /// `fixed` or `percent`.
    pub revenue_kind: String,
    pub revenue: String,
    pub payout_kind: String,
    pub payout: String,
    /// `auto` or `pending`.
    pub approval: String,
}

impl GoalDraft {
    fn of(goal: &Goal, currency: Currency) -> Self {
        let (revenue_kind, revenue) = rule_text(goal.revenue, currency);
        let (payout_kind, payout) = rule_text(goal.payout, currency);
        let approval = match goal.approval {
            Approval::Auto => "auto",
            Approval::Pending => "pending",
        };
        GoalDraft {
            id: goal.id.to_string(),
            name: goal.name.clone(),
            revenue_kind: revenue_kind.to_owned(),
            revenue,
            payout_kind: payout_kind.to_owned(),
            payout,
            approval: approval.to_owned(),
        }
    }

    /// A row that nobody filled in.
    fn is_empty(&self) -> bool {
        self.id.is_empty()
            && self.name.is_empty()
            && self.revenue.is_empty()
            && self.payout.is_empty()
    }

    fn goal(&self, stored: &[Goal], currency: Currency) -> Result<Goal> {
        let id = if self.id.is_empty() {
            GoalId::from_random(token::random_u64())
        } else {
            let id = self.id.parse()?;
            let known = stored.iter().any(|goal| goal.id == id);
            known
                .then_some(id)
                .ok_or_else(|| Error::not_found("goal"))?
        };
        let name = parse_name("Each goal", &self.name)?;
        Ok(Goal {
            id,
            revenue: rule(
                &name,
                "What you earn",
                &self.revenue_kind,
                &self.revenue,
                currency,
            )?,
            payout: rule(
                &name,
                "What the publisher gets",
                &self.payout_kind,
                &self.payout,
                currency,
            )?,
            approval: match self.approval.as_str() {
                "pending" => Approval::Pending,
                _ => Approval::Auto,
            },
            name,
        })
    }
}

fn rule_text(rule: Rule, currency: Currency) -> (&'static str, String) {
    match rule {
        Rule::Fixed { amount_minor } => ("fixed", currency.format_number(amount_minor)),
        Rule::Percent { percent } => ("percent", percent.to_string()),
    }
}

fn rule(goal: &str, what: &str, kind: &str, text: &str, currency: Currency) -> Result<Rule> {
    let text = if text.is_empty() { "0" } else { text };
    let refuse = |why: &str| Error::invalid(format!("{what} for {goal}: {why}"));
    if kind == "percent" {
        let percent =
            Percent::parse(&text.replace(',', ".")).map_err(|error| refuse(error.message()))?;
        return Ok(Rule::Percent { percent });
    }
    let amount_minor = parse_amount(text, currency).map_err(|error| {
        refuse(match error {
            AmountError::NotANumber => "this is not an amount, such as 12.50.",
            AmountError::Negative => "an amount is not negative.",
            AmountError::TooLarge => "this amount is too large.",
        })
    })?;
    Ok(Rule::Fixed { amount_minor })
}

/// A campaign as typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    pub name: String,
    pub site: String,
    /// One address a line.
    pub landing: String,
    pub attribution_days: String,
    pub view_through_days: String,
    pub is_paused: bool,
    pub goals: Vec<GoalDraft>,
}

impl Draft {
    /// What a new campaign starts from: one goal, and a row for another.
    pub fn blank(site: &str) -> Self {
        let first = GoalDraft {
            name: "Sale".to_owned(),
            revenue_kind: "percent".to_owned(),
            payout_kind: "percent".to_owned(),
            ..GoalDraft::default()
        };
        Draft {
            name: String::new(),
            site: site.to_owned(),
            landing: String::new(),
            attribution_days: ATTRIBUTION_DAYS_DEFAULT.to_string(),
            view_through_days: "0".to_owned(),
            is_paused: false,
            goals: vec![first],
        }
    }

    pub fn of(settings: &CampaignSettings, currency: Currency) -> Self {
        let goals = settings.goals.iter();
        Draft {
            name: settings.name.clone(),
            site: settings.site.to_string(),
            landing: settings.landing_urls.join("\n"),
            attribution_days: settings.attribution_days.to_string(),
            view_through_days: settings.view_through_days.to_string(),
            is_paused: !settings.is_running(),
            goals: goals.map(|goal| GoalDraft::of(goal, currency)).collect(),
        }
    }

    pub fn read(form: &Form) -> Self {
        let column = |name: &str| form.all(name).map(|text| text.trim().to_owned());
        let mut ids = column("goal_id");
        let mut revenue_kinds = column("goal_revenue_kind");
        let mut revenues = column("goal_revenue");
        let mut payout_kinds = column("goal_payout_kind");
        let mut payouts = column("goal_payout");
        let mut approvals = column("goal_approval");
        let goals = column("goal_name").take(GOALS_MAX).map(|name| GoalDraft {
            id: ids.next().unwrap_or_default(),
            name,
            revenue_kind: revenue_kinds.next().unwrap_or_default(),
            revenue: revenues.next().unwrap_or_default(),
            payout_kind: payout_kinds.next().unwrap_or_default(),
            payout: payouts.next().unwrap_or_default(),
            approval: approvals.next().unwrap_or_default(),
        });
        Draft {
            name: form.text("name").to_owned(),
            site: form.text("site").to_owned(),
            landing: form.exact("landing").to_owned(),
            attribution_days: form.text("attribution_days").to_owned(),
            view_through_days: form.text("view_through_days").to_owned(),
            is_paused: form.text("status") == "paused",
            goals: goals.collect(),
        }
    }

    /// One more empty row.
    pub fn add_goal(&mut self) {
        if self.goals.len() < GOALS_MAX {
            self.goals.push(GoalDraft::default());
        }
    }

    /// The settings this describes. What the form does not show stays as `stored`
    /// has it, and no stored goal is lost: figures refer to it.
    pub fn settings(
        &self,
        stored: Option<&CampaignSettings>,
        currency: Currency,
    ) -> Result<CampaignSettings> {
        let stored_goals = stored.map_or(&[][..], |stored| &stored.goals);
        let filled = self.goals.iter().filter(|goal| !goal.is_empty());
        let mut goals = filled
            .map(|goal| goal.goal(stored_goals, currency))
            .collect::<Result<Vec<Goal>>>()?;
        for goal in stored_goals {
            if goals.iter().all(|typed| typed.id != goal.id) {
                goals.push(goal.clone());
            }
        }
        let lines = self.landing.lines().map(str::trim);
        let settings = CampaignSettings {
            name: parse_name("The campaign", &self.name)?,
            site: self
                .site
                .parse()
                .map_err(|_| Error::invalid("Choose a site."))?,
            landing_urls: lines
                .filter(|line| !line.is_empty())
                .map(parse_landing_url)
                .collect::<Result<_>>()?,
            attribution_days: days("A click counts", &self.attribution_days)?,
            view_through_days: days("A view of an advertisement counts", &self.view_through_days)?,
            status: if self.is_paused {
                CampaignStatus::Paused
            } else {
                CampaignStatus::Running
            },
            goals,
            report_params: stored
                .map_or_else(report_params_default, |stored| stored.report_params.clone()),
        };
        settings.check()?;
        Ok(settings)
    }
}

fn days(what: &str, text: &str) -> Result<u16> {
    let text = if text.is_empty() { "0" } else { text };
    text.parse()
        .map_err(|_| Error::invalid(format!("{what} for a whole number of days.")))
}
