//! Where somebody who is signed in stands for one request: as what they ask, about
//! which account, and in whose name it is recorded. Nothing here knows HTTP.

use crate::clock::Timestamp;
use crate::crypto::token;
use crate::error::Result;
use crate::model::account::Member;
use crate::model::action::{Action, Actor};
use crate::model::grant::Grant;
use crate::model::id::AccountId;
use crate::model::instance::Way;
use crate::model::role::{Party, Role};
use crate::store::Store;

/// As what somebody asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// An owner who runs the instance for the own business is two at once.
    pub parties: Vec<Party>,
    pub account: AccountId,
    /// For whom the instance is run.
    pub way: Way,
    pub actor: Actor,
    /// The grant by which the operator is inside the account.
    pub grant: Option<Grant>,
}

impl Standing {
    /// Blocks for a read. An action that is the operator's own is never taken inside an
    /// account, whatever was entered.
    pub fn of(
        store: &Store,
        member: &Member,
        secret: &str,
        action: Action,
        now: Timestamp,
    ) -> Result<Standing> {
        let (id, role) = (member.id, member.profile.role);
        let way = store.instance_settings()?.way;
        if member.account != AccountId::INSTANCE {
            let runs_it = role == Role::Owner && way == Way::Own(member.account);
            let as_operator = runs_it && !action.allows(Party::Owner);
            return Ok(Standing {
                parties: match runs_it {
                    true => vec![role.party(), Party::Operator],
                    false => vec![role.party()],
                },
                account: member.account,
                way,
                actor: match as_operator {
                    true => Actor::Operator(id),
                    false => Actor::Member(id),
                },
                grant: None,
            });
        }
        let entered = match action.allows(Party::Operator) {
            true => None,
            false => store.entered_grant(&token::hash(secret), now)?,
        };
        Ok(match entered {
            Some(grant) => Standing {
                parties: vec![grant.content.scope.party()],
                account: grant.account,
                way,
                actor: Actor::Support(id),
                grant: Some(grant),
            },
            None => Standing {
                parties: vec![Party::Operator],
                account: AccountId::INSTANCE,
                way,
                actor: Actor::Operator(id),
                grant: None,
            },
        })
    }

    pub fn may(&self, action: Action) -> bool {
        self.parties.iter().any(|party| action.allows(*party))
    }
}
