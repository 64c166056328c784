//! Keys changed for others, and the copy of the keyring kept elsewhere. The master key
//! changes by wrapping the keyring anew; an account's by a further data key, which
//! seals from then on while the older ones still open.

use std::path::{Path, PathBuf};

use super::content::{Escrow, StoredKey};
use super::keyring::{self, Keyring};
use super::master::next_path;
use super::source::KeySource;
use super::{Keys, MasterKey, durable};
use crate::clock::Timestamp;
use crate::error::{Error, Kind, Result};
use crate::model::id::AccountId;

/// Data keys an account can have: what browsers carry names its key in one byte.
const VERSIONS_MAX: u16 = 255;

impl Keys {
    /// Puts a new master key in the place of the present one, and gives the file that
    /// holds it. Where the present one came from a key file, that file is replaced, and
    /// a start finishes what was cut; any other source needs `into`, a new file.
    ///
    /// # Errors
    /// [`Kind::Usage`] where `into` is needed and missing.
    pub fn rotate_master(&self, into: Option<&Path>) -> Result<PathBuf> {
        let mut source = self.source_lock();
        let (file, place) = match (&*source, into) {
            (_, Some(file)) => (file.to_owned(), None),
            (Some(KeySource::File(file)), None) => (next_path(file), Some(file.clone())),
            _ => {
                return Err(Error::new(
                    Kind::Usage,
                    "The master key does not come from a key file. Name a new file with \
                     --new-key-file, and put it in the place of the old key.",
                ));
            }
        };
        if place.is_some() && file.exists() {
            std::fs::remove_file(&file)?;
        }
        let master = MasterKey::create(&file)?;
        let mut keyring = self.lock();
        keyring.rewrap(&master)?;
        self.note_generation(&keyring);
        if let Some(place) = &place {
            durable::rename(&file, place)?;
        }
        let holds = place.unwrap_or(file);
        *source = Some(KeySource::File(holds.clone()));
        keyring.copy_to_escrow()?;
        Ok(holds)
    }

    /// Gives an account a further data key and says its version. What is sealed from
    /// now on is sealed with it.
    pub fn rotate_account(&self, id: AccountId) -> Result<u16> {
        let newest = self.newest_version(id)?;
        if newest >= VERSIONS_MAX {
            return Err(Error::invalid(
                "The account has had 255 data keys; no more can be made.",
            ));
        }
        let version = newest + 1;
        self.replace(|content| {
            if let Some(keys) = content.accounts.get_mut(&id) {
                keys.data.insert(version, StoredKey::generate());
            }
        })?;
        Ok(version)
    }

    /// The version of the data key that seals an account's content.
    pub fn newest_version(&self, id: AccountId) -> Result<u16> {
        let keyring = self.lock();
        let keys = keyring.content.accounts.get(&id);
        keys.and_then(|keys| keys.data.keys().next_back().copied())
            .ok_or_else(|| Error::not_found("account"))
    }

    /// Reads the master key once more from where it was found.
    ///
    /// # Errors
    /// [`Kind::Config`] where it is no longer there.
    pub fn load_master(&self) -> Result<MasterKey> {
        match self.source() {
            Some(KeySource::Passphrase(file)) => {
                let path = self.lock().path().to_owned();
                MasterKey::from_passphrase(&file, &keyring::salt(&path)?)
            }
            Some(source) => MasterKey::read(source),
            None => Err(Error::internal(
                "Nobody knows where the master key came from.",
            )),
        }
    }

    /// Where the keyring at a path says that its copy is kept; the folder need not be
    /// held for this.
    pub fn peek_escrow(keyring: &Path, master: &MasterKey) -> Result<Option<Escrow>> {
        Ok(Keyring::open(keyring, master)?.content.escrow)
    }

    /// Where the keyring's copy is kept.
    pub fn escrow(&self) -> Option<Escrow> {
        self.lock().content.escrow.clone()
    }

    /// Whether it was shown that the copy in escrow opens: if this disk dies, backups
    /// can be opened.
    pub fn is_recoverable(&self) -> bool {
        self.escrow()
            .is_some_and(|escrow| escrow.verified_at.is_some())
    }

    /// Keeps a copy of the keyring at a path from now on: the first one is there when
    /// this returns.
    ///
    /// # Errors
    /// [`Kind::Invalid`] where the path holds something else.
    pub fn set_escrow(&self, path: &Path) -> Result<()> {
        if path.exists() && !keyring::is_keyring(path) {
            return Err(Error::invalid(format!(
                "{} holds something else. Name a file that does not exist yet.",
                path.display()
            )));
        }
        let escrow = Escrow {
            path: path.to_owned(),
            verified_at: None,
        };
        // Written before it is promised, so that a wrong path changes nothing.
        durable::replace(path, &std::fs::read(self.lock().path())?).map_err(|error| {
            let sentence = format!("The keyring's copy {} cannot be written", path.display());
            Error::new(Kind::CannotWrite, sentence).because(error)
        })?;
        self.replace(|content| content.escrow = Some(escrow))
    }

    /// Shows that the copy in escrow opens with this master key and is the latest.
    ///
    /// # Errors
    /// [`Kind::Config`] where there is no copy, or it does not open, or is not the latest.
    pub fn verify_escrow(&self, master: &MasterKey, now: Timestamp) -> Result<Escrow> {
        let escrow = self.escrow().ok_or_else(|| {
            Error::new(
                Kind::Config,
                "No copy of the keyring is kept. Choose its place with key escrow set PATH.",
            )
        })?;
        let copy = Keyring::open(&escrow.path, master)?;
        if copy.content.generation != self.generation() {
            return Err(Error::new(
                Kind::Config,
                format!(
                    "The copy {} is not the latest. Run key escrow set once more.",
                    escrow.path.display()
                ),
            ));
        }
        let verified = Escrow {
            verified_at: Some(now),
            ..escrow
        };
        self.replace(|content| content.escrow = Some(verified.clone()))?;
        Ok(verified)
    }
}
