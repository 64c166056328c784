//! `kill -9` in mid-load: every acknowledged hit is in the report exactly once,
//! and nothing is in it that was not sent.

mod broken;
mod clock;
mod crowd;
mod damage;
mod full;
mod oracle;
mod power;
mod stall;
mod stop;

use std::time::Duration;

use crate::harness::account::Shop;
use crate::harness::eventually;
use crate::harness::marks::Random;
use crate::harness::server::Folder;
use oracle::{Load, Oracle};

/// Kills unless `PIXELKEEP_KILLS` says how many.
const KILLS: usize = 25;
/// Hits sent at most before a kill comes.
const ROUND_MAX: usize = 250;

#[test]
fn kills_in_mid_load_lose_and_double_nothing() {
    let kills = std::env::var("PIXELKEEP_KILLS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(KILLS);
    let mut random = Random::seeded();
    let mut shop = Shop::strict();
    let mut oracle = Oracle::default();
    for round in 0..kills {
        let wanted = 20 + random.below(120) as usize;
        let load = Load::start(&shop, round, ROUND_MAX);
        eventually("some hits to be acknowledged", || {
            (load.acknowledged() >= wanted || load.is_over()).then_some(())
        });
        shop = killed_and_started_again(shop);
        oracle.take(load.finish());
        assert!(oracle.acknowledged() > 0);
        if round % KILLS == KILLS - 1 {
            oracle.check(&shop);
        }
    }
    println!(
        "{kills} kills, {} sales acknowledged",
        oracle.acknowledged()
    );
    assert!(oracle.cut_off() > 0, "no kill came in mid-load");
    oracle.check(&shop);
    let shop = shop.restarted();
    oracle.check(&shop);
}

#[test]
fn a_kill_after_the_journal_was_emptied_loses_and_doubles_nothing() {
    let mut shop = Shop::strict();
    let mut oracle = Oracle::default();
    for round in 0..3 {
        let load = Load::start(&shop, 2 * round, 60);
        eventually("all hits to be sent", || load.is_over().then_some(()));
        oracle.take(load.finish());
        shop.wait_settled();
        shop = shop.served_anew(|server, folder| {
            assert_eq!(server.stop(), 0);
            assert_eq!(rows_in_the_journal(folder), 0, "not emptied");
        });
        let load = Load::start(&shop, 2 * round + 1, ROUND_MAX);
        eventually("some hits to be acknowledged", || {
            (load.acknowledged() >= 30).then_some(())
        });
        shop = killed_and_started_again(shop);
        oracle.take(load.finish());
        oracle.check(&shop);
    }
}

#[test]
fn a_kill_while_it_settles_loses_and_doubles_nothing() {
    let mut random = Random::seeded();
    let mut shop = Shop::strict();
    let mut oracle = Oracle::default();
    for round in 0..6 {
        let load = Load::start(&shop, round, 200);
        eventually("all hits to be sent", || load.is_over().then_some(()));
        oracle.take(load.finish());
        // Settling goes on about once a second; the kills fall anywhere into it.
        std::thread::sleep(Duration::from_millis(random.below(900)));
        shop = killed_and_started_again(shop);
    }
    oracle.check(&shop);
}

#[test]
fn the_oracle_notices_a_loss_and_a_stranger() {
    let shop = Shop::strict();
    shop.pixel("&consent=1&txn_id=kept&sale_amount=1");
    let of = |sent: &[&str]| {
        let mut oracle = Oracle::default();
        sent.iter()
            .for_each(|txn| oracle.take_one((*txn).to_owned()));
        oracle
    };
    of(&["kept"]).check(&shop);
    for wrong in [of(&["kept", "lost"]), of(&[])] {
        let check = std::panic::AssertUnwindSafe(|| wrong.check(&shop));
        assert!(std::panic::catch_unwind(check).is_err());
    }
}

/// `kill -9`, and the same folder served by a new process.
fn killed_and_started_again(shop: Shop) -> Shop {
    shop.served_anew(|server, _| server.kill())
}

/// The rows that the journal's file holds, looked at while nobody serves it. The
/// table's name is the product's own; only so can it be known that it is empty.
fn rows_in_the_journal(folder: &Folder) -> i64 {
    let file = folder.data().join("journal.db");
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let journal = rusqlite::Connection::open_with_flags(file, flags).unwrap();
    journal
        .query_row("SELECT count(*) FROM journal", [], |row| row.get(0))
        .unwrap()
}
