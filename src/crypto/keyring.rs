//! The keyring file: every account's keys and the instance's own, sealed under the
//! master key, replaced whole and atomically. It lies beside the database, never
//! inside it, and never in its backups.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::MasterKey;
use super::cipher::Cipher;
use super::content::Content;
use crate::error::{Error, Kind, Result};

const MAGIC: &[u8; 8] = b"PKRING2\n";
/// The first form; it is opened, and rewritten at the next change.
const MAGIC_FIRST: &[u8; 8] = b"PKRING1\n";
const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;

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
            content: Content::generate(),
        };
        keyring.replace(|_| ())?;
        Ok(keyring)
    }

    /// Opens the keyring.
    ///
    /// # Errors
    /// [`Kind::Config`] where it is missing, or the master key does not open it.
    pub fn open(path: &Path, master: &MasterKey) -> Result<Self> {
        let cipher = master.keyring_cipher();
        let content = unseal(path, &read(path)?, &cipher)?;
        Ok(Keyring {
            path: path.to_owned(),
            cipher,
            content,
        })
    }

    /// Changes the content and replaces the file; on failure nothing has changed.
    /// When it returns, the disk has it.
    pub fn replace<T>(&mut self, change: impl FnOnce(&mut Content) -> T) -> Result<T> {
        let mut content = self.content.clone();
        let outcome = change(&mut content);
        content.generation += 1;
        let mut file = MAGIC.to_vec();
        file.extend(self.cipher.seal(MAGIC, &content.to_json()?)?);
        write_atomically(&self.path, &file)?;
        self.content = content;
        Ok(outcome)
    }
}

fn read(path: &Path) -> Result<Vec<u8>> {
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
    Ok(std::fs::read(path)?)
}

fn unseal(path: &Path, file: &[u8], cipher: &Cipher) -> Result<Content> {
    let (magic, sealed) = file
        .split_first_chunk()
        .filter(|(magic, _)| [MAGIC, MAGIC_FIRST].contains(magic))
        .ok_or_else(|| config(format!("{} is not a keyring.", path.display())))?;
    let plain = cipher
        .open(magic, sealed)
        .map(Zeroizing::new)
        .ok_or_else(|| {
            config(
                "The master key does not open this keyring: it is another folder's key, or the \
                 keyring is damaged. Nothing was changed.",
            )
        })?;
    let content = if magic == MAGIC {
        Content::from_json(&plain)
    } else {
        Content::from_first_form(&plain)
    };
    content.ok_or_else(|| config("The keyring was written by a newer version."))
}

fn config(sentence: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(Kind::Config, sentence)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keyring_of_the_first_form_is_rewritten_at_its_next_change() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keyring");
        let master = MasterKey::generate();
        let cipher = master.keyring_cipher();
        let key = (
            std::collections::BTreeMap::from([(1u16, [1u8; 32])]),
            [2u8; 32],
        );
        let accounts = vec![(5u64, key.clone())];
        let plain = postcard::to_allocvec(&(3u64, key, [4u8; 32], accounts)).unwrap();
        let mut file = MAGIC_FIRST.to_vec();
        file.extend(cipher.seal(MAGIC_FIRST, &plain).unwrap());
        std::fs::write(&path, &file).unwrap();

        let mut keyring = Keyring::open(&path, &master).unwrap();
        assert_eq!(
            std::fs::read(&path).unwrap(),
            file,
            "opening changes nothing"
        );
        keyring.replace(|_| ()).unwrap();
        assert!(std::fs::read(&path).unwrap().starts_with(MAGIC));
        let again = Keyring::open(&path, &master).unwrap();
        assert_eq!(again.content.generation, 4);
        assert_eq!(again.content.accounts.len(), 1);
    }

    #[test]
    fn the_first_form_does_not_pass_for_the_second() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keyring");
        let master = MasterKey::generate();
        Keyring::create(&path, &master).unwrap();
        let mut file = std::fs::read(&path).unwrap();
        file[..8].copy_from_slice(MAGIC_FIRST);
        std::fs::write(&path, &file).unwrap();
        let refused = Keyring::open(&path, &master).err().unwrap();
        assert_eq!(refused.kind(), Kind::Config);
    }
}
