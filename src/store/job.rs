//! The history of scheduled jobs: when a run was due, when it began and ended, and
//! what it counted.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, params};
use serde::{Deserialize, Serialize};

use super::database::failed;
use super::{Store, row};
use crate::clock::Timestamp;
use crate::error::Result;

/// What a run did, by the name of what it counts.
pub type Counts = BTreeMap<String, u64>;

/// One run of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRun {
    pub id: i64,
    pub job: String,
    pub due_at: Timestamp,
    pub started_at: Timestamp,
    /// None: it goes on, or the process ended in it.
    pub ended_at: Option<Timestamp>,
    pub counts: Counts,
    /// Why it did not come to its end.
    pub failure: Option<String>,
}

#[derive(Default, Serialize, Deserialize)]
pub(super) struct Body {
    counts: Counts,
    failure: Option<String>,
}

impl Store {
    /// Notes that a run begins; gives its number.
    pub fn begin_job_run(&self, job: &str, due_at: Timestamp, now: Timestamp) -> Result<i64> {
        let mut connection = self.writer();
        let transaction = super::database::begin(&mut connection)?;
        transaction
            .execute(
                "INSERT INTO job_run (job, due_at, started_at, body) VALUES (?1, ?2, ?3, x'')",
                params![job, due_at.millis(), now.millis()],
            )
            .map_err(failed)?;
        let id = transaction.last_insert_rowid();
        let body = row::seal(
            self.keys().instance_sealer(),
            "job_run",
            id,
            &Body::default(),
        )?;
        transaction
            .execute(
                "UPDATE job_run SET body = ?1 WHERE id = ?2",
                params![body, id],
            )
            .map_err(failed)?;
        transaction
            .commit()
            .map_err(|error| self.judge(failed(error)))?;
        Ok(id)
    }

    /// Notes that a run has ended, and what it did.
    pub fn end_job_run(
        &self,
        id: i64,
        now: Timestamp,
        counts: Counts,
        failure: Option<String>,
    ) -> Result<()> {
        let body = Body { counts, failure };
        let sealed = row::seal(self.keys().instance_sealer(), "job_run", id, &body)?;
        self.writer()
            .execute(
                "UPDATE job_run SET ended_at = ?1, body = ?2 WHERE id = ?3",
                params![now.millis(), sealed, id],
            )
            .map_err(|error| self.judge(failed(error)))?;
        Ok(())
    }

    /// When the last run of a job that came to its end began.
    pub fn last_job_run(&self, job: &str) -> Result<Option<Timestamp>> {
        let runs = self.job_runs(Some(job), 50)?;
        Ok(runs
            .into_iter()
            .find(|run| run.ended_at.is_some() && run.failure.is_none())
            .map(|run| run.started_at))
    }

    /// Runs of one job or of all, the newest first.
    pub fn job_runs(&self, job: Option<&str>, limit: usize) -> Result<Vec<JobRun>> {
        let sealer = self.keys().instance_sealer();
        self.read(|connection| {
            let mut statement = connection
                .prepare_cached(
                    "SELECT id, job, due_at, started_at, ended_at, body FROM job_run \
                     WHERE ?1 IS NULL OR job = ?1 ORDER BY id DESC LIMIT ?2",
                )
                .map_err(failed)?;
            let mut rows = statement
                .query(params![job, limit as i64])
                .map_err(failed)?;
            let mut runs = Vec::new();
            while let Some(stored) = rows.next().map_err(failed)? {
                let id = stored.get(0).map_err(failed)?;
                let sealed: Vec<u8> = stored.get(5).map_err(failed)?;
                let body: Body = row::open(sealer, "job_run", id, &sealed)?;
                let instant = |index| stored.get(index).map(Timestamp::from_millis);
                runs.push(JobRun {
                    id,
                    job: stored.get(1).map_err(failed)?,
                    due_at: instant(2).map_err(failed)?,
                    started_at: instant(3).map_err(failed)?,
                    ended_at: stored
                        .get::<_, Option<i64>>(4)
                        .map_err(failed)?
                        .map(Timestamp::from_millis),
                    counts: body.counts,
                    failure: body.failure,
                });
            }
            Ok(runs)
        })
    }

    /// Forgets runs that began before an instant; gives how many.
    pub fn forget_job_runs(&self, before: Timestamp) -> Result<u64> {
        let forgotten = self
            .writer()
            .execute(
                "DELETE FROM job_run WHERE started_at < ?1",
                [before.millis()],
            )
            .map_err(failed)?;
        Ok(forgotten as u64)
    }

    /// Notes that the server ran on every UTC day from `first` to today. Days to come
    /// were a wrong clock's and are forgotten.
    pub fn beat(&self, first: u32, now: Timestamp) -> Result<()> {
        let mut connection = self.writer();
        let transaction = super::database::begin(&mut connection)?;
        transaction
            .execute("DELETE FROM heartbeat WHERE day > ?1", [now.utc_day()])
            .map_err(failed)?;
        {
            let mut insert = transaction
                .prepare_cached("INSERT OR IGNORE INTO heartbeat (day, at) VALUES (?1, ?2)")
                .map_err(failed)?;
            for day in first..=now.utc_day() {
                insert.execute(params![day, now.millis()]).map_err(failed)?;
            }
        }
        transaction
            .commit()
            .map_err(|error| self.judge(failed(error)))
    }

    /// The UTC days from one on, on which the server ran, in order.
    pub fn heartbeats(&self, since: u32) -> Result<Vec<u32>> {
        self.read(|connection| {
            let mut statement = connection
                .prepare_cached("SELECT day FROM heartbeat WHERE day >= ?1 ORDER BY day")
                .map_err(failed)?;
            let days = statement
                .query_map([since], |row| row.get(0))
                .map_err(failed)?;
            days.map(|day| day.map_err(failed)).collect()
        })
    }

    /// The last UTC days up to one on which the server ran, so many at most, in order.
    pub fn newest_heartbeats(&self, many: usize, until: u32) -> Result<Vec<u32>> {
        self.read(|connection| {
            let mut statement = connection
                .prepare_cached(
                    "SELECT day FROM heartbeat WHERE day <= ?1 ORDER BY day DESC LIMIT ?2",
                )
                .map_err(failed)?;
            let mut days: Vec<u32> = statement
                .query_map(params![until, many as i64], |row| row.get(0))
                .and_then(Iterator::collect)
                .map_err(failed)?;
            days.reverse();
            Ok(days)
        })
    }

    /// The last UTC day on which the server ran.
    pub fn last_heartbeat(&self) -> Result<Option<u32>> {
        self.read(|connection| {
            connection
                .query_row(
                    "SELECT day FROM heartbeat ORDER BY day DESC LIMIT 1",
                    [],
                    |row| row.get(0),
                )
                .optional()
                .map_err(failed)
        })
    }
}
