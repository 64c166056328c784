//! Conversions: one row each, its content sealed, and every change of one written
//! together with what it adds to or takes from the figures.

use rusqlite::{Connection, Statement, params};

use super::database::failed;
use super::remains::Gone;
use super::{NewConversion, Store, row, segment};
use crate::clock::Timestamp;
use crate::crypto::Sealer;
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
        let sealed = seal(&self.row_sealer(*account)?, stored.seq, body)?;
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

    /// Puts a conversion in the place of the one settled as its `seq`th, under whatever
    /// id and day it has now. No figure changes.
    pub(super) fn replace_conversion(
        &self,
        connection: &Connection,
        stored: &Stored,
        gone: &mut Gone,
    ) -> Result<()> {
        let place = ("conversion", "body", "seq");
        self.note_gone(connection, place, stored.seq..stored.seq + 1, gone)?;
        let Conversion { id, account, body } = &stored.conversion;
        let sealed = seal(&self.row_sealer(*account)?, stored.seq, body)?;
        let (day, waits) = (body.at.utc_day(), body.amounts.is_none());
        connection
            .execute(
                "UPDATE conversion SET id = ?1, day = ?2, waits = ?3, body = ?4 WHERE seq = ?5",
                params![id.0 as i64, day, waits, sealed, stored.seq],
            )
            .map_err(failed)?;
        Ok(())
    }

    /// Adds an account's new conversions, each at its place.
    pub(super) fn insert_conversions(
        &self,
        connection: &Connection,
        account: AccountId,
        conversions: &[NewConversion],
    ) -> Result<()> {
        let sealer = self.row_sealer(account)?;
        for rows in row::portions(conversions) {
            let mut insert = connection
                .prepare_cached(&insert_sql(rows.len()))
                .map_err(failed)?;
            for (index, new) in rows.iter().enumerate() {
                let sealed = seal(&sealer, new.seq, &new.conversion.body)?;
                bind_row(&mut insert, 6 * index, new, sealed).map_err(failed)?;
            }
            insert.raw_execute().map_err(failed)?;
        }
        Ok(())
    }
}

fn bind_row(
    insert: &mut Statement<'_>,
    before: usize,
    new: &NewConversion,
    sealed: Vec<u8>,
) -> rusqlite::Result<()> {
    let Conversion { id, account, body } = &new.conversion;
    insert.raw_bind_parameter(before + 1, new.seq)?;
    insert.raw_bind_parameter(before + 2, id.0 as i64)?;
    insert.raw_bind_parameter(before + 3, account.row())?;
    insert.raw_bind_parameter(before + 4, body.at.utc_day())?;
    insert.raw_bind_parameter(before + 5, body.amounts.is_none())?;
    insert.raw_bind_parameter(before + 6, sealed)
}

fn insert_sql(rows: usize) -> String {
    let places = vec!["(?, ?, ?, ?, ?, ?)"; rows].join(", ");
    format!("INSERT INTO conversion (seq, id, account, day, waits, body) VALUES {places}")
}

/// A conversion's body is postcard rather than JSON: there are many of them. Another
/// layout gets another first byte, and this one stays readable.
const BODY_FORMAT: u8 = 1;

fn seal(sealer: &Sealer, seq: i64, body: &ConversionBody) -> Result<Vec<u8>> {
    let plain = postcard::to_extend(body, vec![BODY_FORMAT])
        .map_err(|_| Error::internal("A conversion could not be written."))?;
    sealer.seal("conversion", "body", seq, &plain)
}

fn open(sealer: &Sealer, seq: i64, sealed: &[u8]) -> Result<ConversionBody> {
    let plain = sealer.open("conversion", "body", seq, sealed)?;
    match plain.split_first() {
        Some((&BODY_FORMAT, body)) => postcard::from_bytes(body).ok(),
        _ => None,
    }
    .ok_or_else(|| Error::damaged("A conversion cannot be read."))
}

pub(super) fn read(row: &rusqlite::Row<'_>, account: AccountId, sealer: &Sealer) -> Result<Stored> {
    let seq: i64 = row.get(0).map_err(failed)?;
    let id: i64 = row.get(1).map_err(failed)?;
    let body: Vec<u8> = row.get(2).map_err(failed)?;
    Ok(Stored {
        seq,
        conversion: Conversion {
            id: ConversionId(id as u64),
            account,
            body: open(sealer, seq, &body)?,
        },
    })
}
