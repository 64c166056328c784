//! How many hits one address may send and one site takes: a token bucket each, in
//! bounded memory. An address lives here for seconds and goes nowhere else.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use crate::clock::Stopwatch;

const SHARDS: usize = 16;
/// Senders remembered a shard.
const SENDERS_MAX: usize = 4_096;
/// A burst is so many seconds' worth.
const BURST_SECONDS: f64 = crate::model::limits::BURST_SECONDS as f64;

/// Limits hits by who sends them: so many a second, with bursts of four times that.
pub struct Limiter<K> {
    per_second: f64,
    started: Stopwatch,
    hasher: RandomState,
    shards: Vec<Mutex<HashMap<K, Bucket>>>,
}

#[derive(Clone, Copy)]
struct Bucket {
    tokens: f64,
    /// Seconds since the limiter started.
    at: f64,
}

impl<K: Copy + Eq + Hash> Limiter<K> {
    pub fn new(per_second: u32) -> Self {
        Limiter {
            per_second: f64::from(per_second),
            started: Stopwatch::start(),
            hasher: RandomState::new(),
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
        }
    }

    /// Whether this one may send, and if so takes the price of one hit.
    pub fn take(&self, sender: K) -> bool {
        self.take_at(sender, self.now())
    }

    /// Takes the price of more hits of a request that was let in. It may overdraw: a
    /// batch is taken whole.
    pub fn pay(&self, sender: K, hits: usize) {
        self.with_bucket(sender, self.now(), |bucket| bucket.tokens -= hits as f64);
    }

    fn now(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }

    fn take_at(&self, sender: K, now: f64) -> bool {
        self.with_bucket(sender, now, |bucket| {
            let allowed = bucket.tokens >= 1.0;
            if allowed {
                bucket.tokens -= 1.0;
            }
            allowed
        })
    }

    fn with_bucket<T>(&self, sender: K, now: f64, work: impl FnOnce(&mut Bucket) -> T) -> T {
        let shard = self.hasher.hash_one(sender) as usize % SHARDS;
        let mut buckets = self.shards[shard]
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= SENDERS_MAX && !buckets.contains_key(&sender) {
            self.make_room(&mut buckets, now);
        }
        let bucket = buckets.entry(sender).or_insert(Bucket {
            tokens: self.burst(),
            at: now,
        });
        bucket.tokens = self.tokens_at(bucket, now);
        bucket.at = now;
        work(bucket)
    }

    fn burst(&self) -> f64 {
        self.per_second * BURST_SECONDS
    }

    fn tokens_at(&self, bucket: &Bucket, now: f64) -> f64 {
        let refilled = bucket.tokens + (now - bucket.at).max(0.0) * self.per_second;
        refilled.min(self.burst())
    }

    /// Forgets who has been quiet; where nobody has, everyone.
    fn make_room(&self, buckets: &mut HashMap<K, Bucket>, now: f64) {
        buckets.retain(|_, bucket| self.tokens_at(bucket, now) < self.burst());
        if buckets.len() >= SENDERS_MAX {
            buckets.clear();
        }
    }
}

/// IPv6 hosts own their /64, so that is what is counted.
pub fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => IpAddr::V4(v4),
            None => IpAddr::V6((u128::from(v6) & !u128::from(u64::MAX)).into()),
        },
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_burst_of_four_seconds_worth_and_then_the_rate() {
        let limiter = Limiter::new(100);
        let taken = |now| {
            (0..1_000)
                .filter(|_| limiter.take_at(ip("192.0.2.1"), now))
                .count()
        };
        assert_eq!(taken(0.0), 400);
        assert_eq!(taken(1.0), 100);
        assert_eq!(taken(100.0), 400);
        assert!(limiter.take_at(ip("192.0.2.2"), 0.0));
    }

    #[test]
    fn a_batch_is_taken_whole_and_paid_for() {
        let limiter = Limiter::new(10);
        let address = ip("192.0.2.1");
        assert!(limiter.take_at(address, 0.0));
        limiter.with_bucket(address, 0.0, |bucket| bucket.tokens -= 99.0);
        assert!(!limiter.take_at(address, 5.0));
        assert!(limiter.take_at(address, 6.2));
    }

    #[test]
    fn neighbours_in_one_ipv6_network_share_a_bucket() {
        let limiter = Limiter::new(1);
        let take = |text: &str| limiter.take_at(network(ip(text)), 0.0);
        for host in 1..=4 {
            assert!(take(&format!("2001:db8::{host}")));
        }
        assert!(!take("2001:db8::5"));
        assert!(take("2001:db8:0:1::1"));
        assert_eq!(network(ip("::ffff:192.0.2.1")), ip("192.0.2.1"));
    }

    #[test]
    fn memory_is_bounded() {
        let limiter = Limiter::new(1);
        for n in 0..200_000u32 {
            limiter.take_at(IpAddr::V4(n.into()), f64::from(n) / 1e6);
        }
        let held: usize = limiter
            .shards
            .iter()
            .map(|shard| shard.lock().unwrap().len())
            .sum();
        assert!(held <= SHARDS * SENDERS_MAX);
    }
}
