//! The definition of the commands about access: for whom the instance is run, tokens,
//! and what is done to accounts from outside. The rest is in [`super::options`].

use clap::{Args, Subcommand, ValueEnum};

use super::options_lifecycle::WhichAccount;
use crate::model::role::Scope;

#[derive(Debug, Subcommand)]
pub enum InstanceCommand {
    /// Show or change for whom this server is run: one business, or others
    ///
    /// It stands in the log of the instance and of every account, and members see it at
    /// their next sign-in. `member invite --role operator` makes a sign-in for whoever
    /// hosts others.
    Way(InstanceWayOptions),
}

#[derive(Debug, Args)]
pub struct InstanceWayOptions {
    /// What it is to be; without it the command says what it is
    #[arg(long, value_enum, value_name = "WAY")]
    pub to: Option<WayWord>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum WayWord {
    /// One business: owners of the only account run the server too. Sign-ins of operators
    /// end
    Own,
    /// Others: an operator sees labels, states, dates and volumes, and nothing else
    Hosting,
}

#[derive(Debug, Args)]
pub struct AccountSuspendOptions {
    #[command(flatten)]
    pub which: WhichAccount,
    /// Why, for the account's own log
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub note: String,
}

#[derive(Debug, Args)]
pub struct AccountLabelOptions {
    #[command(flatten)]
    pub which: WhichAccount,
    /// What the operator calls it; stored in plain text
    #[arg(long, value_name = "TEXT")]
    pub label: String,
}

#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Make a token; it is shown this once
    Create(TokenCreateOptions),
    /// List an account's tokens: scope, expiry and last use
    List(TokenListOptions),
    /// Take a token away at once
    Revoke(TokenRevokeOptions),
}

#[derive(Debug, Args)]
pub struct TokenListOptions {
    /// The account's id
    #[arg(long, value_name = "ID")]
    pub account: String,
}

#[derive(Debug, Args)]
pub struct TokenRevokeOptions {
    /// The account's id
    #[arg(long, value_name = "ID")]
    pub account: String,
    /// The token's id, as the list shows it
    #[arg(long, value_name = "ID")]
    pub token: String,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum TokenScope {
    /// May read
    Read,
    /// May read and change
    Write,
    /// The same, and sees to members and tokens
    Admin,
}

impl From<TokenScope> for Scope {
    fn from(scope: TokenScope) -> Scope {
        match scope {
            TokenScope::Read => Scope::Read,
            TokenScope::Write => Scope::Write,
            TokenScope::Admin => Scope::Admin,
        }
    }
}

#[derive(Debug, Args)]
pub struct TokenCreateOptions {
    /// The account's id
    #[arg(long, value_name = "ID")]
    pub account: String,
    /// What it may do
    #[arg(long, value_enum)]
    pub scope: TokenScope,
    /// Last day on which it is valid (UTC), YYYY-MM-DD; without it there is no end
    #[arg(long, value_name = "DATE")]
    pub expires: Option<String>,
}
