//! The definition of what has to do with mail. The rest is in [`super::options`].

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::options::ServeOptions;

/// The operator's own mail server. It may stand on any network, this machine included.
#[derive(Debug, Default, Args)]
pub struct MailOptions {
    /// Your mail server; without one no mail is sent [default: none]
    #[arg(long, value_name = "HOST", env = "PIXELKEEP_SMTP_HOST")]
    pub smtp_host: Option<String>,
    /// Its port [default: 587, 465 with tls, 25 with off]
    #[arg(long, value_name = "PORT", env = "PIXELKEEP_SMTP_PORT")]
    pub smtp_port: Option<u16>,
    /// How the way to it is closed: starttls, tls, or off for a server on this machine
    /// [default: starttls]
    #[arg(long, value_name = "HOW", env = "PIXELKEEP_SMTP_TLS")]
    pub smtp_tls: Option<String>,
    /// With whose name to sign in there [default: without]
    #[arg(long, value_name = "USER", env = "PIXELKEEP_SMTP_USER")]
    pub smtp_user: Option<String>,
    /// A file whose first line is the password for it
    #[arg(long, value_name = "F", env = "PIXELKEEP_SMTP_PASSWORD_FILE")]
    pub smtp_password_file: Option<PathBuf>,
    /// The address that mail is from
    #[arg(long, value_name = "EMAIL", env = "PIXELKEEP_MAIL_FROM")]
    pub mail_from: Option<String>,
}

#[derive(Debug, Subcommand)]
pub enum MailCommand {
    /// Send a test to an address, with the options that `serve` would run with: 1 and the
    /// mail server's own words where it did not take it
    Test(Box<MailTestOptions>),
    /// Show whether mail is sent, and what waits
    Status,
}

#[derive(Debug, Args)]
pub struct MailTestOptions {
    /// Where to send it
    #[arg(long, value_name = "EMAIL")]
    pub to: String,
    #[command(flatten)]
    pub serve: ServeOptions,
}
