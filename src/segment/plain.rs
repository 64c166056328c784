//! Tallies made one the plainest way, row by row: what segments are held against.

use std::collections::HashMap;

use crate::model::tally::TallyRow;
#[cfg(test)]
use crate::segment::field::Field;
#[cfg(test)]
use crate::segment::fold::{OTHER, activity, has_conversions};

/// Adds up rows of equal quarter and dimensions, drops those that count nothing, and
/// puts them in the order of their values.
pub fn collapse(rows: Vec<TallyRow>) -> Vec<TallyRow> {
    let mut places = HashMap::new();
    let mut lines: Vec<TallyRow> = Vec::new();
    for row in rows {
        let under = (row.quarter, row.dimensions.clone());
        let place = *places.entry(under).or_insert(lines.len());
        match lines.get_mut(place) {
            Some(line) => line.measures.add(&row.measures),
            None => lines.push(row),
        }
    }
    lines.retain(|line| !line.measures.is_zero());
    lines.sort_by(|a, b| key(a).cmp(&key(b)));
    lines
}

fn key(row: &TallyRow) -> impl Ord {
    let of = &row.dimensions;
    let ids = (of.campaign, of.goal, of.publisher, of.landing);
    let origin = &of.origin;
    let family = (
        origin.device.code(),
        origin.os.code(),
        origin.browser.code(),
    );
    let texts = (&of.source, &of.params, &of.referrer_host);
    (ids, family, origin.country.code(), row.quarter, texts)
}

/// Lines of which each campaign's source and `p1`..`p10` have at most so many values.
#[cfg(test)]
pub fn fold(rows: Vec<TallyRow>, values_max: usize) -> Vec<TallyRow> {
    let lines = collapse(rows);
    let mut folded = lines.clone();
    for field in Field::texts().filter(|&field| field != Field::ReferrerHost) {
        let mut weights = HashMap::new();
        for line in &lines {
            let value = field.text(&line.dimensions).filter(|&value| value != OTHER);
            if let Some(value) = value {
                let of_campaign: &mut HashMap<_, u64> =
                    weights.entry(line.dimensions.campaign).or_default();
                *of_campaign.entry(value).or_default() += activity(&line.measures);
            }
        }
        for (line, folded) in lines.iter().zip(&mut folded) {
            let Some(value) = field.text(&line.dimensions) else {
                continue;
            };
            let of_campaign = &weights[&line.dimensions.campaign];
            let rank = |value: &str| (std::cmp::Reverse(of_campaign[value]), value.to_owned());
            let is_rare = value != OTHER
                && of_campaign
                    .keys()
                    .filter(|other| rank(other) < rank(value))
                    .count()
                    >= values_max;
            if is_rare && !has_conversions(&line.measures) {
                field.set_text(&mut folded.dimensions, Some(OTHER.to_owned()));
            }
        }
    }
    collapse(folded)
}
