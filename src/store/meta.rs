//! Single values: the keyring's generation, and how far settling has come.

use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension};

use super::Store;
use super::database::failed;
use crate::crypto::Keys;
use crate::error::{Error, Kind, Result};

/// Opens with the keyring that belongs to this database.
const MARK: &str = "keyring_mark";
const GENERATION: &str = "keyring_generation";
pub const JOURNAL: &str = "journal_id";
const POSITION: &str = "journal_position";
const TEST_CLOCK: &str = "test_clock";

pub fn get(connection: &Connection, name: &str) -> Result<Option<Vec<u8>>> {
    connection
        .query_row("SELECT value FROM meta WHERE name = ?1", [name], |row| {
            row.get(0)
        })
        .optional()
        .map_err(failed)
}

pub fn put(connection: &Connection, name: &str, value: &[u8]) -> Result<()> {
    connection
        .execute(
            "INSERT INTO meta (name, value) VALUES (?1, ?2) \
             ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            rusqlite::params![name, value],
        )
        .map_err(failed)?;
    Ok(())
}

pub fn get_number(connection: &Connection, name: &str) -> Result<Option<i64>> {
    Ok(get(connection, name)?
        .and_then(|bytes| bytes.try_into().ok())
        .map(i64::from_be_bytes))
}

/// Refuses a keyring that is another folder's, or older than the one this database has
/// seen. Only reads.
pub fn check_keyring(connection: &Connection, keys: &Keys) -> Result<()> {
    let refuse = |sentence: &'static str| Err(Error::new(Kind::Config, sentence));
    if let Some(mark) = get(connection, MARK)?
        && keys.instance_sealer().open("meta", MARK, 0, &mark).is_err()
    {
        return refuse(
            "The keyring belongs to another data folder. Put this folder's own back; nothing \
             was changed.",
        );
    }
    let seen = get_number(connection, GENERATION)?.unwrap_or(0);
    if (keys.generation() as i64) < seen {
        return refuse(
            "The keyring is older than the database: a previous copy was put in its place. \
             Put the last keyring back; nothing was changed.",
        );
    }
    Ok(())
}

/// Ties the database to its keyring, and remembers the keyring's generation.
pub fn remember_keyring(connection: &Connection, keys: &Keys) -> Result<()> {
    if get(connection, MARK)?.is_none() {
        let mark = keys.instance_sealer().seal("meta", MARK, 0, b"keyring")?;
        put(connection, MARK, &mark)?;
    }
    remember_generation(connection, keys)
}

/// Remembers the keyring's generation.
pub fn remember_generation(connection: &Connection, keys: &Keys) -> Result<()> {
    let held = keys.generation() as i64;
    if get_number(connection, GENERATION)? == Some(held) {
        return Ok(());
    }
    put(connection, GENERATION, &held.to_be_bytes())
}

/// Which journal was settled, and up to which row of it.
pub fn position(connection: &Connection) -> Result<(Option<[u8; 16]>, i64)> {
    Ok((
        journal_id(connection)?,
        get_number(connection, POSITION)?.unwrap_or(0),
    ))
}

/// The id of a journal, read from its own file.
pub fn journal_id(connection: &Connection) -> Result<Option<[u8; 16]>> {
    Ok(get(connection, JOURNAL)?.and_then(|bytes| bytes.try_into().ok()))
}

pub fn put_position(connection: &Connection, journal: [u8; 16], position: i64) -> Result<()> {
    put(connection, JOURNAL, &journal)?;
    put(connection, POSITION, &position.to_be_bytes())
}

/// The file that a database's time follows.
pub fn test_clock(connection: &Connection, keys: &Keys) -> Result<Option<PathBuf>> {
    let Some(sealed) = get(connection, TEST_CLOCK)? else {
        return Ok(None);
    };
    let sealer = keys.instance_sealer();
    let path = sealer.open("meta", TEST_CLOCK, 0, &sealed)?;
    Ok(Some(std::ffi::OsString::from_vec(path).into()))
}

impl Store {
    /// Passes over rows of a journal that are gone.
    pub(super) fn settle_up_to(&self, journal: [u8; 16], position: i64) -> Result<()> {
        put_position(&self.writer(), journal, position)
    }

    /// The file that this folder's time follows; none where it keeps real time.
    pub fn test_clock(&self) -> Result<Option<PathBuf>> {
        self.read(|connection| test_clock(connection, self.keys()))
    }

    /// Marks the folder for good as one whose time follows a file.
    pub fn mark_test_clock(&self, file: &Path) -> Result<()> {
        let sealer = self.keys().instance_sealer();
        let sealed = sealer.seal("meta", TEST_CLOCK, 0, file.as_os_str().as_bytes())?;
        put(&self.writer(), TEST_CLOCK, &sealed)
    }

    /// Which journal was settled last, and up to which row.
    pub fn settled_position(&self) -> Result<(Option<[u8; 16]>, i64)> {
        position(&self.writer())
    }
}
