//! Merging segments: eight of one tier become one of the next, so that a day is a
//! handful of segments however often it was settled.

use super::batch::PARAM_VALUES_MAX;
use crate::clock::Timestamp;
use crate::error::{Kind, Result};
use crate::segment::{
    COLUMNS_MAX, Class, Encoded, Opened, Packer, ROWS_MAX, ReceiptWriter, SegmentKey, Source,
    TallyWriter, Unpacker, decode_counted, decode_receipts, encode_counted, merge_trail,
    read_header,
};
use crate::store::{Store, TIER_CLOSED};

/// How many of one tier make one of the next.
pub const MERGED: u8 = 8;

/// Days after which a day is over: hardly any hit is told later.
const OPEN_DAYS: u32 = 1;

/// Rows of one trail segment at most: decoded for a person's request, each takes about
/// half a kilobyte.
const TRAIL_ROWS_MAX: usize = 1 << 15;

/// Merges once, where there is something to merge. False: there was not.
pub fn merge_step(store: &Store) -> Result<bool> {
    let Some(keys) = store.mergeable_segments(MERGED)? else {
        return Ok(false);
    };
    let Some(first) = keys.first() else {
        return Ok(false);
    };
    let merged = merge_all(store, &keys, first.tier.saturating_add(1));
    passing_damage(store, &keys, merged)?;
    Ok(true)
}

fn merge_all(store: &Store, keys: &[SegmentKey], tier: u8) -> Result<()> {
    if fitting(store, keys)? < keys.len() {
        return store.finish_segments(keys);
    }
    replace(store, keys, tier)
}

/// Damage in one keeps nothing else from being settled, merged and reported: these
/// stay as they are.
fn passing_damage(store: &Store, keys: &[SegmentKey], outcome: Result<()>) -> Result<()> {
    match outcome {
        Err(error) if error.kind() == Kind::Damaged => {
            if let Some(SegmentKey { account, day, .. }) = keys.first() {
                tracing::error!(
                    "segments of account {account} and day {day} stay unmerged, one is damaged: {error}"
                );
            }
            store.finish_segments(keys)
        }
        outcome => outcome,
    }
}

/// Merges what is left of one day that is over, however many there are, so that a
/// report over many days opens as few segments as there can be. False: none was left.
pub fn close_step(store: &Store, now: Timestamp) -> Result<bool> {
    let before = now.utc_day().saturating_sub(OPEN_DAYS);
    let Some(keys) = store.closable_segments(before)? else {
        return Ok(false);
    };
    passing_damage(store, &keys, close_all(store, &keys))?;
    Ok(true)
}

fn close_all(store: &Store, keys: &[SegmentKey]) -> Result<()> {
    match fitting(store, keys)? {
        // Two are more than one segment takes: the first stays as it is.
        0 | 1 => store.finish_segments(&keys[..1]),
        count => replace(store, &keys[..count], TIER_CLOSED),
    }
}

fn replace(store: &Store, keys: &[SegmentKey], tier: u8) -> Result<()> {
    let opened = open_all(store, keys)?;
    let merged = match keys.first().map(|key| key.class) {
        Some(Class::Trail) => Some(merge_trail(&opened)?),
        Some(Class::Tally) => merge_tallies(&opened)?,
        Some(Class::Consent) => Some(merge_receipts(&opened)?),
        Some(Class::Counted) => Some(merge_counted(&opened)?),
        None => return Ok(()),
    };
    // Where one of them was rewritten meanwhile, the next turn takes what there is then.
    store.replace_segments(keys, tier, merged.as_ref())?;
    Ok(())
}

fn open_all(store: &Store, keys: &[SegmentKey]) -> Result<Vec<Encoded>> {
    let snapshot = store.snapshot()?;
    let every: Vec<u8> = (0..COLUMNS_MAX).collect();
    let open = |key| {
        Ok(Encoded {
            header: snapshot.header(key)?,
            columns: snapshot.columns(key, &every)?,
        })
    };
    keys.iter().map(open).collect()
}

/// How many of them, from the first on, are together one segment and not more.
fn fitting(store: &Store, keys: &[SegmentKey]) -> Result<usize> {
    let snapshot = store.snapshot()?;
    let mut rows = 0usize;
    for (index, key) in keys.iter().enumerate() {
        let rows_max = match key.class {
            Class::Trail => TRAIL_ROWS_MAX,
            Class::Tally | Class::Consent | Class::Counted => ROWS_MAX,
        };
        rows = rows.saturating_add(read_header(&snapshot.header(key)?)?.rows);
        if rows > rows_max {
            return Ok(index);
        }
    }
    Ok(keys.len())
}

fn merge_receipts(opened: &[Encoded]) -> Result<Encoded> {
    let mut merged = ReceiptWriter::default();
    for Encoded { header, columns } in opened {
        let receipts = decode_receipts(header, columns)?;
        receipts.into_iter().for_each(|kept| merged.keep(kept));
    }
    merged.finish()
}

fn merge_counted(opened: &[Encoded]) -> Result<Encoded> {
    let mut keys = Vec::new();
    for Encoded { header, columns } in opened {
        keys.extend(decode_counted(header, columns)?);
    }
    encode_counted(keys)
}

fn merge_tallies(encoded: &[Encoded]) -> Result<Option<Encoded>> {
    let mut unpacker = Unpacker::new()?;
    let opened = encoded
        .iter()
        .map(|encoded| Opened::open(&mut unpacker, encoded));
    let opened: Vec<Opened> = opened.collect::<Result<_>>()?;
    let mut merged = TallyWriter::default();
    opened.iter().for_each(|opened| merged.extend(opened));
    let mut packer = Packer::for_rows(merged.rows())?;
    merged.finish(&mut packer, PARAM_VALUES_MAX)
}
