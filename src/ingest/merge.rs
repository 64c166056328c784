//! Merging segments: eight of one tier become one of the next, so that a day is a
//! handful of segments however often it was settled.

use super::batch::PARAM_VALUES_MAX;
use crate::error::Result;
use crate::segment::{
    COLUMNS_MAX, Class, Encoded, ROWS_MAX, SegmentKey, Source, collapse, decode_tally,
    decode_trail, encode_tally, encode_trail, fold_rare, merge_tally, read_header,
};
use crate::store::Store;

/// How many of one tier make one of the next.
pub const MERGED: u8 = 8;

/// Rows of one trail segment at most: decoded, each takes about half a kilobyte.
const TRAIL_ROWS_MAX: usize = 1 << 16;

/// Merges once, where there is something to merge. False: there was not.
pub fn merge_step(store: &Store) -> Result<bool> {
    let Some(keys) = store.mergeable_segments(MERGED)? else {
        return Ok(false);
    };
    let Some(first) = keys.first() else {
        return Ok(false);
    };
    let opened = open_all(store, &keys)?;
    let rows_max = match first.class {
        Class::Trail => TRAIL_ROWS_MAX,
        Class::Tally => ROWS_MAX,
    };
    if !fits(&opened, rows_max)? {
        store.finish_segments(&keys)?;
        return Ok(true);
    }
    let merged = match first.class {
        Class::Trail => merge_trail(&opened)?,
        Class::Tally => merge_tallies(&opened)?,
    };
    // Where one of them was rewritten meanwhile, the next turn takes what there is then.
    store.replace_segments(&keys, first.tier.saturating_add(1), merged.as_ref())?;
    Ok(true)
}

type Opened = (Vec<u8>, Vec<(u8, Vec<u8>)>);

fn open_all(store: &Store, keys: &[SegmentKey]) -> Result<Vec<Opened>> {
    let snapshot = store.snapshot()?;
    let every: Vec<u8> = (0..COLUMNS_MAX).collect();
    keys.iter()
        .map(|key| Ok((snapshot.header(key)?, snapshot.columns(key, &every)?)))
        .collect()
}

/// Whether together they are one segment and not more.
fn fits(opened: &[Opened], rows_max: usize) -> Result<bool> {
    let mut rows = 0usize;
    for (header, _) in opened {
        rows = rows.saturating_add(read_header(header)?.rows);
    }
    Ok(rows <= rows_max)
}

fn merge_trail(opened: &[Opened]) -> Result<Option<Encoded>> {
    let mut rows = Vec::new();
    for (header, columns) in opened {
        rows.extend(decode_trail(header, columns)?);
    }
    encode_trail(&rows).map(Some)
}

fn merge_tallies(opened: &[Opened]) -> Result<Option<Encoded>> {
    let mut parts = Vec::with_capacity(opened.len());
    for (header, columns) in opened {
        parts.push(decode_tally(header, columns)?);
    }
    let mut rows = merge_tally(parts);
    fold_rare(&mut rows, PARAM_VALUES_MAX);
    let rows = collapse(rows);
    // Counts that cancel each other out leave nothing.
    if rows.is_empty() {
        return Ok(None);
    }
    encode_tally(&rows).map(Some)
}
