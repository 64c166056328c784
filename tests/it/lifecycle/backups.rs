//! Backups: made beside a running server, checked, and put back without anything
//! coming back that was deleted.

use serde_json::Value;

use crate::harness::account::{Account, Shop};
use crate::harness::clock::TestClock;
use crate::harness::eventually;
use crate::harness::server::{Folder, text};

fn shop() -> (Shop, TestClock) {
    let folder = Folder::new();
    let clock = TestClock::at(&folder, "2026-11-01T10:00:00Z");
    let server = clock.serve(&folder);
    let account = Account::create_in(&folder, &server, "UTC");
    (Shop::furnish(folder, server, account, "optout"), clock)
}

fn report(folder: &Folder, id: &str) -> Value {
    folder.json(&[
        "report",
        "--account",
        id,
        "--from",
        "2026-10-01",
        "--to",
        "2026-12-31",
    ])["totals"]
        .clone()
}

#[test]
fn a_backup_is_made_beside_a_server_and_put_back() {
    let (shop, clock) = shop();
    shop.pixel("&txn_id=A1&sale_amount=10");
    shop.wait_settled();
    let Shop {
        folder,
        server,
        account,
        ..
    } = shop;
    let before = report(&folder, &account.id);
    let file = folder.own().join("backup");
    let made = folder.json(&["backup", "create", "--out", text(&file)]);
    assert_eq!(made["accounts"], 1);
    folder
        .command(&["backup", "create", "--out", text(&file)])
        .failed_with(64);
    folder.json(&["backup", "verify", text(&file)]);
    folder
        .command(&["backup", "restore", text(&file)])
        .failed_with(75);
    assert_eq!(server.stop(), 0);

    let good = std::fs::read(&file).unwrap();
    for at in [3, 12, 40, good.len() / 2, good.len() - 1] {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        let bad = folder.own().join("bad");
        std::fs::write(&bad, &bytes).unwrap();
        folder
            .command(&["backup", "verify", text(&bad)])
            .failed_with(65);
        folder
            .command(&["backup", "restore", text(&bad)])
            .failed_with(65);
    }
    let cut = folder.own().join("cut");
    std::fs::write(&cut, &good[..good.len() - 100]).unwrap();
    folder
        .command(&["backup", "verify", text(&cut)])
        .failed_with(65);

    // The disk is lost; keyring and master key were kept elsewhere.
    for name in ["pixelkeep.db", "journal.db"] {
        std::fs::remove_file(folder.data().join(name)).unwrap();
    }
    folder.json(&["backup", "restore", text(&file)]);
    assert_eq!(report(&folder, &account.id), before);
    let server = clock.serve(&folder);
    assert_eq!(report(&folder, &account.id), before);
    assert_eq!(server.stop(), 0);
}

#[test]
fn an_account_that_was_deleted_does_not_come_back_with_a_backup() {
    let (shop, clock) = shop();
    shop.pixel("&txn_id=B1&sale_amount=10");
    shop.wait_settled();
    let Shop {
        folder,
        server,
        account,
        ..
    } = shop;
    let stays = Account::create(&folder, &server);
    let file = folder.own().join("backup");
    folder.json(&["backup", "create", "--out", text(&file)]);
    folder.json(&["account", "delete", &account.id, "--after", "0"]);
    let state = |id: &str| {
        let list = folder.json(&["account", "list"]);
        let items = list["items"].as_array().unwrap().clone();
        let found = items.into_iter().find(|item| item["id"] == id);
        found.map_or(Value::Null, |item| item["state"].clone())
    };
    eventually("the account to be closed", || {
        (state(&account.id) == "closed").then_some(())
    });
    assert_eq!(server.stop(), 0);
    folder.json(&["backup", "restore", text(&file)]);
    assert_eq!(state(&account.id), "closed");
    assert_eq!(state(&stays.id), "active");
    folder
        .command(&[
            "report",
            "--account",
            &account.id,
            "--from",
            "2026-10-01",
            "--to",
            "2026-12-31",
        ])
        .failed_with(64);
    folder.json(&["certificate", "show", &account.id]);

    clock.set("2026-12-02T10:00:01Z");
    assert_eq!(folder.command(&["backup", "verify", text(&file)]).code, 1);
    folder
        .command(&["backup", "restore", text(&file)])
        .failed_with(78);
}
