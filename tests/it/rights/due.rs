//! A request that nobody answers: seen before it is overdue, and told of loudly after.

use serde_json::{Value, json};

use crate::console::Member;
use crate::harness::account::{Account, PASSWORD};
use crate::harness::clock::TestClock;
use crate::harness::server::Folder;

const EMAIL: &str = "owner@due.example";

fn asked(account: &Account, order: &str) {
    let identity = json!({"identity_type": "transaction_id", "identity_value": order,
        "identity_format": "raw"});
    let body = json!({"subject_request_type": "access", "subject_identities": [identity]});
    account.api.post("privacy/requests", body);
}

fn doctor(folder: &Folder) -> Value {
    let outcome = folder.command(&["doctor", "--json"]);
    let answer: Value = serde_json::from_str(&outcome.stdout).unwrap();
    let checks = answer["checks"].as_array().unwrap();
    let found = checks.iter().find(|check| check["check"] == "requests");
    found.unwrap().clone()
}

#[test]
fn what_waits_is_seen_on_the_overview_and_what_is_overdue_everywhere() {
    let folder = Folder::new();
    let clock = TestClock::at(&folder, "2026-03-02T10:00:00Z");
    let server = clock.serve(&folder);
    let account = Account::create_with(&folder, &server, &["--timezone", "UTC"], "Shop", EMAIL);
    let page = |path: &str| {
        let owner = Member::enter(&server.client, EMAIL, PASSWORD);
        owner.get(path).text()
    };
    assert!(!page("/").contains("for an answer"));
    asked(&account, "ORDER-1");
    clock.set("2026-03-20T10:00:00Z");
    asked(&account, "ORDER-2");
    let overview = page("/");
    assert!(
        overview.contains("2 requests wait for an answer, the most urgent by <strong>2 Apr 2026"),
        "{overview}"
    );
    assert!(!overview.contains("request is overdue"), "{overview}");
    assert_eq!(doctor(&folder)["ok"], true);

    // The last instant of the last day, and the one after it.
    clock.set("2026-04-02T23:59:59Z");
    assert!(!page("/sites").contains("request is overdue"));
    clock.set("2026-04-03T00:00:00Z");
    assert!(page("/sites").contains("A privacy request is overdue"));
    let overview = page("/");
    assert!(overview.contains("1 overdue"), "{overview}");
    let list = page("/requests");
    let (late, waiting) = (list.find("2026-04-02"), list.find("2026-04-20"));
    assert!(
        late.unwrap() < waiting.unwrap() && list.contains("Overdue"),
        "{list}"
    );
    let found = doctor(&folder);
    assert_eq!(found["ok"], false);
    let told = found["text"].as_str().unwrap();
    assert!(
        told.contains(&format!("1 of account {}", account.id)),
        "{told}"
    );
    folder.json(&["retention", "run"]);
    let said = std::fs::read_dir(folder.logs()).unwrap().any(|file| {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap_or_default();
        assert!(!text.contains("ORDER-1"), "{text}");
        text.contains("1 privacy requests of account")
    });
    assert!(said, "nothing in the log");

    // Who does not answer them is not told of them.
    let viewer = crate::access::join(
        &folder,
        &server.client,
        &account.id,
        "vic@due.example",
        &["viewer"],
    );
    assert!(!viewer.get("/").text().contains("request is overdue"));
}
