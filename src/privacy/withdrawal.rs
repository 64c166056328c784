//! Who takes their consent back is erased: what was kept by their id goes the way of
//! every other erasure.

use super::erase;
use crate::clock::Timestamp;
use crate::error::{Kind, Result};
use crate::model::action::{Act, Action, Actor};
use crate::model::person::{PersonIds, Reach};
use crate::store::Store;

/// Begins the erasure of the oldest withdrawal. When it returns, the visitor is out of
/// every read. False: nobody has withdrawn.
pub fn withdraw_step(store: &Store, now: Timestamp) -> Result<bool> {
    let Some(withdrawal) = store.withdrawals(1)?.pop() else {
        return Ok(false);
    };
    let ids = PersonIds {
        visitors: [withdrawal.visitor.reveal().0].into(),
        ..PersonIds::default()
    };
    let act = Act::new(Actor::System, Action::ManagePrivacy, now);
    match erase::begin(store, act, withdrawal.account, ids, Reach::Whole) {
        Ok(_) => {}
        Err(error) if error.kind() == Kind::NotFound => {}
        Err(error) => return Err(error),
    }
    store.finish_withdrawal(withdrawal.row)?;
    Ok(true)
}
