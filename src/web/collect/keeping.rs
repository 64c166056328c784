//! From a decision to its answer: what has to be durable first, the wait for the disk,
//! and what is answered then. Never in here: the decision itself.

use std::borrow::Cow;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Sleep, sleep};

use super::outcome::Outcome;
use super::{Answer, Station, refuse, report};
use crate::error::Error;
use crate::ingest::{Storing, Verdicts};
use crate::model::consent::receipt::Statement;
use crate::model::hit::Entry;
use crate::model::id::AccountId;
use crate::model::reason::Reason;

/// How long a visitor waits for the disk before being sent on.
const PATIENCE: Duration = Duration::from_millis(40);

/// What is done with a request.
pub enum Decided<'r> {
    Now(Answer),
    Keep(Keeping<'r>),
    /// It is on its way to the disk.
    Later(Later),
}

/// Makes an answer of what became of the entries.
type Tell = Box<dyn FnOnce(&Station, Result<Verdicts, Outcome>) -> Answer>;

/// What happens where entries are not stored.
#[derive(Clone, Copy)]
enum Otherwise {
    /// They are counted as refused, and the sender is told.
    Refuse,
    /// The visitor does not wait for long, is sent on, and the click is counted as not
    /// stored once that is certain.
    SendOn,
    /// The visitor is told nothing; the log says so.
    Report,
}

/// Entries that become durable before an answer goes out.
pub struct Keeping<'r> {
    account: AccountId,
    entries: Vec<Entry<Cow<'r, str>>>,
    otherwise: Otherwise,
    tell: Tell,
}

impl<'r> Keeping<'r> {
    /// Entries that have to be stored.
    pub fn stored(
        account: AccountId,
        entries: Vec<Entry<Cow<'r, str>>>,
        tell: impl FnOnce(Outcome) -> Answer + 'static,
    ) -> Decided<'r> {
        Keeping::kept(account, entries, Otherwise::Refuse, tell)
    }

    /// A click, whose visitor is sent on whatever happens.
    pub fn sent_on(
        account: AccountId,
        entries: Vec<Entry<Cow<'r, str>>>,
        tell: impl FnOnce(Outcome) -> Answer + 'static,
    ) -> Decided<'r> {
        Keeping::kept(account, entries, Otherwise::SendOn, tell)
    }

    /// A withdrawal whose hit is not counted, where there is one. Where it cannot be
    /// stored the visitor is not told: their browser has forgotten already, and the log
    /// says so.
    pub fn withdrawn(
        account: AccountId,
        statement: Option<Statement>,
        answer: impl FnOnce() -> Answer + 'static,
    ) -> Decided<'r> {
        let Some(statement) = statement else {
            return Decided::Now(answer());
        };
        let entries = vec![Entry::Statement(Box::new(statement))];
        Keeping::kept(account, entries, Otherwise::Report, |_| answer())
    }

    fn kept(
        account: AccountId,
        entries: Vec<Entry<Cow<'r, str>>>,
        otherwise: Otherwise,
        tell: impl FnOnce(Outcome) -> Answer + 'static,
    ) -> Decided<'r> {
        Decided::Keep(Keeping {
            account,
            entries,
            otherwise,
            tell: Box::new(|_, kept| tell(outcome(kept))),
        })
    }

    fn start(self, station: &Rc<Station>) -> Later {
        let journal = &station.app.journal;
        let (account, entries) = (self.account, &self.entries);
        let sends_on = matches!(self.otherwise, Otherwise::SendOn);
        let storing = match sends_on {
            true => journal.store_or_count(account, entries, Reason::Unconfirmed),
            false => journal.store_in_turn(account, entries),
        };
        Later {
            storing,
            patience: sends_on.then(|| Box::pin(sleep(PATIENCE))),
            station: station.clone(),
            account,
            otherwise: self.otherwise,
            tell: Some(self.tell),
        }
    }
}

fn outcome(kept: Result<Verdicts, Outcome>) -> Outcome {
    kept.map_or_else(|outcome| outcome, |_| Outcome::Stored)
}

impl Decided<'_> {
    /// Sends what has to be kept on its way to the disk, whether or not somebody waits.
    pub fn start(self, station: &Rc<Station>) -> Answering {
        match self {
            Decided::Now(answer) => Answering::Now(answer),
            Decided::Keep(keeping) => Answering::Later(keeping.start(station)),
            Decided::Later(later) => Answering::Later(later),
        }
    }
}

/// The answer, or the wait for it. Everything that reads the request has been done by
/// then, so that a request that waits for the disk holds next to nothing.
pub enum Answering {
    Now(Answer),
    Later(Later),
}

impl Answering {
    pub async fn answer(self) -> Answer {
        match self {
            Answering::Now(answer) => answer,
            Answering::Later(later) => later.await,
        }
    }
}

/// The wait for the disk.
pub struct Later {
    storing: Storing,
    /// Ends the wait of a visitor who is sent on.
    patience: Option<Pin<Box<Sleep>>>,
    station: Rc<Station>,
    account: AccountId,
    otherwise: Otherwise,
    tell: Option<Tell>,
}

impl Later {
    /// The same for entries on their way, each with a verdict of its own.
    pub fn each(
        station: &Rc<Station>,
        account: AccountId,
        storing: Storing,
        tell: impl FnOnce(&Station, Result<Verdicts, Outcome>) -> Answer + 'static,
    ) -> Decided<'static> {
        Decided::Later(Later {
            storing,
            patience: None,
            station: station.clone(),
            account,
            otherwise: Otherwise::Refuse,
            tell: Some(Box::new(tell)),
        })
    }

    fn not_stored(&self, error: &Error) -> Outcome {
        report(error);
        match self.otherwise {
            Otherwise::Refuse => refuse(&self.station.app, Some(self.account), Reason::Overloaded),
            Otherwise::SendOn => self.unconfirmed(),
            Otherwise::Report => Outcome::NotStored(Reason::Overloaded),
        }
    }

    fn unconfirmed(&self) -> Outcome {
        self.station.app.journal.sent_on_unconfirmed();
        Outcome::Unconfirmed
    }
}

impl Future for Later {
    type Output = Answer;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Answer> {
        let kept = match pin!(&mut self.storing).poll(context) {
            Poll::Ready(Ok(verdicts)) => Ok(verdicts),
            Poll::Ready(Err(error)) => Err(self.not_stored(&error)),
            Poll::Pending => {
                let Some(patience) = &mut self.patience else {
                    return Poll::Pending;
                };
                ready!(patience.as_mut().poll(context));
                Err(self.unconfirmed())
            }
        };
        match self.tell.take() {
            Some(tell) => Poll::Ready(tell(&self.station, kept)),
            // It was answered already.
            None => Poll::Pending,
        }
    }
}
