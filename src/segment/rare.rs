//! What is too rare to keep once the events behind it are gone. A value that few hits
//! had may still point to one of them; counted together with others it points to nobody.
//! Pure: which segments are looked at, and when, is decided outside.

use foldhash::HashMap;

use crate::error::Result;
use crate::model::id::CampaignId;
use crate::model::tally::{Measures, TallyRow};
use crate::segment::field::Field;
use crate::segment::fold::OTHER;
use crate::segment::pack::Unpacker;
use crate::segment::tally::measure_column;
use crate::segment::tally_scan::TallyScan;

/// A value that fewer hits of a campaign had in a month of UTC is rare.
pub const RARE_BELOW: i64 = 20;

/// Measures that count hits, each hit in one of them: a conversion stands in one of
/// four states, so that a change of its state moves it and adds nothing.
const COUNTED: [&str; 7] = [
    "impressions",
    "clicks",
    "views",
    "approved",
    "pending",
    "rejected",
    "cancelled",
];

fn counted() -> impl Iterator<Item = usize> {
    let named = Measures::NAMES.iter().enumerate();
    named.filter_map(|(index, name)| COUNTED.contains(name).then_some(index))
}

/// The columns that [`Seen::add`] reads.
pub fn seen_columns() -> Vec<u8> {
    let texts = Field::texts().map(Field::column);
    let counts = counted().map(measure_column);
    [Field::Campaign.column()]
        .into_iter()
        .chain(texts)
        .chain(counts)
        .collect()
}

/// How many hits had a value, by field and campaign.
#[derive(Default)]
pub struct Seen(HashMap<(Field, u64), HashMap<String, i64>>);

impl Seen {
    /// Adds what one segment counts.
    ///
    /// # Errors
    /// `Damaged` where the bytes are no tally segment.
    pub fn add(
        &mut self,
        unpacker: &mut Unpacker,
        header: &[u8],
        columns: &[(u8, Vec<u8>)],
    ) -> Result<()> {
        let mut scan = TallyScan::open(unpacker, header, columns)?;
        let mut hits = vec![0i64; scan.rows()];
        for measure in counted() {
            let counts = scan.measure(measure)?;
            counts.for_each(|row, count| {
                if let Some(sum) = hits.get_mut(row) {
                    *sum = sum.saturating_add(count);
                }
            });
        }
        let campaigns = scan.numbers(Field::Campaign)?;
        for field in Field::texts() {
            let texts = scan.texts(field)?;
            for (row, &count) in hits.iter().enumerate() {
                if let Some(text) = texts.get(row) {
                    self.count(field, campaigns.get(row).unwrap_or(0), text, count);
                }
            }
        }
        Ok(())
    }

    fn count(&mut self, field: Field, campaign: u64, text: &str, count: i64) {
        let values = self.0.entry((field, campaign)).or_default();
        match values.get_mut(text) {
            Some(sum) => *sum = sum.saturating_add(count),
            None => {
                values.insert(text.to_owned(), count);
            }
        }
    }

    fn is_rare(&self, field: Field, campaign: u64, text: &str) -> bool {
        let values = self.0.get(&(field, campaign));
        let seen = values.and_then(|values| values.get(text)).copied();
        seen.unwrap_or(0) < RARE_BELOW
    }

    /// Counts source, referrer host and parameters of these rows under [`OTHER`] where
    /// they are rare. Nothing else of a row changes. Collapse afterwards.
    pub fn fold(&self, rows: &mut [TallyRow]) {
        for row in rows {
            let campaign = number_of(row.dimensions.campaign);
            for field in Field::texts() {
                let text = field.text(&row.dimensions);
                if text.is_some_and(|text| text != OTHER && self.is_rare(field, campaign, text)) {
                    field.set_text(&mut row.dimensions, Some(OTHER.to_owned()));
                }
            }
        }
    }
}

fn number_of(campaign: Option<CampaignId>) -> u64 {
    campaign.map_or(0, |id| id.row() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::CampaignId;
    use crate::segment::{collapse, encode_tally};

    fn row(campaign: u64, source: &str, clicks: i64) -> TallyRow {
        let mut row = TallyRow::default();
        row.dimensions.campaign = Some(CampaignId::from_random(campaign));
        row.dimensions.source = Some(source.to_owned());
        row.measures.clicks = clicks;
        row
    }

    fn seen(rows: &[TallyRow]) -> Seen {
        let mut seen = Seen::default();
        let encoded = encode_tally(rows).unwrap();
        let mut unpacker = Unpacker::new().unwrap();
        seen.add(&mut unpacker, &encoded.header, &encoded.columns)
            .unwrap();
        seen
    }

    fn folded(rows: &[TallyRow]) -> Vec<(Option<String>, i64)> {
        let mut rows = rows.to_vec();
        seen(&rows).fold(&mut rows);
        let rows = collapse(rows).into_iter();
        rows.map(|row| (row.dimensions.source, row.measures.clicks))
            .collect()
    }

    #[test]
    fn what_fewer_than_twenty_hits_of_a_campaign_had_is_counted_together() {
        let rows = [
            row(1, "blog", 15),
            row(1, "blog", 5),
            row(1, "member-7", 19),
            row(1, "member-8", 1),
            row(2, "blog", 19),
        ];
        let other = || Some(OTHER.to_owned());
        let mut folded = folded(&rows);
        folded.sort();
        let wanted = [(other(), 19), (other(), 20), (Some("blog".to_owned()), 20)];
        assert_eq!(folded, wanted);
    }

    #[test]
    fn a_conversion_that_changed_its_state_is_still_one() {
        let mut recorded = row(1, "rare", 0);
        recorded.measures.pending = 1;
        let mut approved = row(1, "rare", 0);
        (approved.measures.pending, approved.measures.approved) = (-1, 1);
        let seen = seen(&[recorded.clone(), approved, row(1, "rare", 18)]);
        assert!(seen.is_rare(
            Field::Source,
            number_of(recorded.dimensions.campaign),
            "rare"
        ));
    }

    #[test]
    fn a_value_that_was_never_seen_is_rare_and_none_is_none() {
        let mut rows = [row(1, "x", 1), row(1, "y", 1)];
        rows[1].dimensions.source = None;
        Seen::default().fold(&mut rows);
        assert_eq!(rows[0].dimensions.source.as_deref(), Some(OTHER));
        assert_eq!(rows[1].dimensions.source, None);
    }
}
