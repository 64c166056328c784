//! An account's life: when it ends, when its data goes, and by when nothing of it may
//! be left. Days are 86,400 seconds; no time zone moves a deadline. Pure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::clock::{DAY_MS, Timestamp};
use crate::error::{Error, Kind, Result};
use crate::model::action::Actor;
use crate::model::retention::Retention;

/// 25 May 2018, from which on the GDPR applies.
pub const GDPR: Timestamp = Timestamp::at(1_527_206_400_000);
/// By this day after expiry nothing is left, in backups neither.
pub const GONE_BY_DAY: u32 = 90;
/// The purge begins on this day after expiry, at the earliest.
pub const PURGE_DAY_MIN: u32 = 45;
pub const BACKUP_DAYS_DEFAULT: u32 = 30;
pub const BACKUP_DAYS_MAX: u32 = 40;
/// Days that the purge itself and its checks may take.
const PURGE_TAKES_DAYS: u32 = 5;
/// A date that has just been entered destroys nothing before this time, in hours.
pub const SECOND_THOUGHTS_HOURS: i64 = 24;
/// Longest time to think better of a deletion, in hours.
pub const COOLING_OFF_HOURS_MAX: u32 = 72;
const HOUR_MS: i64 = 60 * 60 * 1_000;

/// How an instance ends accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Days after expiry on which the purge begins.
    pub purge_day: u32,
    /// Days for which the oldest backup is kept.
    pub backup_days: u32,
}

impl Default for Terms {
    fn default() -> Self {
        Terms {
            purge_day: PURGE_DAY_MIN,
            backup_days: BACKUP_DAYS_DEFAULT,
        }
    }
}

/// The instants between which an ended account's data goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The first at which a purge may start.
    pub purge_from: Timestamp,
    /// The last for live data, so that backups are gone in time.
    pub live_deadline: Timestamp,
    /// The last for any copy.
    pub gone_by: Timestamp,
}

impl Terms {
    /// # Errors
    /// [`Kind::Config`] where the two days do not fit in 90.
    pub fn new(purge_day: u32, backup_days: u32) -> Result<Terms> {
        let fits = (PURGE_DAY_MIN..=GONE_BY_DAY).contains(&purge_day)
            && (1..=BACKUP_DAYS_MAX).contains(&backup_days)
            && purge_day + backup_days + PURGE_TAKES_DAYS <= GONE_BY_DAY;
        if fits {
            return Ok(Terms {
                purge_day,
                backup_days,
            });
        }
        Err(Error::new(
            Kind::Config,
            format!(
                "purge_day {purge_day} and backup_days {backup_days} do not fit: the purge begins on \
                 day {PURGE_DAY_MIN} or later, backups are kept 1 to {BACKUP_DAYS_MAX} days, and both \
                 with {PURGE_TAKES_DAYS} days between must not exceed {GONE_BY_DAY}."
            ),
        ))
    }

    pub fn window(self, expires_at: Timestamp) -> Window {
        let day = |days: u32| expires_at.plus_ms(i64::from(days) * DAY_MS);
        Window {
            purge_from: day(self.purge_day),
            live_deadline: day(GONE_BY_DAY - self.backup_days - 1),
            gone_by: day(GONE_BY_DAY),
        }
    }
}

/// Why an account's data goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It expired, and the days after that went by.
    Expired,
    /// It had expired before the GDPR applied when it was imported.
    Legacy,
    /// Its owner or the operator asked for it.
    Request,
}

impl Reason {
    pub fn word(self) -> &'static str {
        match self {
            Reason::Expired => "expired",
            Reason::Legacy => "legacy",
            Reason::Request => "request",
        }
    }
}

/// A deletion that was asked for and can still be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deletion {
    pub by: Actor,
    pub requested_at: Timestamp,
    pub due_at: Timestamp,
}

/// What a notice speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    Expiry,
    Purge,
}

impl About {
    const ALL: [About; 2] = [About::Expiry, About::Purge];

    /// What a mail about it is, in figures and logs.
    pub fn mail_kind(self) -> &'static str {
        match self {
            About::Expiry => "expiry_notice",
            About::Purge => "purge_notice",
        }
    }

    /// What a mail of this kind is about; none: of something else.
    pub fn of_mail(kind: &str) -> Option<About> {
        About::ALL
            .into_iter()
            .find(|about| about.mail_kind() == kind)
    }
}

/// How a notice was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    Mail,
    /// A member confirmed it in the console.
    Screen,
    /// The answer of the command that set the date.
    Command,
}

/// A notice that was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    pub about: About,
    /// Of which date it spoke.
    pub of: Timestamp,
    pub way: Way,
    pub at: Timestamp,
}

/// A notice that was put on its way by mail: whether it arrived is another matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    pub about: About,
    pub of: Timestamp,
    /// So many days before that date; 0: after it, because nobody was told.
    pub days: u32,
    pub at: Timestamp,
}

/// Days before a date on which notice is given.
pub const NOTICE_DAYS: [i64; 2] = [14, 1];

/// A purge that has begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purge {
    pub reason: Reason,
    pub due_at: Timestamp,
    pub started_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    pub requested_at: Option<Timestamp>,
    /// Rows by table before anything went.
    pub before: BTreeMap<String, u64>,
    /// Versions of the data key.
    pub data_keys: Vec<u16>,
    /// What the byte scan looks for: pieces of sealed rows, and words the account had
    /// written. Only until the scan.
    pub marks: Vec<Vec<u8>>,
    #[serde(default)]
    pub keys_gone_at: Option<Timestamp>,
}

/// What is known of an account besides its settings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Life {
    #[serde(default)]
    pub created_at: Option<Timestamp>,
    /// It came from another system.
    #[serde(default)]
    pub imported: bool,
    /// It was imported with an expiry before 25 May 2018.
    #[serde(default)]
    pub legacy: bool,
    /// When its expiry was entered last.
    #[serde(default)]
    pub expiry_set_at: Option<Timestamp>,
    #[serde(default)]
    pub deletion: Option<Deletion>,
    #[serde(default)]
    pub notices: Vec<Notice>,
    #[serde(default)]
    pub calls: Vec<Call>,
    #[serde(default)]
    pub purge: Option<Purge>,
    /// Signed; what stays of an account that is gone.
    #[serde(default)]
    pub certificate: Option<String>,
    #[serde(default)]
    pub closed_at: Option<Timestamp>,
    /// How long the account keeps what.
    #[serde(default)]
    pub retention: Retention,
    /// The UTC day before which conversions are ledger lines.
    #[serde(default)]
    pub conversions_stripped_before: u32,
}

impl Life {
    /// When the purge may begin, and why; none where no end is set.
    pub fn purge_due(
        &self,
        expires_at: Option<Timestamp>,
        terms: Terms,
    ) -> Option<(Timestamp, Reason)> {
        let thought = |since: Option<Timestamp>| {
            since.map_or(Timestamp::at(0), |at| {
                at.plus_ms(SECOND_THOUGHTS_HOURS * HOUR_MS)
            })
        };
        if let Some(deletion) = &self.deletion {
            return Some((deletion.due_at, Reason::Request));
        }
        if self.legacy {
            return Some((thought(self.created_at), Reason::Legacy));
        }
        let due = terms.window(expires_at?).purge_from;
        Some((due.max(thought(self.expiry_set_at)), Reason::Expired))
    }

    /// Since when time must have passed for that, as a UTC day.
    pub fn evidence_since(&self, expires_at: Option<Timestamp>) -> Timestamp {
        let begun = match &self.deletion {
            Some(deletion) => Some(deletion.requested_at),
            None if self.legacy => self.created_at,
            None => expires_at,
        };
        // Time before the account was entered here nobody could have witnessed.
        begun
            .max(self.created_at)
            .max(self.expiry_set_at)
            .unwrap_or_default()
    }
}

/// The instant until which a deletion can be taken back.
///
/// # Errors
/// [`Kind::Invalid`] for more than 72 hours.
pub fn cooling_off(hours: u32, now: Timestamp) -> Result<Timestamp> {
    if hours > COOLING_OFF_HOURS_MAX {
        return Err(Error::invalid(format!(
            "A deletion waits {COOLING_OFF_HOURS_MAX} hours at most."
        )));
    }
    Ok(now.plus_ms(i64::from(hours) * HOUR_MS))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::parse_instant;

    fn at(text: &str) -> Timestamp {
        parse_instant(text).unwrap()
    }

    #[test]
    fn the_windows_of_a_30_day_backup() {
        for (expires, from, live, gone) in [
            (
                "2026-11-23T00:00:00Z",
                "2027-01-07T00:00:00Z",
                "2027-01-21T00:00:00Z",
                "2027-02-21T00:00:00Z",
            ),
            (
                "2027-02-28T23:59:59Z",
                "2027-04-14T23:59:59Z",
                "2027-04-28T23:59:59Z",
                "2027-05-29T23:59:59Z",
            ),
            (
                "2018-05-25T00:00:00Z",
                "2018-07-09T00:00:00Z",
                "2018-07-23T00:00:00Z",
                "2018-08-23T00:00:00Z",
            ),
        ] {
            let window = Terms::default().window(at(expires));
            assert_eq!(
                [window.purge_from, window.live_deadline, window.gone_by],
                [at(from), at(live), at(gone)]
            );
            let due = Life::default().purge_due(Some(at(expires)), Terms::default());
            assert_eq!(due, Some((at(from), Reason::Expired)));
        }
    }

    #[test]
    fn a_setting_that_does_not_fit_in_90_days_is_refused() {
        assert!(Terms::new(45, 40).is_ok());
        assert!(Terms::new(55, 30).is_ok());
        for (purge_day, backup_days) in [(56, 30), (45, 41), (44, 30), (45, 0), (60, 26)] {
            assert!(Terms::new(purge_day, backup_days).is_err());
        }
    }

    #[test]
    fn a_date_that_was_just_entered_waits_a_day() {
        let life = Life {
            created_at: Some(at("2026-11-23T10:00:00Z")),
            expiry_set_at: Some(at("2026-11-23T10:00:00Z")),
            legacy: true,
            ..Life::default()
        };
        let due = life.purge_due(Some(at("2018-05-24T23:59:59Z")), Terms::default());
        assert_eq!(due, Some((at("2026-11-24T10:00:00Z"), Reason::Legacy)));
        let overdue = Life {
            legacy: false,
            ..life
        };
        let due = overdue.purge_due(Some(at("2019-01-01")), Terms::default());
        assert_eq!(due, Some((at("2026-11-24T10:00:00Z"), Reason::Expired)));
    }

    #[test]
    fn a_deletion_goes_before_an_expiry_and_waits_three_days_at_most() {
        let now = at("2026-11-23");
        assert!(cooling_off(73, now).is_err());
        let life = Life {
            deletion: Some(Deletion {
                by: Actor::Shell,
                requested_at: now,
                due_at: cooling_off(72, now).unwrap(),
            }),
            ..Life::default()
        };
        let due = life.purge_due(None, Terms::default());
        assert_eq!(due, Some((at("2026-11-26"), Reason::Request)));
    }
}
