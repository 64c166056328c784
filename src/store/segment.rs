//! Segments: a sealed header and sealed columns, each of one account and UTC day.

use rusqlite::{Connection, OptionalExtension, params};

use super::Store;
use super::database::{self, failed};
use super::remains::Gone;
use crate::crypto::{Sealer, SealerClass};
use crate::error::{Error, Result};
use crate::model::id::AccountId;
use crate::segment::{COLUMNS_MAX, Class, Encoded, SegmentKey};

/// The tier of segments that are not merged any more.
const TIER_FINISHED: u8 = 255;

/// The tier of what is left of a day that is over, merged together. Eight of these
/// merge like any others.
pub const TIER_CLOSED: u8 = 200;

/// The tier of tally segments whose rare values are folded: they are not merged with
/// others, so that what was counted since can be told from them.
pub const TIER_FOLDED: u8 = 254;

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
        Class::Consent => 3,
        Class::Counted => 4,
    }
}

fn class_of(number: i64) -> Option<Class> {
    let mut classes = Class::ALL.into_iter();
    classes.find(|&class| class_number(class) == number)
}

/// Reads `id, day, tier` of a segment's row.
pub fn key_in_row(
    account: AccountId,
    class: Class,
) -> impl Fn(&rusqlite::Row<'_>) -> rusqlite::Result<SegmentKey> {
    move |row| {
        Ok(SegmentKey {
            id: row.get(0)?,
            account,
            class,
            day: row.get(1)?,
            tier: row.get(2)?,
        })
    }
}

/// The row of one column of a segment.
pub fn column_row(segment: i64, column: u8) -> i64 {
    segment * i64::from(COLUMNS_MAX) + i64::from(column)
}

/// Segments of one day that are closed together at most.
const CLOSED_MAX: u32 = 256;

fn key_of(account: i64, class: i64, day: u32, (id, tier): (i64, u8)) -> Result<SegmentKey> {
    Ok(SegmentKey {
        id,
        account: AccountId::from_row(account),
        class: class_of(class)
            .ok_or_else(|| Error::damaged("A segment is of no class that there is."))?,
        day,
        tier,
    })
}

/// Under which key a class is sealed.
pub(super) fn sealer_class(class: Class) -> SealerClass {
    match class {
        Class::Trail => SealerClass::Trail,
        Class::Tally => SealerClass::Tally,
        Class::Consent => SealerClass::Consent,
        Class::Counted => SealerClass::Counted,
    }
}

impl Store {
    pub(super) fn segment_sealer(&self, account: AccountId, class: Class) -> Result<Sealer> {
        self.keys().sealer(account, sealer_class(class))
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

    /// False: there is no such segment any more.
    pub(super) fn delete_segment(
        &self,
        connection: &Connection,
        key: &SegmentKey,
        gone: &mut Gone,
    ) -> Result<bool> {
        let columns = column_row(key.id, 0)..column_row(key.id + 1, 0);
        if key.class == Class::Trail {
            let headers = ("segment", "header", "id");
            self.note_gone(connection, headers, key.id..key.id + 1, gone)?;
            let bodies = ("segment_column", "body", "id");
            self.note_gone(connection, bodies, columns.clone(), gone)?;
        }
        connection
            .execute(
                "DELETE FROM segment_column WHERE id >= ?1 AND id < ?2",
                params![columns.start, columns.end],
            )
            .map_err(failed)?;
        let deleted = connection
            .execute("DELETE FROM segment WHERE id = ?1", [key.id])
            .map_err(failed)?;
        Ok(deleted == 1)
    }

    /// The oldest segments of some account, class, day and tier of which there are
    /// at least so many.
    pub fn mergeable_segments(&self, many: u8) -> Result<Option<Vec<SegmentKey>>> {
        self.read(|connection| {
            let found: Option<(i64, i64, u32, u8)> = connection
                .prepare_cached(
                    "SELECT account, class, day, tier FROM segment WHERE tier < ?1 \
                     GROUP BY account, class, day, tier HAVING count(*) >= ?2 LIMIT 1",
                )
                .and_then(|mut select| {
                    let read = |row: &rusqlite::Row<'_>| {
                        Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
                    };
                    select
                        .query_row(params![TIER_FOLDED, many], read)
                        .optional()
                })
                .map_err(failed)?;
            let Some((account, class, day, tier)) = found else {
                return Ok(None);
            };
            let mut statement = connection
                .prepare_cached(
                    "SELECT id FROM segment WHERE account = ?1 AND class = ?2 AND day = ?3 \
                     AND tier = ?4 ORDER BY id LIMIT ?5",
                )
                .map_err(failed)?;
            let rows = statement
                .query_map(params![account, class, day, tier, many], |row| {
                    Ok((row.get(0)?, tier))
                })
                .map_err(failed)?;
            let keys = rows.map(|row| key_of(account, class, day, row.map_err(failed)?));
            keys.collect::<Result<Vec<_>>>().map(Some)
        })
    }

    /// The segments of some account, class and day before this one that are not closed
    /// yet, where there are several.
    pub fn closable_segments(&self, before: u32) -> Result<Option<Vec<SegmentKey>>> {
        self.read(|connection| {
            let found: Option<(i64, i64, u32)> = connection
                .prepare_cached(
                    "SELECT account, class, day FROM segment WHERE day < ?1 AND tier < ?2 \
                     GROUP BY account, class, day HAVING count(*) > 1 LIMIT 1",
                )
                .and_then(|mut select| {
                    let read =
                        |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
                    select
                        .query_row(params![before, TIER_CLOSED], read)
                        .optional()
                })
                .map_err(failed)?;
            let Some((account, class, day)) = found else {
                return Ok(None);
            };
            let mut statement = connection
                .prepare_cached(
                    "SELECT id, tier FROM segment WHERE account = ?1 AND class = ?2 \
                     AND day = ?3 AND tier < ?4 ORDER BY tier DESC, id LIMIT ?5",
                )
                .map_err(failed)?;
            let rows = statement
                .query_map(
                    params![account, class, day, TIER_CLOSED, CLOSED_MAX],
                    |row| Ok((row.get(0)?, row.get(1)?)),
                )
                .map_err(failed)?;
            let keys = rows.map(|row| key_of(account, class, day, row.map_err(failed)?));
            keys.collect::<Result<Vec<_>>>().map(Some)
        })
    }

    /// Tally segments of an account's oldest day before this one on which something was
    /// counted that is not folded yet: those first, then the ones that are.
    pub fn unfolded_segments(
        &self,
        account: AccountId,
        before: u32,
    ) -> Result<Option<Vec<SegmentKey>>> {
        let class = class_number(Class::Tally);
        self.read(|connection| {
            let day: Option<u32> = connection
                .prepare_cached(
                    "SELECT min(day) FROM segment WHERE account = ?1 AND class = ?2 \
                     AND day < ?3 AND tier <> ?4",
                )
                .and_then(|mut select| {
                    let asked = params![account.row(), class, before, TIER_FOLDED];
                    select.query_row(asked, |row| row.get(0))
                })
                .map_err(failed)?;
            let Some(day) = day else {
                return Ok(None);
            };
            let mut statement = connection
                .prepare_cached(
                    "SELECT id, tier FROM segment WHERE account = ?1 AND class = ?2 AND day = ?3 \
                     ORDER BY tier = ?4, id",
                )
                .map_err(failed)?;
            let rows = statement
                .query_map(params![account.row(), class, day, TIER_FOLDED], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })
                .map_err(failed)?;
            let keys = rows.map(|row| key_of(account.row(), class, day, row.map_err(failed)?));
            keys.collect::<Result<Vec<_>>>().map(Some)
        })
    }

    /// Replaces segments of one day by one that holds the same, or by none where
    /// they hold nothing, in one transaction. False: one of them has been replaced
    /// meanwhile, and nothing was done.
    pub fn replace_segments(
        &self,
        merged: &[SegmentKey],
        tier: u8,
        encoded: Option<&Encoded>,
    ) -> Result<bool> {
        let Some(first) = merged.first() else {
            return Ok(true);
        };
        self.folder().room().check()?;
        let mut connection = self.writer();
        let mut gone = Gone::default();
        let mut written = || {
            let transaction = database::begin(&mut connection)?;
            for key in merged {
                if !self.delete_segment(&transaction, key, &mut gone)? {
                    return Ok(false);
                }
            }
            if let Some(encoded) = encoded {
                let place = Place::new(first.account, first.class, first.day, tier);
                self.insert_segment(&transaction, place, encoded)?;
            }
            transaction.commit().map_err(failed)?;
            Ok(true)
        };
        let whole = written().map_err(|error| self.judge(error))?;
        if whole {
            self.remains().add(gone);
        }
        self.tidy(&connection)?;
        Ok(whole)
    }

    /// Marks segments that are too large to be merged further.
    pub fn finish_segments(&self, keys: &[SegmentKey]) -> Result<()> {
        self.folder().room().check()?;
        let connection = self.writer();
        for key in keys {
            connection
                .execute(
                    "UPDATE segment SET tier = ?1 WHERE id = ?2",
                    params![TIER_FINISHED, key.id],
                )
                .map_err(|error| self.judge(failed(error)))?;
        }
        Ok(())
    }
}
