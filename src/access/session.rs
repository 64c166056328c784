//! Sessions of the console: opened by a sign-in, kept while they are used, ended by
//! sign-out or time; and the token that proves a form came from our own page.
//! Nothing here knows cookies or headers.

use crate::clock::{SECOND_MS, Timestamp};
use crate::crypto::token;
use crate::error::Result;
use crate::model::account::Member;
use crate::model::action::{Act, Action, Actor};
use crate::model::id::MemberId;
use crate::model::limits;
use crate::store::{Session, SignInPlace, Store};

/// How long a session lives at most: twelve hours.
pub const LIFE_MS: i64 = limits::SESSION_SECONDS * SECOND_MS;
/// How long an unused session lives: two hours.
pub const IDLE_MS: i64 = limits::SESSION_IDLE_SECONDS * SECOND_MS;
/// How long a password that was given serves for what is sensitive: five minutes.
pub const PROOF_MS: i64 = limits::PROOF_SECONDS * SECOND_MS;
/// Use is written down no more often than this, so that reading pages does not write.
const TOUCH_MS: i64 = 60 * SECOND_MS;

/// Whether looking up a session counts as use of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// Somebody opened a page.
    Person,
    /// A page refreshed itself.
    Machine,
}

/// A member and the session they are signed in with.
#[derive(Debug, Clone)]
pub struct SignedIn {
    pub member: Member,
    pub session: Session,
}

/// Opens a session and returns the secret for the cookie.
pub fn open(store: &Store, member: &Member, place: SignInPlace, now: Timestamp) -> Result<String> {
    let (secret, hash) = token::new();
    let network = place.network;
    let act = Act::new(Actor::Member(member.id), Action::SignIn, now).from_network(network);
    store.create_session(act, member, hash, now.plus_ms(LIFE_MS), place)?;
    Ok(secret)
}

/// The member whose session a cookie's secret opens. Blocks for a read.
pub fn find(store: &Store, secret: &str, now: Timestamp, by: Use) -> Result<Option<SignedIn>> {
    let hash = token::hash(secret);
    let Some(mut session) = store.session(&hash, now)? else {
        return Ok(None);
    };
    if is_idle(&session, now) {
        let act = Act::new(Actor::Member(session.member), Action::SignOut, now);
        store.end_session(act, &hash)?;
        return Ok(None);
    }
    if by == Use::Person && now >= session.content.seen_at.plus_ms(TOUCH_MS) {
        store.touch_session(&hash, now)?;
        session.content.seen_at = now;
    }
    let member = store.member(session.member)?;
    let member = member.filter(|member| {
        member.account == session.account && member.profile.epoch == session.content.epoch
    });
    Ok(member.map(|member| SignedIn { member, session }))
}

/// Whether the password was given so lately that sensitive things may be done.
pub fn is_proved(session: &Session, now: Timestamp) -> bool {
    now < session.content.proved_at.plus_ms(PROOF_MS)
}

/// How a session is called in a list: tells neither its secret nor what is stored.
pub fn handle(session: &Session) -> String {
    token::content_hash(&session.token_hash)
}

/// Whether this secret is the session's.
pub fn is_of(session: &Session, secret: &str) -> bool {
    session.token_hash == token::hash(secret)
}

/// Ends the session of this secret, if there is one.
pub fn close(store: &Store, secret: &str, member: MemberId, now: Timestamp) -> Result<()> {
    let act = Act::new(Actor::Member(member), Action::SignOut, now);
    store.end_session(act, &token::hash(secret))
}

fn is_idle(session: &Session, now: Timestamp) -> bool {
    now >= session.content.seen_at.plus_ms(IDLE_MS)
}

/// The token that every form of this session carries. It cannot be computed
/// without the secret, and does not tell it.
pub fn form_token(secret: &str) -> String {
    token::hash(&format!("form of session {secret}"))
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Whether a form's token belongs to this session, in constant time.
pub fn is_form_token(secret: &str, given: &str) -> bool {
    token::same(form_token(secret).as_bytes(), given.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::AccountId;
    use crate::store::SessionContent;

    #[test]
    fn a_form_token_serves_its_own_session_only() {
        let (secret, _) = token::new();
        let (other, _) = token::new();
        let given = form_token(&secret);
        assert!(is_form_token(&secret, &given));
        assert!(!is_form_token(&other, &given));
        assert!(!is_form_token(&secret, ""));
        assert!(!is_form_token(&secret, &given[1..]));
    }

    #[test]
    fn a_form_token_is_neither_the_secret_nor_what_is_stored() {
        let (secret, stored) = token::new();
        let stored: String = stored.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_ne!(form_token(&secret), stored);
        assert!(!form_token(&secret).contains(&secret));
    }

    #[test]
    fn a_session_is_idle_after_two_hours_and_proved_for_five_minutes() {
        let at = Timestamp::from_millis;
        let session = Session {
            token_hash: [0; 32],
            member: MemberId::from_random(1),
            account: AccountId::from_random(1),
            expires_at: at(LIFE_MS),
            content: SessionContent {
                created_at: at(0),
                seen_at: at(1_000),
                proved_at: at(500),
                epoch: 0,
                place: SignInPlace::default(),
            },
        };
        assert!(!is_idle(&session, at(1_000 + IDLE_MS - 1)));
        assert!(is_idle(&session, at(1_000 + IDLE_MS)));
        assert!(is_proved(&session, at(500 + PROOF_MS - 1)));
        assert!(!is_proved(&session, at(500 + PROOF_MS)));
    }
}
