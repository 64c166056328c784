//! The table of cookies and storage.

use super::{Facts, Section};
use crate::model::inventory::STORED;

pub fn sections(_: &Facts) -> Vec<Section> {
    let rows = STORED
        .iter()
        .map(|stored| {
            vec![
                stored.name.to_owned(),
                stored.kind.to_owned(),
                stored.host.to_owned(),
                stored.purpose.to_owned(),
                life(stored.max_age_seconds),
                if stored.is_renewed { "yes" } else { "no" }.to_owned(),
                stored.when.to_owned(),
            ]
        })
        .collect();
    vec![
        Section::new("Stored in browsers").table(
            vec![
                "Name",
                "Kind",
                "Where",
                "Purpose",
                "Life",
                "Renewed by use",
                "Set when",
            ],
            rows,
        ),
        Section::new("What is not used").line(
            "No fingerprint, no third party, no ETag or other validator of a visitor's own, no \
             storage before consent where the site asks for it.",
        ),
    ]
}

fn life(seconds: u64) -> String {
    match seconds / 86_400 {
        0 if seconds == 0 => "until the browser closes".to_owned(),
        days => format!("{days} days"),
    }
}
