//! What the keyring holds, and how it is written: JSON, so that a field can be added
//! with a default and an old keyring still opens. The first form (postcard, without
//! names of fields) is read and never written.

use std::collections::BTreeMap;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::cipher::KeyBytes;
use super::ledger::ErasureLedger;
use super::token;
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::model::id::AccountId;

/// 32 bytes of key as they are stored: base64 in JSON.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct StoredKey([u8; 32]);

impl StoredKey {
    pub fn generate() -> Self {
        StoredKey(token::random_bytes())
    }

    pub fn bytes(&self) -> KeyBytes {
        Zeroizing::new(self.0)
    }
}

impl Serialize for StoredKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(&Zeroizing::new(STANDARD_NO_PAD.encode(self.0)))
    }
}

impl<'de> Deserialize<'de> for StoredKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            return <[u8; 32]>::deserialize(deserializer).map(StoredKey);
        }
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        let bytes = STANDARD_NO_PAD.decode(text.as_bytes()).map(Zeroizing::new);
        bytes
            .ok()
            .and_then(|bytes| bytes.as_slice().try_into().ok())
            .map(StoredKey)
            .ok_or_else(|| de::Error::custom("not a key of 32 bytes"))
    }
}

/// The keys of one account.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountKeys {
    /// Data keys by version; the highest seals, all open.
    pub data: BTreeMap<u16, StoredKey>,
    /// For blind indexes; not changed by rotation.
    pub index: StoredKey,
}

impl AccountKeys {
    pub fn generate() -> Self {
        AccountKeys {
            data: BTreeMap::from([(1, StoredKey::generate())]),
            index: StoredKey::generate(),
        }
    }
}

/// Where a copy of the keyring is kept, the latest alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Escrow {
    pub path: PathBuf,
    /// When it was last shown that the copy opens.
    #[serde(default)]
    pub verified_at: Option<Timestamp>,
}

/// All of it. A field that is added takes `#[serde(default)]`; a keyring with a field
/// that this program does not know was written by a newer one and is refused, lest
/// the field be lost at the next change.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    /// Goes up with every replacement; the database remembers the last one it saw.
    pub generation: u64,
    pub instance: AccountKeys,
    /// Seed of the key that signs certificates and checkpoints.
    pub signing: StoredKey,
    pub accounts: BTreeMap<AccountId, AccountKeys>,
    /// What was erased lately.
    #[serde(default)]
    pub erasures: ErasureLedger,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escrow: Option<Escrow>,
}

impl Content {
    pub fn generate() -> Self {
        Content {
            generation: 0,
            instance: AccountKeys::generate(),
            signing: StoredKey::generate(),
            accounts: BTreeMap::new(),
            erasures: ErasureLedger::default(),
            escrow: None,
        }
    }

    pub fn to_json(&self) -> Result<Zeroizing<Vec<u8>>> {
        serde_json::to_vec(self)
            .map(Zeroizing::new)
            .map_err(|_| Error::internal("The keyring could not be written."))
    }

    /// None: a field is missing or not known.
    pub fn from_json(plain: &[u8]) -> Option<Self> {
        serde_json::from_slice(plain).ok()
    }

    /// Reads the first form.
    pub fn from_first_form(plain: &[u8]) -> Option<Self> {
        let first: FirstContent = postcard::from_bytes(plain).ok()?;
        let accounts = first.accounts.into_iter();
        Some(Content {
            generation: first.generation,
            instance: first.instance.into(),
            signing: first.signing,
            accounts: accounts.map(|(id, keys)| (id, keys.into())).collect(),
            erasures: ErasureLedger::default(),
            escrow: None,
        })
    }
}

#[derive(Deserialize)]
struct FirstContent {
    generation: u64,
    instance: FirstAccountKeys,
    signing: StoredKey,
    accounts: Vec<(AccountId, FirstAccountKeys)>,
}

#[derive(Deserialize)]
struct FirstAccountKeys {
    data: BTreeMap<u16, StoredKey>,
    index: StoredKey,
}

impl From<FirstAccountKeys> for AccountKeys {
    fn from(first: FirstAccountKeys) -> Self {
        AccountKeys {
            data: first.data,
            index: first.index,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type KeysWritten = (BTreeMap<u16, [u8; 32]>, [u8; 32]);

    /// As the first release wrote it, field by field.
    #[derive(Serialize)]
    struct Written {
        generation: u64,
        instance: KeysWritten,
        signing: [u8; 32],
        accounts: Vec<(u64, KeysWritten)>,
    }

    #[test]
    fn the_first_form_is_read() {
        let written = Written {
            generation: 7,
            instance: (BTreeMap::from([(1, [1; 32])]), [2; 32]),
            signing: [3; 32],
            accounts: vec![(9, (BTreeMap::from([(1, [4; 32]), (2, [5; 32])]), [6; 32]))],
        };
        let plain = postcard::to_allocvec(&written).unwrap();
        let content = Content::from_first_form(&plain).unwrap();
        assert_eq!(content.generation, 7);
        assert_eq!(*content.signing.bytes(), [3; 32]);
        let account = &content.accounts[&AccountId::from_random(9)];
        assert_eq!(*account.data[&2].bytes(), [5; 32]);
        assert_eq!(*account.index.bytes(), [6; 32]);
        let again = Content::from_json(&content.to_json().unwrap()).unwrap();
        assert_eq!(
            *again.accounts[&AccountId::from_random(9)].data[&1].bytes(),
            [4; 32]
        );
    }

    #[test]
    fn a_field_of_a_newer_version_is_not_passed_over() {
        let json = Content::generate().to_json().unwrap();
        let text = String::from_utf8(json.to_vec()).unwrap();
        let newer = text.replacen('{', "{\"later\":1,", 1);
        assert!(Content::from_json(text.as_bytes()).is_some());
        assert!(Content::from_json(newer.as_bytes()).is_none());
    }
}
