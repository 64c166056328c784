//! All SQL, and the sealing at the door of every table. Methods speak in nouns of
//! `model` and name no type of SQLite; nothing here knows HTTP.

mod account;
mod audit;
mod campaign;
mod conversion;
mod database;
mod folder;
mod intake;
mod journal;
mod member;
mod meta;
mod publisher;
mod rates;
mod row;
mod segment;
mod session;
mod set_up;
mod settle;
mod site;
mod snapshot;
#[cfg(test)]
mod tests;
mod token;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use rusqlite::{Connection, Transaction};

use crate::crypto::{Keys, SealerClass};
use crate::error::Result;
use crate::model::action::Act;
use crate::model::catalog::Catalog;
use crate::model::id::AccountId;

pub use account::NewAccount;
pub use conversion::ConversionQuery;
pub use folder::DataFolder;
pub use intake::SettledFigures;
pub use journal::{JournalBatch, JournalReader, JournalWriter};
pub use session::Session;
pub use settle::{AccountBatch, NewConversion, Settled, Settling};
pub use snapshot::Snapshot;

struct Inner {
    folder: DataFolder,
    keys: Keys,
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
    catalog: ArcSwap<Catalog>,
}

/// The main database of one data folder. Clones are handles to the same.
///
/// Its methods block for a disk write; never call them on an event loop, but for
/// [`Store::catalog`].
#[derive(Clone)]
pub struct Store(Arc<Inner>);

impl Store {
    /// Opens the main database of a folder, making it where it does not exist.
    pub fn open(folder: DataFolder, keys: Keys) -> Result<Self> {
        let connection = database::open(&folder.main_database(), &database::MAIN)?;
        meta::check_generation(&connection, &keys)?;
        let store = Store(Arc::new(Inner {
            writer: Mutex::new(connection),
            readers: Mutex::new(Vec::new()),
            catalog: ArcSwap::default(),
            folder,
            keys,
        }));
        let catalog = store.load_catalog(&store.writer())?;
        store.0.catalog.store(Arc::new(catalog));
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
        let mut connection = self.writer();
        let transaction = database::begin(&mut connection)?;
        let outcome = work(&transaction)?;
        self.record(&transaction, act, account)?;
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
        let mut connection = self.writer();
        let transaction = database::begin(&mut connection)?;
        let outcome = work(&transaction)?;
        self.record(&transaction, act, account)?;
        let catalog = self.load_catalog(&transaction)?;
        transaction.commit().map_err(database::failed)?;
        self.0.catalog.store(Arc::new(catalog));
        database::checkpoint_if_long(&connection, &self.wal())?;
        Ok(outcome)
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
