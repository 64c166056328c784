//! Passwords: Argon2id (RFC 9106) with 64 MiB, three passes, one lane. Two at a
//! time, so that a flood of sign-ins cannot take the machine's memory.

use std::sync::{Condvar, Mutex};

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};

use super::password_rule;
use crate::error::{Error, Result};

pub use super::password_rule::{PASSWORD_MAX, PASSWORD_MIN, check_length};

const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
const LANES: u32 = 1;
const AT_A_TIME: usize = crate::model::limits::HASHES_AT_ONCE;

static RUNNING: Mutex<usize> = Mutex::new(0);
static FREED: Condvar = Condvar::new();

struct Turn;

impl Turn {
    fn wait() -> Turn {
        let mut running = RUNNING
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        while *running >= AT_A_TIME {
            running = FREED
                .wait(running)
                .unwrap_or_else(|poisoned| poisoned.into_inner());
        }
        *running += 1;
        Turn
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *RUNNING
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner()) -= 1;
        FREED.notify_one();
    }
}

fn argon2() -> Result<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)
        .map_err(|_| Error::internal("The password settings are wrong."))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// The verifier, in PHC string format, of a password that somebody chooses, whose own
/// words (e-mail address, names) it must not be. Takes about a third of a second; never
/// call it on an event loop.
///
/// # Errors
/// [`crate::error::Kind::Invalid`] where the rules refuse it.
pub fn choose(password: &str, own: &[&str]) -> Result<String> {
    password_rule::check(password, own)?;
    digest(password)
}

/// The same where nothing is known of whose password it is.
///
/// # Errors
/// [`crate::error::Kind::Invalid`] where the rules refuse it.
pub fn hash(password: &str) -> Result<String> {
    choose(password, &[])
}

fn digest(password: &str) -> Result<String> {
    let _turn = Turn::wait();
    argon2()?
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|_| Error::internal("The password could not be hashed."))
}

/// A new verifier of a password that has just proved right, where the old one was made
/// with other parameters than ours.
pub fn renewed(password: &str, verifier: &str) -> Result<Option<String>> {
    let ours = format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}$");
    if verifier.starts_with(&ours) {
        return Ok(None);
    }
    digest(password).map(Some)
}

/// Whether this is the password. As slow as [`choose`].
pub fn verify(password: &str, verifier: &str) -> bool {
    let Ok(parsed) = PasswordHash::new(verifier) else {
        return false;
    };
    if password.len() > PASSWORD_MAX {
        return false;
    }
    let _turn = Turn::wait();
    #[cfg(test)]
    tests::COUNTED.with_borrow_mut(|counted| counted.push(parsed.params.to_string()));
    argon2().is_ok_and(|argon2| argon2.verify_password(password.as_bytes(), &parsed).is_ok())
}

#[cfg(test)]
pub mod tests {
    use std::cell::RefCell;

    use super::*;

    thread_local! {
        /// Parameters of each verification on this thread: the work that was done.
        pub static COUNTED: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    }

    /// A verifier as an older version would have made it.
    pub fn weaker_verifier(password: &str) -> String {
        let params = Params::new(8 * 1_024, 1, 1, None).unwrap();
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password(password.as_bytes())
            .unwrap()
            .to_string()
    }

    #[test]
    fn only_the_password_itself_verifies() {
        let verifier = hash("correct horse battery").unwrap();
        assert!(verifier.starts_with("$argon2id$v=19$m=65536,t=3,p=1$"));
        assert!(verify("correct horse battery", &verifier));
        assert!(!verify("correct horse batterx", &verifier));
        assert!(!verify("anything", "not a verifier"));
        assert_eq!(renewed("correct horse battery", &verifier).unwrap(), None);
    }

    #[test]
    fn a_verifier_of_other_parameters_is_renewed() {
        let old = weaker_verifier("correct horse battery");
        assert!(verify("correct horse battery", &old));
        let new = renewed("correct horse battery", &old).unwrap().unwrap();
        assert!(new.starts_with("$argon2id$v=19$m=65536,t=3,p=1$"));
        assert!(verify("correct horse battery", &new));
    }

    #[test]
    fn a_short_password_is_refused() {
        assert!(hash("short").is_err());
    }
}
