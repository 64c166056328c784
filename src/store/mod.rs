//! All SQL, and the sealing at the door of every table. Methods speak in nouns of
//! `model` and name no type of SQLite; nothing here knows HTTP.

mod account;
mod audit;
mod audit_log;
#[cfg(test)]
mod audit_tests;
mod campaign;
mod conversion;
mod database;
mod erasure;
mod folder;
mod grant;
mod instance;
mod intake;
mod invite;
mod job;
mod journal;
#[cfg(test)]
mod keyring_tests;
mod life;
mod member;
mod meta;
#[cfg(test)]
mod people_tests;
mod person_mark;
mod publisher;
mod purge;
mod rates;
mod reclaim;
mod row;
mod segment;
mod session;
mod set_up;
mod settle;
mod shell_act;
mod shred;
mod sign_in;
mod site;
mod snapshot;
#[cfg(test)]
pub mod tests;
mod token;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use rusqlite::{Connection, Transaction};

use crate::crypto::{Keys, SealerClass};
use crate::error::Result;
use crate::model::action::Act;
use crate::model::audit::Detail;
use crate::model::catalog::Catalog;
use crate::model::id::AccountId;

pub use account::{HostedAccount, NewAccount};
pub use audit_log::AuditQuery;
pub use conversion::ConversionQuery;
pub use erasure::{DayOf, Erasure, ErasureBody, ErasureState, is_erased};
pub use folder::DataFolder;
pub use instance::Volume;
pub use intake::SettledFigures;
pub use invite::NewInvite;
pub use job::{Counts, JobRun};
pub use journal::{JournalBatch, JournalReader, JournalWriter};
pub use life::Stage;
pub use person_mark::mark;
pub use segment::TIER_CLOSED;
pub use session::{Session, SessionContent, SignInPlace};
pub use settle::{AccountBatch, NewConversion, Settled, Settling};
pub use shell_act::ShellAct;
pub use snapshot::Snapshot;

struct Inner {
    folder: DataFolder,
    keys: Keys,
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
    catalog: ArcSwap<Catalog>,
    marks: ArcSwap<person_mark::AllMarks>,
    erasing: Mutex<()>,
}

/// The main database of one data folder. Clones are handles to the same.
///
/// Its methods block for a disk write; never call them on an event loop, but for
/// [`Store::catalog`].
#[derive(Clone)]
pub struct Store(Arc<Inner>);

impl Store {
    /// Opens the main database of a folder, making it where it does not exist.
    ///
    /// # Errors
    /// [`crate::error::Kind::Config`] where the keyring is another folder's or older than
    /// the database; then no file has changed.
    pub fn open(folder: DataFolder, keys: Keys) -> Result<Self> {
        if let Some(peek) = database::peek(&folder.main_database())? {
            meta::check_keyring(&peek, &keys)?;
        }
        let connection = database::open(&folder.main_database(), &database::MAIN)?;
        meta::remember_keyring(&connection, &keys)?;
        let store = Store(Arc::new(Inner {
            writer: Mutex::new(connection),
            readers: Mutex::new(Vec::new()),
            catalog: ArcSwap::default(),
            marks: ArcSwap::default(),
            erasing: Mutex::new(()),
            folder,
            keys,
        }));
        store.finish_shredding()?;
        let catalog = store.load_catalog(&store.writer())?;
        store.0.catalog.store(Arc::new(catalog));
        let marks = person_mark::load(&store.writer())?;
        store.0.marks.store(Arc::new(marks));
        Ok(store)
    }

    /// Everything there is to know of accounts, sites, campaigns and publishers.
    pub fn catalog(&self) -> Arc<Catalog> {
        self.0.catalog.load_full()
    }

    pub fn keys(&self) -> &Keys {
        &self.0.keys
    }

    pub fn folder(&self) -> &DataFolder {
        &self.0.folder
    }

    /// Empties the write-ahead log; for an orderly stop.
    pub fn close(&self) -> Result<()> {
        self.0
            .readers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        database::checkpoint(&self.writer())
    }

    fn writer(&self) -> MutexGuard<'_, Connection> {
        self.0.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wal(&self) -> PathBuf {
        database::wal_path(&self.0.folder.main_database())
    }

    /// Runs one write: begins, does, records the act, commits; nothing on error.
    fn write<T>(
        &self,
        act: Act,
        account: AccountId,
        work: impl FnOnce(&Transaction<'_>) -> Result<T>,
    ) -> Result<T> {
        self.write_about(act, account, |transaction| {
            Ok((work(transaction)?, Detail::default()))
        })
    }

    /// The same for work that says more about itself in the audit.
    fn write_about<T>(
        &self,
        act: Act,
        account: AccountId,
        work: impl FnOnce(&Transaction<'_>) -> Result<(T, Detail)>,
    ) -> Result<T> {
        let mut connection = self.writer();
        let transaction = database::begin(&mut connection)?;
        let (outcome, detail) = work(&transaction)?;
        self.finish(&transaction, act, account, detail)?;
        transaction.commit().map_err(database::failed)?;
        database::checkpoint_if_long(&connection, &self.wal())?;
        Ok(outcome)
    }

    /// The same for what collect must know: the catalog is current when it returns.
    fn write_catalog<T>(
        &self,
        act: Act,
        account: AccountId,
        work: impl FnOnce(&Transaction<'_>) -> Result<T>,
    ) -> Result<T> {
        self.write_catalog_about(act, account, |transaction| {
            Ok((work(transaction)?, Detail::default()))
        })
    }

    fn write_catalog_about<T>(
        &self,
        act: Act,
        account: AccountId,
        work: impl FnOnce(&Transaction<'_>) -> Result<(T, Detail)>,
    ) -> Result<T> {
        let mut connection = self.writer();
        let transaction = database::begin(&mut connection)?;
        let (outcome, detail) = work(&transaction)?;
        self.finish(&transaction, act, account, detail)?;
        let catalog = self.load_catalog(&transaction)?;
        transaction.commit().map_err(database::failed)?;
        self.0.catalog.store(Arc::new(catalog));
        database::checkpoint_if_long(&connection, &self.wal())?;
        Ok(outcome)
    }

    /// What every write ends with: its audit entry, and the keyring it was made under.
    fn finish(
        &self,
        transaction: &Transaction<'_>,
        act: Act,
        account: AccountId,
        detail: Detail,
    ) -> Result<()> {
        meta::remember_generation(transaction, self.keys())?;
        self.remember_shell_act(transaction, act, account)?;
        self.record(transaction, act, account, detail)
    }

    fn load_catalog(&self, connection: &Connection) -> Result<Catalog> {
        Ok(Catalog::new(
            self.load_accounts(connection)?,
            self.load_sites(connection)?,
            self.load_campaigns(connection)?,
            self.load_publishers(connection)?,
        ))
    }

    fn row_sealer(&self, account: AccountId) -> Result<crate::crypto::Sealer> {
        self.0.keys.sealer(account, SealerClass::Row)
    }
}
