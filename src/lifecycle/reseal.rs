//! The job that seals old content again after an account's key was rotated.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::schedule::{Job, Planned, Step};
use crate::clock::{SECOND_MS, Timestamp};
use crate::error::Result;
use crate::model::id::AccountId;
use crate::store::{ResealPosition, Store};

/// When it looks again where there is nothing to do.
const LOOK_AGAIN_MS: i64 = SECOND_MS;

/// Seals what an older key has sealed with the newest one.
pub struct Reseal {
    store: Store,
    /// Where it is; after a start it begins again and passes over what is done.
    at: Mutex<Option<(AccountId, ResealPosition)>>,
}

impl Reseal {
    pub fn new(store: Store) -> Self {
        Reseal {
            store,
            at: Mutex::new(None),
        }
    }
}

impl Job for Reseal {
    fn name(&self) -> &'static str {
        "reseal"
    }

    fn due_at(&self, _last: Option<Timestamp>, now: Timestamp) -> Timestamp {
        match self.store.accounts_to_reseal() {
            Ok(waiting) if waiting.is_empty() => now.plus_ms(LOOK_AGAIN_MS),
            // What went wrong is said by the step.
            _ => now,
        }
    }

    fn step(&self, _now: Timestamp) -> Result<Step> {
        let mut at = self.at.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = self.store.accounts_to_reseal()?;
        let Some(&first) = waiting.first() else {
            *at = None;
            return Ok(Step::idle());
        };
        let position = match *at {
            Some((account, position)) if account == first => position,
            _ => ResealPosition::default(),
        };
        let done = self.store.reseal_step(first, position)?;
        *at = done.next.map(|next| (first, next));
        Ok(Step::More(BTreeMap::from([(
            "resealed".to_owned(),
            done.values,
        )])))
    }

    fn preview(&self, _as_of: Timestamp) -> Result<Vec<Planned>> {
        Ok(Vec::new())
    }
}
