//! How an account ends, by the commands and a clock that is moved.

use serde_json::Value;

use crate::harness::account::{Account, Shop};
use crate::harness::clock::TestClock;
use crate::harness::eventually;
use crate::harness::server::{Folder, text};

/// A shop that expires at the end of 22 November 2026, and the clock it lives by.
fn shop_that_ends() -> (Shop, TestClock) {
    let folder = Folder::new();
    let clock = TestClock::at(&folder, "2026-10-01T10:00:00Z");
    let server = clock.serve(&folder);
    let account = Account::create_with(
        &folder,
        &server,
        &["--expires", "2026-11-22"],
        "Harbour lights",
        "owner@harbour.example",
    );
    (Shop::furnish(folder, server, account, "optout"), clock)
}

fn state(folder: &Folder, id: &str) -> String {
    let list = folder.json(&["account", "list"]);
    let items = list["items"].as_array().unwrap();
    let found = items.iter().find(|item| item["id"] == id);
    found.map_or_else(
        || "absent".to_owned(),
        |item| item["state"].as_str().unwrap().to_owned(),
    )
}

#[track_caller]
fn closed(folder: &Folder, id: &str) -> Value {
    eventually("the account to be closed", || {
        (state(folder, id) == "closed").then_some(())
    });
    folder.json(&["certificate", "show", "--account", id])
}

#[test]
fn an_expired_account_is_read_for_45_days_and_then_goes() {
    let (shop, clock) = shop_that_ends();
    let folder = &shop.folder;
    let id = shop.account.id.clone();
    let click = shop.click("&sub1=x");
    shop.pixel(&format!("&click_id={click}&txn_id=A1&sale_amount=10"));
    shop.wait_settled();
    let pieces = sealed_pieces(folder);
    assert!(pieces.len() > 10);

    clock.set("2026-11-23T00:00:01Z");
    let late = shop.server.client.get(shop.pixel_path("&txn_id=A2"));
    late.is(200, "ignored; expired");
    let redirect = shop.server.client.get(shop.click_path(""));
    assert_eq!(
        (redirect.status, redirect.said()),
        (302, "ignored; expired")
    );
    assert_eq!(shop.conversions().len(), 1);

    clock.set("2027-01-06T23:59:59Z");
    folder.json(&["retention", "run"]);
    assert_eq!(state(folder, &id), "expired");
    let preview = folder.json(&["retention", "preview", "--as-of", "2027-01-07"]);
    let line = &preview["items"][0];
    assert_eq!(
        (&line["account"], &line["at"]),
        (&id.clone().into(), &"2027-01-07T00:00:00Z".into())
    );
    assert_eq!(state(folder, &id), "expired");

    clock.set("2027-01-07T00:00:00Z");
    let proof = closed(folder, &id);
    let content = &proof["certificate"];
    assert_eq!(content["timeline"]["live_deadline"], "2027-01-21T00:00:00Z");
    assert_eq!(content["timeline"]["late_by_seconds"], Value::Null);
    for table in content["tables"].as_array().unwrap() {
        assert_eq!(table["after"], 0, "{table}");
    }
    let before = |name: &str| {
        let tables = content["tables"].as_array().unwrap();
        let table = tables.iter().find(|table| table["table"] == name);
        table.unwrap()["before"].as_u64().unwrap()
    };
    assert_eq!(before("conversion"), 1);
    // The trail of October has had its 90 days by then.
    assert_eq!(before("segment (trail)"), 0);
    assert!(before("segment (tally)") > 0);
    assert_eq!(content["scan"]["found"], 0);
    shop.server
        .client
        .get(shop.click_path(""))
        .is(404, "rejected; unknown_campaign");
    folder
        .command(&["account", "reinstate", "--account", &id])
        .failed_with(64);
    for file in crate::canary::files_at_rest(folder) {
        let bytes = std::fs::read(&file).unwrap();
        for piece in &pieces {
            let found = bytes.windows(piece.len()).any(|window| window == piece);
            assert!(!found, "a sealed row is still in {}", file.display());
        }
    }
    verify(folder, &id);
}

/// Pieces of every sealed value of the database, as they lie in its file.
fn sealed_pieces(folder: &Folder) -> Vec<Vec<u8>> {
    let path = folder.data().join("pixelkeep.db");
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let database = rusqlite::Connection::open_with_flags(path, flags).unwrap();
    let mut pieces = Vec::new();
    for table in [
        "conversion",
        "segment_column",
        "member",
        "site",
        "campaign",
        "intake",
    ] {
        let mut statement = database
            .prepare(&format!("SELECT body FROM {table}"))
            .unwrap();
        let bodies = statement
            .query_map([], |row| row.get::<_, Vec<u8>>(0))
            .unwrap();
        pieces.extend(bodies.filter_map(|body| Some(body.unwrap().get(16..40)?.to_vec())));
    }
    pieces
}

/// The certificate is checked without the folder, and a change of it is noticed.
fn verify(folder: &Folder, id: &str) {
    let shown = folder.command(&["certificate", "show", "--account", id]);
    let file = folder.write("certificate.json", &shown.success().stdout);
    let key = folder.json(&["certificate", "list"])["public_key"]
        .as_str()
        .unwrap()
        .to_owned();
    let check =
        |more: &[&str]| folder.run(&[&["certificate", "verify", text(&file)], more].concat());
    check(&[]).success();
    check(&["--public-key", &key]).success();
    let other = key.replace(&key[25..29], "AAAA");
    assert_eq!(check(&["--public-key", &other]).code, 1);
    let mut bytes = std::fs::read(&file).unwrap();
    for at in [0, bytes.len() / 3, bytes.len() - 3] {
        bytes[at] ^= 1;
        std::fs::write(&file, &bytes).unwrap();
        assert_eq!(check(&[]).code, 1, "byte {at}");
        bytes[at] ^= 1;
    }
}

#[test]
fn an_end_is_taken_back_before_its_purge() {
    let (shop, clock) = shop_that_ends();
    let (folder, id) = (&shop.folder, shop.account.id.as_str());
    clock.set("2027-01-06");
    assert_eq!(state(folder, id), "expired");
    folder.json(&["account", "reinstate", "--account", id]);
    assert_eq!(state(folder, id), "active");
    shop.pixel("&txn_id=B1&sale_amount=5");
    folder.json(&["account", "expire", id]);
    assert_eq!(state(folder, id), "expired");
    folder.json(&["account", "reinstate", id, "--expires", "2027-06-30"]);
    clock.set("2027-06-30T23:00:00Z");
    shop.pixel("&txn_id=B2&sale_amount=5");
}

#[test]
fn a_deletion_on_request_waits_and_can_be_cancelled() {
    let (shop, clock) = shop_that_ends();
    let (folder, id) = (&shop.folder, shop.account.id.as_str());
    folder
        .command(&["account", "delete", id, "--after", "73"])
        .failed_with(64);
    folder.json(&["account", "delete", id]);
    shop.server
        .client
        .get(shop.pixel_path(""))
        .is(200, "ignored; expired");
    folder.json(&["account", "delete", id, "--cancel"]);
    shop.pixel("&txn_id=C1&sale_amount=5");
    folder.json(&["account", "delete", id]);
    clock.set("2026-10-04T09:59:59Z");
    folder.json(&["retention", "run"]);
    assert_eq!(state(folder, id), "expired");
    clock.set("2026-10-04T10:00:00Z");
    let proof = closed(folder, id);
    assert_eq!(proof["certificate"]["reason"], "request");
    assert_eq!(
        proof["certificate"]["timeline"]["late_by_seconds"],
        Value::Null
    );
}

#[test]
fn an_account_that_expired_before_the_gdpr_is_locked_and_goes_after_a_day() {
    let folder = Folder::new();
    let clock = TestClock::at(&folder, "2026-11-23T10:00:00Z");
    let server = clock.serve(&folder);
    let import = |expires: &str, mail: &str| {
        let more = ["--imported", "--expires", expires];
        Account::create_with(&folder, &server, &more, "An old shop", mail).id
    };
    let legacy = import("2018-05-24", "a@old.example");
    let instant = import("2018-05-24T23:59:59Z", "b@old.example");
    let mistyped = import("2008-06-01", "c@old.example");
    let normal = import("2018-05-25T00:00:00Z", "d@old.example");
    assert_eq!(state(&folder, &legacy), "expired");
    folder.json(&["retention", "run"]);
    let preview = folder.json(&["retention", "preview", "--as-of", "2026-12-31"]);
    assert_eq!(preview["items"].as_array().unwrap().len(), 4, "{preview}");
    folder.json(&["account", "reinstate", &mistyped]);
    clock.set("2026-11-24T09:59:59Z");
    folder.json(&["retention", "run"]);
    assert_eq!(state(&folder, &legacy), "expired");
    clock.set("2026-11-24T10:00:00Z");
    for id in [&legacy, &instant] {
        assert_eq!(closed(&folder, id)["certificate"]["reason"], "legacy");
    }
    assert_eq!(closed(&folder, &normal)["certificate"]["reason"], "expired");
    assert_eq!(state(&folder, &mistyped), "active");
    assert_eq!(server.stop(), 0);
}

#[test]
fn a_purge_goes_on_after_every_kill() {
    let (shop, clock) = shop_that_ends();
    let id = shop.account.id.clone();
    for number in 0..40 {
        shop.pixel(&format!("&txn_id=K{number}&sale_amount=1"));
    }
    shop.wait_settled();
    let Shop { folder, server, .. } = shop;
    server.kill();
    clock.set("2027-01-08");
    for wait in [0, 15, 40, 80] {
        let server = clock.serve(&folder);
        std::thread::sleep(std::time::Duration::from_millis(wait));
        server.kill();
    }
    let server = clock.serve(&folder);
    let proof = closed(&folder, &id);
    assert_eq!(proof["certificate"]["scan"]["found"], 0);
    server.assert_calm();
    assert_eq!(server.stop(), 0);
}
