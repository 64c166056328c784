//! What is too old goes, and no figure changes.

use serde_json::{Value, json};

use crate::harness::account::{Account, Shop};
use crate::harness::clock::TestClock;
use crate::harness::server::{Folder, text};

fn report(folder: &Folder, id: &str) -> Value {
    folder.json(&[
        "report",
        "--account",
        id,
        "--from",
        "2026-01-01",
        "--to",
        "2026-12-31",
        "--group-by",
        "day,publisher",
    ])
}

#[test]
fn hits_go_after_90_days_and_conversions_lose_their_detail_after_13_months() {
    let folder = Folder::new();
    let clock = TestClock::at(&folder, "2026-03-02T10:07:00Z");
    let server = clock.serve(&folder);
    let account = Account::create_in(&folder, &server, "UTC");
    let shop = Shop::furnish(folder, server, account, "optout");
    let click = shop.click("&sub1=x");
    shop.pixel(&format!("&click_id={click}&txn_id=A1&sale_amount=10"));
    shop.wait_settled();
    let (folder, id) = (&shop.folder, shop.account.id.clone());
    let before = report(folder, &id);

    let lines = |as_of: &str, class: &str| {
        let preview = folder.json(&["retention", "preview", "--as-of", as_of]);
        let items = preview["items"].as_array().unwrap().clone();
        let found = items.into_iter().filter(|item| item["class"] == class);
        found.map(|item| item["at"].clone()).collect::<Vec<_>>()
    };
    assert!(lines("2026-05-31T23:59:59Z", "trail").is_empty());
    assert_eq!(
        lines("2026-06-01", "trail"),
        [json!("2026-06-01T00:00:00Z")]
    );
    assert_eq!(
        lines("2027-12-31", "conversions"),
        [json!("2027-04-03T00:00:00Z")]
    );

    clock.set("2026-05-31T23:59:59Z");
    folder.json(&["retention", "run"]);
    assert_eq!(lines("2026-06-01", "trail").len(), 1);
    clock.set("2026-06-01T00:00:00Z");
    folder.json(&["retention", "run"]);
    assert!(lines("2026-06-02", "trail").is_empty());
    assert_eq!(report(folder, &id), before);
    let conversion = shop.conversions().remove(0).0;
    assert_eq!(conversion["txn_id"], "A1");

    clock.set("2027-04-03T00:00:00Z");
    folder.json(&["retention", "run"]);
    assert_eq!(report(folder, &id), before);
    let kept = shop.conversions();
    assert_eq!(kept.len(), 1);
    let kept = &kept[0].0;
    assert_ne!(kept["id"], conversion["id"]);
    assert_eq!(kept["txn_id"], Value::Null);
    for same in [
        "status",
        "sale_amount_minor",
        "revenue_minor",
        "payout_minor",
    ] {
        assert_eq!(kept[same], conversion[same], "{same}");
    }
    folder.json(&["audit", "verify"]);
    server_is_calm(&shop);
}

fn server_is_calm(shop: &Shop) {
    shop.server.assert_calm();
}

#[test]
fn an_account_chooses_within_the_bounds() {
    let folder = Folder::new();
    let clock = TestClock::at(&folder, "2026-03-02T10:00:00Z");
    let server = clock.serve(&folder);
    let account = Account::create(&folder, &server);
    let set = |days: &str| {
        folder.command(&[
            "retention",
            "set",
            "--account",
            &account.id,
            "--class",
            "trail",
            "--days",
            days,
        ])
    };
    set("29").failed_with(64);
    set("30").success();
    let shown = folder.json(&["retention", "show", "--account", &account.id]);
    let rules = shown["items"].as_array().unwrap();
    let trail = rules.iter().find(|rule| rule["class"] == "trail").unwrap();
    assert_eq!(
        (&trail["days"], &trail["default_days"]),
        (&json!(30), &json!(90))
    );
    assert_eq!(server.stop(), 0);
}

/// The keys went with the details once, so an order counted again after 90 days.
#[test]
fn an_order_counts_once_for_13_months_however_soon_its_details_go() {
    let folder = Folder::new();
    let clock = TestClock::at(&folder, "2026-03-02T10:00:00Z");
    let server = clock.serve(&folder);
    let account = Account::create(&folder, &server);
    let shop = Shop::furnish(folder, server, account, "optout");
    let (folder, id) = (&shop.folder, shop.account.id.clone());
    let set = ["retention", "set", "--account", &id, "--days", "90"];
    folder.json(&[&set[..], &["--class", "conversions"]].concat());
    let counted_on = |day: &str| {
        clock.set(day);
        folder.json(&["retention", "run"]);
        shop.pixel("&txn_id=A1&sale_amount=10");
        shop.wait_settled();
        shop.conversions().len()
    };
    assert_eq!(counted_on("2026-03-02T10:00:00Z"), 1);
    assert_eq!(counted_on("2026-07-01T10:00:00Z"), 1);
    assert_eq!(counted_on("2027-03-30T10:00:00Z"), 1);
    assert_eq!(counted_on("2027-05-04T10:00:00Z"), 2);
}

/// Went by the clock alone once: one that was put years ahead emptied every account, and
/// no backup could be put back for years.
#[test]
fn a_clock_that_jumps_ahead_deletes_nothing_for_its_age() {
    let folder = Folder::new();
    let clock = TestClock::at(&folder, "2026-03-02T10:07:00Z");
    let server = clock.serve(&folder);
    let account = Account::create_in(&folder, &server, "UTC");
    let shop = Shop::furnish(folder, server, account, "optout");
    let click = shop.click("&sub1=x&source=rare");
    shop.pixel(&format!("&click_id={click}&txn_id=A1&sale_amount=10"));
    shop.pixel("&txn_id=A2&sale_amount=10");
    shop.wait_settled();
    let id = shop.account.id.clone();
    let backup = shop.folder.own().join("backup");
    shop.folder
        .json(&["backup", "create", "--out", text(&backup)]);
    shop.folder
        .json(&["privacy", "erase", "--account", &id, "--txn", "A2", "--yes"]);
    let by_source = |folder: &Folder| {
        let period = ["--from", "2026-01-01", "--to", "2026-12-31"];
        let which = ["report", "--account", &id, "--group-by", "source"];
        folder.json(&[&which[..], &period].concat())
    };
    let (before, sources) = (report(&shop.folder, &id), by_source(&shop.folder));
    let planned = |folder: &Folder| {
        let preview = folder.json(&["retention", "preview", "--as-of", "2026-06-01"]);
        let items = preview["items"].as_array().unwrap();
        let classes = items.iter().map(|item| item["class"].clone());
        classes.collect::<Vec<_>>()
    };
    let will_go = planned(&shop.folder);
    assert!(will_go.contains(&json!("trail")), "{will_go:?}");

    clock.set("2036-03-02T10:07:00Z jumped");
    shop.folder.json(&["retention", "run"]);
    let shop = shop.served_by(|server, _| server.kill(), |folder| clock.serve(folder));
    shop.folder.json(&["retention", "run"]);
    clock.set("2036-03-06T10:07:00Z");
    shop.folder.json(&["retention", "run"]);
    clock.set("2026-03-02T11:00:00Z jumped");
    shop.folder.json(&["retention", "run"]);
    assert_eq!(planned(&shop.folder), will_go);
    assert_eq!(report(&shop.folder, &id), before);
    assert_eq!(by_source(&shop.folder), sources);
    let kept: Vec<Value> = shop.conversions().into_iter().map(|it| it.0).collect();
    assert!(kept.iter().any(|it| it["txn_id"] == "A1"), "{kept:?}");
    shop.server.assert_calm();

    // Whoever was erased is still in the ledger, so a backup may come back.
    let Shop { folder, server, .. } = shop;
    assert_eq!(server.stop(), 0);
    folder.json(&["backup", "restore", text(&backup)]);
    let ask = ["privacy", "find", "--account", &id, "--txn", "A2"];
    let found = folder.command(&[&ask[..], &["--json"]].concat()).stdout;
    assert!(!found.contains("\"A2\""), "{found}");
    let server = clock.serve(&folder);
    // And where the time has really passed, all of it goes.
    clock.set("2026-06-01T00:00:00Z");
    folder.json(&["retention", "run"]);
    assert!(!planned(&folder).contains(&json!("trail")));
    assert_eq!(server.stop(), 0);
}
