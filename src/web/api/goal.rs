//! Goals and their rules, as they stand in a campaign's JSON.

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::fields::Fields;
use crate::crypto::token;
use crate::error::{Error, Result};
use crate::model::account::parse_name;
use crate::model::campaign::{Approval, GOALS_MAX, Goal, Rule};
use crate::model::id::GoalId;
use crate::model::money::{AMOUNT_MAX_MINOR, Percent};

#[derive(Serialize)]
pub struct GoalView<'a> {
    id: GoalId,
    name: &'a str,
    revenue: RuleView,
    payout: RuleView,
    approval: Approval,
}

impl<'a> GoalView<'a> {
    pub fn of(goal: &'a Goal) -> Self {
        GoalView {
            id: goal.id,
            name: &goal.name,
            revenue: RuleView::of(goal.revenue),
            payout: RuleView::of(goal.payout),
            approval: goal.approval,
        }
    }
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum RuleView {
    Fixed {
        amount_minor: i64,
    },
    Percent {
        #[serde(serialize_with = "as_number")]
        percent: Percent,
    },
}

impl RuleView {
    fn of(rule: Rule) -> Self {
        match rule {
            Rule::Fixed { amount_minor } => RuleView::Fixed { amount_minor },
            Rule::Percent { percent } => RuleView::Percent { percent },
        }
    }
}

/// A percentage as a JSON number with just the digits it was given with.
fn as_number<S: Serializer>(
    percent: &Percent,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    RawValue::from_string(percent.to_string())
        .map_err(serde::ser::Error::custom)?
        .serialize(serializer)
}

/// What a request says of one goal; what it does not say is none.
pub struct GoalChange {
    id: Option<GoalId>,
    name: Option<String>,
    revenue: Option<Rule>,
    payout: Option<Rule>,
    approval: Option<Approval>,
}

/// The `goals` of a request.
pub fn read_goals(fields: &Fields) -> Result<Option<Vec<GoalChange>>> {
    let Some(goals) = fields.objects("goals", GOALS_MAX)? else {
        return Ok(None);
    };
    goals.iter().map(read_goal).collect::<Result<_>>().map(Some)
}

fn read_goal(fields: &Fields) -> Result<GoalChange> {
    let name = fields.text("name")?;
    let id = fields.text("id")?;
    Ok(GoalChange {
        id: id.map(|id| id.parse()).transpose()?,
        name: name
            .map(|name| parse_name(&fields.name("name"), &name))
            .transpose()?,
        revenue: read_rule(fields, "revenue")?,
        payout: read_rule(fields, "payout")?,
        approval: match fields.text("approval")?.as_deref() {
            None => None,
            Some("auto") => Some(Approval::Auto),
            Some("pending") => Some(Approval::Pending),
            Some(_) => {
                return Err(fields.refuse("approval", "this must be \"auto\" or \"pending\"."));
            }
        },
    })
}

fn read_rule(fields: &Fields, field: &str) -> Result<Option<Rule>> {
    let Some(rule) = fields.object(field)? else {
        return Ok(None);
    };
    let kind = rule.required("kind", rule.text("kind")?)?;
    match kind.as_str() {
        "fixed" => {
            let amount = rule.integer("amount_minor", 0..=AMOUNT_MAX_MINOR)?;
            Ok(Some(Rule::Fixed {
                amount_minor: rule.required("amount_minor", amount)?,
            }))
        }
        "percent" => {
            let digits = rule.required("percent", rule.decimal("percent")?)?;
            Ok(Some(Rule::Percent {
                percent: rule.named("percent", Percent::parse(&digits))?,
            }))
        }
        _ => Err(rule.refuse("kind", "this must be \"fixed\" or \"percent\".")),
    }
}

/// Applies what was said: a goal with an id is changed, one without is added, and
/// one that was not mentioned stays, because figures refer to it.
///
/// # Errors
/// [`crate::error::Kind::NotFound`] for an id that is not one of `goals`.
pub fn apply(goals: &mut Vec<Goal>, changes: Vec<GoalChange>) -> Result<()> {
    for change in changes {
        match change.id {
            None => goals.push(new_goal(change)?),
            Some(id) => {
                let goal = goals.iter_mut().find(|goal| goal.id == id);
                change_goal(goal.ok_or_else(|| Error::not_found("goal"))?, change);
            }
        }
    }
    Ok(())
}

fn new_goal(change: GoalChange) -> Result<Goal> {
    Ok(Goal {
        id: GoalId::from_random(token::random_u64()),
        name: change
            .name
            .ok_or_else(|| Error::invalid("goals: each needs a name."))?,
        revenue: change.revenue.unwrap_or(Rule::NOTHING),
        payout: change.payout.unwrap_or(Rule::NOTHING),
        approval: change.approval.unwrap_or_default(),
    })
}

fn change_goal(goal: &mut Goal, change: GoalChange) {
    if let Some(name) = change.name {
        goal.name = name;
    }
    goal.revenue = change.revenue.unwrap_or(goal.revenue);
    goal.payout = change.payout.unwrap_or(goal.payout);
    goal.approval = change.approval.unwrap_or(goal.approval);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn goals(text: &str) -> Result<Vec<GoalChange>> {
        let body = Fields::parse(format!("{{\"goals\":[{text}]}}").as_bytes())?;
        Ok(read_goals(&body)?.unwrap_or_default())
    }

    #[test]
    fn a_percentage_keeps_its_four_decimals_as_number_and_as_text() {
        for text in ["0.0001", "12.5", "\"33.3333\"", "1000"] {
            let rule =
                format!(r#"{{"name":"sale","payout":{{"kind":"percent","percent":{text}}}}}"#);
            let mut made = Vec::new();
            apply(&mut made, goals(&rule).unwrap()).unwrap();
            let shown = serde_json::to_string(&GoalView::of(&made[0])).unwrap();
            let digits = text.trim_matches('"');
            assert!(
                shown.contains(&format!(r#""kind":"percent","percent":{digits}}}"#)),
                "{shown}"
            );
        }
    }

    #[test]
    fn a_rule_out_of_bounds_is_refused_by_its_name() {
        for (rule, field) in [
            (r#"{"kind":"fixed"}"#, "amount_minor"),
            (r#"{"kind":"fixed","amount_minor":-1}"#, "amount_minor"),
            (r#"{"kind":"fixed","amount_minor":1.5}"#, "amount_minor"),
            (r#"{"kind":"percent","percent":0.00001}"#, "percent"),
            (r#"{"kind":"percent","percent":1e1}"#, "percent"),
            (r#"{"kind":"share","percent":1}"#, "kind"),
            ("{}", "kind"),
        ] {
            let error = goals(&format!(r#"{{"name":"sale","revenue":{rule}}}"#))
                .map(|_| ())
                .unwrap_err();
            let start = format!("goals[0].revenue.{field}");
            assert!(error.message().starts_with(&start), "{rule}: {error}");
        }
    }

    #[test]
    fn a_goal_that_is_not_mentioned_stays() {
        let mut made = Vec::new();
        apply(
            &mut made,
            goals(r#"{"name":"sale"},{"name":"lead"}"#).unwrap(),
        )
        .unwrap();
        let change = format!(r#"{{"id":"{}","name":"order"}}"#, made[0].id);
        apply(&mut made, goals(&change).unwrap()).unwrap();
        let names: Vec<_> = made.iter().map(|goal| goal.name.as_str()).collect();
        assert_eq!(names, ["order", "lead"]);
        assert!(apply(&mut made, goals(r#"{"id":"zzzzzzzz"}"#).unwrap()).is_err());
    }
}
