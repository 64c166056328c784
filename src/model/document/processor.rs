//! Facts for an agreement between controller and processor: GDPR Art. 28(3)(a) to (h).

use super::record::measures;
use super::{Facts, Section, stated};

pub fn sections(facts: &Facts) -> Vec<Section> {
    let privacy = &facts.account.settings.privacy;
    vec![
        Section::new("Subject, nature and duration")
            .line("Measuring advertising for the controller: counting, attribution, reports.")
            .line("For as long as the account lives, and until it is purged after its end."),
        Section::new("(a) Documented instructions").line(
            "The controller instructs by the settings of account, sites, campaigns and publishers; \
             every change is recorded with who made it and when.",
        ),
        Section::new("(b) Confidentiality").line(
            "Whoever runs the instance has no way to an account's content in console, API or \
             commands, unless its owner lets them in for some hours, which is recorded. Who is \
             root on the machine and holds the master key can read everything: agree on who that is.",
        ),
        Section::new("(c) Security (Art. 32)").lines(measures()),
        Section::new("(d) Sub-processors").line(if privacy.recipients.is_empty() {
            "None by the program. Name the host of the machine where it is not your own.".to_owned()
        } else {
            privacy.recipients.clone()
        }),
        Section::new("(e) People's rights").line(
            "A person is found by click id, order number, id of the browser or hash of an e-mail \
             address, handed out, restricted, corrected and erased, with a receipt.",
        ),
        Section::new("(f) Breaches and assessments").line(
            "The record of acts, the inventory and this page give the facts that Art. 33 to 36 ask for.",
        ),
        Section::new("(g) Return and deletion").line(
            "Everything can be exported before the end; afterwards keys, rows and files are \
             destroyed and a certificate says so.",
        ),
        Section::new("(h) Audits").line(
            "The record of acts is a chain that a command verifies; receipts and certificates are signed.",
        ),
        Section::new("Place").line(stated(&privacy.region)).line(privacy.framework.meaning()),
    ]
}
