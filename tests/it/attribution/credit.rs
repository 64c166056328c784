//! Click id, shared token, cookie, coupon, impression, nobody: in this order.

use serde_json::json;

use crate::harness::account::{Account, COUPON, Shop, campaign, goal};
use crate::harness::api::member;
use crate::harness::http::Answer;
use crate::harness::marks::event_id;
use crate::harness::rows::Conversion;

#[track_caller]
fn credited(sale: &Conversion, credit: &str, publisher: Option<&str>) {
    assert_eq!(sale.credit(), credit, "{}", sale.0);
    assert_eq!(sale.id_of("publisher").as_deref(), publisher, "{}", sale.0);
}

/// A request that carries this cookie.
fn with_cookie(shop: &Shop, path: String, cookie: &str) -> Answer {
    shop.server
        .client
        .request("GET", path)
        .header("cookie", cookie)
        .send()
}

#[test]
fn a_sale_with_a_click_id_is_the_clicks_publishers() {
    let shop = Shop::strict();
    let click = shop.click("&consent=1&source=mail&p1=green");
    shop.pixel(&format!(
        "&consent=1&txn_id=1&sale_amount=10&click_id={click}"
    ));
    credited(&shop.only_conversion(), "click_id", Some(&shop.publisher));
    let report = shop.report("&group_by=publisher,source");
    let row = report.row("publisher", Some(&shop.publisher));
    assert_eq!(row["source"], "mail");
    assert_eq!(
        (&row["clicks"], &row["conversions"]),
        (&json!(1), &json!(1))
    );
    report.adds_up();
}

#[test]
fn a_sale_without_consent_is_credited_by_the_token_that_everyone_has() {
    let shop = Shop::strict();
    let token = shop.click("");
    shop.pixel(&format!("&txn_id=1&sale_amount=10&click_id={token}"));
    let sale = shop.only_conversion();
    credited(&sale, "shared_token", Some(&shop.publisher));
    assert_eq!(sale.txn(), None, "kept as blind index only");
}

#[test]
fn a_sale_with_the_sealed_cookie_is_the_last_clicks_publishers() {
    let shop = Shop::strict();
    let second = shop.create_publisher("Second", &[]);
    let first = shop.server.client.get(shop.click_path("&consent=1"));
    let path = format!(
        "/click?campaign_id={}&pub_id={second}&consent=1",
        shop.campaign
    );
    let last = with_cookie(&shop, path, &first.cookie().unwrap());
    let cookie = last.cookie().unwrap();
    let pixel = shop.pixel_path("&consent=1&txn_id=1&sale_amount=10");
    with_cookie(&shop, pixel, &cookie).is(200, "stored");
    credited(&shop.only_conversion(), "cookie", Some(&second));
}

#[test]
fn the_cookie_of_somebody_who_agreed_speaks_for_a_pixel_that_says_nothing() {
    let shop = Shop::strict();
    let answer = shop.server.client.get(shop.click_path("&consent=1"));
    let cookie = answer.cookie().unwrap();
    let pixel = shop.pixel_path("&txn_id=1&sale_amount=10");
    with_cookie(&shop, pixel, &cookie).is(200, "stored");
    credited(&shop.only_conversion(), "cookie", Some(&shop.publisher));
}

#[test]
fn after_a_refusal_the_cookie_is_neither_read_nor_left() {
    let shop = Shop::strict();
    let answer = shop.server.client.get(shop.click_path("&consent=1"));
    let cookie = answer.cookie().unwrap();
    let refused = shop.pixel_path("&consent=0&txn_id=1&sale_amount=10");
    let gpc = shop.pixel_path("&consent=1&txn_id=2&sale_amount=10");
    let request = |path: String, gpc: &str| {
        let request = shop.server.client.request("GET", path);
        let request = request.header("cookie", cookie.clone());
        request.header("sec-gpc", gpc).send()
    };
    for answer in [request(refused, "0"), request(gpc, "1")] {
        answer.is(200, "stored");
        let taken_back = answer.header("set-cookie").unwrap_or_default();
        assert!(taken_back.contains("Max-Age=0"), "{answer:?}");
    }
    for sale in shop.settled_conversions(2) {
        credited(&sale, "unattributed", None);
    }
}

#[test]
fn in_optout_the_cookie_works_until_the_visitor_objects() {
    let shop = Shop::optout();
    let cookie = shop
        .server
        .client
        .get(shop.click_path(""))
        .cookie()
        .unwrap();
    with_cookie(&shop, shop.pixel_path("&txn_id=1&sale_amount=1"), &cookie).is(200, "stored");
    credited(&shop.only_conversion(), "cookie", Some(&shop.publisher));
    let objected = shop.pixel_path("&txn_id=2&sale_amount=1&consent=0");
    with_cookie(&shop, objected, &cookie).is(200, "stored");
    credited(&shop.settled_conversions(2)[0], "unattributed", None);
}

#[test]
fn a_coupon_credits_its_publisher_without_any_click() {
    let shop = Shop::strict();
    let code = COUPON.to_lowercase();
    shop.pixel(&format!(
        "&txn_id=1&sale_amount=10&coupon_code=%20{code}%20"
    ));
    credited(&shop.only_conversion(), "coupon", Some(&shop.publisher));
}

#[test]
fn a_sale_that_nothing_leads_to_is_nobodys() {
    let shop = Shop::strict();
    shop.pixel("&txn_id=1&sale_amount=10&coupon_code=NOBODYS&click_id=invented");
    let sale = shop.only_conversion();
    credited(&sale, "unattributed", None);
    sale.has_note("unknown_coupon");
    sale.has_note("bad_click_id");
}

#[test]
fn what_the_request_carries_outranks_the_cookie_and_the_cookie_the_coupon() {
    let shop = Shop::strict();
    let second = shop.create_publisher("Second", &[]);
    let third = shop.create_publisher("Third", &["THIRD"]);
    let cookie = shop
        .server
        .client
        .get(shop.click_path("&consent=1"))
        .cookie()
        .unwrap();
    let path = format!(
        "/click?campaign_id={}&pub_id={second}&consent=1",
        shop.campaign
    );
    let click = shop
        .server
        .client
        .get(path)
        .landing_parameter("click_id")
        .unwrap();
    let all = shop.pixel_path(&format!(
        "&consent=1&txn_id=1&sale_amount=1&coupon_code=third&click_id={click}"
    ));
    with_cookie(&shop, all, &cookie).is(200, "stored");
    credited(&shop.only_conversion(), "click_id", Some(&second));
    let both = shop.pixel_path("&consent=1&txn_id=2&sale_amount=1&coupon_code=third");
    with_cookie(&shop, both, &cookie).is(200, "stored");
    credited(
        &shop.settled_conversions(2)[0],
        "cookie",
        Some(&shop.publisher),
    );
    shop.pixel("&consent=1&txn_id=3&sale_amount=1&coupon_code=third");
    credited(&shop.settled_conversions(3)[0], "coupon", Some(&third));
}

#[test]
fn a_click_of_another_campaign_does_not_match_and_the_reason_is_kept() {
    let shop = Shop::strict();
    let (other, _) = shop.create_campaign(campaign("Other", &shop.site, &[goal("sale")]));
    let click = shop.click("&consent=1");
    let path =
        format!("/pixel?campaign_id={other}&consent=1&txn_id=1&sale_amount=1&click_id={click}");
    shop.server.client.get(path).is(200, "stored");
    let sale = shop.only_conversion();
    credited(&sale, "unattributed", None);
    assert_eq!(sale.id_of("campaign"), Some(other));
    sale.has_note("other_campaign");
}

#[test]
fn a_click_id_of_another_account_is_none() {
    let shop = Shop::strict();
    let other = Account::create(&shop.folder, &shop.server);
    let (site, _) = other.api.create_site("Other", &["shop.example"], "strict");
    let (theirs, _) = other
        .api
        .create_campaign(campaign("Theirs", &site, &[goal("sale")]));
    for consent in ["&consent=1", ""] {
        let click = shop
            .server
            .client
            .get(format!("/click?campaign_id={theirs}{consent}"))
            .landing_parameter("click_id")
            .unwrap();
        shop.pixel(&format!("&consent=1&sale_amount=1&click_id={click}"));
    }
    for sale in shop.settled_conversions(2) {
        credited(&sale, "unattributed", None);
        sale.has_note("bad_click_id");
    }
}

#[test]
fn a_changed_letter_makes_a_click_id_worthless() {
    let shop = Shop::strict();
    for id in [shop.click("&consent=1"), shop.click("")] {
        for at in [1, id.len() / 2, id.len() - 2] {
            let mut letters: Vec<char> = id.chars().collect();
            letters[at] = if letters[at] == 'A' { 'B' } else { 'A' };
            let forged: String = letters.into_iter().collect();
            shop.pixel(&format!("&consent=1&sale_amount=1&click_id={forged}"));
        }
    }
    for sale in shop.settled_conversions(6) {
        credited(&sale, "unattributed", None);
    }
}

#[test]
fn with_the_site_alone_the_campaign_is_the_clicks_else_the_only_one_with_the_goal() {
    let shop = Shop::strict();
    let (other, _) =
        shop.create_campaign(campaign("Other", &shop.site, &[goal("sale"), goal("lead")]));
    let pixel = |more: &str| {
        let path = format!("/pixel?site={}&consent=1&{more}", shop.site_key);
        shop.server.client.get(path)
    };
    let click = shop.click("&consent=1");
    pixel(&format!(
        "goal_id=sale&txn_id=1&sale_amount=1&click_id={click}"
    ))
    .is(200, "stored");
    let first = shop.only_conversion();
    assert_eq!(first.id_of("campaign"), Some(shop.campaign.clone()));
    credited(&first, "click_id", Some(&shop.publisher));
    pixel("goal_id=lead&txn_id=2").is(200, "stored");
    assert_eq!(
        shop.settled_conversions(2)[0].id_of("campaign"),
        Some(other)
    );
    // Two campaigns have a goal `sale`, and nothing tells which one is meant.
    pixel("goal_id=sale&txn_id=3&sale_amount=1").is(200, "stored");
    shop.wait_refused("campaign_unknown", 1);
    shop.settled_conversions(2);
}

#[test]
fn an_impression_counts_only_where_the_campaign_says_so() {
    for (days, credit) in [(0, "unattributed"), (1, "impression")] {
        let shop = Shop::strict();
        let mut body = campaign("Shown", &shop.site, &[goal("sale")]);
        body["view_through_days"] = json!(days);
        let id = member(&shop.post("campaigns", body), "id");
        let imp = format!("/imp?campaign_id={id}&pub_id={}&consent=1", shop.publisher);
        let cookie = shop.server.client.get(imp).cookie().unwrap();
        let pixel = format!("/pixel?campaign_id={id}&consent=1&txn_id=1&sale_amount=1");
        with_cookie(&shop, pixel, &cookie).is(200, "stored");
        let publisher = (days > 0).then_some(shop.publisher.as_str());
        credited(&shop.only_conversion(), credit, publisher);
    }
}

#[test]
fn the_sdks_sale_is_credited_by_the_click_id_it_carries() {
    let shop = Shop::strict();
    let click = shop.click("&consent=1");
    let sale = json!({"id": event_id(), "type": "conversion", "goal": "sale", "txn_id": "1",
        "sale_amount": "20.00", "click_id": click, "age_ms": 0});
    shop.send_events(&[sale]);
    credited(&shop.only_conversion(), "click_id", Some(&shop.publisher));
}

#[test]
fn a_conversion_is_decided_once_and_later_clicks_never_move_it() {
    let shop = Shop::strict();
    shop.pixel("&consent=1&txn_id=1&sale_amount=1");
    let before = shop.only_conversion();
    let click = shop.click("&consent=1");
    shop.pixel(&format!(
        "&consent=1&txn_id=1&sale_amount=1&click_id={click}"
    ));
    assert_eq!(shop.only_conversion(), before);
    let shop = shop.restarted();
    assert_eq!(shop.only_conversion(), before);
}
