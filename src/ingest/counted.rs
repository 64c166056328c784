//! Which keys have counted in the last months: 64 bits of each in memory, read back
//! from the segments that keep them whenever they are missing. A look-up reads nothing,
//! and a new key dirties no page of an index.

use std::collections::hash_map::Entry;

use foldhash::{HashMap, HashSet};

use super::history::readable;
use crate::error::Result;
use crate::model::id::AccountId;
use crate::segment::{COUNTED_COLUMNS, Class, Source, decode_counted};

/// New keys that lie beside the old ones before they are put among them.
const NEW_MAX: usize = 1 << 16;

/// What has counted, by account.
#[derive(Default)]
pub struct Counted(HashMap<AccountId, Known>);

/// The keys of one account.
struct Known {
    /// The first UTC day they are of.
    since: u32,
    /// In order.
    old: Vec<u64>,
    new: HashSet<u64>,
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
        Ok(known.insert(fingerprint(key)))
    }
}

impl Known {
    fn load(source: &impl Source, account: AccountId, since: u32) -> Result<Known> {
        let mut old = Vec::new();
        for key in source.segments(account, Class::Counted, since..=u32::MAX)? {
            let mut read = || {
                let header = source.header(&key)?;
                let columns = source.columns(&key, COUNTED_COLUMNS)?;
                let keys = decode_counted(&header, &columns)?;
                old.extend(keys.into_iter().map(fingerprint));
                Ok(())
            };
            readable(&key, read())?;
        }
        old.sort_unstable();
        let new = HashSet::default();
        Ok(Known { since, old, new })
    }

    fn insert(&mut self, key: u64) -> bool {
        if self.old.binary_search(&key).is_ok() || !self.new.insert(key) {
            return false;
        }
        if self.new.len() >= NEW_MAX {
            self.old.extend(self.new.drain());
            self.old.sort();
        }
        true
    }
}

/// Keys are random, so 64 bits tell them apart: a new order is taken for one of ten
/// million others once in 10^12 times.
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

    #[test]
    fn more_than_lie_beside_the_old_ones_are_known_as_well() {
        let account = AccountId::from_random(1);
        let source = MemorySource::default();
        let mut counted = Counted::default();
        let many = 2 * NEW_MAX as u32 + 7;
        for expected in [true, false] {
            for number in 0..many {
                let is_new = counted.is_new(&source, account, 0, key(number)).unwrap();
                assert_eq!(is_new, expected, "{number}");
            }
        }
    }
}
