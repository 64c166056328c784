//! Tests of mail that waits: written with its act or not at all, tried again, bounded.

use super::tests::{act, make_account, now, try_open};
use super::*;
use crate::clock::SECOND_MS;
use crate::model::action::Action;
use crate::model::mail::{NewMail, WAITING_MAX};

fn house() -> (Store, AccountId, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let store = try_open(&folder.path().join("data")).unwrap();
    let (account, _) = make_account(&store, "ann@example.org").unwrap();
    store.remember_mail(true).unwrap();
    (store, account, folder)
}

fn mail(recipients: &[&str]) -> NewMail {
    NewMail {
        kind: "notice",
        recipients: recipients.iter().map(|&to| to.to_owned()).collect(),
        subject: "Your account ends".to_owned(),
        text: "It ends on Monday.".to_owned(),
    }
}

fn send(store: &Store, account: AccountId, recipients: &[&str]) -> usize {
    let act = act(Action::ExpireAccount);
    store.send_mail(act, account, &mail(recipients)).unwrap()
}

#[test]
fn a_mail_waits_once_a_recipient_until_it_was_sent() {
    let (store, account, _folder) = house();
    assert_eq!(
        send(&store, account, &["ann@example.org", "ben@example.org"]),
        2
    );
    let first = store.next_mail(now()).unwrap().unwrap();
    assert_eq!(first.body.to, "ann@example.org");
    store.mail_was_sent(&first, now()).unwrap();
    let second = store.next_mail(now()).unwrap().unwrap();
    assert_eq!(second.body.to, "ben@example.org");
    assert_ne!(first.name(), second.name());
    store.mail_was_sent(&second, now()).unwrap();
    assert_eq!(store.mail_queue(None).unwrap(), MailQueue::default());
}

#[test]
fn where_no_mail_is_sent_none_is_written_and_what_waits_is_kept_for_a_while() {
    let (store, account, _folder) = house();
    send(&store, account, &["ann@example.org"]);
    store.remember_mail(false).unwrap();
    assert_eq!(send(&store, account, &["ben@example.org"]), 0);
    assert!(!store.sends_mail().unwrap());
    assert_eq!(store.mail_queue(None).unwrap().waiting, 1);
    assert_eq!(store.give_up_mail(now().minus_ms(1)).unwrap(), 0);
    assert_eq!(store.give_up_mail(now()).unwrap(), 1);
    assert_eq!(store.mail_queue(None).unwrap().waiting, 0);
}

#[test]
fn an_act_that_fails_sends_nothing() {
    let (store, account, _folder) = house();
    let failed: Result<()> = store.write(act(Action::ExpireAccount), account, |transaction| {
        store.enqueue_mail(transaction, account, &mail(&["ann@example.org"]), now())?;
        Err(Error::invalid("It was not to be."))
    });
    assert!(failed.is_err());
    assert_eq!(store.mail_queue(None).unwrap().waiting, 0);
}

#[test]
fn a_refused_mail_comes_again_and_is_given_up_at_last() {
    let (store, account, _folder) = house();
    send(&store, account, &["ann@example.org"]);
    let mut at = now();
    for attempt in 1..=8 {
        let waiting = store.next_mail(at).unwrap().unwrap();
        let again = store.mail_was_refused(&waiting, Some(451), at).unwrap();
        assert_eq!(again, attempt < 8);
        if again {
            assert!(store.next_mail(at).unwrap().is_none(), "not at once");
            at = store.mail_queue(None).unwrap().due_at.unwrap();
        }
    }
    assert!(at > now().plus_ms(40 * 60 * 60 * SECOND_MS));
    assert_eq!(store.mail_queue(None).unwrap().waiting, 0);
}

#[test]
fn what_an_account_may_let_wait_is_bounded_and_others_are_not_held_up_by_it() {
    let (store, account, _folder) = house();
    let (other, _) = make_account(&store, "ben@example.org").unwrap();
    let many: Vec<String> = (0..50).map(|n| format!("m{n}@example.org")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    for _ in 0..WAITING_MAX / 50 {
        assert_eq!(send(&store, account, &many), 50);
    }
    assert_eq!(send(&store, account, &["ann@example.org"]), 0);
    assert_eq!(send(&store, other, &["ben@example.org"]), 1);
    assert_eq!(
        store.mail_queue(Some(account)).unwrap().waiting,
        WAITING_MAX
    );
}

#[test]
fn mail_that_is_due_is_put_off_together() {
    let (store, account, _folder) = house();
    send(&store, account, &["ann@example.org", "ben@example.org"]);
    let later = now().plus_ms(60 * SECOND_MS);
    store.put_off_mail(now(), later).unwrap();
    assert!(store.next_mail(now()).unwrap().is_none());
    assert!(store.next_mail(later).unwrap().is_some());
}

#[test]
fn owners_are_written_to_of_the_first_act_at_the_shell_within_an_hour() {
    let (store, account, _folder) = house();
    let shell = |ms: i64| {
        let act = act(Action::ReadReport);
        let act = Act {
            at: act.at.plus_ms(ms),
            ..act
        };
        store.record_act(act, account, Detail::default()).unwrap();
        store.mail_queue(Some(account)).unwrap().waiting
    };
    assert_eq!((shell(0), shell(1), shell(59 * 60 * SECOND_MS)), (1, 1, 1));
    assert_eq!(shell(2 * 60 * 60 * SECOND_MS), 2);
    let mail = store.next_mail(now()).unwrap().unwrap();
    assert_eq!(mail.body.to, "ann@example.org");
    assert!(!mail.body.text.contains("Harbour"), "{}", mail.body.text);
}

#[test]
fn an_accounts_mail_goes_with_it_and_the_instances_stays() {
    let (store, account, _folder) = house();
    send(&store, account, &["ann@example.org"]);
    send(&store, AccountId::INSTANCE, &["op@example.org"]);
    shred::delete_rows(&store.writer(), account).unwrap();
    assert_eq!(store.mail_queue(Some(account)).unwrap().waiting, 0);
    assert_eq!(store.mail_queue(None).unwrap().waiting, 1);
}
