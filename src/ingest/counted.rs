//! Which keys have counted in the last months: a fingerprint of each in memory, read back
//! from the segments that keep them whenever they are missing. A look-up reads nothing,
//! and a new key dirties no page of an index.

use std::collections::hash_map::Entry;

use foldhash::HashMap;

use super::fingerprints::Fingerprints;
use super::history::readable;
use crate::error::Result;
use crate::model::id::AccountId;
use crate::segment::{COUNTED_COLUMNS, Class, Source, decode_counted};

/// What has counted, by account.
#[derive(Default)]
pub struct Counted(HashMap<AccountId, Known>);

/// The keys of one account.
struct Known {
    /// The first UTC day they are of.
    since: u32,
    keys: Fingerprints,
}

impl Counted {
    /// Whether a key counts for the first time since a UTC day; remembers it.
    pub fn is_new(
        &mut self,
        source: &impl Source,
        account: AccountId,
        since: u32,
        key: [u8; 16],
    ) -> Result<bool> {
        let known = match self.0.entry(account) {
            Entry::Occupied(known) if known.get().since == since => known.into_mut(),
            // Once a day what is too old is left out.
            Entry::Occupied(mut known) => {
                known.insert(Known::load(source, account, since)?);
                known.into_mut()
            }
            Entry::Vacant(none) => none.insert(Known::load(source, account, since)?),
        };
        Ok(known.keys.insert(fingerprint(key)))
    }
}

impl Known {
    fn load(source: &impl Source, account: AccountId, since: u32) -> Result<Known> {
        let mut known = Fingerprints::default();
        for key in source.segments(account, Class::Counted, since..=u32::MAX)? {
            let mut read = || {
                let header = source.header(&key)?;
                let columns = source.columns(&key, COUNTED_COLUMNS)?;
                let keys = decode_counted(&header, &columns)?;
                known.extend(keys.into_iter().map(fingerprint));
                Ok(())
            };
            readable(&key, read())?;
        }
        Ok(Known { since, keys: known })
    }
}

/// Keys are random, so their first bits tell them apart: a new order is taken for one of
/// ten million others once in 10^11 times.
fn fingerprint(key: [u8; 16]) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = key;
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segment::encode_counted;
    use crate::segment::memory::MemorySource;

    fn key(number: u32) -> [u8; 16] {
        let mut key = [0; 16];
        key[..4].copy_from_slice(&number.wrapping_mul(0x9e37_79b9).to_be_bytes());
        key
    }

    #[test]
    fn a_key_counts_once_a_period_and_account() {
        let [account, other] = [1, 2].map(AccountId::from_random);
        let mut source = MemorySource::default();
        for (day, number) in [(10, 1), (20, 2)] {
            let encoded = encode_counted(vec![key(number)]).unwrap();
            source.add(account, Class::Counted, day, encoded);
        }
        let mut counted = Counted::default();
        let mut is_new = |account, since, number| {
            let is_new = counted.is_new(&source, account, since, key(number));
            is_new.unwrap()
        };
        assert!(!is_new(account, 10, 1) && !is_new(account, 10, 2));
        assert!(is_new(account, 10, 3) && !is_new(account, 10, 3));
        assert!(is_new(other, 10, 1));
        assert!(is_new(account, 11, 1), "its time is over");
        assert!(!is_new(account, 11, 2));
    }
}
