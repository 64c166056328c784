//! The definition of the commands about people: members, and the rights of visitors.
//! The rest is in [`super::options`].

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub enum PrivacyCommand {
    /// Show everything that is held of a person
    ///
    /// Going from id to id: a click leads to its sales and to its browser, an order
    /// number to its click. Somebody who did not consent leaves no id and is not found.
    Find(WhoOptions),
    /// Hand out everything that is held of a person: a page to read, JSON and CSV
    Export(PrivacyExportOptions),
    /// Take a person away for good; without --yes it says what would go
    ///
    /// Conversions become nameless ledger lines, so that no figure changes. It prints a
    /// signed receipt.
    Erase(PrivacyEraseOptions),
    /// Open the personal data of an account that is locked since the list of erased people
    /// was lost; erase again before whom the account's receipts name
    Unlock(PrivacyUnlockOptions),
}

#[derive(Debug, Args)]
pub struct PrivacyUnlockOptions {
    /// The account's id
    #[arg(long, value_name = "ID")]
    pub account: String,
    /// Who was erased before is erased again, as far as receipts tell
    #[arg(long, required = true)]
    pub erased_again: bool,
}

/// Whom a command is about.
#[derive(Debug, Args)]
pub struct WhoOptions {
    /// The account's id
    #[arg(long, value_name = "ID")]
    pub account: String,
    /// A click id, as it stands in the address of the landing page
    #[arg(long, value_name = "C", group = "who")]
    pub click_id: Option<String>,
    /// The shop's order number
    #[arg(long, value_name = "T", group = "who", alias = "txn-id")]
    pub txn: Option<String>,
    /// A visitor id: 32 hexadecimal digits
    #[arg(long, value_name = "V", group = "who")]
    pub visitor: Option<String>,
    /// A conversion's id
    #[arg(long, value_name = "ID", group = "who")]
    pub conversion: Option<String>,
    /// The hash of an e-mail address, where the shop sends one as a parameter
    #[arg(long, value_name = "H", group = "who")]
    pub email_hash: Option<String>,
    /// Only the click and its sales, not all that the same browser left
    #[arg(long)]
    pub chain_only: bool,
}

#[derive(Debug, Args)]
pub struct PrivacyExportOptions {
    #[command(flatten)]
    pub who: WhoOptions,
    /// A folder to make, or a file that ends in .zip; without it JSON is printed
    #[arg(long, value_name = "PATH")]
    pub out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct PrivacyEraseOptions {
    #[command(flatten)]
    pub who: WhoOptions,
    /// Do it; there is no way back
    #[arg(long)]
    pub yes: bool,
}

#[derive(Debug, Subcommand)]
pub enum MemberCommand {
    /// Make a link with which somebody joins an account, once and within seven days
    Invite(MemberInviteOptions),
    /// List members and invitations of an account
    List(MemberListOptions),
    /// Give a member another role
    Role(MemberRoleOptions),
    /// Make a link with which a member sets a new password; the second factor is forgotten
    ///
    /// On an instance that hosts others the link begins to work after a day, and owners
    /// of the account can open or end it before.
    Reset(MemberOf),
    /// Remove a member; whoever is the last owner stays
    Remove(MemberOf),
}

#[derive(Debug, Args)]
pub struct MemberInviteOptions {
    /// The account's id; not for the role operator, who belongs to none
    #[arg(long, value_name = "ID")]
    pub account: Option<String>,
    /// E-mail address with which they will sign in
    #[arg(long, value_name = "EMAIL")]
    pub email: String,
    /// owner, admin, analyst, viewer, privacy, publisher; or operator of the instance
    #[arg(long, value_name = "ROLE")]
    pub role: String,
    /// For the role publisher: whose figures they see
    #[arg(long, value_name = "ID")]
    pub publisher: Option<String>,
}

#[derive(Debug, Args)]
pub struct MemberListOptions {
    /// The account's id
    #[arg(long, value_name = "ID")]
    pub account: String,
}

#[derive(Debug, Args)]
pub struct MemberRoleOptions {
    #[command(flatten)]
    pub of: MemberOf,
    /// owner, admin, analyst, viewer, privacy or publisher
    #[arg(long, value_name = "ROLE")]
    pub role: String,
    /// For the role publisher: whose figures they see
    #[arg(long, value_name = "ID")]
    pub publisher: Option<String>,
}

/// Who is meant.
#[derive(Debug, Args)]
pub struct MemberOf {
    /// The account's id; the member must be one of it
    #[arg(long, value_name = "ID")]
    pub account: Option<String>,
    /// The member by the address they sign in with
    #[arg(long, value_name = "EMAIL", required_unless_present = "member")]
    pub email: Option<String>,
    /// The member by id
    #[arg(long, value_name = "ID", conflicts_with = "email")]
    pub member: Option<String>,
}
