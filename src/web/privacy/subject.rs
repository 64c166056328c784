//! Who a visitor's form is about: sealed into the page that showed it, so that only who
//! saw the page can send the form, and for an hour.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::crypto::{Keys, SealerClass};
use crate::error::{Error, Kind, Result};
use crate::model::hit::HitId;
use crate::model::id::AccountId;
use crate::model::person::{PersonIds, Reach};

/// How long a page's forms work, in milliseconds.
const LIFE_MS: i64 = 60 * 60 * 1_000;
const PLACE: (&str, &str) = ("visitor", "subject");

/// Somebody who was recognised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    pub account: AccountId,
    visitors: Vec<[u8; 16]>,
    hits: Vec<HitId>,
    conversions: Vec<u64>,
    pub reach: Reach,
    shown_at: Timestamp,
}

impl Subject {
    pub fn new(account: AccountId, ids: &PersonIds, reach: Reach, now: Timestamp) -> Self {
        Subject {
            account,
            visitors: ids.visitors.iter().copied().collect(),
            hits: ids.hits.iter().copied().collect(),
            conversions: ids.conversions.iter().copied().collect(),
            reach,
            shown_at: now,
        }
    }

    pub fn ids(&self) -> PersonIds {
        PersonIds {
            visitors: self.visitors.iter().copied().collect(),
            hits: self.hits.iter().copied().collect(),
            conversions: self.conversions.iter().copied().collect(),
            ..PersonIds::default()
        }
    }

    /// As it stands in a form.
    pub fn seal(&self, keys: &Keys) -> Result<String> {
        let plain = postcard::to_allocvec(self)
            .map_err(|_| Error::internal("A form could not be written."))?;
        let sealer = keys.sealer(self.account, SealerClass::Cookie)?;
        let sealed = sealer.seal(PLACE.0, PLACE.1, 0, &plain)?;
        Ok(format!(
            "{}.{}",
            self.account,
            URL_SAFE_NO_PAD.encode(sealed)
        ))
    }

    /// # Errors
    /// [`Kind::NotAllowed`] where it is not ours or its hour is over.
    pub fn open(keys: &Keys, text: &str, now: Timestamp) -> Result<Subject> {
        let open = || -> Option<Subject> {
            let (account, sealed) = text.split_once('.')?;
            let account: AccountId = account.parse().ok()?;
            let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
            let sealer = keys.sealer(account, SealerClass::Cookie).ok()?;
            let plain = sealer.open(PLACE.0, PLACE.1, 0, &sealed).ok()?;
            let subject: Subject = postcard::from_bytes(&plain).ok()?;
            let age = now.millis() - subject.shown_at.millis();
            (subject.account == account && (0..=LIFE_MS).contains(&age)).then_some(subject)
        };
        open().ok_or_else(|| {
            Error::new(
                Kind::NotAllowed,
                "This form is too old or not from this page. Open the page again and repeat it.",
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::MasterKey;

    #[test]
    fn a_form_works_for_an_hour_and_not_when_changed() {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::create(&folder.path().join("keyring"), &MasterKey::generate()).unwrap();
        let account = AccountId::from_random(7);
        keys.add_account(account).unwrap();
        let mut ids = PersonIds::default();
        ids.visitors.insert([1; 16]);
        let at = Timestamp::from_millis;
        let subject = Subject::new(account, &ids, Reach::Whole, at(1_000));
        let text = subject.seal(&keys).unwrap();
        assert_eq!(
            Subject::open(&keys, &text, at(1_000 + LIFE_MS)).unwrap(),
            subject
        );
        assert!(Subject::open(&keys, &text, at(1_001 + LIFE_MS)).is_err());
        for at_byte in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at_byte] = if changed[at_byte] == b'a' { b'b' } else { b'a' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(
                Subject::open(&keys, &changed, at(1_000)).is_err(),
                "{at_byte}"
            );
        }
    }
}
