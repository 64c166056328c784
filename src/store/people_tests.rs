//! Tests of members, one-time links, grants and what the shell did.

use super::tests::{act, kind_of, make_account, try_open};
use super::*;
use crate::clock::Timestamp;
use crate::crypto::token;
use crate::error::Kind;
use crate::model::account::MemberProfile;
use crate::model::action::{Action, Actor};
use crate::model::grant::GrantContent;
use crate::model::id::MemberId;
use crate::model::invite::{InviteContent, Purpose};
use crate::model::mail::NewMail;
use crate::model::role::{GrantScope, Role, Scope};

const NOW: i64 = 1_795_000_000_000;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(NOW + ms)
}

struct House {
    store: Store,
    account: AccountId,
    owner: MemberId,
    _folder: tempfile::TempDir,
}

fn house() -> House {
    let folder = tempfile::tempdir().unwrap();
    let store = try_open(&folder.path().join("data")).unwrap();
    let (account, owner) = make_account(&store, "ann@example.org").unwrap();
    House {
        store,
        account,
        owner,
        _folder: folder,
    }
}

fn by(actor: Actor, action: Action, ms: i64) -> Act {
    Act::new(actor, action, at(ms))
}

fn link(purpose: Purpose, email: &str) -> (String, NewInvite) {
    let (secret, token_hash) = token::new();
    let content = InviteContent {
        email: email.to_owned(),
        purpose,
        made_by: Actor::Shell,
        made_at: at(0),
        opens_at: at(0),
    };
    let expires_at = at(1_000);
    let new = NewInvite {
        token_hash,
        expires_at,
        content,
    };
    (secret, new)
}

#[test]
fn the_last_owner_is_neither_demoted_nor_removed() {
    let house = house();
    let (store, account) = (&house.store, house.account);
    let change = act(Action::ChangeMembers);
    let demote = |id: MemberId| {
        store.update_member(change, account, id, |profile| {
            profile.role = Role::Viewer;
            Ok(())
        })
    };
    assert_eq!(kind_of(demote(house.owner)), Kind::Conflict);
    let remove = |id: MemberId| store.remove_member(change, account, id, |_| Ok(()));
    assert_eq!(kind_of(remove(house.owner)), Kind::Conflict);
    let second = MemberProfile::new("bea@example.org".into(), Role::Owner, "v".into());
    let second = store.create_member(change, account, &second).unwrap();
    demote(house.owner).unwrap();
    assert_eq!(kind_of(demote(second)), Kind::Conflict);
    remove(house.owner).unwrap();
    assert_eq!(store.members(account).unwrap().len(), 1);
    assert!(store.member_by_email("ann@example.org").unwrap().is_none());
}

#[test]
fn a_removed_members_links_and_mail_go_with_them_and_nobody_elses() {
    let house = house();
    let (store, account) = (&house.store, house.account);
    store.remember_mail(true).unwrap();
    let change = act(Action::ChangeMembers);
    let bea = MemberProfile::new("bea@example.org".into(), Role::Viewer, "v".into());
    let bea = store.create_member(change, account, &bea).unwrap();
    for (purpose, email) in [
        (Purpose::Join(Role::Viewer), "Bea@example.org"),
        (Purpose::Join(Role::Viewer), "cleo@example.org"),
    ] {
        let (_, new) = link(purpose, email);
        store.create_invite(change, account, new).unwrap();
    }
    let mail = NewMail {
        kind: "test",
        recipients: vec!["bea@example.org".into(), "ann@example.org".into()],
        subject: "Hello".into(),
        text: "Hello".into(),
    };
    assert_eq!(store.send_mail(change, account, &mail).unwrap(), 2);
    store
        .remove_member(change, account, bea, |_| Ok(()))
        .unwrap();
    let invites = store.invites(account, at(0)).unwrap();
    let emails: Vec<&str> = invites
        .iter()
        .map(|invite| invite.content.email.as_str())
        .collect();
    assert_eq!(emails, ["cleo@example.org"]);
    // What was done at the shell is told to the owner as well.
    let mut waiting = Vec::new();
    while let Some(mail) = store.next_mail(at(0)).unwrap() {
        store.mail_was_sent(&mail, at(0)).unwrap();
        waiting.push(mail.body.to);
    }
    assert!(!waiting.is_empty() && waiting.iter().all(|to| to == "ann@example.org"));
    // Who was removed stays so, whatever copy of the database comes back.
    let mark = store.member_mark(account, bea).unwrap();
    assert!(store.marks(account).is_erased(&mark.key));
    let ledger = store.keys().erasure_ledger();
    assert!(ledger.entries.iter().any(|entry| entry.key == mark.key));
}

#[test]
fn a_member_of_another_account_is_not_found() {
    let house = house();
    let store = &house.store;
    let (other, _) = make_account(store, "eve@example.org").unwrap();
    let change = act(Action::ChangeMembers);
    let touched = store.update_member(change, other, house.owner, |_| Ok(()));
    assert_eq!(kind_of(touched), Kind::NotFound);
    let removed = store.remove_member(change, other, house.owner, |_| Ok(()));
    assert_eq!(kind_of(removed), Kind::NotFound);
}

#[test]
fn a_link_makes_one_member_once_and_before_it_ends() {
    let house = house();
    let (store, account) = (&house.store, house.account);
    let (secret, new) = link(Purpose::Join(Role::Analyst), "bea@example.org");
    let hash = token::hash(&secret);
    store
        .create_invite(act(Action::ChangeMembers), account, new)
        .unwrap();
    assert!(store.invite(&hash, at(1_000)).unwrap().is_none());
    let invite = store.invite(&hash, at(1)).unwrap().unwrap();
    let take = |ms| {
        let act = by(Actor::Visitor, Action::SignIn, ms);
        store.take_invite(act, &invite, &hash, "verifier".into())
    };
    assert_eq!(take(1_000).unwrap(), None, "it has ended");
    let member = take(2).unwrap().expect("it works once");
    assert_eq!(take(3).unwrap(), None, "it was used");
    let member = store.member(member).unwrap().unwrap();
    assert_eq!(member.profile.role, Role::Analyst);
    assert_eq!(member.account, account);
}

#[test]
fn a_link_back_sets_the_password_and_ends_all_sessions() {
    let house = house();
    let (store, account) = (&house.store, house.account);
    let session = token::hash("session");
    let signed_in = by(Actor::Member(house.owner), Action::SignIn, 0);
    store
        .create_session(
            signed_in,
            &house.store.member(house.owner).unwrap().unwrap(),
            session,
            at(9_000),
            crate::store::SignInPlace::default(),
        )
        .unwrap();
    let (secret, new) = link(Purpose::Return(house.owner), "ann@example.org");
    let hash = token::hash(&secret);
    store
        .create_invite(act(Action::ChangeMembers), account, new)
        .unwrap();
    let invite = store.invite(&hash, at(1)).unwrap().unwrap();
    let back = by(Actor::Visitor, Action::SignIn, 1);
    let id = store
        .take_invite(back, &invite, &hash, "new verifier".into())
        .unwrap();
    assert_eq!(id, Some(house.owner));
    assert!(store.session(&session, at(2)).unwrap().is_none());
    let owner = store.member(house.owner).unwrap().unwrap();
    assert_eq!(owner.profile.password_hash, "new verifier");
}

#[test]
fn a_revoked_grant_puts_the_operator_out_at_once() {
    let house = house();
    let (store, account) = (&house.store, house.account);
    let operator = Actor::Operator(MemberId::from_random(9));
    let session = token::hash("operator's session");
    let enter = |ms| {
        let act = by(operator, Action::EnterAccount, ms);
        store.enter_account(act, &session, account)
    };
    assert_eq!(kind_of(enter(0)), Kind::NotAllowed);
    let content = GrantContent {
        scope: GrantScope::Figures,
        reason: "The pixel is silent".to_owned(),
        given_by: house.owner,
        given_at: at(0),
    };
    let give = by(Actor::Member(house.owner), Action::GiveGrant, 0);
    store.give_grant(give, account, &content, at(500)).unwrap();
    enter(1).unwrap();
    let inside = |ms| store.entered_grant(&session, at(ms)).unwrap();
    assert_eq!(inside(2).unwrap().content, content);
    assert!(inside(500).is_none(), "it is over");
    let revoke = by(Actor::Member(house.owner), Action::RevokeGrant, 3);
    store.revoke_grant(revoke, account).unwrap();
    assert!(inside(3).is_none());
    assert_eq!(kind_of(enter(4)), Kind::NotAllowed);
}

#[test]
fn what_the_shell_mints_is_remembered_for_members() {
    let house = house();
    let (store, account) = (&house.store, house.account);
    assert!(store.shell_acts(account, 0).unwrap().is_empty());
    let mint = |actor| {
        let (_, hash) = token::new();
        let act = by(actor, Action::CreateToken, 7);
        store
            .create_token(act, account, Scope::Read, hash, None)
            .unwrap();
    };
    mint(Actor::Shell);
    mint(Actor::Member(house.owner));
    let acts = store.shell_acts(account, 0).unwrap();
    assert_eq!(acts.len(), 1);
    assert_eq!((acts[0].action, acts[0].at), (Action::CreateToken, at(7)));
    assert!(
        store
            .shell_acts(account, acts[0].number)
            .unwrap()
            .is_empty()
    );
}

#[test]
fn a_link_that_the_operator_keeps_for_later_lets_nobody_in() {
    let folder = tempfile::tempdir().unwrap();
    let store = try_open(&folder.path().join("data")).unwrap();
    let (account, _) = make_account(&store, "ann@example.org").unwrap();
    let operator = Actor::Operator(MemberId::from_random(9));
    let (secret, mut new) = link(Purpose::Join(Role::Owner), "eve@example.org");
    new.content.made_by = operator;
    let make = by(operator, Action::CreateAccount, 0);
    store.create_invite(make, account, new).unwrap();
    let hash = token::hash(&secret);
    let invite = store.invite(&hash, at(1)).unwrap().unwrap();
    let join = by(Actor::Visitor, Action::Join, 1);
    let taken = store.take_invite(join, &invite, &hash, "v".to_owned());
    assert_eq!(taken.unwrap(), None, "the account has an owner");
    assert_eq!(store.members(account).unwrap().len(), 1);
}
