//! How mail goes out: the operator's own mail server, or not at all. Secrets are named
//! by their file and never stand in an option.

use std::net::IpAddr;
use std::path::PathBuf;

use super::{Options, wrong};
use crate::error::Result;
use crate::model::account::parse_email;

/// Longest name of a server or user, in bytes.
const NAME_BYTES_MAX: usize = 253;

/// How the way to the mail server is closed to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailTls {
    /// It begins in the open and is closed before anything is said; where the server
    /// does not offer that, nothing is sent.
    StartTls,
    /// It is closed from the first byte.
    Tls,
    /// It stays open: for a server on this machine, or one reached by a private way.
    Off,
}

impl MailTls {
    fn port(self) -> u16 {
        match self {
            MailTls::StartTls => 587,
            MailTls::Tls => 465,
            MailTls::Off => 25,
        }
    }
}

/// The mail server, and who the mail is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailConfig {
    /// A name, or an address of any network: the operator chose it.
    pub host: String,
    pub port: u16,
    pub tls: MailTls,
    pub user: Option<String>,
    pub password_file: Option<PathBuf>,
    /// The address in `From`, and the one that bounces go to.
    pub from: String,
}

/// None: no mail server is named, and nothing is sent.
pub(super) fn resolve(options: &Options) -> Result<Option<MailConfig>> {
    let Some(host) = &options.smtp_host else {
        return without_server(options);
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || ".-_:[]".contains(c);
    if host.is_empty() || host.len() > NAME_BYTES_MAX || !host.chars().all(is_name) {
        return Err(wrong(format!(
            "smtp_host: {host:?} is not the name or address of a mail server."
        )));
    }
    let tls = tls(options.smtp_tls.as_deref())?;
    let from = options.mail_from.as_deref().ok_or_else(|| {
        wrong("mail_from: name the address that mail is from, such as tracker@example.org.")
    })?;
    let from = parse_email(from)
        .map_err(|_| wrong(format!("mail_from: {from:?} is not an e-mail address.")))?;
    if options.smtp_user.is_some() != options.smtp_password_file.is_some() {
        return Err(wrong(
            "smtp_user and smtp_password_file belong together: name both, or neither.",
        ));
    }
    if tls == MailTls::Off && options.smtp_user.is_some() && !is_this_machine(host) {
        return Err(wrong(
            "smtp_tls: with a password it may be off only for a mail server on this machine. \
             Use starttls or tls.",
        ));
    }
    let port = options.smtp_port.unwrap_or(tls.port());
    if port == 0 {
        return Err(wrong("smtp_port: 0 is no port."));
    }
    Ok(Some(MailConfig {
        host: host.clone(),
        port,
        tls,
        user: options.smtp_user.clone(),
        password_file: options.smtp_password_file.clone(),
        from,
    }))
}

/// Options about a server that is not named are a mistake, not a wish for no mail.
fn without_server(options: &Options) -> Result<Option<MailConfig>> {
    let silent = options.smtp_port.is_none()
        && options.smtp_tls.is_none()
        && options.smtp_user.is_none()
        && options.smtp_password_file.is_none()
        && options.mail_from.is_none();
    match silent {
        true => Ok(None),
        false => Err(wrong(
            "smtp_host: name the mail server, or leave the other options about mail away.",
        )),
    }
}

fn tls(text: Option<&str>) -> Result<MailTls> {
    match text {
        None | Some("starttls") => Ok(MailTls::StartTls),
        Some("tls") => Ok(MailTls::Tls),
        Some("off") => Ok(MailTls::Off),
        Some(other) => Err(wrong(format!(
            "smtp_tls: {other:?} is not starttls, tls or off."
        ))),
    }
}

fn is_this_machine(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let loopback = bare.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
    host == "localhost" || loopback
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(toml: &str) -> Result<Option<MailConfig>> {
        let options: Options = toml::from_str(toml).unwrap();
        options.resolve().map(|config| config.mail)
    }

    #[test]
    fn without_a_mail_server_there_is_no_mail() {
        assert_eq!(mail("").unwrap(), None);
    }

    #[test]
    fn the_port_follows_from_how_the_way_is_closed() {
        let base = "smtp_host = \"mail.example.org\"\nmail_from = \"t@example.org\"\n";
        for (more, port) in [
            ("", 587),
            ("smtp_tls = \"tls\"", 465),
            ("smtp_tls = \"off\"", 25),
            ("smtp_port = 2525", 2525),
        ] {
            let found = mail(&format!("{base}{more}")).unwrap().unwrap();
            assert_eq!((found.port, found.from.as_str()), (port, "t@example.org"));
        }
    }

    #[test]
    fn a_wrong_option_about_mail_is_named() {
        let base = "smtp_host = \"mail.example.org\"\nmail_from = \"t@example.org\"\n";
        for (toml, name) in [
            ("smtp_host = \"mail.example.org\"".to_owned(), "mail_from"),
            ("mail_from = \"t@example.org\"".to_owned(), "smtp_host"),
            ("smtp_host = \"a b\"".to_owned(), "smtp_host"),
            (
                "smtp_host = \"m\"\nmail_from = \"t\"".to_owned(),
                "mail_from",
            ),
            (format!("{base}smtp_tls = \"maybe\""), "smtp_tls"),
            (format!("{base}smtp_user = \"u\""), "smtp_user"),
            (format!("{base}smtp_port = 0"), "smtp_port"),
            (
                format!("{base}smtp_tls = \"off\"\nsmtp_user = \"u\"\nsmtp_password_file = \"/p\""),
                "smtp_tls",
            ),
        ] {
            let error = mail(&toml).unwrap_err();
            assert!(error.message().starts_with(name), "{toml}: {error}");
        }
    }

    #[test]
    fn a_password_crosses_this_machine_in_the_open_and_no_network() {
        for host in ["127.0.0.1", "localhost", "[::1]"] {
            let toml = format!(
                "smtp_host = \"{host}\"\nmail_from = \"t@example.org\"\nsmtp_tls = \"off\"\n\
                 smtp_user = \"u\"\nsmtp_password_file = \"/p\""
            );
            assert!(mail(&toml).unwrap().is_some(), "{host}");
        }
    }
}
