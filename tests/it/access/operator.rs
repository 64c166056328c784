//! The operator's page: accounts from outside, and what may be done to them.

use jiff::Timestamp;
use serde_json::Value;

use super::{NEW_PASSWORD, audit_of, follow, link_on, only_account, operator};
use crate::console::{Member, create};
use crate::harness::account::{HOST, Shop};
use crate::harness::server::Folder;

/// The entries of the instance's own log, by name of the act.
fn state(folder: &Folder) -> Value {
    folder.json(&["account", "list"])["items"][0]["state"].take()
}

#[test]
fn an_operator_makes_an_account_whose_owner_joins_by_a_link() {
    let folder = Folder::new();
    let server = folder.serve();
    let olga = operator(&folder, &server.client, Timestamp::now());
    let fields = [
        ("label", "Harbour"),
        ("email", "ann@shop.example"),
        ("timezone", "UTC"),
        ("currency", "EUR"),
        ("expires", "2040-12-31"),
    ];
    let made = olga.post("/operator/accounts", &fields);
    assert_eq!(made.status, 200, "{made:?}");
    let first = link_on(&made.text());
    let account = only_account(&folder);
    let path = format!("/operator/accounts/{account}");
    let page = olga.get(&path).text();
    assert!(page.contains("Harbour") && page.contains("Nobody has joined yet"));
    let again = olga.post(&format!("{path}/owner"), &[("email", "ann@shop.example")]);
    let second = link_on(&again.text());
    let gone = server.client.get(super::path_of(&first));
    assert_eq!(gone.status, 410, "the newer link ends the older");
    assert_eq!(follow(&server.client, &second, NEW_PASSWORD).status, 303);
    let ann = Member::enter(&server.client, "ann@shop.example", NEW_PASSWORD);
    assert_eq!(ann.get("/members").status, 200);
    let late = olga.post(&format!("{path}/owner"), &[("email", "eve@host.example")]);
    assert_eq!(late.status, 400, "{late:?}");
    assert!(late.text().contains("has members already"), "{late:?}");
}

#[test]
fn what_the_operator_does_to_an_account_stands_in_both_logs() {
    let folder = Folder::new();
    let server = folder.serve();
    let ann = Member::new(&folder, &server, "ann@shop.example");
    let olga = operator(&folder, &server.client, Timestamp::now());
    let account = only_account(&folder);
    let path = format!("/operator/accounts/{account}");
    let act = |what: &str, fields: &[(&str, &str)]| {
        let answer = olga.post(&format!("{path}/{what}"), fields);
        assert_eq!(answer.status, 303, "{what}: {answer:?}");
    };
    act("label", &[("label", "Harbour & Co")]);
    act("suspend", &[("turn", "on"), ("note", "the bill is open")]);
    assert_eq!(state(&folder), "suspended");
    act("suspend", &[("turn", "off")]);
    act("expire", &[("expires", "2041-01-31")]);
    assert_eq!(state(&folder), "active");
    act("expire", &[]);
    assert_eq!(state(&folder), "expired");
    act("reinstate", &[("expires", "2042-01-31")]);
    assert_eq!(state(&folder), "active");
    assert!(
        olga.get("/operator").text().contains("Harbour &amp; Co")
            || olga.get("/operator").text().contains("Harbour &#38; Co")
    );
    let log = audit_of(&ann);
    for said in [
        "Label account",
        "Suspend account",
        "the bill is open",
        "Expire account",
        "Reinstate account",
        "The operator",
    ] {
        assert!(log.contains(said), "{said}: {log}");
    }
    let checkpoints = folder.json(&["audit", "checkpoint"]);
    let entries = checkpoints["checkpoints"]
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["log"] == "instance")
        .unwrap()["entries"]
        .as_u64()
        .unwrap();
    assert!(entries >= 9, "{checkpoints}");
    assert_eq!(folder.json(&["audit", "verify"])["sound"], true);
    for wrong in [
        ("label", vec![("label", "")]),
        ("suspend", vec![("turn", "off")]),
        ("expire", vec![("expires", "tomorrow")]),
        ("reinstate", vec![("expires", "2001-01-01")]),
    ] {
        let (what, fields) = wrong;
        let answer = olga.post(&format!("{path}/{what}"), &fields);
        assert_eq!(answer.status, 400, "{what}: {answer:?}");
    }
}

#[test]
fn a_suspended_account_sends_visitors_on_counts_nothing_and_is_only_read() {
    let shop = Shop::optout();
    let before = shop.intake().accepted;
    let account = shop.account.id.clone();
    shop.folder.json(&["account", "suspend", &account]);
    let client = &shop.server.client;
    let click = client.get(shop.click_path(""));
    assert_eq!(click.status, 302, "{click:?}");
    assert!(click.header("location").unwrap().contains(HOST));
    assert_eq!(click.said(), "ignored; suspended");
    client
        .get(shop.pixel_path("&txn_id=1&sale_amount=5"))
        .is(200, "ignored; suspended");
    let config = client.get(format!("/config/{}.json", shop.site_key));
    assert!(!config.text().contains(&shop.campaign), "{config:?}");
    assert_eq!(shop.intake().accepted, before);
    let body = serde_json::json!({"name": "More"});
    let refused = shop.account.api.call("POST", "publishers", Some(&body));
    assert_eq!(refused.status, 403, "{refused:?}");
    assert!(refused.text().contains("suspended"), "{refused:?}");
    assert_eq!(shop.account.api.get("account")["state"], "suspended");
    let email = super::listed(&shop.folder, &account)[0]["email"].clone();
    let email = email.as_str().unwrap();
    let owner = Member::enter(client, email, crate::harness::account::PASSWORD);
    assert!(owner.get("/").text().contains("This account is suspended"));
    let changed = owner.post("/publishers/new", &[("name", "More")]);
    assert_eq!(changed.status, 403);
    shop.folder.json(&["account", "unsuspend", &account]);
    shop.click("");
}

#[test]
fn the_operators_pages_tell_nothing_of_an_accounts_content() {
    let folder = Folder::new();
    let server = folder.serve();
    let ann = Member::new(&folder, &server, "ann@secret-shop.example");
    let site = ann.site();
    ann.campaign(&site);
    create(&folder, "bea@other.example");
    let olga = operator(&folder, &server.client, Timestamp::now());
    let accounts = folder.json(&["account", "list"]);
    let mut pages = vec![
        olga.get("/operator").text(),
        olga.get("/operator/way").text(),
    ];
    for item in accounts["items"].as_array().unwrap() {
        let id = item["id"].as_str().unwrap();
        pages.push(olga.get(&format!("/operator/accounts/{id}")).text());
    }
    for page in pages {
        for content in ["A shop", "secret-shop", "Spring", "shop.example/spring"] {
            assert!(!page.contains(content), "{content}: {page}");
        }
    }
}
