//! The keyring file: every account's keys and the instance's own, sealed under the
//! master key, replaced whole and atomically. It lies beside the database, never
//! inside it, and never in its backups.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::cipher::Cipher;
use super::content::Content;
use super::{MasterKey, durable, token};
use crate::error::{Error, Kind, Result};

const MAGIC: &[u8; 8] = b"PKRING2\n";
/// The first form; it is opened, and rewritten at the next change.
const MAGIC_FIRST: &[u8; 8] = b"PKRING1\n";
const SALT_BYTES: usize = 16;
const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// The keyring of one data folder, open.
pub struct Keyring {
    path: PathBuf,
    cipher: Cipher,
    salt: Salt,
    pub content: Content,
}

/// Stands in front of the sealed content, for a master key out of a passphrase.
type Salt = [u8; SALT_BYTES];

impl Keyring {
    /// Makes a new keyring. An existing one is never replaced.
    pub fn create(path: &Path, master: &MasterKey) -> Result<Self> {
        Self::create_with(path, master, token::random_bytes())
    }

    /// The same with the salt that the master key was worked out with.
    pub fn create_with(path: &Path, master: &MasterKey, salt: Salt) -> Result<Self> {
        if path.exists() {
            let sentence = format!("{} exists already.", path.display());
            return Err(Error::new(Kind::Config, sentence));
        }
        let mut keyring = Keyring {
            path: path.to_owned(),
            cipher: master.keyring_cipher(),
            salt,
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
        let file = read(path)?;
        let content = unseal(path, &file, &cipher)?;
        Ok(Keyring {
            path: path.to_owned(),
            salt: salt_of(&file).unwrap_or_else(token::random_bytes),
            cipher,
            content,
        })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Changes the content and replaces the file; on failure nothing has changed.
    /// When it returns, the disk has it.
    pub fn replace<T>(&mut self, change: impl FnOnce(&mut Content) -> T) -> Result<T> {
        let mut content = self.content.clone();
        let outcome = change(&mut content);
        content.generation += 1;
        self.write(&content, &self.cipher)?;
        self.content = content;
        Ok(outcome)
    }

    /// Seals the content under another master key; on failure nothing has changed.
    pub fn rewrap(&mut self, master: &MasterKey) -> Result<()> {
        let cipher = master.keyring_cipher();
        let mut content = self.content.clone();
        content.generation += 1;
        // Whoever holds the old words cannot open the next copy.
        if let Some(escrow) = &mut content.escrow {
            escrow.verified_at = None;
        }
        self.write(&content, &cipher)?;
        self.content = content;
        self.cipher = cipher;
        Ok(())
    }

    fn write(&self, content: &Content, cipher: &Cipher) -> Result<()> {
        let mut file = [MAGIC.as_slice(), &self.salt].concat();
        let sealed = cipher.seal(&file, &content.to_json()?)?;
        file.extend(sealed);
        durable::replace(&self.path, &file).map_err(|error| cannot_write(&self.path, error))
    }

    /// Brings the copy in escrow up to the keyring; nothing where there is none.
    ///
    /// # Errors
    /// [`Kind::CannotWrite`]: whoever changed the keyring may not say that it is done.
    pub fn copy_to_escrow(&self) -> Result<()> {
        let Some(escrow) = &self.content.escrow else {
            return Ok(());
        };
        let latest = std::fs::read(&self.path)?;
        if std::fs::read(&escrow.path).is_ok_and(|copy| copy == latest) {
            return Ok(());
        }
        durable::replace(&escrow.path, &latest).map_err(|error| {
            let sentence = format!(
                "The keyring's copy {} cannot be written. Mount its place again, or choose \
                 another with key escrow set",
                escrow.path.display()
            );
            Error::new(Kind::CannotWrite, sentence).because(error)
        })
    }
}

/// The salt of a keyring, which is read before its key is known.
pub fn salt(path: &Path) -> Result<Salt> {
    salt_of(&read(path)?).ok_or_else(|| config(format!("{} is not a keyring.", path.display())))
}

fn salt_of(file: &[u8]) -> Option<Salt> {
    file.strip_prefix(MAGIC)?.first_chunk().copied()
}

/// Whether a file is a keyring, of whatever folder.
pub fn is_keyring(path: &Path) -> bool {
    read(path).is_ok_and(|file| file.starts_with(MAGIC) || file.starts_with(MAGIC_FIRST))
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
    let head = if file.starts_with(MAGIC) {
        MAGIC.len() + SALT_BYTES
    } else {
        MAGIC_FIRST.len()
    };
    let (head, sealed) = file
        .split_at_checked(head)
        .filter(|(head, _)| head.starts_with(MAGIC) || head.starts_with(MAGIC_FIRST))
        .ok_or_else(|| config(format!("{} is not a keyring.", path.display())))?;
    let plain = cipher
        .open(head, sealed)
        .map(Zeroizing::new)
        .ok_or_else(|| {
            config(
                "The master key does not open this keyring: it is another folder's key, or the \
                 keyring is damaged. Nothing was changed.",
            )
        })?;
    let content = if head.starts_with(MAGIC) {
        Content::from_json(&plain)
    } else {
        Content::from_first_form(&plain)
    };
    content.ok_or_else(|| config("The keyring was written by a newer version."))
}

fn config(sentence: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(Kind::Config, sentence)
}

fn cannot_write(path: &Path, error: std::io::Error) -> Error {
    let sentence = format!("The keyring {} cannot be written", path.display());
    Error::new(Kind::CannotWrite, sentence).because(error)
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
