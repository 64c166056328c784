//! Who does what, and when: one write, as the audit has it.

use serde::{Deserialize, Serialize};

use super::action::Action;
use crate::clock::Timestamp;
use crate::model::audit::{Network, Subject};
use crate::model::id::{MemberId, TokenId};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Actor {
    /// Whoever holds the machine's shell.
    Shell,
    /// Whoever opened the one-time set-up address.
    SetUp,
    /// Nobody yet: a sign-in.
    Visitor,
    Member(MemberId),
    /// Who runs the instance, in the console.
    Operator(MemberId),
    /// The same person inside an account whose owner let them in.
    Support(MemberId),
    Token(TokenId),
    /// The program itself.
    System,
}

impl Actor {
    /// What kind of actor, in a word.
    pub fn word(self) -> &'static str {
        match self {
            Actor::Shell => "shell",
            Actor::SetUp => "set_up",
            Actor::Visitor => "visitor",
            Actor::Member(_) => "member",
            Actor::Operator(_) => "operator",
            Actor::Support(_) => "support",
            Actor::Token(_) => "token",
            Actor::System => "system",
        }
    }

    /// The member who acts, in whatever part.
    pub fn member(self) -> Option<MemberId> {
        match self {
            Actor::Member(id) | Actor::Operator(id) | Actor::Support(id) => Some(id),
            _ => None,
        }
    }

    /// Which one, where there are several.
    pub fn id(self) -> Option<String> {
        match self {
            Actor::Member(id) | Actor::Operator(id) | Actor::Support(id) => Some(id.to_string()),
            Actor::Token(id) => Some(id.to_string()),
            Actor::Shell | Actor::SetUp | Actor::Visitor | Actor::System => None,
        }
    }
}

/// One write: by whom, as what, when. The store appends it to the audit in the
/// same transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Act {
    pub actor: Actor,
    pub action: Action,
    pub at: Timestamp,
    /// What it is done to, where that is known beforehand.
    pub subject: Option<Subject>,
    /// Where it comes from.
    pub network: Option<Network>,
}

impl Act {
    pub fn new(actor: Actor, action: Action, at: Timestamp) -> Self {
        Act {
            actor,
            action,
            at,
            subject: None,
            network: None,
        }
    }

    /// Whether the instance's own log has it as well, where it is done to an account: what
    /// whoever runs the machine does, and what lets them in or ends an account.
    pub fn is_told_to_the_instance(&self) -> bool {
        let by_operator = matches!(self.actor, Actor::Shell | Actor::SetUp | Actor::Operator(_));
        by_operator
            || matches!(
                self.action,
                Action::GiveGrant
                    | Action::RevokeGrant
                    | Action::EnterAccount
                    | Action::LeaveAccount
                    | Action::EndAccount
            )
    }

    /// The same act, done to this.
    pub fn on(self, subject: Subject) -> Self {
        Act {
            subject: Some(subject),
            ..self
        }
    }

    /// The same act, come from this network.
    pub fn from_network(self, network: Option<Network>) -> Self {
        Act { network, ..self }
    }
}
