//! The text for the privacy notice of the customer's site. It is a beginning: whoever
//! uses it reads it and answers for it.

use super::{Facts, Section, stated};
use crate::model::consent::Posture;
use crate::model::inventory::Class;

pub fn sections(facts: &Facts) -> Vec<Section> {
    let privacy = &facts.account.settings.privacy;
    let mut sections = vec![
        Section::new("How we measure our advertising")
            .line(
                "We count how often our advertisements are shown and clicked and which of those \
                 clicks lead to an order, so that we can pay those who advertise for us. We do \
                 this with software on a server of our own; nobody else receives the data unless \
                 it is named here.",
            )
            .line(format!("Responsible: {}", stated(&privacy.controller)))
            .line(format!("Write to us at: {}", stated(&privacy.contact))),
    ];
    let mut before = Section::new("Before you answer our consent banner");
    let mut seen = Vec::new();
    for site in &facts.sites {
        if seen.contains(&site.settings.posture) {
            continue;
        }
        seen.push(site.settings.posture);
        before = before.line(format!(
            "On {}: {}",
            hosts_of(facts, site.settings.posture),
            paragraph(site.settings.posture)
        ));
    }
    if seen.is_empty() {
        before = before.line(paragraph(Posture::Strict));
    }
    sections.push(before);
    sections.push(
        Section::new("With your consent")
            .line(format!(
                "Our site stores a random number in your browser, and the tracking host a cookie, \
                 by which we recognise that a click and an order belong together. We keep the page, \
                 the time and the parameters of the link for {}, and the order for {}. The legal \
                 basis is your consent (GDPR Art. 6(1)(a)).",
                Class::Trail.kept(&facts.retention),
                Class::Conversion.kept(&facts.retention)
            ))
            .line(
                "You can take your consent back at any time in the banner. What was stored in your \
                 browser is removed at once, and what we kept by it is erased.",
            ),
    );
    sections.push(Section::new("Global Privacy Control").line(
        "If your browser sends this signal we recognise nobody by an id and hand no single \
             event on, whatever else was chosen.",
    ));
    sections.push(Section::new("Recipients and place").lines([
        if privacy.recipients.is_empty() {
            "We hand your data to nobody.".to_owned()
        } else {
            format!("Recipients: {}", privacy.recipients)
        },
        format!("The data lies in: {}", stated(&privacy.region)),
        format!(
            "Transfers to other countries: {}",
            privacy.framework.meaning()
        ),
    ]));
    sections.push(Section::new("Your rights").line(
        "You may ask what we hold of you, have it corrected or erased, receive it, restrict \
             or object to its use, and complain to a supervisory authority. The page /privacy on \
             our tracking host shows what is held under this browser's id.",
    ));
    sections.push(
        Section::new("Version").line(match privacy.notice_version {
            0 => {
                "No version stated yet: give the notice a number under Privacy documents, so that \
              receipts of consent can name it."
                    .to_owned()
            }
            version => format!("Version {version}"),
        }),
    );
    sections
}

fn hosts_of(facts: &Facts, posture: Posture) -> String {
    let sites = facts.sites.iter();
    let sites = sites.filter(|site| site.settings.posture == posture);
    let hosts: Vec<&str> = sites
        .flat_map(|site| site.settings.hosts.iter().map(String::as_str))
        .collect();
    hosts.join(", ")
}

/// What a visitor is told. It never says that no consent is needed.
fn paragraph(posture: Posture) -> &'static str {
    match posture {
        Posture::Nothing => "we count nothing and store nothing.",
        Posture::Strict => {
            "we count visits, clicks and orders as numbers: campaign, publisher, quarter of an \
             hour, country, kind of device and browser, the site you came from. Nothing is stored \
             in your browser and no visitor is recognised."
        }
        Posture::Audience => {
            "we count as described for all our sites, and how many different visitors there are a \
             day: for that a number is worked out from part of your network address and your kind \
             of browser, with a secret that exists for one day in memory only, and is not stored. \
             You can object in the banner."
        }
        Posture::Reward => {
            "we count visits, clicks and orders as numbers. If you came through a reward programme \
             that you signed up for, your click is remembered for up to 30 days so that your order \
             is credited to you."
        }
        Posture::Optout => {
            "we recognise your browser by a random number until you object. You can object in the \
             banner or by Global Privacy Control."
        }
    }
}
