//! Retention evidence: what the limit is, and how old the oldest is now.

use super::{Facts, Section, day};
use crate::clock::DAY_MS;
use crate::model::inventory::{self, Class};

pub fn sections(facts: &Facts) -> Vec<Section> {
    let today = (facts.now.millis() / DAY_MS) as u32;
    let rows = facts
        .oldest
        .iter()
        .map(|oldest| {
            let (since, age) = match oldest.day {
                Some(since) => (day(since), format!("{} days", today.saturating_sub(since))),
                None => ("nothing is kept".to_owned(), String::new()),
            };
            vec![
                name(oldest.class),
                oldest.class.kept(&facts.retention),
                since,
                age,
            ]
        })
        .collect();
    let mut classes: Vec<Class> = inventory::holdings().map(|holding| holding.class).collect();
    classes.sort();
    classes.dedup();
    let limits = classes
        .into_iter()
        .map(|class| vec![name(class), class.kept(&facts.retention)])
        .collect();
    vec![
        Section::new("The oldest that is kept now")
            .table(vec!["Data", "Limit", "Oldest day (UTC)", "Age"], rows),
        Section::new("All limits").table(vec!["Data", "Kept"], limits),
    ]
}

fn name(class: Class) -> String {
    match class {
        Class::Request => "Requests",
        Class::Today => "Visitors of one day",
        Class::Journal => "Not settled yet",
        Class::Trail => "Single events",
        Class::Tally => "Figures",
        Class::Conversion => "Conversions",
        Class::ConsentReceipt => "Receipts of consent",
        Class::Withdrawal => "Withdrawals under way",
        Class::PersonRequest => "People's requests",
        Class::Audit => "Record of acts",
        Class::Member => "Members",
        Class::Session => "Sign-ins and links",
        Class::Mail => "Mail that waits to be sent",
        Class::Account => "Settings",
        Class::Instance => "The instance itself",
        Class::Browser => "In browsers",
    }
    .to_owned()
}
