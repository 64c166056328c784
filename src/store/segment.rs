//! Segments: a sealed header and sealed columns, each of one account and UTC day.

use rusqlite::{Connection, params};

use super::Store;
use super::database::failed;
use crate::crypto::{Sealer, SealerClass};
use crate::error::Result;
use crate::model::id::AccountId;
use crate::segment::{COLUMNS_MAX, Class, Encoded, SegmentKey};

/// Where a new segment belongs.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    pub account: AccountId,
    pub class: Class,
    pub day: u32,
    pub tier: u8,
}

impl Place {
    pub fn new(account: AccountId, class: Class, day: u32, tier: u8) -> Self {
        Place {
            account,
            class,
            day,
            tier,
        }
    }
}

pub fn class_number(class: Class) -> i64 {
    match class {
        Class::Trail => 1,
        Class::Tally => 2,
    }
}

/// The row of one column of a segment.
pub fn column_row(segment: i64, column: u8) -> i64 {
    segment * i64::from(COLUMNS_MAX) + i64::from(column)
}

impl Store {
    pub(super) fn segment_sealer(&self, account: AccountId, class: Class) -> Result<Sealer> {
        let class = match class {
            Class::Trail => SealerClass::Trail,
            Class::Tally => SealerClass::Tally,
        };
        self.keys().sealer(account, class)
    }

    pub(super) fn insert_segment(
        &self,
        connection: &Connection,
        place: Place,
        encoded: &Encoded,
    ) -> Result<()> {
        let sealer = self.segment_sealer(place.account, place.class)?;
        connection
            .prepare_cached(
                "INSERT INTO segment (account, class, day, tier, header) VALUES (?1, ?2, ?3, ?4, x'')",
            )
            .and_then(|mut insert| {
                let class = class_number(place.class);
                insert.execute(params![place.account.row(), class, place.day, place.tier])
            })
            .map_err(failed)?;
        let id = connection.last_insert_rowid();
        let header = sealer.seal("segment", "header", id, &encoded.header)?;
        connection
            .prepare_cached("UPDATE segment SET header = ?1 WHERE id = ?2")
            .and_then(|mut update| update.execute(params![header, id]))
            .map_err(failed)?;
        let mut insert = connection
            .prepare_cached("INSERT INTO segment_column (id, body) VALUES (?1, ?2)")
            .map_err(failed)?;
        for (column, bytes) in &encoded.columns {
            let row = column_row(id, *column);
            let body = sealer.seal("segment_column", "body", row, bytes)?;
            insert.execute(params![row, body]).map_err(failed)?;
        }
        Ok(())
    }

    pub(super) fn delete_segment(&self, connection: &Connection, key: &SegmentKey) -> Result<()> {
        connection
            .execute(
                "DELETE FROM segment_column WHERE id >= ?1 AND id < ?2",
                params![column_row(key.id, 0), column_row(key.id + 1, 0)],
            )
            .map_err(failed)?;
        connection
            .execute("DELETE FROM segment WHERE id = ?1", [key.id])
            .map_err(failed)?;
        Ok(())
    }

    /// Replaces segments of one day by one that holds the same, in one transaction.
    pub fn replace_segments(
        &self,
        merged: &[SegmentKey],
        tier: u8,
        encoded: &Encoded,
    ) -> Result<()> {
        let Some(first) = merged.first() else {
            return Ok(());
        };
        let mut connection = self.writer();
        let transaction = super::database::begin(&mut connection)?;
        for key in merged {
            self.delete_segment(&transaction, key)?;
        }
        let place = Place::new(first.account, first.class, first.day, tier);
        self.insert_segment(&transaction, place, encoded)?;
        transaction.commit().map_err(failed)?;
        super::database::checkpoint_if_long(&connection, &self.wal())
    }
}
