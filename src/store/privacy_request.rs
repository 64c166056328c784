//! What people ask for: one row a request, its content sealed.

use rusqlite::params;

use super::database::failed;
use super::remains::Gone;
use super::{Store, row};
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::model::action::Act;
use crate::model::audit::Detail;
use crate::model::id::{AccountId, ID_MAX};
use crate::model::privacy_request::{PrivacyRequest, RequestState};

/// How an account stands with what people asked of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RequestsDue {
    /// Not answered yet.
    pub open: u64,
    /// Of those, the ones whose last day is over.
    pub overdue: u64,
    /// The earliest instant at which one is overdue, past or to come.
    pub next_due_at: Option<Timestamp>,
}

const TABLE: &str = "privacy_request";
const COLUMNS: &str = "id, account, state, due_at, closed_at, body";

impl Store {
    /// The row of a request's own id; the same id always gives the same row.
    pub fn request_row(&self, account: AccountId, uuid: &str) -> Result<i64> {
        let index = self
            .keys()
            .index(account)?
            .of("privacy-request", uuid.as_bytes());
        let [a, b, c, d, e, ..] = index;
        let number = u64::from_be_bytes([0, 0, 0, a, b, c, d, e]);
        Ok((number & ID_MAX).max(1) as i64)
    }

    /// Writes a request that exists or not.
    pub fn put_request(&self, act: Act, request: &PrivacyRequest, note: &str) -> Result<()> {
        let sealer = self.row_sealer(request.account)?;
        let sealed = row::seal(&sealer, TABLE, request.id, &request.body)?;
        let mut gone = Gone::default();
        self.write_about(act, request.account, |transaction| {
            let place = (TABLE, "body", "id");
            self.note_gone(transaction, place, request.id..request.id + 1, &mut gone)?;
            transaction
                .execute(
                    "INSERT INTO privacy_request (id, account, state, due_at, closed_at, body) \
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (id) DO UPDATE SET \
                     state = excluded.state, due_at = excluded.due_at, \
                     closed_at = excluded.closed_at, body = excluded.body",
                    params![
                        request.id,
                        request.account.row(),
                        request.state as i64,
                        request.due_at.millis(),
                        request.closed_at.map(Timestamp::millis),
                        sealed
                    ],
                )
                .map_err(failed)?;
            Ok(((), Detail::default().with_note(note)))
        })?;
        self.remains().add(gone);
        Ok(())
    }

    pub fn request(&self, account: AccountId, id: i64) -> Result<Option<PrivacyRequest>> {
        let sql = format!("SELECT {COLUMNS} FROM {TABLE} WHERE account = ?1 AND id = ?2");
        let mut found = self.requests_by(&sql, params![account.row(), id])?;
        Ok(found.pop())
    }

    /// Requests of an account: open ones, the most urgent first, then the closed ones,
    /// the latest first.
    pub fn requests(&self, account: AccountId, limit: usize) -> Result<Vec<PrivacyRequest>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM {TABLE} WHERE account = ?1 \
             ORDER BY closed_at IS NOT NULL, coalesce(-closed_at, due_at), id LIMIT ?2"
        );
        self.requests_by(&sql, params![account.row(), limit as i64])
    }

    /// Requests of every account that are being carried out.
    pub fn requests_in_progress(&self) -> Result<Vec<PrivacyRequest>> {
        let sql = format!("SELECT {COLUMNS} FROM {TABLE} WHERE state = ?1");
        self.requests_by(&sql, params![RequestState::InProgress as i64])
    }

    /// How many requests of an account are open.
    pub fn open_requests(&self, account: AccountId) -> Result<u64> {
        self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT count(*) FROM privacy_request WHERE account = ?1 AND closed_at IS NULL",
                )
                .and_then(|mut select| select.query_row([account.row()], |row| row.get(0)))
                .map(|open: i64| open.max(0) as u64)
                .map_err(failed)
        })
    }

    /// Which of an account's open requests are due and overdue.
    pub fn requests_due(&self, account: AccountId, now: Timestamp) -> Result<RequestsDue> {
        self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT count(*), coalesce(sum(due_at <= ?2), 0), min(due_at) \
                     FROM privacy_request WHERE account = ?1 AND closed_at IS NULL",
                )
                .and_then(|mut select| {
                    select.query_row(params![account.row(), now.millis()], |row| {
                        let next: Option<i64> = row.get(2)?;
                        Ok(RequestsDue {
                            open: row.get::<_, i64>(0)?.max(0) as u64,
                            overdue: row.get::<_, i64>(1)?.max(0) as u64,
                            next_due_at: next.map(Timestamp::from_millis),
                        })
                    })
                })
                .map_err(failed)
        })
    }

    /// The accounts that have not answered a request in time, and how many each.
    pub fn overdue_requests(&self, now: Timestamp) -> Result<Vec<(AccountId, u64)>> {
        self.read(|connection| {
            let mut select = connection
                .prepare_cached(
                    "SELECT account, count(*) FROM privacy_request \
                     WHERE closed_at IS NULL AND due_at <= ?1 GROUP BY account ORDER BY account",
                )
                .map_err(failed)?;
            let rows = select
                .query_map([now.millis()], |row| {
                    let account = AccountId::from_row(row.get(0)?);
                    Ok((account, row.get::<_, i64>(1)?.max(0) as u64))
                })
                .map_err(failed)?;
            rows.collect::<rusqlite::Result<_>>().map_err(failed)
        })
    }

    fn requests_by(&self, sql: &str, values: impl rusqlite::Params) -> Result<Vec<PrivacyRequest>> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(sql).map_err(failed)?;
            let mut rows = statement.query(values).map_err(failed)?;
            let mut found = Vec::new();
            while let Some(stored) = rows.next().map_err(failed)? {
                let id: i64 = stored.get(0).map_err(failed)?;
                let account = AccountId::from_row(stored.get(1).map_err(failed)?);
                let state = RequestState::from_number(stored.get(2).map_err(failed)?)
                    .ok_or_else(|| Error::damaged("A request is in no known state."))?;
                let closed_at: Option<i64> = stored.get(4).map_err(failed)?;
                let body: Vec<u8> = stored.get(5).map_err(failed)?;
                found.push(PrivacyRequest {
                    id,
                    account,
                    state,
                    due_at: Timestamp::from_millis(stored.get(3).map_err(failed)?),
                    closed_at: closed_at.map(Timestamp::from_millis),
                    body: row::open(&self.row_sealer(account)?, TABLE, id, &body)?,
                });
            }
            Ok(found)
        })
    }
}
