//! Lives of many accounts through downtimes and wrong clocks, and purges that are cut
//! off at every step.

use std::collections::BTreeMap;
use std::path::Path;

use super::certificate::CERTIFICATE;
use super::purge::Purging;
use super::schedule::{Job, Step};
use super::tidy::Tidy;
use super::timeline::late_by;
use crate::clock::{Clock, DAY_MS, Timestamp};
use crate::crypto::document::{self, Checked};
use crate::crypto::token;
use crate::model::account::AccountSettings;
use crate::model::action::{Act, Action, Actor};
use crate::model::id::AccountId;
use crate::model::life::{Terms, cooling_off};
use crate::model::money::Currency;
use crate::store::{DataFolder, NewAccount, Stage, Store};

const START_DAY: i64 = 20_000;

fn at_day(day: i64) -> Timestamp {
    Timestamp::from_millis((START_DAY + day) * DAY_MS)
}

fn open(data: &Path) -> Store {
    let folder = DataFolder::take(data, true).unwrap();
    let keys = folder.keys(&Default::default()).unwrap();
    Store::open(folder, keys).unwrap()
}

fn act(action: Action, at: Timestamp) -> Act {
    Act::new(Actor::Shell, action, at)
}

fn account(store: &Store, number: usize, now: Timestamp, ends: Option<Timestamp>) -> AccountId {
    let new = NewAccount {
        settings: AccountSettings {
            name: format!("Harbour lights {number}"),
            timezone: "UTC".to_owned(),
            currency: Currency::EUR,
            acquisition: false,
            security_token_hash: None,
            rates: BTreeMap::new(),
            require_second_factor: false,
            shared_token_clicks: 0,
            privacy: Default::default(),
        },
        expires_at: ends,
        owner_email: format!("owner{number}@harbour.example"),
        owner_password_hash: "verifier".to_owned(),
    };
    let made = store.create_account(act(Action::CreateAccount, now), new);
    made.unwrap().0
}

fn run(purging: &Purging, now: Timestamp) {
    while let Step::More(_) = purging.step(now).unwrap() {}
}

fn stage(store: &Store, id: AccountId) -> Stage {
    store.life(id).unwrap().0
}

fn certificate(store: &Store, id: AccountId) -> serde_json::Value {
    let text = store.life(id).unwrap().1.certificate.unwrap();
    match document::check(text.as_bytes(), CERTIFICATE, None) {
        Checked::Sound { content, .. } => content,
        Checked::Wrong(why) => panic!("{why}"),
    }
}

/// A small generator, so that a failure comes again.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

#[test]
fn of_200_accounts_none_goes_early_and_none_late_unreported() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("data"));
    let purging = Purging::new(store.clone(), Clock::manual(at_day(0)));
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut ends: BTreeMap<AccountId, Timestamp> = BTreeMap::new();
    for number in 0..200 {
        let ends_at = at_day(1 + dice.roll(60) as i64).plus_ms(dice.roll(DAY_MS as u64) as i64);
        ends.insert(account(&store, number, at_day(0), Some(ends_at)), ends_at);
    }
    // The true time of each purge's beginning.
    let mut begun: BTreeMap<AccountId, Timestamp> = BTreeMap::new();
    let mut down_until = 0;
    for day in 0..220 {
        if dice.roll(30) == 0 {
            down_until = day + 1 + dice.roll(20) as i64;
        }
        if day < down_until && day < 200 {
            continue;
        }
        let now = at_day(day).plus_ms(dice.roll(DAY_MS as u64) as i64);
        if dice.roll(10) == 0 {
            // The clock is wrong for a while. The server was started with it in one
            // of two cases, and then leaves a beat on the wrong day.
            let wrong = now.plus_ms((1 + dice.roll(400) as i64) * DAY_MS);
            if dice.roll(2) == 0 {
                store.beat(wrong.utc_day(), wrong).unwrap();
            }
            decide(&store, &purging, wrong, now, &mut begun);
        }
        store.beat(now.utc_day(), now).unwrap();
        decide(&store, &purging, now, now, &mut begun);
    }
    assert_eq!(begun.len(), 200);
    let mut late = 0;
    for (id, begun_at) in begun {
        let window = Terms::default().window(ends[&id]);
        assert!(begun_at >= window.purge_from, "{id} went early");
        let purge = store.life(id).unwrap().1.purge.unwrap();
        let reported = late_by(&purge, Terms::default(), begun_at).is_some();
        assert_eq!(reported, begun_at > window.live_deadline, "{id}");
        late += usize::from(reported);
    }
    assert!(
        late < 200 && late > 0,
        "{late} of 200 are late: the test shows nothing"
    );
}

/// Lets purges begin by the clock's time, and notes the true one.
fn decide(
    store: &Store,
    purging: &Purging,
    clock: Timestamp,
    truth: Timestamp,
    begun: &mut BTreeMap<AccountId, Timestamp>,
) {
    while purging.begin(clock).unwrap().is_some() {}
    for (id, _, _) in store.lives_between(Stage::Claimed, Stage::Claimed).unwrap() {
        begun.entry(id).or_insert(truth);
    }
}

#[test]
fn a_purge_cut_off_at_any_step_is_finished_by_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let now = at_day(0);
    let (gone, stays) = {
        let store = open(&data);
        store.beat(now.utc_day(), now).unwrap();
        let gone = account(&store, 1, now, None);
        let due = cooling_off(0, now).unwrap();
        let asked = act(Action::EndAccount, now);
        store.request_deletion(asked, gone, due).unwrap();
        (gone, account(&store, 2, now, None))
    };
    let mut seen = Vec::new();
    for _ in 0..40 {
        // Every step is done by a program that ends right after it.
        let store = open(&data);
        seen.push(stage(&store, gone));
        if seen.last() == Some(&Stage::Closed) {
            break;
        }
        let purging = Purging::new(store, Clock::manual(now));
        purging.step(now).unwrap();
    }
    seen.dedup();
    assert_eq!(
        seen,
        [
            Stage::Living,
            Stage::Claimed,
            Stage::Shredded,
            Stage::Emptied,
            Stage::Cleaned,
            Stage::Closed
        ]
    );
    let store = open(&data);
    let content = certificate(&store, gone);
    let tables = content["tables"].as_array().unwrap();
    assert!(
        tables
            .iter()
            .any(|table| table["table"] == "member" && table["before"] == 1)
    );
    assert!(
        tables.iter().all(|table| table["after"] == 0),
        "{content:#}"
    );
    assert_eq!(content["scan"]["found"], 0);
    assert!(
        content["scan"]["marks"].as_u64().unwrap() > 3,
        "{content:#}"
    );
    assert!(store.catalog().accounts.contains_key(&stays));
    assert!(!store.keys().accounts().contains(&gone));
}

/// Writes into the gap of a page, where SQLite leaves copies of rows that it moved.
fn leave_in_a_gap(database: &Path, what: &[u8]) {
    let mut bytes = std::fs::read(database).unwrap();
    let number = |at: usize, bytes: &[u8]| usize::from(bytes[at]) << 8 | usize::from(bytes[at + 1]);
    let gap = bytes
        .chunks(4_096)
        .enumerate()
        .skip(1)
        .find_map(|(page, it)| {
            let (kind, cells, content) = (it[0], number(3, it), number(5, it));
            let begin = 8 + 2 * cells;
            let is_leaf = kind == 0x0d && cells > 0;
            (is_leaf && begin + what.len() + 64 < content).then_some(page * 4_096 + begin + 32)
        });
    let gap = gap.unwrap();
    bytes[gap..gap + what.len()].copy_from_slice(what);
    std::fs::write(database, bytes).unwrap();
}

/// A new store with an account whose deletion was asked for.
fn to_be_deleted(data: &Path, now: Timestamp) -> (Store, AccountId) {
    let store = open(data);
    store.beat(now.utc_day(), now).unwrap();
    let gone = account(&store, 1, now, None);
    let asked = act(Action::EndAccount, now);
    store.request_deletion(asked, gone, now).unwrap();
    (store, gone)
}

#[test]
fn what_rows_have_left_between_others_goes_with_them() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let now = at_day(0);
    let gone = {
        let (store, gone) = to_be_deleted(&data, now);
        account(&store, 2, now, None);
        store.reclaim().unwrap();
        gone
    };
    leave_in_a_gap(&data.join("pixelkeep.db"), b"Harbour lights 1");
    let store = open(&data);
    run(&Purging::new(store.clone(), Clock::manual(now)), now);
    let content = certificate(&store, gone);
    assert_eq!(content["scan"]["found"], 0, "{content:#}");
    assert_eq!(store.catalog().accounts.len(), 1);
}

#[test]
fn what_nobody_knows_to_look_for_goes_within_a_week() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let database = data.join("pixelkeep.db");
    let older = b"an older version of a row";
    {
        let store = open(&data);
        account(&store, 1, at_day(0), None);
        Tidy(store.clone()).step(at_day(0)).unwrap();
        store.close().unwrap();
    }
    leave_in_a_gap(&database, older);
    let tidy = Tidy(open(&data));
    let is_left = |day| {
        tidy.step(at_day(day)).unwrap();
        let bytes = std::fs::read(&database).unwrap();
        bytes.windows(older.len()).any(|at| at == older)
    };
    assert!(is_left(6));
    assert!(!is_left(7));
}

#[test]
fn keys_that_went_without_their_rows_are_followed_by_them() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let now = at_day(0);
    let gone = {
        let (store, gone) = to_be_deleted(&data, now);
        let purging = Purging::new(store.clone(), Clock::manual(now));
        purging.step(now).unwrap();
        assert_eq!(stage(&store, gone), Stage::Claimed);
        // As if the machine had stopped between keyring and database.
        store.keys().remove_account(gone).unwrap();
        gone
    };
    let store = open(&data);
    run(&Purging::new(store.clone(), Clock::manual(now)), now);
    assert_eq!(stage(&store, gone), Stage::Closed);
    let rows = store.account_rows(gone).unwrap();
    assert!(rows.values().all(|&count| count == 0), "{rows:?}");
}

#[test]
fn a_deletion_is_taken_back_until_it_has_begun() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("data"));
    let now = at_day(0);
    store.beat(now.utc_day(), now).unwrap();
    let id = account(&store, 1, now, None);
    let ask = |at| store.request_deletion(act(Action::EndAccount, now), id, at);
    ask(at_day(3)).unwrap();
    assert!(!store.catalog().accounts[&id].collects_at(now));
    store
        .cancel_deletion(act(Action::EndAccount, now), id)
        .unwrap();
    assert!(store.catalog().accounts[&id].collects_at(now));
    ask(now).unwrap();
    let purging = Purging::new(store.clone(), Clock::manual(now));
    purging.step(now).unwrap();
    let back = store.reinstate_account(act(Action::ReinstateAccount, now), id, None);
    assert_eq!(back.unwrap_err().kind(), crate::error::Kind::Conflict);
}

#[test]
fn every_changed_byte_of_a_certificate_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("data"));
    let signer = store.keys().signer();
    let content = serde_json::json!({
        "account": AccountId::from_random(token::random_u64()),
        "tables": [{"table": "conversion", "before": 12, "after": 0}],
        "late": null, "sound": true,
    });
    let file = super::certificate::sign(signer, &content).unwrap();
    let key = signer.public_key();
    assert!(matches!(
        document::check(file.as_bytes(), CERTIFICATE, Some(&key)),
        Checked::Sound { .. }
    ));
    for at in 0..file.len() {
        for change in [0x01, 0x20, 0x80] {
            let mut bytes = file.clone().into_bytes();
            bytes[at] ^= change;
            let found = document::check(&bytes, CERTIFICATE, None);
            assert!(matches!(found, Checked::Wrong(_)), "byte {at} ^ {change}");
        }
        let mut shorter = file.clone().into_bytes();
        shorter.remove(at);
        assert!(
            matches!(
                document::check(&shorter, CERTIFICATE, None),
                Checked::Wrong(_)
            ),
            "without byte {at}"
        );
    }
    let other = super::certificate::sign(signer, &serde_json::json!({})).unwrap();
    assert!(matches!(
        document::check(other.as_bytes(), CERTIFICATE, Some("another key")),
        Checked::Wrong(_)
    ));
}
