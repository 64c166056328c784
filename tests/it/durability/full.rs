//! A full disk: pixels are refused with a time to come again, visitors are sent on,
//! reports and people's acts go on, and it heals by itself. Each kind of fullness is
//! told apart from a broken disk.

use std::process::Command;

use serde_json::json;

use super::oracle::{Load, Oracle};
use crate::harness::account::{Account, Shop};
use crate::harness::disk::{Disk, EDQUOT, ENOSPC};
use crate::harness::eventually;
use crate::harness::http::Answer;
use crate::harness::server::Folder;
use crate::rights::{erased, found};

fn shop_on(disk: impl FnOnce(&Folder) -> Disk) -> (Shop, Disk) {
    let folder = Folder::new();
    let disk = disk(&folder);
    let server = disk.serve(&folder);
    let account = Account::create(&folder, &server);
    (Shop::furnish(folder, server, account, "strict"), disk)
}

fn pixel(shop: &Shop, txn: &str) -> Answer {
    let path = shop.pixel_path(&format!("&consent=1&sale_amount=1&txn_id={txn}"));
    shop.server.client.get(path)
}

/// Fires pixels until one is refused; gives what was acknowledged before.
#[track_caller]
fn fill(shop: &Shop, oracle: &mut Oracle) {
    let mut number = 0;
    eventually("a pixel to be refused", || {
        number += 1;
        let txn = format!("fill-{number}");
        let answer = pixel(shop, &txn);
        if answer.is_stored() {
            oracle.take_one(txn);
            return None;
        }
        answer.is(503, "rejected; overloaded");
        assert!(answer.header("retry-after").is_some(), "{answer:?}");
        Some(())
    });
}

#[track_caller]
fn heal(shop: &Shop, oracle: &mut Oracle) {
    let mut number = 0;
    eventually("a pixel to be stored again", || {
        number += 1;
        let txn = format!("healed-{number}");
        let answer = pixel(shop, &txn);
        answer.is_one_of(&[200, 503]);
        answer.is_stored().then(|| oracle.take_one(txn))
    });
}

/// What must work while nothing fits: redirects, reports, and an act of a person.
#[track_caller]
fn serves_otherwise(shop: &Shop) {
    for _ in 0..3 {
        let answer = shop.server.client.get(shop.click_path("&consent=1"));
        answer.is(302, "unconfirmed");
    }
    let answer = shop.server.client.event(&shop.events(&[json!({
        "id": crate::harness::marks::event_id(), "type": "view", "age_ms": 0})]));
    let refused = answer.status == 503 || answer.json()["verdicts"][0]["verdict"] == "rejected";
    assert!(refused, "{answer:?}");
    shop.report("&group_by=day");
    assert!(shop.intake().refused("overloaded") > 0);
}

#[test]
fn a_small_disk_that_is_full_refuses_pixels_sends_visitors_on_and_heals() {
    let (shop, disk) = shop_on(Disk::new);
    let mut oracle = Oracle::default();
    shop.pixel("&consent=1&sale_amount=1&txn_id=first");
    oracle.take_one("first".to_owned());
    shop.wait_settled();
    eventually("the reserve to be kept", || {
        shop.folder.data().join("reserve").exists().then_some(())
    });
    // 200 KB hold some hits.
    disk.has_room(200_000);
    fill(&shop, &mut oracle);
    serves_otherwise(&shop);
    // The reserve was given up: what people do still finds room.
    shop.create_publisher("Made on a full disk", &[]);
    // It is there for moments only, while the server looks whether it fits again.
    eventually("the reserve to be given up", || {
        (!shop.folder.data().join("reserve").exists()).then_some(())
    });
    // The freed reserve is not eaten by hits.
    pixel(&shop, "still-full").is(503, "rejected; overloaded");
    disk.has_room(64 << 20);
    heal(&shop, &mut oracle);
    oracle.take(load(&shop));
    oracle.check_with_clicks(&shop, 3);
    shop.server.assert_calm();
    let shop = shop.restarted();
    oracle.check_with_clicks(&shop, 3);
}

/// Hits of all kinds after the disk has healed.
fn load(shop: &Shop) -> Oracle {
    let load = Load::start(shop, 77, 60);
    eventually("all hits to be sent", || load.is_over().then_some(()));
    load.finish()
}

#[test]
fn a_quota_is_a_full_disk_only_where_nothing_else_fits_either() {
    for errno in [EDQUOT, ENOSPC] {
        let (shop, disk) = shop_on(Disk::new);
        let mut oracle = Oracle::default();
        disk.writes_fail(errno);
        fill(&shop, &mut oracle);
        serves_otherwise(&shop);
        disk.writes_fail(0);
        heal(&shop, &mut oracle);
        oracle.check_with_clicks(&shop, 3);
        assert_eq!(shop.server.stop(), 0);
    }
}

/// A limit of a file's size comes with a signal that ends a process by default.
#[test]
fn a_limit_of_the_size_of_files_is_a_full_disk_and_heals() {
    let shop = Shop::strict();
    let mut oracle = Oracle::default();
    limit_files(&shop, "1024");
    fill(&shop, &mut oracle);
    serves_otherwise(&shop);
    limit_files(&shop, "unlimited");
    heal(&shop, &mut oracle);
    oracle.check_with_clicks(&shop, 3);
    assert_eq!(shop.server.stop(), 0);
}

fn limit_files(shop: &Shop, bytes: &str) {
    let changed = Command::new("prlimit")
        .args(["--pid", &shop.server.process.id().to_string()])
        .arg(format!("--fsize={bytes}:unlimited"))
        .status();
    assert!(changed.expect("prlimit is missing").success());
}

#[test]
fn sigterm_on_a_full_disk_ends_cleanly_and_the_next_start_has_everything() {
    let (shop, disk) = shop_on(Disk::new);
    let mut oracle = Oracle::default();
    shop.pixel("&consent=1&sale_amount=1&txn_id=first");
    oracle.take_one("first".to_owned());
    disk.has_room(100_000);
    fill(&shop, &mut oracle);
    let shop = shop.restarted();
    oracle.check_with_clicks(&shop, 0);
}

#[test]
fn a_person_is_erased_while_the_disk_is_full() {
    let (shop, disk) = shop_on(Disk::new);
    for txn in ["gone", "stays"] {
        shop.pixel(&format!("&consent=1&sale_amount=1&txn_id={txn}"));
    }
    shop.wait_settled();
    eventually("the reserve to be kept", || {
        shop.folder.data().join("reserve").exists().then_some(())
    });
    disk.has_room(200_000);
    fill(&shop, &mut Oracle::default());
    let before = shop.report("").total("conversions");
    assert_eq!(found(&shop, "--txn", "gone").1, 1);
    // Giving the freed pages back may have to wait for room; nothing reads them any more.
    let said = erased(&shop, "--txn", "gone");
    assert!(
        said["state"] == "rewritten" || said["state"] == "done",
        "{said}"
    );
    assert_eq!(found(&shop, "--txn", "gone").1, 0);
    assert_eq!(found(&shop, "--txn", "stays").1, 1);
    assert!(shop.report("").total("conversions") >= before);
    shop.server.assert_calm();
}
