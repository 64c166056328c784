//! Single values: the keyring's generation, and how far settling has come.

use rusqlite::{Connection, OptionalExtension};

use super::Store;
use super::database::failed;
use crate::crypto::Keys;
use crate::error::{Error, Kind, Result};

/// Opens with the keyring that belongs to this database.
const MARK: &str = "keyring_mark";
const GENERATION: &str = "keyring_generation";
const JOURNAL: &str = "journal_id";
const POSITION: &str = "journal_position";

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

fn get_number(connection: &Connection, name: &str) -> Result<Option<i64>> {
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
    let journal = get(connection, JOURNAL)?.and_then(|bytes| bytes.try_into().ok());
    Ok((journal, get_number(connection, POSITION)?.unwrap_or(0)))
}

pub fn put_position(connection: &Connection, journal: [u8; 16], position: i64) -> Result<()> {
    put(connection, JOURNAL, &journal)?;
    put(connection, POSITION, &position.to_be_bytes())
}

impl Store {
    /// Which journal was settled last, and up to which row.
    pub fn settled_position(&self) -> Result<(Option<[u8; 16]>, i64)> {
        position(&self.writer())
    }
}
