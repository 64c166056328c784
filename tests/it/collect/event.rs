//! `POST /event`: one verdict a hit, and an answer that any page may read.

use serde_json::{Value, json};

use crate::harness::account::Shop;
use crate::harness::http::Answer;
use crate::harness::marks::event_id;

fn view() -> Value {
    json!({"id": event_id(), "type": "view", "age_ms": 0, "url": "https://shop.example/", "referrer": ""})
}

fn sale(txn: &str, amount: &str) -> Value {
    json!({"id": event_id(), "type": "conversion", "age_ms": 0, "goal": "sale", "txn_id": txn,
        "sale_amount": amount, "currency": "EUR", "url": "https://shop.example/thanks"})
}

#[track_caller]
fn verdicts(answer: &Answer) -> Vec<(String, String)> {
    assert_eq!(answer.status, 200, "{answer:?}");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    answer.json()["verdicts"]
        .as_array()
        .unwrap_or_else(|| panic!("{answer:?}"))
        .iter()
        .map(|verdict| (text(&verdict["verdict"]), text(&verdict["reason"])))
        .collect()
}

fn pair(verdict: &str, reason: &str) -> (String, String) {
    (verdict.to_owned(), reason.to_owned())
}

#[test]
fn views_and_sales_are_stored_and_any_page_may_read_the_verdicts() {
    let shop = Shop::strict();
    let hits = [view(), view(), sale("1", "12.34")];
    let answer = shop.server.client.event(&shop.events(&hits));
    assert_eq!(verdicts(&answer), vec![pair("stored", ""); 3]);
    let body = answer.json();
    for (verdict, hit) in body["verdicts"].as_array().unwrap().iter().zip(&hits) {
        assert_eq!(verdict["id"], hit["id"]);
    }
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert_eq!(answer.header("access-control-allow-credentials"), None);
    assert_eq!(answer.header("set-cookie"), None);
    let sale = shop.only_conversion();
    assert_eq!(sale.number("sale_amount_minor"), 1_234);
    assert_eq!(shop.report("").total("views"), 2);
}

#[test]
fn an_amount_may_be_a_number_too() {
    let shop = Shop::strict();
    let mut hit = sale("1", "");
    hit["sale_amount"] = json!(1299.5);
    shop.send_events(&[hit]);
    assert_eq!(shop.only_conversion().number("sale_amount_minor"), 129_950);
}

#[test]
fn an_id_that_came_before_is_a_duplicate_however_it_came() {
    let shop = Shop::strict();
    let hit = sale("1", "5");
    let twice = shop.events(&[hit.clone(), hit.clone()]);
    let both = verdicts(&shop.server.client.event(&twice));
    assert_eq!(both, [pair("stored", ""), pair("duplicate", "")]);
    let again = verdicts(&shop.server.client.event(&shop.events(&[view(), hit])));
    assert_eq!(again, [pair("stored", ""), pair("duplicate", "")]);
    shop.only_conversion();
    assert_eq!(shop.report("").total("views"), 1);
}

#[test]
fn an_id_counts_once_across_a_restart() {
    let shop = Shop::strict();
    let hit = view();
    shop.send_events(std::slice::from_ref(&hit));
    let shop = shop.restarted();
    // What was settled before the restart is told as a duplicate to the account alone.
    let again = verdicts(&shop.server.client.event(&shop.events(&[hit])));
    assert!(["stored", "duplicate"].contains(&again[0].0.as_str()));
    shop.wait_settled();
    assert_eq!(shop.report("").total("views"), 1);
}

#[test]
fn each_hit_that_cannot_be_used_is_told_why() {
    let shop = Shop::strict();
    let with = |name: &str, value: Value| {
        let mut hit = sale("1", "5");
        hit[name] = value;
        hit
    };
    let eight_days = 8 * 24 * 3_600_000_i64;
    let hits = [
        with("id", json!("not an id")),
        with("age_ms", json!(eight_days)),
        with("sale_amount", json!("-5")),
        with("sale_amount", json!("99999999999999999999")),
        with("currency", json!("QQQ")),
        view(),
    ];
    let answer = shop.server.client.event(&shop.events(&hits));
    let wanted = [
        pair("rejected", "bad_id"),
        pair("rejected", "too_old"),
        pair("rejected", "bad_amount"),
        pair("rejected", "bad_amount"),
        pair("rejected", "unknown_currency"),
        pair("stored", ""),
    ];
    assert_eq!(verdicts(&answer), wanted);
    for (reason, count) in [
        ("bad_id", 1),
        ("too_old", 1),
        ("bad_amount", 2),
        ("unknown_currency", 1),
    ] {
        shop.wait_refused(reason, count);
    }
    shop.settled_conversions(0);
    assert_eq!(shop.intake().accepted, 1);
}

#[test]
fn a_hit_of_a_type_that_does_not_exist_is_no_server_error() {
    let shop = Shop::strict();
    for (name, value) in [
        ("type", json!("purchase")),
        ("type", json!(7)),
        ("age_ms", json!(-1)),
        ("age_ms", json!("soon")),
        ("age_ms", json!(1e300)),
        ("url", json!({"nested": []})),
        ("sub1", json!([1, 2])),
        ("id", json!(null)),
    ] {
        let mut hit = view();
        hit[name] = value;
        let answer = shop.server.client.event(&shop.events(&[hit.clone()]));
        answer.is_one_of(&[200, 400]);
    }
    shop.server.assert_calm();
}

#[test]
fn at_most_256_hits_and_64_kib() {
    let shop = Shop::strict();
    let many: Vec<Value> = (0..256)
        .map(|_| json!({"id": event_id(), "type": "view"}))
        .collect();
    let full = verdicts(&shop.server.client.event(&shop.events(&many)));
    assert!(
        full.iter().all(|(verdict, _)| verdict == "stored"),
        "{full:?}"
    );
    let one_more = [many.as_slice(), &[view()]].concat();
    let answer = shop.server.client.event(&shop.events(&one_more));
    answer.is_one_of(&[400, 413]);
    assert_eq!(answer.said(), "rejected; too_many", "{answer:?}");
    let mut large = view();
    large["sub1"] = json!("x".repeat(65_536));
    let answer = shop.server.client.event(&shop.events(&[large]));
    answer.is_one_of(&[400, 413]);
    assert_eq!(answer.said(), "rejected; too_large", "{answer:?}");
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert_eq!(shop.intake().accepted, 256);
}

#[test]
fn a_body_that_is_no_json_is_refused() {
    let shop = Shop::strict();
    for body in [
        "",
        "{",
        "[]",
        "null",
        "\"\"",
        "{\"site\":1}",
        "\u{feff}",
        "{\"hits\":[]}",
    ] {
        let answer = shop
            .server
            .client
            .request("POST", "/event")
            .body(body)
            .send();
        answer.is_one_of(&[400, 404]);
        assert!(
            answer.said().starts_with("rejected; "),
            "{body:?}: {answer:?}"
        );
    }
    let deep = format!("{{\"site\":{}1{}}}", "[".repeat(20_000), "]".repeat(20_000));
    let answer = shop
        .server
        .client
        .request("POST", "/event")
        .body(deep)
        .send();
    answer.is_one_of(&[400, 404, 413]);
    let broken = [b"{\"site\":\"".as_slice(), &[0xff, 0xfe], b"\"}"].concat();
    let answer = shop
        .server
        .client
        .request("POST", "/event")
        .body(broken)
        .send();
    answer.is_one_of(&[400, 404]);
    shop.server.assert_calm();
}

#[test]
fn an_unknown_site_is_a_404_that_the_page_may_read() {
    let shop = Shop::strict();
    let mut body = shop.events(&[view()]);
    body["site"] = json!("zzzzzzzzzzzz");
    let answer = shop.server.client.event(&body);
    answer.is(404, "rejected; unknown_site");
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
}

#[test]
fn robots_are_answered_and_not_counted() {
    let shop = Shop::strict();
    let robot = "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)";
    let answer = shop
        .server
        .client
        .request("POST", "/event")
        .header("user-agent", robot)
        .body(shop.events(&[view(), sale("1", "1")]).to_string())
        .send();
    assert_eq!(verdicts(&answer), vec![pair("ignored", "bot"); 2]);
    shop.wait_refused("bot", 2);
    assert_eq!(shop.intake().accepted, 0);
}

#[test]
fn a_late_hit_stands_at_the_instant_it_happened() {
    let shop = Shop::strict();
    let mut late = sale("1", "5");
    let two_days = 2 * 24 * 3_600_000_i64;
    late["age_ms"] = json!(two_days);
    shop.send_events(&[late]);
    let at = shop.only_conversion().at().as_millisecond();
    let happened = jiff::Timestamp::now().as_millisecond() - two_days;
    assert!((at - happened).abs() < 30_000, "{at} instead of {happened}");
}
