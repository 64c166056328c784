//! The hand-over from an event loop to the writer. Waking another thread costs more
//! than storing a hit, so everything that one turn of the loop stores shares one
//! hand-over there and one wake-up back.

use std::cell::{Cell, RefCell};
use std::ops::{Deref, Range};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use serde::Serialize;

use super::journal::{Journal, Package, Verdict};
use crate::error::{Error, Kind, Result};
use crate::model::hit::Entry;
use crate::model::id::AccountId;
use crate::model::reason::Reason;

thread_local! {
    /// The turn that is being filled on this thread.
    static OPEN: RefCell<Option<Rc<Turn>>> = const { RefCell::new(None) };
}

/// What one turn of an event loop stores.
struct Turn {
    journal: Journal,
    package: RefCell<Package>,
    waiting: RefCell<Vec<Rc<Slot>>>,
}

/// Where one caller's verdicts arrive.
struct Slot {
    items: usize,
    /// What is counted where they are not stored.
    otherwise: Option<(AccountId, Reason)>,
    outcome: Cell<Option<Result<Verdicts>>>,
    waker: Cell<Option<Waker>>,
}

/// What became of one caller's entries, in order.
#[derive(Debug, Clone)]
pub struct Verdicts {
    turn: Rc<Vec<Verdict>>,
    own: Range<usize>,
}

impl Deref for Verdicts {
    type Target = [Verdict];

    fn deref(&self) -> &[Verdict] {
        self.turn.get(self.own.clone()).unwrap_or_default()
    }
}

/// The wait for what becomes of entries, which are on their way whether or not
/// somebody waits.
pub struct Storing(Way);

enum Way {
    Sent(Rc<Slot>),
    Refused(Option<Error>),
}

impl Future for Storing {
    type Output = Result<Verdicts>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let outcome = match &mut self.0 {
            Way::Sent(slot) => slot.outcome.take(),
            Way::Refused(error) => error.take().map(Err),
        };
        if let Some(outcome) = outcome {
            return Poll::Ready(outcome);
        }
        if let Way::Sent(slot) = &self.0 {
            slot.waker.set(Some(context.waker().clone()));
        }
        Poll::Pending
    }
}

/// Adds entries to the open turn; the future resolves once the disk has them. Where
/// they are not stored, that is counted, where a reason is given.
pub(super) fn store<T: AsRef<str> + Serialize>(
    journal: &Journal,
    account: AccountId,
    entries: &[Entry<T>],
    otherwise: Option<Reason>,
) -> Storing {
    let turn = open(journal);
    if let Err(error) = turn.package.borrow_mut().add(account, entries) {
        if let Some(reason) = otherwise {
            journal.count(account, reason);
        }
        return Storing(Way::Refused(Some(error)));
    }
    let slot = Rc::new(Slot {
        items: entries.len(),
        otherwise: otherwise.map(|reason| (account, reason)),
        outcome: Cell::new(None),
        waker: Cell::new(None),
    });
    turn.waiting.borrow_mut().push(slot.clone());
    Storing(Way::Sent(slot))
}

/// The turn being filled; a new one is sent once the tasks that are ready now ran.
fn open(journal: &Journal) -> Rc<Turn> {
    OPEN.with_borrow_mut(|open| {
        if let Some(turn) = open
            && Arc::ptr_eq(&turn.journal.0, &journal.0)
        {
            return turn.clone();
        }
        let turn = Rc::new(Turn {
            journal: journal.clone(),
            package: RefCell::default(),
            waiting: RefCell::default(),
        });
        tokio::task::spawn_local(send(turn.clone()));
        *open = Some(turn.clone());
        turn
    })
}

async fn send(turn: Rc<Turn>) {
    OPEN.with_borrow_mut(|open| {
        if open.as_ref().is_some_and(|open| Rc::ptr_eq(open, &turn)) {
            *open = None;
        }
    });
    let outcome = turn.journal.send(turn.package.take()).await;
    let outcome = outcome.map(Rc::new);
    let mut from = 0;
    for slot in turn.waiting.take() {
        let own = from..from + slot.items;
        from = own.end;
        slot.outcome.set(Some(match &outcome {
            Ok(verdicts) => Ok(Verdicts {
                turn: verdicts.clone(),
                own,
            }),
            Err(error) => Err(turn.refused(&slot, error)),
        }));
        if let Some(waker) = slot.waker.take() {
            waker.wake();
        }
    }
}

impl Turn {
    /// The same refusal for each who waits.
    fn refused(&self, slot: &Slot, error: &Error) -> Error {
        if let Some((account, reason)) = slot.otherwise {
            self.journal.count(account, reason);
        }
        match error.kind() {
            Kind::Busy => Error::new(Kind::Busy, "Too much waits to be stored."),
            kind => Error::new(kind, error.message().to_owned()),
        }
    }
}
