//! Sealing of what is stored. The associated data names account, table, column and
//! row, so that a blob moved elsewhere does not open.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::cipher::{Cipher, derive};
use super::content::AccountKeys;
use crate::error::{Error, Result};
use crate::model::id::AccountId;

const FORMAT: u8 = 1;
/// Bytes of a sealed blob before its nonce: format and key version.
const PREFIX_BYTES: usize = 3;

/// What a key is for; each has its own sub-key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SealerClass {
    Row,
    Trail,
    Tally,
    Consent,
    Counted,
    /// With the salt made at the program's start, stored beside each blob.
    Journal([u8; 16]),
    Click,
    Cookie,
}

impl SealerClass {
    fn label(self) -> &'static [u8] {
        match self {
            SealerClass::Row => b"row",
            SealerClass::Trail => b"trail",
            SealerClass::Tally => b"tally",
            SealerClass::Consent => b"consent",
            SealerClass::Counted => b"counted",
            SealerClass::Journal(_) => b"journal",
            SealerClass::Click => b"click",
            SealerClass::Cookie => b"cookie",
        }
    }

    fn salt(&self) -> &[u8] {
        match self {
            SealerClass::Journal(salt) => salt,
            _ => &[],
        }
    }
}

/// Seals and opens for one account and one class. Clones are handles to the same keys.
#[derive(Clone)]
pub struct Sealer(Arc<SealerKeys>);

struct SealerKeys {
    account: AccountId,
    current: u16,
    ciphers: BTreeMap<u16, Cipher>,
}

impl Sealer {
    pub(super) fn new(account: AccountId, keys: &AccountKeys, class: SealerClass) -> Self {
        let ciphers: BTreeMap<u16, Cipher> = keys
            .data
            .iter()
            .map(|(&version, key)| {
                let info: [&[u8]; 3] = [b"pixelkeep/1/", class.label(), &version.to_be_bytes()];
                let key = derive(&key.bytes(), class.salt(), &info);
                (version, Cipher::new(&key))
            })
            .collect();
        Sealer(Arc::new(SealerKeys {
            account,
            current: ciphers.keys().next_back().copied().unwrap_or(0),
            ciphers,
        }))
    }

    /// The newest key version and its cipher.
    pub(super) fn newest(&self) -> Result<(u16, &Cipher)> {
        self.0
            .ciphers
            .get(&self.0.current)
            .map(|cipher| (self.0.current, cipher))
            .ok_or_else(|| Error::internal("The account has no data key."))
    }

    pub(super) fn version(&self, version: u16) -> Option<&Cipher> {
        self.0.ciphers.get(&version)
    }

    /// Seals a value for one place.
    pub fn seal(&self, table: &str, column: &str, row: i64, plain: &[u8]) -> Result<Vec<u8>> {
        let (version, cipher) = self.newest()?;
        let [high, low] = version.to_be_bytes();
        cipher.seal_after(
            &[FORMAT, high, low],
            &self.associated(table, column, row),
            plain,
        )
    }

    /// Opens a value at the place it was sealed for.
    ///
    /// # Errors
    /// [`crate::error::Kind::Damaged`] where the key, the place or a single bit differs.
    pub fn open(&self, table: &str, column: &str, row: i64, blob: &[u8]) -> Result<Vec<u8>> {
        let opened = blob
            .split_first_chunk::<PREFIX_BYTES>()
            .filter(|([format, ..], _)| *format == FORMAT)
            .and_then(|([_, high, low], sealed)| {
                self.version(u16::from_be_bytes([*high, *low]))?
                    .open(&self.associated(table, column, row), sealed)
            });
        opened.ok_or_else(|| {
            Error::damaged(format!("A sealed value in {table}.{column} does not open."))
        })
    }

    fn associated(&self, table: &str, column: &str, row: i64) -> Vec<u8> {
        let mut data = Vec::with_capacity(48);
        data.extend_from_slice(b"pixelkeep");
        data.push(FORMAT);
        data.extend_from_slice(&self.0.account.row().to_be_bytes());
        for part in [table, column] {
            data.push(part.len() as u8);
            data.extend_from_slice(part.as_bytes());
        }
        data.extend_from_slice(&row.to_be_bytes());
        data
    }
}
