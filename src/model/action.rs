//! What is done and who may: every write carries an [`Act`], every route names an
//! [`Action`].

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::model::id::{AccountId, TokenId};
use crate::model::role::{Party, Scope};

pub use super::act::{Act, Actor};

/// What a route or command does. Its row in [`Action::admits`] says who may do it.
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
    /// A member proves once more, by password, who they are.
    Confirm,
    /// Somebody follows a one-time link.
    Join,
    /// A member looks at, or changes, how they themselves sign in.
    ReadSelf,
    ChangeSelf,
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
    ReadMembers,
    ChangeMembers,
    /// An owner lets a link work that waits.
    ConfirmLink,
    /// Who of support may look in, and when they did.
    ReadGrants,
    /// An owner lets support in.
    GiveGrant,
    RevokeGrant,
    /// What is kept how long, and what goes when.
    ReadRetention,
    ChangeRetention,
    /// Everything an account holds, in one file.
    ExportAccount,
    /// Asks for the account's deletion, or takes that back.
    EndAccount,
    /// A member says that they have read when the account ends.
    ConfirmEnd,
    /// Members are written to of an end, or a mail about it has gone out.
    GiveNotice,
    ReadIntake,
    /// The instance's health as numbers, for whoever asks from the machine itself or
    /// brings the operator's token for it.
    ReadMetrics,
    /// Who did what in the account.
    ReadAudit,
    /// Finds, shows, restricts, corrects and erases a person's data, and keeps the
    /// requests that people make.
    ManagePrivacy,
    /// A visitor sees to their own data.
    SeeToOneself,
    /// The privacy documents, what was stated for them, and receipts of consent.
    ReadDocuments,
    ChangeDocuments,
    CreateToken,
    ReadTokens,
    RevokeToken,
    /// The operator looks at accounts from outside: labels, states, dates, volumes.
    ReadInstance,
    /// The operator changes how the instance runs, or lets an owner in.
    ChangeInstance,
    /// For whom the instance is run; members of every account are told.
    ChangeWay,
    CreateAccount,
    /// The operator sets when an account expires, or takes an end back.
    ExpireAccount,
    ReinstateAccount,
    /// The operator holds an account, or lets it go on.
    SuspendAccount,
    /// What the operator calls an account.
    LabelAccount,
    /// An ended account's data is destroyed.
    PurgeAccount,
    /// The operator goes into an account that has let them.
    EnterAccount,
    LeaveAccount,
    /// Another key in the place of one.
    RotateKey,
    /// Where the keyring's copy is kept, and the proof that it opens.
    ChangeEscrow,
    /// The master key is shown as words, once after set-up.
    ShowKit,
    /// The server has begun to serve the folder.
    StartServer,
    /// A copy of everything is made, or put in the place of the database.
    MakeBackup,
    RestoreBackup,
    /// Settling and other work that runs by itself.
    Settle,
}

/// Who reads figures and how things are set up.
const READERS: &[Party] = &[
    Party::Owner,
    Party::Admin,
    Party::Analyst,
    Party::Viewer,
    Party::Support,
    Party::SupportDetails,
    Party::ReadToken,
    Party::WriteToken,
    Party::AdminToken,
];
/// Who reads single conversions.
const ANALYSTS: &[Party] = &[
    Party::Owner,
    Party::Admin,
    Party::Analyst,
    Party::SupportDetails,
    Party::ReadToken,
    Party::WriteToken,
    Party::AdminToken,
];
/// Who answers for how people's data is treated.
const GUARDIANS: &[Party] = &[
    Party::Owner,
    Party::Admin,
    Party::Privacy,
    Party::ReadToken,
    Party::WriteToken,
    Party::AdminToken,
];
/// Who changes what is counted and how.
const EDITORS: &[Party] = &[
    Party::Owner,
    Party::Admin,
    Party::WriteToken,
    Party::AdminToken,
];
/// Who sees to people and tokens. A token that may merely write cannot let in others.
const KEEPERS: &[Party] = &[Party::Owner, Party::Admin, Party::AdminToken];
/// Who sees to what a person answers for.
const HEADS: &[Party] = &[Party::Owner, Party::Admin];
/// Who is a person with a password.
const PEOPLE: &[Party] = &[
    Party::Owner,
    Party::Admin,
    Party::Analyst,
    Party::Viewer,
    Party::Privacy,
    Party::Publisher,
    Party::Operator,
];

impl Action {
    /// Its name as it stands in the audit.
    pub fn word(self) -> String {
        serde_json::to_value(self)
            .ok()
            .and_then(|value| value.as_str().map(str::to_owned))
            .unwrap_or_default()
    }

    /// The one table of rights: who may do this. Whatever is not named is refused.
    pub fn admits(self) -> &'static [Party] {
        use Party::*;
        match self {
            Action::Collect
            | Action::ReadAsset
            | Action::ReadMetrics
            | Action::SetUp
            | Action::SignIn
            | Action::SignOut
            | Action::Join
            | Action::SeeToOneself => &Party::ALL,
            Action::Confirm | Action::ReadSelf | Action::ChangeSelf => PEOPLE,
            Action::ReadOverview | Action::ReadIntake => READERS,
            Action::ReadReport => &[
                Owner,
                Admin,
                Analyst,
                Viewer,
                Publisher,
                Support,
                SupportDetails,
                ReadToken,
                WriteToken,
                AdminToken,
            ],
            Action::ReadConversions => ANALYSTS,
            Action::ChangeConversion => EDITORS,
            Action::ReadCampaigns | Action::ReadPublishers => READERS,
            Action::ReadSites | Action::ReadAccount => &[
                Owner,
                Admin,
                Analyst,
                Viewer,
                Privacy,
                Support,
                SupportDetails,
                ReadToken,
                WriteToken,
                AdminToken,
            ],
            Action::ChangeCampaign
            | Action::ChangePublisher
            | Action::ChangeSite
            | Action::ChangeAccount => EDITORS,
            Action::ReadDocuments => GUARDIANS,
            Action::ChangeDocuments => &[Owner, Admin, Privacy, WriteToken, AdminToken],
            Action::ReadMembers
            | Action::ChangeMembers
            | Action::CreateToken
            | Action::ReadTokens
            | Action::RevokeToken => KEEPERS,
            Action::ReadGrants | Action::RevokeGrant => HEADS,
            Action::ReadAudit => &[Owner, Admin, Privacy, ReadToken, WriteToken, AdminToken],
            Action::ManagePrivacy => &[Owner, Privacy, WriteToken, AdminToken],
            Action::ReadRetention => &[
                Owner, Admin, Analyst, Viewer, Privacy, ReadToken, WriteToken, AdminToken,
            ],
            Action::ChangeRetention => EDITORS,
            Action::GiveGrant | Action::ConfirmLink => &[Owner],
            // To end it through the API an owner's password is asked for as well.
            Action::ExportAccount | Action::EndAccount => &[Owner, WriteToken, AdminToken],
            Action::ConfirmEnd => HEADS,
            Action::ReadInstance
            | Action::ChangeInstance
            | Action::ChangeWay
            | Action::CreateAccount
            | Action::ExpireAccount
            | Action::ReinstateAccount
            | Action::SuspendAccount
            | Action::LabelAccount
            | Action::EnterAccount
            | Action::LeaveAccount
            | Action::ShowKit => &[Operator],
            // At the shell alone.
            Action::RotateKey
            | Action::ChangeEscrow
            | Action::StartServer
            | Action::MakeBackup
            | Action::RestoreBackup
            | Action::PurgeAccount
            | Action::GiveNotice
            | Action::Settle => &[],
        }
    }

    /// Whether it may be done though the account has expired or is suspended, and is
    /// otherwise only read. What the operator does is no change of the account's own.
    pub fn outlives_the_account(self) -> bool {
        self.allows(Party::Operator)
            || matches!(
                self,
                Action::GiveGrant
                    | Action::RevokeGrant
                    | Action::RevokeToken
                    | Action::ManagePrivacy
                    | Action::ExportAccount
                    | Action::EndAccount
                    | Action::ConfirmEnd
                    | Action::Settle
            )
    }

    pub fn allows(self, party: Party) -> bool {
        self.admits().contains(&party)
    }

    /// Whether nobody needs to say who they are.
    pub fn is_public(self) -> bool {
        self.allows(Party::Anyone)
    }

    /// Whether members are told when it was done at the machine's shell: it shows content
    /// or mints a way in.
    pub fn is_told_of_the_shell(self) -> bool {
        matches!(
            self,
            Action::ReadReport
                | Action::ManagePrivacy
                | Action::ReadMembers
                | Action::ChangeMembers
                | Action::CreateToken
                | Action::ExportAccount
        )
    }

    /// Whether who does it must have proved who they are within the last minutes.
    pub fn is_sensitive(self) -> bool {
        matches!(
            self,
            Action::ChangeSelf
                | Action::ChangeMembers
                | Action::CreateToken
                | Action::ExportAccount
                | Action::EndAccount
                | Action::GiveGrant
                | Action::ChangeInstance
                | Action::ChangeWay
                | Action::CreateAccount
                | Action::ExpireAccount
                | Action::ReinstateAccount
                | Action::SuspendAccount
                | Action::EnterAccount
                | Action::ShowKit
        )
    }
}

/// An API token as the store knows it: never its secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApiToken {
    pub id: TokenId,
    pub account: AccountId,
    pub scope: Scope,
    pub expires_at: Option<Timestamp>,
    /// UTC day of its last use.
    pub used_day: Option<u32>,
}
