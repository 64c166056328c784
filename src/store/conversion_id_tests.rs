//! Tests of how a conversion is found by its id: its own account's alone, old ids and
//! new ones, and nothing under the id that an erased one had.

use rusqlite::{Connection, params};

use super::database::MAIN;
use super::tests::{act, make_account, now, try_open};
use super::{AccountBatch, ErasureBody, NewConversion, Settled, Store, meta};
use crate::model::action::Action;
use crate::model::audit::Detail;
use crate::model::conversion::{Amounts, Conversion, ConversionBody, Credit, Status};
use crate::model::id::{AccountId, CampaignId, ConversionId, GoalId};
use crate::model::money::Currency;
use crate::model::personal::Personal;
use crate::model::reason::Notes;

fn body(txn: &str) -> ConversionBody {
    ConversionBody {
        at: now(),
        campaign: CampaignId::from_random(1),
        publisher: None,
        goal: GoalId::from_random(2),
        status: Status::Approved,
        credit: Credit::Unattributed,
        amounts: Some(Amounts::default()),
        status_with_rate: None,
        original_minor: 0,
        currency: Currency::EUR,
        dimensions: Default::default(),
        txn: Some(Personal::new(txn.to_owned())),
        click: None,
        subs: Vec::new(),
        notes: Notes::default(),
    }
}

/// Settles one conversion for each of these, in their order, under the id its place gets
/// or another one.
fn settle(
    store: &Store,
    accounts: &[AccountId],
    id_of: impl Fn(AccountId, i64) -> ConversionId,
) -> Vec<(i64, ConversionId)> {
    let settling = store.settling().unwrap();
    let mut made = Vec::new();
    let mut settled = Settled {
        journal: [1; 16],
        position: 1,
        accounts: Default::default(),
    };
    for &account in accounts {
        let seq = settling.next_seq();
        let id = id_of(account, seq);
        made.push((seq, id));
        let batch: &mut AccountBatch = settled.accounts.entry(account).or_default();
        batch.conversions.push(NewConversion {
            seq,
            conversion: Conversion {
                id,
                account,
                body: body(&format!("order {seq}")),
            },
        });
    }
    settling.commit(&settled).unwrap();
    made
}

fn made_id(store: &Store) -> impl Fn(AccountId, i64) -> ConversionId {
    |account, seq| store.keys().conversion_ids(account).unwrap().make(seq)
}

fn txn(store: &Store, account: AccountId, id: ConversionId) -> Option<String> {
    let found = store.conversion(account, id).unwrap()?;
    assert_eq!((found.id, found.account), (id, account));
    found.body.txn.map(|txn| txn.reveal().clone())
}

fn erase(store: &Store, account: AccountId, ids: &[ConversionId]) -> u64 {
    let (act, detail) = (act(Action::ManagePrivacy), Detail::default());
    let id = store
        .begin_erasure(act, account, ErasureBody::default(), ids, &Ok, detail)
        .unwrap();
    let erasure = store.erasure(account, id).unwrap().unwrap();
    erasure.body.conversions
}

fn remember_random_ids_until(store: &Store, seq: i64) {
    meta::put(&store.writer(), "random_ids_until", &seq.to_be_bytes()).unwrap();
}

#[test]
fn a_conversion_is_found_by_its_id_in_its_own_account_alone() {
    let folder = tempfile::tempdir().unwrap();
    let store = try_open(&folder.path().join("data")).unwrap();
    let (mine, _) = make_account(&store, "a@example.org").unwrap();
    let (theirs, _) = make_account(&store, "b@example.org").unwrap();
    let owners = [theirs, mine, mine, theirs, mine];
    let made = settle(&store, &owners, made_id(&store));
    assert_eq!(
        made.iter().map(|(seq, _)| *seq).collect::<Vec<_>>(),
        [1, 2, 3, 4, 5]
    );
    for (&owner, &(seq, id)) in owners.iter().zip(&made) {
        let other = if owner == mine { theirs } else { mine };
        assert_eq!(txn(&store, owner, id), Some(format!("order {seq}")));
        assert_eq!(txn(&store, other, id), None);
        for near in [id.0 ^ 1, id.0.wrapping_add(1), !id.0, 0] {
            assert_eq!(txn(&store, owner, ConversionId(near)), None);
        }
        let ids = store.keys().conversion_ids(owner).unwrap();
        let same_place = ids.make_other(seq, id);
        assert_eq!(txn(&store, owner, same_place), None);
    }
}

#[test]
fn an_id_still_leads_to_its_conversion_after_the_key_was_rotated() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let store = try_open(&data).unwrap();
    let (account, _) = make_account(&store, "a@example.org").unwrap();
    let made = settle(&store, &[account], made_id(&store));
    store
        .rotate_account_key(act(Action::RotateKey), account)
        .unwrap();
    assert!(txn(&store, account, made[0].1).is_some());
    drop(store);
    let store = try_open(&data).unwrap();
    assert!(txn(&store, account, made[0].1).is_some());
}

#[test]
fn a_step_that_is_given_up_leaves_its_places_to_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let store = try_open(&folder.path().join("data")).unwrap();
    let (account, _) = make_account(&store, "a@example.org").unwrap();
    let next = || store.settling().unwrap().next_seq();
    assert_eq!((next(), next()), (1, 1));
    let made = settle(&store, &[account, account], made_id(&store));
    assert_eq!((made[0].0, made[1].0, next()), (1, 2, 3));
    let connection = store.writer();
    connection.execute("DELETE FROM conversion", []).unwrap();
    drop(connection);
    assert_eq!(next(), 3, "a place is never used twice");
}

#[test]
fn an_erased_conversion_has_another_id_and_nothing_stands_under_the_old_one() {
    let folder = tempfile::tempdir().unwrap();
    let store = try_open(&folder.path().join("data")).unwrap();
    let (account, _) = make_account(&store, "a@example.org").unwrap();
    let made = settle(&store, &[account; 3], made_id(&store));
    let (seq, id) = made[1];
    assert_eq!(erase(&store, account, &[id, id]), 1);
    assert_eq!(txn(&store, account, id), None);
    let lines = store
        .conversions_where(account, |one| one.body.credit == Credit::Erased)
        .unwrap();
    let [line] = &lines[..] else {
        panic!("{lines:?}");
    };
    assert_ne!(line.id, id);
    assert_eq!(
        store.conversion(account, line.id).unwrap(),
        lines.first().cloned()
    );
    let ids = store.keys().conversion_ids(account).unwrap();
    assert_eq!(ids.seq_of(line.id), seq);
    assert_eq!(
        erase(&store, account, &[id]),
        0,
        "there is nothing left of it"
    );
    for (seq, id) in [made[0], made[2]] {
        assert_eq!(txn(&store, account, id), Some(format!("order {seq}")));
    }
}

#[test]
fn an_old_random_id_is_still_found_and_gives_way_when_its_conversion_is_erased() {
    let folder = tempfile::tempdir().unwrap();
    let store = try_open(&folder.path().join("data")).unwrap();
    let (account, _) = make_account(&store, "a@example.org").unwrap();
    let (other, _) = make_account(&store, "b@example.org").unwrap();
    let random =
        |_: AccountId, seq: i64| ConversionId((seq as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let old = settle(&store, &[account, other, account, account], random);
    remember_random_ids_until(&store, 4);
    let new = settle(&store, &[account], made_id(&store));
    for (seq, id) in [old[0], old[2], old[3], new[0]] {
        assert_eq!(txn(&store, account, id), Some(format!("order {seq}")));
        assert_eq!(txn(&store, other, id), None);
    }
    assert_eq!(txn(&store, account, old[1].1), None);
    let erased = [old[0].1, old[1].1, old[3].1, new[0].1, ConversionId(7)];
    assert_eq!(erase(&store, account, &erased), 3);
    assert!(erased.iter().all(|&id| txn(&store, account, id).is_none()));
    assert_eq!(txn(&store, account, old[2].1), Some("order 3".to_owned()));
    let ids = store.keys().conversion_ids(account).unwrap();
    let lines = store
        .conversions_where(account, |one| one.body.credit == Credit::Erased)
        .unwrap();
    let mut places: Vec<i64> = lines.iter().map(|line| ids.seq_of(line.id)).collect();
    places.sort_unstable();
    assert_eq!(places, [1, 4, 5]);
}

/// A database as it was before ids led anywhere.
fn before() -> (Connection, &'static str) {
    let mut migrations = MAIN.migrations.iter();
    let connection = Connection::open_in_memory().unwrap();
    let pragma = |name| connection.pragma_update(None, name, "ON").unwrap();
    pragma("foreign_keys");
    let of_ids = migrations.find(|sql| {
        let is_of_ids = sql.contains("random_ids_until");
        if !is_of_ids {
            connection.execute_batch(sql).unwrap();
        }
        is_of_ids
    });
    (connection, of_ids.unwrap())
}

fn names(connection: &Connection, sql: &str) -> Vec<String> {
    let mut select = connection.prepare(sql).unwrap();
    let rows = select.query_map([], |row| row.get(0)).unwrap();
    rows.map(|row| row.unwrap()).collect()
}

#[test]
fn the_table_without_an_index_of_ids_has_all_rows_and_goes_on_counting() {
    let (connection, sql) = before();
    connection
        .execute(
            "INSERT INTO account (id, state, body) VALUES (5, 0, x'')",
            [],
        )
        .unwrap();
    let mut insert = connection
        .prepare(
            "INSERT INTO conversion (id, account, day, waits, body) VALUES (?1, 5, ?2, ?3, ?4)",
        )
        .unwrap();
    for n in 1..=9i64 {
        let values = params![-n * 1_000, n * 10, n % 2, vec![n as u8; 3]];
        insert.execute(values).unwrap();
    }
    drop(insert);
    connection
        .execute("DELETE FROM conversion WHERE seq IN (4, 9)", [])
        .unwrap();
    let rows = "SELECT seq || ' ' || id || ' ' || account || ' ' || day || ' ' || waits || ' ' \
                || hex(body) FROM conversion ORDER BY seq";
    let old = names(&connection, rows);
    assert_eq!(old.len(), 7);
    let transaction = connection.unchecked_transaction().unwrap();
    transaction.execute_batch(sql).unwrap();
    transaction.commit().unwrap();
    assert_eq!(names(&connection, rows), old);
    assert_eq!(super::conversion_id::last_seq(&connection).unwrap(), 9);
    let until = meta::get_number(&connection, "random_ids_until").unwrap();
    assert_eq!(until, Some(9));
    let sequences = "SELECT name FROM sqlite_sequence WHERE name LIKE 'conversion%'";
    assert_eq!(names(&connection, sequences), ["conversion"]);
    let mut indexes = names(
        &connection,
        "SELECT name FROM pragma_index_list('conversion')",
    );
    indexes.sort();
    assert_eq!(indexes, ["conversion_of_account", "conversion_waiting"]);
    let of_nobody =
        "INSERT INTO conversion (id, account, day, waits, body) VALUES (1, 6, 1, 0, x'')";
    assert!(connection.execute(of_nobody, []).is_err());
    let next = "INSERT INTO conversion (id, account, day, waits, body) VALUES (1, 5, 1, 0, x'')";
    connection.execute(next, []).unwrap();
    assert_eq!(connection.last_insert_rowid(), 10);
}

#[test]
fn a_new_store_has_no_ids_to_look_for_row_by_row() {
    let (connection, sql) = before();
    connection.execute_batch(sql).unwrap();
    let until = meta::get_number(&connection, "random_ids_until").unwrap();
    assert_eq!(until, None);
    assert_eq!(super::conversion_id::last_seq(&connection).unwrap(), 0);
}
