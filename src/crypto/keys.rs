//! All keys of an open data folder, and the handles made from them. What the hot
//! path needs is derived once an account and swapped whole.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use arc_swap::ArcSwap;
use foldhash::HashMap;

use super::content::{AccountKeys, Content};
use super::keyring::Keyring;
use super::ledger::{ErasureLedger, LedgerEntry};
use super::{BlindIndex, ConversionIds, KeySource, MasterKey, Sealer, SealerClass, Signer};
use crate::error::{Error, Kind, Result};
use crate::model::id::AccountId;

/// The handles of one account.
pub(super) struct AccountHandles {
    stored: AccountKeys,
    pub(super) row: Sealer,
    pub(super) trail: Sealer,
    pub(super) tally: Sealer,
    pub(super) consent: Sealer,
    pub(super) counted: Sealer,
    pub(super) click: Sealer,
    pub(super) cookie: Sealer,
    pub(super) index: BlindIndex,
    /// Made when first asked for: it costs more than all others together.
    conversion_ids: OnceLock<ConversionIds>,
}

impl AccountHandles {
    fn new(id: AccountId, keys: &AccountKeys) -> Result<Self> {
        Ok(AccountHandles {
            row: Sealer::new(id, keys, SealerClass::Row),
            trail: Sealer::new(id, keys, SealerClass::Trail),
            tally: Sealer::new(id, keys, SealerClass::Tally),
            consent: Sealer::new(id, keys, SealerClass::Consent),
            counted: Sealer::new(id, keys, SealerClass::Counted),
            click: Sealer::new(id, keys, SealerClass::Click),
            cookie: Sealer::new(id, keys, SealerClass::Cookie),
            index: BlindIndex::new(&keys.index.bytes())?,
            conversion_ids: OnceLock::new(),
            stored: keys.clone(),
        })
    }
}

type Handles = HashMap<AccountId, Arc<AccountHandles>>;

struct Inner {
    keyring: Mutex<Keyring>,
    generation: AtomicU64,
    instance: Arc<AccountHandles>,
    signer: Signer,
    source: Mutex<Option<KeySource>>,
    accounts: ArcSwap<Handles>,
}

/// The keys of one data folder. Clones are handles to the same.
#[derive(Clone)]
pub struct Keys(Arc<Inner>);

impl Keys {
    /// Makes the keyring of a new data folder.
    pub fn create(path: &Path, master: &MasterKey) -> Result<Self> {
        Self::from_keyring(Keyring::create(path, master)?, master.source())
    }

    /// Opens the keyring of a data folder.
    pub fn open(path: &Path, master: &MasterKey) -> Result<Self> {
        let keys = Self::from_keyring(Keyring::open(path, master)?, master.source())?;
        if let Err(error) = keys.lock().copy_to_escrow() {
            tracing::warn!("{error}");
        }
        Ok(keys)
    }

    pub(super) fn from_keyring(keyring: Keyring, source: Option<KeySource>) -> Result<Self> {
        Ok(Keys(Arc::new(Inner {
            source: Mutex::new(source),
            instance: Arc::new(AccountHandles::new(
                AccountId::INSTANCE,
                &keyring.content.instance,
            )?),
            signer: Signer::new(&keyring.content.signing.bytes()),
            accounts: ArcSwap::from_pointee(handles(&keyring.content)?),
            generation: AtomicU64::new(keyring.content.generation),
            keyring: Mutex::new(keyring),
        })))
    }

    /// Goes up with every change of the keyring. Whoever keeps a handle for long asks
    /// whether it has gone up, and fetches the handle anew.
    pub fn generation(&self) -> u64 {
        self.0.generation.load(Ordering::Acquire)
    }

    /// Gives an account its keys, durably, before its first row is written.
    pub fn add_account(&self, id: AccountId) -> Result<()> {
        self.replace(|content| {
            content.accounts.insert(id, AccountKeys::generate());
        })
    }

    /// Destroys an account's keys, durably, before its rows are deleted: from here on
    /// nobody reads what they sealed. Done again, it makes sure of the copy in escrow.
    pub fn remove_account(&self, id: AccountId) -> Result<()> {
        if !self.0.accounts.load().contains_key(&id) {
            return self.lock().copy_to_escrow();
        }
        self.replace(|content| {
            content.accounts.remove(&id);
        })
    }

    /// The erasure ledger as it stands.
    pub fn erasure_ledger(&self) -> ErasureLedger {
        self.lock().content.erasures.clone()
    }

    /// Enters an erasure into the ledger, durably.
    pub fn enter_erasure(&self, entries: &[LedgerEntry]) -> Result<()> {
        self.replace(|content| content.erasures.enter(entries))
    }

    /// Drops what was erased before a UTC day, durably: from here on a backup of an
    /// earlier day must not come back. Nothing happens where there is nothing to drop.
    pub fn drop_erasures(&self, before: u32) -> Result<()> {
        let mut ledger = self.erasure_ledger();
        let entries = ledger.entries.len();
        ledger.drop_before(before);
        if ledger.entries.len() == entries {
            return Ok(());
        }
        self.replace(|content| {
            content.erasures.drop_before(before);
        })
    }

    /// Changes the keyring: the file first, then the handles that others are given, then
    /// the copy in escrow.
    pub(super) fn replace<T>(&self, change: impl FnOnce(&mut Content) -> T) -> Result<T> {
        let mut keyring = self.lock();
        let outcome = keyring.replace(change)?;
        self.0.accounts.store(Arc::new(handles(&keyring.content)?));
        self.note_generation(&keyring);
        keyring.copy_to_escrow()?;
        Ok(outcome)
    }

    /// Where the master key was found; none where the caller brought it.
    pub fn source(&self) -> Option<KeySource> {
        self.source_lock().clone()
    }

    pub(super) fn source_lock(&self) -> std::sync::MutexGuard<'_, Option<KeySource>> {
        self.0.source.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Accounts that have keys.
    pub fn accounts(&self) -> Vec<AccountId> {
        self.0.accounts.load().keys().copied().collect()
    }

    /// Versions of an account's data key, the oldest first; none where it has no keys.
    pub fn data_key_versions(&self, id: AccountId) -> Vec<u16> {
        let accounts = self.0.accounts.load();
        accounts
            .get(&id)
            .map(|handles| handles.stored.data.keys().copied().collect())
            .unwrap_or_default()
    }

    /// Seals and opens one class of an account's data.
    ///
    /// # Errors
    /// [`Kind::NotFound`] for an account without keys.
    pub fn sealer(&self, account: AccountId, class: SealerClass) -> Result<Sealer> {
        let handles = self.handles(account)?;
        Ok(match class {
            SealerClass::Row => handles.row.clone(),
            SealerClass::Trail => handles.trail.clone(),
            SealerClass::Tally => handles.tally.clone(),
            SealerClass::Consent => handles.consent.clone(),
            SealerClass::Counted => handles.counted.clone(),
            SealerClass::Click => handles.click.clone(),
            SealerClass::Cookie => handles.cookie.clone(),
            SealerClass::Journal(_) => Sealer::new(account, &handles.stored, class),
        })
    }

    /// Signs in the name of this instance.
    pub fn signer(&self) -> &Signer {
        &self.0.signer
    }

    /// Seals what belongs to the instance rather than to an account.
    pub fn instance_sealer(&self) -> &Sealer {
        &self.0.instance.row
    }

    /// Indexes what is looked up across accounts, such as a sign-in address.
    pub fn instance_index(&self) -> &BlindIndex {
        &self.0.instance.index
    }

    pub fn index(&self, account: AccountId) -> Result<BlindIndex> {
        Ok(self.handles(account)?.index.clone())
    }

    /// Makes and reads the ids of an account's conversions.
    pub fn conversion_ids(&self, account: AccountId) -> Result<ConversionIds> {
        let handles = self.handles(account)?;
        if let Some(ids) = handles.conversion_ids.get() {
            return Ok(ids.clone());
        }
        let ids = ConversionIds::new(&handles.stored.index.bytes())?;
        Ok(handles.conversion_ids.get_or_init(|| ids).clone())
    }

    pub(super) fn handles(&self, account: AccountId) -> Result<Arc<AccountHandles>> {
        if account == AccountId::INSTANCE {
            return Ok(self.0.instance.clone());
        }
        let accounts = self.0.accounts.load();
        accounts
            .get(&account)
            .cloned()
            .ok_or_else(|| Error::new(Kind::NotFound, "The keyring holds no key of this account."))
    }

    pub(super) fn note_generation(&self, keyring: &Keyring) {
        self.0
            .generation
            .store(keyring.content.generation, Ordering::Release);
    }

    pub(super) fn lock(&self) -> std::sync::MutexGuard<'_, Keyring> {
        self.0
            .keyring
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn handles(content: &Content) -> Result<Handles> {
    content
        .accounts
        .iter()
        .map(|(&id, keys)| Ok((id, Arc::new(AccountHandles::new(id, keys)?))))
        .collect()
}
