//! `mail`: a test of the way to the mail server, and what waits to be sent.

use serde_json::json;

use super::mail_job::GIVEN_UP;
use super::options::{Global, MailCommand, MailTestOptions};
use super::request::{Output, Request, carry_out};
use crate::clock::{Clock, DAY_MS, SECOND_MS, Timestamp};
use crate::config::Config;
use crate::error::{Error, Kind, Result};
use crate::model::account::parse_email;
use crate::model::mail::WITHOUT_SERVER_MS;
use crate::outbound::Mailer;
use crate::outbound::mail::test_mail;
use crate::store::Store;

/// Runs of the job that are looked through for mail that was given up.
const RUNS_MAX: usize = 1_000;
/// Mail that was given up is told of for so long.
const TOLD_MS: i64 = 7 * DAY_MS;

/// What sends mail, where the configuration names a mail server.
pub fn mailer(config: &Config) -> Result<Option<Mailer>> {
    config.mail.clone().map(Mailer::new).transpose()
}

pub fn run(global: &Global, command: MailCommand) -> Result<Output> {
    match command {
        MailCommand::Test(options) => test(global, *options),
        MailCommand::Status => carry_out(global, Request::MailStatus),
    }
}

fn test(global: &Global, options: MailTestOptions) -> Result<Output> {
    let config = global.options(options.serve)?.resolve()?;
    let to = parse_email(&options.to)?;
    let Some(mailer) = mailer(&config)? else {
        return Err(Error::new(
            Kind::Config,
            "smtp_host: no mail server is named, so no mail is sent. Name one with --smtp-host \
             and --mail-from.",
        ));
    };
    let now = Clock::System.now();
    let id = format!("{}.test", now.millis());
    Ok(match mailer.send(&test_mail(to, now), &id) {
        Ok(()) => Output::new(
            json!({ "sent": true }),
            "The mail server has taken the mail. Look whether it arrives.",
        ),
        Err(refusal) => Output::of_check(
            json!({ "sent": false, "answer": refusal.answer, "words": refusal.words }),
            format!(
                "The mail server did not take the mail: {}. Look at --smtp-host, --smtp-port, \
                 --smtp-tls and the password.",
                refusal.words
            ),
            true,
        ),
    })
}

/// Mail of the last days that was tried for the last time.
pub fn given_up(store: &Store, now: Timestamp) -> Result<u64> {
    let runs = store.job_runs(Some("mail"), RUNS_MAX)?;
    let lately = runs
        .iter()
        .filter(|run| run.started_at.plus_ms(TOLD_MS) > now);
    Ok(lately.filter_map(|run| run.counts.get(GIVEN_UP)).sum())
}

/// What waits where no mail server is named.
pub fn stranded(store: &Store) -> Result<u64> {
    match store.sends_mail()? {
        true => Ok(0),
        false => Ok(store.mail_queue(None)?.waiting),
    }
}

/// Says in the log that a mail server is missing that there was when mail was written.
pub fn warn_of_stranded(store: &Store) -> Result<()> {
    let waiting = stranded(store)?;
    if waiting > 0 {
        tracing::warn!(
            waiting,
            "mail waits and no mail server is named (--smtp-host)"
        );
    }
    Ok(())
}

/// Whether mail is sent, and how much waits; nobody's address.
pub fn status(store: &Store) -> Result<Output> {
    let (sends, queue) = (store.sends_mail()?, store.mail_queue(None)?);
    let next = queue.due_at.map(|at| at.to_string());
    let text = match (sends, &next) {
        (false, None) => "No mail is sent: no mail server is named (--smtp-host).".to_owned(),
        (false, Some(_)) => format!(
            "No mail is sent: no mail server is named (--smtp-host). {} mails that were written \
             before wait for one, and are given up after {} hours.",
            queue.waiting,
            WITHOUT_SERVER_MS / (3_600 * SECOND_MS)
        ),
        (true, None) => "Mail is sent, and none waits.".to_owned(),
        (true, Some(at)) => format!("{} mails wait; the next is tried at {at}.", queue.waiting),
    };
    let json = json!({ "sends_mail": sends, "waiting": queue.waiting, "next_at": next });
    Ok(Output::new(json, text))
}
