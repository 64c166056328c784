//! The definition of every command and option: parser and help come from here.

use std::path::PathBuf;

use clap::builder::FalseyValueParser;
use clap::{Args, Parser, Subcommand};

pub use super::options_access::{
    AccountLabelOptions, AccountSuspendOptions, InstanceCommand, TokenCommand, WayWord,
};
pub use super::options_keys::{
    AuditCommand, AuditListOptions, ConfigCommand, EscrowCommand, KeyCommand, KeyRotateOptions,
};
pub use super::options_lifecycle::{
    AccountDeleteOptions, AccountExpireOptions, AccountExportOptions, AccountReinstateOptions,
    BackupCommand, BackupRestoreOptions, CertificateCommand, CertificateVerifyOptions,
    RetentionCommand, WhichAccount,
};
pub use super::options_mail::{MailCommand, MailOptions, MailTestOptions};
pub use super::options_people::{MemberCommand, MemberOf, PrivacyCommand, WhoOptions};
use crate::config::Options;

/// Counts clicks, impressions and conversions on your website, seals what it
/// stores, and reports on it. One binary, one data folder.
#[derive(Debug, Parser)]
#[command(
    name = "pixelkeep",
    version,
    max_term_width = 100,
    arg_required_else_help = true
)]
#[command(
    after_help = "Start with `pixelkeep demo` to see it work, or `pixelkeep serve` to run it.\n\
    Every option can also be given as PIXELKEEP_<OPTION> in the environment, and those of `serve`\n\
    in a file (--config). Exit codes: 0 done, 1 a check found something, 64 usage, 65 data damaged,\n\
    69 port in use, 73 folder cannot be written, 74 I/O error, 75 another process serves the folder,\n\
    77 not allowed, 78 configuration or key."
)]
pub struct Arguments {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// Options that every command takes.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// The data folder [default: ./pixelkeep-data]
    #[arg(long, global = true, value_name = "D", env = "PIXELKEEP_DATA_DIR")]
    pub data_dir: Option<PathBuf>,
    /// The master key, where it does not lie in the data folder as master.key
    #[arg(long, global = true, value_name = "K", env = "PIXELKEEP_KEY_FILE")]
    pub key_file: Option<PathBuf>,
    /// A file whose first line is a passphrase (20 characters at least): the master key is
    /// worked out of it, where there is neither credential nor key file
    #[arg(
        long,
        global = true,
        value_name = "F",
        env = "PIXELKEEP_PASSPHRASE_FILE"
    )]
    pub passphrase_file: Option<PathBuf>,
    /// A configuration file (TOML) with the options of `serve`
    #[arg(long, global = true, value_name = "F", env = "PIXELKEEP_CONFIG")]
    pub config: Option<PathBuf>,
    /// Let a file say what time it is, for tests: only in a folder that was made with it.
    /// It holds an instant (RFC 3339, a day, or milliseconds since 1970) and is followed
    #[arg(long, global = true, value_name = "FILE", env = "PIXELKEEP_TEST_CLOCK")]
    pub test_clock: Option<PathBuf>,
    /// Print the answer, or the error, as JSON
    #[arg(long, global = true, env = JSON, value_parser = FalseyValueParser::new())]
    pub json: bool,
}

const JSON: &str = "PIXELKEEP_JSON";

/// Whether JSON is asked for on a command line that the parser could not read.
pub fn asks_for_json() -> bool {
    let said = std::env::args_os()
        .take_while(|argument| argument != "--")
        .any(|argument| argument == "--json");
    said || std::env::var(JSON).is_ok_and(|value| {
        let value = value.to_ascii_lowercase();
        !["", "0", "n", "no", "f", "false", "off"].contains(&value.as_str())
    })
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server on a data folder
    ///
    /// The first start makes the folder, the master key and the keyring, and prints
    /// a one-time address at which you set up your account. `listening on ...` on
    /// standard output says that it is ready. SIGTERM stops it in order: nothing
    /// that was acknowledged is lost.
    Serve(ServeOptions),
    /// See it work: a server with a demo shop and some weeks of history
    ///
    /// Everything lies in a temporary folder that is removed when the demo stops.
    Demo(DemoOptions),
    /// Make and list accounts
    #[command(subcommand)]
    Account(AccountCommand),
    /// Invite, list, change, let back in and remove members of an account
    ///
    /// Links are one-time and work without mail. What is done here stands in the account's
    /// own audit log, and its members see it at their next sign-in.
    #[command(subcommand)]
    Member(MemberCommand),
    /// Make tokens for the API
    #[command(subcommand)]
    Token(TokenCommand),
    /// See and change for whom this server is run
    #[command(subcommand)]
    Instance(InstanceCommand),
    /// See and change keys; keep a copy of the keyring; print the recovery kit
    #[command(subcommand)]
    Key(KeyCommand),
    /// Check and show the options that `serve` would run with
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Look the folder over: permissions, keys, disk, database, clock; ends with 1 where
    /// something wants attention
    Doctor,
    /// Check the audit logs, and sign where they stand
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Print a report, as the API gives it
    Report(ReportOptions),
    /// Try the mail server, and see what waits to be sent
    #[command(subcommand)]
    Mail(MailCommand),
    /// A person's rights: find, hand out and erase what is held of somebody
    #[command(subcommand)]
    Privacy(PrivacyCommand),
    /// See and do what the scheduler does by itself: what is deleted, and when
    #[command(subcommand)]
    Retention(RetentionCommand),
    /// Make, check and restore backups
    #[command(subcommand)]
    Backup(BackupCommand),
    /// Proofs that the data of an account was destroyed
    #[command(subcommand)]
    Certificate(CertificateCommand),
}

#[derive(Debug, Args)]
pub struct ServeOptions {
    /// Address and port to listen on; port 0 takes a free one [default: 127.0.0.1:8080]
    #[arg(long, value_name = "A", env = "PIXELKEEP_LISTEN")]
    pub listen: Option<String>,
    /// Where browsers reach this server, such as https://track.example.org
    /// [default: the address listened on]
    #[arg(long, value_name = "U", env = "PIXELKEEP_PUBLIC_URL")]
    pub public_url: Option<String>,
    /// Hits a second and client address, with bursts of four times that, or `off`
    /// [default: 100]
    #[arg(long, value_name = "N|off", env = "PIXELKEEP_RATE_LIMIT")]
    pub rate_limit: Option<String>,
    /// A country database in MMDB format; without one every country is `unknown`
    #[arg(long, value_name = "FILE", env = "PIXELKEEP_GEOIP")]
    pub geoip: Option<PathBuf>,
    /// Start although the keyring has lost its ledger of erased people; it is filled
    /// again from what the database knows
    #[arg(long)]
    pub accept_ledger_loss: bool,
    /// Day after an account's expiry on which its data is destroyed, 45 or later; with the
    /// backups' days and 5 more it must not exceed 90 [default: 45, or as set last]
    #[arg(long, value_name = "DAY", env = "PIXELKEEP_PURGE_DAY")]
    pub purge_day: Option<u32>,
    /// Days for which you keep the oldest backup, 1 to 40 [default: 30, or as set last]
    #[arg(long, value_name = "DAYS", env = "PIXELKEEP_BACKUP_DAYS")]
    pub backup_days: Option<u32>,
    /// A file with the token that reads /metrics; without one it answers this machine alone
    #[arg(long, value_name = "FILE", env = "PIXELKEEP_METRICS_TOKEN_FILE")]
    pub metrics_token_file: Option<PathBuf>,
    /// Go on although stored data that was synced is damaged: the damaged part is kept
    /// aside, and what it held is missing from the figures
    #[arg(long)]
    pub accept_loss: bool,
    /// Hits a second and site, of all clients together, with bursts of four times that, or
    /// `off` [default: twenty times --rate-limit]
    #[arg(long, value_name = "N|off", env = "PIXELKEEP_SITE_RATE_LIMIT")]
    pub site_rate_limit: Option<String>,
    /// Networks of the web servers in front of this one, separated by commas: what they
    /// say in X-Forwarded-For is believed, what others say is not [default: none]
    #[arg(long, value_name = "CIDR,...", env = "PIXELKEEP_TRUSTED_PROXIES")]
    pub trusted_proxies: Option<String>,
    #[command(flatten)]
    pub mail: MailOptions,
}

impl Global {
    /// What flags and environment say, over what the configuration file says.
    pub fn options(&self, serve: ServeOptions) -> crate::error::Result<Options> {
        let (given, file) = self.layers(serve)?;
        Ok(given.over(file))
    }

    /// What flags and environment say, and what the configuration file says.
    pub fn layers(&self, serve: ServeOptions) -> crate::error::Result<(Options, Options)> {
        let given = Options {
            data_dir: self.data_dir.clone(),
            key_file: self.key_file.clone(),
            listen: serve.listen,
            public_url: serve.public_url,
            rate_limit: serve.rate_limit,
            geoip: serve.geoip,
            purge_day: serve.purge_day,
            backup_days: serve.backup_days,
            metrics_token_file: serve.metrics_token_file,
            passphrase_file: self.passphrase_file.clone(),
            site_rate_limit: serve.site_rate_limit,
            trusted_proxies: serve.trusted_proxies,
            smtp_host: serve.mail.smtp_host,
            smtp_port: serve.mail.smtp_port,
            smtp_tls: serve.mail.smtp_tls,
            smtp_user: serve.mail.smtp_user,
            smtp_password_file: serve.mail.smtp_password_file,
            mail_from: serve.mail.mail_from,
            test_clock: self.test_clock.clone(),
        };
        let file = match &self.config {
            Some(path) => Options::read(path)?,
            None => Options::default(),
        };
        Ok((given, file))
    }
}

impl ServeOptions {
    pub fn none() -> Self {
        ServeOptions {
            listen: None,
            public_url: None,
            rate_limit: None,
            geoip: None,
            accept_ledger_loss: false,
            purge_day: None,
            backup_days: None,
            metrics_token_file: None,
            accept_loss: false,
            site_rate_limit: None,
            trusted_proxies: None,
            mail: MailOptions::default(),
        }
    }
}

#[derive(Debug, Args)]
pub struct DemoOptions {
    /// Port of the tracker and console on 127.0.0.1; 0 takes a free one
    #[arg(
        long,
        value_name = "PORT",
        default_value_t = 8080,
        env = "PIXELKEEP_DEMO_PORT"
    )]
    pub port: u16,
    /// Port of the shop on localhost; 0 takes a free one
    #[arg(
        long,
        value_name = "PORT",
        default_value_t = 8081,
        env = "PIXELKEEP_DEMO_SHOP_PORT"
    )]
    pub shop_port: u16,
}

#[derive(Debug, Subcommand)]
pub enum AccountCommand {
    /// Make an account and its first owner
    Create(AccountCreateOptions),
    /// List the accounts: ids and dates, no names
    List,
    /// Set when an account expires: now, or at a given time
    ///
    /// From then on it collects nothing. Tracking links still lead on, the console can
    /// be read, everything can be exported and the account reinstated, until its data is
    /// destroyed 45 days later. It is never destroyed within a day of this command.
    Expire(AccountExpireOptions),
    /// Take the end of an account back, as long as its data has not gone
    Reinstate(AccountReinstateOptions),
    /// Hold an account: it collects nothing and its members only read
    ///
    /// Tracking links still lead on and nothing is deleted; `account unsuspend` lets it go
    /// on.
    Suspend(AccountSuspendOptions),
    /// Let a suspended account go on
    Unsuspend(WhichAccount),
    /// Give an account another label, by which the operator tells it from others
    Label(AccountLabelOptions),
    /// Have an account and all its data deleted
    ///
    /// It stops collecting at once. Until the time to think better of it is over the
    /// deletion can be taken back with --cancel; then everything is destroyed and a
    /// signed certificate is kept (`certificate list`).
    Delete(AccountDeleteOptions),
    /// Write everything an account holds into one ZIP file
    ///
    /// Settings, conversions, every hit that is kept, reports by day, audit log and
    /// documents, with their hashes. It works until the data is destroyed. The account's
    /// log has it, and its members are told. The file is in plain text: keep it safe.
    Export(AccountExportOptions),
}

#[derive(Debug, Args)]
pub struct AccountCreateOptions {
    /// Name of the business
    #[arg(long, value_name = "N")]
    pub name: String,
    /// E-mail address with which the owner signs in
    #[arg(long, value_name = "EMAIL")]
    pub owner: String,
    /// A file that holds the owner's password (12 characters at least), alone on its first line
    #[arg(long, value_name = "F")]
    pub password_file: PathBuf,
    /// Time zone of the IANA database in which its days begin
    #[arg(long, value_name = "TZ", default_value = "UTC")]
    pub timezone: String,
    /// Currency of ISO 4217 in which it reckons
    #[arg(long, value_name = "CUR", default_value = "EUR")]
    pub currency: String,
    /// Last day on which it collects, YYYY-MM-DD, or an instant in RFC 3339; without it
    /// there is no end
    #[arg(long, value_name = "DATE")]
    pub expires: Option<String>,
    /// For whom this server is run: `own`, the owner of this one account runs it too; or
    /// `hosting`, accounts are others'. Without it you are asked, where a person can answer
    #[arg(long, value_enum, value_name = "WAY")]
    pub way: Option<WayWord>,
    /// It comes from another system. Where it expired there before 25 May 2018 it is
    /// locked at once, and its data is destroyed after a day
    #[arg(long, requires = "expires")]
    pub imported: bool,
}

#[derive(Debug, Args)]
pub struct ReportOptions {
    /// The account's id
    #[arg(long, value_name = "ID")]
    pub account: String,
    /// First day, YYYY-MM-DD in the account's time zone
    #[arg(long, value_name = "DATE")]
    pub from: String,
    /// Last day, YYYY-MM-DD in the account's time zone
    #[arg(long, value_name = "DATE")]
    pub to: String,
    /// Up to three, comma-separated: day, hour, campaign, publisher, goal, country, device,
    /// os, browser, source, p1 to p10, landing_page, referrer_host
    #[arg(long, value_name = "LIST", default_value = "")]
    pub group_by: String,
    /// dimension:value; repeat it for more
    #[arg(long, value_name = "FILTER")]
    pub filter: Vec<String>,
}
