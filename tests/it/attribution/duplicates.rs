//! One transaction id counts once a goal; without one, one click once a goal;
//! with neither, each counts. Whatever the order, however often, across restarts.

use serde_json::json;

use crate::harness::account::{Shop, campaign, goal};
use crate::harness::marks::event_id;

#[test]
fn a_transaction_counts_once_however_often_it_comes() {
    let shop = Shop::strict();
    for amount in ["10", "99", "10", "1"] {
        shop.pixel(&format!("&txn_id=A-1&sale_amount={amount}"));
    }
    let sale = shop.only_conversion();
    assert_eq!(
        sale.number("sale_amount_minor"),
        1_000,
        "the first one counts"
    );
    shop.wait_refused("duplicate", 3);
    assert_eq!(shop.report("").total("conversions"), 1);
}

#[test]
fn a_transaction_that_comes_by_all_ways_counts_once() {
    let shop = Shop::strict();
    let click = shop.click("&consent=1");
    shop.pixel("&consent=1&txn_id=A-1&sale_amount=10");
    shop.pixel(&format!(
        "&consent=1&txn_id=A-1&sale_amount=10&click_id={click}"
    ));
    shop.pixel("&txn_id=A-1&sale_amount=10&fmt=iframe");
    let by_sdk = json!({"id": event_id(), "type": "conversion", "goal": "sale",
        "txn_id": "A-1", "sale_amount": "10", "age_ms": 60_000});
    shop.send_events(&[by_sdk]);
    shop.only_conversion();
    shop.wait_refused("duplicate", 3);
}

#[test]
fn a_transaction_counts_once_a_goal() {
    let shop = Shop::strict();
    let (both, _) =
        shop.create_campaign(campaign("Both", &shop.site, &[goal("sale"), goal("lead")]));
    for goal in ["sale", "lead", "lead", "sale"] {
        let path = format!("/pixel?campaign_id={both}&goal_id={goal}&txn_id=1&sale_amount=1");
        shop.server.client.get(path).is(200, "stored");
    }
    shop.settled_conversions(2);
    shop.wait_refused("duplicate", 2);
}

#[test]
fn a_transaction_counts_once_across_restarts() {
    let mut shop = Shop::strict();
    for _ in 0..3 {
        shop.pixel("&txn_id=A-1&sale_amount=10");
        shop = shop.restarted();
    }
    shop.pixel("&txn_id=A-1&sale_amount=10");
    shop.only_conversion();
    shop.wait_refused("duplicate", 3);
}

#[test]
fn a_transaction_sent_at_the_same_moment_counts_once() {
    let shop = Shop::strict();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for n in 0..10 {
                    shop.pixel(&format!("&txn_id=T-{n}&sale_amount=1"));
                }
            });
        }
    });
    shop.settled_conversions(10);
    shop.wait_refused("duplicate", 70);
}

#[test]
fn without_a_transaction_one_click_counts_once_a_goal() {
    let shop = Shop::strict();
    let (both, _) =
        shop.create_campaign(campaign("Both", &shop.site, &[goal("sale"), goal("lead")]));
    let click = shop
        .server
        .client
        .get(format!("/click?campaign_id={both}&consent=1"))
        .landing_parameter("click_id")
        .unwrap();
    for goal in ["sale", "sale", "lead", "sale", "lead"] {
        let path = format!(
            "/pixel?campaign_id={both}&goal_id={goal}&consent=1&sale_amount=1&click_id={click}"
        );
        shop.server.client.get(path).is(200, "stored");
    }
    shop.settled_conversions(2);
    shop.wait_refused("duplicate", 3);
}

#[test]
fn with_neither_transaction_nor_click_of_its_own_each_counts() {
    let shop = Shop::strict();
    let token = shop.click("");
    for _ in 0..3 {
        shop.pixel("&sale_amount=1");
        // The shared token is everyone's, so it makes nobody a duplicate.
        shop.pixel(&format!("&sale_amount=1&click_id={token}"));
    }
    for sale in shop.settled_conversions(6) {
        sale.has_note("missing_transaction");
    }
}

#[test]
fn two_transactions_of_one_click_both_count() {
    let shop = Shop::strict();
    let click = shop.click("&consent=1");
    for txn in ["1", "2"] {
        shop.pixel(&format!(
            "&consent=1&txn_id={txn}&sale_amount=1&click_id={click}"
        ));
    }
    shop.settled_conversions(2);
}

#[test]
fn a_rejected_sale_still_holds_its_transaction() {
    let shop = Shop::strict();
    shop.pixel("&txn_id=1&sale_amount=1");
    let id = shop.only_conversion().id();
    shop.change_conversion(&id, json!({"status": "rejected"}));
    shop.pixel("&txn_id=1&sale_amount=1");
    shop.wait_settled();
    assert_eq!(shop.only_conversion().status(), "rejected");
}
