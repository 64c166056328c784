//! Opening SQLite the one way it is opened here: WAL, synced at every commit,
//! checkpoints explicit, schema by migrations. Deleted content is overwritten in the
//! main database; in the journal it leaves with its pages, which go back to the file
//! system as soon as nothing waits.

use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use super::wal::{self, Log};
use crate::error::{Error, Kind, Result};

/// SQLite before 3.51.3 can corrupt a database when a writer and a checkpoint meet
/// (<https://sqlite.org/wal.html#walresetbug>).
const SQLITE_OLDEST: i32 = 3_051_003;
/// Marks a file as ours in its header.
const APPLICATION_ID: i32 = 0x504b_4550;
/// Pages a reader keeps in memory. What it reads is read once, by and large.
const READER_CACHE_KIB: i64 = 2 * 1_024;
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Bytes of write-ahead log from which it is moved into its file. Whoever commits next
/// waits for that, some milliseconds: seldom enough that it does not stand in one answer
/// of a hundred, and not so seldom that a start takes long to read it.
const CHECKPOINT_BYTES: u64 = 32 << 20;
/// A log this long is cut as well; a reader was in the way for long.
const CUT_BYTES: u64 = 4 * CHECKPOINT_BYTES;
/// A page of SQLite's usual size, and what stands before it in the log.
const FRAME_BYTES: u64 = 4_096 + 24;

/// What one of the two files has of its own.
pub struct Kept {
    /// The number of a migration is its place in the list.
    pub migrations: &'static [&'static str],
    /// Pages its writer keeps in memory.
    cache_kib: i64,
    secure_delete: &'static str,
}

pub const MAIN: Kept = Kept {
    // What settling writes stands at the ends of its tables, and is looked at no more.
    cache_kib: 4 * 1_024,
    secure_delete: "ON",
    migrations: &[
        include_str!("migrations/0001_main.sql"),
        include_str!("migrations/0002_audit_chain.sql"),
        include_str!("migrations/0003_lifecycle.sql"),
        include_str!("migrations/0004_people.sql"),
        include_str!("migrations/0005_person.sql"),
        include_str!("migrations/0006_account_life.sql"),
        include_str!("migrations/0007_reseal.sql"),
        include_str!("migrations/0008_consent.sql"),
        include_str!("migrations/0009_mail.sql"),
        include_str!("migrations/0010_suspension.sql"),
        include_str!("migrations/0011_receipts_in_segments.sql"),
        include_str!("migrations/0012_counted_in_segments.sql"),
        include_str!("migrations/0013_conversion_ids.sql"),
    ],
};
pub const JOURNAL: Kept = Kept {
    migrations: &[include_str!("migrations/0001_journal.sql")],
    // What one batch changes.
    cache_kib: 2 * 1_024,
    // A row lives for a second, and overwriting it would write as much again. Its page
    // is taken by another, or given back to the file system once nothing waits.
    secure_delete: "FAST",
};

/// Whatever SQLite says that is not about damage is our defect or the disk's.
pub fn failed(error: rusqlite::Error) -> Error {
    use rusqlite::ErrorCode as Code;
    let (kind, sentence) = match error.sqlite_error_code() {
        Some(Code::DatabaseCorrupt | Code::NotADatabase) => {
            (Kind::Damaged, "The database file is damaged")
        }
        Some(Code::DiskFull) => (Kind::Full, "The disk is full. Free some space on it"),
        Some(Code::CannotOpen) => (
            Kind::Busy,
            "A database file could not be opened: too many files are open. Try again later",
        ),
        Some(Code::ReadOnly | Code::PermissionDenied) => {
            (Kind::CannotWrite, "The database file cannot be written")
        }
        Some(Code::SystemIoFailure) => (Kind::Io, "Reading or writing the database failed"),
        _ => (Kind::Internal, "The database did not answer as expected"),
    };
    Error::new(kind, sentence).because(error)
}

/// Whether an error, as [`failed`] made it, tells of a failed sync: what the disk
/// holds is unknown then.
pub fn is_of_sync(error: &Error) -> bool {
    let cause = std::error::Error::source(error);
    let code = cause
        .and_then(|cause| cause.downcast_ref::<rusqlite::Error>())
        .and_then(rusqlite::Error::sqlite_error);
    code.is_some_and(|error| {
        use rusqlite::ffi::{SQLITE_IOERR_DIR_FSYNC, SQLITE_IOERR_FSYNC};
        [SQLITE_IOERR_FSYNC, SQLITE_IOERR_DIR_FSYNC].contains(&error.extended_code)
    })
}

/// Keeps a connection from syncing once more when it is closed.
pub fn leave_as_it_is(connection: &Connection) {
    // Where it does not take, the process ends a moment later all the same.
    let _ = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
}

/// A file that was looked at before anything may change it.
pub struct Checked {
    /// None: there is nothing in it yet.
    pub peek: Option<Connection>,
    log: PathBuf,
    torn: Option<u64>,
}

impl Checked {
    /// Cuts an end off the write-ahead log that was never synced: what is written over
    /// it must not be taken for its continuation.
    pub fn cut_torn_end(self) -> Result<()> {
        self.torn.map_or(Ok(()), |keep| wal::cut(&self.log, keep))
    }
}

/// Looks at a file and its write-ahead log, and changes neither.
///
/// # Errors
/// [`Kind::Config`] where it is not ours or a newer version's, [`Kind::Damaged`] where
/// opening it would drop what was synced.
pub fn check(path: &Path, kept: &Kept) -> Result<Checked> {
    let log = wal_path(path);
    let torn = match wal::inspect(&log)? {
        Log::Whole => None,
        Log::Torn { keep } => Some(keep),
        Log::Damaged { frame, .. } => return Err(wal::refuse(&log, frame)),
    };
    let peek = peek(path)?;
    if let Some(peek) = &peek {
        refuse_foreign(peek, path, kept)?;
    }
    Ok(Checked { peek, log, torn })
}

/// The version of SQLite in this program.
pub fn sqlite_version() -> &'static str {
    rusqlite::version()
}

/// Opens a file for writing and brings its schema up to date.
pub fn open(path: &Path, kept: &Kept) -> Result<Connection> {
    if rusqlite::version_number() < SQLITE_OLDEST {
        return Err(Error::new(
            Kind::Config,
            "The SQLite in this program is too old.",
        ));
    }
    // SQLite gives its side files the mode of the file itself.
    std::fs::OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
        .map_err(|error| {
            let sentence = format!("The database {} cannot be written", path.display());
            Error::new(Kind::CannotWrite, sentence).because(error)
        })?;
    let mut connection = Connection::open(path).map_err(failed)?;
    prepare(&connection, kept).map_err(failed)?;
    migrate(&mut connection, kept)?;
    Ok(connection)
}

fn prepare(connection: &Connection, kept: &Kept) -> rusqlite::Result<()> {
    // Both have an effect only before the first table exists.
    connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    if application_id(connection)? != APPLICATION_ID {
        connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    }
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "secure_delete", kept.secure_delete)?;
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    settle_reads(connection)?;
    connection.pragma_update(None, "cache_size", -kept.cache_kib)
}

fn application_id(connection: &Connection) -> rusqlite::Result<i32> {
    connection.pragma_query_value(None, "application_id", |row| row.get(0))
}

/// Refuses a file that another program or a newer version wrote.
fn refuse_foreign(peek: &Connection, path: &Path, kept: &Kept) -> Result<()> {
    if application_id(peek).map_err(failed)? != APPLICATION_ID {
        return Err(not_ours(path));
    }
    schema_of(peek, kept).map(|_| ())
}

/// How many migrations a file has had.
fn schema_of(connection: &Connection, kept: &Kept) -> Result<usize> {
    let done: usize = connection
        .pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))
        .map_err(failed)?
        .try_into()
        .unwrap_or(0);
    if done > kept.migrations.len() {
        return Err(Error::new(
            Kind::Config,
            "This folder was written by a newer version of Pixelkeep. Nothing was changed; \
             install that version again.",
        ));
    }
    Ok(done)
}

fn settle_reads(connection: &Connection) -> rusqlite::Result<()> {
    // A plan never depends on what is bound to it: one that might is made anew at each
    // run, and there are no statistics here by which it could come out different.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "foreign_keys", "ON")?;
    connection.pragma_update(None, "trusted_schema", "OFF")?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "cache_size", -READER_CACHE_KIB)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(())
}

/// Opens a file for reading only.
pub fn open_reader(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    settle_reads(&connection).map_err(failed)?;
    Ok(connection)
}

/// Opens a file to look at it before anything may change it, its side files included.
/// None: there is nothing in it yet.
fn peek(path: &Path) -> Result<Option<Connection>> {
    // A rollback journal lies beside it only where its very making was cut off.
    if length(path) == 0 || length(&beside(path, "-journal")) > 0 {
        return Ok(None);
    }
    refuse_other_format(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    let mut address = url::Url::from_file_path(std::path::absolute(path)?)
        .map_err(|()| Error::internal("The database has no absolute path."))?;
    if length(&wal_path(path)) == 0 {
        // Without a log the file is all there is, and no side file is made for it.
        address.set_query(Some("immutable=1"));
    }
    let connection = Connection::open_with_flags(address.as_str(), flags).map_err(failed)?;
    leave_as_it_is(&connection);
    connection.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(failed)?;
    Ok((tables > 0).then_some(connection))
}

/// Refuses what SQLite would not know either.
fn refuse_other_format(path: &Path) -> Result<()> {
    let mut magic = [0; 16];
    let read = std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut magic));
    if read.is_err() || magic != *b"SQLite format 3\0" {
        return Err(not_ours(path));
    }
    Ok(())
}

fn not_ours(path: &Path) -> Error {
    let sentence = format!(
        "{} is not a database of Pixelkeep. Nothing was changed; put the right file back, or \
         name another folder with --data-dir.",
        path.display()
    );
    Error::new(Kind::Config, sentence)
}

/// 0 where there is no such file.
fn length(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |file| file.len())
}

fn migrate(connection: &mut Connection, kept: &Kept) -> Result<()> {
    let done = schema_of(connection, kept)?;
    for (index, sql) in kept.migrations.iter().enumerate().skip(done) {
        let transaction = begin(connection)?;
        transaction.execute_batch(sql).map_err(failed)?;
        transaction
            .pragma_update(None, "user_version", (index + 1) as i64)
            .map_err(failed)?;
        transaction.commit().map_err(failed)?;
    }
    Ok(())
}

/// Starts a write transaction that holds the file from its first statement on.
pub fn begin(connection: &mut Connection) -> Result<Transaction<'_>> {
    connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(failed)
}

/// Moves the WAL into the database once it has grown, and begins it anew over what it
/// held: a sync of blocks that the file has already is half the work of one that makes
/// it longer. A reader that is in the way is not waited for: it is tried again after the
/// next commit.
pub fn checkpoint_if_long(connection: &Connection, wal: &Path) -> Result<()> {
    let length = length(wal);
    if length <= CHECKPOINT_BYTES || wal::frames(wal) * FRAME_BYTES <= CHECKPOINT_BYTES {
        return Ok(());
    }
    let mode = if length > CUT_BYTES {
        "TRUNCATE"
    } else {
        "RESTART"
    };
    if !at_once(connection, mode)? {
        tracing::debug!("a reader kept the write-ahead log from being begun anew");
    }
    Ok(())
}

/// Moves the WAL into the database and empties its file; false where a reader is in the
/// way, which is not waited for.
pub fn checkpoint_at_once(connection: &Connection) -> Result<bool> {
    at_once(connection, "TRUNCATE")
}

fn at_once(connection: &Connection, mode: &str) -> Result<bool> {
    connection.busy_timeout(Duration::ZERO).map_err(failed)?;
    let outcome = checkpoint_by(connection, mode);
    connection.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
    outcome
}

/// Moves the WAL into the database and empties its file.
pub fn checkpoint(connection: &Connection) -> Result<()> {
    if !checkpoint_is_empty(connection)? {
        tracing::debug!("a reader kept the write-ahead log from being emptied");
    }
    Ok(())
}

/// The same, and whether the file is empty now: a reader may be in the way.
pub fn checkpoint_is_empty(connection: &Connection) -> Result<bool> {
    checkpoint_by(connection, "TRUNCATE")
}

fn checkpoint_by(connection: &Connection, mode: &str) -> Result<bool> {
    let sql = format!("PRAGMA wal_checkpoint({mode})");
    let busy: i64 = connection
        .query_row(&sql, [], |row| row.get(0))
        .map_err(failed)?;
    Ok(busy == 0)
}

pub fn wal_path(database: &Path) -> PathBuf {
    beside(database, "-wal")
}

fn beside(database: &Path, ending: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
