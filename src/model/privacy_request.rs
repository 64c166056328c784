//! What a person asks for, and by when it must be answered. Pure.

use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::model::id::AccountId;
use crate::model::person::{Identity, Reach};
use crate::model::personal::Personal;

/// Longest text that comes with a request, in characters.
pub const MESSAGE_CHARS_MAX: usize = 2_000;
/// Identities in one request at most.
pub const IDENTITIES_MAX: usize = 20;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Right {
    Access,
    Portability,
    Erasure,
    Rectification,
    Restriction,
    Objection,
}

impl Right {
    pub const ALL: [Right; 6] = [
        Right::Access,
        Right::Portability,
        Right::Erasure,
        Right::Rectification,
        Right::Restriction,
        Right::Objection,
    ];

    /// The word in API and forms.
    pub fn word(self) -> &'static str {
        match self {
            Right::Access => "access",
            Right::Portability => "portability",
            Right::Erasure => "erasure",
            Right::Rectification => "rectification",
            Right::Restriction => "restriction",
            Right::Objection => "objection",
        }
    }

    /// For a reader.
    pub fn name(self) -> &'static str {
        match self {
            Right::Access => "See what is held",
            Right::Portability => "Take the data along",
            Right::Erasure => "Be erased",
            Right::Rectification => "Have it corrected",
            Right::Restriction => "Have it kept and not used",
            Right::Objection => "Object to being counted",
        }
    }

    pub fn parse(word: &str) -> Result<Right> {
        let mut rights = Right::ALL.into_iter();
        rights.find(|right| right.word() == word).ok_or_else(|| {
            Error::invalid(
                "A request is one of access, portability, erasure, rectification, restriction, \
                 objection.",
            )
        })
    }
}

/// Where a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestState {
    Received = 1,
    InProgress = 2,
    Completed = 3,
    Refused = 4,
    NotIdentifiable = 5,
    Cancelled = 6,
}

impl RequestState {
    pub fn from_number(number: i64) -> Option<Self> {
        use RequestState::*;
        let all = [
            Received,
            InProgress,
            Completed,
            Refused,
            NotIdentifiable,
            Cancelled,
        ];
        all.into_iter().find(|&state| state as i64 == number)
    }

    pub fn is_open(self) -> bool {
        matches!(self, RequestState::Received | RequestState::InProgress)
    }

    /// The word of OpenDSR for it.
    pub fn status(self) -> &'static str {
        match self {
            RequestState::Received => "pending",
            RequestState::InProgress => "in_progress",
            RequestState::Completed | RequestState::Refused | RequestState::NotIdentifiable => {
                "completed"
            }
            RequestState::Cancelled => "cancelled",
        }
    }

    /// For a reader.
    pub fn name(self) -> &'static str {
        match self {
            RequestState::Received => "Waiting for you",
            RequestState::InProgress => "Being carried out",
            RequestState::Completed => "Done",
            RequestState::Refused => "Refused",
            RequestState::NotIdentifiable => "Person cannot be told apart",
            RequestState::Cancelled => "Taken back",
        }
    }
}

/// How a request arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// By mail or telephone; somebody typed it in.
    Desk,
    /// From the visitor's page.
    Page,
    Api,
}

impl Channel {
    pub fn name(self) -> &'static str {
        match self {
            Channel::Desk => "by mail or in person",
            Channel::Page => "from the page for visitors",
            Channel::Api => "by the API",
        }
    }
}

/// One line of a request's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryLine {
    pub at: Timestamp,
    pub what: String,
}

/// The sealed part of a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RequestBody {
    /// UUID, version 4, lower case.
    pub uuid: String,
    pub right: Right,
    pub channel: Channel,
    pub identities: Vec<Identity>,
    pub reach: Reach,
    /// What the person wrote.
    pub message: Personal<String>,
    /// How the person was recognised.
    #[serde(default)]
    pub evidence: String,
    pub received_at: Timestamp,
    /// Dates in the account's zone.
    pub received_on: Date,
    pub due_on: Date,
    /// Why it takes longer, where it does.
    #[serde(default)]
    pub extended: Option<String>,
    pub history: Vec<HistoryLine>,
    #[serde(default)]
    pub erasure: Option<i64>,
    /// Hits and conversions that were found.
    #[serde(default)]
    pub found: Option<(u64, u64)>,
}

/// A request.
#[derive(Debug, Clone, PartialEq)]
pub struct PrivacyRequest {
    pub id: i64,
    pub account: AccountId,
    pub state: RequestState,
    /// The first instant at which it is overdue.
    pub due_at: Timestamp,
    pub closed_at: Option<Timestamp>,
    pub body: RequestBody,
}

/// The last day for an answer: one month on, the same day of the month or its last one
/// (Art. 12(3) GDPR).
pub fn due_on(received_on: Date) -> Date {
    received_on.saturating_add(1.month())
}

/// The last day where the person was told of a delay: three months after receipt.
pub fn extended_due_on(received_on: Date) -> Date {
    received_on.saturating_add(3.months())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_due_in_a_month_and_in_three_where_it_was_extended() {
        for (received, due, extended) in [
            ("2027-01-31", "2027-02-28", "2027-04-30"),
            ("2028-01-31", "2028-02-29", "2028-04-30"),
            ("2026-11-30", "2026-12-30", "2027-02-28"),
            ("2027-03-31", "2027-04-30", "2027-06-30"),
            ("2026-12-15", "2027-01-15", "2027-03-15"),
            ("2027-08-31", "2027-09-30", "2027-11-30"),
        ] {
            let received: Date = received.parse().unwrap();
            assert_eq!(due_on(received).to_string(), due);
            assert_eq!(extended_due_on(received).to_string(), extended);
        }
    }

    #[test]
    fn words_and_numbers_read_back() {
        for right in Right::ALL {
            assert_eq!(Right::parse(right.word()).unwrap(), right);
        }
        for number in 1..=6 {
            assert_eq!(RequestState::from_number(number).unwrap() as i64, number);
        }
    }
}
