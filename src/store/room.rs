//! Whether the disk has room and can be trusted. A file of a few megabytes, the
//! reserve, is given up when the disk is full: people's acts, an erasure above all,
//! still find room, while hits are refused until the reserve is whole again. A disk
//! that failed a write or a sync is not asked again by this process: what it kept of
//! the failed write nobody knows. Nothing here knows SQL.

use std::fs::OpenOptions;
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use crate::clock::Stopwatch;
use crate::crypto::token;
use crate::error::{Error, Kind, Result};

/// Bytes kept back for acts on a full disk.
const RESERVE_BYTES: u64 = 8 << 20;
/// Bytes that must fit behind the longest file before the disk has room.
const PROBE_BYTES: usize = 256 << 10;
const BLOCK_BYTES: usize = 64 << 10;
const LOOK_EVERY: Duration = Duration::from_secs(2);

const FULL: &str =
    "The disk is full. Free some space on it; nothing was stored, and it goes on by itself";
const BROKEN: &str = "The disk failed to write. Nothing after that was acknowledged. Look at the \
     system's log and the disk, then start Pixelkeep again";

type Told = Box<dyn Fn(Error) + Send + Sync>;

/// The room in one data folder.
pub struct Room {
    folder: PathBuf,
    full: AtomicBool,
    broken: AtomicBool,
    told: OnceLock<Told>,
    /// When somebody last looked for room; one at a time does, or makes the reserve.
    looked: Mutex<Option<Stopwatch>>,
}

impl Room {
    pub(super) fn new(folder: PathBuf) -> Self {
        Room {
            folder,
            full: AtomicBool::new(false),
            broken: AtomicBool::new(false),
            told: OnceLock::new(),
            looked: Mutex::new(None),
        }
    }

    /// Whether the disk is full, as far as is known: hits are not taken meanwhile.
    pub fn is_full(&self) -> bool {
        self.full.load(Ordering::Acquire)
    }

    /// Names who is told when the disk fails; the first one named is.
    pub fn when_broken(&self, told: impl Fn(Error) + Send + Sync + 'static) {
        // A second engine in one process is a test's; the first one hears it.
        let _ = self.told.set(Box::new(told));
    }

    /// Refuses a write after one that the disk failed.
    pub(super) fn check(&self) -> Result<()> {
        if self.is_broken() {
            return Err(Error::new(Kind::Io, BROKEN));
        }
        Ok(())
    }

    pub(super) fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Acquire)
    }

    /// What a failed write means: a full disk, which passes, or a broken one, which
    /// ends the process. Other errors come back as they are.
    pub(super) fn judge(&self, error: Error) -> Error {
        match error.kind() {
            Kind::Full => {
                self.give_up_reserve();
                Error::new(Kind::Full, FULL).because(error)
            }
            Kind::Io | Kind::CannotWrite => self.judge_failure(error),
            _ => error,
        }
    }

    /// A quota and a limit of a file's size are no room either, but SQLite tells them
    /// from a broken disk as little as it tells the cause of a failed sync.
    fn judge_failure(&self, error: Error) -> Error {
        if !super::database::is_of_sync(&error) && self.is_short() {
            self.give_up_reserve();
            return Error::new(Kind::Full, FULL).because(error);
        }
        let first = !self.broken.swap(true, Ordering::AcqRel);
        if first && let Some(told) = self.told.get() {
            told(Error::new(Kind::Io, BROKEN).because(error.to_string()));
        }
        Error::new(Kind::Io, BROKEN).because(error)
    }

    fn give_up_reserve(&self) {
        if self.full.swap(true, Ordering::AcqRel) {
            return;
        }
        tracing::error!("{FULL}");
        // Where it cannot be removed there was none.
        let _ = std::fs::remove_file(self.reserve_path());
    }

    /// Looks whether a full disk has room again, for the reserve first of all. Looking
    /// takes that room for a moment, so it is done every two seconds at most.
    pub fn came_back(&self) -> bool {
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.is_full() {
            return true;
        }
        if looked.is_some_and(|last| last.elapsed() < LOOK_EVERY) {
            return false;
        }
        let has_room = self.make_reserve() && !self.is_short();
        *looked = Some(Stopwatch::start());
        if !has_room {
            // Room that it alone takes is for people's acts.
            let _ = std::fs::remove_file(self.reserve_path());
            return false;
        }
        self.full.store(false, Ordering::Release);
        tracing::info!("the disk has room again");
        true
    }

    /// Makes the reserve where there is none; without room for it there is none.
    pub fn keep_reserve(&self) {
        let _one = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.is_full() && !self.make_reserve() {
            tracing::warn!("the disk has no room for a reserve of {RESERVE_BYTES} bytes");
        }
    }

    fn reserve_path(&self) -> PathBuf {
        self.folder.join("reserve")
    }

    /// False: there is no room for it.
    fn make_reserve(&self) -> bool {
        let path = self.reserve_path();
        if std::fs::metadata(&path).is_ok_and(|file| file.len() == RESERVE_BYTES) {
            return true;
        }
        match fill(&path) {
            Ok(()) => true,
            Err(error) => {
                // Half of it would only be in the way.
                let _ = std::fs::remove_file(&path);
                // A limit of a file's size leaves room for none.
                error.kind() == ErrorKind::FileTooLarge
            }
        }
    }

    /// Whether nothing more fits, found by trying behind the longest file.
    fn is_short(&self) -> bool {
        let path = self.folder.join("room");
        let outcome = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&path)
            .and_then(|file| file.write_all_at(&[0x5a; PROBE_BYTES], self.longest()));
        let _ = std::fs::remove_file(&path);
        outcome.is_err_and(|error| is_no_room(&error))
    }

    /// The length of the longest database or log.
    fn longest(&self) -> u64 {
        ["pixelkeep.db", "journal.db"]
            .iter()
            .flat_map(|name| [(*name).to_owned(), format!("{name}-wal")])
            .filter_map(|name| std::fs::metadata(self.folder.join(name)).ok())
            .map(|file| file.len())
            .max()
            .unwrap_or(0)
    }
}

fn is_no_room(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge
    )
}

/// Random bytes, so that no file system makes less of them.
fn fill(path: &std::path::Path) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    for _ in 0..RESERVE_BYTES / BLOCK_BYTES as u64 {
        let block: Vec<[u8; 1_024]> = (0..BLOCK_BYTES / 1_024)
            .map(|_| token::random_bytes())
            .collect();
        file.write_all(block.as_flattened())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicUsize;

    use super::*;

    fn room() -> (tempfile::TempDir, Room) {
        let folder = tempfile::tempdir().unwrap();
        let room = Room::new(folder.path().to_owned());
        (folder, room)
    }

    #[test]
    fn a_full_disk_costs_the_reserve_and_passes() {
        let (folder, room) = room();
        room.keep_reserve();
        let reserve = folder.path().join("reserve");
        assert_eq!(reserve.metadata().unwrap().len(), RESERVE_BYTES);
        let error = room.judge(Error::new(Kind::Full, "no room"));
        assert_eq!(error.kind(), Kind::Full);
        assert!(room.is_full() && !room.is_broken() && !reserve.exists());
        assert!(room.came_back() && !room.is_full() && reserve.exists());
        assert!(!folder.path().join("room").exists());
    }

    #[test]
    fn a_disk_that_failed_is_told_once_and_not_asked_again() {
        let (_folder, room) = room();
        let told = Arc::new(AtomicUsize::new(0));
        let count = told.clone();
        room.when_broken(move |error| {
            assert_eq!(error.kind(), Kind::Io);
            count.fetch_add(1, Ordering::SeqCst);
        });
        assert!(room.check().is_ok());
        for _ in 0..2 {
            let error = room.judge(Error::new(Kind::CannotWrite, "read-only"));
            assert_eq!(error.kind(), Kind::Io);
        }
        assert_eq!(told.load(Ordering::SeqCst), 1);
        assert!(room.check().is_err());
    }

    #[test]
    fn an_error_of_the_callers_says_nothing_of_the_disk() {
        let (_folder, room) = room();
        let error = room.judge(Error::invalid("too long"));
        assert_eq!(error.kind(), Kind::Invalid);
        assert!(!room.is_full() && !room.is_broken());
    }
}
