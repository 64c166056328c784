//! Between the password and the code of the second factor: who gave the right password
//! and may now type a code, for five minutes. In memory alone; a restart asks for
//! the password again. Pure: the instant is an argument.

use std::collections::HashMap;

use crate::clock::{SECOND_MS, Timestamp};
use crate::crypto::token;
use crate::model::account::Member;
use crate::model::id::MemberId;

/// How long a code may be typed after the password.
const LIFE_MS: i64 = 5 * 60 * SECOND_MS;
/// Kept at most; the oldest go first.
const STEPS_MAX: usize = 4_096;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeStep {
    pub member: MemberId,
    /// The member's epoch when the password was right.
    pub epoch: u32,
    ends_at: Timestamp,
}

/// The open steps, by the hash of what the page carries.
#[derive(Debug, Default)]
pub struct CodeSteps(HashMap<[u8; 32], CodeStep>);

impl CodeSteps {
    /// Opens a step and gives what the page with the code's field carries.
    pub fn open(&mut self, member: &Member, now: Timestamp) -> String {
        if self.0.len() >= STEPS_MAX {
            self.0.retain(|_, step| now < step.ends_at);
        }
        while self.0.len() >= STEPS_MAX {
            let oldest = self.0.iter().min_by_key(|(_, step)| step.ends_at);
            let Some(oldest) = oldest.map(|(hash, _)| *hash) else {
                break;
            };
            self.0.remove(&oldest);
        }
        let (secret, hash) = token::new();
        let step = CodeStep {
            member: member.id,
            epoch: member.profile.epoch,
            ends_at: now.plus_ms(LIFE_MS),
        };
        self.0.insert(hash, step);
        secret
    }

    pub fn find(&self, secret: &str, now: Timestamp) -> Option<CodeStep> {
        let step = self.0.get(&token::hash(secret)).copied();
        step.filter(|step| now < step.ends_at)
    }

    pub fn close(&mut self, secret: &str) {
        self.0.remove(&token::hash(secret));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::account::MemberProfile;
    use crate::model::id::AccountId;
    use crate::model::role::Role;

    #[test]
    fn a_step_ends_by_time_and_by_use_and_memory_is_bounded() {
        let at = Timestamp::from_millis;
        let profile = MemberProfile::new("a@b.example".into(), Role::Owner, String::new());
        let member = Member {
            id: MemberId::from_random(1),
            account: AccountId::from_random(1),
            profile,
        };
        let mut steps = CodeSteps::default();
        let secret = steps.open(&member, at(0));
        assert!(steps.find(&secret, at(LIFE_MS - 1)).is_some());
        assert!(steps.find(&secret, at(LIFE_MS)).is_none());
        steps.close(&secret);
        assert!(steps.find(&secret, at(0)).is_none());
        for ms in 0..5_000 {
            steps.open(&member, at(ms));
        }
        assert!(steps.0.len() <= STEPS_MAX);
    }
}
