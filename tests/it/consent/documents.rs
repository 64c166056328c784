//! The privacy documents, written from the inventory and the live settings.

use serde_json::json;

use crate::console::Member;
use crate::harness::account::Shop;
use crate::harness::server::Folder;

const NAMES: [&str; 6] = [
    "record-of-processing",
    "cookies-and-storage",
    "notice",
    "processor-facts",
    "retention-evidence",
    "transfers",
];

const STATED: [(&str, &str); 7] = [
    ("controller", "Harbour Shop GmbH\nPier 7, Bremen"),
    ("contact", "privacy@shop.example"),
    ("officer", ""),
    ("region", "Frankfurt, DE"),
    ("framework", "stays_in_eea"),
    ("recipients", ""),
    ("notice_version", "4"),
];

#[test]
fn each_document_is_a_page_and_two_files_with_what_is_set_at_that_moment() {
    let folder = Folder::new();
    let server = folder.serve();
    let ann = Member::new(&folder, &server, "ann@shop.example");
    ann.site();
    let list = ann.get("/documents").text();
    assert!(
        list.contains("Not stated yet: who is responsible"),
        "{list}"
    );
    assert_eq!(ann.post("/documents", &STATED).status, 303);
    let list = ann.get("/documents").text();
    assert!(!list.contains("Not stated yet: ") && list.contains("Pier 7, Bremen"));
    let kept = [("class", "trail"), ("days", "41")];
    assert_eq!(ann.post("/retention", &kept).status, 303);
    for name in NAMES {
        assert!(
            list.contains(&format!("href=\"/documents/{name}\"")),
            "{name}"
        );
        let page = ann.get(&format!("/documents/{name}")).text();
        let file = ann.get(&format!("/documents/{name}/{name}.html"));
        let named = file.header("content-disposition").unwrap();
        assert_eq!(named, format!("attachment; filename=\"{name}.html\""));
        let html = file.text();
        assert!(html.starts_with("<!doctype html>") && html.contains("@media print"));
        for outside in ["<script", "<link", "src=", "url("] {
            assert!(!html.contains(outside), "{name}: {outside}");
        }
        let json = ann.get(&format!("/documents/{name}/{name}.json")).json();
        assert_eq!(json["name"], name);
        for text in [&page, &html, &json.to_string()] {
            let kept = name == "cookies-and-storage" || text.contains("41 days");
            let placed = text.contains("Frankfurt, DE");
            assert!(kept || placed, "{name}: {text}");
        }
    }
    let wrong = STATED.map(|(name, value)| match name {
        "framework" => (name, "privacy_shield"),
        "region" => (name, "Elsewhere"),
        _ => (name, value),
    });
    let refused = ann.post("/documents", &wrong);
    assert_eq!(refused.status, 400);
    assert!(refused.text().contains("no longer valid") && refused.text().contains("Elsewhere"));
    assert_eq!(ann.get("/documents/nothing").status, 404);
    assert_eq!(ann.get("/documents/notice/notice.pdf").status, 404);
}

#[test]
fn the_api_gives_a_document_as_a_page_to_who_asks_for_one() {
    let shop = Shop::strict();
    let ask = |accept: &str| {
        let path = "/api/v1/documents/record-of-processing";
        let request = shop.server.client.request("GET", path);
        let bearer = format!("Bearer {}", shop.account.api.token);
        let request = request.header("authorization", bearer);
        request.header("accept", accept).send()
    };
    let page = ask("text/html");
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert!(page.text().contains("<h2>Purposes (b)</h2>"), "{page:?}");
    assert_eq!(
        ask("application/json").json()["title"],
        "Record of processing"
    );
    assert_eq!(ask("*/*").json()["title"], "Record of processing");
}

#[test]
fn documents_tell_what_is_stated_and_what_is_live() {
    let shop = Shop::optout();
    let missing = shop.get("documents/record-of-processing").to_string();
    assert!(missing.contains("Not stated yet") && missing.contains("Missing: it must be declared"));
    shop.patch(
        "documents/facts",
        json!({"controller": "Harbour Shop GmbH", "contact": "privacy@shop.example",
            "region": "Frankfurt, DE", "framework": "stays_in_eea", "notice_version": 3}),
    );
    let names = [
        "record-of-processing",
        "notice",
        "transfers",
        "processor-facts",
    ];
    for name in names {
        let document = shop.get(&format!("documents/{name}"));
        assert_eq!(document["name"], name);
        assert!(document.to_string().contains("Frankfurt"), "{document}");
    }
    shop.click("&consent=1");
    shop.wait_clicks(1);
    let evidence = shop.get("documents/retention-evidence");
    let rows = evidence["sections"][0]["table"]["rows"].clone();
    assert_eq!(rows[0][3], "0 days", "{rows}");
    // The version of the notice stands in receipts from now on.
    assert_eq!(super::receipts(&shop, 1)[0]["notice_version"], 3);
    assert_eq!(shop.list("documents?all").len(), 6);
    assert!(shop.get("inventory").as_array().unwrap().len() > 20);
    assert_eq!(shop.call("GET", "documents/nothing", None).status, 404);
}

#[test]
fn the_privacy_shield_is_refused() {
    let shop = Shop::strict();
    let body = json!({"framework": "privacy_shield"});
    let answer = shop.call("PATCH", "documents/facts", Some(&body));
    assert_eq!(answer.status, 400);
    assert!(answer.text().contains("no longer valid"), "{answer:?}");
}
