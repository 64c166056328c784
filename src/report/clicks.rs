//! How many clicks each campaign and publisher has had, straight from the tallies of
//! whole UTC days: no zone, no names, no other measure.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use crate::error::{Kind, Result};
use crate::model::id::{AccountId, CampaignId, PublisherId};
use crate::model::tally::Measures;
use crate::segment::{
    Class, Field, SegmentKey, Source, TallyScan, Unpacker, measure_column, read_header,
};

/// Counted clicks of a campaign by the publisher who sent them; none: nobody is known.
pub type Clicks = HashMap<(CampaignId, Option<PublisherId>), u64>;

/// The clicks of some UTC days. A segment that is damaged counts for nothing: whoever asks
/// wants to know that there were enough, and everything else goes on.
pub fn clicks(
    source: &dyn Source,
    account: AccountId,
    days: RangeInclusive<u32>,
) -> Result<Clicks> {
    let mut found = Clicks::new();
    let mut unpacker = Unpacker::new()?;
    for key in source.segments(account, Class::Tally, days)? {
        match add(source, &key, &mut unpacker, &mut found) {
            Err(error) if error.kind() == Kind::Damaged => {
                tracing::debug!(%account, "a damaged segment's clicks are not counted");
            }
            outcome => outcome?,
        }
    }
    Ok(found)
}

fn add(
    source: &dyn Source,
    key: &SegmentKey,
    unpacker: &mut Unpacker,
    found: &mut Clicks,
) -> Result<()> {
    let Some(measure) = Measures::NAMES.iter().position(|&name| name == "clicks") else {
        return Ok(());
    };
    let wanted = [
        Field::Campaign.column(),
        Field::Publisher.column(),
        measure_column(measure),
    ];
    let header = source.header(key)?;
    let present = read_header(&header)?.columns;
    let wanted: Vec<u8> = wanted
        .into_iter()
        .filter(|column| present.contains(column))
        .collect();
    let columns = source.columns(key, &wanted)?;
    let mut scan = TallyScan::open(unpacker, &header, &columns)?;
    let campaigns = scan.numbers(Field::Campaign)?;
    let publishers = scan.numbers(Field::Publisher)?;
    scan.measure(measure)?.for_each(|row, count| {
        if let (Some(campaign), Ok(count)) = (campaigns.get(row), u64::try_from(count)) {
            let publisher = publishers
                .get(row)
                .map(|id| PublisherId::from_row(id as i64));
            let pair = (CampaignId::from_row(campaign as i64), publisher);
            *found.entry(pair).or_default() += count;
        }
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tally::{Dimensions, TallyRow};
    use crate::segment::encode_tally;
    use crate::segment::memory::MemorySource;

    #[test]
    fn a_damaged_segment_counts_for_nothing_and_the_others_count() {
        let (account, campaign) = (AccountId::from_random(1), CampaignId::from_random(2));
        let row = TallyRow {
            quarter: 0,
            dimensions: Dimensions {
                campaign: Some(campaign),
                ..Dimensions::default()
            },
            measures: Measures {
                clicks: 3,
                ..Measures::default()
            },
        };
        let mut source = MemorySource::default();
        let whole = encode_tally(&[row]).unwrap();
        let mut damaged = whole.clone();
        damaged.header.truncate(2);
        source.add(account, Class::Tally, 5, damaged);
        source.add(account, Class::Tally, 6, whole);
        let counted = clicks(&source, account, 5..=6).unwrap();
        assert_eq!(counted, Clicks::from([((campaign, None), 3)]));
    }
}
