//! Tests of the store: the folder's states, what is refused, and what is sealed.

use std::path::Path;

use super::*;
use crate::clock::Timestamp;
use crate::crypto::token;
use crate::error::Kind;
use crate::model::account::{AccountSettings, PublisherSettings};
use crate::model::action::{Action, Actor};
use crate::model::consent::Posture;
use crate::model::id::MemberId;
use crate::model::money::Currency;
use crate::model::role::Scope;

const NOW: i64 = 1_795_000_000_000;

pub fn now() -> Timestamp {
    Timestamp::from_millis(NOW)
}

pub fn act(action: Action) -> Act {
    Act::new(Actor::Shell, action, now())
}

pub fn try_open(data: &Path) -> Result<Store> {
    let folder = DataFolder::take(data, true)?;
    let keys = folder.keys(&Default::default())?;
    Store::open(folder, keys)
}

pub fn new_account(email: &str) -> NewAccount {
    let settings = AccountSettings {
        name: "Harbour".to_owned(),
        timezone: "UTC".to_owned(),
        currency: Currency::EUR,
        acquisition: false,
        security_token_hash: None,
        require_second_factor: false,
        shared_token_clicks: 0,
        rates: Default::default(),
        privacy: Default::default(),
    };
    NewAccount {
        settings,
        expires_at: None,
        owner_email: email.to_owned(),
        owner_password_hash: "verifier".to_owned(),
    }
}

pub fn make_account(store: &Store, email: &str) -> Result<(AccountId, MemberId)> {
    store.create_account(act(Action::CreateAccount), new_account(email))
}

pub fn kind_of<T>(outcome: Result<T>) -> Kind {
    outcome.err().map(|error| error.kind()).expect("an error")
}

#[test]
fn a_folder_has_one_holder_and_is_closed_to_others() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let store = try_open(&data).unwrap();
    assert_eq!(kind_of(DataFolder::take(&data, true)), Kind::Held);
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    assert_eq!(mode(&data.join("master.key")), 0o600);
    assert_eq!(mode(&data.join("keyring")), 0o600);
    drop(store);
    assert!(DataFolder::take(&data, true).is_ok());
    std::fs::write(folder.path().join("file"), "x").unwrap();
    assert_eq!(
        kind_of(DataFolder::take(&folder.path().join("file"), true)),
        Kind::CannotWrite
    );
    assert_eq!(
        kind_of(DataFolder::take(&folder.path().join("none"), false)),
        Kind::Config
    );
}

#[test]
fn no_key_is_made_beside_a_folder_that_is_not_empty() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    drop(try_open(&data).unwrap());
    std::fs::rename(data.join("master.key"), folder.path().join("kept.key")).unwrap();
    assert_eq!(kind_of(try_open(&data)), Kind::Config);
    assert!(!data.join("master.key").exists());
    std::fs::rename(folder.path().join("kept.key"), data.join("master.key")).unwrap();
    std::fs::rename(data.join("keyring"), folder.path().join("kept")).unwrap();
    assert_eq!(kind_of(try_open(&data)), Kind::Config);
    assert!(!data.join("keyring").exists());
}

#[test]
fn an_older_keyring_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    drop(try_open(&data).unwrap());
    let old = std::fs::read(data.join("keyring")).unwrap();
    let store = try_open(&data).unwrap();
    make_account(&store, "a@example.org").unwrap();
    drop(store);
    std::fs::write(data.join("keyring"), old).unwrap();
    assert_eq!(kind_of(try_open(&data)), Kind::Config);
}

#[test]
fn a_newer_schema_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    drop(try_open(&data).unwrap());
    let connection = Connection::open(data.join("pixelkeep.db")).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    drop(connection);
    assert_eq!(kind_of(try_open(&data)), Kind::Config);
}

#[test]
fn the_file_has_the_settings_that_only_work_from_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let store = try_open(&folder.path().join("data")).unwrap();
    let value = |name: &str| -> i64 {
        let read = |row: &rusqlite::Row<'_>| row.get(0);
        store.writer().pragma_query_value(None, name, read).unwrap()
    };
    assert_eq!(value("auto_vacuum"), 2);
    assert_eq!(value("secure_delete"), 1);
    assert_eq!(value("synchronous"), 2);
    store.check_integrity().unwrap();
}

#[test]
fn a_change_is_in_the_catalog_when_it_returns_and_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let store = try_open(&data).unwrap();
    let (account, _) = make_account(&store, "a@example.org").unwrap();
    let site = store
        .create_site(
            act(Action::ChangeSite),
            account,
            "Shop".to_owned(),
            vec!["shop.example".to_owned()],
            Posture::Strict,
        )
        .unwrap();
    assert!(
        store
            .catalog()
            .site(&site.settings.key.to_string())
            .is_some()
    );
    store
        .update_site(act(Action::ChangeSite), account, site.id, |settings| {
            settings.posture = Posture::Optout;
            Ok(())
        })
        .unwrap();
    drop(store);
    let store = try_open(&data).unwrap();
    assert_eq!(
        store.catalog().sites[&site.id].settings.posture,
        Posture::Optout
    );
}

#[test]
fn another_accounts_things_are_like_things_that_do_not_exist() {
    let folder = tempfile::tempdir().unwrap();
    let store = try_open(&folder.path().join("data")).unwrap();
    let (mine, _) = make_account(&store, "a@example.org").unwrap();
    let (other, _) = make_account(&store, "b@example.org").unwrap();
    let publisher = |account, code: &str| {
        let settings = PublisherSettings {
            name: "Blog".to_owned(),
            coupon_codes: vec![code.to_owned()],
            reward: false,
        };
        store.create_publisher(act(Action::ChangePublisher), account, settings)
    };
    let theirs = publisher(other, "SAVE10").unwrap();
    let change = store.update_publisher(act(Action::ChangePublisher), mine, theirs.id, |_| Ok(()));
    assert_eq!(kind_of(change), Kind::NotFound);
    assert!(
        publisher(mine, "SAVE10").is_ok(),
        "codes are an account's own"
    );
    assert_eq!(kind_of(publisher(mine, "SAVE10")), Kind::Conflict);
}

#[test]
fn an_address_signs_in_to_one_account_only() {
    let folder = tempfile::tempdir().unwrap();
    let store = try_open(&folder.path().join("data")).unwrap();
    make_account(&store, "Ann@example.org").unwrap();
    assert_eq!(
        kind_of(make_account(&store, " ann@EXAMPLE.org")),
        Kind::Conflict
    );
    let found = store.member_by_email("ANN@example.org").unwrap().unwrap();
    assert_eq!(found.profile.email, "Ann@example.org");
    assert!(store.member_by_email("bob@example.org").unwrap().is_none());
}

#[test]
fn a_set_up_address_works_once_within_its_hour_and_only_without_accounts() {
    let folder = tempfile::tempdir().unwrap();
    let store = try_open(&folder.path().join("data")).unwrap();
    let (_, hash) = token::new();
    store.offer_set_up(hash, now().plus_ms(1_000)).unwrap();
    assert!(store.set_up_open(&hash, now()).unwrap());
    assert!(!store.set_up_open(&hash, now().plus_ms(1_000)).unwrap());
    store.offer_set_up(hash, now().plus_ms(1_000)).unwrap();
    make_account(&store, "a@example.org").unwrap();
    assert!(!store.set_up_open(&hash, now()).unwrap());
}

#[test]
fn sessions_and_tokens_are_found_by_their_hash_and_end() {
    let folder = tempfile::tempdir().unwrap();
    let store = try_open(&folder.path().join("data")).unwrap();
    let (account, member) = make_account(&store, "a@example.org").unwrap();
    let (_, hash) = token::new();
    let until = now().plus_ms(1_000);
    store
        .create_session(
            act(Action::SignIn),
            &store.member(member).unwrap().unwrap(),
            hash,
            until,
            SignInPlace::default(),
        )
        .unwrap();
    let session = store.session(&hash, now()).unwrap().unwrap();
    assert_eq!((session.account, session.member), (account, member));
    assert!(store.session(&hash, until).unwrap().is_none());
    store.end_session(act(Action::SignOut), &hash).unwrap();
    assert!(store.session(&hash, now()).unwrap().is_none());

    let (_, hash) = token::new();
    store
        .create_token(act(Action::CreateToken), account, Scope::Read, hash, None)
        .unwrap();
    assert_eq!(store.token(&hash).unwrap().unwrap().scope, Scope::Read);
    assert!(store.token(&[0; 32]).unwrap().is_none());
}

#[test]
fn a_failed_sync_is_told_from_other_failures_of_the_disk() {
    use rusqlite::ffi;
    let of = |code| {
        let error = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
        database::is_of_sync(&database::failed(error))
    };
    assert!(of(ffi::SQLITE_IOERR_FSYNC) && of(ffi::SQLITE_IOERR_DIR_FSYNC));
    assert!(!of(ffi::SQLITE_IOERR_WRITE) && !of(ffi::SQLITE_FULL));
}
