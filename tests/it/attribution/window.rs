//! The attribution window. No client can be made to wait a month, so the older
//! click ids are minted here, with the folder's own keys and the product's code.

use jiff::ToSpan;
use pixelkeep::clock::Timestamp;
use pixelkeep::crypto::{ClickIds, Keys, MasterKey};
use serde_json::json;

use crate::harness::account::{Shop, campaign, goal};

/// A click id of this shop's publisher, given out so many hours ago.
fn minted(shop: &Shop, campaign: &str, hours: i64) -> String {
    let data = shop.folder.data();
    let master = MasterKey::load(&data.join("master.key"), None).unwrap();
    let keys = Keys::open(&data.join("keyring"), &master).unwrap();
    let at = jiff::Timestamp::now() - hours.hours();
    let (_, text) = ClickIds::new(keys)
        .mint(
            shop.account.id.parse().unwrap(),
            campaign.parse().unwrap(),
            Some(shop.publisher.parse().unwrap()),
            0,
            Timestamp::from_millis(at.as_millisecond()),
        )
        .unwrap();
    text
}

#[test]
fn a_click_counts_to_the_last_hour_of_its_window_and_not_beyond() {
    let shop = Shop::strict();
    let mut body = campaign("Short", &shop.site, &[goal("sale")]);
    body["attribution_days"] = json!(7);
    let (id, _) = shop.create_campaign(body);
    for (txn, hours) in [(1, 7 * 24 - 1), (2, 7 * 24 + 1)] {
        let click = minted(&shop, &id, hours);
        let path = format!(
            "/pixel?campaign_id={id}&consent=1&txn_id={txn}&sale_amount=1&click_id={click}"
        );
        shop.server.client.get(path).is(200, "stored");
    }
    for sale in shop.settled_conversions(2) {
        if sale.txn() == Some("1") {
            assert_eq!(sale.credit(), "click_id");
        } else {
            assert_eq!(sale.credit(), "unattributed");
            assert_eq!(sale.id_of("publisher"), None);
            sale.has_note("outside_window");
        }
    }
}

#[test]
fn a_sale_of_days_ago_does_not_find_todays_click() {
    let shop = Shop::strict();
    let click = shop.click("&consent=1");
    let sale = json!({"id": crate::harness::marks::event_id(), "type": "conversion",
        "goal": "sale", "txn_id": "1", "sale_amount": "1", "click_id": click,
        "age_ms": 3 * 24 * 3_600_000_i64});
    shop.send_events(&[sale]);
    let sale = shop.only_conversion();
    assert_eq!(sale.credit(), "unattributed");
    sale.has_note("outside_window");
}

#[test]
fn bounds_of_the_window_are_checked_when_it_is_entered() {
    let shop = Shop::strict();
    for days in [json!(0), json!(91), json!(-1), json!("many"), json!(1.5)] {
        let mut body = campaign("Wrong", &shop.site, &[goal("sale")]);
        body["attribution_days"] = days;
        let answer = shop.call("POST", "campaigns", Some(&body));
        answer.is_one_of(&[400, 422]);
    }
}
