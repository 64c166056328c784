//! The page for visitors, over plain HTTP.

use std::io::Read;

use serde_json::json;

use super::{Person, found};
use crate::harness::account::Shop;
use crate::harness::http::Answer;

pub(super) fn post(shop: &Shop, path: &str, fields: &[(&str, &str)], cookie: &str) -> Answer {
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    shop.server
        .client
        .request("POST", path)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("origin", shop.server.url())
        .header("cookie", cookie)
        .body(body)
        .send()
}

pub(super) fn open(shop: &Shop, cookie: &str) -> String {
    let answer = shop
        .server
        .client
        .request("GET", "/privacy")
        .header("cookie", cookie)
        .send();
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.text()
}

/// The first subject that stands in a page's forms.
pub(super) fn subject(page: &str) -> String {
    let start = page.find("name=\"subject\" value=\"").expect("no form") + 22;
    page[start..].split('"').next().unwrap().to_owned()
}

/// A browser that followed a link with consent, and its cookie.
fn browser(shop: &Shop) -> String {
    let answer = shop
        .server
        .client
        .get(shop.click_path("&consent=1&p1=mine"));
    answer.is_redirect();
    let cookie = answer.cookie().expect("no cookie");
    shop.wait_settled();
    shop.wait_clicks(1);
    cookie
}

#[test]
fn a_browser_sees_takes_and_deletes_what_is_held_of_it() {
    let shop = Shop::strict();
    let cookie = browser(&shop);
    let page = open(&shop, &cookie);
    assert!(page.contains("A shop") && page.contains("mine"), "{page}");
    assert!(!page.contains("not recognised"));
    let subject = subject(&page);

    let zip = post(
        &shop,
        "/privacy/download",
        &[("subject", &subject)],
        &cookie,
    );
    assert_eq!(zip.header("content-type"), Some("application/zip"));
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(zip.body)).unwrap();
    let mut data = String::new();
    zip.by_name("data.json")
        .unwrap()
        .read_to_string(&mut data)
        .unwrap();
    assert!(data.contains("\"p1\": \"mine\""), "{data}");

    let sure = post(&shop, "/privacy/delete", &[("subject", &subject)], &cookie);
    assert!(sure.text().contains("Yes, delete everything"), "{sure:?}");
    assert!(
        open(&shop, &cookie).contains("mine"),
        "nothing may go before the yes"
    );
    let gone = post(
        &shop,
        "/privacy/delete",
        &[("subject", &subject), ("sure", "yes")],
        &cookie,
    );
    assert!(gone.text().contains("You are deleted"), "{gone:?}");
    assert!(
        gone.headers
            .iter()
            .any(|(name, value)| name == "set-cookie" && value.contains("Max-Age=0"))
    );
    let page = open(&shop, &cookie);
    assert!(
        !page.contains("mine") && page.contains("nothing is kept under it"),
        "{page}"
    );
}

#[test]
fn an_objection_holds_at_once_and_in_the_browser() {
    let shop = Shop::optout();
    let cookie = browser(&shop);
    let subject = subject(&open(&shop, &cookie));
    let done = post(&shop, "/privacy/object", &[("subject", &subject)], &cookie);
    assert!(done.text().contains("Nothing more is counted"), "{done:?}");
    let link = shop.click_path("");
    let with = |cookie: &str| {
        let request = shop.server.client.request("GET", link.clone());
        request.header("cookie", cookie).send()
    };
    with(&cookie).is_redirect();
    shop.wait_refused("objected", 1);
    let fresh = with("pk_objection=1");
    fresh.is_redirect();
    assert_eq!(
        fresh.cookie(),
        None,
        "an id was given to a browser that objected"
    );
}

#[test]
fn who_is_not_recognised_learns_nothing_and_is_not_told_that_nothing_is_held() {
    let shop = Shop::strict();
    let ann = Person::buys(&shop, 1);
    let page = open(&shop, "");
    assert!(page.contains("not recognised") && page.contains("does not mean that nothing is kept"));
    let today = jiff::Zoned::now().date().to_string();
    let ask = |order: &str, amount: &str, shop_name: &str, day: &str| {
        let fields = [
            ("shop", shop_name),
            ("order", order),
            ("amount", amount),
            ("day", day),
        ];
        post(&shop, "/privacy/find", &fields, "")
    };
    let none = ask("ORDER-9", "50.00", "shop.example", &today);
    assert!(none.text().contains("does not mean that nothing is kept"));
    for (order, amount, name, day) in [
        (ann.txn.as_str(), "49.00", "shop.example", today.as_str()),
        (&ann.txn, "50.00", "shop.example", "2020-01-01"),
        (&ann.txn, "50.00", "other.example", &today),
        ("ORDER-9", "50.00", "other.example", "x"),
    ] {
        assert_eq!(
            ask(order, amount, name, day).body,
            none.body,
            "{order} {amount} {name}"
        );
    }
    let shown = ask(&ann.txn, "50.00", "https://www.shop.example/", &today);
    assert!(shown.text().contains(&ann.txn), "the buyer knows all of it");

    let fields = |shop_name| {
        [
            ("shop", shop_name),
            ("right", "erasure"),
            ("message", "I am Ann"),
            ("order", "ORDER-1"),
        ]
    };
    let known = post(&shop, "/privacy/ask", &fields("shop.example"), "");
    let unknown = post(&shop, "/privacy/ask", &fields("other.example"), "");
    assert_eq!((known.status, known.body), (unknown.status, unknown.body));
    let waiting = shop.get("privacy/requests");
    assert_eq!(waiting["items"].as_array().unwrap().len(), 1);
    assert_eq!(waiting["items"][0]["state"], "received");
    assert_eq!(found(&shop, "--txn", &ann.txn), (3, 1));
}

#[test]
fn a_click_id_shows_its_click_and_sale_and_not_the_rest_of_the_browser() {
    let shop = Shop::strict();
    let ann = Person::buys(&shop, 1);
    ann.sends(
        &shop,
        &[super::hit(
            1,
            8,
            json!({"type": "view", "url": "https://shop.example/other-page"}),
        )],
    );
    shop.wait_settled();
    let page = post(&shop, "/privacy/find", &[("click_id", &ann.click_id)], "").text();
    assert!(
        page.contains(&ann.txn) && !page.contains("other-page"),
        "{page}"
    );
    let wrong = post(&shop, "/privacy/find", &[("click_id", "x")], "").text();
    assert!(wrong.contains("does not mean that nothing is kept"));
}

#[test]
fn forms_of_other_sites_and_made_up_ones_do_nothing() {
    let shop = Shop::strict();
    let cookie = browser(&shop);
    let subject = subject(&open(&shop, &cookie));
    let fields = format!("subject={subject}&sure=yes");
    let foreign = shop
        .server
        .client
        .request("POST", "/privacy/delete")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("origin", "https://evil.example")
        .header("cookie", cookie.clone())
        .body(fields)
        .send();
    assert_eq!(foreign.status, 403);
    let made_up = post(
        &shop,
        "/privacy/delete",
        &[("subject", "x.y"), ("sure", "yes")],
        &cookie,
    );
    assert_eq!(made_up.status, 403);
    assert!(open(&shop, &cookie).contains("mine"));
    let page = shop.server.client.get("/privacy");
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"));
    assert_eq!(page.header("cache-control"), Some("no-store"));
}
