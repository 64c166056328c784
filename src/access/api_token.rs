//! API tokens as they are made: what each may do and for how long, and that a token
//! makes none that goes beyond itself. Never in here: a secret kept.

use crate::clock::Timestamp;
use crate::crypto::token;
use crate::error::{Error, Kind, Result};
use crate::model::action::{Act, ApiToken};
use crate::model::id::{AccountId, TokenId};
use crate::model::role::Scope;
use crate::store::Store;

/// Whose word it is.
#[derive(Debug, Clone, Copy)]
pub enum Maker {
    /// A member, or whoever holds the machine's shell.
    Person,
    Token(ApiToken),
}

impl Maker {
    /// Refuses what goes beyond this maker: a stolen token must not outlive its end.
    fn require(self, scope: Scope, expires_at: Option<Timestamp>) -> Result<()> {
        let Maker::Token(own) = self else {
            return Ok(());
        };
        let refused = |sentence| Err(Error::new(Kind::NotAllowed, sentence));
        if scope == Scope::Admin {
            return refused(
                "A token makes tokens that read or write. One of scope admin is made in the \
                 console or at the shell.",
            );
        }
        match (own.expires_at, expires_at) {
            (None, _) => Ok(()),
            (Some(end), Some(at)) if at <= end => Ok(()),
            _ => refused("A token makes none that is valid for longer than itself."),
        }
    }
}

/// A token that was made; its secret is told this once.
#[derive(Debug)]
pub struct Made {
    pub id: TokenId,
    pub secret: String,
}

/// Makes a token.
///
/// # Errors
/// [`Kind::NotAllowed`] where the maker may not make that one, [`Kind::Invalid`] for an
/// end that is over.
pub fn create(
    store: &Store,
    act: Act,
    account: AccountId,
    maker: Maker,
    scope: Scope,
    expires_at: Option<Timestamp>,
) -> Result<Made> {
    maker.require(scope, expires_at)?;
    if expires_at.is_some_and(|at| at <= act.at) {
        return Err(Error::invalid(
            "The last day of a token must be one that is still to come.",
        ));
    }
    let (secret, hash) = token::new();
    let id = store.create_token(act, account, scope, hash, expires_at)?;
    Ok(Made { id, secret })
}

/// When a token that is valid until a day ends: with that day, in UTC.
///
/// # Errors
/// [`Kind::Invalid`] for what is not a day.
pub fn parse_last_day(text: &str) -> Result<Timestamp> {
    let wrong = || Error::invalid("The last day is written as 2027-12-31.");
    let day: jiff::civil::Date = text.trim().parse().map_err(|_| wrong())?;
    let last = day
        .at(23, 59, 59, 999_000_000)
        .to_zoned(jiff::tz::TimeZone::UTC)
        .map_err(|_| wrong())?;
    Ok(Timestamp::from_millis(last.timestamp().as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_makes_none_that_goes_beyond_itself() {
        let at = Timestamp::from_millis;
        let own = |expires_at| {
            Maker::Token(ApiToken {
                id: TokenId::from_random(1),
                account: AccountId::from_random(1),
                scope: Scope::Admin,
                expires_at,
                used_day: None,
            })
        };
        assert!(Maker::Person.require(Scope::Admin, None).is_ok());
        assert!(own(None).require(Scope::Admin, None).is_err());
        assert!(own(None).require(Scope::Write, None).is_ok());
        let ends = own(Some(at(10)));
        assert!(ends.require(Scope::Write, Some(at(10))).is_ok());
        assert!(ends.require(Scope::Read, Some(at(11))).is_err());
        assert!(ends.require(Scope::Read, None).is_err());
    }

    #[test]
    fn a_last_day_ends_with_its_last_instant_in_utc() {
        let end = parse_last_day("1970-01-01").unwrap();
        assert_eq!(end, Timestamp::from_millis(86_399_999));
        for wrong in ["", "tomorrow", "2026-13-01"] {
            assert!(parse_last_day(wrong).is_err(), "{wrong}");
        }
    }
}
