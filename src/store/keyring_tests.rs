//! Tests of keyring and database together: what is refused, and what a start finishes.

use std::collections::BTreeMap;
use std::path::Path;

use super::tests::{act, kind_of, make_account, try_open};
use crate::error::Kind;
use crate::model::action::Action;
use crate::model::consent::Posture;

/// Every file of a folder but the lock, byte for byte.
fn files(data: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(data).unwrap().flatten();
    entries
        .map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            (name, std::fs::read(entry.path()).unwrap())
        })
        .filter(|(name, _)| name != "lock")
        .collect()
}

#[test]
fn a_keyring_that_does_not_belong_is_refused_and_nothing_is_touched() {
    let folder = tempfile::tempdir().unwrap();
    let (mine, other) = (folder.path().join("mine"), folder.path().join("other"));
    for (data, accounts) in [(&mine, 1), (&other, 3)] {
        let store = try_open(data).unwrap();
        for n in 0..accounts {
            make_account(&store, &format!("{n}@example.org")).unwrap();
        }
        store.close().unwrap();
    }
    let keep = |name: &str| std::fs::read(mine.join(name)).unwrap();
    let (keyring, master) = (keep("keyring"), keep("master.key"));
    let refused = |change: &dyn Fn()| {
        change();
        let before = files(&mine);
        assert_eq!(kind_of(try_open(&mine)), Kind::Config);
        assert!(files(&mine) == before, "a file has changed");
        std::fs::write(mine.join("keyring"), &keyring).unwrap();
        std::fs::write(mine.join("master.key"), &master).unwrap();
    };
    let copy = |name: &str| {
        std::fs::copy(other.join(name), mine.join(name)).unwrap();
    };
    // Another folder's master key; its keyring; both, with a higher generation.
    refused(&|| copy("master.key"));
    refused(&|| copy("keyring"));
    refused(&|| {
        copy("master.key");
        copy("keyring");
    });
    refused(&|| std::fs::remove_file(mine.join("keyring")).unwrap());
    refused(&|| std::fs::write(mine.join("keyring"), &keyring[..40]).unwrap());

    let store = try_open(&mine).unwrap();
    make_account(&store, "later@example.org").unwrap();
    store.close().unwrap();
    drop(store);
    let before_rollback = std::fs::read(mine.join("keyring")).unwrap();
    std::fs::write(mine.join("keyring"), &keyring).unwrap();
    let before = files(&mine);
    assert_eq!(kind_of(try_open(&mine)), Kind::Config);
    assert!(
        files(&mine) == before,
        "a rolled-back keyring changed a file"
    );
    std::fs::write(mine.join("keyring"), before_rollback).unwrap();
    assert_eq!(try_open(&mine).unwrap().catalog().accounts.len(), 2);
}

#[test]
fn a_shredding_that_was_cut_off_is_finished_by_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let store = try_open(&data).unwrap();
    let (gone, _) = make_account(&store, "gone@example.org").unwrap();
    let (stays, _) = make_account(&store, "stays@example.org").unwrap();
    for account in [gone, stays] {
        store
            .create_site(
                act(Action::ChangeSite),
                account,
                "Shop".to_owned(),
                vec!["shop.example".to_owned()],
                Posture::Strict,
            )
            .unwrap();
    }
    store.keys().remove_account(gone).unwrap();
    drop(store);

    let store = try_open(&data).unwrap();
    let catalog = store.catalog();
    assert_eq!(catalog.accounts.keys().collect::<Vec<_>>(), [&stays]);
    assert_eq!(catalog.sites.len(), 1);
    assert!(store.member_by_email("gone@example.org").unwrap().is_none());
    for table in ["member", "site", "audit", "audit_head"] {
        let sql = format!("SELECT count(*) FROM {table} WHERE account = ?1");
        let rows: i64 = store
            .writer()
            .query_row(&sql, [gone.row()], |row| row.get(0))
            .unwrap();
        assert_eq!(rows, 0, "{table}");
    }
}

#[test]
fn keys_that_no_row_uses_yet_do_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let store = try_open(&data).unwrap();
    let cut = crate::model::id::AccountId::from_random(99);
    store.keys().add_account(cut).unwrap();
    drop(store);
    let store = try_open(&data).unwrap();
    assert!(store.catalog().accounts.is_empty());
    make_account(&store, "a@example.org").unwrap();
}

#[test]
fn without_its_audit_entry_no_act_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let store = try_open(&folder.path().join("data")).unwrap();
    let (account, _) = make_account(&store, "a@example.org").unwrap();
    let refuse = "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no'); END";
    store.writer().execute_batch(refuse).unwrap();
    let site = store.create_site(
        act(Action::ChangeSite),
        account,
        "Shop".to_owned(),
        vec!["shop.example".to_owned()],
        Posture::Strict,
    );
    assert!(site.is_err());
    assert!(store.catalog().sites.is_empty());
    let rows: i64 = store
        .writer()
        .query_row("SELECT count(*) FROM site", [], |row| row.get(0))
        .unwrap();
    assert_eq!(rows, 0);
}
