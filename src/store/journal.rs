//! The journal file: what was acknowledged and is not settled yet. One thread
//! writes it ([`JournalWriter`]), settling reads it ([`JournalReader`]). It is a
//! database of its own, so that nothing can make an acknowledgement wait.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::PathBuf;
use std::sync::Arc;

use rusqlite::{Connection, params};

use super::database::{self, failed};
use super::reclaim::{JournalOrders, vacuum_step};
use super::room::Room;
use super::{DataFolder, Store, meta};
use crate::crypto::{Keys, Sealer, SealerClass, token};
use crate::error::{Error, Result};
use crate::model::id::AccountId;

impl super::Store {
    /// The last row that was ever written into the journal.
    pub fn journal_last(&self) -> Result<i64> {
        let path = self.folder().journal_database();
        if !path.exists() {
            return Ok(0);
        }
        database::open_reader(&path)?
            .query_row(
                "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'journal'), 0)",
                [],
                |row| row.get(0),
            )
            .map_err(failed)
    }
}

/// The entries of one account in one batch, as they were written.
pub struct JournalBatch {
    pub seq: i64,
    pub account: AccountId,
    pub entries: Vec<u8>,
}

/// Writes the journal; there is one.
pub struct JournalWriter {
    connection: Connection,
    wal: PathBuf,
    keys: Keys,
    id: [u8; 16],
    salt: [u8; 16],
    sealers: HashMap<AccountId, Sealer>,
    /// The keyring that `sealers` were made from.
    generation: u64,
    next: i64,
    removed: i64,
    orders: Arc<JournalOrders>,
    room: Arc<Room>,
}

impl Drop for JournalWriter {
    fn drop(&mut self) {
        self.orders.set_open(false);
        if self.room.is_broken() {
            database::leave_as_it_is(&self.connection);
        }
    }
}

impl JournalWriter {
    /// Opens the journal. Its next row comes after every row that was ever settled.
    pub fn open(folder: &DataFolder, keys: Keys, settled: (Option<[u8; 16]>, i64)) -> Result<Self> {
        let path = folder.journal_database();
        let connection = database::open(&path, &database::JOURNAL)?;
        let id = match meta::journal_id(&connection)? {
            Some(id) => id,
            None => {
                let id: [u8; 16] = token::random_bytes();
                meta::put(&connection, meta::JOURNAL, &id)?;
                id
            }
        };
        let (settled_journal, position) = settled;
        let used: i64 = connection
            .query_row(
                "SELECT max(coalesce((SELECT max(seq) FROM journal), 0), \
                 coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'journal'), 0))",
                [],
                |row| row.get(0),
            )
            .map_err(failed)?;
        let removed = if settled_journal == Some(id) {
            position
        } else {
            0
        };
        let orders = folder.journal_orders().clone();
        orders.set_open(true);
        Ok(JournalWriter {
            orders,
            room: folder.room().clone(),
            wal: database::wal_path(&path),
            connection,
            generation: keys.generation(),
            keys,
            id,
            salt: token::random_bytes(),
            sealers: HashMap::new(),
            next: used.max(position) + 1,
            removed,
        })
    }

    pub fn id(&self) -> [u8; 16] {
        self.id
    }

    /// Makes a batch durable, one group an account, and removes what is settled up
    /// to `settled`. When it returns, the disk has it. Gives the last row written.
    ///
    /// # Errors
    /// [`crate::error::Kind::Full`] where the disk has no room: nothing was written, and
    /// it may be tried again. After any other nothing may be.
    pub fn append(&mut self, groups: &[(AccountId, Vec<u8>)], settled: i64) -> Result<i64> {
        if self.generation != self.keys.generation() {
            self.generation = self.keys.generation();
            self.sealers.clear();
        }
        let mut sealed = Vec::with_capacity(groups.len());
        for (index, (account, entries)) in groups.iter().enumerate() {
            let seq = self.next + index as i64;
            let sealer = sealer(&mut self.sealers, &self.keys, *account, self.salt)?;
            sealed.push((
                seq,
                account.row(),
                sealer.seal("journal", "body", seq, entries)?,
            ));
        }
        self.room.check()?;
        self.insert(&sealed, settled)
            .map_err(|error| self.room.judge(error))?;
        self.removed = self.removed.max(settled);
        self.next += groups.len() as i64;
        Ok(self.next - 1)
    }

    fn insert(&mut self, sealed: &[(i64, i64, Vec<u8>)], settled: i64) -> Result<()> {
        let transaction = database::begin(&mut self.connection)?;
        for (seq, account, body) in sealed {
            transaction
                .prepare_cached(
                    "INSERT INTO journal (seq, account, salt, body) VALUES (?1, ?2, ?3, ?4)",
                )
                .and_then(|mut insert| insert.execute(params![seq, account, self.salt, body]))
                .map_err(failed)?;
        }
        if settled > self.removed {
            transaction
                .prepare_cached("DELETE FROM journal WHERE seq <= ?1")
                .and_then(|mut delete| delete.execute([settled]))
                .map_err(failed)?;
        }
        transaction.commit().map_err(failed)
    }

    /// Whether settled rows still lie in the file.
    pub fn has_settled_rows(&self, settled: i64) -> bool {
        settled > self.removed
    }

    /// Moves the write-ahead log into the file once it has grown, or gives all that
    /// is free back where that was asked for.
    ///
    /// # Errors
    /// As [`JournalWriter::append`].
    pub fn tidy(&self) -> Result<()> {
        self.try_tidy().map_err(|error| self.room.judge(error))
    }

    fn try_tidy(&self) -> Result<()> {
        if let Some(order) = self.orders.pending() {
            // Rows that were settled before a crash and are still there.
            self.connection
                .execute("DELETE FROM journal WHERE seq <= ?1", [self.removed])
                .map_err(failed)?;
            while vacuum_step(&self.connection, u32::MAX >> 1)? > 0 {}
            database::checkpoint(&self.connection)?;
            self.orders.carried_out(order);
            return Ok(());
        }
        database::checkpoint_if_long(&self.connection, &self.wal)
    }

    /// Empties the write-ahead log; for an orderly stop, and for what room it gives.
    ///
    /// # Errors
    /// As [`JournalWriter::append`].
    pub fn empty_log(&self) -> Result<()> {
        self.room.check()?;
        database::checkpoint(&self.connection).map_err(|error| self.room.judge(error))
    }

    /// The first row that is still there, or will be.
    pub fn first_kept(&self) -> Result<i64> {
        let first: Option<i64> = self
            .connection
            .query_row("SELECT min(seq) FROM journal", [], |row| row.get(0))
            .map_err(failed)?;
        Ok(first.unwrap_or(self.next))
    }
}

impl Store {
    /// Opens the journal of this folder for writing.
    ///
    /// # Errors
    /// [`crate::error::Kind::Damaged`] where rows have left it that the main database
    /// has not settled, as far as it remembers: it lost what it had synced.
    pub fn open_journal(&self) -> Result<JournalWriter> {
        let settled = self.settled_position()?;
        let journal = JournalWriter::open(self.folder(), self.keys().clone(), settled)?;
        let is_same = settled.0.is_none_or(|id| id == journal.id());
        let first = journal.first_kept()?;
        if !is_same || first <= settled.1 + 1 {
            return Ok(journal);
        }
        let sentence = format!(
            "The main database has settled the journal up to row {}, but the journal begins at row \
             {first}: the main database lost steps that it had synced. Nothing was changed. Put a \
             backup back, or start once with `serve --accept-loss`.",
            settled.1
        );
        if !self.folder().accepts_loss() {
            return Err(Error::damaged(sentence));
        }
        tracing::error!("The loss is accepted. {sentence}");
        self.settle_up_to(journal.id(), first - 1)?;
        Ok(journal)
    }
}

/// Reads the journal in order.
pub struct JournalReader {
    connection: Connection,
    keys: Keys,
    sealers: HashMap<(AccountId, [u8; 16]), Sealer>,
    /// The keyring that `sealers` were made from.
    generation: u64,
}

/// Salts whose keys are kept; each start of the program makes one.
const SEALERS_MAX: usize = 4_096;

impl JournalReader {
    /// Opens a journal that a [`JournalWriter`] has made.
    pub fn open(folder: &DataFolder, keys: Keys) -> Result<Self> {
        Ok(JournalReader {
            connection: database::open_reader(&folder.journal_database())?,
            generation: keys.generation(),
            keys,
            sealers: HashMap::new(),
        })
    }

    /// Batches after a row, in order, until they hold `bytes_max` bytes; at least
    /// one where there is one. Batches of an account that is gone come out empty.
    pub fn read_after(&mut self, seq: i64, bytes_max: usize) -> Result<Vec<JournalBatch>> {
        let mut statement = self
            .connection
            .prepare_cached(
                "SELECT seq, account, salt, body FROM journal WHERE seq > ?1 ORDER BY seq",
            )
            .map_err(failed)?;
        let mut rows = statement.query([seq]).map_err(failed)?;
        let mut batches = Vec::new();
        let mut bytes = 0;
        while bytes < bytes_max
            && let Some(row) = rows.next().map_err(failed)?
        {
            let seq: i64 = row.get(0).map_err(failed)?;
            let account = AccountId::from_row(row.get(1).map_err(failed)?);
            let salt: [u8; 16] = row.get(2).map_err(failed)?;
            let body: Vec<u8> = row.get(3).map_err(failed)?;
            bytes += body.len();
            // Asked for after the row was read: what sealed it is known by then.
            if self.generation != self.keys.generation() {
                self.generation = self.keys.generation();
                self.sealers.clear();
            }
            let entries = match reader_sealer(&mut self.sealers, &self.keys, account, salt) {
                Some(sealer) => sealer.open("journal", "body", seq, &body)?,
                None => Vec::new(),
            };
            batches.push(JournalBatch {
                seq,
                account,
                entries,
            });
        }
        Ok(batches)
    }
}

fn sealer<'a>(
    sealers: &'a mut HashMap<AccountId, Sealer>,
    keys: &Keys,
    account: AccountId,
    salt: [u8; 16],
) -> Result<&'a Sealer> {
    Ok(match sealers.entry(account) {
        Entry::Occupied(sealer) => sealer.into_mut(),
        Entry::Vacant(none) => none.insert(keys.sealer(account, SealerClass::Journal(salt))?),
    })
}

fn reader_sealer<'a>(
    sealers: &'a mut HashMap<(AccountId, [u8; 16]), Sealer>,
    keys: &Keys,
    account: AccountId,
    salt: [u8; 16],
) -> Option<&'a Sealer> {
    if sealers.len() > SEALERS_MAX {
        sealers.clear();
    }
    Some(match sealers.entry((account, salt)) {
        Entry::Occupied(sealer) => sealer.into_mut(),
        Entry::Vacant(none) => none.insert(keys.sealer(account, SealerClass::Journal(salt)).ok()?),
    })
}
