//! The record of processing activities: GDPR Art. 30(1), point by point.

use super::{Facts, Section, stated};
use crate::model::inventory::{self, Place, Sealing, Whom};
use crate::model::retention::Retention;

pub fn sections(facts: &Facts) -> Vec<Section> {
    let privacy = &facts.account.settings.privacy;
    vec![
        Section::new("Controller and contact (a)")
            .line(format!("Controller: {}", stated(&privacy.controller)))
            .line(format!(
                "Contact for people's requests: {}",
                stated(&privacy.contact)
            ))
            .line(format!(
                "Data protection officer: {}",
                stated(&privacy.officer)
            )),
        Section::new("Purposes (b)").lines(purposes()),
        Section::new("People and data (c), time limits (f)").table(
            vec!["Whom it concerns", "Data", "Purpose", "Kept"],
            categories(&facts.retention),
        ),
        Section::new("Sites and what happens before a visitor answers").table(
            vec!["Site", "Addresses", "Before consent", "Declared"],
            sites(facts),
        ),
        Section::new("Recipients (d)").line(if privacy.recipients.is_empty() {
            "None stated. The program itself sends nothing to anybody.".to_owned()
        } else {
            privacy.recipients.clone()
        }),
        Section::new("Transfers to other countries (e)")
            .line(format!("Place: {}", stated(&privacy.region)))
            .line(privacy.framework.meaning()),
        Section::new("Security measures (g)").lines(measures()),
    ]
}

fn purposes() -> Vec<String> {
    let mut purposes: Vec<String> = Vec::new();
    for holding in inventory::holdings().filter(|holding| holding.whom != Whom::Nobody) {
        if !purposes.iter().any(|known| known == holding.purpose) {
            purposes.push(holding.purpose.to_owned());
        }
    }
    purposes
}

/// One row a holding that concerns somebody and is kept.
fn categories(retention: &Retention) -> Vec<Vec<String>> {
    inventory::holdings()
        .filter(|holding| holding.whom != Whom::Nobody && holding.place != Place::Memory)
        .map(|holding| {
            let kept = holding.fields.iter();
            let kept = kept.filter(|field| field.sealing != Sealing::NotKept);
            let data: Vec<&str> = kept.map(|field| field.about).collect();
            vec![
                holding.whom.name().to_owned(),
                data.join("; "),
                holding.purpose.to_owned(),
                holding.class.kept(retention),
            ]
        })
        .collect()
}

fn sites(facts: &Facts) -> Vec<Vec<String>> {
    let row = |site: &std::sync::Arc<crate::model::account::Site>| {
        let settings = &site.settings;
        let declared = settings.declaration.as_ref().map_or_else(
            || {
                if settings.posture.needs_declaration() {
                    "Missing: it must be declared".to_owned()
                } else {
                    "Not needed".to_owned()
                }
            },
            |declared| format!("{}: {}", declared.countries.join(", "), declared.ground),
        );
        vec![
            settings.name.clone(),
            settings.hosts.join(", "),
            settings.posture.meaning().to_owned(),
            declared,
        ]
    };
    facts.sites.iter().map(row).collect()
}

/// What the program does in any case; the operator adds what the machine does.
pub fn measures() -> Vec<String> {
    [
        "Everything kept of people is sealed with AES-256-GCM before it reaches the disk; keys lie apart from the data.",
        "Network addresses and what browsers say of themselves are not stored.",
        "E-mail addresses, phone, card and account numbers and secrets are taken out of parameters and addresses on entry.",
        "Members sign in with a password (Argon2id) and have one of six roles; programs have tokens that read or write.",
        "Every change is recorded in a log in which each entry holds a hash of those before it.",
        "Deleted content is overwritten; deleting an account destroys its key.",
        "The program opens no connection that nobody configured.",
    ]
    .map(str::to_owned)
    .to_vec()
}
