//! Public ids of conversions: a conversion's place in the order of settling and 16
//! random bits, enciphered as one block. Who has an id finds the row by its place, so
//! that no index under random keys stands in the way of settling.

use std::sync::Arc;

use blowfish::Blowfish;
use blowfish::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};

use super::cipher::{KeyBytes, derive};
use super::token;
use crate::error::{Error, Result};
use crate::model::id::ConversionId;

/// Bits of an id that are random. The other 48 hold a place, which fifty thousand
/// conversions a second would reach after 178 years.
const RANDOM_BITS: u32 = 16;

/// Makes and reads the ids of one account's conversions.
///
/// An identifier and not sealing: all it hides is how many conversions there are, in
/// which order, and which id another took the place of. That is why blocks of 64 bits
/// are enough. What makes them unfit for content is that two equal blocks of a long text
/// say something about it; here no two blocks are alike, and seen many times over they
/// only tell that a permutation never repeats itself. A guess is somebody's id once in
/// 2^64 for each conversion there is. Blowfish is the cipher of this width that is old,
/// unbroken in full and has keys of 256 bits.
#[derive(Clone)]
pub struct ConversionIds(Arc<Blowfish>);

impl ConversionIds {
    /// Takes some fifty microseconds and four kilobytes, so keep it.
    pub(super) fn new(index_key: &KeyBytes) -> Result<Self> {
        let key = derive(index_key, &[], &[b"pixelkeep/1/conversion-id"]);
        let cipher = Blowfish::new_from_slice(key.as_slice())
            .map_err(|_| Error::internal("An index key has a wrong length."))?;
        Ok(ConversionIds(Arc::new(cipher)))
    }

    /// An id of the conversion settled as the `seq`th, and of no other.
    pub fn make(&self, seq: i64) -> ConversionId {
        loop {
            let random = u16::from_be_bytes(token::random_bytes());
            let id = self.encipher((seq as u64) << RANDOM_BITS | u64::from(random));
            // The trail writes 0 for no conversion.
            if id != 0 {
                return ConversionId(id);
            }
        }
    }

    /// Another id of the same conversion. That they belong together shows to nobody
    /// without the account's key.
    pub fn make_other(&self, seq: i64, old: ConversionId) -> ConversionId {
        loop {
            let id = self.make(seq);
            if id != old {
                return id;
            }
        }
    }

    /// The place an id stands for. Of a number that was not made here for this account
    /// it is any place: only a row that has this very id is the one that was meant.
    pub fn seq_of(&self, id: ConversionId) -> i64 {
        (self.decipher(id.0) >> RANDOM_BITS) as i64
    }

    fn encipher(&self, plain: u64) -> u64 {
        let mut block = plain.to_be_bytes().into();
        self.0.encrypt_block(&mut block);
        u64::from_be_bytes(block.into())
    }

    fn decipher(&self, id: u64) -> u64 {
        let mut block = id.to_be_bytes().into();
        self.0.decrypt_block(&mut block);
        u64::from_be_bytes(block.into())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;
    use zeroize::Zeroizing;

    use super::*;

    fn of(key: u8) -> ConversionIds {
        ConversionIds::new(&Zeroizing::new([key; 32])).unwrap()
    }

    #[test]
    fn an_id_leads_to_its_place() {
        let ids = of(1);
        for seq in [1, 2, 65_535, 65_536, 1 << 32, (1 << 48) - 1] {
            assert_eq!(ids.seq_of(ids.make(seq)), seq);
        }
    }

    #[test]
    fn no_id_is_zero() {
        let ids = of(2);
        let zero = ids.decipher(0);
        let seq = (zero >> RANDOM_BITS) as i64;
        let made = (0..1 << 19).map(|_| ids.make(seq));
        // One in 65,536 would be.
        assert!(made.into_iter().all(|id| id.0 != 0));
        assert_eq!(ids.encipher(zero), 0);
    }

    #[test]
    fn another_id_of_a_place_is_never_the_old_one() {
        let ids = of(3);
        let mut id = ids.make(77);
        for _ in 0..1 << 18 {
            let other = ids.make_other(77, id);
            assert_ne!(other, id);
            id = other;
        }
        assert_eq!(ids.seq_of(id), 77);
    }

    #[test]
    fn every_account_has_ids_of_its_own() {
        let (mine, theirs) = (of(4), of(5));
        let led = (1..1_000).filter(|&seq| mine.seq_of(theirs.make(seq)) == seq);
        assert_eq!(led.count(), 0);
        let mine_again = of(4);
        assert!((1..1_000).all(|seq| mine.seq_of(mine_again.make(seq)) == seq));
    }

    #[test]
    fn neighbours_have_nothing_in_common() {
        let ids = of(6);
        let differing: u32 = (1..1_000)
            .map(|seq| (ids.make(seq).0 ^ ids.make(seq + 1).0).count_ones())
            .sum();
        let mean = f64::from(differing) / 999.0;
        assert!((30.0..34.0).contains(&mean), "{mean} of 64 bits");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn the_ids_of_many_places_are_all_different(
            key: [u8; 32],
            first in 1..(1i64 << 48) - 5_000,
            count in 1..5_000i64,
        ) {
            let ids = ConversionIds::new(&Zeroizing::new(key)).unwrap();
            let made: Vec<_> = (first..first + count).map(|seq| ids.make(seq)).collect();
            let different: HashSet<_> = made.iter().collect();
            prop_assert_eq!(different.len(), made.len());
            let places: Vec<_> = made.iter().map(|&id| ids.seq_of(id)).collect();
            prop_assert_eq!(places, (first..first + count).collect::<Vec<_>>());
        }
    }
}
