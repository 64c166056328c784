//! The scheduler's job that sends mail, where there is a mail server.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::clock::{DAY_MS, Timestamp};
use crate::error::Result;
use crate::lifecycle::{Job, Planned, Step};
use crate::outbound::Mailer;
use crate::outbound::delivery::{self, Delivered};
use crate::store::{Counts, Store};

/// Mails of one run; then other jobs have their turn.
const MAILS_A_RUN: u32 = 20;

/// Sends what is due; without a mail server nothing is ever due.
pub struct Mailing {
    store: Store,
    mailer: Option<Mailer>,
    tried: AtomicU32,
}

impl Mailing {
    pub fn new(store: Store, mailer: Option<Mailer>) -> Self {
        Mailing {
            store,
            mailer,
            tried: AtomicU32::new(0),
        }
    }
}

impl Job for Mailing {
    fn name(&self) -> &'static str {
        "mail"
    }

    fn due_at(&self, _last: Option<Timestamp>, now: Timestamp) -> Timestamp {
        let later = now.plus_ms(DAY_MS);
        if self.mailer.is_none() {
            return later;
        }
        match self.store.mail_queue(None) {
            Ok(queue) => queue.due_at.unwrap_or(later),
            // What went wrong is said by the step.
            Err(_) => now,
        }
    }

    fn step(&self, now: Timestamp) -> Result<Step> {
        let Some(mailer) = &self.mailer else {
            return Ok(Step::idle());
        };
        let outcome = delivery::step(&self.store, mailer, now)?;
        let (name, goes_on) = match outcome {
            Delivered::Sent => ("sent", true),
            Delivered::Again => ("to_try_again", true),
            Delivered::GivenUp => (GIVEN_UP, true),
            Delivered::Unreached => ("to_try_again", false),
            Delivered::Nothing => {
                self.tried.store(0, Ordering::Relaxed);
                return Ok(Step::idle());
            }
        };
        let counts = Counts::from([(name.to_owned(), 1)]);
        let tried = self.tried.fetch_add(1, Ordering::Relaxed) + 1;
        if goes_on && tried < MAILS_A_RUN {
            return Ok(Step::More(counts));
        }
        self.tried.store(0, Ordering::Relaxed);
        Ok(Step::Done(counts))
    }

    fn preview(&self, _: Timestamp) -> Result<Vec<Planned>> {
        Ok(Vec::new())
    }
}

/// As runs count what was tried for the last time.
pub const GIVEN_UP: &str = "given_up";
