//! Randomness with a seed that a failing test can print, and texts that occur
//! nowhere else.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

/// A small generator of numbers (SplitMix64): the same seed, the same numbers.
/// Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014.
pub struct Random(u64);

impl Random {
    /// The seed of `PIXELKEEP_IT_SEED` if it is set, else another one each run;
    /// it is printed, and so shown where a test fails.
    pub fn seeded() -> Random {
        let seed = std::env::var("PIXELKEEP_IT_SEED")
            .ok()
            .and_then(|text| text.parse().ok())
            .unwrap_or_else(entropy);
        println!("PIXELKEEP_IT_SEED={seed}");
        Random(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len() as u64) as usize]
    }

    pub fn letters(&mut self, count: usize) -> String {
        (0..count)
            .map(|_| char::from(b'a' + self.below(26) as u8))
            .collect()
    }

    /// An id as browsers make them: 32 hexadecimal digits.
    pub fn event_id(&mut self) -> String {
        format!("{:016x}{:016x}", self.next(), self.next())
    }
}

/// Letters that nothing else in this run has.
pub fn random_letters(count: usize) -> String {
    static STREAM: AtomicU64 = AtomicU64::new(0);
    let stream = STREAM.fetch_add(1, Ordering::SeqCst);
    Random(entropy() ^ stream.rotate_left(32)).letters(count)
}

/// An id for an event that no other event has.
pub fn event_id() -> String {
    Random(entropy()).event_id()
}

fn entropy() -> u64 {
    RandomState::new().hash_one(std::process::id())
}
