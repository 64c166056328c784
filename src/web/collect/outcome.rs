//! What becomes of a request, in the words of the public contract, before any
//! medium: stored, set aside or refused, and with which status.

use std::borrow::Cow;

use actix_web::http::StatusCode;

use crate::model::reason::Reason;

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// On the disk.
    Stored,
    /// The answer left before the disk had it.
    Unconfirmed,
    NotStored(Reason),
}

impl Outcome {
    /// `ignored` where the request was in order and just not counted, else `rejected`.
    pub fn verdict(self) -> &'static str {
        match self {
            Outcome::Stored => "stored",
            Outcome::Unconfirmed => "unconfirmed",
            Outcome::NotStored(reason) if status(reason) == StatusCode::OK => "ignored",
            Outcome::NotStored(_) => "rejected",
        }
    }

    /// The status, in a medium that has one of its own.
    pub fn status(self) -> StatusCode {
        match self {
            Outcome::Stored | Outcome::Unconfirmed => StatusCode::OK,
            Outcome::NotStored(reason) => status(reason),
        }
    }

    /// The value of `X-Pixelkeep`.
    pub fn header(self) -> Cow<'static, str> {
        match self {
            Outcome::Stored | Outcome::Unconfirmed => self.verdict().into(),
            Outcome::NotStored(reason) => format!("{}; {}", self.verdict(), reason.word()).into(),
        }
    }

    /// Seconds after which to come again.
    pub fn retry_after(self) -> Option<u32> {
        match self.status() {
            StatusCode::TOO_MANY_REQUESTS => Some(1),
            StatusCode::SERVICE_UNAVAILABLE => Some(2),
            _ => None,
        }
    }
}

fn status(reason: Reason) -> StatusCode {
    match reason {
        Reason::Prefetch
        | Reason::Head
        | Reason::Bot
        | Reason::Paused
        | Reason::Expired
        | Reason::Suspended
        | Reason::NoCampaign
        | Reason::ConsentMissing
        | Reason::Duplicate
        | Reason::ErasedPerson
        | Reason::Objected => StatusCode::OK,
        Reason::UnknownCampaign | Reason::UnknownSite | Reason::GoalUnknown => {
            StatusCode::NOT_FOUND
        }
        Reason::BadMethod => StatusCode::METHOD_NOT_ALLOWED,
        Reason::TooMany | Reason::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Reason::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        Reason::Overloaded | Reason::Unconfirmed | Reason::Damaged => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        Reason::BadAmount
        | Reason::CampaignUnknown
        | Reason::UnknownCurrency
        | Reason::TooLong
        | Reason::BadEncoding
        | Reason::BadJson
        | Reason::BadId
        | Reason::BadUrl
        | Reason::TooOld => StatusCode::BAD_REQUEST,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_goes_out_with_its_word() {
        for &reason in Reason::ALL {
            let outcome = Outcome::NotStored(reason);
            let text = outcome.header();
            assert_eq!(text, format!("{}; {}", outcome.verdict(), reason.word()));
            assert_eq!(
                text.starts_with("ignored"),
                outcome.status() == StatusCode::OK
            );
        }
    }

    #[test]
    fn who_must_come_again_is_told_when() {
        for reason in [Reason::RateLimited, Reason::Overloaded] {
            assert!(Outcome::NotStored(reason).retry_after().is_some());
        }
        assert_eq!(Outcome::Stored.retry_after(), None);
    }
}
