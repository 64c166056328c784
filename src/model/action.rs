//! Who does what: every write carries an [`Act`], every route names an [`Action`].

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::model::audit::{Network, Subject};
use crate::model::id::{AccountId, MemberId, TokenId};

/// What a route or command does. Public ones need no sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// A visitor's browser reports a hit, or fetches what it needs for that.
    Collect,
    /// Files that are the same for everyone.
    ReadAsset,
    SetUp,
    SignIn,
    SignOut,
    ReadOverview,
    ReadReport,
    ReadConversions,
    ChangeConversion,
    ReadCampaigns,
    ChangeCampaign,
    ReadPublishers,
    ChangePublisher,
    ReadSites,
    ChangeSite,
    ReadAccount,
    ChangeAccount,
    CreateAccount,
    ReadIntake,
    CreateToken,
    /// Settling and other work that runs by itself.
    Settle,
}

/// What a holder must be to perform an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    Public,
    Read,
    Write,
}

impl Action {
    pub fn level(self) -> Level {
        match self {
            Action::Collect
            | Action::ReadAsset
            | Action::SetUp
            | Action::SignIn
            | Action::SignOut => Level::Public,
            Action::ReadOverview
            | Action::ReadReport
            | Action::ReadConversions
            | Action::ReadCampaigns
            | Action::ReadPublishers
            | Action::ReadSites
            | Action::ReadAccount
            | Action::ReadIntake => Level::Read,
            Action::ChangeConversion
            | Action::ChangeCampaign
            | Action::ChangePublisher
            | Action::ChangeSite
            | Action::ChangeAccount
            | Action::CreateAccount
            | Action::CreateToken
            | Action::Settle => Level::Write,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Actor {
    /// Whoever holds the machine's shell.
    Shell,
    /// Whoever opened the one-time set-up address.
    SetUp,
    /// Nobody yet: a sign-in.
    Visitor,
    Member(MemberId),
    Token(TokenId),
    /// The program itself.
    System,
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

/// What an API token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    Read,
    Write,
}

impl Scope {
    pub fn allows(self, action: Action) -> bool {
        match action.level() {
            Level::Public => true,
            Level::Read => true,
            Level::Write => self == Scope::Write,
        }
    }
}

/// An API token as the store knows it: never its secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApiToken {
    pub id: TokenId,
    pub account: AccountId,
    pub scope: Scope,
}
