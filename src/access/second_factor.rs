//! The second factor: offered with a fresh secret, turned on by a first code, spent at
//! sign-in, turned off. Each act stands in the audit. Nothing here knows HTTP.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::clock::{SECOND_MS, Timestamp};
use crate::crypto::totp;
use crate::error::{Error, Kind, Result};
use crate::model::account::{AccountSettings, Member};
use crate::model::action::{Act, Action, Actor};
use crate::model::id::MemberId;
use crate::model::role::Role;
use crate::model::second_factor::{RECOVERY_CODES, SecondFactor, TotpSecret};
use crate::store::Store;

/// A secret that an app is to be given, and the same sealed for the form that comes
/// back: only a secret of ours can be turned on, by whom it was made for.
pub struct Offer {
    pub secret: TotpSecret,
    pub sealed: String,
}

fn place(member: &Member) -> (&'static str, &'static str, i64) {
    ("member", "second_factor_offer", member.id.row())
}

/// A new secret for this member; nothing is written.
pub fn offer(store: &Store, member: &Member) -> Result<Offer> {
    let secret = TotpSecret::random();
    let (table, column, row) = place(member);
    let sealed = store
        .keys()
        .instance_sealer()
        .seal(table, column, row, &secret.0)?;
    Ok(Offer {
        sealed: URL_SAFE_NO_PAD.encode(sealed),
        secret,
    })
}

/// The offer that a form brought back.
///
/// # Errors
/// [`crate::error::Kind::Invalid`] where it is not one that this member was made.
pub fn same_offer(store: &Store, member: &Member, sealed: &str) -> Result<Offer> {
    let stale = || Error::invalid("This page is too old. Open it again and scan the new code.");
    let blob = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| stale())?;
    let (table, column, row) = place(member);
    let opened = store
        .keys()
        .instance_sealer()
        .open(table, column, row, &blob);
    let bytes: [u8; 20] = opened
        .ok()
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(stale)?;
    Ok(Offer {
        secret: TotpSecret(bytes),
        sealed: sealed.to_owned(),
    })
}

/// Whether this member must have a second factor: the account requires one of all, and
/// whoever runs the instance has one in any case.
pub fn is_required(member: &Member, settings: &AccountSettings) -> bool {
    settings.require_second_factor || member.profile.role == Role::Operator
}

/// Whether they may not go on without one. An owner who runs the instance as well needs
/// one for what is the operator's. What leads to it stays open.
pub fn is_missing(
    member: &Member,
    settings: &AccountSettings,
    actor: Actor,
    action: Action,
) -> bool {
    let leads_there = matches!(
        action,
        Action::ReadSelf | Action::ChangeSelf | Action::Confirm | Action::SignIn | Action::SignOut
    );
    let is_required = is_required(member, settings) || matches!(actor, Actor::Operator(_));
    is_required && member.profile.second_factor.is_none() && !leads_there
}

fn seconds(now: Timestamp) -> i64 {
    now.millis().div_euclid(SECOND_MS)
}

/// Recovery codes to show once, and what is kept of them.
fn recovery_codes() -> (Vec<String>, Vec<[u8; 32]>) {
    let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| totp::recovery_code()).collect();
    let hashes = codes.iter().map(|code| totp::recovery_hash(code)).collect();
    (codes, hashes)
}

/// Turns the offer on, once the app has shown a code of it. Ends the member's sessions;
/// gives the member as they are now and the recovery codes.
///
/// # Errors
/// [`crate::error::Kind::Invalid`] where the code is not the offer's.
pub fn turn_on(
    store: &Store,
    act: Act,
    member: MemberId,
    offer: &Offer,
    code: &str,
) -> Result<(Member, Vec<String>)> {
    let step = offer
        .secret
        .matching_step(code, seconds(act.at), 0)
        .ok_or_else(|| {
            Error::invalid(
                "This is not the code that the app shows now. Check that the clocks of your phone \
             and of this server are right.",
            )
        })?;
    let (codes, recovery) = recovery_codes();
    let factor = SecondFactor {
        secret: offer.secret.clone(),
        since: act.at,
        last_step: step,
        recovery,
    };
    let note = "the second factor was turned on";
    let member = store.change_sign_in(act, member, note, |profile| {
        profile.second_factor = Some(factor);
        Ok(())
    })?;
    Ok((member, codes))
}

/// Turns it off. Ends the member's sessions.
pub fn turn_off(store: &Store, act: Act, member: MemberId) -> Result<Member> {
    store.change_sign_in(act, member, "the second factor was turned off", |profile| {
        profile.second_factor = None;
        Ok(())
    })
}

/// Replaces the recovery codes. Ends the member's sessions.
///
/// # Errors
/// [`crate::error::Kind::Conflict`] where there is no second factor.
pub fn renew_recovery(store: &Store, act: Act, member: MemberId) -> Result<(Member, Vec<String>)> {
    let (codes, hashes) = recovery_codes();
    let note = "new recovery codes were made";
    let member = store.change_sign_in(act, member, note, |profile| {
        let factor = profile.second_factor.as_mut().ok_or_else(|| {
            Error::new(
                Kind::Conflict,
                "There is no second factor to recover. Turn it on first.",
            )
        })?;
        factor.recovery = hashes;
        Ok(())
    })?;
    Ok((member, codes))
}

/// Uses up a code of the app or a recovery code; false where it is neither, or was
/// used before.
pub fn spend(store: &Store, act: Act, member: MemberId, typed: &str) -> Result<bool> {
    store.spend_code(act, member, |factor| {
        let step = factor
            .secret
            .matching_step(typed, seconds(act.at), factor.last_step);
        if let Some(step) = step {
            factor.last_step = step;
            return Some("the second factor was a code of the app");
        }
        factor
            .spend_recovery(&totp::recovery_hash(typed))
            .then_some("the second factor was a recovery code, now used up")
    })
}
