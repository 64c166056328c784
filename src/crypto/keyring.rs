//! The keyring file: every account's keys and the instance's own, sealed under the
//! master key, replaced whole and atomically. It lies beside the database, never
//! inside it, and never in its backups.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::cipher::{Cipher, KeyBytes};
use super::{MasterKey, token};
use crate::error::{Error, Kind, Result};
use crate::model::id::AccountId;

const MAGIC: &[u8; 8] = b"PKRING1\n";
const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;

#[derive(Clone, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(transparent)]
pub struct StoredKey([u8; 32]);

impl StoredKey {
    fn generate() -> Self {
        StoredKey(token::random_bytes())
    }

    pub fn bytes(&self) -> KeyBytes {
        Zeroizing::new(self.0)
    }
}

/// The keys of one account.
#[derive(Clone, Serialize, Deserialize)]
pub struct AccountKeys {
    /// Data keys by version; the highest seals, all open.
    pub data: BTreeMap<u16, StoredKey>,
    /// For blind indexes; not changed by rotation.
    pub index: StoredKey,
}

impl AccountKeys {
    fn generate() -> Self {
        AccountKeys {
            data: BTreeMap::from([(1, StoredKey::generate())]),
            index: StoredKey::generate(),
        }
    }
}

#[derive(Clone, Serialize, Deserialize)]
pub struct Content {
    /// Goes up with every replacement; the database remembers the last one it saw.
    pub generation: u64,
    pub instance: AccountKeys,
    /// Seed of the key that will sign certificates and checkpoints.
    pub signing: StoredKey,
    #[serde(with = "by_id")]
    pub accounts: BTreeMap<AccountId, AccountKeys>,
}

/// The keyring of one data folder, open.
pub struct Keyring {
    path: PathBuf,
    cipher: Cipher,
    pub content: Content,
}

impl Keyring {
    /// Makes a new keyring. An existing one is never replaced.
    pub fn create(path: &Path, master: &MasterKey) -> Result<Self> {
        if path.exists() {
            let sentence = format!("{} exists already.", path.display());
            return Err(Error::new(Kind::Config, sentence));
        }
        let mut keyring = Keyring {
            path: path.to_owned(),
            cipher: master.keyring_cipher(),
            content: Content {
                generation: 0,
                instance: AccountKeys::generate(),
                signing: StoredKey::generate(),
                accounts: BTreeMap::new(),
            },
        };
        keyring.replace(|_| ())?;
        Ok(keyring)
    }

    /// Opens the keyring.
    ///
    /// # Errors
    /// [`Kind::Config`] where it is missing, or the master key does not open it.
    pub fn open(path: &Path, master: &MasterKey) -> Result<Self> {
        let config = |sentence: String| Error::new(Kind::Config, sentence);
        let length = std::fs::metadata(path).map(|file| file.len()).map_err(|error| {
            config(format!(
                "The keyring {} is missing. Put the last copy back; without it nobody can open this data",
                path.display()
            ))
            .because(error)
        })?;
        if length > FILE_BYTES_MAX {
            return Err(config(format!("{} is not a keyring.", path.display())));
        }
        let bytes = std::fs::read(path)?;
        let sealed = bytes
            .strip_prefix(MAGIC)
            .ok_or_else(|| config(format!("{} is not a keyring.", path.display())))?;
        let cipher = master.keyring_cipher();
        let plain = cipher
            .open(MAGIC, sealed)
            .map(Zeroizing::new)
            .ok_or_else(|| {
                config(
                "The master key does not open this keyring: it is another folder's key, or the \
                 keyring is damaged. Nothing was changed."
                    .to_owned(),
            )
            })?;
        let content = postcard::from_bytes(&plain)
            .map_err(|_| config("The keyring was written by a newer version.".to_owned()))?;
        Ok(Keyring {
            path: path.to_owned(),
            cipher,
            content,
        })
    }

    /// Changes the content and replaces the file; on failure nothing has changed.
    pub fn replace<T>(&mut self, change: impl FnOnce(&mut Content) -> T) -> Result<T> {
        let mut content = self.content.clone();
        let outcome = change(&mut content);
        content.generation += 1;
        let plain = Zeroizing::new(
            postcard::to_allocvec(&content)
                .map_err(|_| Error::internal("The keyring could not be written."))?,
        );
        let mut file = MAGIC.to_vec();
        file.extend(self.cipher.seal(MAGIC, &plain)?);
        write_atomically(&self.path, &file)?;
        self.content = content;
        Ok(outcome)
    }

    pub fn add_account(&mut self, id: AccountId) -> Result<()> {
        self.replace(|content| {
            content.accounts.insert(id, AccountKeys::generate());
        })
    }
}

fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    let temporary = path.with_extension("new");
    let written = || -> std::io::Result<()> {
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&temporary, path)?;
        match path.parent() {
            Some(folder) => File::open(folder)?.sync_all(),
            None => Ok(()),
        }
    };
    written().map_err(|error| {
        let sentence = format!("The keyring {} cannot be written", path.display());
        Error::new(Kind::CannotWrite, sentence).because(error)
    })
}

mod by_id {
    //! A map by account id as a list, which every format can hold.
    use super::{AccountId, AccountKeys, BTreeMap, Deserialize, Serialize};

    pub fn serialize<S: serde::Serializer>(
        map: &BTreeMap<AccountId, AccountKeys>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        map.iter().collect::<Vec<_>>().serialize(serializer)
    }

    pub fn deserialize<'de, D: serde::Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<AccountId, AccountKeys>, D::Error> {
        let list = Vec::<(AccountId, AccountKeys)>::deserialize(deserializer)?;
        Ok(list.into_iter().collect())
    }
}
