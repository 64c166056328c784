//! All SQL, and the sealing at the door of every table. Methods speak in nouns of
//! `model` and name no type of SQLite; nothing here knows HTTP.

mod account;
mod audit;
mod audit_log;
#[cfg(test)]
mod audit_tests;
mod backup;
mod campaign;
mod conversion;
mod conversion_id;
#[cfg(test)]
mod conversion_id_tests;
mod database;
mod erasure;
mod folder;
mod gaps;
mod grant;
mod instance;
mod intake;
#[cfg(test)]
mod inventory_tests;
mod invite;
mod job;
mod journal;
mod journal_reader;
#[cfg(test)]
mod keyring_tests;
mod kit;
mod ledger_loss;
mod life;
mod mail;
#[cfg(test)]
mod mail_tests;
mod member;
mod meta;
mod outside;
#[cfg(test)]
mod people_tests;
mod person_mark;
mod privacy_request;
mod publisher;
mod purge;
mod rates;
mod reclaim;
mod remains;
mod reseal;
#[cfg(test)]
mod reseal_tests;
mod retention;
mod rewrite;
mod room;
mod row;
pub mod scan;
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
mod wal;
#[cfg(test)]
mod wal_tests;
mod way;
#[cfg(test)]
mod way_tests;
mod withdrawal;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use rusqlite::{Connection, Transaction};

use crate::crypto::{Keys, SealerClass};
use crate::error::{Error, Kind, Result};
use crate::model::action::Act;
use crate::model::audit::{Detail, Subject};
use crate::model::catalog::Catalog;
use crate::model::id::AccountId;

pub use account::{HostedAccount, NewAccount};
pub use audit_log::AuditQuery;
pub use backup::{Tombstones, check_copy, check_copy_keyring, test_clock_of};
pub use conversion::ConversionQuery;
pub use database::sqlite_version;
pub use erasure::{DayOf, Erasure, ErasureBody, ErasureState, is_erased};
pub use folder::{DataFolder, Space};
pub use instance::Volume;
pub use intake::SettledFigures;
pub use invite::NewInvite;
pub use job::{Counts, JobRun};
pub use journal::JournalWriter;
pub use journal_reader::{JournalBatch, JournalReader};
pub use life::Stage;
pub use mail::{MailQueue, WaitingMail};
pub use person_mark::mark;
pub use privacy_request::RequestsDue;
pub use reseal::{ResealPosition, Resealed};
pub use retention::OldDay;
pub use rewrite::{Cleared, Hindrance};
pub use room::Room;
pub use segment::{TIER_CLOSED, TIER_FOLDED};
pub use session::{Session, SessionContent, SignInPlace};
pub use settle::{AccountBatch, NewConversion, Settled, Settling};
pub use shell_act::ShellAct;
pub use snapshot::Snapshot;
pub use token::TokenLine;
pub use withdrawal::Withdrawal;

struct Inner {
    folder: DataFolder,
    keys: Keys,
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
    catalog: ArcSwap<Catalog>,
    marks: ArcSwap<person_mark::AllMarks>,
    erasing: Mutex<()>,
    remains: remains::Remains,
}

/// The main database of one data folder. Clones are handles to the same.
///
/// Its methods block for a disk write; never call them on an event loop, but for
/// [`Store::catalog`].
#[derive(Clone)]
pub struct Store(Arc<Inner>);

impl Drop for Inner {
    fn drop(&mut self) {
        if self.folder.room().is_broken() {
            let writer = self
                .writer
                .get_mut()
                .unwrap_or_else(PoisonError::into_inner);
            database::leave_as_it_is(writer);
        }
    }
}

impl Store {
    /// Opens the main database of a folder, making it where it does not exist.
    ///
    /// # Errors
    /// [`Kind::Config`] where the keyring is another folder's or older than the database,
    /// or where a database is not ours or a newer version's; [`Kind::Damaged`] where
    /// opening a database would drop what was synced. Then no file has changed.
    pub fn open(folder: DataFolder, keys: Keys) -> Result<Self> {
        let main = database::check(&folder.main_database(), &database::MAIN)?;
        if let Some(peek) = &main.peek {
            meta::check_keyring(peek, &keys)?;
        }
        let journal = database::check(&folder.journal_database(), &database::JOURNAL)?;
        main.cut_torn_end()?;
        journal.cut_torn_end()?;
        let connection = database::open(&folder.main_database(), &database::MAIN)?;
        meta::remember_keyring(&connection, &keys)?;
        let store = Store(Arc::new(Inner {
            writer: Mutex::new(connection),
            readers: Mutex::new(Vec::new()),
            catalog: ArcSwap::default(),
            marks: ArcSwap::default(),
            erasing: Mutex::new(()),
            remains: Default::default(),
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

    /// Empties the write-ahead log; for an orderly stop. On a full disk it keeps its
    /// content, which the next start reads.
    pub fn close(&self) -> Result<()> {
        self.0
            .readers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        match self.empty_log() {
            Err(error) if error.kind() == Kind::Full => Ok(()),
            outcome => outcome,
        }
    }

    /// Empties the write-ahead log, as far as no reader needs it.
    ///
    /// # Errors
    /// [`Kind::Full`] where the disk has no room for that, [`Kind::Io`] where it failed.
    pub fn empty_log(&self) -> Result<()> {
        self.0.folder.room().check()?;
        database::checkpoint(&self.writer()).map_err(|error| self.judge(error))
    }

    /// What a failed write means for the process; see [`Room`].
    fn judge(&self, error: Error) -> Error {
        self.0.folder.room().judge(error)
    }

    /// Moves the log into the database once it has grown. It follows a commit, which
    /// stands whatever comes of this: a full disk is no failure of the act.
    fn tidy(&self, connection: &Connection) -> Result<()> {
        match database::checkpoint_if_long(connection, &self.wal()).map_err(|e| self.judge(e)) {
            Err(error) if error.kind() == Kind::Full => Ok(()),
            outcome => outcome,
        }
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
        self.0.folder.room().check()?;
        let mut connection = self.writer();
        let written = || {
            let transaction = database::begin(&mut connection)?;
            let (outcome, detail) = work(&transaction)?;
            self.finish(&transaction, act, account, detail)?;
            transaction.commit().map_err(database::failed)?;
            Ok(outcome)
        };
        let outcome = written().map_err(|error| self.judge(error))?;
        self.tidy(&connection)?;
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
        self.0.folder.room().check()?;
        let mut connection = self.writer();
        let written = || {
            let transaction = database::begin(&mut connection)?;
            let (outcome, detail) = work(&transaction)?;
            self.finish(&transaction, act, account, detail)?;
            let catalog = self.load_catalog(&transaction)?;
            transaction.commit().map_err(database::failed)?;
            self.0.catalog.store(Arc::new(catalog));
            Ok(outcome)
        };
        let outcome = written().map_err(|error| self.judge(error))?;
        self.tidy(&connection)?;
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
        self.remember_shell_act(transaction, act, account, detail.note())?;
        self.record(transaction, act, account, detail)?;
        if account != AccountId::INSTANCE && act.is_told_to_the_instance() {
            // Which account it was done to, and nothing of what stands in it.
            let told = act.on(Subject::Account(account));
            self.record(transaction, told, AccountId::INSTANCE, Detail::default())?;
        }
        Ok(())
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
