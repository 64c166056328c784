//! Personal data that stays locked: after the ledger of erased people was lost nobody can
//! tell who must not come back, so nothing of anybody is shown or handed out. Erasing
//! goes on, and so do collecting and reports, which name nobody. A member who looks after
//! people's rights erases again whom the receipts name, and opens it.

use crate::clock::Timestamp;
use crate::error::{Error, Kind, Result};
use crate::model::catalog::Catalog;
use crate::model::id::AccountId;

/// Since when an account's personal data is locked.
pub(super) fn since(catalog: &Catalog, account: AccountId) -> Option<Timestamp> {
    catalog.accounts.get(&account)?.locked_at
}

/// # Errors
/// [`Kind::NotAllowed`], with the next step, where it is locked.
pub(super) fn require_open(locked_at: Option<Timestamp>) -> Result<()> {
    match locked_at {
        None => Ok(()),
        Some(at) => Err(Error::new(Kind::NotAllowed, sentence(at))),
    }
}

/// What is said where something would be shown.
pub fn sentence(at: Timestamp) -> String {
    format!(
        "Personal data is locked since {}: the server's list of erased people was lost, and \
         somebody who was erased could be among what is held. Erase again whom your receipts \
         name; then a member who looks after privacy opens it in the console, or the command \
         privacy unlock does.",
        at.day()
    )
}

/// Refuses to show or hand out anything of people while it is locked.
///
/// # Errors
/// [`Kind::NotAllowed`], with the next step.
pub fn require_unlocked(catalog: &Catalog, account: AccountId) -> Result<()> {
    require_open(since(catalog, account))
}
