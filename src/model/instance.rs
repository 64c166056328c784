//! How this instance is run, as set-up was told: for one business, or for others.

use serde::{Deserialize, Serialize};

use crate::clock::{DAY_MS, Timestamp};
use crate::error::{Error, Result};
use crate::model::id::AccountId;

/// Who uses the instance.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// Nobody has said. There is no operator in the console; the shell makes accounts.
    #[default]
    Unsaid,
    /// One business: owners of this account are the operator as well.
    Own(AccountId),
    /// Others: the operator signs in apart and sees labels, states, dates and volumes.
    Hosting,
}

impl Way {
    /// The word for it, in commands.
    pub fn word(self) -> &'static str {
        match self {
            Way::Unsaid => "unsaid",
            Way::Own(_) => "own",
            Way::Hosting => "hosting",
        }
    }

    /// The same in a sentence that members may read.
    pub fn sentence(self) -> &'static str {
        match self {
            Way::Unsaid => {
                "Nobody has said yet whether this server is run for one business or for others."
            }
            Way::Own(_) => {
                "This server is run for one business: owners of its account run the server too."
            }
            Way::Hosting => {
                "This server is run for others: whoever runs it sees labels, states, dates and \
                 volumes of accounts, and nothing of what is in them."
            }
        }
    }
}

/// Copies of the whole machine that its provider makes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Snapshots {
    /// Nobody has said.
    #[default]
    Unsaid,
    None,
    /// Each is gone after so many days.
    Kept {
        days: u32,
    },
}

/// A snapshot is kept for so many days at most.
pub const SNAPSHOT_DAYS_MAX: u32 = 3_650;

impl Snapshots {
    /// # Errors
    /// [`crate::error::Kind::Invalid`] outside 1 to [`SNAPSHOT_DAYS_MAX`] days.
    pub fn kept(days: u32) -> Result<Snapshots> {
        match days {
            1..=SNAPSHOT_DAYS_MAX => Ok(Snapshots::Kept { days }),
            _ => Err(Error::invalid(format!(
                "Say after how many days a snapshot is gone: 1 to {SNAPSHOT_DAYS_MAX}."
            ))),
        }
    }

    pub fn is_none(self) -> bool {
        self == Snapshots::None
    }

    pub fn is_kept(self) -> bool {
        matches!(self, Snapshots::Kept { .. })
    }

    /// The days after which one is gone, as a form has them.
    pub fn days_text(self) -> String {
        match self {
            Snapshots::Kept { days } => days.to_string(),
            Snapshots::Unsaid | Snapshots::None => String::new(),
        }
    }

    /// When the last one is gone that was made at an instant; none: nobody has said.
    pub fn gone_at(self, made_at: Timestamp) -> Option<Timestamp> {
        match self {
            Snapshots::Unsaid => None,
            Snapshots::None => Some(made_at),
            Snapshots::Kept { days } => Some(made_at.plus_ms(i64::from(days) * DAY_MS)),
        }
    }
}

/// What the instance remembers of itself. New fields take a default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceSettings {
    #[serde(default)]
    pub way: Way,
    /// Where browsers reached the server when it last started; links are made with it.
    #[serde(default)]
    pub public_url: Option<String>,
    /// Whether the server had a mail server when it last started: without one no mail is
    /// written.
    #[serde(default)]
    pub sends_mail: bool,
    /// When the recovery kit was shown in the console: it is once.
    #[serde(default)]
    pub kit_shown_at: Option<Timestamp>,
    /// What the operator said of the provider's snapshots.
    #[serde(default)]
    pub snapshots: Snapshots,
}

/// For how long after set-up the console shows the recovery kit.
const KIT_MS: i64 = DAY_MS;

/// Whether the console shows the recovery kit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kit {
    /// Once, until then.
    Open(Timestamp),
    Shown(Timestamp),
    /// Set-up is too long ago, or was done at the shell.
    Closed,
}

impl Kit {
    pub fn of(set_up_at: Option<Timestamp>, shown_at: Option<Timestamp>, now: Timestamp) -> Kit {
        let until = set_up_at.map(|at| at.plus_ms(KIT_MS));
        match (shown_at, until) {
            (Some(at), _) => Kit::Shown(at),
            (None, Some(until)) if now < until => Kit::Open(until),
            _ => Kit::Closed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kit_is_shown_once_within_a_day_of_set_up() {
        let at = |hours: i64| Timestamp::from_millis(DAY_MS + hours * 60 * 60 * 1_000);
        assert_eq!(Kit::of(Some(at(0)), None, at(23)), Kit::Open(at(24)));
        assert_eq!(Kit::of(Some(at(0)), None, at(24)), Kit::Closed);
        assert_eq!(Kit::of(None, None, at(0)), Kit::Closed);
        assert_eq!(Kit::of(Some(at(0)), Some(at(1)), at(2)), Kit::Shown(at(1)));
    }
}
