//! One-time links: to join an account, or to come back into it after a password or a
//! second factor was lost. Pure; the link's secret is never in here.

use serde::{Deserialize, Serialize};

use crate::clock::{DAY_MS, Timestamp};
use crate::model::action::Actor;
use crate::model::id::{AccountId, InviteId, MemberId};
use crate::model::role::Role;

/// How long a link to join works: seven days.
pub const JOIN_LIFE_MS: i64 = 7 * DAY_MS;
/// How long a link to come back works, once it does: one day.
pub const RETURN_LIFE_MS: i64 = DAY_MS;
/// How long a link from the shell waits where the instance hosts others, so that its
/// owners can see and refuse it: one day.
pub const RETURN_DELAY_MS: i64 = DAY_MS;

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// A new member with this role.
    Join(Role),
    /// This member gets a new password, and the second factor is forgotten.
    Return(MemberId),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InviteContent {
    pub email: String,
    pub purpose: Purpose,
    pub made_by: Actor,
    pub made_at: Timestamp,
    /// Before this instant the link does nothing, unless an owner confirms it.
    pub opens_at: Timestamp,
}

/// A link that was made and has not been used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invite {
    pub id: InviteId,
    pub account: AccountId,
    pub expires_at: Timestamp,
    pub content: InviteContent,
}

impl Invite {
    /// Whether the operator made it for the first owner of an account.
    pub fn is_of_the_operator(&self) -> bool {
        self.account != AccountId::INSTANCE
            && matches!(self.content.made_by, Actor::Operator(_))
            && matches!(self.content.purpose, Purpose::Join(_))
    }

    pub fn is_open(&self, now: Timestamp) -> bool {
        self.content.opens_at <= now && now < self.expires_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_opens_when_it_may_and_ends() {
        let at = Timestamp::from_millis;
        let invite = Invite {
            id: InviteId::from_random(1),
            account: AccountId::from_random(1),
            expires_at: at(200),
            content: InviteContent {
                email: "ann@example.org".to_owned(),
                purpose: Purpose::Join(Role::Viewer),
                made_by: Actor::Shell,
                made_at: at(0),
                opens_at: at(100),
            },
        };
        let open = [99, 100, 199, 200].map(|ms| invite.is_open(at(ms)));
        assert_eq!(open, [false, true, true, false]);
    }
}
