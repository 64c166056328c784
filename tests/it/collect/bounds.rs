//! Every parameter has a bound: at it a hit is stored, beyond it it is refused.

use serde_json::json;

use super::is_pixel;
use crate::harness::account::Shop;
use crate::harness::marks::event_id;

/// Longest value of a parameter, and of an address, in bytes.
const VALUE_MAX: usize = 512;
const URL_MAX: usize = 2_048;

const BOUNDED: [&str; 10] = [
    "pub_id",
    "goal_id",
    "click_id",
    "txn_id",
    "status",
    "coupon_code",
    "source",
    "creative",
    "sub1",
    "sub15",
];

#[test]
fn a_value_beyond_its_bound_is_refused_in_a_pixel() {
    let shop = Shop::strict();
    let long = "x".repeat(VALUE_MAX + 1);
    for name in BOUNDED {
        let answer = shop
            .server
            .client
            .get(shop.pixel_path(&format!("&{name}={long}")));
        is_pixel(answer.is(400, "rejected; too_long"));
    }
    shop.wait_refused("too_long", BOUNDED.len() as u64);
    assert_eq!(shop.intake().accepted, 0);
}

#[test]
fn a_value_at_its_bound_is_stored() {
    let shop = Shop::strict();
    for name in ["txn_id", "source", "creative", "sub1", "sub15", "p1", "p10"] {
        let value = format!("{name}{}", "x".repeat(VALUE_MAX - name.len()));
        let more = format!("&{name}={value}&sale_amount=1&consent=1");
        let answer = shop.server.client.get(shop.pixel_path(&more));
        is_pixel(answer.is(200, "stored"));
    }
    shop.settled_conversions(7);
}

#[test]
fn a_click_with_a_value_too_long_is_redirected_all_the_same() {
    let shop = Shop::strict();
    let long = "x".repeat(VALUE_MAX + 1);
    let answer = shop
        .server
        .client
        .get(shop.click_path(&format!("&p1={long}")));
    assert_eq!(answer.status, 302, "{answer:?}");
    assert!(!answer.is_stored(), "{answer:?}");
    shop.wait_refused("too_long", 1);
}

#[test]
fn parameters_beyond_the_last_number_are_not_known() {
    let shop = Shop::strict();
    let long = "x".repeat(VALUE_MAX + 1);
    shop.pixel(&format!(
        "&txn_id=1&sale_amount=1&sub16={long}&p11=y&sub0=z&utm_source=u"
    ));
    shop.only_conversion();
}

#[test]
fn the_sdks_values_have_the_same_bounds() {
    let shop = Shop::strict();
    let verdict = |more: (&str, String)| {
        let mut hit = json!({"id": event_id(), "type": "conversion", "goal": "sale",
            "age_ms": 0, "url": "https://shop.example/thanks", "sale_amount": "1"});
        hit[more.0] = json!(more.1);
        let answer = shop.server.client.event(&shop.events(&[hit]));
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["verdicts"][0].clone()
    };
    for name in ["txn_id", "sub1", "sub15", "coupon_code", "goal", "click_id"] {
        let refused = verdict((name, "x".repeat(VALUE_MAX + 1)));
        assert_eq!(refused["verdict"], "rejected", "{name}: {refused}");
        assert_eq!(refused["reason"], "too_long", "{name}: {refused}");
    }
    let long_url = format!("https://shop.example/{}", "x".repeat(URL_MAX));
    for name in ["url", "referrer"] {
        let refused = verdict((name, long_url.clone()));
        assert_ne!(refused["verdict"], "stored", "{name}: {refused}");
    }
    assert_eq!(
        verdict(("sub1", "x".repeat(VALUE_MAX)))["verdict"],
        "stored"
    );
    shop.settled_conversions(1);
}
