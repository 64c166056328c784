//! A member's second factor: the secret shared with an app, and recovery codes for
//! the day the app is gone. Pure; what a code proves is decided in `access`.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;

/// Recovery codes that are handed out at once.
pub const RECOVERY_CODES: usize = 10;

/// What a member's app and this server share: 160 random bits.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TotpSecret(pub [u8; 20]);

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpSecret")
    }
}

/// As it is kept, sealed with the member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondFactor {
    pub secret: TotpSecret,
    pub since: Timestamp,
    /// The time step whose code was taken last: it and those before serve no more.
    pub last_step: i64,
    /// Hashes of the recovery codes that are left.
    pub recovery: Vec<[u8; 32]>,
}

impl SecondFactor {
    /// Uses a recovery code up; false where there is no such code.
    pub fn spend_recovery(&mut self, hash: &[u8; 32]) -> bool {
        let before = self.recovery.len();
        self.recovery.retain(|kept| kept != hash);
        self.recovery.len() < before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recovery_code_is_used_up() {
        let mut factor = SecondFactor {
            secret: TotpSecret([7; 20]),
            since: Timestamp::from_millis(0),
            last_step: 0,
            recovery: vec![[1; 32], [2; 32]],
        };
        assert!(factor.spend_recovery(&[1; 32]));
        assert!(!factor.spend_recovery(&[1; 32]));
        assert_eq!(factor.recovery, [[2; 32]]);
        assert!(!format!("{factor:?}").contains('7'), "a secret is shown");
    }
}
