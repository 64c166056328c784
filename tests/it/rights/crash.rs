//! An erasure that is cut off after any of its steps is finished by the next start.

use pixelkeep::clock::Timestamp;
use pixelkeep::model::action::{Act, Action, Actor};
use pixelkeep::model::person::{Identity, IdentityKind, Reach};
use pixelkeep::privacy;
use pixelkeep::store::{DataFolder, ErasureState, Store};

use super::{Person, figures, found};
use crate::harness::account::Shop;
use crate::harness::eventually;
use crate::harness::server::Folder;

fn open(folder: &Folder) -> Store {
    let folder = DataFolder::take(&folder.data(), false).unwrap();
    let keys = folder.keys(&Default::default()).unwrap();
    Store::open(folder, keys).unwrap()
}

/// Works the steps by hand, because no process can be stopped between two of them from
/// outside; what follows is the real server's.
#[test]
fn an_erasure_cut_off_after_any_step_is_finished_by_the_next_start() {
    let mut shop = Shop::strict();
    let people: Vec<Person> = (1..=5).map(|n| Person::buys(&shop, n)).collect();
    let before = figures(&shop);
    for (steps, person) in people.iter().enumerate() {
        let account = shop.account.id.clone();
        let mut begun = 0;
        shop = shop.served_anew(|server, folder| {
            assert_eq!(server.stop(), 0);
            let store = open(folder);
            let account = account.parse().unwrap();
            let order = Identity::new(IdentityKind::TransactionId, &person.txn).unwrap();
            let ids = privacy::read_identity(store.keys(), account, &[order]).unwrap();
            let now = Timestamp::from_millis(jiff::Timestamp::now().as_millisecond());
            let act = Act::new(Actor::Shell, Action::ManagePrivacy, now);
            begun = privacy::begin(&store, act, account, ids, Reach::Whole).unwrap();
            for _ in 0..steps {
                privacy::step(&store, now).unwrap();
            }
            let state = store.erasure(account, begun).unwrap().unwrap().state;
            assert!(
                state < ErasureState::Done,
                "it must be cut off in the middle"
            );
        });
        assert_eq!(
            found(&shop, "--txn", &person.txn),
            (0, 0),
            "after {steps} steps"
        );
        let shop_folder = &shop.folder;
        eventually("the erasure to be carried through", || {
            let runs = shop_folder.json(&["retention", "run"]);
            let left = runs["jobs"]
                .as_array()?
                .iter()
                .find(|job| job["job"] == "erasure")?;
            (left["counts"]["steps"].as_u64().unwrap_or(0) == 0).then_some(())
        });
        assert_eq!(figures(&shop), before);
    }
    let shop = shop.served_anew(|server, folder| {
        assert_eq!(server.stop(), 0);
        let store = open(folder);
        assert!(store.unfinished_erasure().unwrap().is_none());
    });
    for person in &people {
        assert_eq!(found(&shop, "--visitor", &person.visitor), (0, 0));
    }
}
