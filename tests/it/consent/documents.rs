//! The privacy documents, written from the inventory and the live settings.

use serde_json::json;

use crate::harness::account::Shop;

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
