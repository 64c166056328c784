//! Slows down guessing of passwords: by the pair of member and network, by network,
//! and by member alone; and of codes after that. Pure: the instant is an argument, the
//! memory is bounded. A stranger can slow a member down by seconds, and never lock one
//! out: known browsers are counted apart, and who has waited once comes in.

use std::collections::HashMap;
use std::net::IpAddr;

use crate::clock::{SECOND_MS, Timestamp};
use crate::crypto::token;
use crate::model::id::MemberId;
use crate::model::limits;

/// Attempts are forgotten after this long.
const MEMORY_MS: i64 = 15 * 60 * SECOND_MS;
/// Attempts after the door are remembered for a day.
const INSIDE_MEMORY_MS: i64 = 24 * 60 * 60 * SECOND_MS;
/// Keys remembered at most.
const KEYS_MAX: usize = 12_000;

/// What an attempt is counted under, and how strictly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Key {
    /// This member from this network.
    Pair([u8; 32]),
    Network([u8; 32]),
    Member([u8; 32]),
    /// A browser this member has signed in with before.
    Device([u8; 32]),
    /// Codes of the second factor, or a password asked for again: whoever gets here has
    /// the member's password or session already.
    Inside([u8; 32]),
}

impl Key {
    /// Attempts without a delay, and the longest delay in seconds after them.
    fn limits(self) -> (u32, i64) {
        match self {
            Key::Pair(_) | Key::Device(_) => (limits::PAIR_TRIES, limits::PAIR_WAIT),
            Key::Network(_) => (limits::NETWORK_TRIES, limits::NETWORK_WAIT),
            Key::Member(_) => (limits::MEMBER_TRIES, limits::MEMBER_WAIT),
            Key::Inside(_) => (limits::CODE_TRIES, limits::CODE_WAIT),
        }
    }

    /// How long attempts are remembered.
    fn memory_ms(self) -> i64 {
        match self {
            Key::Inside(_) => INSIDE_MEMORY_MS,
            _ => MEMORY_MS,
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Tried {
    count: u32,
    last_at: Timestamp,
    /// From when on this pair comes in though its member is being guessed at elsewhere.
    turn_at: Option<Timestamp>,
}

/// One sign-in, to be counted before the password is looked at.
#[derive(Debug, Clone)]
pub struct Attempt(Vec<Key>);

impl Attempt {
    /// A password for this address from a browser nobody knows.
    pub fn new(email: &str, from: Option<IpAddr>) -> Self {
        let email = email.trim().to_lowercase();
        let near = from.map_or_else(String::new, |from| network(from, 4));
        let wide = from.map_or_else(String::new, |from| network(from, 3));
        Attempt(vec![
            Key::Pair(token::hash(&format!("{near} {email}"))),
            Key::Network(token::hash(&wide)),
            Key::Member(token::hash(&email)),
        ])
    }

    /// A password from a browser that the member has signed in with before: whatever
    /// others do elsewhere does not count.
    pub fn of_device(device: [u8; 32]) -> Self {
        Attempt(vec![Key::Device(device)])
    }

    /// A code or a password after the door; a known browser is counted by itself.
    pub fn inside(member: MemberId, device: Option<[u8; 32]>) -> Self {
        let whose = device.map_or_else(String::new, |device| format!("{device:?}"));
        Attempt(vec![Key::Inside(token::hash(&format!("{member} {whose}")))])
    }

    fn pair(&self) -> Option<Key> {
        self.0
            .iter()
            .copied()
            .find(|key| matches!(key, Key::Pair(_)))
    }
}

/// The part of an address that one party usually holds: /24; of IPv6 so many groups of
/// 16 bits, /48 or /64.
fn network(address: IpAddr, groups: usize) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            format!("{a}.{b}.{c}")
        }
        IpAddr::V6(v6) => {
            let taken = v6.segments().into_iter().take(groups);
            taken.map(|group| format!("{group:x}:")).collect()
        }
    }
}

/// The attempts of the last quarter of an hour.
#[derive(Debug, Default)]
pub struct Throttle(HashMap<Key, Tried>);

impl Throttle {
    /// Counts an attempt, or refuses it with the seconds to wait.
    pub fn admit(&mut self, attempt: &Attempt, now: Timestamp) -> Result<(), u32> {
        let has_turn = self.has_turn(attempt, now);
        let held = attempt
            .0
            .iter()
            .filter(|key| !(has_turn && matches!(key, Key::Member(_))));
        let waits = held.map(|key| (self.wait_ms(*key, now), *key));
        let (wait_ms, by) = waits
            .max_by_key(|(wait_ms, _)| *wait_ms)
            .unwrap_or((0, Key::Inside([0; 32])));
        self.make_room(now);
        if wait_ms > 0 {
            if matches!(by, Key::Member(_)) {
                self.promise_turn(attempt, now, now.plus_ms(wait_ms));
            }
            return Err(u32::try_from((wait_ms + SECOND_MS - 1) / SECOND_MS).unwrap_or(u32::MAX));
        }
        for key in &attempt.0 {
            let tried = self.0.entry(*key).or_insert(Tried {
                count: 0,
                last_at: now,
                turn_at: None,
            });
            if now >= tried.last_at.plus_ms(key.memory_ms()) {
                tried.count = 0;
            }
            tried.count = tried.count.saturating_add(1);
            tried.last_at = now;
        }
        Ok(())
    }

    /// Whether this pair has waited as it was told to, and has not tried since.
    fn has_turn(&self, attempt: &Attempt, now: Timestamp) -> bool {
        let tried = attempt.pair().and_then(|pair| self.0.get(&pair));
        tried.is_some_and(|tried| tried.count == 0 && tried.turn_at.is_some_and(|at| now >= at))
    }

    /// Whoever is held up by others' guesses comes in after the wait that was told: once
    /// a quarter of an hour and network, however many others try meanwhile.
    fn promise_turn(&mut self, attempt: &Attempt, now: Timestamp, at: Timestamp) {
        let Some(pair) = attempt.pair() else {
            return;
        };
        self.0.entry(pair).or_insert(Tried {
            count: 0,
            last_at: now,
            turn_at: Some(at),
        });
    }

    /// The password was right: the attempt was none.
    pub fn succeeded(&mut self, attempt: &Attempt) {
        for key in &attempt.0 {
            match key {
                Key::Pair(_) | Key::Device(_) | Key::Inside(_) => {
                    self.0.remove(key);
                }
                Key::Network(_) | Key::Member(_) => {
                    if let Some(tried) = self.0.get_mut(key) {
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
        if now >= tried.last_at.plus_ms(key.memory_ms()) {
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
            .retain(|key, tried| now < tried.last_at.plus_ms(key.memory_ms()));
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
    fn lock_out_bypass_a_known_browser_comes_in_while_others_guess() {
        let mut throttle = Throttle::default();
        for second in 0..300 {
            let from = format!("203.0.{}.9", second % 200);
            let _ = throttle.admit(&attempt("ann@example.org", &from), at(second));
        }
        let device = Attempt::of_device([7; 32]);
        assert_eq!(throttle.admit(&device, at(300)), Ok(()));
        for _ in 0..4 {
            assert_eq!(throttle.admit(&device, at(300)), Ok(()));
        }
        assert_eq!(
            throttle.admit(&device, at(300)),
            Err(1),
            "a stolen cookie guesses slowly"
        );
    }

    #[test]
    fn lock_out_bypass_who_has_waited_once_comes_in_though_others_take_every_slot() {
        let mut throttle = Throttle::default();
        let home = attempt("ann@example.org", "192.0.2.1");
        let mut told = None;
        for second in 0..400 {
            // More guessers than slots, each from a network of its own.
            for guesser in 0..3 {
                let from = format!("203.{}.{guesser}.9", second % 250);
                let _ = throttle.admit(&attempt("ann@example.org", &from), at(second));
            }
            if second == 200 {
                told = throttle.admit(&home, at(second)).err();
            }
        }
        let wait = i64::from(told.expect("nobody was slowed down"));
        assert!(wait <= 10);
        assert_eq!(throttle.admit(&home, at(400)), Ok(()));
        assert!(
            throttle.admit(&home, at(400)).is_err(),
            "one turn, not many"
        );
    }

    #[test]
    fn codes_after_the_password_are_guessed_very_slowly_from_everywhere() {
        let mut throttle = Throttle::default();
        let member = MemberId::from_random(1);
        let mut admitted = 0;
        for second in 0..24 * 60 * 60 {
            let attempt = Attempt::inside(member, None);
            admitted += u32::from(throttle.admit(&attempt, at(second)).is_ok());
        }
        // Three codes of a million are right at a time: a day's chance is under 1 in 2,500.
        assert!(admitted < 120, "{admitted}");
        let owner = Attempt::inside(member, Some([7; 32]));
        assert_eq!(throttle.admit(&owner, at(24 * 60 * 60)), Ok(()));
    }

    #[test]
    fn networks_of_one_ipv6_line_count_together() {
        let mut throttle = Throttle::default();
        for line in 0..20 {
            let mail = format!("m{line}@example.org");
            let from = format!("2001:db8:1:{line}::1");
            assert_eq!(throttle.admit(&attempt(&mail, &from), at(0)), Ok(()));
        }
        assert!(
            throttle
                .admit(&attempt("x@example.org", "2001:db8:1:99::1"), at(0))
                .is_err()
        );
        assert!(
            throttle
                .admit(&attempt("x@example.org", "2001:db8:2:99::1"), at(0))
                .is_ok()
        );
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
