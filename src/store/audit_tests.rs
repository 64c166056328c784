//! Tests of the audit: what it tells, and that no change of it goes unseen.

use super::tests::{act, make_account, now, try_open};
use super::{AuditQuery, Store};
use crate::model::action::{Act, Action, Actor};
use crate::model::audit::{AuditFault, Detail, Network, Subject};
use crate::model::id::{AccountId, MemberId, SiteId};

struct Log {
    _folder: tempfile::TempDir,
    store: Store,
    account: AccountId,
}

/// An account with five entries: its making and four acts.
fn log() -> Log {
    let folder = tempfile::tempdir().unwrap();
    let store = try_open(&folder.path().join("data")).unwrap();
    let (account, _) = make_account(&store, "a@example.org").unwrap();
    for n in 1..=4 {
        let by = Act::new(
            Actor::Member(MemberId::from_random(n)),
            Action::ChangeSite,
            now().plus_ms(n as i64 * 1_000),
        );
        let act = by
            .on(Subject::Site(SiteId::from_random(n)))
            .from_network(Some(Network::of([192, 0, 2, 7].into())));
        let detail = Detail::default().with_note("a note");
        store.record_act(act, account, detail).unwrap();
    }
    Log {
        _folder: folder,
        store,
        account,
    }
}

impl Log {
    fn fault(&self) -> Option<AuditFault> {
        self.store.check_audit(self.account, &[]).unwrap().fault
    }

    fn change(&self, sql: &str) {
        let changed = self.store.writer().execute(sql, []).unwrap();
        assert!(changed > 0, "{sql}");
    }
}

#[test]
fn a_log_tells_who_did_what_to_what_and_where_from() {
    let log = log();
    let query = AuditQuery {
        limit: 2,
        ..AuditQuery::default()
    };
    let (entries, next) = log.store.audit_entries(log.account, &query).unwrap();
    assert_eq!(entries.len(), 2);
    assert_eq!((entries[0].number, next), (5, Some(4)));
    assert_eq!(entries[0].actor, Actor::Member(MemberId::from_random(4)));
    let site = Subject::Site(SiteId::from_random(4));
    assert_eq!(entries[0].detail, Detail::of(site).with_note("a note"));
    assert_eq!(entries[0].network.unwrap().to_string(), "192.0.2.0/24");
    let rest = AuditQuery {
        cursor: next,
        actor: Some("shell".to_owned()),
        limit: 9,
        ..AuditQuery::default()
    };
    let (entries, next) = log.store.audit_entries(log.account, &rest).unwrap();
    assert_eq!((entries.len(), next), (1, None));
    assert_eq!(entries[0].action, Action::CreateAccount);
}

#[test]
fn the_instance_has_a_log_of_its_own() {
    let log = log();
    let before = log.store.audit_end(log.account).unwrap();
    let (made, _) = log.store.audit_end(AccountId::INSTANCE).unwrap();
    assert_eq!(made, 1, "that the account was made");
    log.store
        .record_act(act(Action::SignIn), AccountId::INSTANCE, Detail::default())
        .unwrap();
    assert_eq!(log.store.audit_end(log.account).unwrap(), before);
    let check = log.store.check_audit(AccountId::INSTANCE, &[]).unwrap();
    assert_eq!((check.entries, check.fault), (2, None));
}

#[test]
fn an_untouched_log_holds() {
    let log = log();
    let check = log.store.check_audit(log.account, &[]).unwrap();
    assert_eq!((check.entries, check.older, check.fault), (5, 0, None));
}

#[test]
fn dropping_a_network_breaks_nothing() {
    let log = log();
    log.change("UPDATE audit SET network = NULL");
    assert_eq!(log.fault(), None);
}

#[test]
fn an_entry_taken_out_is_missed() {
    let log = log();
    log.change("DELETE FROM audit WHERE number = 3");
    assert_eq!(log.fault(), Some(AuditFault::Missing(3)));
}

#[test]
fn a_log_cut_off_at_its_end_is_missed() {
    let log = log();
    log.change("DELETE FROM audit WHERE number >= 4");
    assert_eq!(log.fault(), Some(AuditFault::CutOff(4)));
}

#[test]
fn entries_that_changed_places_are_seen() {
    let log = log();
    log.change("UPDATE audit SET number = -number WHERE number IN (2, 3)");
    log.change("UPDATE audit SET number = 5 + number WHERE number < 0");
    assert_eq!(log.fault(), Some(AuditFault::Changed(2)));
}

#[test]
fn an_entry_with_other_content_is_seen() {
    let log = log();
    log.change("UPDATE audit SET entry = randomblob(32) WHERE number = 4");
    assert_eq!(log.fault(), Some(AuditFault::Changed(4)));
}

#[test]
fn an_entry_that_does_not_open_is_damaged() {
    let log = log();
    log.change("UPDATE audit SET body = randomblob(length(body)) WHERE number = 2");
    assert_eq!(log.fault(), Some(AuditFault::Unreadable(2)));
}

#[test]
fn a_log_put_back_to_an_earlier_state_contradicts_its_checkpoint() {
    let log = log();
    let kept = log.store.audit_end(log.account).unwrap();
    let row: Vec<u8> = log
        .store
        .writer()
        .query_row(
            "SELECT body FROM audit_head WHERE account = ?1",
            [log.account.row()],
            |row| row.get(0),
        )
        .unwrap();
    log.store
        .record_act(act(Action::SignIn), log.account, Detail::default())
        .unwrap();
    let later = log.store.audit_end(log.account).unwrap();
    // Entry and end put back together look sound by themselves.
    log.change("DELETE FROM audit WHERE number = 6");
    log.store
        .writer()
        .execute(
            "UPDATE audit_head SET body = ?1 WHERE account = ?2",
            rusqlite::params![row, log.account.row()],
        )
        .unwrap();
    assert_eq!(log.fault(), None);
    let with = |known| log.store.check_audit(log.account, &[known]).unwrap().fault;
    assert_eq!(with(kept), None);
    assert_eq!(with(later), Some(AuditFault::CutOff(6)));
    assert_eq!(with((5, [9; 32])), Some(AuditFault::Rewritten(5)));
}
