//! A loss of power at any moment: the writes and syncs of a run are recorded from
//! outside, states that the disk could have been left in are built by seed, and each
//! is opened. Everything that was acknowledged before is there exactly once.
//!
//! Most states are opened by the product's library, which takes milliseconds where a
//! process takes seconds; some by the executable. `PIXELKEEP_POWER_STATES` says how
//! many there are.

mod record;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};

use pixelkeep::clock::Clock;
use pixelkeep::error::Result;
use pixelkeep::ingest::settle_everything;
use pixelkeep::report::{Question, Reach, run};
use pixelkeep::store::{ConversionQuery, DataFolder, Store};
use record::Record;

use crate::harness::account::{Account, Shop};
use crate::harness::api::all_time;
use crate::harness::disk::Disk;
use crate::harness::http::Client;
use crate::harness::marks::Random;
use crate::harness::server::{Folder, Server};

const STATES: usize = 200;
/// Of so many states one is opened by the executable.
const BY_EXECUTABLE: usize = 50;
const THREADS: usize = 4;
const HITS: usize = 60;

/// What was sent, and where the record stood when each was acknowledged.
#[derive(Default)]
struct Sent {
    acknowledged: Mutex<BTreeMap<String, u64>>,
    all: Mutex<BTreeSet<String>>,
}

struct Run {
    folder: Folder,
    record: Record,
    account: String,
    /// Where the record stood when the account was there.
    furnished: u64,
    sent: Arc<Sent>,
}

fn recorded() -> Run {
    let folder = Folder::new();
    let disk = Disk::recorded(&folder);
    let server = disk.serve(&folder);
    let account = Account::create(&folder, &server);
    let shop = Shop::furnish(folder, server, account, "strict");
    let length = |path: &Path| std::fs::metadata(path).unwrap().len();
    let furnished = length(disk.record());
    let sent: Arc<Sent> = Arc::default();
    let mut shop = shop;
    for round in 0..3 {
        send(&shop, &disk, &sent, round);
        // Settled, merged, and let go by the journal, in the midst of it.
        shop.wait_settled();
        if round == 1 {
            shop = shop.served_by(
                |server, _| assert_eq!(server.stop(), 0),
                |folder| disk.serve(folder),
            );
        }
    }
    let Shop {
        server,
        folder,
        account,
        ..
    } = shop;
    server.kill();
    Run {
        record: Record::read(disk.record()),
        folder,
        account: account.id,
        furnished,
        sent,
    }
}

fn send(shop: &Shop, disk: &Disk, sent: &Arc<Sent>, round: usize) {
    let threads: Vec<_> = (0..THREADS)
        .map(|thread| {
            let client = Client::new(shop.server.address);
            let pixel = shop.pixel_path("&consent=1&sale_amount=1");
            let (sent, record) = (sent.clone(), disk.record().to_owned());
            std::thread::spawn(move || {
                for n in 0..HITS / THREADS {
                    let txn = format!("r{round}-t{thread}-n{n}");
                    sent.all.lock().unwrap().insert(txn.clone());
                    let answer = client.get(format!("{pixel}&txn_id={txn}"));
                    answer.is(200, "stored");
                    let position = std::fs::metadata(&record).unwrap().len();
                    sent.acknowledged.lock().unwrap().insert(txn, position);
                }
            })
        })
        .collect();
    threads
        .into_iter()
        .for_each(|thread| thread.join().unwrap());
}

/// What a state's figures say: the transactions in the list, and the report's count.
fn figures(data: &Path, account: &str) -> Result<(Vec<String>, i64)> {
    let folder = DataFolder::take(data, false)?;
    let keys = folder.keys(&Default::default())?;
    let store = Store::open(folder, keys)?;
    settle_everything(&store, Clock::System)?;
    store.check_integrity()?;
    let catalog = store.catalog();
    let Some(account) = account
        .parse()
        .ok()
        .and_then(|id| catalog.accounts.get(&id))
    else {
        return Ok((Vec::new(), 0));
    };
    let query = ConversionQuery {
        limit: usize::MAX,
        ..ConversionQuery::default()
    };
    let (listed, _) = store.conversions(account.id, &query)?;
    let txns = listed
        .iter()
        .filter_map(|one| Some(one.body.txn.as_ref()?.reveal().clone()));
    let (from, to) = all_time();
    let question = Question::parse(&from, &to, "", &[], account, Reach::Account)?;
    let report = run(&store.snapshot()?, &catalog, account, &question)?;
    store.close()?;
    Ok((txns.collect(), report.totals.conversions()))
}

#[test]
fn a_loss_of_power_at_any_moment_loses_nothing_acknowledged() {
    let states = std::env::var("PIXELKEEP_POWER_STATES")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(STATES);
    let mut random = Random::seeded();
    let made = recorded();
    for state in 0..states {
        let events = 1 + random.below(made.record.len() as u64) as usize;
        let position = made.record.position(events) as u64;
        let left = Folder::new();
        std::fs::create_dir(left.data()).unwrap();
        made.record.leave(events, &mut random, &left.data());
        let place = format!("state {state}, after event {events}");
        if state % BY_EXECUTABLE == 0 {
            by_executable(&left, position >= made.furnished, &place);
        }
        if position < made.furnished {
            // A first start that was cut off begins again or says what is missing.
            begins_again(&left, &place);
            continue;
        }
        let (listed, counted) = figures(&left.data(), &made.account)
            .unwrap_or_else(|error| panic!("{place}: {error:?}"));
        check(&made.sent, position, &listed, counted, &place);
    }
    println!("{states} states of {} events", made.record.len());
    drop(made.folder);
}

fn check(sent: &Sent, position: u64, listed: &[String], counted: i64, place: &str) {
    let once: BTreeSet<&String> = listed.iter().collect();
    assert_eq!(once.len(), listed.len(), "{place}: counted twice");
    assert_eq!(counted, listed.len() as i64, "{place}: totals");
    for (txn, acknowledged) in &*sent.acknowledged.lock().unwrap() {
        let there = once.contains(txn);
        assert!(there || *acknowledged > position, "{place}: {txn} is lost");
    }
    let all = sent.all.lock().unwrap();
    for txn in once {
        assert!(all.contains(txn), "{place}: {txn} was never sent");
    }
}

fn by_executable(left: &Folder, furnished: bool, place: &str) {
    let server: Server = left.serve();
    assert_eq!(server.stop(), 0, "{place}");
    if furnished {
        let listed = left.json(&["account", "list"]);
        assert_eq!(listed["items"].as_array().unwrap().len(), 1, "{place}");
    }
}

fn begins_again(left: &Folder, place: &str) {
    let folder = DataFolder::take(&left.data(), true).unwrap();
    let keys = folder.keys(&Default::default());
    let keys = keys.unwrap_or_else(|error| panic!("{place}: {error:?}"));
    let store = Store::open(folder, keys).unwrap_or_else(|error| panic!("{place}: {error:?}"));
    settle_everything(&store, Clock::System).unwrap();
    store.check_integrity().unwrap();
}
