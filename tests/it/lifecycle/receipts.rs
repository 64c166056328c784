//! Receipts of consent through time: kept for 36 months, sealed again under a new key,
//! in the export of everything, and gone with their account.

use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

use super::takeout::{exported, table};
use crate::harness::account::{Account, Shop};
use crate::harness::clock::TestClock;
use crate::harness::eventually;
use crate::harness::server::Folder;

/// A `strict` shop and the clock it lives by.
fn shop(more: &[&str]) -> (Shop, TestClock) {
    let folder = Folder::new();
    let clock = TestClock::at(&folder, "2026-03-02T10:00:00Z");
    let server = clock.serve(&folder);
    let account = Account::create_with(
        &folder,
        &server,
        more,
        "Harbour lights",
        "owner@harbour.example",
    );
    (Shop::furnish(folder, server, account, "strict"), clock)
}

/// A grant on each of these days, in their order.
fn granted_on(shop: &Shop, clock: &TestClock, days: &[&str]) -> Vec<Value> {
    for day in days {
        clock.set(&format!("{day}T10:00:00Z"));
        shop.click("&consent=1");
    }
    eventually("the receipts", || {
        let found = shop.list("consent-receipts");
        (found.len() == days.len()).then_some(found)
    })
}

fn days(shop: &Shop) -> Vec<String> {
    let receipts = shop.list("consent-receipts");
    let days = receipts
        .iter()
        .map(|it| it["at"].as_str().unwrap()[..10].to_owned());
    days.collect()
}

/// Begins to read one state of a database that a server writes meanwhile. On a machine
/// that is too busy SQLite gives up finding one (`SQLITE_PROTOCOL`); then once more.
fn read_alone(database: &Connection) {
    let begin = "BEGIN; SELECT count(*) FROM sqlite_schema";
    let is_read = |_: &u32| {
        database.execute_batch(begin).is_ok() || {
            let _ = database.execute_batch("ROLLBACK");
            std::thread::sleep(std::time::Duration::from_millis(100));
            false
        }
    };
    assert!(
        (0..100).find(is_read).is_some(),
        "the database cannot be read"
    );
}

/// Every sealed value of a receipt, as it lies in the database.
fn sealed(folder: &Folder) -> Vec<Vec<u8>> {
    let path = folder.data().join("pixelkeep.db");
    let database = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    read_alone(&database);
    let values = |sql: &str| -> Vec<Vec<u8>> {
        let mut statement = database.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    };
    let headers = values("SELECT header FROM segment WHERE class = 3");
    let columns = values(
        "SELECT body FROM segment_column WHERE id / 64 IN (SELECT id FROM segment WHERE class = 3)",
    );
    assert!(columns.len() >= headers.len());
    [headers, columns].concat()
}

#[test]
fn they_are_kept_for_36_months_by_their_day_and_then_go() {
    let (shop, clock) = shop(&[]);
    let folder = &shop.folder;
    granted_on(&shop, &clock, &["2026-03-02", "2026-03-02", "2026-03-03"]);
    let goes = |as_of: &str| {
        let preview = folder.json(&["retention", "preview", "--as-of", as_of]);
        let lines = preview["items"].as_array().unwrap().iter();
        let lines = lines.filter(|line| line["class"] == "requests");
        lines.map(|line| line["at"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(goes("2029-03-02T23:59:59Z"), Vec::<Value>::new());
    assert_eq!(
        goes("2029-03-04"),
        [json!("2029-03-03T00:00:00Z"), json!("2029-03-04T00:00:00Z")]
    );
    for (now, left) in [
        (
            "2029-03-02T23:59:59Z",
            &["2026-03-02", "2026-03-02", "2026-03-03"][..],
        ),
        ("2029-03-03T00:00:00Z", &["2026-03-03"]),
        ("2029-03-03T23:59:59Z", &["2026-03-03"]),
        ("2029-03-04T00:00:00Z", &[]),
    ] {
        clock.set(now);
        folder.json(&["retention", "run"]);
        assert_eq!(days(&shop), left, "{now}");
    }
    assert!(sealed(folder).is_empty());
    shop.server.assert_calm();
}

#[test]
fn an_account_that_keeps_requests_for_a_year_keeps_them_for_a_year() {
    let (shop, clock) = shop(&[]);
    granted_on(&shop, &clock, &["2026-03-02", "2026-03-03"]);
    shop.patch("retention", json!({"requests": 366}));
    clock.set("2027-03-04T00:00:00Z");
    shop.folder.json(&["retention", "run"]);
    assert_eq!(days(&shop), ["2026-03-03"]);
}

#[test]
fn a_new_key_seals_them_again_and_they_read_as_before() {
    let (shop, clock) = shop(&[]);
    let before = granted_on(&shop, &clock, &["2026-03-02", "2026-03-03", "2026-03-03"]);
    let old = sealed(&shop.folder);
    assert!(old.iter().all(|value| value[1..3] == [0, 1]));
    shop.folder
        .json(&["key", "rotate", "--account", &shop.account.id]);
    eventually("the old content to be sealed again", || {
        let status = shop.folder.json(&["key", "status"]);
        (status["accounts"][0]["left_to_reseal"] == 0).then_some(())
    });
    let new = sealed(&shop.folder);
    assert!(!new.is_empty());
    assert!(new.iter().all(|value| value[1..3] == [0, 2]));
    assert_eq!(shop.list("consent-receipts"), before);
    let shop = shop.served_by(|server, _| server.kill(), |folder| clock.serve(folder));
    assert_eq!(shop.list("consent-receipts"), before);
}

#[test]
fn they_are_all_in_the_export_of_everything() {
    let (shop, clock) = shop(&[]);
    let granted = granted_on(&shop, &clock, &["2026-03-02", "2026-03-03", "2027-01-01"]);
    let (files, _) = exported(&shop.folder, &shop.account.id, "all.zip");
    let rows = table(&files, "consent.csv");
    assert_eq!(rows.len(), granted.len());
    for (row, receipt) in rows.iter().zip(&granted) {
        for (name, value) in receipt.as_object().unwrap() {
            let told = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            let name = if name == "site" { "site_id" } else { name };
            assert_eq!(row[name], told, "{name}");
        }
    }
}

#[test]
fn they_are_destroyed_with_their_account_and_the_certificate_counts_them() {
    let (shop, clock) = shop(&["--expires", "2026-03-10"]);
    granted_on(&shop, &clock, &["2026-03-02", "2026-03-03"]);
    let folder = &shop.folder;
    let pieces: Vec<Vec<u8>> = sealed(folder)
        .into_iter()
        .map(|value| value[16..31].to_vec())
        .collect();
    assert!(pieces.len() > 4);
    clock.set("2026-04-25");
    let proof = eventually("the certificate", || {
        let shown = folder.command(&["certificate", "show", &shop.account.id, "--json"]);
        (shown.code == 0).then(|| serde_json::from_str::<Value>(&shown.stdout).unwrap())
    });
    let tables = proof["certificate"]["tables"].as_array().unwrap();
    let line = tables.iter().find(|it| it["table"] == "segment (consent)");
    let line = line.unwrap();
    assert!(line["before"].as_u64().unwrap() >= 2, "{line}");
    assert_eq!(line["after"], 0);
    assert!(sealed(folder).is_empty());
    for file in crate::canary::files_at_rest(folder) {
        let bytes = std::fs::read(&file).unwrap();
        for piece in &pieces {
            let found = bytes.windows(piece.len()).any(|window| window == piece);
            assert!(!found, "a receipt is still in {}", file.display());
        }
    }
}
