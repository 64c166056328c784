//! Writes trail segments anew: rows taken out, or rows corrected. Whoever merges
//! segments at the same moment wins, and the rewriting is done again on what they made.

use crate::error::Result;
use crate::model::trail::TrailRow;
use crate::segment::{
    COLUMNS_MAX, PersonTraces, SegmentKey, Source, TrailScan, Unpacker, decode_trail, encode_trail,
    person_columns,
};
use crate::store::Store;

/// Rewrites one segment: rows that `wanted` names are handed to `edit`, which says
/// whether they stay. Gives how many there were; none where the segment was replaced by
/// somebody else meanwhile.
pub fn rewrite_segment(
    store: &Store,
    key: &SegmentKey,
    mut wanted: impl FnMut(&PersonTraces<'_>) -> bool,
    edit: impl Fn(&mut TrailRow) -> bool,
) -> Result<Option<u64>> {
    let snapshot = store.snapshot()?;
    let Some(header) = snapshot.header_if_any(key)? else {
        return Ok(None);
    };
    let columns = snapshot.columns(key, &person_columns(false))?;
    let mut places = Vec::new();
    let mut unpacker = Unpacker::new()?;
    TrailScan::open(&mut unpacker, &header, &columns)?.people(false, |traces| {
        if wanted(traces) {
            places.push(traces.row);
        }
        Ok(())
    })?;
    if places.is_empty() {
        return Ok(Some(0));
    }
    let every: Vec<u8> = (0..COLUMNS_MAX).collect();
    let rows = decode_trail(&header, &snapshot.columns(key, &every)?)?;
    drop(snapshot);
    let mut kept = Vec::with_capacity(rows.len());
    for (place, mut row) in rows.into_iter().enumerate() {
        let is_wanted = places.binary_search(&place).is_ok();
        if !is_wanted || edit(&mut row) {
            kept.push(row);
        }
    }
    let encoded = match kept.is_empty() {
        true => None,
        false => Some(encode_trail(&kept)?),
    };
    let replaced = store.replace_segments(&[*key], key.tier, encoded.as_ref())?;
    Ok(replaced.then_some(places.len() as u64))
}
