//! What is too old: counted by day for the preview, and deleted in small transactions.

use rusqlite::{Connection, params};

use super::database::{self, failed};
use super::remains::Gone;
use super::segment::{TIER_FOLDED, class_number, key_in_row};
use super::{Store, conversion};
use crate::clock::DAY_MS;
use crate::error::Result;
use crate::model::action::Act;
use crate::model::conversion::Credit;
use crate::model::document::Oldest;
use crate::model::id::{AccountId, ConversionId};
use crate::model::inventory;
use crate::model::retention::{DataClass, Retention};
use crate::segment::{Class, SegmentKey};

/// Segments deleted in one transaction.
const SEGMENTS_A_STEP: i64 = 24;
/// Rows changed or deleted in one transaction.
const ROWS_A_STEP: i64 = 500;

/// Rows of one UTC day of a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OldDay {
    pub day: u32,
    pub rows: u64,
}

impl Store {
    /// The oldest UTC day of which something is kept, by what it is.
    pub fn oldest_days(&self, account: AccountId) -> Result<Vec<Oldest>> {
        let segments = |class| format!("segment WHERE class = {} AND", class_number(class));
        let table = |name: &str| format!("{name} WHERE");
        let asked = [
            (inventory::Class::Trail, segments(Class::Trail)),
            (inventory::Class::Tally, segments(Class::Tally)),
            (inventory::Class::Conversion, table("conversion")),
            (inventory::Class::ConsentReceipt, segments(Class::Consent)),
            (inventory::Class::PersonRequest, table("erasure")),
            (inventory::Class::Audit, table("audit")),
        ];
        self.read(|connection| {
            let oldest = asked.into_iter().map(|(class, of)| {
                let sql = format!("SELECT min(day) FROM {of} account = ?1");
                let day = connection.query_row(&sql, [account.row()], |row| row.get(0));
                Ok(Oldest {
                    class,
                    day: day.map_err(failed)?,
                })
            });
            oldest.collect()
        })
    }

    /// How long an account keeps what.
    pub fn retention(&self, account: AccountId) -> Result<Retention> {
        Ok(self.life(account)?.1.retention)
    }

    /// Changes how long, all of it or nothing; in force with the next run.
    pub fn set_retention(
        &self,
        act: Act,
        account: AccountId,
        choices: &[(DataClass, u32)],
    ) -> Result<Retention> {
        self.change_life(act, account, |_, life| {
            let mut choices = choices.iter();
            choices.try_for_each(|&(class, days)| life.retention.set(class, days))
        })?;
        self.retention(account)
    }

    /// The days of a class before `end` that hold something, and how many rows.
    pub fn old_days(&self, account: AccountId, class: DataClass, end: u32) -> Result<Vec<OldDay>> {
        let stripped = self.life(account)?.1.conversions_stripped_before;
        self.read(|connection| {
            let end_ms = i64::from(end) * DAY_MS;
            let (sql, bounds) = match class {
                DataClass::Trail => (segments_by_day(Class::Trail), (0, i64::from(end))),
                DataClass::Tally => (segments_by_day(Class::Tally), (0, i64::from(end))),
                DataClass::Conversions => (
                    "SELECT day, count(*) FROM conversion WHERE account = ?1 AND day >= ?2 \
                     AND day < ?3 GROUP BY day ORDER BY day"
                        .to_owned(),
                    (i64::from(stripped), i64::from(end)),
                ),
                DataClass::Requests => (
                    format!(
                        "SELECT day, sum(rows) FROM (SELECT closed_at / {DAY_MS} AS day, \
                         count(*) AS rows FROM privacy_request WHERE account = ?1 \
                         AND closed_at >= ?2 AND closed_at < ?3 GROUP BY 1 UNION ALL \
                         SELECT day, count(*) FROM segment WHERE account = ?1 AND class = {} \
                         AND day >= ?2 / {DAY_MS} AND day < ?3 / {DAY_MS} GROUP BY day) \
                         GROUP BY day ORDER BY day",
                        class_number(Class::Consent)
                    ),
                    (0, end_ms),
                ),
                DataClass::Audit => (
                    "SELECT day, count(*) FROM audit WHERE account = ?1 AND day >= ?2 \
                     AND day < ?3 AND length(body) > 0 GROUP BY day ORDER BY day"
                        .to_owned(),
                    (0, i64::from(end)),
                ),
                DataClass::AdminAddresses => (
                    "SELECT day, count(*) FROM audit WHERE account = ?1 AND day >= ?2 \
                     AND day < ?3 AND network IS NOT NULL GROUP BY day ORDER BY day"
                        .to_owned(),
                    (0, i64::from(end)),
                ),
            };
            days_of(connection, &sql, account, bounds)
        })
    }

    /// The days before `end` of which rare values are not folded yet, with their segments.
    pub fn unfolded_days(&self, account: AccountId, end: u32) -> Result<Vec<OldDay>> {
        let sql = format!(
            "SELECT day, count(*) FROM segment WHERE account = ?1 AND class = {} AND day >= ?2 \
             AND day < ?3 AND tier <> {TIER_FOLDED} GROUP BY day ORDER BY day",
            class_number(Class::Tally)
        );
        self.read(|connection| days_of(connection, &sql, account, (0, i64::from(end))))
    }

    /// Deletes some of what a class holds before a UTC day; gives how much. Zero: there
    /// is nothing left.
    pub fn delete_old(&self, account: AccountId, class: DataClass, end: u32) -> Result<u64> {
        let end_ms = i64::from(end) * DAY_MS;
        match class {
            DataClass::Trail => self.delete_old_segments(account, Class::Trail, end),
            DataClass::Tally => self.delete_old_segments(account, Class::Tally, end),
            // Keys under which they count once: their time is that of conversions.
            DataClass::Conversions => self.delete_old_segments(account, Class::Counted, end),
            DataClass::Requests => {
                let requests = self.change_old(
                    "DELETE FROM privacy_request WHERE id IN (SELECT id FROM privacy_request \
                     WHERE account = ?1 AND closed_at < ?2 LIMIT ?3)",
                    account,
                    end_ms,
                )?;
                let receipts = self.delete_old_segments(account, Class::Consent, end)?;
                Ok(requests + receipts)
            }
            DataClass::Audit => self.change_old(
                "UPDATE audit SET body = x'', network = NULL WHERE seq IN (SELECT seq FROM audit \
                 WHERE account = ?1 AND day < ?2 AND length(body) > 0 LIMIT ?3)",
                account,
                i64::from(end),
            ),
            DataClass::AdminAddresses => self.change_old(
                "UPDATE audit SET network = NULL WHERE seq IN (SELECT seq FROM audit \
                 WHERE account = ?1 AND day < ?2 AND network IS NOT NULL LIMIT ?3)",
                account,
                i64::from(end),
            ),
        }
    }

    fn change_old(&self, sql: &str, account: AccountId, end: i64) -> Result<u64> {
        let connection = self.writer();
        let changed = connection
            .execute(sql, params![account.row(), end, ROWS_A_STEP])
            .map_err(failed)?;
        database::checkpoint_if_long(&connection, &self.wal())?;
        Ok(changed as u64)
    }

    fn delete_old_segments(&self, account: AccountId, class: Class, end: u32) -> Result<u64> {
        let mut connection = self.writer();
        let transaction = database::begin(&mut connection)?;
        let keys = old_segments(&transaction, account, class, end)?;
        let mut gone = Gone::default();
        for key in &keys {
            self.delete_segment(&transaction, key, &mut gone)?;
        }
        transaction.commit().map_err(failed)?;
        self.remains().add(gone);
        database::checkpoint_if_long(&connection, &self.wal())?;
        Ok(keys.len() as u64)
    }

    /// Conversions before a UTC day that still hold more than a ledger line, some at a
    /// time, and where to go on; none where there are no more rows.
    pub fn old_conversions(
        &self,
        account: AccountId,
        end: u32,
        after: i64,
    ) -> Result<Option<(Vec<ConversionId>, i64)>> {
        let sealer = self.row_sealer(account)?;
        let first = self.life(account)?.1.conversions_stripped_before;
        self.read(|connection| {
            let mut statement = connection
                .prepare_cached(
                    "SELECT seq, id, body FROM conversion WHERE account = ?1 AND seq > ?2 \
                     AND day >= ?3 AND day < ?4 ORDER BY seq LIMIT ?5",
                )
                .map_err(failed)?;
            let mut rows = statement
                .query(params![account.row(), after, first, end, ROWS_A_STEP])
                .map_err(failed)?;
            let (mut found, mut last) = (Vec::new(), None);
            while let Some(row) = rows.next().map_err(failed)? {
                let stored = conversion::read(row, account, &sealer)?;
                last = Some(stored.seq);
                if stored.conversion.body.credit != Credit::Erased {
                    found.push(stored.conversion.id);
                }
            }
            Ok(last.map(|last| (found, last)))
        })
    }

    /// Notes up to which UTC day conversions are ledger lines.
    pub fn note_stripped(&self, account: AccountId, end: u32) -> Result<()> {
        let mut connection = self.writer();
        let transaction = database::begin(&mut connection)?;
        let (stage, mut life) = self.load_life(&transaction, account)?;
        if life.conversions_stripped_before < end {
            life.conversions_stripped_before = end;
            self.put_life(&transaction, account, stage, &life)?;
        }
        transaction.commit().map_err(failed)
    }
}

fn segments_by_day(class: Class) -> String {
    format!(
        "SELECT day, count(*) FROM segment WHERE account = ?1 AND class = {} \
         AND day >= ?2 AND day < ?3 GROUP BY day ORDER BY day",
        class_number(class)
    )
}

fn days_of(
    connection: &Connection,
    sql: &str,
    account: AccountId,
    (from, end): (i64, i64),
) -> Result<Vec<OldDay>> {
    let mut statement = connection.prepare(sql).map_err(failed)?;
    let days = statement
        .query_map(params![account.row(), from, end], |row| {
            Ok(OldDay {
                day: row.get(0)?,
                rows: row.get::<_, i64>(1)?.max(0) as u64,
            })
        })
        .map_err(failed)?;
    days.map(|day| day.map_err(failed)).collect()
}

fn old_segments(
    connection: &Connection,
    account: AccountId,
    class: Class,
    end: u32,
) -> Result<Vec<SegmentKey>> {
    let mut statement = connection
        .prepare_cached(
            "SELECT id, day, tier FROM segment WHERE account = ?1 AND class = ?2 AND day < ?3 \
             ORDER BY day, id LIMIT ?4",
        )
        .map_err(failed)?;
    let keys = statement
        .query_map(
            params![account.row(), class_number(class), end, SEGMENTS_A_STEP],
            key_in_row(account, class),
        )
        .map_err(failed)?;
    keys.map(|key| key.map_err(failed)).collect()
}
