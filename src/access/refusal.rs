//! Refused acts and sign-ins, for the audit of the account they were tried in: the first
//! of its kind within an hour has an entry, so that nobody can fill a log with them. Pure
//! but for the entry itself; the instant is an argument, the memory is bounded.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::clock::{SECOND_MS, Timestamp};
use crate::error::Result;
use crate::model::action::{Act, Action, Actor};
use crate::model::audit::{Detail, Subject};
use crate::model::id::AccountId;
use crate::store::Store;

/// Refusals of one kind within so long have one entry.
const EVERY_MS: i64 = 60 * 60 * SECOND_MS;
/// Kinds remembered at most; beyond that all are forgotten, which only ever says more.
const KINDS_MAX: usize = 10_000;

type Kind = (AccountId, Actor, Action, Option<Subject>);

/// What was refused lately.
#[derive(Debug, Default)]
pub struct Refusals(Mutex<HashMap<Kind, Timestamp>>);

impl Refusals {
    /// Records that an act was refused, unless the same was within the hour. Blocks for a
    /// write.
    pub fn record(&self, store: &Store, act: Act, account: AccountId) -> Result<()> {
        match self.is_first(act, account) {
            true => store.record_act(act, account, Detail::default().with_note("refused")),
            false => Ok(()),
        }
    }

    fn is_first(&self, act: Act, account: AccountId) -> bool {
        let mut kinds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kinds.len() >= KINDS_MAX {
            kinds.retain(|_, at| act.at < at.plus_ms(EVERY_MS));
            if kinds.len() >= KINDS_MAX {
                kinds.clear();
            }
        }
        let kind = (account, act.actor, act.action, act.subject);
        let is_first = kinds
            .get(&kind)
            .is_none_or(|at| act.at >= at.plus_ms(EVERY_MS));
        if is_first {
            kinds.insert(kind, act.at);
        }
        is_first
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::MemberId;

    fn act(member: u64, seconds: i64) -> Act {
        let at = Timestamp::from_millis(seconds * SECOND_MS);
        let actor = Actor::Member(MemberId::from_random(member));
        Act::new(actor, Action::ReadMembers, at)
    }

    #[test]
    fn one_of_a_kind_is_told_an_hour() {
        let refusals = Refusals::default();
        let (one, other) = (AccountId::from_random(1), AccountId::from_random(2));
        assert!(refusals.is_first(act(1, 0), one));
        assert!(!refusals.is_first(act(1, 3_599), one));
        assert!(refusals.is_first(act(2, 3_599), one));
        assert!(refusals.is_first(act(1, 3_599), other));
        assert!(refusals.is_first(act(1, 3_600), one));
    }

    #[test]
    fn the_memory_is_bounded() {
        let refusals = Refusals::default();
        for member in 0..3 * KINDS_MAX as u64 {
            refusals.is_first(act(member, 0), AccountId::from_random(1));
        }
        assert!(refusals.0.lock().unwrap().len() <= KINDS_MAX);
    }
}
