//! The definition of the commands about time: retention, how accounts end,
//! certificates, backups. The rest is in [`super::options`].

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub enum RetentionCommand {
    /// Show what would be deleted until a day; changes nothing
    Preview(RetentionPreviewOptions),
    /// Run every scheduled job now
    Run,
    /// Show how long an account keeps what
    Show(RetentionShowOptions),
    /// Change how long an account keeps a class of data, within its bounds
    Set(RetentionSetOptions),
}

#[derive(Debug, Args)]
pub struct RetentionPreviewOptions {
    /// Until when: a day, past or to come, or an instant in RFC 3339 [default: now]
    #[arg(long, value_name = "DATE")]
    pub as_of: Option<String>,
}

#[derive(Debug, Args)]
pub struct RetentionShowOptions {
    #[command(flatten)]
    pub which: WhichAccount,
}

#[derive(Debug, Args)]
pub struct RetentionSetOptions {
    #[command(flatten)]
    pub which: WhichAccount,
    /// trail, conversions, tally, requests, audit or admin_addresses
    #[arg(long, value_name = "CLASS")]
    pub class: String,
    /// Days for which it is kept
    #[arg(long, value_name = "N")]
    pub days: u32,
}

#[derive(Debug, Subcommand)]
pub enum BackupCommand {
    /// Write a sealed copy of the database; a server may run meanwhile
    ///
    /// It holds no key, no keyring, no session and no journal. Keep keyring and master
    /// key elsewhere: without them nobody can restore it.
    Create(BackupCreateOptions),
    /// Check that a backup is whole and may be restored
    ///
    /// Ends with 65 where it is damaged, with 1 where it is sound but too old.
    Verify(BackupVerifyOptions),
    /// Put a backup in the place of the database; no server may run
    ///
    /// The folder must hold the keyring and the master key. People and accounts that
    /// were deleted since the backup was made stay deleted.
    Restore(BackupRestoreOptions),
}

#[derive(Debug, Args)]
pub struct BackupCreateOptions {
    /// The file to write; it must not exist
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

#[derive(Debug, Args)]
pub struct BackupVerifyOptions {
    /// The backup
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

#[derive(Debug, Args)]
pub struct BackupRestoreOptions {
    /// The backup
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Restore although the keyring has lost its ledger of erased people
    #[arg(long)]
    pub accept_ledger_loss: bool,
}

/// Which account.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct WhichAccount {
    /// The account's id
    #[arg(long, value_name = "ID")]
    pub account: Option<String>,
    #[arg(value_name = "ACCOUNT", hide = true)]
    pub id: Option<String>,
}

#[derive(Debug, Args)]
pub struct AccountExpireOptions {
    #[command(flatten)]
    pub which: WhichAccount,
    /// When: a last day, YYYY-MM-DD in the account's zone, or an instant in RFC 3339
    /// [default: now]
    #[arg(long, value_name = "DATE")]
    pub at: Option<String>,
}

#[derive(Debug, Args)]
pub struct AccountReinstateOptions {
    #[command(flatten)]
    pub which: WhichAccount,
    /// The new last day, YYYY-MM-DD; without it there is no end
    #[arg(long, value_name = "DATE")]
    pub expires: Option<String>,
}

#[derive(Debug, Args)]
pub struct AccountDeleteOptions {
    #[command(flatten)]
    pub which: WhichAccount,
    /// Hours in which it can be taken back, 0 to 72
    #[arg(long, value_name = "HOURS", default_value_t = 72)]
    pub after: u32,
    /// Take the deletion back
    #[arg(long)]
    pub cancel: bool,
}

#[derive(Debug, Args)]
pub struct AccountExportOptions {
    #[command(flatten)]
    pub which: WhichAccount,
    /// The ZIP file to write; it must not exist
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

#[derive(Debug, Subcommand)]
pub enum CertificateCommand {
    /// List the certificates of deleted accounts
    List,
    /// Print the certificate of one deleted account, to keep it
    Show(CertificateShowOptions),
    /// Check a certificate, or the receipt of an erasure: that nothing of it was changed
    ///
    /// Needs no data folder. Ends with 1 where it is not sound.
    Verify(CertificateVerifyOptions),
}

#[derive(Debug, Args)]
pub struct CertificateShowOptions {
    #[command(flatten)]
    pub which: WhichAccount,
    /// As a page to read and print, which carries the signed text
    #[arg(long)]
    pub html: bool,
}

#[derive(Debug, Args)]
pub struct CertificateVerifyOptions {
    /// The certificate or receipt, as it was signed (JSON)
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The public key of the server that should have signed it, or a file that holds it
    #[arg(long, value_name = "K")]
    pub public_key: Option<String>,
}
