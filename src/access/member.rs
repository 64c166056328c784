//! Who joins an account, as what, and who lets whom back in: the rules between hands
//! and roles, and the one-time links that work without mail. Nothing here knows HTTP.

use crate::clock::Timestamp;
use crate::crypto::{password, token};
use crate::error::{Error, Kind, Result};
use crate::model::account::{Member, parse_email};
use crate::model::action::{Act, Action, Actor};
use crate::model::id::{AccountId, InviteId, MemberId};
use crate::model::instance::Way;
use crate::model::invite::{
    Invite, InviteContent, JOIN_LIFE_MS, Purpose, RETURN_DELAY_MS, RETURN_LIFE_MS,
};
use crate::model::role::Role;
use crate::store::{NewInvite, Store};

/// Where a server is reached that has not said.
const ADDRESS_DEFAULT: &str = "http://127.0.0.1:8080";

/// Whose word it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hand {
    /// The machine's shell, or the operator for an account's first owner.
    Operator,
    /// A member with this role.
    Member(Role),
}

impl Hand {
    /// Refuses what goes beyond this hand.
    fn require_over(self, role: Role) -> Result<()> {
        let may = match self {
            Hand::Operator => true,
            Hand::Member(own) => own.rules_over(role),
        };
        if may {
            return Ok(());
        }
        Err(Error::new(
            Kind::NotAllowed,
            "Only an owner may make, change or remove an owner.",
        ))
    }
}

/// A link that was made; its secret is told this once.
#[derive(Debug)]
pub struct Link {
    pub id: InviteId,
    pub address: String,
    pub opens_at: Timestamp,
    pub expires_at: Timestamp,
}

/// A link to be made and the address it is followed at.
pub fn join_link(
    store: &Store,
    email: &str,
    role: Role,
    made_by: Actor,
    now: Timestamp,
) -> Result<(NewInvite, String)> {
    new_link(store, email, Purpose::Join(role), made_by, now, now)
}

fn new_link(
    store: &Store,
    email: &str,
    purpose: Purpose,
    made_by: Actor,
    made_at: Timestamp,
    opens_at: Timestamp,
) -> Result<(NewInvite, String)> {
    let (secret, token_hash) = token::new();
    let life_ms = match purpose {
        Purpose::Join(_) => JOIN_LIFE_MS,
        Purpose::Return(_) => RETURN_LIFE_MS,
    };
    let content = InviteContent {
        email: parse_email(email)?,
        purpose,
        made_by,
        made_at,
        opens_at,
    };
    let server = store.instance_settings()?.public_url;
    let server = server.as_deref().unwrap_or(ADDRESS_DEFAULT);
    let new = NewInvite {
        token_hash,
        expires_at: opens_at.plus_ms(life_ms),
        content,
    };
    Ok((new, format!("{server}/join?token={secret}")))
}

/// Invites somebody into an account. Whether the address is known elsewhere on this
/// server is not told.
///
/// # Errors
/// [`Kind::NotAllowed`] where the hand may not give that role, [`Kind::Conflict`] for
/// somebody who is a member already, [`Kind::NotFound`] for a publisher of nobody's.
pub fn invite(
    store: &Store,
    act: Act,
    account: AccountId,
    hand: Hand,
    email: &str,
    role: Role,
) -> Result<Link> {
    hand.require_over(role)?;
    require_place(store, account, role)?;
    let (new, address) = join_link(store, email, role, act.actor, act.at)?;
    let known = new.content.email.to_lowercase();
    let members = store.members(account)?;
    if members
        .iter()
        .any(|member| member.profile.email.to_lowercase() == known)
    {
        return Err(Error::new(
            Kind::Conflict,
            "Somebody with this e-mail address is a member already.",
        ));
    }
    let (opens_at, expires_at) = (new.content.opens_at, new.expires_at);
    let id = store.create_invite(act, account, new)?;
    Ok(Link {
        id,
        address,
        opens_at,
        expires_at,
    })
}

/// A role belongs to an account, a publisher's to one of its publishers, and the
/// operator's to none.
fn require_place(store: &Store, account: AccountId, role: Role) -> Result<()> {
    let catalog = store.catalog();
    match role {
        Role::Operator if account == AccountId::INSTANCE => return Ok(()),
        Role::Operator => return Err(Error::not_found("role")),
        _ if account == AccountId::INSTANCE || !catalog.accounts.contains_key(&account) => {
            return Err(Error::not_found("account"));
        }
        Role::Publisher(id) => {
            let own = catalog.publishers.get(&id);
            own.filter(|publisher| publisher.account == account)
                .ok_or_else(|| Error::not_found("publisher"))?;
        }
        _ => {}
    }
    Ok(())
}

/// Gives a member another role.
pub fn change_role(
    store: &Store,
    act: Act,
    account: AccountId,
    hand: Hand,
    id: MemberId,
    role: Role,
) -> Result<Member> {
    hand.require_over(role)?;
    require_place(store, account, role)?;
    store.update_member(act, account, id, |profile| {
        hand.require_over(profile.role)?;
        profile.role = role;
        Ok(())
    })
}

/// Removes a member, sessions and all.
pub fn remove(store: &Store, act: Act, account: AccountId, hand: Hand, id: MemberId) -> Result<()> {
    store.remove_member(act, account, id, |member| {
        hand.require_over(member.profile.role)
    })
}

/// Lets a member back in who lost the password or the second factor. From the shell of
/// an instance that hosts others, the link waits a day, and owners can open or end it.
pub fn let_back_in(
    store: &Store,
    act: Act,
    account: AccountId,
    hand: Hand,
    id: MemberId,
) -> Result<Link> {
    let member = store.member(id)?.filter(|member| member.account == account);
    let member = member.ok_or_else(|| Error::not_found("member"))?;
    hand.require_over(member.profile.role)?;
    let hosts = store.instance_settings()?.way == Way::Hosting;
    let waits = hosts && hand == Hand::Operator && account != AccountId::INSTANCE;
    let opens_at = act.at.plus_ms(if waits { RETURN_DELAY_MS } else { 0 });
    let (email, purpose) = (&member.profile.email, Purpose::Return(id));
    let (new, address) = new_link(store, email, purpose, act.actor, act.at, opens_at)?;
    let expires_at = new.expires_at;
    let id = store.create_invite(act, account, new)?;
    Ok(Link {
        id,
        address,
        opens_at,
        expires_at,
    })
}

/// Opens a link that waits; the word of an owner. It cannot prolong its life.
pub fn confirm(
    store: &Store,
    act: Act,
    account: AccountId,
    hand: Hand,
    id: InviteId,
) -> Result<()> {
    hand.require_over(Role::Owner)?;
    store.update_invite(act, account, id, |content| {
        content.opens_at = content.opens_at.min(act.at);
        Ok(())
    })
}

/// Ends a link that was not used.
pub fn revoke(store: &Store, act: Act, account: AccountId, hand: Hand, id: InviteId) -> Result<()> {
    store.revoke_invite(act, account, id, |invite| match invite.content.purpose {
        Purpose::Join(role) => hand.require_over(role),
        Purpose::Return(_) => Ok(()),
    })
}

/// The link of a secret, if it works now or will.
pub fn find(store: &Store, secret: &str, now: Timestamp) -> Result<Option<Invite>> {
    store.invite(&token::hash(secret), now)
}

/// Uses a link up with a new password. None where it does not work. Blocks for about a
/// third of a second.
pub fn accept(
    store: &Store,
    secret: &str,
    new_password: &str,
    now: Timestamp,
) -> Result<Option<MemberId>> {
    let hash = token::hash(secret);
    let invite = store.invite(&hash, now)?;
    let Some(invite) = invite.filter(|invite| invite.is_open(now)) else {
        return Ok(None);
    };
    let verifier = password::choose(new_password, &[&invite.content.email])?;
    let act = Act::new(Actor::Visitor, Action::Join, now);
    store.take_invite(act, &invite, &hash, verifier)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_admin_has_no_hand_over_owners() {
        let admin = Hand::Member(Role::Admin);
        assert!(admin.require_over(Role::Viewer).is_ok());
        let refused = admin
            .require_over(Role::Owner)
            .map_err(|error| error.kind());
        assert_eq!(refused, Err(Kind::NotAllowed));
        assert!(Hand::Member(Role::Owner).require_over(Role::Owner).is_ok());
        assert!(
            Hand::Member(Role::Analyst)
                .require_over(Role::Viewer)
                .is_err()
        );
        assert!(Hand::Operator.require_over(Role::Owner).is_ok());
    }
}
