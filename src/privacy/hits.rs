//! Every hit of an account in order of its days, for the copy that the account itself
//! takes away. Whoever was erased is left out, and so is whoever had their data
//! restricted: it is kept and used for nothing.

use super::find::Erased;
use super::lock;
use crate::error::Result;
use crate::model::id::AccountId;
use crate::model::trail::TrailRow;
use crate::segment::{
    COLUMNS_MAX, Class, SegmentKey, Source, TrailScan, Unpacker, decode_trail, person_columns,
};
use crate::store::{Snapshot, Store};

/// Hands out one hit after the other; one segment is in memory at a time.
pub fn each_hit(
    store: &Store,
    account: AccountId,
    take: &mut dyn FnMut(&TrailRow) -> Result<()>,
) -> Result<()> {
    lock::require_unlocked(&store.catalog(), account)?;
    let keys = store
        .snapshot()?
        .segments(account, Class::Trail, 0..=u32::MAX)?;
    let mut days: Vec<u32> = keys.iter().map(|key| key.day).collect();
    days.dedup();
    let index = store.keys().index(account)?;
    let mut unpacker = Unpacker::new()?;
    for day in days {
        // Segments are merged meanwhile: a day is read in one state, and no state is held
        // for longer than a day takes.
        let snapshot = store.snapshot()?;
        let marks = store.marks(account);
        let hidden = Erased::or_restricted(&marks, &index);
        for key in snapshot.segments(account, Class::Trail, day..=day)? {
            each_of(&snapshot, &key, &mut unpacker, &hidden, take)?;
        }
    }
    Ok(())
}

fn each_of(
    snapshot: &Snapshot<'_>,
    key: &SegmentKey,
    unpacker: &mut Unpacker,
    hidden: &Erased<'_>,
    take: &mut dyn FnMut(&TrailRow) -> Result<()>,
) -> Result<()> {
    let header = snapshot.header(key)?;
    let columns = snapshot.columns(key, &person_columns(false))?;
    let mut left_out = Vec::new();
    TrailScan::open(unpacker, &header, &columns)?.people(false, |traces| {
        if hidden.row(traces) {
            left_out.push(traces.row);
        }
        Ok(())
    })?;
    let every: Vec<u8> = (0..COLUMNS_MAX).collect();
    let rows = decode_trail(&header, &snapshot.columns(key, &every)?)?;
    for (place, row) in rows.iter().enumerate() {
        if left_out.binary_search(&place).is_err() {
            take(row)?;
        }
    }
    Ok(())
}
