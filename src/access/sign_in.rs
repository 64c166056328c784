//! Signing in: e-mail and password to a member. An unknown address takes as long
//! and is answered the same as a wrong password. Nothing here knows HTTP.

use std::net::IpAddr;
use std::sync::{LazyLock, Mutex, PoisonError};

use super::throttle::{Attempt, Throttle};
use crate::clock::Timestamp;
use crate::crypto::{password, token};
use crate::error::Result;
use crate::model::account::Member;
use crate::store::Store;

/// A verifier that no password fits: what an unknown address is checked against.
static NOBODY: LazyLock<Option<String>> = LazyLock::new(|| password::hash(&token::new().0).ok());

/// How a sign-in ended.
#[derive(Debug)]
pub enum Outcome {
    Welcome(Box<Member>),
    /// Unknown address or wrong password; which of them is not told.
    Refused,
    /// Too many attempts; seconds until the next one is looked at.
    Wait(u32),
}

/// The door: checks who may come in, and how often they may try.
#[derive(Debug, Default)]
pub struct Door(Mutex<Throttle>);

impl Door {
    /// Looks at one attempt. Blocks for about a third of a second; never call it on
    /// an event loop.
    pub fn sign_in(
        &self,
        store: &Store,
        email: &str,
        secret: &str,
        from: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<Outcome> {
        let attempt = Attempt::new(email, from);
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
        match member.filter(|_| right) {
            Some(member) => {
                self.throttle(|throttle| throttle.succeeded(&attempt));
                Ok(Outcome::Welcome(Box::new(member)))
            }
            None => Ok(Outcome::Refused),
        }
    }

    fn throttle<T>(&self, work: impl FnOnce(&mut Throttle) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
