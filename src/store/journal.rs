//! The journal file: what was acknowledged and is not settled yet. One thread
//! writes it ([`JournalWriter`]), settling reads it. It is a database of its own, so
//! that nothing can make an acknowledgement wait.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, Transaction, params};

use super::database::{self, failed};
use super::reclaim::{JournalOrders, vacuum_journal};
use super::room::Room;
use super::{DataFolder, Store, meta};
use crate::clock::Stopwatch;
use crate::crypto::{Keys, Sealer, SealerClass, token};
use crate::error::{Error, Result};
use crate::model::id::AccountId;

/// Settled rows that a batch takes away for each that it adds: more than one, so that
/// what once waited goes, and few, so that nobody waits long for that.
const REMOVED_A_ROW: i64 = 2;
/// They are taken away so many at once: each time costs pages of the tree and of the
/// list of free ones, however many rows go.
const REMOVED_AT_ONCE: i64 = 32;
/// Settled rows taken away in one go while nobody waits.
const REMOVED_AT_REST: i64 = 64;
/// Bytes by which the log may grow between two looks at how long it is.
const UNSEEN_BYTES: usize = 1 << 20;
/// What a commit adds to the log besides its rows, by and large.
const COMMIT_BYTES: usize = 32 << 10;
/// What rows that are gone have left goes after this time, once nothing waits.
const REMAINS_KEPT: Duration = Duration::from_secs(60);

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
    /// The last row that was taken away.
    removed: i64,
    /// Rows that batches left for a later one to take away.
    left: i64,
    /// Bytes by which the log has grown since it was looked at, by and large.
    unseen: usize,
    /// Since when free pages and the log hold rows that are gone.
    remains: Option<Stopwatch>,
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
        let settled = if settled_journal == Some(id) {
            position
        } else {
            0
        };
        // A crash leaves rows that were settled before it.
        let removed = first_row(&connection)?.map_or(settled, |first| settled.min(first - 1));
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
            left: 0,
            unseen: UNSEEN_BYTES,
            remains: Some(Stopwatch::start()),
        })
    }

    pub fn id(&self) -> [u8; 16] {
        self.id
    }

    /// Makes a batch durable, one group an account, and now and then takes away some of
    /// the rows that are settled, up to `settled` at most: their pages take the new ones.
    /// When it returns, the disk has it. Gives the last row written.
    ///
    /// # Errors
    /// [`crate::error::Kind::Full`] where the disk has no room: nothing was written, and
    /// it may be tried again. After any other nothing may be.
    pub fn append(&mut self, groups: &[(AccountId, Vec<u8>)], settled: i64) -> Result<i64> {
        if self.generation != self.keys.generation() {
            self.generation = self.keys.generation();
            self.sealers.clear();
        }
        let sealed = self.seal(groups)?;
        self.room.check()?;
        self.left += REMOVED_A_ROW * groups.len() as i64;
        let many = match self.left < REMOVED_AT_ONCE {
            true => 0,
            false => std::mem::take(&mut self.left),
        };
        self.write(&sealed, settled.min(self.removed + many))
            .map_err(|error| self.room.judge(error))?;
        self.next += groups.len() as i64;
        Ok(self.next - 1)
    }

    /// Takes away some of the rows up to `settled`; false where none is left.
    ///
    /// # Errors
    /// As [`JournalWriter::append`].
    pub fn remove(&mut self, settled: i64) -> Result<bool> {
        if settled <= self.removed {
            return Ok(false);
        }
        self.room.check()?;
        self.write(&[], settled.min(self.removed + REMOVED_AT_REST))
            .map_err(|error| self.room.judge(error))?;
        Ok(true)
    }

    /// Rows for these groups, the next ones in order.
    fn seal(&mut self, groups: &[(AccountId, Vec<u8>)]) -> Result<Vec<SealedRow>> {
        let mut sealed = Vec::with_capacity(groups.len());
        for (seq, (account, entries)) in (self.next..).zip(groups) {
            let sealer = sealer(&mut self.sealers, &self.keys, *account, self.salt)?;
            let body = sealer.seal("journal", "body", seq, entries)?;
            sealed.push((seq, account.row(), body));
        }
        Ok(sealed)
    }

    fn write(&mut self, sealed: &[SealedRow], remove: i64) -> Result<()> {
        let transaction = database::begin(&mut self.connection)?;
        if remove > self.removed {
            transaction
                .prepare_cached("DELETE FROM journal WHERE seq <= ?1")
                .and_then(|mut delete| delete.execute([remove]))
                .map_err(failed)?;
        }
        insert(&transaction, self.salt, sealed)?;
        transaction.commit().map_err(failed)?;
        let bytes: usize = sealed.iter().map(|(.., body)| body.len()).sum();
        self.unseen += COMMIT_BYTES + bytes;
        self.removed = self.removed.max(remove);
        self.remains.get_or_insert_with(Stopwatch::start);
        Ok(())
    }

    /// Gives everything back that rows which are gone have left in the file and its
    /// log, where they did a while ago; for when nothing waits.
    ///
    /// # Errors
    /// As [`JournalWriter::append`].
    pub fn clear_remains(&mut self) -> Result<()> {
        let old = |since: &Stopwatch| since.elapsed() >= REMAINS_KEPT;
        if !self.remains.as_ref().is_some_and(old) {
            return Ok(());
        }
        self.room.check()?;
        let cleared = vacuum_journal(&self.connection)
            .and_then(|()| database::checkpoint_at_once(&self.connection));
        let is_empty = cleared.map_err(|error| self.room.judge(error))?;
        self.remains = (!is_empty).then(Stopwatch::start);
        Ok(())
    }

    /// Moves the write-ahead log into the file once it has grown, or gives all that
    /// is free back where that was asked for.
    ///
    /// # Errors
    /// As [`JournalWriter::append`].
    pub fn tidy(&mut self, settled: i64) -> Result<()> {
        self.try_tidy(settled)
            .map_err(|error| self.room.judge(error))
    }

    fn try_tidy(&mut self, settled: i64) -> Result<()> {
        if let Some(order) = self.orders.pending() {
            self.write(&[], settled)?;
            vacuum_journal(&self.connection)?;
            database::checkpoint(&self.connection)?;
            self.orders.carried_out(order);
            return Ok(());
        }
        if self.unseen < UNSEEN_BYTES {
            return Ok(());
        }
        self.unseen = 0;
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

    /// Sets rows aside that cannot be read, each in a file beside the journal and as
    /// sealed as it is, and writes what stands for them in their place.
    ///
    /// # Errors
    /// [`crate::error::Kind::Full`], and whatever keeps a file from being written: then
    /// nothing was changed.
    pub fn set_aside(&mut self, rows: &[i64], instead: &[(AccountId, Vec<u8>)]) -> Result<()> {
        for &seq in rows {
            let body: Vec<u8> = self
                .connection
                .query_row("SELECT body FROM journal WHERE seq = ?1", [seq], |row| {
                    row.get(0)
                })
                .map_err(failed)?;
            let name = format!("journal-row-{seq}.damaged");
            let file = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(self.wal.with_file_name(name));
            let mut file = file?;
            file.write_all(&body)?;
            file.sync_all()?;
        }
        let rows: Vec<String> = rows.iter().map(i64::to_string).collect();
        let sealed = self.seal(instead)?;
        let transaction = database::begin(&mut self.connection)?;
        transaction
            .execute(
                &format!("DELETE FROM journal WHERE seq IN ({})", rows.join(", ")),
                [],
            )
            .map_err(failed)?;
        insert(&transaction, self.salt, &sealed)?;
        transaction.commit().map_err(failed)?;
        self.next += sealed.len() as i64;
        Ok(())
    }

    /// The first row that is still there, or will be.
    pub fn first_kept(&self) -> Result<i64> {
        Ok(first_row(&self.connection)?.unwrap_or(self.next))
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

fn first_row(connection: &Connection) -> Result<Option<i64>> {
    connection
        .query_row("SELECT min(seq) FROM journal", [], |row| row.get(0))
        .map_err(failed)
}

/// Number, account and content of a row.
type SealedRow = (i64, i64, Vec<u8>);

fn insert(transaction: &Transaction<'_>, salt: [u8; 16], rows: &[SealedRow]) -> Result<()> {
    for (seq, account, body) in rows {
        transaction
            .prepare_cached(
                "INSERT INTO journal (seq, account, salt, body) VALUES (?1, ?2, ?3, ?4)",
            )
            .and_then(|mut insert| insert.execute(params![seq, account, salt, body]))
            .map_err(failed)?;
    }
    Ok(())
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
