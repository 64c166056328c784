//! Consent works forward only.

use serde_json::{Value, json};

use crate::harness::account::Shop;

/// So many hits of one browser: with consent and id, or without either.
fn hits(shop: &Shop, from: usize, count: usize, consent: Option<(&str, &str)>) {
    let hits: Vec<Value> = (from..from + count)
        .map(|number| {
            json!({"id": format!("{number:032x}"), "type": "click", "campaign_id": shop.campaign,
                "url": format!("https://shop.example/page-{number}")})
        })
        .collect();
    let mut body = json!({"site": shop.site_key, "hits": hits});
    if let Some((answer, visitor)) = consent {
        body["consent"] = json!(answer);
        body["visitor"] = json!(visitor);
    }
    let answer = shop.server.client.event(&body);
    for said in answer.json()["verdicts"].as_array().unwrap() {
        assert_eq!(said["verdict"], "stored", "{answer:?}");
    }
}

#[test]
fn five_hits_consent_two_hits_and_two_are_the_visitors() {
    let shop = Shop::strict();
    let visitor = "77777777777777777777777777777777";
    hits(&shop, 1, 5, None);
    hits(&shop, 6, 2, Some(("granted", visitor)));
    shop.wait_settled();
    let report = shop.report("");
    assert_eq!(
        report.totals(["clicks", "unique_clicks", "unidentified_clicks"]),
        [7, 1, 5]
    );
}

#[test]
fn who_takes_consent_back_is_out_of_every_read_and_what_was_kept_goes() {
    let shop = Shop::strict();
    let visitor = "88888888888888888888888888888888";
    hits(&shop, 1, 5, None);
    hits(&shop, 6, 2, Some(("granted", visitor)));
    shop.wait_settled();
    assert_eq!(held(&shop, visitor), 2);
    let told = json!([{"id": "9".repeat(32), "type": "consent"}]);
    let body =
        json!({"site": shop.site_key, "consent": "denied", "visitor": visitor, "hits": told});
    let answer = shop.server.client.event(&body);
    assert_eq!(answer.json()["verdicts"][0]["verdict"], "stored");
    crate::harness::eventually("the visitor to be gone", || {
        (held(&shop, visitor) == 0).then_some(())
    });
    // No published figure changed, and nothing new is taken of them.
    assert_eq!(shop.report("").total("clicks"), 7);
    hits(&shop, 10, 1, Some(("granted", visitor)));
    shop.wait_settled();
    assert_eq!(held(&shop, visitor), 0);
}

/// How many hits are held of a visitor, as the command finds them.
fn held(shop: &Shop, visitor: &str) -> u64 {
    let found = shop.folder.run(&[
        "privacy",
        "find",
        "--account",
        &shop.account.id,
        "--visitor",
        visitor,
        "--json",
        "--data-dir",
        crate::harness::server::text(&shop.folder.data()),
    ]);
    let found: Value = serde_json::from_str(&found.stdout).unwrap_or_else(|_| panic!("{found:?}"));
    found["hits"].as_array().map_or(0, |hits| hits.len() as u64)
}
