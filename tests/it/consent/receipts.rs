//! A receipt for each grant and withdrawal, and none that names anybody.

use serde_json::json;

use super::receipts;
use crate::harness::account::Shop;

const VISITOR: &str = "5eed5eed5eed5eed5eed5eed5eed5eed";

#[test]
fn a_cookies_yes_and_no_leave_a_receipt_each_and_nothing_else_does() {
    let shop = Shop::strict();
    let client = &shop.server.client;
    client.get(shop.click_path("")).is_redirect();
    client.get(shop.click_path("&consent=0")).is_redirect();
    let cookie = client.get(shop.click_path("&consent=1")).cookie().unwrap();
    let again = |more: &str| {
        let request = client.request("GET", shop.click_path(more));
        request.header("cookie", cookie.as_str()).send()
    };
    // Remembered and repeated: no further grant.
    again("").is_redirect();
    again("&consent=1").is_redirect();
    shop.pixel("&txn_id=1&sale_amount=5&consent=1");
    let [granted] = receipts(&shop, 1).try_into().unwrap();
    assert_eq!(granted["attribution"], "granted");
    assert_eq!(
        (&granted["way"], &granted["posture"]),
        (&json!("parameter"), &json!("strict"))
    );
    assert_eq!(granted["site"], json!(shop.site));

    let gone = again("&consent=0");
    assert!(gone.header("set-cookie").unwrap().contains("Max-Age=0"));
    let [_, denied] = receipts(&shop, 2).try_into().unwrap();
    assert_eq!(denied["attribution"], "denied");
}

#[test]
fn the_sdk_tells_both_with_an_id_of_its_own_and_a_repetition_counts_once() {
    let shop = Shop::strict();
    let tell = |id: &str, consent: &str, visitor: Option<&str>| {
        let hits = json!([{"id": id.repeat(32), "type": "consent"}]);
        let body =
            json!({"site": shop.site_key, "consent": consent, "visitor": visitor, "hits": hits});
        shop.server.client.event(&body).json()["verdicts"][0]["verdict"].clone()
    };
    assert_eq!(tell("1", "granted", Some(VISITOR)), "stored");
    assert_eq!(tell("1", "granted", Some(VISITOR)), "duplicate");
    assert_eq!(tell("2", "measurement", None), "stored");
    assert_eq!(tell("3", "denied", Some(VISITOR)), "stored");
    // A refusal by somebody who was never known withdraws nothing.
    assert_eq!(tell("4", "denied", None), "ignored");
    let told = receipts(&shop, 3);
    let of = |purpose: &str| -> Vec<String> {
        let words = told
            .iter()
            .map(|receipt| receipt[purpose].as_str().unwrap().to_owned());
        words.collect()
    };
    assert_eq!(of("measurement"), ["granted", "granted", "denied"]);
    assert_eq!(of("attribution"), ["granted", "denied", "denied"]);
    assert!(told.iter().all(|receipt| receipt["way"] == "sdk"));
    let text = json!(told).to_string();
    assert!(!text.contains(VISITOR) && !text.contains(&"1".repeat(32)));
    assert_eq!(shop.intake().accepted, 0, "an answer is no hit");
}

#[test]
fn receipts_outlive_a_restart_and_are_read_page_by_page() {
    let shop = Shop::strict();
    for _ in 0..3 {
        shop.click("&consent=1");
    }
    receipts(&shop, 3);
    // Told together, so of one instant.
    let hits: Vec<_> = ["5", "6", "7", "8"]
        .map(|id| json!({"id": id.repeat(32), "type": "consent"}))
        .into();
    let body = json!({"site": shop.site_key, "consent": "measurement", "hits": hits});
    let told = || shop.server.client.event(&body).json()["verdicts"].clone();
    assert_eq!(told()[3]["verdict"], "stored");
    let all = receipts(&shop, 7);
    let shop = shop.restarted();
    for limit in 1..=7 {
        let path = format!("consent-receipts?limit={limit}");
        assert_eq!(shop.list(&path), all, "by {limit}");
    }
    let again = shop.server.client.event(&body).json();
    assert_eq!(again["verdicts"][0]["verdict"], "stored", "acknowledged");
    shop.click("&consent=1");
    receipts(&shop, 8);
    let other = crate::harness::account::Account::create(&shop.folder, &shop.server);
    assert!(other.api.list("consent-receipts?limit=2").is_empty());
}
