//! The `Date` of answers, written once a second.

use std::time::{Duration, UNIX_EPOCH};

use actix_web::http::header::HttpDate;

use crate::clock::{Clock, SECOND_MS};

/// The date as it was written last.
#[derive(Default)]
pub struct Date {
    /// Seconds since 1970.
    second: i64,
    text: String,
}

impl Date {
    /// The date of this moment, as HTTP writes it.
    pub fn now(&mut self) -> &str {
        let second = Clock::System.now().millis() / SECOND_MS;
        if second != self.second || self.text.is_empty() {
            let moment = UNIX_EPOCH + Duration::from_secs(second.unsigned_abs());
            *self = Date {
                second,
                text: HttpDate::from(moment).to_string(),
            };
        }
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_written_as_http_writes_it() {
        let mut date = Date::default();
        let text = date.now().to_owned();
        assert!(text.len() == 29 && text.ends_with(" GMT"), "{text}");
        let read: HttpDate = text.parse().unwrap();
        let second = UNIX_EPOCH + Duration::from_secs(date.second.unsigned_abs());
        assert_eq!(read, HttpDate::from(second));
    }
}
