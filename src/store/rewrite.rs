//! The main database written anew. Where rows were moved between pages SQLite leaves
//! copies in the gaps of pages, and overwrites those with nothing when the rows go. Hits
//! are taken meanwhile, for the journal is a file of its own; settling and whoever
//! changes something in the console wait, so this is bounded.

use std::time::Duration;

use rusqlite::Connection;

use super::database::failed;
use super::scan::{self, Scanned};
use super::{DataFolder, Store, gaps, meta};
use crate::clock::{DAY_MS, Stopwatch, Timestamp};
use crate::error::{Error, Result};

/// A larger database is not written anew: settling would wait for minutes.
const BYTES_MAX: u64 = 4 << 30;
/// Room that the new file needs beside its copy in the log, for what comes in meanwhile.
const ROOM_BYTES: u64 = 32 << 20;
/// When the database was last written anew because a week was over.
const REWRITTEN_AT: &str = "rewritten_at";
const WEEK_MS: i64 = 7 * DAY_MS;
/// How long the disk is left alone after it had no room.
const ROOM_PAUSE: Duration = Duration::from_secs(600);
/// A look through a large file is followed by a rest of so many times its length.
const REST: u32 = 20;
const LONG_LOOK: Duration = Duration::from_secs(1);

/// Why the database is not written anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hindrance {
    TooLarge,
    NoRoom,
}

/// What became of copies that rows might have left.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cleared {
    /// Copies found at first; none: it was not known what to look for.
    pub found: Option<u64>,
    pub is_rewritten: bool,
    /// Copies that are left in the main database.
    pub left: u64,
    /// Copies in other files of the folder, which nothing here rewrites.
    pub elsewhere: u64,
    /// Why it was not written anew, though it had to be.
    pub hindrance: Option<Hindrance>,
}

/// How much room there must be to write a file of a size anew: its copy, and the log
/// through which that takes its place.
fn hindrance(bytes: u64, free: u64) -> Option<Hindrance> {
    if bytes > BYTES_MAX {
        return Some(Hindrance::TooLarge);
    }
    let needed = 2 * bytes + bytes / 16 + ROOM_BYTES;
    (free < needed).then_some(Hindrance::NoRoom)
}

impl Store {
    /// Looks for marks of what was deleted, and writes the main database anew where it
    /// holds some, or where it is not known what to look for. None: a reader is in the
    /// way, or it may wait and rests, or waits for room on the disk; try again later.
    pub fn clear_gaps(&self, marks: Option<&[Vec<u8>]>, may_wait: bool) -> Result<Option<Cleared>> {
        if may_wait && self.remains().rests() {
            return Ok(None);
        }
        let mut cleared = Cleared::default();
        if let Some(marks) = marks {
            let seen = self.look_for(marks)?;
            cleared.found = Some(seen.found());
            cleared.note(&seen);
            if cleared.left == 0 {
                return Ok(Some(cleared));
            }
        }
        cleared.hindrance = self.hindrance()?;
        match cleared.hindrance {
            Some(Hindrance::NoRoom) if may_wait => {
                self.remains().rest_for(ROOM_PAUSE);
                return Ok(None);
            }
            Some(hindrance) => {
                tracing::warn!(?hindrance, "the database holds remains of deleted rows");
                return Ok(Some(cleared));
            }
            None if !self.rewrite()? => return Ok(None),
            None => cleared.is_rewritten = true,
        }
        if let Some(marks) = marks {
            cleared.note(&self.look_for(marks)?);
        }
        Ok(Some(cleared))
    }

    /// Writes the main database anew where pages hold something in their gaps, once a
    /// week at most: of older versions of what was erased nobody knows what to look for.
    /// False: it was not due, or could not be done.
    pub fn rewrite_weekly(&self, now: Timestamp) -> Result<bool> {
        let last = self.read(|connection| meta::get_number(connection, REWRITTEN_AT))?;
        let Some(last) = last else {
            self.note_rewritten(now)?;
            return Ok(false);
        };
        let is_due = !(0..WEEK_MS).contains(&(now.millis() - last));
        if !is_due
            || !gaps::is_left(&self.folder().main_database())?
            || self.hindrance()?.is_some()
            || !self.rewrite()?
        {
            return Ok(false);
        }
        self.note_rewritten(now)?;
        Ok(true)
    }

    fn note_rewritten(&self, now: Timestamp) -> Result<()> {
        let at = now.millis().to_be_bytes();
        meta::put(&self.writer(), REWRITTEN_AT, &at).map_err(|error| self.judge(error))
    }

    fn look_for(&self, marks: &[Vec<u8>]) -> Result<Scanned> {
        let begun = Stopwatch::start();
        let seen = scan::scan(self.folder().path(), marks)?;
        if begun.elapsed() > LONG_LOOK {
            self.remains().rest_for(begun.elapsed() * REST);
        }
        Ok(seen)
    }

    fn hindrance(&self) -> Result<Option<Hindrance>> {
        let bytes = std::fs::metadata(self.folder().main_database())?.len();
        let found = hindrance(bytes, self.folder().space()?.free_bytes);
        if found == Some(Hindrance::NoRoom) {
            tracing::warn!(
                bytes,
                "the database must be written anew, and the disk has not twice its size free"
            );
        }
        Ok(found)
    }

    /// False: a reader keeps the log from being emptied.
    fn rewrite(&self) -> Result<bool> {
        self.folder().room().check()?;
        let outcome = vacuum(&self.writer(), self.folder());
        outcome.map_err(|error| self.judge(error))?;
        self.empty_log_soon()
    }
}

impl Cleared {
    fn note(&mut self, seen: &Scanned) {
        let main = ["pixelkeep.db", "pixelkeep.db-wal"];
        let in_main = main.iter().filter_map(|&name| seen.found_in.get(name));
        self.left = in_main.sum();
        self.elsewhere = seen.found() - self.left;
    }
}

/// Writes the file anew by way of a nameless file beside it: in memory it would not
/// always fit, and other folders may lie on another disk.
fn vacuum(connection: &Connection, folder: &DataFolder) -> Result<()> {
    let beside = folder
        .path()
        .to_str()
        .ok_or_else(|| Error::invalid("A data folder's path must be text."))?;
    let place = |store: &str| connection.pragma_update(None, "temp_store", store);
    connection
        .pragma_update(None, "temp_store_directory", beside)
        .and_then(|()| place("FILE"))
        .map_err(failed)?;
    let outcome = connection.execute_batch("VACUUM").map_err(failed);
    place("MEMORY").map_err(failed)?;
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_written_anew_where_the_disk_has_twice_its_size() {
        let free = 2 * (1 << 30) + (1 << 26) + ROOM_BYTES;
        assert_eq!(hindrance(1 << 30, free), None);
        assert_eq!(hindrance(1 << 30, free - 1), Some(Hindrance::NoRoom));
        assert_eq!(hindrance(BYTES_MAX, u64::MAX), None);
        assert_eq!(
            hindrance(BYTES_MAX + 1, u64::MAX),
            Some(Hindrance::TooLarge)
        );
    }
}
