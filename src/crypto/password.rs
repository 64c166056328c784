//! Passwords: Argon2id (RFC 9106) with 64 MiB, three passes, one lane. Two at a
//! time, so that a flood of sign-ins cannot take the machine's memory.

use std::sync::{Condvar, Mutex};

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};

use crate::error::{Error, Result};

/// Shortest password, in characters.
pub const PASSWORD_MIN: usize = 12;
/// Longest password, in bytes.
pub const PASSWORD_MAX: usize = 1_024;

const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
const LANES: u32 = 1;
const AT_A_TIME: usize = 2;

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

/// Checks the length: 12 characters at least, 1,024 bytes at most.
pub fn check_length(password: &str) -> Result<()> {
    if password.chars().count() < PASSWORD_MIN {
        return Err(Error::invalid("A password needs at least 12 characters."));
    }
    if password.len() > PASSWORD_MAX {
        return Err(Error::invalid("A password has at most 1024 bytes."));
    }
    Ok(())
}

/// The password's verifier in PHC string format. Takes about a third of a second;
/// never call it on an event loop.
pub fn hash(password: &str) -> Result<String> {
    check_length(password)?;
    let _turn = Turn::wait();
    argon2()?
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|_| Error::internal("The password could not be hashed."))
}

/// Whether this is the password. As slow as [`hash`].
pub fn verify(password: &str, verifier: &str) -> bool {
    let Ok(parsed) = PasswordHash::new(verifier) else {
        return false;
    };
    if password.len() > PASSWORD_MAX {
        return false;
    }
    let _turn = Turn::wait();
    argon2().is_ok_and(|argon2| argon2.verify_password(password.as_bytes(), &parsed).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_password_itself_verifies() {
        let verifier = hash("correct horse battery").unwrap();
        assert!(verifier.starts_with("$argon2id$v=19$m=65536,t=3,p=1$"));
        assert!(verify("correct horse battery", &verifier));
        assert!(!verify("correct horse batterx", &verifier));
        assert!(!verify("anything", "not a verifier"));
    }

    #[test]
    fn a_short_password_is_refused() {
        assert!(hash("short").is_err());
    }
}
