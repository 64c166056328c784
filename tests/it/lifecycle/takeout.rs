//! Everything an account holds, as one file: by command, console and API, before and
//! after it has expired, and nothing of it left on the server's disk.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::console::Member;
use crate::harness::account::{Account, PASSWORD, Shop};
use crate::harness::clock::TestClock;
use crate::harness::http::Answer;
use crate::harness::server::{Folder, text};

pub const OWNER: &str = "owner@harbour.example";

/// A shop whose owner is known, and the clock it lives by.
#[track_caller]
pub fn owned_shop(at: &str, more: &[&str]) -> (Shop, TestClock) {
    let folder = Folder::new();
    let clock = TestClock::at(&folder, at);
    let server = clock.serve(&folder);
    let account = Account::create_with(&folder, &server, more, "Harbour lights", OWNER);
    (Shop::furnish(folder, server, account, "optout"), clock)
}

/// The files of a ZIP, each of which must be as the manifest says.
#[track_caller]
fn files(zip: &[u8]) -> (BTreeMap<String, String>, Value) {
    let mut zip = zip::ZipArchive::new(Cursor::new(zip)).unwrap();
    let mut files = BTreeMap::new();
    for place in 0..zip.len() {
        let mut file = zip.by_index(place).unwrap();
        let mut content = String::new();
        file.read_to_string(&mut content).unwrap();
        files.insert(file.name().unwrap().into_owned(), content);
    }
    let manifest: Value = serde_json::from_str(&files.remove("manifest.json").unwrap()).unwrap();
    let entries = manifest["files"].as_array().unwrap();
    assert_eq!(entries.len(), files.len());
    for entry in entries {
        let content = &files[entry["name"].as_str().unwrap()];
        let hash: String = Sha256::digest(content)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(entry["sha256"], hash, "{entry}");
        assert_eq!(entry["bytes"], content.len(), "{entry}");
    }
    (files, manifest)
}

/// The rows of a table by the names of its columns.
#[track_caller]
pub fn table(files: &BTreeMap<String, String>, name: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(files[name].as_bytes());
    reader.deserialize().map(Result::unwrap).collect()
}

/// Everything by the command.
#[track_caller]
pub fn exported(folder: &Folder, id: &str, name: &str) -> (BTreeMap<String, String>, Value) {
    let out = folder.own().join(name);
    folder.json(&["account", "export", "--account", id, "--out", text(&out)]);
    files(&std::fs::read(out).unwrap())
}

#[test]
fn everything_is_in_the_file_and_its_figures_are_those_of_the_reports() {
    let (shop, _clock) = owned_shop("2026-11-03T10:00:00Z", &[]);
    let (folder, id) = (&shop.folder, shop.account.id.clone());
    shop.create_publisher("=HYPERLINK(\"x\")", &[]);
    let click = shop.click("&sub1=@risky&p1=-2");
    shop.pixel(&format!("&click_id={click}&txn_id=A-1&sale_amount=10"));
    shop.pixel("&txn_id=A-2&sale_amount=5");
    shop.wait_settled();
    let (files, manifest) = exported(folder, &id, "all.zip");
    assert_eq!(manifest["account"], id);
    let conversions = table(&files, "conversions.csv");
    assert_eq!(conversions.len(), 2);
    let listed: Value = serde_json::from_str(&files["conversions.json"]).unwrap();
    assert_eq!(listed.as_array().unwrap().len(), 2);
    assert!(conversions.iter().any(|row| row["txn_id"] == "A-1"));
    let hits = table(&files, "trail.csv");
    assert_eq!(hits.len(), 3, "{hits:?}");
    let click = hits.iter().find(|hit| hit["kind"] == "click").unwrap();
    assert_eq!((&*click["sub1"], &*click["p1"]), ("'@risky", "'-2"));
    let publishers = &files["settings/publishers.json"];
    assert!(publishers.contains("HYPERLINK"));
    let report = shop.report("&group_by=day,campaign,publisher");
    let days = table(&files, "figures/campaign-publisher.csv");
    assert_eq!(days.len(), report.rows().len());
    let sum = |name: &str| -> i64 {
        days.iter()
            .map(|row| row[name].parse::<i64>().unwrap())
            .sum()
    };
    assert_eq!(sum("sale_amount_minor"), 1_500);
    assert_eq!((sum("clicks"), sum("conversions")), (1, 2));
    for name in ["country", "p1", "landing_page", "hour"] {
        let rows = table(&files, &format!("figures/{name}.csv"));
        let clicks: i64 = rows
            .iter()
            .map(|row| row["clicks"].parse::<i64>().unwrap())
            .sum();
        assert_eq!(clicks, 1, "{name}");
    }
    assert!(files["settings/members.json"].contains(OWNER));
    assert!(!files.values().any(|content| content.contains("argon2")));
    assert!(files.contains_key("documents/record-of-processing.json"));
    // It stands in the log that the file itself holds.
    let audit = table(&files, "audit.csv");
    assert_eq!(audit[0]["action"], "export_account");
    assert!(
        audit
            .iter()
            .any(|entry| entry["action"] == "create_account")
    );
    folder
        .command(&[
            "account",
            "export",
            &id,
            "--out",
            text(&folder.own().join("all.zip")),
        ])
        .failed_with(73);
}

#[test]
fn nothing_readable_is_left_in_the_folder_and_an_erased_person_is_in_no_file() {
    let (shop, _clock) = owned_shop("2026-11-03T10:00:00Z", &[]);
    let (folder, id) = (&shop.folder, shop.account.id.clone());
    let mark = "zebracrossing";
    shop.pixel(&format!("&txn_id={mark}1&sale_amount=10"));
    shop.pixel(&format!("&txn_id={mark}2&sale_amount=10"));
    shop.wait_settled();
    let names = || {
        let entries = std::fs::read_dir(folder.data()).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let before = names();
    let (files, _) = exported(folder, &id, "first.zip");
    assert!(files["trail.csv"].contains(mark) && files["conversions.csv"].contains(mark));
    assert_eq!(names(), before);
    for file in crate::canary::files_at_rest(folder) {
        let bytes = std::fs::read(&file).unwrap();
        let found = bytes
            .windows(mark.len())
            .any(|window| window == mark.as_bytes());
        assert!(!found, "{}", file.display());
    }
    let one = format!("{mark}1");
    folder.json(&["privacy", "erase", "--account", &id, "--txn", &one, "--yes"]);
    let (files, _) = exported(folder, &id, "second.zip");
    for (name, content) in &files {
        assert!(!content.contains(&one), "{name}");
    }
    assert!(files["trail.csv"].contains(&format!("{mark}2")));
    // The same by a command that holds the folder itself.
    let Shop { folder, server, .. } = shop;
    assert_eq!(server.stop(), 0);
    let (offline, _) = exported(&folder, &id, "third.zip");
    assert_eq!(offline["conversions.csv"], files["conversions.csv"]);
    assert_eq!(offline["trail.csv"], files["trail.csv"]);
}

#[track_caller]
fn is_zip(answer: &Answer) {
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/zip"));
    let (files, _) = files(&answer.body);
    assert_eq!(table(&files, "conversions.csv").len(), 1);
}

#[test]
fn an_owner_takes_everything_out_of_an_expired_account_in_console_and_api() {
    let (shop, clock) = owned_shop("2026-11-03T10:00:00Z", &["--expires", "2026-11-10"]);
    shop.pixel("&txn_id=A1&sale_amount=10");
    shop.wait_settled();
    clock.set("2026-11-20T10:00:00Z");
    let owner = Member::enter(&shop.server.client, OWNER, PASSWORD);
    let page = owner.get("/account/end").text();
    assert!(page.contains("Export everything"), "{page}");
    is_zip(&owner.post("/account/export", &[]));
    is_zip(&shop.call("GET", "account/export", None));
    let read = crate::harness::account::token(&shop.folder, &shop.server, &shop.account.id, "read");
    assert_eq!(read.call("GET", "account/export", None).status, 403);
    let changed = shop.call("PATCH", "account", Some(&json!({"name": "Other"})));
    assert_eq!(changed.status, 403);
    shop.server.assert_calm();
}

#[test]
fn rules_of_retention_are_read_and_changed_by_programs_within_their_bounds() {
    let (shop, _clock) = owned_shop("2026-11-03T10:00:00Z", &[]);
    let days = |rules: &Value, class: &str| {
        let rules = rules["items"].as_array().unwrap();
        let rule = rules.iter().find(|rule| rule["class"] == class).unwrap();
        rule["days"].as_u64().unwrap()
    };
    assert_eq!(days(&shop.get("retention"), "trail"), 90);
    let changed = shop.patch("retention", json!({"trail": 60, "audit": 200}));
    assert_eq!(
        (days(&changed, "trail"), days(&changed, "audit")),
        (60, 200)
    );
    // One that is out of bounds, and nothing of the rest is changed.
    for body in [
        json!({"trail": 45, "audit": 12}),
        json!({"trail": 45, "coffee": 90}),
        json!({"trail": "45"}),
        json!({}),
    ] {
        let answer = shop.call("PATCH", "retention", Some(&body));
        assert_eq!(answer.status, 400, "{body} {answer:?}");
        let media = answer.header("content-type").unwrap();
        assert!(media.starts_with("application/problem+json"));
    }
    assert_eq!(days(&shop.get("retention"), "trail"), 60);
    let read = crate::harness::account::token(&shop.folder, &shop.server, &shop.account.id, "read");
    let refused = read.call("PATCH", "retention", Some(&json!({"trail": 45})));
    assert_eq!(
        (refused.status, read.call("GET", "retention", None).status),
        (403, 200)
    );
}
