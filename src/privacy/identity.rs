//! What somebody is looked for by, read into ids. Says what each of them can find and
//! what it cannot.

use std::collections::HashSet;

use crate::crypto::{ClickIds, Keys};
use crate::error::{Error, Result};
use crate::model::hit::HitId;
use crate::model::id::{AccountId, ConversionId};
use crate::model::person::{Identity, IdentityKind, PersonIds};
use crate::segment::{COUNTED_COLUMNS, Class, Source, decode_counted};
use crate::store::Store;

/// The ids that identities name.
///
/// # Errors
/// [`crate::error::Kind::Invalid`] where one is not of its form, with what it must be.
pub fn read(keys: &Keys, account: AccountId, identities: &[Identity]) -> Result<PersonIds> {
    let mut ids = PersonIds::default();
    for identity in identities {
        let text = identity.value.reveal().trim();
        match identity.kind {
            IdentityKind::ClickId => {
                ids.hits.insert(hit(keys, account, text)?);
            }
            IdentityKind::TransactionId => {
                ids.transactions.insert(text.to_owned());
            }
            IdentityKind::VisitorId => {
                ids.visitors
                    .insert(sixteen(text).ok_or_else(|| {
                        Error::invalid("A visitor id has 32 hexadecimal digits.")
                    })?);
            }
            IdentityKind::ConversionId => {
                let id: ConversionId = text
                    .parse()
                    .map_err(|_| Error::invalid("A conversion id has 16 hexadecimal digits."))?;
                ids.conversions.insert(id.0);
            }
            IdentityKind::EmailHash => {
                ids.email_hashes.insert(email_hash(text)?);
            }
        }
    }
    if ids.is_empty() {
        return Err(Error::invalid(
            "Say whom to look for: a click id, order number, visitor id, conversion id or the \
             hash of an e-mail address.",
        ));
    }
    Ok(ids)
}

/// A click id as browsers carry it, or the id of a hit as an export names it.
fn hit(keys: &Keys, account: AccountId, text: &str) -> Result<HitId> {
    if let Some(touch) = ClickIds::new(keys.clone()).open(account, text) {
        return Ok(touch.id);
    }
    sixteen(text).map(HitId).ok_or_else(|| {
        Error::invalid(
            "This is not a click id that was given out for this account. It has 63 letters and \
             stands in the address of the landing page; ids in an export have 32 hexadecimal \
             digits. A shared token (it begins with s) belongs to nobody.",
        )
    })
}

fn sixteen(text: &str) -> Option<[u8; 16]> {
    let digits = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let number = u128::from_str_radix(text, 16).ok().filter(|_| digits)?;
    Some(number.to_be_bytes())
}

fn email_hash(text: &str) -> Result<String> {
    let hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if hex && [32, 40, 64].contains(&text.len()) {
        return Ok(text.to_ascii_lowercase());
    }
    Err(Error::invalid(
        "Give the hash of the address as hexadecimal digits, as the shop sends it: 64 (SHA-256), \
         40 (SHA-1) or 32 (MD5). Addresses themselves are never stored.",
    ))
}

/// Whether an order number has counted, though nothing leads from it to a person: it
/// came without consent, or its details are gone.
pub fn is_counted(store: &Store, account: AccountId, ids: &PersonIds) -> Result<bool> {
    let index = store.keys().index(account)?;
    let catalog = store.catalog();
    let goals = catalog
        .campaigns
        .values()
        .filter(|campaign| campaign.account == account)
        .flat_map(|campaign| campaign.settings.goals.iter().map(|goal| goal.id));
    let goals: Vec<_> = goals.collect();
    let clicks = ClickIds::new(store.keys().clone());
    let mut keys = HashSet::new();
    for txn in &ids.transactions {
        let Some(txn) = clicks.transaction_key(account, txn) else {
            continue;
        };
        for goal in &goals {
            keys.insert(index.counted_transaction(*goal, &txn));
        }
    }
    Ok(!keys.is_empty() && has_counted(store, account, &keys)?)
}

/// Whether one of these keys has counted.
fn has_counted(store: &Store, account: AccountId, keys: &HashSet<[u8; 16]>) -> Result<bool> {
    let snapshot = store.snapshot()?;
    for segment in snapshot.segments(account, Class::Counted, 0..=u32::MAX)? {
        let columns = snapshot.columns(&segment, COUNTED_COLUMNS)?;
        let counted = decode_counted(&snapshot.header(&segment)?, &columns)?;
        if counted.iter().any(|key| keys.contains(key)) {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_read_and_nothing_else() {
        assert_eq!(sixteen("000102030405060708090a0b0c0d0e0f").unwrap()[15], 15);
        assert!(sixteen("+00102030405060708090a0b0c0d0e0f").is_none());
        assert!(sixteen("00").is_none());
        assert!(email_hash(&"A".repeat(64)).unwrap().starts_with("aa"));
        assert!(email_hash("ann@example.org").is_err());
    }
}
