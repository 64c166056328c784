//! A copy of the main database for a backup, without sessions and one-time secrets,
//! and a copy put in the place of the database.

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::database::{self, failed};
use super::{DataFolder, Stage, Store, meta};
use crate::error::{Error, Result};
use crate::model::id::AccountId;
use crate::model::life::Life;

/// Tables of sessions, one-time links and mail that waits: none of their rows is in a
/// backup, and a restore sends nothing twice.
const SECRETS: [&str; 5] = ["support_visit", "session", "invite", "set_up", "mail"];

/// What stays of accounts whose end has come, across a restore.
pub type Tombstones = Vec<(AccountId, Stage, Life)>;

impl Store {
    /// Writes a copy of the main database as it is now, and gives the journal row up to
    /// which it is settled.
    pub fn copy_to(&self, path: &Path) -> Result<()> {
        let target = path
            .to_str()
            .ok_or_else(|| Error::invalid("A backup's path must be text."))?;
        self.read(|connection| {
            connection
                .execute("VACUUM INTO ?1", [target])
                .map_err(failed)
        })?;
        let copy = Connection::open(path).map_err(failed)?;
        copy.pragma_update(None, "secure_delete", "ON")
            .map_err(failed)?;
        for table in SECRETS {
            copy.execute(&format!("DELETE FROM {table}"), [])
                .map_err(failed)?;
        }
        copy.execute_batch("VACUUM").map_err(failed)
    }

    /// Whether everything that the journal holds now is settled.
    pub fn is_settled(&self) -> Result<bool> {
        let (journal, position) = self.settled_position()?;
        Ok(self.journal_last()? <= position || journal.is_none())
    }

    /// What must outlive a restore.
    pub fn tombstones(&self) -> Result<Tombstones> {
        self.lives_between(Stage::Claimed, Stage::Closed)
    }

    /// Puts back what outlives a restore, where the account is gone.
    pub fn keep_tombstones(&self, tombstones: &Tombstones) -> Result<()> {
        let mut connection = self.writer();
        let transaction = database::begin(&mut connection)?;
        for (id, stage, life) in tombstones {
            if !self.keys().accounts().contains(id) {
                self.put_life(&transaction, *id, *stage, life)?;
            }
        }
        transaction.commit().map_err(failed)
    }
}

/// Whether SQLite finds a file sound.
///
/// # Errors
/// [`crate::error::Kind::Damaged`] with what it says.
pub fn check_copy(path: &Path) -> Result<()> {
    let connection = database::open_reader(path)?;
    let said: String = connection
        .pragma_query_value(None, "integrity_check", |row| row.get(0))
        .map_err(failed)?;
    if said == "ok" {
        return Ok(());
    }
    Err(Error::damaged(format!(
        "The copied database is damaged: {said}"
    )))
}

impl DataFolder {
    /// A place in the folder for a copy that is being made or put in place.
    pub fn copy_path(&self) -> PathBuf {
        self.path().join("copy.tmp")
    }

    /// Removes a copy that was left behind.
    pub fn remove_copy(&self) -> Result<()> {
        for end in ["", "-journal", "-wal", "-shm"] {
            let mut name = self.copy_path().into_os_string();
            name.push(end);
            match std::fs::remove_file(PathBuf::from(name)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(error.into());
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Puts the copy in the place of the main database, which nobody has open.
    ///
    /// # Errors
    /// [`crate::error::Kind::Io`] where a log of the database that goes still holds something.
    pub fn install_copy(&self) -> Result<()> {
        let database = self.main_database();
        let wal = database::wal_path(&database);
        if std::fs::metadata(&wal).is_ok_and(|file| file.len() > 0) {
            if database::open(&database, &database::MAIN)
                .and_then(|connection| database::checkpoint_is_empty(&connection))
                .is_ok_and(|is_empty| is_empty)
            {
                tracing::debug!("the log of the database that goes was emptied");
            } else {
                std::fs::remove_file(&wal)?;
            }
        }
        std::fs::rename(self.copy_path(), &database)?;
        std::fs::File::open(self.path())?.sync_all()?;
        Ok(())
    }
}

/// The file that the time of a copied database follows, sealed there.
pub fn test_clock_of(path: &Path, keys: &crate::crypto::Keys) -> Result<Option<PathBuf>> {
    meta::test_clock(&database::open_reader(path)?, keys)
}

/// Refuses a copy that another keyring sealed, or that is newer than this one.
///
/// # Errors
/// [`crate::error::Kind::Config`].
pub fn check_copy_keyring(path: &Path, keys: &crate::crypto::Keys) -> Result<()> {
    meta::check_keyring(&database::open_reader(path)?, keys)
}
