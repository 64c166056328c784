//! `GET /pixel` and `GET /imp`: an image whatever happens, a page for a frame.

use super::{is_not_kept, is_pixel};
use crate::harness::account::Shop;

#[test]
fn an_impression_is_a_pixel_that_is_stored() {
    let shop = Shop::strict();
    let path = format!(
        "/imp?campaign_id={}&pub_id={}",
        shop.campaign, shop.publisher
    );
    let answer = shop.server.client.get(path.clone());
    is_pixel(answer.is(200, "stored"));
    assert_eq!(answer.cookie(), None);
    let answer = shop.server.client.get(path + "&consent=1");
    is_pixel(answer.is(200, "stored"));
    assert!(answer.cookie().is_some());
    shop.wait_settled();
    assert_eq!(shop.report("").total("impressions"), 2);
}

#[test]
fn a_sale_is_a_pixel_that_is_stored() {
    let shop = Shop::strict();
    let path = shop.pixel_path("&txn_id=1&sale_amount=10.50&currency=EUR");
    is_pixel(shop.server.client.get(path).is(200, "stored"));
    let sale = shop.only_conversion();
    assert_eq!(sale.number("sale_amount_minor"), 1_050);
    assert_eq!(sale.id_of("campaign"), Some(shop.campaign.clone()));
    assert_eq!(sale.id_of("goal"), Some(shop.goal.clone()));
}

#[test]
fn a_pixel_that_names_nothing_is_unusable() {
    let shop = Shop::strict();
    for path in [
        "/pixel",
        "/pixel?adid=OPTIONAL",
        "/imp?campaign_id=%7Bcampaign%7D",
    ] {
        is_pixel(
            shop.server
                .client
                .get(path)
                .is(400, "rejected; campaign_unknown"),
        );
    }
}

#[test]
fn an_unknown_campaign_is_a_pixel_with_404() {
    let shop = Shop::strict();
    for path in [
        "/pixel?campaign_id=zzzzzzzz",
        "/pixel?site=zzzzzzzzzzzz",
        "/pixel?av=nonsense",
        "/imp?campaign_id=zzzzzzzz",
    ] {
        let answer = shop.server.client.get(path);
        assert_eq!(answer.status, 404, "{path}: {answer:?}");
        assert!(answer.said().starts_with("rejected; "), "{answer:?}");
        is_pixel(&answer);
    }
}

#[test]
fn what_belongs_to_a_known_site_is_counted_by_its_reason() {
    let shop = Shop::strict();
    let path = format!("/pixel?site={}&campaign_id=zzzzzzzz", shop.site_key);
    let answer = shop.server.client.get(path);
    is_pixel(answer.is(404, "rejected; unknown_campaign"));
    shop.wait_refused("unknown_campaign", 1);
    assert_eq!(shop.intake().accepted, 0);
}

#[test]
fn amounts_and_currencies_that_are_none_are_refused_and_counted() {
    let shop = Shop::strict();
    for amount in [
        "-5",
        "abc",
        "99999999999999999999",
        "1e400",
        "12;DROP",
        "-0.01",
    ] {
        let answer = shop
            .server
            .client
            .get(shop.pixel_path(&format!("&sale_amount={amount}")));
        is_pixel(answer.is(400, "rejected; bad_amount"));
    }
    for currency in ["QQQ", "EURO", "E", "%E2%82%AC"] {
        let more = format!("&sale_amount=1&currency={currency}");
        let answer = shop.server.client.get(shop.pixel_path(&more));
        is_pixel(answer.is(400, "rejected; unknown_currency"));
    }
    shop.wait_refused("bad_amount", 6);
    shop.wait_refused("unknown_currency", 4);
    assert!(shop.settled_conversions(0).is_empty());
    assert_eq!(shop.intake().accepted, 0);
}

#[test]
fn a_goal_that_the_campaign_does_not_have_is_no_conversion() {
    let shop = Shop::strict();
    let answer = shop
        .server
        .client
        .get(shop.pixel_path("&goal_id=nothing-like-it"));
    is_pixel(answer.is_one_of(&[200, 404]));
    shop.wait_refused("goal_unknown", 1);
    assert!(shop.settled_conversions(0).is_empty());
}

#[test]
fn a_frame_gets_a_small_page_with_the_same_statuses() {
    let shop = Shop::strict();
    let requests = [
        (shop.pixel_path("&txn_id=1&sale_amount=1"), 200),
        (shop.pixel_path("&sale_amount=x"), 400),
        ("/pixel?campaign_id=zzzzzzzz".to_owned(), 404),
    ];
    for (path, status) in requests {
        let client = &shop.server.client;
        let by_header = client
            .request("GET", path.clone())
            .header("sec-fetch-dest", "iframe")
            .send();
        let by_name = client.get(format!("{path}&fmt=iframe"));
        for answer in [by_header, by_name] {
            assert_eq!(answer.status, status, "{answer:?}");
            let media = answer.header("content-type").unwrap_or_default();
            assert!(media.starts_with("text/html"), "{answer:?}");
            assert!(answer.body.len() < 2_048, "{answer:?}");
            let text = answer.text().to_lowercase();
            assert!(text.contains("<!doctype html>") && !text.contains("<script"));
            is_not_kept(&answer);
        }
    }
    // The second one is the first one's duplicate: settling tells the account alone.
    shop.settled_conversions(1);
}

#[test]
fn head_prefetch_and_robots_are_answered_and_not_counted() {
    let shop = Shop::strict();
    let robot = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
    let imp = format!("/imp?campaign_id={}", shop.campaign);
    let paths = [
        (shop.pixel_path("&txn_id=9&sale_amount=5"), 200),
        (imp, 200),
        (shop.click_path(""), 302),
    ];
    for (path, status) in &paths {
        let client = &shop.server.client;
        let head = client.request("HEAD", path.as_str()).send();
        head.is(*status, "ignored; head");
        assert!(head.body.is_empty());
        for (name, value) in [
            ("sec-purpose", "prefetch"),
            ("sec-purpose", "prefetch;prerender"),
            ("purpose", "prefetch"),
        ] {
            let early = client
                .request("GET", path.as_str())
                .header(name, value)
                .send();
            early.is(*status, "ignored; prefetch");
        }
        let bot = client
            .request("GET", path.as_str())
            .header("user-agent", robot)
            .send();
        bot.is(*status, "ignored; bot");
    }
    shop.wait_refused("head", 3);
    shop.wait_refused("prefetch", 9);
    shop.wait_refused("bot", 3);
    let report = shop.report("");
    assert_eq!(
        report.totals(["clicks", "impressions", "conversions"]),
        [0, 0, 0]
    );
    assert_eq!(shop.intake().accepted, 0);
}

#[test]
fn a_sale_of_another_account_stays_with_nobody() {
    let shop = Shop::strict();
    let other = crate::harness::account::Account::create(&shop.folder, &shop.server);
    let (_, other_key) = other.api.create_site("Other", &["other.example"], "strict");
    let theirs = other.api.create_publisher("Theirs", &["THEIR-CODE"]);
    let path = format!(
        "/pixel?site={other_key}&campaign_id={}&sale_amount=1",
        shop.campaign
    );
    let answer = shop.server.client.get(path);
    assert_eq!(answer.status, 404, "{answer:?}");
    let click = format!("/click?campaign_id={}&pub_id={theirs}", shop.campaign);
    shop.server.client.get(click).is_redirect();
    shop.pixel("&txn_id=1&sale_amount=1&coupon_code=THEIR-CODE");
    let sale = shop.only_conversion();
    assert_eq!(sale.id_of("publisher"), None);
    sale.has_note("unknown_coupon");
    assert_eq!(
        shop.report("&group_by=publisher").row("publisher", None)["clicks"],
        1
    );
    other.api.settled_conversions(0);
    assert_eq!(other.api.report("").total("clicks"), 0);
    assert_eq!(other.api.intake().accepted, 0);
}
