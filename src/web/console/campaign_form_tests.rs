//! What a campaign's form must keep, read and refuse.

use super::campaign_form::Draft;
use super::form::Form;
use crate::model::campaign::{Approval, CampaignSettings, Rule};
use crate::model::money::Currency;

fn typed(more: &str) -> Form {
    Form::parse(
        format!(
            "name=Spring&site=00000001&landing=https%3A%2F%2Fshop.example%2F&attribution_days=30\
             &view_through_days=&goal_id=&goal_name=Sale&goal_revenue_kind=percent\
             &goal_revenue=12%2C5&goal_payout_kind=fixed&goal_payout=4.50&goal_approval=pending{more}"
        )
        .as_bytes(),
    )
}

fn settings(
    form: &Form,
    stored: Option<&CampaignSettings>,
) -> crate::error::Result<CampaignSettings> {
    Draft::read(form).settings(stored, Currency::EUR)
}

#[test]
fn what_is_stored_is_shown_and_read_back_unchanged() {
    let made = settings(&typed(""), None).unwrap();
    assert_eq!(made.goals[0].payout, Rule::Fixed { amount_minor: 450 });
    assert_eq!(made.goals[0].approval, Approval::Pending);
    let draft = Draft::of(&made, Currency::EUR);
    assert_eq!(draft.goals[0].revenue, "12.5");
    assert_eq!(draft.settings(Some(&made), Currency::EUR).unwrap(), made);
}

#[test]
fn an_empty_goal_row_is_none() {
    let row = "&goal_id=&goal_name=+&goal_revenue_kind=fixed&goal_revenue=\
               &goal_payout_kind=fixed&goal_payout=&goal_approval=auto";
    assert_eq!(settings(&typed(row), None).unwrap().goals.len(), 1);
}

#[test]
fn a_goal_with_amounts_but_no_name_is_refused() {
    let row = "&goal_id=&goal_name=&goal_revenue_kind=fixed&goal_revenue=5\
               &goal_payout_kind=fixed&goal_payout=&goal_approval=auto";
    let error = settings(&typed(row), None).unwrap_err();
    assert_eq!(error.message(), "Each goal needs a name.");
}

#[test]
fn a_stored_goal_is_never_lost() {
    let made = settings(&typed(""), None).unwrap();
    let again = settings(&typed("").clone(), Some(&made));
    assert!(again.is_err(), "two goals of one name");
    let renamed = Form::parse(
        b"name=Spring&site=00000001&landing=https%3A%2F%2Fshop.example%2F&attribution_days=30\
          &goal_id=&goal_name=Lead&goal_revenue=1&goal_payout=1",
    );
    let names: Vec<_> = settings(&renamed, Some(&made))
        .unwrap()
        .goals
        .into_iter()
        .map(|goal| goal.name)
        .collect();
    assert_eq!(names, ["Lead", "Sale"]);
}

#[test]
fn a_goal_of_another_campaign_is_not_found() {
    let form = Form::parse(
        b"name=Spring&site=00000001&landing=https%3A%2F%2Fshop.example%2F&attribution_days=30\
          &goal_id=zzzzzzzz&goal_name=Sale",
    );
    assert!(settings(&form, None).is_err());
}

#[test]
fn a_wrong_amount_is_named_with_its_goal() {
    let text = "name=Spring&site=00000001&landing=https%3A%2F%2Fshop.example%2F&attribution_days=30\
         &goal_id=&goal_name=Sale&goal_revenue_kind=fixed&goal_revenue=ten";
    let error = settings(&Form::parse(text.as_bytes()), None).unwrap_err();
    assert!(
        error.message().starts_with("What you earn for Sale:"),
        "{error}"
    );
}
