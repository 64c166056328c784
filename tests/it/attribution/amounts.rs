//! What a conversion earns: rules, rounding, approval, other currencies.

use serde_json::{Value, json};

use crate::harness::account::{Shop, campaign};
use crate::harness::rows::Conversion;

fn percent(percent: Value) -> Value {
    json!({"kind": "percent", "percent": percent})
}

fn fixed(amount_minor: i64) -> Value {
    json!({"kind": "fixed", "amount_minor": amount_minor})
}

/// The conversion of a sale of `amount` under these rules.
#[track_caller]
fn earned(revenue: Value, payout: Value, amount: &str) -> (i64, i64) {
    let shop = Shop::strict();
    let goal = json!({"name": "sale", "revenue": revenue, "payout": payout, "approval": "auto"});
    let (id, _) = shop.create_campaign(campaign("Rules", &shop.site, &[goal]));
    let path = format!("/pixel?campaign_id={id}&txn_id=1&sale_amount={amount}");
    shop.server.client.get(path).is(200, "stored");
    let sale = shop.only_conversion();
    let report = shop.report("");
    let figures = (sale.number("revenue_minor"), sale.number("payout_minor"));
    assert_eq!(
        report.totals(["revenue_minor", "payout_minor"]),
        [figures.0, figures.1]
    );
    figures
}

#[test]
fn a_percentage_is_rounded_half_up_a_conversion() {
    assert_eq!(
        earned(percent(json!(12.5)), percent(json!(0.0001)), "1.00"),
        (13, 0)
    );
    assert_eq!(
        earned(percent(json!(10)), percent(json!("7.25")), "49.95"),
        (500, 362)
    );
    assert_eq!(earned(percent(json!(33.3333)), fixed(0), "0.15"), (5, 0));
}

#[test]
fn a_fixed_amount_does_not_ask_for_the_sale() {
    assert_eq!(earned(fixed(1_000), fixed(250), "0"), (1_000, 250));
}

#[test]
fn a_rule_beyond_its_bounds_is_refused_with_a_problem() {
    let shop = Shop::strict();
    for rule in [
        percent(json!(1.00001)),
        percent(json!(-1)),
        fixed(-1),
        json!({"kind": "fixed", "amount_minor": 1.5}),
        json!({"kind": "magic"}),
        json!("ten"),
    ] {
        let goal = json!({"name": "sale", "revenue": rule, "payout": fixed(0), "approval": "auto"});
        let body = campaign("Wrong", &shop.site, &[goal]);
        let answer = shop.call("POST", "campaigns", Some(&body));
        answer.is_one_of(&[400, 422]);
        assert_eq!(
            answer.header("content-type"),
            Some("application/problem+json")
        );
    }
}

fn pending_shop() -> Shop {
    let mut shop = Shop::strict();
    let goal = json!({"name": "sale", "revenue": percent(json!(10)), "payout": fixed(200),
        "approval": "pending"});
    let (id, goals) = shop.create_campaign(campaign("Held", &shop.site, &[goal]));
    shop.campaign = id;
    shop.goal = goals[0].clone();
    shop
}

#[test]
fn a_goal_that_waits_for_a_person_makes_pending_conversions() {
    let shop = pending_shop();
    shop.pixel("&txn_id=1&sale_amount=50&status=approved");
    let sale = shop.only_conversion();
    assert_eq!(
        sale.status(),
        "pending",
        "a browser's word approves nothing"
    );
    let money = [
        "sale_amount_minor",
        "pending_sale_amount_minor",
        "pending_revenue_minor",
    ];
    let counts = ["conversions", "approved", "pending"];
    assert_eq!(shop.report("").totals(money), [0, 5_000, 500]);
    assert_eq!(shop.report("").totals(counts), [1, 0, 1]);
    shop.change_conversion(&sale.id(), json!({"status": "approved"}));
    assert_eq!(shop.report("").totals(money), [5_000, 0, 0]);
    assert_eq!(shop.report("").totals(counts), [1, 1, 0]);
    assert_eq!(shop.report("").total("payout_minor"), 200);
}

#[test]
fn a_browser_may_hold_back_what_the_goal_would_approve() {
    let shop = Shop::strict();
    shop.pixel("&txn_id=1&sale_amount=50&status=pending");
    assert_eq!(shop.only_conversion().status(), "pending");
}

#[test]
fn a_correction_changes_what_the_conversion_earns() {
    let shop = Shop::strict();
    shop.pixel("&txn_id=1&sale_amount=50");
    let id = shop.only_conversion().id();
    let changed = shop.change_conversion(
        &id,
        json!({"status": "approved", "sale_amount_minor": 3_005}),
    );
    assert_eq!(changed.number("sale_amount_minor"), 3_005);
    assert_eq!(changed.number("revenue_minor"), 301);
    assert_eq!(
        shop.report("")
            .totals(["sale_amount_minor", "revenue_minor"]),
        [3_005, 301]
    );
    shop.change_conversion(&id, json!({"status": "rejected"}));
    let none = [
        "conversions",
        "sale_amount_minor",
        "revenue_minor",
        "payout_minor",
    ];
    assert_eq!(shop.report("").totals(none), [0; 4]);
    assert_eq!(shop.report("").total("rejected"), 1);
}

#[track_caller]
fn waits_for_its_rate(shop: &Shop, sale: &Conversion) {
    assert_eq!(sale.status(), "pending", "{}", sale.0);
    sale.has_note("rate_missing");
    let report = shop.report("");
    assert_eq!(
        report.totals(["conversions", "pending", "approved"]),
        [1, 1, 0]
    );
    let money = [
        "sale_amount_minor",
        "revenue_minor",
        "payout_minor",
        "pending_sale_amount_minor",
        "pending_revenue_minor",
        "pending_payout_minor",
    ];
    assert_eq!(report.totals(money), [0; 6]);
}

#[test]
fn another_currency_waits_for_its_rate_and_then_counts() {
    let shop = Shop::strict();
    shop.pixel("&txn_id=1&sale_amount=100&currency=USD");
    waits_for_its_rate(&shop, &shop.only_conversion());
    shop.patch("account", json!({"rates": {"USD": "0.92"}}));
    let sale = shop.only_conversion();
    assert_eq!(sale.number("sale_amount_minor"), 9_200);
    assert_eq!(sale.status(), "approved");
    let measures = ["approved", "pending", "sale_amount_minor", "revenue_minor"];
    assert_eq!(shop.report("").totals(measures), [1, 0, 9_200, 920]);
}

#[test]
fn another_currency_with_a_rate_counts_at_once() {
    let shop = Shop::strict();
    shop.patch("account", json!({"rates": {"USD": "0.92", "JPY": "0.006"}}));
    shop.pixel("&txn_id=1&sale_amount=100&currency=usd");
    shop.pixel("&txn_id=2&sale_amount=1000&currency=JPY");
    shop.pixel("&txn_id=3&sale_amount=1");
    shop.settled_conversions(3);
    assert_eq!(
        shop.report("").total("sale_amount_minor"),
        9_200 + 600 + 100
    );
}
