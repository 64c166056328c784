//! Signing in: e-mail and password to a member, then the code of a second factor. An
//! unknown address takes as long and is answered the same as a wrong password. Nothing
//! here knows HTTP.

use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};

use super::code_step::CodeSteps;
use super::refusal::Refusals;
use super::throttle::{Attempt, Throttle};
use super::{device, second_factor};
use crate::clock::Timestamp;
use crate::crypto::{password, token};
use crate::error::Result;
use crate::model::account::Member;
use crate::model::action::{Act, Action, Actor};
use crate::model::audit::{Network, Subject};
use crate::model::id::AccountId;
use crate::model::limits;
use crate::store::Store;

/// A verifier that no password fits: what an unknown address is checked against.
static NOBODY: LazyLock<Option<String>> = LazyLock::new(|| password::hash(&token::new().0).ok());
/// Passwords looked at or waiting for it, as a whole, from browsers that nobody knows.
const STRANGERS_MAX: usize = limits::STRANGERS_AT_ONCE;
/// The same with browsers that are known.
const ALL_MAX: usize = limits::SIGN_INS_AT_ONCE;
/// Seconds to wait where so many are at the door.
const CROWD_WAIT_SECONDS: u32 = 3;
/// Refused sign-ins that wait for their entry.
const REFUSED_MAX: usize = 256;

/// How a sign-in ended.
#[derive(Debug)]
pub enum Outcome {
    Welcome(Box<Member>),
    /// The password is right, and a code is asked for on a page that carries this.
    Code(String),
    /// Unknown address, wrong password or wrong code; which of them is not told.
    Refused,
    /// Too many attempts; seconds until the next one is looked at.
    Wait(u32),
    /// The page with the code's field is too old: the password is asked for again.
    Ended,
}

/// Who stands at the door, besides what they type.
#[derive(Debug, Clone, Default)]
pub struct Knock {
    pub from: Option<IpAddr>,
    /// What the browser has kept of an earlier sign-in.
    pub device: Option<String>,
}

impl Knock {
    fn known(&self, store: &Store, email: &str) -> Option<[u8; 32]> {
        device::known(store.keys(), email, self.device.as_deref()?)
    }
}

/// The door: checks who may come in, and how often they may try.
#[derive(Debug, Default)]
pub struct Door {
    throttle: Mutex<Throttle>,
    steps: Mutex<CodeSteps>,
    /// Attempts that are being looked at or wait for it.
    at_work: AtomicUsize,
    /// Refused sign-ins of members that wait for their entry.
    refused: Mutex<Vec<(AccountId, Act)>>,
}

/// One of those at the door, until dropped.
pub(super) struct Place<'d>(&'d AtomicUsize);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Door {
    /// Looks at e-mail address and password. Blocks for about a third of a second;
    /// never call it on an event loop.
    pub fn sign_in(
        &self,
        store: &Store,
        email: &str,
        secret: &str,
        knock: &Knock,
        now: Timestamp,
    ) -> Result<Outcome> {
        let known = knock.known(store, email);
        let attempt = match known {
            Some(device) => Attempt::of_device(device),
            None => Attempt::new(email, knock.from),
        };
        let Some(_place) = self.place(known.is_some()) else {
            return Ok(Outcome::Wait(CROWD_WAIT_SECONDS));
        };
        if let Err(seconds) = self.throttle(|throttle| throttle.admit(&attempt, now)) {
            return Ok(Outcome::Wait(seconds));
        }
        // Made before the look-up, so that the first attempt tells nothing either.
        let nobody = NOBODY.as_deref().unwrap_or_default();
        let member = store.member_by_email(email)?;
        let verifier = member
            .as_ref()
            .map_or(nobody, |member| &member.profile.password_hash);
        let right = password::verify(secret, verifier);
        let Some(member) = member.as_ref().filter(|_| right).cloned() else {
            if let Some(member) = member {
                self.remember_refused(&member, knock, now);
            }
            return Ok(Outcome::Refused);
        };
        self.throttle(|throttle| throttle.succeeded(&attempt));
        renew(store, &member, secret, now)?;
        if member.profile.second_factor.is_some() {
            return Ok(Outcome::Code(self.steps(|steps| steps.open(&member, now))));
        }
        Ok(Outcome::Welcome(Box::new(member)))
    }

    /// Looks at the code that follows a right password. Blocks for a write.
    pub fn finish(
        &self,
        store: &Store,
        step: &str,
        code: &str,
        knock: &Knock,
        now: Timestamp,
    ) -> Result<Outcome> {
        let Some(open) = self.steps(|steps| steps.find(step, now)) else {
            return Ok(Outcome::Ended);
        };
        let member = store.member(open.member)?;
        let Some(member) = member.filter(|member| member.profile.epoch == open.epoch) else {
            return Ok(Outcome::Ended);
        };
        let attempt = Attempt::inside(member.id, knock.known(store, &member.profile.email));
        if let Err(seconds) = self.throttle(|throttle| throttle.admit(&attempt, now)) {
            return Ok(Outcome::Wait(seconds));
        }
        let act = Act::new(Actor::Member(member.id), Action::SignIn, now)
            .from_network(knock.from.map(Network::of));
        if !second_factor::spend(store, act, member.id, code)? {
            self.remember_refused(&member, knock, now);
            return Ok(Outcome::Refused);
        }
        self.throttle(|throttle| throttle.succeeded(&attempt));
        self.steps(|steps| steps.close(step));
        Ok(Outcome::Welcome(Box::new(member)))
    }

    /// Looks at the password of a member who is signed in. Blocks as [`Door::sign_in`].
    pub fn confirm(
        &self,
        store: &Store,
        member: &Member,
        secret: &str,
        knock: &Knock,
        now: Timestamp,
    ) -> Result<Outcome> {
        let attempt = Attempt::inside(member.id, knock.known(store, &member.profile.email));
        if let Err(seconds) = self.throttle(|throttle| throttle.admit(&attempt, now)) {
            return Ok(Outcome::Wait(seconds));
        }
        if !password::verify(secret, &member.profile.password_hash) {
            return Ok(Outcome::Refused);
        }
        self.throttle(|throttle| throttle.succeeded(&attempt));
        Ok(Outcome::Welcome(Box::new(member.clone())))
    }

    /// Keeps what [`Door::record_refused`] writes: writing it before the answer would tell by
    /// its time whether somebody is a member.
    fn remember_refused(&self, member: &Member, knock: &Knock, now: Timestamp) {
        let act = Act::new(Actor::Visitor, Action::SignIn, now)
            .on(Subject::Member(member.id))
            .from_network(knock.from.map(Network::of));
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.len() < REFUSED_MAX {
            refused.push((member.account, act));
        }
    }

    /// Enters refused sign-ins of members into the audit, after they were answered. Blocks
    /// for writes.
    pub fn record_refused(&self, store: &Store, refusals: &Refusals) -> Result<()> {
        let refused = {
            let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *refused)
        };
        for (account, act) in refused {
            refusals.record(store, act, account)?;
        }
        Ok(())
    }

    /// A place at the door, unless too many stand there. Known browsers have more.
    pub(super) fn place(&self, is_known: bool) -> Option<Place<'_>> {
        let place = Place(&self.at_work);
        let others = self.at_work.fetch_add(1, Ordering::SeqCst);
        let most = if is_known { ALL_MAX } else { STRANGERS_MAX };
        (others < most).then_some(place)
    }

    fn throttle<T>(&self, work: impl FnOnce(&mut Throttle) -> T) -> T {
        work(&mut self.throttle.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn steps<T>(&self, work: impl FnOnce(&mut CodeSteps) -> T) -> T {
        work(&mut self.steps.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Replaces a verifier that was made with other parameters than today's.
fn renew(store: &Store, member: &Member, secret: &str, now: Timestamp) -> Result<()> {
    let old = &member.profile.password_hash;
    match password::renewed(secret, old)? {
        Some(new) => {
            let act = Act::new(Actor::Member(member.id), Action::SignIn, now);
            store.renew_verifier(act, member.id, old, new)
        }
        None => Ok(()),
    }
}
