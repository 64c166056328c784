//! A mail to be sent: to whom, about what, in plain text. Bounds and the times at which
//! it is tried; nothing here knows how a mail travels.

use serde::{Deserialize, Serialize};

use crate::clock::{SECOND_MS, Timestamp};
use crate::model::action::Action;
use crate::model::limits;

/// Addresses of one mail; each gets a copy of its own and sees no other.
pub const RECIPIENTS_MAX: usize = 50;
/// Mails of one account that may wait; what comes beyond is not taken.
pub const WAITING_MAX: u64 = limits::WAITING_MAIL;
const SUBJECT_CHARS_MAX: usize = 200;
const TEXT_CHARS_MAX: usize = 16_000;

const MINUTE_MS: i64 = 60 * SECOND_MS;
/// How long after each failed try the next one comes; after the last it is given up,
/// a day and 17 hours after it was written.
const PAUSES_MS: [i64; 7] = [
    MINUTE_MS,
    5 * MINUTE_MS,
    15 * MINUTE_MS,
    60 * MINUTE_MS,
    4 * 60 * MINUTE_MS,
    12 * 60 * MINUTE_MS,
    24 * 60 * MINUTE_MS,
];

/// So long mail waits for a mail server to be named: as long as for one that refuses it.
pub const WITHOUT_SERVER_MS: i64 = {
    let mut sum = 0;
    let mut at = 0;
    while at < PAUSES_MS.len() {
        sum += PAUSES_MS[at];
        at += 1;
    }
    sum
};

/// A mail as whoever acts writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMail {
    /// A word for figures and logs: what it is about, and of nobody.
    pub kind: &'static str,
    pub recipients: Vec<String>,
    pub subject: String,
    pub text: String,
}

impl NewMail {
    /// One copy a recipient, cut to its bounds.
    pub fn copies(&self, at: Timestamp) -> impl Iterator<Item = MailBody> + '_ {
        let calm = |c: char| if c.is_control() { ' ' } else { c };
        let subject: String = self.subject.chars().map(calm).collect();
        self.recipients
            .iter()
            .take(RECIPIENTS_MAX)
            .map(move |to| MailBody {
                kind: self.kind.to_owned(),
                to: to.clone(),
                subject: subject.chars().take(SUBJECT_CHARS_MAX).collect(),
                text: self.text.chars().take(TEXT_CHARS_MAX).collect(),
                made_at: at,
                tries: 0,
                answer: None,
            })
    }
}

/// Tells owners what was done at the machine's shell. It names no account and nothing of
/// its content: it crosses networks.
pub fn of_shell_act(
    action: Action,
    at: Timestamp,
    url: Option<&str>,
    recipients: Vec<String>,
) -> NewMail {
    let done = match action {
        Action::ReadReport => "read a report of your account",
        Action::ManagePrivacy => "looked up, handed out or erased a person's data in your account",
        Action::ReadMembers => "listed the members of your account",
        Action::ChangeMembers => "changed the members of your account or made a link for one",
        Action::CreateToken => "made an API token for your account",
        Action::ChangeWay => "changed for whom this server is run",
        _ => "did something that concerns your account",
    };
    let place = url.map_or_else(String::new, |url| format!(" at {url}"));
    NewMail {
        kind: "shell_act",
        recipients,
        subject: "By the operator at the shell".to_owned(),
        text: format!(
            "On {at} somebody with the shell of the machine that runs Pixelkeep{place} {done}.\n\n\
             It stands in your account's audit log, and you are told of it when you sign in. If \
             you did not expect it, ask whoever runs the machine.\n\n\
             What follows within the hour is not told by mail again: look into the audit log.\n"
        ),
    }
}

/// One copy as it waits, sealed.
#[derive(Clone, Serialize, Deserialize)]
pub struct MailBody {
    pub kind: String,
    pub to: String,
    pub subject: String,
    pub text: String,
    pub made_at: Timestamp,
    /// How often it was tried in vain.
    pub tries: u32,
    /// The number a mail server last answered with; none: there was no answer.
    #[serde(default)]
    pub answer: Option<u16>,
}

impl MailBody {
    /// When it is tried again after its last failed try; none: it is given up.
    pub fn again_at(&self, now: Timestamp) -> Option<Timestamp> {
        let last = (self.tries as usize).checked_sub(1)?;
        PAUSES_MS.get(last).map(|&pause| now.plus_ms(pause))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(recipients: usize) -> NewMail {
        NewMail {
            kind: "test",
            recipients: (0..recipients)
                .map(|n| format!("m{n}@example.org"))
                .collect(),
            subject: format!("One\r\nBcc: x@example.org {}", "s".repeat(999)),
            text: "Two\nlines".to_owned(),
        }
    }

    #[test]
    fn each_recipient_gets_a_copy_and_a_subject_is_one_short_line() {
        let copies: Vec<MailBody> = mail(3).copies(Timestamp::default()).collect();
        assert_eq!(copies.len(), 3);
        assert_eq!(copies[2].to, "m2@example.org");
        assert_eq!(copies[0].subject.chars().count(), SUBJECT_CHARS_MAX);
        assert!(!copies[0].subject.contains(['\r', '\n']));
        assert_eq!(copies[0].text, "Two\nlines");
        assert_eq!(
            mail(900).copies(Timestamp::default()).count(),
            RECIPIENTS_MAX
        );
    }

    #[test]
    fn it_is_tried_again_later_and_later_and_given_up_at_last() {
        let mut copy = mail(1).copies(Timestamp::default()).next().unwrap();
        let mut at = Timestamp::default();
        let mut waits = Vec::new();
        loop {
            copy.tries += 1;
            let Some(next) = copy.again_at(at) else { break };
            waits.push((next.millis() - at.millis()) / MINUTE_MS);
            at = next;
        }
        assert_eq!(waits, [1, 5, 15, 60, 240, 720, 1_440]);
        assert_eq!(copy.tries, 8);
    }
}
