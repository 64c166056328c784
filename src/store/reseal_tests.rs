//! Tests of sealing again: everything opens at any moment, and in the end nothing is
//! left under the old key.

use super::tests::{act, make_account, try_open};
use super::{ResealPosition, SignInPlace, Store};
use crate::model::action::Action;
use crate::model::consent::Posture;
use crate::model::id::AccountId;
use crate::model::role::Scope;

fn furnish(store: &Store) -> AccountId {
    let (account, member) = make_account(store, "a@example.org").unwrap();
    for n in 0..40 {
        store
            .create_site(
                act(Action::ChangeSite),
                account,
                format!("Shop {n}"),
                vec!["shop.example".to_owned()],
                Posture::Strict,
            )
            .unwrap();
    }
    store
        .create_token(
            act(Action::CreateToken),
            account,
            Scope::Read,
            [7; 32],
            None,
        )
        .unwrap();
    let until = super::tests::now().plus_ms(1_000);
    let member = store.member(member).unwrap().unwrap();
    store
        .create_session(
            act(Action::SignIn),
            &member,
            [8; 32],
            until,
            SignInPlace::default(),
        )
        .unwrap();
    account
}

fn run(store: &Store, account: AccountId) -> u64 {
    let (mut next, mut values) = (Some(ResealPosition::default()), 0);
    while let Some(position) = next {
        let done = store.reseal_step(account, position).unwrap();
        values += done.values;
        next = done.next;
    }
    values
}

#[test]
fn after_a_rotation_everything_is_sealed_again_and_still_opens() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let store = try_open(&data).unwrap();
    let account = furnish(&store);
    let (other, _) = make_account(&store, "b@example.org").unwrap();
    assert!(store.accounts_to_reseal().unwrap().is_empty());
    let version = store
        .rotate_account_key(act(Action::RotateKey), account)
        .unwrap();
    assert_eq!(version, 2);
    assert_eq!(store.accounts_to_reseal().unwrap(), [account]);
    let old = store.old_values(account).unwrap();
    assert!(old >= 40 + 40 + 4, "{old}");

    // A step, and then the process is cut.
    let first = store
        .reseal_step(account, ResealPosition::default())
        .unwrap();
    assert!(first.next.is_some());
    drop(store);
    let store = try_open(&data).unwrap();
    assert_eq!(store.catalog().sites.len(), 40);
    let left = store.old_values(account).unwrap();
    assert_eq!(run(&store, account), left);
    assert_eq!(store.old_values(account).unwrap(), 0);
    assert!(store.accounts_to_reseal().unwrap().is_empty());
    drop(store);

    let store = try_open(&data).unwrap();
    assert_eq!(store.catalog().sites.len(), 40);
    assert!(store.member_by_email("a@example.org").unwrap().is_some());
    assert!(store.token(&[7; 32]).unwrap().is_some());
    assert_eq!(store.check_audit(account, &[]).unwrap().fault, None);
    assert_eq!(store.keys().newest_version(other).unwrap(), 1);
}

#[test]
fn every_sealed_column_of_the_schema_is_known_to_sealing_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = try_open(&folder.path().join("data")).unwrap();
    let connection = store.writer();
    let mut statement = connection
        .prepare(
            "SELECT tables.name || '.' || columns.name FROM sqlite_schema AS tables, \
             pragma_table_info(tables.name) AS columns WHERE tables.type = 'table' \
             AND columns.type = 'BLOB' ORDER BY 1",
        )
        .unwrap();
    let columns: Vec<String> = statement
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    // Hashes, blind indexes, and what the instance's own key seals.
    let not_an_accounts = ["token_hash", "email_index", "key", "value", "entry", "hash"];
    let known = [
        "account.body",
        "audit.network",
        "segment.header",
        "segment_column.body",
    ];
    let instance = ["job_run.body", "account_life.body"];
    for column in columns {
        let name = column.split('.').next_back().unwrap();
        let by_schema = name == "body"
            && super::reseal::names_account(&connection, column.split('.').next().unwrap());
        assert!(
            by_schema
                || not_an_accounts.contains(&name)
                || known.contains(&column.as_str())
                || instance.contains(&column.as_str()),
            "{column} is sealed or not: say so in store::reseal and here"
        );
    }
}
