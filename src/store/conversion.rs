//! Conversions: one row each, its content sealed, and every change of one written
//! together with what it adds to or takes from the figures.

use rusqlite::{Connection, OptionalExtension, params};

use super::database::failed;
use super::{Store, row, segment};
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::model::action::Act;
use crate::model::conversion::{Conversion, ConversionBody, Status};
use crate::model::id::{AccountId, CampaignId, ConversionId, GoalId, PublisherId};
use crate::model::tally::TallyRow;
use crate::segment as format;
use crate::segment::Class;

/// Rows opened for one answer at most; then the answer names where to go on.
const SCANNED_MAX: usize = 20_000;

/// Which conversions, newest first.
#[derive(Debug, Clone, Default)]
pub struct ConversionQuery {
    /// At or after.
    pub from: Option<Timestamp>,
    /// Before.
    pub to: Option<Timestamp>,
    pub campaign: Option<CampaignId>,
    pub publisher: Option<PublisherId>,
    pub goal: Option<GoalId>,
    pub status: Option<Status>,
    /// Where the last answer ended.
    pub cursor: Option<i64>,
    /// How many at most.
    pub limit: usize,
}

impl ConversionQuery {
    fn matches(&self, body: &ConversionBody) -> bool {
        self.from.is_none_or(|from| body.at >= from)
            && self.to.is_none_or(|to| body.at < to)
            && self.campaign.is_none_or(|id| body.campaign == id)
            && self.publisher.is_none_or(|id| body.publisher == Some(id))
            && self.goal.is_none_or(|id| body.goal == id)
            && self.status.is_none_or(|status| body.status == status)
    }
}

/// A stored conversion with its place in the order of settling.
pub(super) struct Stored {
    pub seq: i64,
    pub conversion: Conversion,
}

impl Store {
    /// Conversions in the order they were settled, newest first, and where to go on.
    pub fn conversions(
        &self,
        account: AccountId,
        query: &ConversionQuery,
    ) -> Result<(Vec<Conversion>, Option<i64>)> {
        let sealer = self.row_sealer(account)?;
        self.read(|connection| {
            let mut statement = connection
                .prepare_cached(
                    "SELECT seq, id, body FROM conversion \
                     WHERE account = ?1 AND seq < ?2 AND day BETWEEN ?3 AND ?4 ORDER BY seq DESC",
                )
                .map_err(failed)?;
            let days = (
                query.from.map_or(0, Timestamp::utc_day),
                query.to.map_or(u32::MAX, Timestamp::utc_day),
            );
            let before = query.cursor.unwrap_or(i64::MAX);
            let mut rows = statement
                .query(params![account.row(), before, days.0, days.1])
                .map_err(failed)?;
            let mut found = Vec::new();
            let mut scanned = 0;
            let mut last = None;
            while let Some(row) = rows.next().map_err(failed)? {
                if found.len() == query.limit || scanned == SCANNED_MAX {
                    return Ok((found, last));
                }
                let stored = read(row, account, &sealer)?;
                last = Some(stored.seq);
                scanned += 1;
                if query.matches(&stored.conversion.body) {
                    found.push(stored.conversion);
                }
            }
            Ok((found, None))
        })
    }

    pub fn conversion(&self, account: AccountId, id: ConversionId) -> Result<Option<Conversion>> {
        self.read(|connection| {
            Ok(self
                .find_conversion(connection, account, id)?
                .map(|stored| stored.conversion))
        })
    }

    /// Changes a conversion; the difference goes into the figures of its own instant.
    pub fn change_conversion(
        &self,
        act: Act,
        account: AccountId,
        id: ConversionId,
        change: impl FnOnce(&mut ConversionBody) -> Result<()>,
    ) -> Result<Conversion> {
        self.write(act, account, |transaction| {
            let mut stored = self
                .find_conversion(transaction, account, id)?
                .ok_or_else(|| Error::not_found("conversion"))?;
            let before = stored.conversion.body.clone();
            change(&mut stored.conversion.body)?;
            self.rewrite_conversion(transaction, &stored, &before)?;
            Ok(stored.conversion)
        })
    }

    fn find_conversion(
        &self,
        connection: &Connection,
        account: AccountId,
        id: ConversionId,
    ) -> Result<Option<Stored>> {
        let sealer = self.row_sealer(account)?;
        connection
            .query_row(
                "SELECT seq, id, body FROM conversion WHERE id = ?1 AND account = ?2",
                params![id.0 as i64, account.row()],
                |row| Ok(read(row, account, &sealer)),
            )
            .optional()
            .map_err(failed)?
            .transpose()
    }

    /// Conversions that wait for an exchange rate.
    pub(super) fn waiting_conversions(
        &self,
        connection: &Connection,
        account: AccountId,
    ) -> Result<Vec<Stored>> {
        let sealer = self.row_sealer(account)?;
        let mut statement = connection
            .prepare_cached("SELECT seq, id, body FROM conversion WHERE account = ?1 AND waits = 1")
            .map_err(failed)?;
        let mut rows = statement.query([account.row()]).map_err(failed)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().map_err(failed)? {
            found.push(read(row, account, &sealer)?);
        }
        Ok(found)
    }

    /// Writes a changed conversion and its signed difference.
    pub(super) fn rewrite_conversion(
        &self,
        connection: &Connection,
        stored: &Stored,
        before: &ConversionBody,
    ) -> Result<()> {
        let Conversion { account, body, .. } = &stored.conversion;
        let sealed = row::seal(&self.row_sealer(*account)?, "conversion", stored.seq, body)?;
        connection
            .execute(
                "UPDATE conversion SET body = ?1, waits = ?2 WHERE seq = ?3",
                params![sealed, body.amounts.is_none(), stored.seq],
            )
            .map_err(failed)?;
        let mut difference = body.measures();
        difference.add(&before.measures().negated());
        if difference.is_zero() {
            return Ok(());
        }
        let encoded = format::encode_tally(&[TallyRow {
            quarter: body.at.quarter(),
            dimensions: body.dimensions.clone(),
            measures: difference,
        }])?;
        let place = segment::Place::new(*account, Class::Tally, body.at.utc_day(), 0);
        self.insert_segment(connection, place, &encoded)
    }

    /// Adds a new conversion and the keys that keep it from counting again.
    pub(super) fn insert_conversion(
        &self,
        connection: &Connection,
        conversion: &Conversion,
        keys: &[[u8; 16]],
    ) -> Result<()> {
        let Conversion { id, account, body } = conversion;
        let day = body.at.utc_day();
        connection
            .prepare_cached(
                "INSERT INTO conversion (id, account, day, waits, body) VALUES (?1, ?2, ?3, ?4, x'')",
            )
            .and_then(|mut insert| {
                insert.execute(params![id.0 as i64, account.row(), day, body.amounts.is_none()])
            })
            .map_err(failed)?;
        let seq = connection.last_insert_rowid();
        let sealed = row::seal(&self.row_sealer(*account)?, "conversion", seq, body)?;
        connection
            .prepare_cached("UPDATE conversion SET body = ?1 WHERE seq = ?2")
            .and_then(|mut update| update.execute(params![sealed, seq]))
            .map_err(failed)?;
        for key in keys {
            connection
                .prepare_cached(
                    "INSERT OR REPLACE INTO conversion_key (account, key, day) VALUES (?1, ?2, ?3)",
                )
                .and_then(|mut insert| insert.execute(params![account.row(), key, day]))
                .map_err(failed)?;
        }
        Ok(())
    }
}

fn read(
    row: &rusqlite::Row<'_>,
    account: AccountId,
    sealer: &crate::crypto::Sealer,
) -> Result<Stored> {
    let seq: i64 = row.get(0).map_err(failed)?;
    let id: i64 = row.get(1).map_err(failed)?;
    let body: Vec<u8> = row.get(2).map_err(failed)?;
    Ok(Stored {
        seq,
        conversion: Conversion {
            id: ConversionId(id as u64),
            account,
            body: row::open(sealer, "conversion", seq, &body)?,
        },
    })
}
