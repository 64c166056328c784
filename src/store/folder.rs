//! The data folder: who holds it, and whether it is new, whole or broken. Only the
//! process that holds `lock` opens what lies in it.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::reclaim::JournalOrders;
use super::room::Room;
use super::{database, wal};
use crate::crypto::{KeySources, Keys};
use crate::error::{Error, Kind, Result};

/// A data folder that this process holds.
pub struct DataFolder {
    path: PathBuf,
    /// Holding the file open holds the lock.
    _lock: File,
    journal: Arc<JournalOrders>,
    room: Arc<Room>,
    accepts_loss: bool,
}

/// How full a data folder and its disk are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// Of the files in the folder.
    pub used_bytes: u64,
    /// That may still be written.
    pub free_bytes: u64,
    pub disk_bytes: u64,
}

impl DataFolder {
    /// Takes the folder, making it (mode 0700) where it does not exist and `create` says so.
    ///
    /// # Errors
    /// [`Kind::CannotWrite`] where it cannot be made or written, [`Kind::Held`] where
    /// another process serves it, [`Kind::Config`] where it does not exist.
    pub fn take(path: &Path, create: bool) -> Result<Self> {
        if !path.is_dir() {
            if !create && !path.exists() {
                let sentence = format!(
                    "{} does not exist. Start `pixelkeep serve` once, or name the folder with --data-dir.",
                    path.display()
                );
                return Err(Error::new(Kind::Config, sentence));
            }
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(path)
                .map_err(|error| cannot_write(path, error))?;
        }
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path.join("lock"))
            .map_err(|error| cannot_write(path, error))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let sentence = format!(
                    "Another Pixelkeep serves {}. Stop it first, or name another folder with --data-dir.",
                    path.display()
                );
                return Err(Error::new(Kind::Held, sentence));
            }
            Err(TryLockError::Error(error)) => return Err(cannot_write(path, error)),
        }
        let folder = DataFolder {
            path: path.to_owned(),
            _lock: lock,
            journal: Arc::default(),
            room: Arc::new(Room::new(path.to_owned())),
            accepts_loss: false,
        };
        folder.tighten()?;
        Ok(folder)
    }

    /// Goes on where synced content was damaged: a damaged write-ahead log is kept
    /// beside its database and read up to the damage. Everything is said in the log.
    pub fn accept_loss(&mut self) -> Result<()> {
        self.accepts_loss = true;
        for database in [self.main_database(), self.journal_database()] {
            if let Some(copy) = wal::set_aside(&database::wal_path(&database))? {
                tracing::error!(
                    "{} was damaged; what lies behind the damage is lost to the figures and kept in {}",
                    database::wal_path(&database).display(),
                    copy.display()
                );
            }
        }
        Ok(())
    }

    /// Whether the operator goes on where synced content was damaged.
    pub fn accepts_loss(&self) -> bool {
        self.accepts_loss
    }

    /// What is known of the disk.
    pub fn room(&self) -> &Arc<Room> {
        &self.room
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How full the folder and its disk are. Blocks for a look at the disk.
    pub fn space(&self) -> Result<Space> {
        let disk = rustix::fs::statvfs(&self.path).map_err(std::io::Error::from)?;
        let mut used_bytes = 0;
        for entry in std::fs::read_dir(&self.path)? {
            // What goes while it is looked at takes no space.
            used_bytes += entry?.metadata().map_or(0, |data| data.len());
        }
        Ok(Space {
            used_bytes,
            free_bytes: disk.f_bavail.saturating_mul(disk.f_frsize),
            disk_bytes: disk.f_blocks.saturating_mul(disk.f_frsize),
        })
    }

    pub fn main_database(&self) -> PathBuf {
        self.path.join("pixelkeep.db")
    }

    pub fn journal_database(&self) -> PathBuf {
        self.path.join("journal.db")
    }

    pub(super) fn journal_orders(&self) -> &Arc<JournalOrders> {
        &self.journal
    }

    pub fn keyring(&self) -> PathBuf {
        self.path.join("keyring")
    }

    /// Whether nothing of ours lies in it yet; only then may a key be made.
    pub fn is_new(&self) -> bool {
        ![
            self.main_database(),
            self.journal_database(),
            self.keyring(),
        ]
        .iter()
        .any(|file| file.exists())
    }

    /// Opens the keys, making them in a new folder.
    pub fn keys(&self, sources: &KeySources) -> Result<Keys> {
        if self.is_new() {
            return sources.create(&self.path, &self.keyring());
        }
        let keys = sources.open(&self.path, &self.keyring())?;
        self.refuse_lost_database(&keys)?;
        Ok(keys)
    }

    /// Opens the keys of a folder whose database is about to be put back.
    ///
    /// # Errors
    /// [`Kind::Config`] where keyring or master key is missing or wrong.
    pub fn keys_alone(&self, sources: &KeySources) -> Result<Keys> {
        sources.open(&self.path, &self.keyring())
    }

    fn refuse_lost_database(&self, keys: &Keys) -> Result<()> {
        if self.main_database().exists() || keys.accounts().is_empty() {
            return Ok(());
        }
        Err(Error::new(
            Kind::Config,
            format!(
                "{} is missing, but the keyring holds accounts. Put the database back; nothing was changed.",
                self.main_database().display()
            ),
        ))
    }

    /// Nobody but the owner looks into the folder, whoever made it.
    fn tighten(&self) -> Result<()> {
        let permissions = std::fs::Permissions::from_mode(0o700);
        std::fs::set_permissions(&self.path, permissions)
            .map_err(|error| cannot_write(&self.path, error))
    }
}

fn cannot_write(path: &Path, error: std::io::Error) -> Error {
    let sentence = format!(
        "The data folder {} cannot be written. Check its owner and mode, or name another with --data-dir",
        path.display()
    );
    Error::new(Kind::CannotWrite, sentence).because(error)
}
