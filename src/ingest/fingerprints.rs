//! A set of many 64-bit fingerprints in little more than eight bytes each, that never
//! has to be copied as a whole to grow. They are hashes, so their first bits spread
//! them evenly over shards.

/// Fingerprints of a shard before it is split, on average.
const SHARD_LEN: usize = 1_024;

pub struct Fingerprints {
    /// By their first bits, each in order; a power of two of them.
    shards: Vec<Vec<u64>>,
    len: usize,
}

impl Default for Fingerprints {
    fn default() -> Self {
        Fingerprints {
            shards: vec![Vec::new()],
            len: 0,
        }
    }
}

impl Fingerprints {
    /// Adds one; false where it was there.
    pub fn insert(&mut self, fingerprint: u64) -> bool {
        let index = self.shard_of(fingerprint);
        let shard = &mut self.shards[index];
        let Err(place) = shard.binary_search(&fingerprint) else {
            return false;
        };
        if shard.len() == shard.capacity() {
            shard.reserve_exact(shard.len() / 8 + 4);
        }
        shard.insert(place, fingerprint);
        self.len += 1;
        if self.len > self.shards.len() * SHARD_LEN {
            self.split();
        }
        true
    }

    pub fn contains(&self, fingerprint: u64) -> bool {
        let shard = &self.shards[self.shard_of(fingerprint)];
        shard.binary_search(&fingerprint).is_ok()
    }

    /// The top of a product of two 64-bit numbers: no shift by 64 for a single shard.
    fn shard_of(&self, fingerprint: u64) -> usize {
        ((u128::from(fingerprint) * self.shards.len() as u128) >> 64) as usize
    }

    /// Makes two shards of each.
    fn split(&mut self) {
        let count = 2 * self.shards.len() as u128;
        let halves = std::mem::take(&mut self.shards);
        let halves = halves
            .into_iter()
            .zip(0u128..)
            .flat_map(|(mut low, index)| {
                let middle = ((2 * index + 1) << 64) / count;
                let place = low.partition_point(|&fingerprint| u128::from(fingerprint) < middle);
                let high = low.split_off(place);
                low.shrink_to_fit();
                [low, high]
            });
        self.shards = halves.collect();
    }
}

impl Extend<u64> for Fingerprints {
    fn extend<I: IntoIterator<Item = u64>>(&mut self, fingerprints: I) {
        for fingerprint in fingerprints {
            self.insert(fingerprint);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn spread(number: u64) -> u64 {
        number.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    #[test]
    fn a_set_of_many_says_what_a_plain_one_says() {
        let mut set = Fingerprints::default();
        let mut plain = BTreeSet::new();
        let ends = [0, 1, u64::MAX, u64::MAX - 1, 1 << 63, (1 << 63) - 1];
        for number in 0..40_000 {
            let value = spread(number % 30_000);
            assert_eq!(set.insert(value), plain.insert(value), "{number}");
        }
        for value in ends {
            assert_eq!(set.insert(value), plain.insert(value));
        }
        for number in 0..31_000 {
            let value = spread(number);
            assert_eq!(set.contains(value), plain.contains(&value), "{number}");
        }
        assert!(ends.iter().all(|&value| !set.insert(value)));
        assert_eq!(set.len, plain.len());
        let kept: Vec<u64> = set.shards.concat();
        assert!(kept.iter().eq(&plain), "shards are in order");
    }

    #[test]
    fn a_million_take_nine_bytes_each() {
        let mut set = Fingerprints::default();
        set.extend((0..1_000_000).map(spread));
        let bytes: usize = set
            .shards
            .iter()
            .map(|shard| 24 + 8 * shard.capacity())
            .sum();
        assert!(bytes < 9_600_000, "{bytes}");
    }
}
