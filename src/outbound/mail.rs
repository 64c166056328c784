//! The way of a mail to the operator's mail server. What goes wrong is told by a number
//! and a sentence of ours: a mail server's own words name the recipient, and are shown to
//! nobody but who asked for a test at the shell.

use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, UNIX_EPOCH};

use lettre::message::Mailbox;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Message, SmtpTransport, Transport};
use zeroize::Zeroizing;

use crate::clock::Timestamp;
use crate::config::{MailConfig, MailTls};
use crate::error::{Error, Kind, Result};
use crate::model::mail::MailBody;

/// How long each turn with the mail server may take, and the whole of a mail.
const TURN_TIMEOUT: Duration = Duration::from_secs(8);
const MAIL_TIMEOUT: Duration = Duration::from_secs(20);
/// Longest password, in bytes.
const PASSWORD_BYTES_MAX: u64 = 1_024;

/// Why a mail was not taken.
#[derive(Debug)]
pub struct Refusal {
    /// What the mail server answered; none: it was not reached, or the way was not closed.
    pub answer: Option<u16>,
    /// Its own words, which may name the recipient: for who asked for a test alone.
    pub words: String,
}

/// Sends mail by one mail server.
#[derive(Debug, Clone)]
pub struct Mailer(MailConfig);

impl Mailer {
    /// # Errors
    /// [`Kind::Config`] where the password cannot be read.
    pub fn new(config: MailConfig) -> Result<Self> {
        if let Some(file) = &config.password_file {
            read_password(file)?;
        }
        Ok(Mailer(config))
    }

    /// Hands a mail over, within 20 seconds whatever the mail server does. `id` tells
    /// copies of one mail apart.
    pub fn send(&self, mail: &MailBody, id: &str) -> std::result::Result<(), Refusal> {
        let (done, outcome) = mpsc::channel();
        let (mailer, mail, id) = (self.clone(), mail.clone(), id.to_owned());
        let work = move || {
            // Whoever waited may have gone: the outcome is then a failed try.
            let _ = done.send(mailer.hand_over(&mail, &id));
        };
        std::thread::Builder::new()
            .name("mail".to_owned())
            .spawn(work)
            .map_err(|error| unreached(&error))?;
        outcome
            .recv_timeout(MAIL_TIMEOUT)
            .unwrap_or_else(|_| Err(unreached(&"the mail server took too long")))
    }

    fn hand_over(&self, mail: &MailBody, id: &str) -> std::result::Result<(), Refusal> {
        let message = self.message(mail, id).map_err(|error| unreached(&error))?;
        let transport = self.transport().map_err(|error| unreached(&error))?;
        match transport.send(&message) {
            Ok(_) => Ok(()),
            Err(error) => Err(Refusal {
                answer: error.status().map(u16::from),
                words: told(&error),
            }),
        }
    }

    fn message(&self, mail: &MailBody, id: &str) -> Result<Message> {
        let unsent = "This mail cannot be written";
        let mailbox = |name: Option<&str>, address: &str| {
            let address = address
                .parse()
                .map_err(|error| Error::invalid(unsent).because(error))?;
            Ok::<_, Error>(Mailbox::new(name.map(str::to_owned), address))
        };
        let sent_at = UNIX_EPOCH + Duration::from_millis(mail.made_at.millis().unsigned_abs());
        // No answering machine replies to it (RFC 3834).
        let automatic = HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".to_owned(),
        );
        Message::builder()
            .from(mailbox(Some("Pixelkeep"), &self.0.from)?)
            .to(mailbox(None, &mail.to)?)
            .subject(&mail.subject)
            .date(sent_at)
            .message_id(Some(format!("<{id}@{}>", self.domain())))
            .raw_header(automatic)
            .header(ContentType::TEXT_PLAIN)
            .body(mail.text.clone())
            .map_err(|error| Error::invalid(unsent).because(error))
    }

    /// What this server calls itself: the domain that mail is from.
    fn domain(&self) -> &str {
        self.0.from.rsplit('@').next().unwrap_or("localhost")
    }

    fn transport(&self) -> Result<SmtpTransport> {
        let config = &self.0;
        let closed = || {
            let name = config.host.trim_matches(['[', ']']).to_owned();
            TlsParameters::new_rustls(name).map_err(|error| {
                Error::new(Kind::Config, "TLS is not available for mail").because(error)
            })
        };
        let tls = match config.tls {
            MailTls::StartTls => Tls::Required(closed()?),
            MailTls::Tls => Tls::Wrapper(closed()?),
            MailTls::Off => Tls::None,
        };
        let mut builder = SmtpTransport::builder_dangerous(config.host.trim_matches(['[', ']']))
            .port(config.port)
            .tls(tls)
            .timeout(Some(TURN_TIMEOUT))
            .hello_name(ClientId::Domain(self.domain().to_owned()));
        if let (Some(user), Some(file)) = (&config.user, &config.password_file) {
            let password = read_password(file)?;
            builder = builder
                .credentials(Credentials::new(user.clone(), password.to_string()))
                .authentication(vec![Mechanism::Plain, Mechanism::Login]);
        }
        Ok(builder.build())
    }
}

/// A mail that says that mail works.
pub fn test_mail(to: String, now: Timestamp) -> MailBody {
    MailBody {
        kind: "test".to_owned(),
        to,
        subject: "Pixelkeep can send mail".to_owned(),
        text: "This is a test that somebody asked for at the shell of the machine on which \
               Pixelkeep runs. Mail works; there is nothing to do.\n"
            .to_owned(),
        made_at: now,
        tries: 0,
        answer: None,
    }
}

fn unreached(cause: &dyn std::fmt::Display) -> Refusal {
    Refusal {
        answer: None,
        words: cause.to_string(),
    }
}

/// An error with all its causes, each once. What the system says of a wait that was too
/// long is said in words.
fn told(error: &dyn std::error::Error) -> String {
    use std::io::ErrorKind::{TimedOut, WouldBlock};
    let mut words = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(error) = cause {
        let waited = error.downcast_ref::<std::io::Error>();
        if waited.is_some_and(|error| [TimedOut, WouldBlock].contains(&error.kind())) {
            return "it did not answer in time".to_owned();
        }
        words.push(error.to_string());
        cause = error.source();
    }
    words.dedup_by(|later, earlier| earlier.ends_with(later.as_str()));
    words.join(": ")
}

/// The password on the first line of a file.
fn read_password(file: &Path) -> Result<Zeroizing<String>> {
    let wrong = || {
        let sentence = format!(
            "smtp_password_file: {} must hold the password of the mail server on its first line",
            file.display()
        );
        Error::new(Kind::Config, sentence)
    };
    let length = std::fs::metadata(file).map_err(|error| wrong().because(error))?;
    if length.len() > PASSWORD_BYTES_MAX {
        return Err(wrong());
    }
    let text = std::fs::read_to_string(file).map_err(|error| wrong().because(error))?;
    let text = Zeroizing::new(text);
    match text.lines().next() {
        Some(line) if !line.is_empty() => Ok(Zeroizing::new(line.to_owned())),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Error as IoError, ErrorKind};

    use super::*;

    fn said(cause: IoError) -> String {
        told(&Error::internal("network error").because(cause))
    }

    #[test]
    fn a_wait_that_was_too_long_is_said_in_words() {
        for kind in [ErrorKind::WouldBlock, ErrorKind::TimedOut] {
            assert_eq!(said(kind.into()), "it did not answer in time");
        }
        let refused = said(IoError::other("invalid peer certificate"));
        assert_eq!(refused, "network error: invalid peer certificate");
    }

    #[test]
    fn a_mail_cannot_smuggle_headers() {
        let mailer = Mailer(MailConfig {
            host: "localhost".to_owned(),
            port: 25,
            tls: MailTls::Off,
            user: None,
            password_file: None,
            from: "tracker@keeper.example".to_owned(),
        });
        let mut mail = test_mail("ann@shop.example".to_owned(), Timestamp::default());
        mail.subject = "One\r\nBcc: eve@evil.example".to_owned();
        let written = mailer.message(&mail, "1.test").unwrap().formatted();
        let written = String::from_utf8(written).unwrap();
        let (head, _) = written.split_once("\r\n\r\n").unwrap();
        assert!(!head.lines().any(|line| line.starts_with("Bcc")), "{head}");
        mail.to = "ann@shop.example>\r\nRCPT TO:<eve@evil.example".to_owned();
        assert!(mailer.message(&mail, "1.test").is_err());
    }
}
