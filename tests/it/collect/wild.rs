//! Pixels as they stand on real websites, broken in the ways seen there: each ends
//! in a conversion, or in a rejection with a reason, and the account is told.

use super::is_pixel;
use crate::harness::account::Shop;
use crate::harness::rows::Conversion;

/// Fires a pixel with this query behind its campaign; gives the conversion.
#[track_caller]
fn converted(more: &str) -> Conversion {
    let shop = Shop::strict();
    let answer = shop
        .server
        .client
        .get(shop.pixel_path(&format!("&consent=1&{more}")));
    is_pixel(answer.is(200, "stored"));
    shop.only_conversion()
}

#[test]
fn a_doubled_name_is_taken_off() {
    let sale = converted("txn_id=txn_id=1001&sale_amount=10");
    assert_eq!(sale.txn(), Some("1001"));
    sale.has_note("doubled_name");
}

#[test]
fn placeholders_that_nobody_filled_are_empty_and_noted() {
    let shop = Shop::strict();
    let placeholders = [
        "{Lead_ID}",
        "%7BLead_ID%7D",
        "[order]",
        "{{%20order_number%20}}",
        "OPTIONAL",
        "REPLACE",
        "TRANSACTION_ID",
        "undefined",
        "null",
        "NaN",
        "$EMAIL",
    ];
    for text in placeholders {
        shop.pixel(&format!(
            "&consent=1&sale_amount=1&txn_id={text}&sub1={text}"
        ));
    }
    // With neither transaction nor click each of them counts.
    for sale in shop.settled_conversions(placeholders.len()) {
        assert_eq!(sale.txn(), None);
        sale.has_note("unreplaced_macro");
        sale.has_note("missing_transaction");
    }
}

#[test]
fn a_placeholder_where_the_amount_belongs_is_a_conversion_or_a_reason() {
    for text in ["{amount}", "OPTIONAL", "%7B%7Btotal%7D%7D"] {
        let sale = converted(&format!("txn_id=5&sale_amount={text}"));
        assert_eq!(sale.number("sale_amount_minor"), 0);
        sale.has_note("unreplaced_macro");
    }
    let shop = Shop::strict();
    let answer = shop
        .server
        .client
        .get(shop.pixel_path("&txn_id=5&sale_amount=Amount"));
    is_pixel(answer.is(400, "rejected; bad_amount"));
    shop.wait_refused("bad_amount", 1);
}

#[test]
fn html_that_was_escaped_once_too_often_is_read() {
    let sale = converted("amp;txn_id=55&amp;sale_amount=12,50&amp;currency=EUR");
    assert_eq!(sale.txn(), Some("55"));
    assert_eq!(sale.number("sale_amount_minor"), 1_250);
    sale.has_note("escaped_separator");
}

#[test]
fn empty_values_are_no_values() {
    let sale = converted("txn_id=7&sale_amount=10&sub1=&sub2=&sub3&currency=&coupon_code=&status=");
    assert_eq!(sale.txn(), Some("7"));
    assert_eq!(sale.status(), "approved");
    assert_eq!(sale.notes(), Vec::<String>::new());
}

#[test]
fn thousands_are_grouped_in_every_way() {
    let shop = Shop::strict();
    let amounts = [
        ("1,299.00", 129_900),
        ("1.299,00", 129_900),
        ("1,299", 129_900),
        ("1.299", 129_900),
        ("1%20299,5", 129_950),
        ("1%27299.50", 129_950),
        ("49,9", 4_990),
        ("0", 0),
    ];
    for (n, (text, _)) in amounts.iter().enumerate() {
        shop.pixel(&format!("&consent=1&txn_id={n}&sale_amount={text}"));
    }
    for sale in shop.settled_conversions(amounts.len()) {
        let (text, minor) = amounts[sale.txn().unwrap().parse::<usize>().unwrap()];
        assert_eq!(sale.number("sale_amount_minor"), minor, "{text}");
    }
}

#[test]
fn an_unclosed_tag_does_not_cost_the_sale() {
    let sale = converted("sale_amount=10&txn_id=8%22%20width%3D1%20%3Cbr");
    assert!(sale.txn().unwrap().starts_with('8'));
}

#[test]
fn an_order_number_where_the_amount_belongs_is_a_rejection_with_a_reason() {
    let shop = Shop::strict();
    let answer = shop
        .server
        .client
        .get(shop.pixel_path("&goal_value=REF-2024-77&txn_id=1"));
    is_pixel(answer.is(400, "rejected; bad_amount"));
    shop.wait_refused("bad_amount", 1);
    shop.settled_conversions(0);
}

#[test]
fn an_email_address_as_transaction_counts_once() {
    let shop = Shop::strict();
    for _ in 0..2 {
        shop.pixel("&consent=1&txn_id=ann%40mail.example&sale_amount=3");
    }
    shop.only_conversion();
}

#[test]
fn a_sale_without_an_amount_counts_with_nothing_and_a_note() {
    let sale = converted("txn_id=9");
    assert_eq!(sale.number("sale_amount_minor"), 0);
    sale.has_note("amount_missing");
}

#[test]
fn a_status_that_nobody_knows_leaves_it_to_the_goal() {
    let sale = converted("txn_id=9&sale_amount=1&status=maybe");
    assert_eq!(sale.status(), "approved");
    sale.has_note("bad_status");
}

#[test]
fn old_names_and_a_pixel_loaded_as_a_script_work() {
    let shop = Shop::strict();
    let path = format!(
        "/pixel?av={}&goal_value=9.90&txn_id=1&__v=4.5&s=websdk",
        shop.site_key
    );
    let answer = shop
        .server
        .client
        .request("GET", path)
        .header("sec-fetch-dest", "script")
        .send();
    is_pixel(answer.is(200, "stored"));
    let sale = shop.only_conversion();
    assert_eq!(sale.number("sale_amount_minor"), 990);
    assert_eq!(sale.id_of("campaign"), Some(shop.campaign.clone()));
}

#[test]
fn a_secret_in_a_page_is_no_server_error() {
    let shop = Shop::strict();
    let path = format!(
        "/acquisition?campaign_id={}&security_token=abc&txn_id=1",
        shop.campaign
    );
    let answer = shop
        .server
        .client
        .request("GET", path)
        .header("referer", "https://shop.example/thanks")
        .header("sec-fetch-mode", "no-cors")
        .send();
    assert_eq!(answer.status, 403, "{answer:?}");
}
