//! Slows down guessing of passwords: by the pair of member and network, by network,
//! and by member alone. Pure: the instant is an argument, the memory is bounded.
//! A stranger can slow a member down by seconds, and never lock one out.

use std::collections::HashMap;
use std::net::IpAddr;

use crate::clock::{SECOND_MS, Timestamp};
use crate::crypto::token;

/// Attempts are forgotten after this long.
const MEMORY_MS: i64 = 15 * 60 * SECOND_MS;
/// Keys remembered at most.
const KEYS_MAX: usize = 12_000;

/// What an attempt is counted under, and how strictly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Key {
    /// This member from this network.
    Pair([u8; 32]),
    Network([u8; 32]),
    Member([u8; 32]),
}

impl Key {
    /// Attempts without a delay, and the longest delay in seconds after them.
    fn limits(self) -> (u32, i64) {
        match self {
            Key::Pair(_) => (5, 60),
            Key::Network(_) => (20, 60),
            Key::Member(_) => (40, 10),
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Tried {
    count: u32,
    last_at: Timestamp,
}

/// One sign-in, to be counted before the password is looked at.
#[derive(Debug, Clone, Copy)]
pub struct Attempt([Key; 3]);

impl Attempt {
    pub fn new(email: &str, from: Option<IpAddr>) -> Self {
        let email = email.trim().to_lowercase();
        let network = from.map_or_else(String::new, network);
        Attempt([
            Key::Pair(token::hash(&format!("{network} {email}"))),
            Key::Network(token::hash(&network)),
            Key::Member(token::hash(&email)),
        ])
    }
}

/// The part of an address that one party usually holds: /24, or /48 of IPv6.
fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            format!("{a}.{b}.{c}")
        }
        IpAddr::V6(v6) => {
            let [a, b, c, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}")
        }
    }
}

/// The attempts of the last quarter of an hour.
#[derive(Debug, Default)]
pub struct Throttle(HashMap<Key, Tried>);

impl Throttle {
    /// Counts an attempt, or refuses it with the seconds to wait.
    pub fn admit(&mut self, attempt: &Attempt, now: Timestamp) -> Result<(), u32> {
        let wait_ms = attempt
            .0
            .iter()
            .map(|key| self.wait_ms(*key, now))
            .max()
            .unwrap_or(0);
        if wait_ms > 0 {
            return Err(u32::try_from((wait_ms + SECOND_MS - 1) / SECOND_MS).unwrap_or(u32::MAX));
        }
        self.make_room(now);
        for key in attempt.0 {
            let tried = self.0.entry(key).or_insert(Tried {
                count: 0,
                last_at: now,
            });
            if now >= tried.last_at.plus_ms(MEMORY_MS) {
                tried.count = 0;
            }
            tried.count = tried.count.saturating_add(1);
            tried.last_at = now;
        }
        Ok(())
    }

    /// The password was right: the attempt was none.
    pub fn succeeded(&mut self, attempt: &Attempt) {
        for key in attempt.0 {
            match key {
                Key::Pair(_) => {
                    self.0.remove(&key);
                }
                Key::Network(_) | Key::Member(_) => {
                    if let Some(tried) = self.0.get_mut(&key) {
                        tried.count = tried.count.saturating_sub(1);
                    }
                }
            }
        }
    }

    fn wait_ms(&self, key: Key, now: Timestamp) -> i64 {
        let (free, longest) = key.limits();
        let Some(tried) = self.0.get(&key).filter(|tried| tried.count >= free) else {
            return 0;
        };
        if now >= tried.last_at.plus_ms(MEMORY_MS) {
            return 0;
        }
        let doublings = (tried.count - free).min(16);
        let delay = (1i64 << doublings).min(longest) * SECOND_MS;
        tried.last_at.plus_ms(delay).millis() - now.millis()
    }

    /// Forgets what is old; if everything is recent, the oldest half.
    fn make_room(&mut self, now: Timestamp) {
        if self.0.len() + 3 <= KEYS_MAX {
            return;
        }
        self.0
            .retain(|_, tried| now < tried.last_at.plus_ms(MEMORY_MS));
        if self.0.len() + 3 > KEYS_MAX {
            let mut instants: Vec<Timestamp> = self.0.values().map(|tried| tried.last_at).collect();
            let middle = instants.len() / 2;
            let (_, median, _) = instants.select_nth_unstable(middle);
            let median = *median;
            self.0.retain(|_, tried| tried.last_at > median);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(1_000_000_000 + seconds * SECOND_MS)
    }

    fn attempt(email: &str, from: &str) -> Attempt {
        Attempt::new(email, Some(from.parse().unwrap()))
    }

    #[test]
    fn after_five_attempts_each_further_one_waits_longer() {
        let mut throttle = Throttle::default();
        let ann = attempt("ann@example.org", "192.0.2.1");
        for _ in 0..5 {
            assert_eq!(throttle.admit(&ann, at(0)), Ok(()));
        }
        assert_eq!(throttle.admit(&ann, at(0)), Err(1));
        assert_eq!(throttle.admit(&ann, at(1)), Ok(()));
        assert_eq!(throttle.admit(&ann, at(1)), Err(2));
        assert_eq!(throttle.admit(&ann, at(3)), Ok(()));
        assert_eq!(throttle.admit(&ann, at(3)), Err(4));
    }

    #[test]
    fn a_stranger_elsewhere_does_not_lock_a_member_out() {
        let mut throttle = Throttle::default();
        for host in 0..200 {
            let from = format!("203.0.{host}.9");
            let _ = throttle.admit(&attempt("ann@example.org", &from), at(host));
        }
        let home = attempt("ANN@example.org ", "192.0.2.1");
        let waits = throttle.admit(&home, at(200)).err().unwrap_or(0);
        assert!(waits <= 10, "{waits}");
    }

    #[test]
    fn neighbours_of_one_network_share_its_allowance() {
        let mut throttle = Throttle::default();
        for guess in 0..20 {
            let email = format!("member{guess}@example.org");
            assert_eq!(throttle.admit(&attempt(&email, "192.0.2.7"), at(0)), Ok(()));
        }
        assert!(
            throttle
                .admit(&attempt("x@example.org", "192.0.2.8"), at(0))
                .is_err()
        );
        assert!(
            throttle
                .admit(&attempt("x@example.org", "192.0.3.8"), at(0))
                .is_ok()
        );
    }

    #[test]
    fn the_right_password_clears_the_pair() {
        let mut throttle = Throttle::default();
        let ann = attempt("ann@example.org", "2001:db8::1");
        for _ in 0..50 {
            assert_eq!(throttle.admit(&ann, at(0)), Ok(()));
            throttle.succeeded(&ann);
        }
    }

    #[test]
    fn attempts_are_forgotten_after_a_quarter_of_an_hour() {
        let mut throttle = Throttle::default();
        let ann = attempt("ann@example.org", "192.0.2.1");
        for second in 0..60 {
            let _ = throttle.admit(&ann, at(second));
        }
        for _ in 0..5 {
            assert_eq!(throttle.admit(&ann, at(60 + 15 * 60)), Ok(()));
        }
    }

    #[test]
    fn the_memory_stays_bounded_under_a_flood() {
        let mut throttle = Throttle::default();
        for n in 0..30_000u32 {
            let [a, b, c, _] = (n << 8).to_be_bytes();
            let from = IpAddr::from([10 + a, b, c, 1]);
            let mail = format!("m{n}@example.org");
            let _ = throttle.admit(&Attempt::new(&mail, Some(from)), at(i64::from(n) / 100));
            assert!(throttle.0.len() <= KEYS_MAX);
        }
    }
}
