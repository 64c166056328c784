//! Giving back what was deleted: free pages to the file system, the write-ahead log
//! emptied, in both databases. The journal's file is its writer's alone: where one
//! is open it is asked, else the file is opened for the moment.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use rusqlite::Connection;

use super::database::{self, failed};
use super::{Store, meta};
use crate::clock::Stopwatch;
use crate::error::{Error, Kind, Result};

/// Pages moved in one go: at 4 KiB each, a few milliseconds.
const PAGES_A_STEP: u32 = 512;
/// Pages of a journal that is written anew: some milliseconds.
const JOURNAL_PAGES_MAX: i64 = 1_024;
/// How often a reader is waited for before the log is left to the next tidying.
const TRIES: usize = 40;
const TRY_PAUSE: Duration = Duration::from_millis(25);
/// Pause between two steps, so that settling has its turn.
const STEP_PAUSE: Duration = Duration::from_millis(2);
/// The journal's writer looks at least once a second.
const JOURNAL_PATIENCE: Duration = Duration::from_secs(30);

/// How a folder's journal writer is asked to tidy up.
#[derive(Debug, Default)]
pub struct JournalOrders {
    open: AtomicBool,
    asked: AtomicU64,
    done: AtomicU64,
}

impl JournalOrders {
    pub(super) fn set_open(&self, open: bool) {
        self.open.store(open, Ordering::SeqCst);
    }

    /// The order that is not carried out yet.
    pub(super) fn pending(&self) -> Option<u64> {
        let asked = self.asked.load(Ordering::SeqCst);
        (asked > self.done.load(Ordering::SeqCst)).then_some(asked)
    }

    pub(super) fn carried_out(&self, order: u64) {
        self.done.fetch_max(order, Ordering::SeqCst);
    }
}

/// Gives up to `pages` free pages back; says how many are left.
pub fn vacuum_step(connection: &Connection, pages: u32) -> Result<u64> {
    let sql = format!("PRAGMA incremental_vacuum({pages})");
    let mut statement = connection.prepare(&sql).map_err(failed)?;
    let mut rows = statement.query([]).map_err(failed)?;
    while rows.next().map_err(failed)?.is_some() {}
    let left: i64 = connection
        .pragma_query_value(None, "freelist_count", |row| row.get(0))
        .map_err(failed)?;
    Ok(left.max(0) as u64)
}

/// Gives everything back that rows which are gone have left in a journal: its free
/// pages, and copies in the gaps of the others where it is small, as it is unless much
/// waits.
pub fn vacuum_journal(connection: &Connection) -> Result<()> {
    while vacuum_step(connection, u32::MAX >> 1)? > 0 {}
    let pages: i64 = connection
        .pragma_query_value(None, "page_count", |row| row.get(0))
        .map_err(failed)?;
    if pages > JOURNAL_PAGES_MAX {
        return Ok(());
    }
    connection.execute_batch("VACUUM").map_err(failed)
}

impl Store {
    /// Gives every free page of the main database back and empties its write-ahead
    /// log, in steps between which others may write. False: a reader still held an
    /// old state, so that the log keeps its content; try again later.
    pub fn reclaim(&self) -> Result<bool> {
        while vacuum_step(&self.writer(), PAGES_A_STEP)? > 0 {
            std::thread::sleep(STEP_PAUSE);
        }
        self.empty_log_soon()
    }

    /// Empties the main database's log, for which readers are waited for a second;
    /// nobody waits with it. False: one is still in the way.
    pub(super) fn empty_log_soon(&self) -> Result<bool> {
        for _ in 0..TRIES {
            let is_empty = database::checkpoint_at_once(&self.writer());
            if is_empty.map_err(|error| self.judge(error))? {
                return Ok(true);
            }
            std::thread::sleep(TRY_PAUSE);
        }
        Ok(false)
    }

    /// Like [`Store::reclaim`]; what is left then goes with the daily tidying.
    pub fn reclaim_soon(&self) -> Result<()> {
        if self.reclaim()? {
            return Ok(());
        }
        tracing::warn!("a reader keeps the write-ahead log from being emptied; it is tried again");
        Ok(())
    }

    /// The same for the journal, once everything settled has left it.
    ///
    /// # Errors
    /// [`Kind::Busy`] where its writer does not come to it in time.
    pub fn reclaim_journal(&self) -> Result<()> {
        let orders = self.folder().journal_orders();
        if !orders.open.load(Ordering::SeqCst) {
            return self.reclaim_idle_journal();
        }
        let order = orders.asked.fetch_add(1, Ordering::SeqCst) + 1;
        let waited = Stopwatch::start();
        while orders.done.load(Ordering::SeqCst) < order {
            if waited.elapsed() > JOURNAL_PATIENCE {
                return Err(Error::new(
                    Kind::Busy,
                    "The journal could not be tidied yet. It is tried again.",
                ));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    fn reclaim_idle_journal(&self) -> Result<()> {
        let path = self.folder().journal_database();
        if !path.exists() {
            return Ok(());
        }
        let connection = database::open(&path, &database::JOURNAL)?;
        let (journal, position) = self.settled_position()?;
        if journal.is_some() && journal == meta::journal_id(&connection)? {
            connection
                .execute("DELETE FROM journal WHERE seq <= ?1", [position])
                .map_err(failed)?;
        }
        vacuum_journal(&connection)?;
        database::checkpoint(&connection)
    }
}
