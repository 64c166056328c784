//! The definition of the commands about keys and the audit. The rest is in
//! [`super::options`].

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::options::ServeOptions;

#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Show where the master key comes from, the keys of accounts, and the keyring's copy
    Status,
    /// Put another key in the place of the master key, or of an account's data key
    ///
    /// A master key is replaced within seconds: the keyring is sealed anew. An account's new
    /// key seals everything from then on; older content is sealed again while the server
    /// runs, and stays readable all the time.
    Rotate(KeyRotateOptions),
    /// Keep a copy of the keyring elsewhere: where, whether it opens
    #[command(subcommand)]
    Escrow(EscrowCommand),
    /// Print the recovery kit: the master key as 24 words, and where the keyring's copy is
    ///
    /// Print it on paper and lock it away. It is read with your own rights, not the server's.
    Kit,
    /// Make a key file (--key-file) from the words of a recovery kit
    Restore(WordsOptions),
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false, args = ["master", "account"])]
pub struct KeyRotateOptions {
    /// The master key
    #[arg(long)]
    pub master: bool,
    /// The data key of this account
    #[arg(long, value_name = "ID")]
    pub account: Option<String>,
    /// Where to write the new master key, where the present one is no key file
    #[arg(long, value_name = "F", conflicts_with = "account")]
    pub new_key_file: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub enum EscrowCommand {
    /// Copy the keyring to this file now and at every change; only the latest is kept
    Set(EscrowSetOptions),
    /// Show that the copy opens and is the latest, with the master key or the kit's words
    Verify(EscrowVerifyOptions),
    /// Show where the copy is kept, and whether it was verified
    Status,
}

#[derive(Debug, Args)]
pub struct EscrowSetOptions {
    /// A file on another disk or a mounted share, without versions or history
    #[arg(value_name = "PATH")]
    pub path: PathBuf,
}

#[derive(Debug, Args)]
pub struct EscrowVerifyOptions {
    /// A file with the words of the recovery kit, or - for standard input: proves that
    /// what you have on paper is enough
    #[arg(long, value_name = "F")]
    pub words_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct WordsOptions {
    /// A file with the 24 words, or - for standard input
    #[arg(long, value_name = "F")]
    pub words_file: PathBuf,
}

#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Check every option: 78 and a sentence where one is wrong
    Check(ServeOptions),
    /// Show every option, its value, and whether flag, environment, file or default gave it
    Show(ServeOptions),
}

#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Hold every audit log against its chain: exit code 1 where entries were changed,
    /// moved or taken out, 65 where one is damaged
    ///
    /// What was cut off the end together with the note of where the log ended, as by
    /// putting back an older database, shows only against a checkpoint kept elsewhere.
    Verify(AuditVerifyOptions),
    /// Print where every log stands, signed; keep it where nobody changes it
    Checkpoint,
    /// Print the instance's own log, newest first: set-up, keys, accounts, support, starts
    ///
    /// What was done to an account names the account and nothing of its content; that stands
    /// in the account's own log.
    List(AuditListOptions),
}

#[derive(Debug, Args)]
pub struct AuditListOptions {
    /// First day (UTC), YYYY-MM-DD
    #[arg(long, value_name = "DATE")]
    pub from: Option<String>,
    /// Last day (UTC), YYYY-MM-DD
    #[arg(long, value_name = "DATE")]
    pub to: Option<String>,
    /// Only this act, such as rotate_key
    #[arg(long, value_name = "ACT")]
    pub act: Option<String>,
    /// Only who: shell, operator, support, member, set_up or system
    #[arg(long, value_name = "WHO")]
    pub by: Option<String>,
    /// How many entries at most
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=5_000))]
    pub limit: u32,
    /// Go on with older ones than this entry
    #[arg(long, value_name = "ENTRY")]
    pub before: Option<u64>,
}

#[derive(Debug, Args)]
pub struct AuditVerifyOptions {
    /// A file that `audit checkpoint` or the API has given; repeat it for more
    #[arg(long, value_name = "F")]
    pub checkpoint: Vec<PathBuf>,
}
