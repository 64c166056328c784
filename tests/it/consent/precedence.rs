//! Which of several statements holds, seen from outside: an objection outweighs a grant,
//! whoever was erased stays unknown, and a withdrawal holds from the very next hit.

use serde_json::{Value, json};

use super::receipts;
use crate::harness::account::Shop;
use crate::harness::http::Answer;

const VISITOR: &str = "77777777777777777777777777777777";

/// A click of the tracking link by a browser with these headers.
fn click(shop: &Shop, more: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = shop.server.client.request("GET", shop.click_path(more));
    for &(name, value) in headers {
        request = request.header(name, value);
    }
    let answer = request.send();
    answer.is_redirect();
    answer
}

/// One event of a visitor who agreed.
fn event(shop: &Shop, number: usize, visitor: &str) -> Answer {
    let hit =
        json!({"id": format!("{number:032x}"), "type": "click", "campaign_id": shop.campaign});
    let body =
        json!({"site": shop.site_key, "consent": "granted", "visitor": visitor, "hits": [hit]});
    shop.server.client.event(&body)
}

/// The most restrictive statement holds, so a grant that was made, or is repeated, while
/// Global Privacy Control was seen does not outweigh it.
#[test]
fn a_remembered_grant_does_not_outweigh_privacy_control() {
    let shop = Shop::strict();
    let cookie = click(&shop, "&consent=1", &[]).cookie().unwrap();
    receipts(&shop, 1);
    for more in ["", "&consent=1", "&consent=measurement,attribution,sharing"] {
        let answer = click(&shop, more, &[("cookie", &cookie), ("sec-gpc", "1")]);
        let set = answer.header("set-cookie").unwrap();
        assert!(set.contains("Max-Age=0"), "{more}: {set}");
        assert_ne!(answer.landing_parameter("click_id").unwrap().len(), 63);
    }
    // It objects and withdraws nothing: what was agreed to before stays as it was.
    assert_eq!(receipts(&shop, 1)[0]["privacy_control"], false);
    shop.wait_clicks(4);
    let report = shop.report("");
    assert_eq!(
        report.totals(["unique_clicks", "unidentified_clicks"]),
        [1, 3]
    );
}

/// Everything but the date, with what is random in it by its length.
fn shape(answer: &Answer, random: &str) -> (u16, Vec<(String, String)>, String) {
    let headers = answer.headers.iter().filter(|(name, _)| name != "date");
    let mut headers: Vec<_> = headers
        .map(|(name, value)| match name.as_str() {
            "location" | "set-cookie" => (name.clone(), value.len().to_string()),
            "x-pixelkeep" => (name.clone(), value.replace("unconfirmed", "stored")),
            _ => (name.clone(), value.clone()),
        })
        .collect();
    headers.sort();
    (answer.status, headers, answer.text().replace(random, ""))
}

#[test]
fn who_was_erased_gets_the_answers_of_anybody_and_nothing_of_them_is_kept() {
    let shop = Shop::strict();
    let erased = click(&shop, "&consent=1", &[]);
    let (gone, id) = (
        erased.cookie().unwrap(),
        erased.landing_parameter("click_id").unwrap(),
    );
    let stranger = click(&shop, "&consent=1", &[]).cookie().unwrap();
    event(&shop, 1, VISITOR);
    shop.wait_clicks(3);
    let account = &shop.account.id;
    for (option, value) in [("--click-id", id.as_str()), ("--visitor", VISITOR)] {
        let ask = [
            "privacy",
            "erase",
            "--account",
            account,
            option,
            value,
            "--yes",
        ];
        assert_eq!(shop.folder.json(&ask)["state"], "done");
    }
    let clicked = |cookie: &str| shape(&click(&shop, "&consent=1", &[("cookie", cookie)]), "");
    assert_eq!(clicked(&gone), clicked(&stranger));
    let told = |number: usize, visitor: &str| {
        shape(&event(&shop, number, visitor), &format!("{number:032x}"))
    };
    assert_eq!(told(2, VISITOR), told(3, &"8".repeat(32)));
    let fired = |cookie: &str| {
        let path = shop.pixel_path("&consent=1&sale_amount=5");
        let request = shop.server.client.request("GET", path);
        shape(&request.header("cookie", cookie).send(), "")
    };
    assert_eq!(fired(&gone), fired(&stranger));
    shop.wait_refused("erased_person", 3);
    shop.wait_settled();
    let report = shop.report("");
    assert_eq!(report.totals(["clicks", "conversions"]), [5, 1]);
    assert_eq!(held(&shop, VISITOR), 0);
}

#[test]
fn whoever_withdrew_is_nobody_from_the_very_next_hit_until_they_agree_anew() {
    let shop = Shop::strict();
    event(&shop, 1, VISITOR);
    let cookie = click(&shop, "&consent=1", &[]).cookie().unwrap();
    shop.wait_clicks(2);
    let told = json!([{"id": "9".repeat(32), "type": "consent"}]);
    let body =
        json!({"site": shop.site_key, "consent": "denied", "visitor": VISITOR, "hits": told});
    let begun = std::time::Instant::now();
    shop.server.client.event(&body);
    // No pause: what follows is decided after it, whatever the order of threads.
    event(&shop, 2, VISITOR);
    click(&shop, "&consent=0", &[("cookie", &cookie)]);
    click(&shop, "", &[("cookie", &cookie)]);
    // Objected until the erasure begins, erased from then on.
    crate::harness::eventually_is("hits refused", 2, || {
        let intake = shop.intake();
        intake.refused("objected") + intake.refused("erased_person")
    });
    eprintln!(
        "refused {} ms after the withdrawal",
        begun.elapsed().as_millis()
    );
    shop.wait_settled();
    let report = shop.report("");
    // The refusal itself is counted, and names nobody.
    assert_eq!(
        report.totals(["clicks", "unique_clicks", "unidentified_clicks"]),
        [3, 2, 1]
    );
    crate::harness::eventually("what was kept to go", || {
        (held(&shop, VISITOR) == 0).then_some(())
    });
    eprintln!(
        "gone {} ms after the withdrawal",
        begun.elapsed().as_millis()
    );

    // A newer yes makes somebody new.
    let anew = "5".repeat(32);
    event(&shop, 3, &anew);
    click(&shop, "&consent=1", &[]).cookie().unwrap();
    shop.wait_clicks(5);
    assert_eq!(held(&shop, &anew), 1);
    assert_eq!(shop.report("").total("unique_clicks"), 4);
}

fn held(shop: &Shop, visitor: &str) -> usize {
    let account = &shop.account.id;
    let ask = [
        "privacy",
        "find",
        "--account",
        account,
        "--visitor",
        visitor,
    ];
    let found: Value = shop.folder.json(&ask);
    found["hits"].as_array().unwrap().len()
}
