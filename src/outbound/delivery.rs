//! One step of the queue: the mail that has been due the longest goes to the mail server,
//! or is put off. Nothing here says whom it is for.

use super::mail::Mailer;
use crate::clock::{SECOND_MS, Timestamp};
use crate::error::Result;
use crate::store::Store;

/// Where the mail server does not answer, nobody's mail is tried for so long.
const PUT_OFF_MS: i64 = 60 * SECOND_MS;

/// What became of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivered {
    /// The mail server has taken it.
    Sent,
    /// It is tried again later.
    Again,
    /// It was tried for the last time.
    GivenUp,
    /// The mail server did not answer: nothing else is tried now.
    Unreached,
    /// None is due.
    Nothing,
}

/// Sends one mail that is due.
pub fn step(store: &Store, mailer: &Mailer, now: Timestamp) -> Result<Delivered> {
    let Some(mail) = store.next_mail(now)? else {
        return Ok(Delivered::Nothing);
    };
    let Err(refusal) = mailer.send(&mail.body, &mail.name()) else {
        store.mail_was_sent(&mail, now)?;
        return Ok(Delivered::Sent);
    };
    let kind = &mail.body.kind;
    let again = store.mail_was_refused(&mail, refusal.answer, now)?;
    if again {
        tracing::warn!(kind, answer = refusal.answer, "a mail is tried again later");
    } else {
        tracing::error!(kind, answer = refusal.answer, "a mail was given up");
    }
    if refusal.answer.is_none() {
        store.put_off_mail(now, now.plus_ms(PUT_OFF_MS))?;
    }
    Ok(match (again, refusal.answer) {
        (false, _) => Delivered::GivenUp,
        (true, None) => Delivered::Unreached,
        (true, Some(_)) => Delivered::Again,
    })
}
