//! Damage that power loss cannot make: a flipped bit in a write-ahead log is noticed
//! at the start and never accepted in silence, while a torn end raises no alarm; a
//! damaged segment costs its account the period it holds, and nothing else.

use std::path::{Path, PathBuf};

use super::oracle::{Load, Oracle};
use crate::console::Member;
use crate::harness::account::{Account, PASSWORD, Shop};
use crate::harness::clock::TestClock;
use crate::harness::eventually;
use crate::harness::marks::Random;
use crate::harness::server::{Folder, text};

/// One page and the frame's head, as SQLite writes them.
const FRAME: usize = 4_096 + 24;
const SERVE: [&str; 3] = ["serve", "--listen", "127.0.0.1:0"];

fn wal(folder: &Folder, database: &str) -> PathBuf {
    folder.data().join(format!("{database}-wal"))
}

fn loaded(shop: &Shop, round: usize) -> Oracle {
    let load = Load::start(shop, round, 100);
    eventually("all hits to be sent", || load.is_over().then_some(()));
    load.finish()
}

/// A shop that was killed with hits in its logs.
fn killed(
    damage: impl FnOnce(&Folder),
    begin: impl FnOnce(&Folder) -> crate::harness::server::Server,
) -> (Shop, Oracle) {
    let shop = Shop::strict();
    let oracle = loaded(&shop, 0);
    shop.wait_settled();
    let shop = shop.served_by(
        |server, folder| {
            server.kill();
            damage(folder);
        },
        begin,
    );
    (shop, oracle)
}

#[test]
fn a_torn_end_raises_no_alarm_and_costs_no_acknowledged_hit() {
    let torn = |folder: &Folder| {
        for database in ["journal.db", "pixelkeep.db"] {
            let path = wal(folder, database);
            let mut log = std::fs::read(&path).unwrap();
            assert!(log.len() > 4 * FRAME, "{database} has a short log");
            // The first frames of a commit that was never synced, one sector missing.
            let begun = log[log.len() - 2 * FRAME..log.len() - 700].to_vec();
            log.extend(begun);
            let hole = log.len() - FRAME - 600;
            log[hole..hole + 512].fill(0);
            std::fs::write(&path, log).unwrap();
        }
    };
    let (shop, oracle) = killed(torn, Folder::serve);
    oracle.check(&shop);
    let said = shop.server.process.stderr();
    assert!(
        !said.contains("damaged") && !said.contains("ERROR"),
        "{said}"
    );
}

/// Turns one bit of a frame in the middle, so that later commits follow it.
fn flip(random: &mut Random, path: &Path) {
    let mut log = std::fs::read(path).unwrap();
    let frames = (log.len() - 32) / FRAME;
    assert!(frames > 20, "{} has {frames} frames", path.display());
    let frame = random.below(frames as u64 / 2) as usize;
    let place = 32 + frame * FRAME + random.below(FRAME as u64) as usize;
    log[place] ^= 1 << random.below(8);
    std::fs::write(path, log).unwrap();
}

#[test]
fn a_bit_flipped_in_either_log_is_refused_and_changes_nothing_until_it_is_accepted() {
    let mut random = Random::seeded();
    for database in ["journal.db", "pixelkeep.db"] {
        let mut damage = |folder: &Folder| {
            let path = wal(folder, database);
            flip(&mut random, &path);
            let main = folder.data().join(database);
            let before = (std::fs::read(&path).unwrap(), std::fs::read(&main).unwrap());
            for args in [&SERVE[..], &["account", "list"]] {
                let outcome = folder.command(args);
                outcome.failed_with(65);
                assert!(outcome.stderr.contains(text(&path)), "{outcome:?}");
                assert!(outcome.stderr.contains("--accept-loss"), "{outcome:?}");
            }
            let after = (std::fs::read(&path).unwrap(), std::fs::read(&main).unwrap());
            assert!(before == after, "something was changed");
        };
        // What the main log held before the damage may be less than the account.
        if database == "pixelkeep.db" {
            let shop = Shop::strict();
            loaded(&shop, 0);
            shop.wait_settled();
            let Shop { server, folder, .. } = shop;
            server.kill();
            damage(&folder);
            continue;
        }
        let accept = |folder: &Folder| {
            folder.serve_with(&[
                "--listen",
                "127.0.0.1:0",
                "--rate-limit",
                "off",
                "--accept-loss",
            ])
        };
        let (shop, oracle) = killed(damage, accept);
        // All of it was settled before the kill, so nothing is missing after all.
        oracle.check(&shop);
        let said = shop.server.process.stderr();
        assert!(said.contains("damaged"), "{said}");
        let kept = shop.folder.data().join("journal.db-wal.damaged-0");
        assert!(kept.metadata().unwrap().len() > FRAME as u64);
        oracle.check(&shop.restarted());
    }
}

#[test]
fn a_main_database_that_lost_settled_steps_is_noticed_by_the_journal() {
    let shop = Shop::strict().restarted();
    let mut oracle = loaded(&shop, 0);
    shop.wait_settled();
    // The journal lets go of what is settled with its next batch.
    oracle.take(loaded(&shop, 1));
    shop.wait_settled();
    eventually("settled rows to leave the journal", || {
        let rows = super::rows_in_the_journal(&shop.folder);
        (rows == 0).then_some(())
    });
    let Shop { server, folder, .. } = shop;
    server.kill();
    std::fs::write(wal(&folder, "pixelkeep.db"), b"").unwrap();
    let outcome = folder.command(&SERVE);
    outcome.failed_with(65);
    assert!(outcome.stderr.contains("lost steps"), "{outcome:?}");
    folder
        .serve_with(&["--listen", "127.0.0.1:0", "--accept-loss"])
        .stop();
    // It was accepted once and for all.
    folder.serve().stop();
}

const FIRST: &str = "2026-03-01";
const SECOND: &str = "2026-03-02";
const OWNER: &str = "owner@shop.example";

/// A shop with hits on two days.
fn two_days(folder: Folder) -> (Shop, TestClock) {
    let clock = TestClock::at(&folder, &format!("{FIRST}T12:00:00Z"));
    let server = clock.serve(&folder);
    let account = Account::create_with(&folder, &server, &["--timezone", "UTC"], "A shop", OWNER);
    let shop = Shop::furnish(folder, server, account, "strict");
    for n in 0..4 {
        shop.pixel(&format!("&consent=1&sale_amount=1&txn_id=first-{n}"));
    }
    shop.wait_settled();
    clock.set(&format!("{SECOND}T12:00:00Z"));
    eventually("the second day to begin", || {
        shop.pixel("&consent=1&sale_amount=1");
        shop.wait_settled();
        let counted = shop.report_between(SECOND, SECOND, "").total("conversions");
        (counted > 0).then_some(())
    });
    (shop, clock)
}

/// Turns a bit in the middle of each stored piece of the tally of a day.
fn damage_day(folder: &Folder, day: &str) {
    let file = folder.data().join("pixelkeep.db");
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let day: jiff::civil::Date = day.parse().unwrap();
    let day = day.since(jiff::civil::date(1970, 1, 1)).unwrap().get_days();
    // The tables' names are the product's own; only so is it known where a segment lies.
    let pieces: Vec<Vec<u8>> = {
        let database = rusqlite::Connection::open_with_flags(&file, flags).unwrap();
        let mut select = database
            .prepare(
                "SELECT body FROM segment_column JOIN segment ON segment_column.id / 64 = segment.id \
                 WHERE day = ?1 AND class = 2",
            )
            .unwrap();
        let bodies = select.query_map([day], |row| row.get(0)).unwrap();
        bodies.collect::<Result<_, _>>().unwrap()
    };
    assert!(!pieces.is_empty());
    let mut bytes = std::fs::read(&file).unwrap();
    for piece in pieces {
        let found = bytes
            .windows(piece.len())
            .position(|window| window == piece)
            .expect("a piece that lies in one page");
        bytes[found + piece.len() / 2] ^= 0x10;
    }
    std::fs::write(&file, bytes).unwrap();
}

#[test]
fn a_damaged_segment_costs_its_accounts_day_and_nothing_else() {
    let (shop, clock) = two_days(Folder::new());
    let other = Account::create(&shop.folder, &shop.server);
    let shop = shop.served_by(
        |server, folder| {
            assert_eq!(server.stop(), 0);
            damage_day(folder, FIRST);
        },
        |folder| clock.serve(folder),
    );
    let refused = shop.call("GET", &format!("report?from={FIRST}&to={SECOND}"), None);
    assert_eq!(refused.status, 500, "{refused:?}");
    let said = refused.text();
    assert!(said.contains(FIRST) && said.contains("damaged"), "{said}");
    let owner = Member::enter(&shop.server.client, OWNER, PASSWORD);
    let overview = owner.get("/").text();
    let named = format!("The figures of {FIRST} are damaged");
    assert!(overview.contains(&named), "{overview}");
    assert!(overview.contains("Latest conversions"), "{overview}");
    let whole = shop.report_between(SECOND, SECOND, "").total("conversions");
    assert!(whole > 0);
    let other = crate::harness::account::token(&shop.folder, &shop.server, &other.id, "read");
    assert_eq!(other.report_between(FIRST, SECOND, "").total("clicks"), 0);
    // Hits go on, enough of them that segments are merged.
    for n in 0..30 {
        shop.pixel(&format!("&consent=1&sale_amount=1&txn_id=more-{n}"));
        if n % 3 == 0 {
            shop.wait_settled();
        }
    }
    shop.wait_settled();
    let now = shop.report_between(SECOND, SECOND, "").total("conversions");
    assert_eq!(now, whole + 30);
    assert_eq!(shop.conversions().len() as i64, now + 4);
    let asked = [
        "report",
        "--account",
        &shop.account.id,
        "--from",
        FIRST,
        "--to",
        FIRST,
    ];
    shop.folder.command(&asked).failed_with(65);
    shop.server.assert_calm();
    assert_eq!(shop.server.stop(), 0);
}

/// Adds a row to the journal that no key opens; gives its number.
fn add_unreadable_row(folder: &Folder) -> i64 {
    let of = |database| rusqlite::Connection::open(folder.data().join(database)).unwrap();
    let account: i64 = of("pixelkeep.db")
        .query_row("SELECT id FROM account", [], |row| row.get(0))
        .unwrap();
    let journal = of("journal.db");
    journal
        .execute(
            "INSERT INTO journal (account, salt, body) VALUES (?1, randomblob(16), randomblob(300))",
            [account],
        )
        .unwrap();
    journal.last_insert_rowid()
}

#[test]
fn an_unreadable_batch_is_refused_and_set_aside_once_its_loss_is_accepted() {
    let row = std::cell::Cell::new(0);
    let damage = |folder: &Folder| {
        row.set(add_unreadable_row(folder));
        for _ in 0..2 {
            let outcome = folder.command(&SERVE);
            outcome.failed_with(65);
            let named = format!("row {}", row.get());
            assert!(outcome.stderr.contains(&named), "{outcome:?}");
            assert!(outcome.stderr.contains("--accept-loss"), "{outcome:?}");
        }
    };
    let accept = |folder: &Folder| folder.serve_with(&["--listen", "127.0.0.1:0", "--accept-loss"]);
    let (shop, mut oracle) = killed(damage, accept);
    let kept = format!("journal-row-{}.damaged", row.get());
    let kept = shop.folder.data().join(kept);
    assert_eq!(kept.metadata().unwrap().len(), 300);
    shop.wait_settled();
    shop.account.api.wait_refused("damaged", 1);
    oracle.check(&shop);
    // It was accepted once and for all, and what comes next is not in its way.
    let shop = shop.restarted();
    oracle.take(loaded(&shop, 1));
    oracle.check(&shop);
    assert_eq!(shop.account.api.intake().refused("damaged"), 1);
}
