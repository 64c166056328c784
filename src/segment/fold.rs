//! Keeps tallies small and anonymous: of a parameter's values only the most
//! frequent stay, the rest is counted together.

use std::cmp::Reverse;

use foldhash::{HashMap, HashMapExt, HashSet};

use crate::model::hit::PARAMS;
use crate::model::id::CampaignId;
use crate::model::tally::{Measures, TallyRow};
use crate::segment::field::Field;

/// What values stand under that are too rare for a line of their own.
pub const OTHER: &str = "(other)";

/// Of each campaign's source and `p1`..`p10`, keeps the values that count most, at
/// most `max_values_per_campaign_and_param` of each; the others become [`OTHER`].
/// Which stay depends on these rows alone, not on their order. Conversions keep their
/// values: a later change of one must find the line it takes from. Collapse afterwards.
pub fn fold_rare(rows: &mut [TallyRow], max_values_per_campaign_and_param: usize) {
    let params = (0..PARAMS as u8).map(Field::Param);
    for field in params.chain([Field::Source]) {
        let dropped = rare(rows, field, max_values_per_campaign_and_param);
        if dropped.is_empty() {
            continue;
        }
        for row in rows
            .iter_mut()
            .filter(|row| !has_conversions(&row.measures))
        {
            let campaign = row.dimensions.campaign;
            let text = field.text(&row.dimensions);
            if text.is_some_and(|text| dropped.contains(&(campaign, text.to_owned()))) {
                field.set_text(&mut row.dimensions, Some(OTHER.to_owned()));
            }
        }
    }
}

/// Whether a row tells of conversions: one recorded, changed or corrected.
pub(super) fn has_conversions(measures: &Measures) -> bool {
    let others = Measures {
        impressions: 0,
        clicks: 0,
        unique_clicks: 0,
        unidentified_clicks: 0,
        views: 0,
        ..*measures
    };
    !others.is_zero()
}

/// The values of a field that are beyond the cap.
fn rare(rows: &[TallyRow], field: Field, cap: usize) -> HashSet<(Option<CampaignId>, String)> {
    let mut weights: HashMap<Option<CampaignId>, HashMap<&str, u64>> = HashMap::new();
    for row in rows {
        let text = field.text(&row.dimensions);
        if let Some(text) = text.filter(|&text| text != OTHER) {
            let values = weights.entry(row.dimensions.campaign).or_default();
            let weight = values.entry(text).or_insert(0);
            *weight = weight.saturating_add(activity(&row.measures));
        }
    }
    let beyond_cap = weights.into_iter().flat_map(|(campaign, values)| {
        let mut ranked: Vec<_> = values.into_iter().collect();
        ranked.sort_unstable_by_key(|&(text, weight)| (Reverse(weight), text));
        let rare = ranked.into_iter().skip(cap);
        rare.map(move |(text, _)| (campaign, text.to_owned()))
    });
    beyond_cap.collect()
}

fn activity(measures: &Measures) -> u64 {
    let counted = [
        measures.impressions,
        measures.clicks,
        measures.views,
        measures.approved,
        measures.pending,
        measures.rejected,
        measures.cancelled,
    ];
    let magnitudes = counted.map(i64::unsigned_abs);
    magnitudes.into_iter().fold(0, u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(campaign: u64, p1: &str, clicks: i64) -> TallyRow {
        let mut row = TallyRow::default();
        row.dimensions.campaign = Some(CampaignId::from_random(campaign));
        row.dimensions.params[0] = Some(p1.to_owned());
        row.measures.clicks = clicks;
        row
    }

    #[test]
    fn the_most_frequent_values_of_each_campaign_stay() {
        let mut rows = vec![
            row(1, "a", 1),
            row(1, "b", 5),
            row(1, "c", 2),
            row(1, "a", 3),
            row(1, OTHER, 100),
            row(2, "c", 1),
        ];
        fold_rare(&mut rows, 2);
        let values = rows.iter().map(|row| row.dimensions.params[0].as_deref());
        let values: Vec<&str> = values.flatten().collect();
        assert_eq!(values, ["a", "b", OTHER, "a", OTHER, "c"]);
    }

    #[test]
    fn a_conversion_keeps_its_value_so_that_its_change_finds_it() {
        let mut recorded = row(1, "rare", 0);
        recorded.measures.pending = 1;
        let mut corrected = row(1, "rare", 0);
        corrected.measures.payout_minor = -5;
        let mut rows = vec![row(1, "a", 9), row(1, "rare", 1), recorded, corrected];
        fold_rare(&mut rows, 1);
        let values = rows.iter().map(|row| row.dimensions.params[0].as_deref());
        let values: Vec<&str> = values.flatten().collect();
        assert_eq!(values, ["a", OTHER, "rare", "rare"]);
    }

    #[test]
    fn values_within_the_cap_are_left_alone() {
        let mut rows = vec![row(1, "a", 1), row(1, "b", 1)];
        let before = rows.clone();
        fold_rare(&mut rows, 2);
        assert_eq!(rows, before);
    }
}
