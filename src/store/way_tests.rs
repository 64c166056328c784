//! Tests of set-up, of for whom the instance is run, and of what is done to accounts
//! from outside.

use super::tests::{act, kind_of, make_account, new_account, now, try_open};
use super::*;
use crate::crypto::token;
use crate::error::Kind;
use crate::model::account::{AccountState, MemberProfile};
use crate::model::action::{Action, Actor};
use crate::model::id::MemberId;
use crate::model::instance::Way;
use crate::model::role::Role;

fn house() -> (Store, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let store = try_open(&folder.path().join("data")).unwrap();
    (store, folder)
}

fn way(store: &Store) -> Way {
    store.instance_settings().unwrap().way
}

fn offer(store: &Store) -> [u8; 32] {
    let (_, hash) = token::new();
    store.offer_set_up(hash, now().plus_ms(1_000)).unwrap();
    hash
}

fn operator(store: &Store) -> MemberId {
    let profile = MemberProfile::new("olga@example.org".into(), Role::Operator, "v".into());
    let act = act(Action::ChangeMembers);
    store
        .create_member(act, AccountId::INSTANCE, &profile)
        .unwrap()
}

/// The acts of a log, oldest first, with who did them.
fn log(store: &Store, account: AccountId) -> Vec<(Action, Actor)> {
    let query = AuditQuery {
        limit: 100,
        ..AuditQuery::default()
    };
    let (entries, _) = store.audit_entries(account, &query).unwrap();
    let acts = entries.iter().map(|entry| (entry.action, entry.actor));
    acts.rev().collect()
}

#[test]
fn set_up_for_the_own_business_uses_the_address_up_and_makes_account_and_way_at_once() {
    let (store, _folder) = house();
    let hash = offer(&store);
    let set_up = act(Action::SetUp);
    let (account, owner) = store
        .set_up_own(set_up, &hash, new_account("ann@example.org"))
        .unwrap()
        .unwrap();
    assert_eq!(way(&store), Way::Own(account));
    assert_eq!(
        store.member(owner).unwrap().unwrap().profile.role,
        Role::Owner
    );
    let again = store.set_up_own(set_up, &hash, new_account("bea@example.org"));
    assert!(again.unwrap().is_none());
    let said: Vec<Action> = log(&store, AccountId::INSTANCE)
        .into_iter()
        .map(|it| it.0)
        .collect();
    assert_eq!(said, [Action::SetUp; 2], "the way, and the account");
}

#[test]
fn set_up_for_hosting_makes_an_operator_without_an_account_and_offers_no_more() {
    let (store, _folder) = house();
    let hash = offer(&store);
    let profile = MemberProfile::new("olga@example.org".into(), Role::Operator, "v".into());
    let set_up = act(Action::SetUp);
    let made = store.set_up_hosting(set_up, &hash, &profile).unwrap();
    let made = store.member(made.unwrap()).unwrap().unwrap();
    assert_eq!(
        (made.account, way(&store)),
        (AccountId::INSTANCE, Way::Hosting)
    );
    assert!(store.catalog().accounts.is_empty() && store.is_set_up().unwrap());
    let again = store.set_up_hosting(set_up, &hash, &profile).unwrap();
    assert!(again.is_none());
}

#[test]
fn a_server_for_one_needs_the_only_account_and_its_owner_and_operators_go() {
    let (store, _folder) = house();
    let olga = operator(&store);
    let by = Act::new(Actor::Operator(olga), Action::ChangeWay, now());
    assert_eq!(kind_of(store.run_for_one(by)), Kind::Conflict, "none yet");
    let (account, _) = make_account(&store, "ann@example.org").unwrap();
    let (other, _) = make_account(&store, "bea@example.org").unwrap();
    store.run_for_others(by).unwrap();
    assert_eq!(way(&store), Way::Hosting);
    assert_eq!(kind_of(store.run_for_one(by)), Kind::Conflict, "two");
    assert!(store.member(olga).unwrap().is_some());
    for at in [account, other] {
        let told = store.shell_acts(at, 0).unwrap();
        assert_eq!((told.len(), told[0].note.as_str()), (1, "hosting"));
        assert_eq!(log(&store, at).last().unwrap().0, Action::ChangeWay);
    }
    let last = log(&store, AccountId::INSTANCE).pop().unwrap();
    assert_eq!(last, (Action::ChangeWay, Actor::Operator(olga)));
}

#[test]
fn back_to_one_business_ends_the_operators_sign_in() {
    let (store, _folder) = house();
    let olga = operator(&store);
    let by = Act::new(Actor::Operator(olga), Action::ChangeWay, now());
    let (account, _) = make_account(&store, "ann@example.org").unwrap();
    store.run_for_others(by).unwrap();
    assert_eq!(store.run_for_one(by).unwrap(), account);
    assert_eq!(way(&store), Way::Own(account));
    assert!(store.members(AccountId::INSTANCE).unwrap().is_empty());
    let told = store.shell_acts(account, 0).unwrap();
    assert_eq!(told[0].note, "own");
}

#[test]
fn a_suspended_account_collects_nothing_and_both_logs_say_who_held_it() {
    let (store, _folder) = house();
    let (account, _) = make_account(&store, "ann@example.org").unwrap();
    let by = |action| Act::new(Actor::Operator(MemberId::from_random(1)), action, now());
    let suspend = by(Action::SuspendAccount);
    store.suspend_account(suspend, account, "unpaid").unwrap();
    let state = || store.catalog().accounts[&account].state_at(now());
    assert_eq!(state(), AccountState::Suspended);
    assert_eq!(
        kind_of(store.suspend_account(suspend, account, "")),
        Kind::Conflict
    );
    store
        .label_account(by(Action::LabelAccount), account, "Harbour 2")
        .unwrap();
    let volume = store.volumes().unwrap().remove(&account).unwrap();
    assert_eq!(volume.label.as_deref(), Some("Harbour 2"));
    assert_eq!(volume.suspended_at, Some(now()));
    store.unsuspend_account(suspend, account).unwrap();
    assert_eq!(state(), AccountState::Active);
    assert_eq!(
        kind_of(store.unsuspend_account(suspend, account)),
        Kind::Conflict
    );
    let acts = [
        Action::CreateAccount,
        Action::SuspendAccount,
        Action::LabelAccount,
        Action::SuspendAccount,
    ];
    for log_of in [account, AccountId::INSTANCE] {
        let done: Vec<Action> = log(&store, log_of).into_iter().map(|it| it.0).collect();
        assert_eq!(done, acts, "{log_of}");
    }
}

#[test]
fn an_end_counts_before_a_suspension_and_the_own_business_is_never_held() {
    let (store, _folder) = house();
    let hash = offer(&store);
    let made = store.set_up_own(act(Action::SetUp), &hash, new_account("ann@example.org"));
    let (account, _) = made.unwrap().unwrap();
    let suspend = act(Action::SuspendAccount);
    assert_eq!(
        kind_of(store.suspend_account(suspend, account, "")),
        Kind::Conflict
    );
    store.run_for_others(act(Action::ChangeWay)).unwrap();
    store.suspend_account(suspend, account, "").unwrap();
    let due = now().plus_ms(1_000);
    store
        .request_deletion(act(Action::EndAccount), account, due)
        .unwrap();
    let state = || store.catalog().accounts[&account].state_at(now());
    assert_eq!(state(), AccountState::Expired);
    store
        .cancel_deletion(act(Action::EndAccount), account)
        .unwrap();
    assert_eq!(state(), AccountState::Suspended, "it is still held");
}
