//! What SQLite leaves of moved rows in the gaps of its pages goes with whoever is erased.

use std::path::Path;

use pixelkeep::clock::Timestamp;
use pixelkeep::model::action::{Act, Action, Actor};
use pixelkeep::model::id::AccountId;
use pixelkeep::model::person::{Identity, IdentityKind, Reach};
use pixelkeep::privacy;
use pixelkeep::store::{DataFolder, Erasure, ErasureState, Store};

use super::{Person, figures, found};
use crate::harness::account::Shop;
use crate::harness::server::Folder;

fn open(folder: &Folder) -> Store {
    let folder = DataFolder::take(&folder.data(), false).unwrap();
    let keys = folder.keys(&Default::default()).unwrap();
    Store::open(folder, keys).unwrap()
}

fn now() -> Timestamp {
    Timestamp::from_millis(jiff::Timestamp::now().as_millisecond())
}

fn begin(store: &Store, account: AccountId, person: &Person) -> i64 {
    let order = Identity::new(IdentityKind::TransactionId, &person.txn).unwrap();
    let ids = privacy::read_identity(store.keys(), account, &[order]).unwrap();
    let act = Act::new(Actor::Shell, Action::ManagePrivacy, now());
    privacy::begin(store, act, account, ids, Reach::Whole).unwrap()
}

/// The sealed details of every order, as they lie in the database.
fn sealed_orders(database: &Path) -> Vec<Vec<u8>> {
    let database = rusqlite::Connection::open(database).unwrap();
    let mut statement = database.prepare("SELECT body FROM conversion").unwrap();
    let rows = statement
        .query_map([], |row| row.get::<_, Vec<u8>>(0))
        .unwrap();
    rows.map(|body| body.unwrap()[3..60].to_vec()).collect()
}

/// Writes into the widest gaps of pages, where SQLite leaves copies of rows it moved.
fn leave_in_gaps(database: &Path, pieces: &[Vec<u8>]) {
    let mut bytes = std::fs::read(database).unwrap();
    let number = |at: usize| usize::from(bytes[at]) << 8 | usize::from(bytes[at + 1]);
    let mut gaps: Vec<(usize, usize)> = (1..bytes.len() / 4_096)
        .map(|page| page * 4_096)
        .filter(|&page| bytes[page] == 0x0d && number(page + 3) > 0)
        .map(|page| (page + 8 + 2 * number(page + 3), page + number(page + 5)))
        .filter(|(begin, end)| begin < end)
        .map(|(begin, end)| (end - begin, begin))
        .collect();
    gaps.sort_unstable();
    for (piece, (width, begin)) in pieces.iter().zip(gaps.into_iter().rev()) {
        assert!(width > piece.len() + 64, "no page has room: {width}");
        bytes[begin + 16..begin + 16 + piece.len()].copy_from_slice(piece);
    }
    std::fs::write(database, bytes).unwrap();
}

fn holds(database: &Path, pieces: &[Vec<u8>]) -> usize {
    let bytes = std::fs::read(database).unwrap();
    let is_there = |piece: &&Vec<u8>| bytes.windows(piece.len()).any(|at| at == *piece);
    pieces.iter().filter(is_there).count()
}

fn erasures(store: &Store, account: AccountId, ids: &[i64]) -> Vec<Erasure> {
    ids.iter()
        .map(|&id| store.erasure(account, id).unwrap().unwrap())
        .collect()
}

/// Steps until all of them keep no name any more and only cleaning up is left.
fn step_until_nameless(store: &Store, account: AccountId, ids: &[i64]) {
    for _ in 0..100 {
        let states = erasures(store, account, ids);
        assert!(states.iter().all(|one| one.state < ErasureState::Done));
        if states.iter().all(|one| one.state == ErasureState::Nameless) {
            return;
        }
        privacy::step(store, now()).unwrap();
    }
    panic!("the erasures do not get on");
}

#[test]
fn copies_in_the_gaps_of_pages_go_once_for_all_who_are_erased() {
    let shop = Shop::strict();
    let people: Vec<Person> = (1..=3).map(|n| Person::buys(&shop, n)).collect();
    let before = figures(&shop);
    let account: AccountId = shop.account.id.parse().unwrap();
    let shop = shop.served_anew(|server, folder| {
        assert_eq!(server.stop(), 0);
        let database = folder.data().join("pixelkeep.db");
        let sealed = sealed_orders(&database);
        assert_eq!(sealed.len(), 3);
        leave_in_gaps(&database, &sealed);
        let store = open(folder);
        let ids: Vec<i64> = people[..2]
            .iter()
            .map(|person| begin(&store, account, person))
            .collect();
        step_until_nameless(&store, account, &ids);
        store.reclaim().unwrap();
        assert_eq!(
            holds(&database, &sealed),
            3,
            "the test leaves nothing behind"
        );
        assert!(privacy::step(&store, now()).unwrap());
        // The third one is not erased: their row is all that there is of it now.
        assert_eq!(holds(&database, &sealed), 1);
        for erasure in erasures(&store, account, &ids) {
            assert_eq!(erasure.state, ErasureState::Done);
            let receipt = erasure.body.receipt.unwrap();
            assert!(receipt.contains("searched for copies"), "{receipt}");
            assert!(receipt.contains("database written anew"), "{receipt}");
            assert!(!receipt.contains("\"left\""), "{receipt}");
        }
        assert!(!privacy::step(&store, now()).unwrap());
    });
    assert_eq!(figures(&shop), before);
    assert_eq!(found(&shop, "--txn", &people[1].txn), (0, 0));
    assert_eq!(found(&shop, "--txn", &people[2].txn), (3, 1));
}

#[test]
fn where_nothing_is_found_the_database_stays_as_it_is() {
    let shop = Shop::strict();
    let ann = Person::buys(&shop, 1);
    let done = super::erased(&shop, "--txn", &ann.txn);
    let receipt = done["receipt"].to_string();
    assert!(receipt.contains("searched for copies"), "{receipt}");
    assert!(!receipt.contains("written anew, so"), "{receipt}");
}

#[test]
fn after_a_crash_in_the_middle_the_database_is_written_anew_without_looking() {
    for steps in [0, 1, 2, 4] {
        let shop = Shop::strict();
        let ann = Person::buys(&shop, 1);
        let account: AccountId = shop.account.id.parse().unwrap();
        let shop = shop.served_anew(|server, folder| {
            assert_eq!(server.stop(), 0);
            let database = folder.data().join("pixelkeep.db");
            let sealed = sealed_orders(&database);
            let id = {
                let store = open(folder);
                let id = begin(&store, account, &ann);
                for _ in 0..steps {
                    privacy::step(&store, now()).unwrap();
                }
                store.close().unwrap();
                id
            };
            leave_in_gaps(&database, &sealed);
            let store = open(folder);
            step_until_nameless(&store, account, &[id]);
            store.reclaim().unwrap();
            assert_eq!(
                holds(&database, &sealed),
                1,
                "the test leaves nothing behind"
            );
            privacy::finish(&store, now()).unwrap();
            assert_eq!(holds(&database, &sealed), 0, "after {steps} steps");
            let done = erasures(&store, account, &[id]).remove(0);
            assert_eq!(done.state, ErasureState::Done);
            let receipt = done.body.receipt.unwrap();
            assert!(!receipt.contains("searched for copies"), "{receipt}");
            assert!(receipt.contains("database written anew"), "{receipt}");
        });
        assert_eq!(found(&shop, "--txn", &ann.txn), (0, 0));
    }
}
