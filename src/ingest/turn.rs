//! The hand-over from an event loop to the writer. Waking another thread costs more
//! than storing a hit, so everything that one turn of the loop stores shares one
//! hand-over there and one wake-up back.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Poll, Waker};

use super::journal::{Journal, Package, Verdict};
use crate::error::{Error, Kind, Result};
use crate::model::hit::Entry;
use crate::model::id::AccountId;

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
    outcome: RefCell<Option<Result<Vec<Verdict>>>>,
    waker: Cell<Option<Waker>>,
}

/// Adds entries to the open turn; the future resolves once the disk has them.
pub(super) fn store(
    journal: &Journal,
    account: AccountId,
    entries: &[Entry],
) -> Result<impl Future<Output = Result<Vec<Verdict>>> + use<>> {
    let turn = open(journal);
    turn.package.borrow_mut().add(account, entries)?;
    let slot = Rc::new(Slot {
        items: entries.len(),
        outcome: RefCell::new(None),
        waker: Cell::new(None),
    });
    turn.waiting.borrow_mut().push(slot.clone());
    Ok(poll_fn(move |context| match slot.outcome.take() {
        Some(outcome) => Poll::Ready(outcome),
        None => {
            slot.waker.set(Some(context.waker().clone()));
            Poll::Pending
        }
    }))
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
    let mut verdicts = outcome.map(Vec::into_iter);
    for slot in turn.waiting.take() {
        let outcome = match &mut verdicts {
            Ok(verdicts) => Ok(verdicts.by_ref().take(slot.items).collect()),
            Err(error) => Err(same(error)),
        };
        slot.outcome.replace(Some(outcome));
        if let Some(waker) = slot.waker.take() {
            waker.wake();
        }
    }
}

/// The same refusal for each who waits.
fn same(error: &Error) -> Error {
    match error.kind() {
        Kind::Busy => Error::new(Kind::Busy, "Too much waits to be stored."),
        kind => Error::new(kind, error.message().to_owned()),
    }
}
