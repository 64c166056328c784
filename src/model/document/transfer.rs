//! Region and transfers, as the operator states them.

use super::{Facts, Section, stated};

pub fn sections(facts: &Facts) -> Vec<Section> {
    let privacy = &facts.account.settings.privacy;
    vec![
        Section::new("Where the data lies").line(stated(&privacy.region)),
        Section::new("On what it may leave")
            .line(privacy.framework.meaning())
            .line(
                "The Privacy Shield is not accepted: the Court of Justice ended it on 16 July 2020 \
                 (C-311/18).",
            ),
        Section::new("Recipients").line(if privacy.recipients.is_empty() {
            "None stated. The program itself sends nothing to anybody.".to_owned()
        } else {
            privacy.recipients.clone()
        }),
    ]
}
