//! How many clicks each campaign and publisher has had, straight from the tallies of
//! whole UTC days: no zone, no names, no other measure.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use crate::error::Result;
use crate::model::id::{AccountId, CampaignId, PublisherId};
use crate::model::tally::Measures;
use crate::segment::{
    Class, Field, SegmentKey, Source, TallyScan, Unpacker, measure_column, read_header,
};

/// Counted clicks of a campaign by the publisher who sent them; none: nobody is known.
pub type Clicks = HashMap<(CampaignId, Option<PublisherId>), u64>;

/// The clicks of some UTC days.
///
/// # Errors
/// `Damaged` where a segment cannot be read.
pub fn clicks(
    source: &dyn Source,
    account: AccountId,
    days: RangeInclusive<u32>,
) -> Result<Clicks> {
    let mut found = Clicks::new();
    let mut unpacker = Unpacker::new()?;
    for key in source.segments(account, Class::Tally, days)? {
        add(source, &key, &mut unpacker, &mut found)?;
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
