//! Support grants: an owner lets the operator look into the account, for some hours
//! and a reason. Read only. Pure.

use serde::{Deserialize, Serialize};

use crate::clock::{SECOND_MS, Timestamp};
use crate::error::{Error, Result};
use crate::model::id::{AccountId, GrantId, MemberId};
use crate::model::role::GrantScope;

/// Longest grant, in hours.
pub const HOURS_MAX: i64 = 72;
/// Longest reason, in characters.
const REASON_MAX: usize = 300;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantContent {
    pub scope: GrantScope,
    pub reason: String,
    pub given_by: MemberId,
    pub given_at: Timestamp,
}

/// A grant that has not been revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    pub id: GrantId,
    pub account: AccountId,
    pub expires_at: Timestamp,
    pub content: GrantContent,
}

/// The length of a grant: 1 to 72 hours, in milliseconds.
pub fn parse_hours(text: &str) -> Result<i64> {
    match text.trim().parse::<i64>() {
        Ok(hours) if (1..=HOURS_MAX).contains(&hours) => Ok(hours * 60 * 60 * SECOND_MS),
        _ => Err(Error::invalid(format!(
            "Support is let in for 1 to {HOURS_MAX} hours."
        ))),
    }
}

/// Why support is let in: one line of 1 to 300 characters.
pub fn parse_reason(text: &str) -> Result<String> {
    let reason = text.trim();
    let fits = (1..=REASON_MAX).contains(&reason.chars().count());
    if fits && !reason.chars().any(char::is_control) {
        return Ok(reason.to_owned());
    }
    Err(Error::invalid(format!(
        "Say in one line of at most {REASON_MAX} characters why support is let in."
    )))
}

/// A scope by its word.
pub fn parse_scope(word: &str) -> Result<GrantScope> {
    match word {
        "figures" => Ok(GrantScope::Figures),
        "details" => Ok(GrantScope::Details),
        _ => Err(Error::invalid(
            "Support sees either figures or details; choose one.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_lasts_one_to_seventy_two_hours() {
        assert_eq!(parse_hours("1").unwrap(), 3_600_000);
        assert_eq!(parse_hours(" 72 ").unwrap(), 72 * 3_600_000);
        for wrong in ["0", "73", "-1", "", "x", "1.5"] {
            assert!(parse_hours(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_reason_is_one_line_that_says_something() {
        assert_eq!(parse_reason("  Pixel fails ").unwrap(), "Pixel fails");
        assert!(parse_reason(" ").is_err());
        assert!(parse_reason("a\nb").is_err());
        assert!(parse_reason(&"x".repeat(301)).is_err());
    }
}
