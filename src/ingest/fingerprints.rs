//! A set of many fingerprints in little more than six bytes each, that never has to be
//! copied as a whole to grow. They are hashes, so their first bits spread them evenly
//! over shards, and what a shard's place says of its fingerprints is not kept in it. They
//! are spread as evenly within a shard, so that one is looked for where it should stand:
//! most of a set is in no processor's nearest memory, and each place looked at is waited
//! for.

use std::cmp::Ordering;

/// Fingerprints of a shard before it is split, on average.
const SHARD_LEN: usize = 128;
/// Bytes that a shard grows by: of few sizes, what one leaves fits another.
const GROWTH: usize = 128;
/// Bits of a fingerprint that count. With 4,096 shards and more, six bytes of them are
/// left. Among ten million there are two alike once in 23,000 runs.
const BITS: u32 = 60;

pub struct Fingerprints {
    /// By their first bits, each in order; two to the power of `level` of them.
    shards: Vec<Shard>,
    level: u32,
    len: usize,
}

/// The last bits of each fingerprint, in as many bytes as they need.
type Shard = Vec<u8>;

impl Default for Fingerprints {
    fn default() -> Self {
        Fingerprints {
            shards: vec![Vec::new()],
            level: 0,
            len: 0,
        }
    }
}

impl Fingerprints {
    /// Adds one; false where it was there.
    pub fn insert(&mut self, fingerprint: u64) -> bool {
        let (index, rest) = self.place_of(fingerprint);
        let width = width(self.level);
        let shard = &mut self.shards[index];
        let Err(place) = find(shard, self.level, rest) else {
            return false;
        };
        let (from, end) = (place * width, shard.len());
        if end + width > shard.capacity() {
            shard.reserve_exact((end + width).next_multiple_of(GROWTH) - end);
        }
        shard.extend_from_slice(&rest.to_le_bytes()[..width]);
        shard.copy_within(from..end, from + width);
        shard[from..from + width].copy_from_slice(&rest.to_le_bytes()[..width]);
        self.len += 1;
        if self.len > self.shards.len() * SHARD_LEN {
            self.split();
        }
        true
    }

    pub fn contains(&self, fingerprint: u64) -> bool {
        let (index, rest) = self.place_of(fingerprint);
        find(&self.shards[index], self.level, rest).is_ok()
    }

    /// Looks at where it should stand, so that this is near when it is asked for.
    pub fn fetch(&self, fingerprint: u64) {
        let (index, rest) = self.place_of(fingerprint);
        let shard = &self.shards[index];
        let place = usual_place(shard.len(), BITS - self.level, rest);
        std::hint::black_box(shard.get(place).copied());
    }

    /// Its shard, and what is kept in there.
    fn place_of(&self, fingerprint: u64) -> (usize, u64) {
        let number = fingerprint >> (u64::BITS - BITS);
        let rest = BITS - self.level;
        ((number >> rest) as usize, number & ((1 << rest) - 1))
    }

    /// Makes two shards of each.
    fn split(&mut self) {
        let before = width(self.level);
        self.level += 1;
        let half = 1 << (BITS - self.level);
        let shards = std::mem::take(&mut self.shards).into_iter();
        let halves = shards.flat_map(|shard| {
            let middle = find(&shard, self.level - 1, half).unwrap_or_else(|place| place);
            let (low, high) = shard.split_at(middle * before);
            [(low, 0), (high, half)].map(|(part, from)| {
                let rests = numbers(part, before).map(|rest| rest - from);
                written(rests, part.len() / before, width(self.level))
            })
        });
        self.shards = halves.collect();
    }
}

/// Bytes of a fingerprint where its shard says so many of its first bits.
fn width(level: u32) -> usize {
    (BITS - level).div_ceil(u8::BITS) as usize
}

/// Where it stands, or would.
fn find(shard: &[u8], level: u32, rest: u64) -> Result<usize, usize> {
    let bits = BITS - level;
    match width(level) {
        8 => find_among::<8>(shard, bits, rest),
        7 => find_among::<7>(shard, bits, rest),
        6 => find_among::<6>(shard, bits, rest),
        5 => find_among::<5>(shard, bits, rest),
        // Of four there would be a hundred thousand million.
        _ => find_among::<4>(shard, bits, rest),
    }
}

/// The same among numbers of so many bits.
fn find_among<const WIDTH: usize>(shard: &[u8], bits: u32, rest: u64) -> Result<usize, usize> {
    let (all, _) = shard.as_chunks::<WIDTH>();
    let mut place = usual_place(all.len(), bits, rest);
    while let Some(before) = place.checked_sub(1)
        && number(&all[before]) >= rest
    {
        place = before;
    }
    while let Some(here) = all.get(place).map(|bytes| number(bytes)) {
        match here.cmp(&rest) {
            Ordering::Less => place += 1,
            Ordering::Equal => return Ok(place),
            Ordering::Greater => break,
        }
    }
    Err(place)
}

/// Where among so many a number of so many bits stands if they are spread evenly.
fn usual_place(count: usize, bits: u32, number: u64) -> usize {
    ((u128::from(number) * count as u128) >> bits) as usize
}

fn number(bytes: &[u8]) -> u64 {
    let mut number = [0; 8];
    number[..bytes.len()].copy_from_slice(bytes);
    u64::from_le_bytes(number)
}

fn numbers(shard: &[u8], width: usize) -> impl Iterator<Item = u64> {
    shard.chunks_exact(width).map(number)
}

fn written(rests: impl Iterator<Item = u64>, count: usize, width: usize) -> Shard {
    let mut shard = Vec::with_capacity(count * width);
    for rest in rests {
        shard.extend_from_slice(&rest.to_le_bytes()[..width]);
    }
    shard
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

    /// What of a fingerprint counts.
    fn counting(fingerprint: u64) -> u64 {
        fingerprint >> (u64::BITS - BITS)
    }

    #[test]
    fn a_set_of_many_says_what_a_plain_one_says() {
        let mut set = Fingerprints::default();
        let mut plain = BTreeSet::new();
        let ends = [0, 16, u64::MAX, u64::MAX - 16, 1 << 63, (1 << 63) - 16];
        for number in 0..40_000 {
            let value = spread(number % 30_000);
            assert_eq!(set.insert(value), plain.insert(counting(value)), "{number}");
        }
        for value in ends {
            assert_eq!(set.insert(value), plain.insert(counting(value)));
        }
        for number in 0..31_000 {
            let value = spread(number);
            let is_known = plain.contains(&counting(value));
            assert_eq!(set.contains(value), is_known, "{number}");
        }
        assert!(ends.iter().all(|&value| !set.insert(value)));
        assert_eq!(set.len, plain.len());
        let width = width(set.level);
        let kept = set.shards.iter().zip(0u64..).flat_map(|(shard, index)| {
            numbers(shard, width).map(move |rest| index << (BITS - set.level) | rest)
        });
        assert!(kept.eq(plain), "shards are in order");
    }

    #[test]
    fn a_million_take_seven_bytes_each() {
        let mut set = Fingerprints::default();
        set.extend((0..1_000_000).map(spread));
        let bytes: usize = set.shards.iter().map(|shard| 24 + shard.capacity()).sum();
        assert!(bytes < 7_000_000, "{bytes}");
    }
}
