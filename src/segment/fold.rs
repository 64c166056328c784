//! Keeps tallies small and anonymous: of a parameter's values only the most
//! frequent stay, the rest is counted together.

use std::cmp::Reverse;

use foldhash::{HashMap, HashMapExt, HashSet};

use crate::model::tally::Measures;
use crate::segment::codes::Codes;
use crate::segment::column_writer::ColumnWriter;
use crate::segment::field::Field;
use crate::segment::tally_lines::{Lines, Sums};
use crate::segment::tally_writer::TallyWriter;

/// What values stand under that are too rare for a line of their own.
pub const OTHER: &str = "(other)";

/// A campaign's code, and that of a value.
type Pair = (u32, u32);

/// Of each campaign's source and `p1`..`p10`, keeps the values that count most, at
/// most so many of each; the others become [`OTHER`]. Which stay depends on what is
/// counted alone, not on the order it came in. Conversions keep their values: a later
/// change of one must find the line it takes from.
pub(super) fn fold_rare(tally: &mut TallyWriter<'_>, values_max: usize) {
    // A column with few values has few of each campaign.
    let is_long = |column: &ColumnWriter<&str>| column.values().len() > values_max;
    let folded: Vec<usize> = Field::texts()
        .filter(|field| *field != Field::ReferrerHost)
        .filter_map(|field| field.place().err())
        .filter(|&place| is_long(&tally.texts[place]))
        .collect();
    if folded.is_empty() {
        return;
    }
    let lines = lines_so_far(tally);
    let sums = Sums::of(&tally.counts, &lines);
    let told = (0..lines.rows.len()).map(|line| {
        let measures = sums.of_line(line);
        let counts = (activity(&measures), has_conversions(&measures));
        (!measures.is_zero()).then_some(counts)
    });
    // None of a line that counts nothing in the end.
    let told: Vec<Option<(u64, bool)>> = told.collect();
    let campaigns = &tally.numbers[Field::CAMPAIGN];
    for place in folded {
        let texts = &mut tally.texts[place];
        let other = texts.code(OTHER);
        let mut weights: HashMap<Pair, u64> = HashMap::new();
        let counting = lines.rows.iter().zip(&told);
        for (&row, (activity, _)) in counting.filter_map(|(row, told)| Some((row, (*told)?))) {
            let row = row as usize;
            let (campaign, value) = (campaigns.code_of(row), texts.code_of(row));
            if value != 0 && value != other {
                let weight = weights.entry((campaign, value)).or_default();
                *weight = weight.saturating_add(activity);
            }
        }
        let dropped = beyond(weights, texts.values(), values_max);
        if dropped.is_empty() {
            continue;
        }
        texts.change_codes(|row, value| {
            let keeps = told[lines.of_row[row] as usize].is_none_or(|(_, keeps)| keeps);
            match !keeps && dropped.contains(&(campaigns.code_of(row), value)) {
                true => other,
                false => value,
            }
        });
    }
}

/// Lines as they are told apart by codes, in whatever order.
fn lines_so_far(tally: &TallyWriter<'_>) -> Lines {
    let rows = tally.rows;
    let numbers = tally.numbers.iter();
    let texts = tally.texts.iter();
    let codes: Vec<(Codes, usize)> = numbers
        .map(|column| column.codes(rows))
        .chain(texts.map(|column| column.codes(rows)))
        .collect();
    Lines::of(codes.iter().map(|(codes, largest)| (codes, *largest)), rows)
}

/// Of each campaign's values those that are beyond the most frequent.
fn beyond(weights: HashMap<Pair, u64>, texts: &[&str], values_max: usize) -> HashSet<Pair> {
    let mut campaigns: HashMap<u32, Vec<(u64, u32)>> = HashMap::new();
    for ((campaign, value), weight) in weights {
        campaigns.entry(campaign).or_default().push((weight, value));
    }
    let mut dropped = HashSet::default();
    for (campaign, mut ranked) in campaigns {
        if ranked.len() > values_max {
            let text = |value: u32| texts[value as usize - 1];
            ranked.sort_unstable_by_key(|&(weight, value)| (Reverse(weight), text(value)));
            let rare = ranked.drain(values_max..);
            dropped.extend(rare.map(|(_, value)| (campaign, value)));
        }
    }
    dropped
}

/// Whether a line tells of conversions: one recorded, changed or corrected.
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

pub(super) fn activity(measures: &Measures) -> u64 {
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
    use crate::model::id::CampaignId;
    use crate::model::tally::TallyRow;
    use crate::segment::tally::encode_folded;
    use crate::segment::{collapse, decode_tally};

    fn row(campaign: u64, p1: &str, clicks: i64) -> TallyRow {
        let mut row = TallyRow::default();
        row.dimensions.campaign = Some(CampaignId::from_random(campaign));
        row.dimensions.params[0] = Some(p1.to_owned());
        row.measures.clicks = clicks;
        row
    }

    fn folded(rows: &[TallyRow], values_max: usize) -> Vec<TallyRow> {
        let encoded = encode_folded(rows, values_max).unwrap();
        decode_tally(&encoded.header, &encoded.columns).unwrap()
    }

    /// Values and clicks, by campaign and value.
    fn values(rows: &[TallyRow]) -> Vec<(&str, i64)> {
        let values = rows.iter().map(|row| {
            let value = row.dimensions.params[0].as_deref();
            (value.unwrap_or_default(), row.measures.clicks)
        });
        values.collect()
    }

    #[test]
    fn the_most_frequent_values_of_each_campaign_stay() {
        let rows = [
            row(1, "a", 1),
            row(1, "b", 5),
            row(1, "c", 2),
            row(1, "a", 3),
            row(1, OTHER, 100),
            row(2, "c", 1),
        ];
        let folded = folded(&rows, 2);
        let wanted = [(OTHER, 102), ("a", 4), ("b", 5), ("c", 1)];
        assert_eq!(values(&folded), wanted);
    }

    #[test]
    fn a_conversion_keeps_its_value_so_that_its_change_finds_it() {
        let mut recorded = row(1, "rare", 0);
        recorded.measures.pending = 1;
        let mut corrected = row(1, "rare", 0);
        corrected.dimensions.landing = Some(1);
        corrected.measures.payout_minor = -5;
        let mut viewed = row(1, "rare", 1);
        viewed.quarter = 1;
        let folded = folded(&[row(1, "a", 9), viewed, recorded, corrected], 1);
        let wanted = [("a", 9), ("rare", 0), (OTHER, 1), ("rare", 0)];
        assert_eq!(values(&folded), wanted);
    }

    #[test]
    fn values_within_the_cap_are_left_alone() {
        let rows = [row(1, "a", 1), row(1, "b", 1), row(2, "c", 1)];
        assert_eq!(folded(&rows, 2), collapse(rows.to_vec()));
    }
}
