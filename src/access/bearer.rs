//! API tokens: whose token a request carries, and whether it may do what the
//! request is about. Never in here: the header it came in, or a token's secret kept.

use super::refusal::Refusals;
use crate::crypto::token;
use crate::error::{Error, Kind, Result};
use crate::model::action::{Act, Actor, ApiToken};
use crate::store::Store;

/// Longest text that is looked up as a token, in bytes; ours have 43.
const SECRET_MAX: usize = 128;

/// The token of an `Authorization` header's text, if it may do what `act` says once the
/// actor is known. A refusal stands in the account's audit. Blocks for a look-up.
///
/// # Errors
/// [`Kind::Unauthenticated`] without a valid token, [`Kind::NotAllowed`] where a
/// token that may only read is to write.
pub fn admit(
    store: &Store,
    authorization: Option<&str>,
    act: impl FnOnce(Actor) -> Act,
    refusals: &Refusals,
) -> Result<ApiToken> {
    let authorization = authorization.ok_or_else(|| {
        unauthenticated("Send an API token in the header: Authorization: Bearer TOKEN.")
    })?;
    let secret = secret(authorization).ok_or_else(|| {
        unauthenticated("There is no API token in the header: write Authorization: Bearer TOKEN.")
    })?;
    let token = store.token(&token::hash(secret))?.ok_or_else(|| {
        unauthenticated("This API token is not valid. Make one with: pixelkeep token create.")
    })?;
    let act = act(Actor::Token(token.id));
    let now = act.at;
    if token.expires_at.is_some_and(|at| at <= now) {
        return Err(unauthenticated(
            "This API token has expired. Make a new one with: pixelkeep token create.",
        ));
    }
    if act.action.allows(token.scope.party()) {
        if token.used_day != Some(now.utc_day()) {
            store.use_token(&token, now.utc_day())?;
        }
        Ok(token)
    } else {
        refusals.record(store, act, token.account)?;
        Err(Error::new(
            Kind::NotAllowed,
            "This API token may not do that. Use one of a wider scope, or the console.",
        ))
    }
}

fn secret(authorization: &str) -> Option<&str> {
    let (scheme, secret) = authorization.trim().split_once(' ')?;
    let secret = secret.trim();
    let shaped = (1..=SECRET_MAX).contains(&secret.len()) && !secret.contains(' ');
    (scheme.eq_ignore_ascii_case("bearer") && shaped).then_some(secret)
}

fn unauthenticated(sentence: &'static str) -> Error {
    Error::new(Kind::Unauthenticated, sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_bearer_token_is_read() {
        assert_eq!(secret("Bearer abc"), Some("abc"));
        assert_eq!(secret("bearer  abc "), Some("abc"));
        for text in ["", "abc", "Bearer", "Bearer ", "Basic abc", "Bearer a b"] {
            assert_eq!(secret(text), None, "{text}");
        }
        assert_eq!(secret(&format!("Bearer {}", "x".repeat(129))), None);
    }
}
