//! The scheduler's job that sends mail, where there is a mail server; where there is
//! none any more, what waits is kept for a while and then given up.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::clock::{DAY_MS, Timestamp};
use crate::error::Result;
use crate::lifecycle::{Job, Planned, Step};
use crate::model::mail::WITHOUT_SERVER_MS;
use crate::outbound::Mailer;
use crate::outbound::delivery::{self, Delivered};
use crate::store::{Counts, Store};

/// Mails of one run; then other jobs have their turn.
const MAILS_A_RUN: u32 = 20;

/// Sends what is due.
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

    fn give_up(&self, now: Timestamp) -> Result<Step> {
        let many = self.store.give_up_mail(now.minus_ms(WITHOUT_SERVER_MS))?;
        if many == 0 {
            return Ok(Step::idle());
        }
        tracing::error!(many, "mail was given up: no mail server is named");
        Ok(Step::Done(Counts::from([(GIVEN_UP.to_owned(), many)])))
    }
}

impl Job for Mailing {
    fn name(&self) -> &'static str {
        "mail"
    }

    fn due_at(&self, _last: Option<Timestamp>, now: Timestamp) -> Timestamp {
        let later = now.plus_ms(DAY_MS);
        let patience = match self.mailer {
            Some(_) => 0,
            None => WITHOUT_SERVER_MS,
        };
        match self.store.mail_queue(None) {
            Ok(queue) => queue.due_at.map_or(later, |at| at.plus_ms(patience)),
            // What went wrong is said by the step.
            Err(_) => now,
        }
    }

    fn step(&self, now: Timestamp) -> Result<Step> {
        let Some(mailer) = &self.mailer else {
            return self.give_up(now);
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
