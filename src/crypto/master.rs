//! The master key: 32 random bytes that open the keyring and nothing else. It comes
//! from a systemd credential or a key file, never from the environment or a
//! command line, and is never made anew beside a data folder that is not empty.

use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use zeroize::{Zeroize, Zeroizing};

use super::cipher::{Cipher, KeyBytes, derive};
use super::token;
use crate::error::{Error, Kind, Result};

/// Name of the systemd credential (`LoadCredential=pixelkeep.master:...`).
pub const CREDENTIAL: &str = "pixelkeep.master";
const PREFIX: &str = "pixelkeep-master-1:";
const FILE_BYTES_MAX: u64 = 4_096;

/// The key that opens the keyring.
pub struct MasterKey(KeyBytes);

impl MasterKey {
    pub fn generate() -> Self {
        MasterKey(Zeroizing::new(token::random_bytes()))
    }

    /// Reads the key from a systemd credential where there is one, else from `path`.
    ///
    /// # Errors
    /// [`Kind::Config`] where no key is found or the file does not hold one.
    pub fn load(path: &Path, credentials: Option<&Path>) -> Result<Self> {
        let credential = credentials
            .map(|folder| folder.join(CREDENTIAL))
            .filter(|file| file.exists());
        Self::read(&credential.unwrap_or_else(|| path.to_owned()))
    }

    fn read(path: &Path) -> Result<Self> {
        let mut text = Zeroizing::new(String::new());
        let file = std::fs::File::open(path).map_err(|error| {
            Error::new(
                Kind::Config,
                format!(
                    "The master key {} cannot be read. Put it back or name it with --key-file; \
                     without it nobody can open this data",
                    path.display()
                ),
            )
            .because(error)
        })?;
        file.take(FILE_BYTES_MAX)
            .read_to_string(&mut text)
            .map_err(|_| not_a_key(path))?;
        let mut key = Zeroizing::new([0u8; 32]);
        let digits = text
            .trim()
            .strip_prefix(PREFIX)
            .ok_or_else(|| not_a_key(path))?;
        decode_hex(digits, key.as_mut_slice()).ok_or_else(|| not_a_key(path))?;
        Ok(MasterKey(key))
    }

    /// Makes a new key and writes it with mode 0600. An existing file is never replaced.
    ///
    /// # Errors
    /// [`Kind::CannotWrite`] where the file cannot be made.
    pub fn create(path: &Path) -> Result<Self> {
        let key = Self::generate();
        let mut text = Zeroizing::new(String::from(PREFIX));
        for byte in key.0.iter() {
            text.push_str(&format!("{byte:02x}"));
        }
        text.push('\n');
        let written = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .and_then(|mut file| {
                file.write_all(text.as_bytes())?;
                file.sync_all()
            });
        written.map_err(|error| {
            let sentence = format!("The master key {} cannot be written", path.display());
            Error::new(Kind::CannotWrite, sentence).because(error)
        })?;
        Ok(key)
    }

    /// The key that wraps the keyring.
    pub(super) fn keyring_cipher(&self) -> Cipher {
        Cipher::new(&derive(&self.0, b"pixelkeep", &[b"keyring/1"]))
    }
}

/// Where the master key lies unless `--key-file` says otherwise.
pub fn default_path(data_dir: &Path) -> PathBuf {
    data_dir.join("master.key")
}

fn not_a_key(path: &Path) -> Error {
    Error::new(
        Kind::Config,
        format!(
            "{} does not hold a master key of Pixelkeep.",
            path.display()
        ),
    )
}

fn decode_hex(digits: &str, into: &mut [u8]) -> Option<()> {
    if digits.len() != into.len() * 2 || !digits.is_ascii() {
        return None;
    }
    for (index, byte) in into.iter_mut().enumerate() {
        let parsed = u8::from_str_radix(&digits[2 * index..2 * index + 2], 16);
        let Ok(value) = parsed else {
            into.zeroize();
            return None;
        };
        *byte = value;
    }
    Some(())
}
