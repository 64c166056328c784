//! The master key: 32 bytes that open the keyring and nothing else. As a file, as
//! words to keep on paper, or worked out of a passphrase (Argon2id, RFC 9106).

use std::io::Read;
use std::path::{Path, PathBuf};

use argon2::{Algorithm, Argon2, Params, Version};
use bip39::{Language, Mnemonic};
use zeroize::{Zeroize, Zeroizing};

use super::cipher::{Cipher, KeyBytes, derive};
use super::source::KeySource;
use super::{durable, token};
use crate::error::{Error, Kind, Result};

/// Name of the systemd credential (`LoadCredential=pixelkeep.master:...`).
pub const CREDENTIAL: &str = "pixelkeep.master";
const PREFIX: &str = "pixelkeep-master-1:";
const FILE_BYTES_MAX: u64 = 4_096;
/// A passphrase is tried by machines: 128 MiB and four passes for each try.
const PASSPHRASE_MEMORY_KIB: u32 = 128 * 1024;
const PASSPHRASE_PASSES: u32 = 4;
const PASSPHRASE_CHARS_MIN: usize = 20;

/// The key that opens the keyring.
pub struct MasterKey {
    bytes: KeyBytes,
    source: Option<KeySource>,
}

impl MasterKey {
    pub fn generate() -> Self {
        MasterKey {
            bytes: Zeroizing::new(token::random_bytes()),
            source: None,
        }
    }

    /// Reads the key from a systemd credential where there is one, else from `path`.
    ///
    /// # Errors
    /// [`Kind::Config`] where no key is found or the file does not hold one.
    pub fn load(path: &Path, credentials: Option<&Path>) -> Result<Self> {
        let credential = credentials
            .map(|folder| folder.join(CREDENTIAL))
            .filter(|file| file.exists());
        Self::read(match credential {
            Some(file) => KeySource::Credential(file),
            None => KeySource::File(path.to_owned()),
        })
    }

    /// Reads the key that a file holds.
    pub fn read(source: KeySource) -> Result<Self> {
        let path = source.path();
        let text = read_text(path, "master key", "--key-file")?;
        let mut key = Zeroizing::new([0u8; 32]);
        let digits = text.trim().strip_prefix(PREFIX);
        digits
            .and_then(|digits| decode_hex(digits, key.as_mut_slice()))
            .ok_or_else(|| not_a_key(path))?;
        Ok(MasterKey {
            bytes: key,
            source: Some(source),
        })
    }

    /// Works the key out of a passphrase, the first line of a file: 20 characters at
    /// least. Takes about a second.
    pub fn from_passphrase(path: &Path, salt: &[u8; 16]) -> Result<Self> {
        let text = read_text(path, "passphrase", "--passphrase-file")?;
        let passphrase = text.lines().next().unwrap_or_default();
        if passphrase.chars().count() < PASSPHRASE_CHARS_MIN {
            return Err(Error::new(
                Kind::Config,
                format!(
                    "The passphrase in {} is too short: 20 characters at least, better six random \
                     words.",
                    path.display()
                ),
            ));
        }
        let params = Params::new(PASSPHRASE_MEMORY_KIB, PASSPHRASE_PASSES, 1, Some(32))
            .map_err(|_| Error::internal("The passphrase settings are wrong."))?;
        let mut key = Zeroizing::new([0u8; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase.as_bytes(), salt, key.as_mut_slice())
            .map_err(|_| Error::internal("The passphrase could not be worked out."))?;
        Ok(MasterKey {
            bytes: key,
            source: Some(KeySource::Passphrase(path.to_owned())),
        })
    }

    /// Makes a new key and writes it with mode 0600. An existing file is never replaced.
    ///
    /// # Errors
    /// [`Kind::CannotWrite`] where the file cannot be made.
    pub fn create(path: &Path) -> Result<Self> {
        Self::generate().write(path)
    }

    /// Writes the key to a new file. An existing file is never replaced.
    pub fn write(self, path: &Path) -> Result<Self> {
        let mut text = Zeroizing::new(String::from(PREFIX));
        for byte in self.bytes.iter() {
            text.push_str(&format!("{byte:02x}"));
        }
        text.push('\n');
        durable::create(path, text.as_bytes()).map_err(|error| {
            let sentence = format!("The master key {} cannot be written", path.display());
            Error::new(Kind::CannotWrite, sentence).because(error)
        })?;
        Ok(MasterKey {
            source: Some(KeySource::File(path.to_owned())),
            ..self
        })
    }

    /// The key as 24 words (BIP 39, English), to keep on paper.
    pub fn words(&self) -> Result<Zeroizing<String>> {
        let words = Mnemonic::from_entropy(self.bytes.as_slice())
            .map_err(|_| Error::internal("The master key could not be put in words."))?;
        Ok(Zeroizing::new(words.to_string()))
    }

    /// Reads the key from its words; the last one checks the others.
    ///
    /// # Errors
    /// [`Kind::Invalid`] where a word is wrong, missing or in the wrong place.
    pub fn from_words(text: &str) -> Result<Self> {
        let wrong = || {
            Error::invalid(
                "These are not the 24 words of a master key: one is misspelt, missing or in the \
                 wrong place.",
            )
        };
        let lower = Zeroizing::new(text.to_lowercase());
        let words: Zeroizing<String> =
            Zeroizing::new(lower.split_whitespace().collect::<Vec<_>>().join(" "));
        let words =
            Mnemonic::parse_in_normalized(Language::English, &words).map_err(|_| wrong())?;
        let (mut entropy, length) = words.to_entropy_array();
        let bytes: Option<[u8; 32]> = entropy[..length].try_into().ok();
        entropy.zeroize();
        Ok(MasterKey {
            bytes: Zeroizing::new(bytes.ok_or_else(wrong)?),
            source: None,
        })
    }

    /// Where it was found.
    pub fn source(&self) -> Option<KeySource> {
        self.source.clone()
    }

    /// The key that wraps the keyring.
    pub(super) fn keyring_cipher(&self) -> Cipher {
        Cipher::new(&derive(&self.bytes, b"pixelkeep", &[b"keyring/1"]))
    }
}

/// Where the master key lies unless `--key-file` says otherwise.
pub fn default_path(data_dir: &Path) -> PathBuf {
    data_dir.join("master.key")
}

/// Where the next master key lies while the keyring is changed over to it.
pub fn next_path(key_file: &Path) -> PathBuf {
    let mut name = key_file.as_os_str().to_owned();
    name.push(".next");
    name.into()
}

fn read_text(path: &Path, what: &str, option: &str) -> Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    let file = std::fs::File::open(path).map_err(|error| {
        Error::new(
            Kind::Config,
            format!(
                "The {what} {} cannot be read. Put it back or name it with {option}; \
                 without it nobody can open this data",
                path.display()
            ),
        )
        .because(error)
    })?;
    file.take(FILE_BYTES_MAX)
        .read_to_string(&mut text)
        .map_err(|_| not_a_key(path))?;
    Ok(text)
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
