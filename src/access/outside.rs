//! What the operator may do to accounts from outside, besides what the store refuses:
//! how one ends and comes back, and the link of a first owner. Nothing of an account's
//! content is read, and nobody who is a member already is touched.

use super::member::{self, Hand, Link};
use crate::clock::Timestamp;
use crate::error::{Error, Kind, Result};
use crate::model::action::{Act, Actor};
use crate::model::id::AccountId;
use crate::model::instance;
use crate::model::life::{About, Notice, Way};
use crate::model::role::Role;
use crate::store::Store;

fn conflict(sentence: &'static str) -> Error {
    Error::new(Kind::Conflict, sentence)
}

/// Sets when an account expires.
///
/// # Errors
/// [`Kind::Conflict`] for the operator's own business.
pub fn expire(store: &Store, act: Act, account: AccountId, at: Timestamp) -> Result<()> {
    if store.instance_settings()?.way == instance::Way::Own(account) {
        return Err(conflict(
            "This server is run for your own business: its account has no end. Owners delete it \
             in the account itself.",
        ));
    }
    let told = Notice {
        about: About::Expiry,
        of: at,
        way: Way::Command,
        at: act.at,
    };
    store.expire_account(act, account, at, told)
}

/// Takes an end back; `expires_at` is the new one, if there is to be one.
///
/// # Errors
/// [`Kind::Invalid`] for a date that is over, [`Kind::Conflict`] where an owner asked
/// for the deletion: that is theirs to take back.
pub fn reinstate(
    store: &Store,
    act: Act,
    account: AccountId,
    expires_at: Option<Timestamp>,
) -> Result<()> {
    if expires_at.is_some_and(|at| at <= act.at) {
        return Err(Error::invalid(
            "The last day must be one that is still to come, or left empty.",
        ));
    }
    let (_, life) = store.life(account)?;
    let asked_by = life.deletion.map(|deletion| deletion.by);
    if matches!(asked_by, Some(Actor::Member(_))) {
        return Err(conflict(
            "An owner of the account has asked for its deletion. Only an owner takes that back.",
        ));
    }
    store.reinstate_account(act, account, expires_at)
}

/// A new link for the first owner, where the one before has ended unused.
///
/// # Errors
/// [`Kind::Conflict`] where the account has members: from then on they see to that.
pub fn invite_owner(store: &Store, act: Act, account: AccountId, email: &str) -> Result<Link> {
    let volume = store.volumes()?.remove(&account);
    let volume = volume.ok_or_else(|| Error::not_found("account"))?;
    if volume.members > 0 {
        return Err(conflict(
            "The account has members already. Its owners decide who else comes in.",
        ));
    }
    member::invite(store, act, account, Hand::Operator, email, Role::Owner)
}
