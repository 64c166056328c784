//! The event ids that came last, so that one which repeats at once is not stored again.
//! What they leave out is found out when hits are settled.

use std::hash::BuildHasher;

use foldhash::quality::RandomState;

use crate::model::hit::EventId;
use crate::model::id::AccountId;

/// Places: a power of two, half a million ids in all, in four megabytes.
const PLACES: usize = 1 << 16;
/// Ids in one place, which a processor reads in one go.
const IN_A_PLACE: usize = 8;

/// 64 bits of an id each, the newest first; 0 is none.
type Place = [u64; IN_A_PLACE];

/// Each id has one place, where it makes the oldest of eight forgotten. Among half a
/// million of 64 bits, one pair in 150 million runs is alike.
#[derive(Default)]
pub(super) struct RecentEvents {
    /// None until the first event comes.
    places: Vec<Place>,
    /// Chosen at each start: whoever makes ids does not know which of them look alike.
    seed: RandomState,
}

impl RecentEvents {
    /// Whether this is the first time; remembers it.
    pub fn is_new(&mut self, account: AccountId, event: EventId) -> bool {
        if self.places.is_empty() {
            // Zeros take no memory before something else is written over them.
            self.places = vec![Place::default(); PLACES];
        }
        let event = self.fingerprint(account, event);
        let known = &mut self.places[place_of(event)];
        if known.contains(&event) {
            return false;
        }
        known.copy_within(..IN_A_PLACE - 1, 1);
        known[0] = event;
        true
    }

    pub fn forget(&mut self, account: AccountId, event: EventId) {
        let event = self.fingerprint(account, event);
        if let Some(known) = self.places.get_mut(place_of(event)) {
            let of_event = known.iter_mut().filter(|known| **known == event);
            of_event.for_each(|known| *known = 0);
        }
    }

    /// An event's own random bits, mixed with whose it is.
    fn fingerprint(&self, account: AccountId, event: EventId) -> u64 {
        let bits = u128::from_le_bytes(event.0);
        self.seed.hash_one((account, bits)).max(1)
    }
}

fn place_of(event: u64) -> usize {
    event as usize % PLACES
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(number: u64) -> EventId {
        EventId(u128::from(number).to_le_bytes())
    }

    #[test]
    fn what_repeats_at_once_is_known_and_what_was_not_stored_is_not() {
        let [account, other] = [1, 2].map(AccountId::from_random);
        let mut events = RecentEvents::default();
        events.forget(account, event(7));
        assert!(events.is_new(account, event(7)) && !events.is_new(account, event(7)));
        assert!(events.is_new(other, event(7)), "another account's");
        events.forget(account, event(7));
        assert!(events.is_new(account, event(7)));
    }

    #[test]
    fn the_newest_are_known_and_the_oldest_forgotten() {
        let account = AccountId::from_random(1);
        let mut events = RecentEvents::default();
        let many = (PLACES * IN_A_PLACE) as u64;
        let repeated = |events: &mut RecentEvents, from: u64, to: u64| {
            let again = (from..to).filter(|&number| !events.is_new(account, event(number)));
            again.count() as u64
        };
        assert_eq!(repeated(&mut events, 0, many), 0);
        let newest = repeated(&mut events, many - many / 8, many);
        assert!(newest > many / 8 - many / 1_000, "{newest}");
        assert_eq!(repeated(&mut events, many, 3 * many), 0);
        let oldest = repeated(&mut events, 0, many / 8);
        assert!(oldest < many / 1_000, "{oldest}");
    }
}
