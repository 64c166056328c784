//! Where the master key comes from, in this order: a systemd credential, a key file,
//! a passphrase file. Never the environment, never a command line; and a new key is
//! made only for a new folder.

use std::path::{Path, PathBuf};

use super::keyring::{self, Keyring};
use super::master::{self, CREDENTIAL, MasterKey, default_path};
use super::{Keys, durable, token};
use crate::error::{Error, Kind, Result};

/// What the operator has named.
#[derive(Debug, Clone, Default)]
pub struct KeySources {
    /// Folder of systemd credentials.
    pub credentials: Option<PathBuf>,
    pub key_file: Option<PathBuf>,
    pub passphrase_file: Option<PathBuf>,
}

/// Where a master key was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    Credential(PathBuf),
    File(PathBuf),
    Passphrase(PathBuf),
}

impl KeySource {
    /// What kind of source, in words.
    pub fn word(&self) -> &'static str {
        match self {
            KeySource::Credential(_) => "systemd credential",
            KeySource::File(_) => "key file",
            KeySource::Passphrase(_) => "passphrase file",
        }
    }

    pub fn path(&self) -> &Path {
        match self {
            KeySource::Credential(path) | KeySource::File(path) | KeySource::Passphrase(path) => {
                path
            }
        }
    }
}

impl KeySources {
    /// The first source that is there. A key file that was named counts as there: where
    /// it is missing, that is to be said.
    pub fn choose(&self, data_dir: &Path) -> KeySource {
        let credential = self.credentials.as_ref().map(|dir| dir.join(CREDENTIAL));
        if let Some(file) = credential.filter(|file| file.exists()) {
            return KeySource::Credential(file);
        }
        let default = default_path(data_dir);
        match (&self.key_file, &self.passphrase_file) {
            (Some(file), _) => KeySource::File(file.clone()),
            (None, Some(file)) if !default.exists() => KeySource::Passphrase(file.clone()),
            (None, _) => KeySource::File(default),
        }
    }

    /// Reads the master key of a folder that has a keyring.
    ///
    /// # Errors
    /// [`Kind::Config`] where there is none.
    pub fn load(&self, data_dir: &Path, keyring: &Path) -> Result<MasterKey> {
        match self.choose(data_dir) {
            KeySource::Passphrase(file) => {
                MasterKey::from_passphrase(&file, &keyring::salt(keyring)?)
            }
            source => MasterKey::read(source),
        }
    }

    /// Opens the keyring of a folder, finishing a change of the master key that was
    /// cut off.
    pub fn open(&self, data_dir: &Path, keyring: &Path) -> Result<Keys> {
        let loaded = self.load(data_dir, keyring);
        let refused = match loaded.and_then(|master| Keys::open(keyring, &master)) {
            Ok(keys) => {
                self.forget_next(data_dir);
                return Ok(keys);
            }
            Err(error) => error,
        };
        let KeySource::File(file) = self.choose(data_dir) else {
            return Err(refused);
        };
        let next = master::next_path(&file);
        if !next.exists() {
            return Err(refused);
        }
        let master = MasterKey::read(KeySource::File(next.clone()))?;
        if Keyring::open(keyring, &master).is_err() {
            return Err(refused);
        }
        durable::rename(&next, &file).map_err(|error| {
            let sentence = format!("The master key {} cannot be written", file.display());
            Error::new(Kind::CannotWrite, sentence).because(error)
        })?;
        Keys::open(keyring, &MasterKey::read(KeySource::File(file))?)
    }

    /// Takes away a key that was made for a change that never happened.
    fn forget_next(&self, data_dir: &Path) {
        if let KeySource::File(file) = self.choose(data_dir) {
            let next = master::next_path(&file);
            if next.exists() && std::fs::remove_file(&next).is_err() {
                tracing::warn!("the unused key {} cannot be removed", next.display());
            }
        }
    }

    /// Makes the keyring of a new folder, and a key file where no source is there.
    pub fn create(&self, data_dir: &Path, keyring: &Path) -> Result<Keys> {
        let salt = token::random_bytes();
        let master = match self.choose(data_dir) {
            KeySource::Passphrase(file) => MasterKey::from_passphrase(&file, &salt)?,
            KeySource::File(file) if !file.exists() => MasterKey::create(&file)?,
            source => MasterKey::read(source)?,
        };
        Keys::from_keyring(
            Keyring::create_with(keyring, &master, salt)?,
            master.source(),
        )
    }
}
