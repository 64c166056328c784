//! The desk in the console: a request that came by mail, from typing it in to its receipt.

use pixelkeep::crypto::document;

use super::{Person, figures, found};
use crate::harness::account::{Account, PASSWORD, Shop};
use crate::harness::eventually;
use crate::harness::http::Answer;
use crate::harness::server::Folder;

/// A signed-in owner.
struct Desk<'s> {
    shop: &'s Shop,
    cookie: String,
    token: String,
}

const EMAIL: &str = "owner@desk.example";

fn open_shop() -> Shop {
    let folder = Folder::new();
    let server = folder.serve();
    let account = Account::create_with(&folder, &server, &["--timezone", "UTC"], "A shop", EMAIL);
    Shop::furnish(folder, server, account, "strict")
}

fn form(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}

impl<'s> Desk<'s> {
    fn open(shop: &'s Shop) -> Desk<'s> {
        let entered = shop
            .server
            .client
            .request("POST", "/signin")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form(&[("email", EMAIL), ("password", PASSWORD)]))
            .send();
        assert_eq!(entered.status, 303, "{entered:?}");
        let mut desk = Desk {
            shop,
            cookie: entered.cookie().expect("no session"),
            token: String::new(),
        };
        let page = desk.get("/requests");
        let start = page.find("name=\"form_token\" value=\"").expect("no token") + 25;
        desk.token = page[start..].split('"').next().unwrap().trim().to_owned();
        desk
    }

    fn get(&self, path: &str) -> String {
        let answer = self
            .shop
            .server
            .client
            .request("GET", path)
            .header("cookie", self.cookie.clone())
            .send();
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.text()
    }

    fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut all = vec![("form_token", self.token.as_str())];
        all.extend_from_slice(fields);
        self.shop
            .server
            .client
            .request("POST", path)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("cookie", self.cookie.clone())
            .body(form(&all))
            .send()
    }

    /// Types a request in; gives its page's path.
    fn takes_in(&self, right: &str, txn: &str) -> String {
        let made = self.post(
            "/requests",
            &[
                ("right", right),
                ("kind", "transaction_id"),
                ("value", txn),
                ("message", "Please"),
                ("evidence", "knows the order"),
            ],
        );
        assert_eq!(made.status, 303, "{made:?}");
        made.header("location").unwrap().to_owned()
    }
}

#[test]
fn a_request_by_mail_is_looked_into_carried_out_and_leaves_a_receipt_that_verifies() {
    let shop = open_shop();
    let ann = Person::buys(&shop, 1);
    let before = figures(&shop);
    let desk = Desk::open(&shop);
    let place = desk.takes_in("erasure", &ann.txn);
    let page = desk.get(&place);
    assert!(
        page.contains(&ann.txn) && page.contains("3 records of visits and 1 conversion."),
        "{page}"
    );
    let export = desk.post(&format!("{place}/export"), &[]);
    assert_eq!(export.header("content-type"), Some("application/zip"));

    let unsure = desk.post(&place, &[("do", "erase")]);
    assert_eq!(unsure.status, 400);
    assert_eq!(found(&shop, "--txn", &ann.txn), (3, 1));
    assert_eq!(
        desk.post(&place, &[("do", "erase"), ("sure", "yes")])
            .status,
        303
    );
    assert_eq!(found(&shop, "--txn", &ann.txn), (0, 0));
    eventually("the request to be done", || {
        desk.get(&place).contains("Receipt").then_some(())
    });
    let page = eventually("the request to be closed", || {
        let page = desk.get(&place);
        page.contains("signed").then_some(page)
    });
    assert!(!page.contains(&ann.txn), "a closed request names nobody");
    let receipt = desk.get(&format!("{place}/receipt.json"));
    let sound = |text: &str| {
        let checked = document::check(text.as_bytes(), "erasure_receipt", None);
        matches!(checked, document::Checked::Sound { .. })
    };
    assert!(sound(&receipt));
    // The page to read carries the very text that is signed.
    let read = desk.get(&format!("{place}/receipt.html"));
    assert!(read.contains("Receipt of an erasure"));
    let (_, carried) = read.split_once("<pre>").unwrap();
    let carried = carried.split("</pre>").next().unwrap();
    let carried = carried.replace("&quot;", "\"").replace("&#39;", "'");
    let carried = carried.replace("&lt;", "<").replace("&gt;", ">");
    assert!(sound(&carried.replace("&amp;", "&")));
    assert!(!sound(&receipt.replacen('3', "4", 1)));
    assert_eq!(figures(&shop), before);
}

#[test]
fn a_wrong_order_number_is_corrected_in_the_conversion_and_in_the_trail() {
    let shop = open_shop();
    let ann = Person::buys(&shop, 1);
    let before = figures(&shop);
    let desk = Desk::open(&shop);
    let place = desk.takes_in("rectification", &ann.txn);
    let sale = shop.conversions().remove(0).0;
    let fields = [
        ("do", "rectify"),
        ("conversion", sale["id"].as_str().unwrap()),
        ("field", "transaction_id"),
        ("value", "ORDER-RIGHT"),
    ];
    assert_eq!(desk.post(&place, &fields).status, 303);
    assert_eq!(shop.conversions()[0].0["txn_id"], "ORDER-RIGHT");
    assert_eq!(found(&shop, "--txn", "ORDER-RIGHT"), (3, 1));
    let data = shop.folder.json(&[
        "privacy",
        "find",
        "--account",
        &shop.account.id,
        "--visitor",
        &ann.visitor,
    ]);
    assert!(!data.to_string().contains(&ann.txn), "{data}");
    assert_eq!(figures(&shop), before);
}

#[test]
fn a_request_is_due_in_a_month_extended_with_a_reason_and_refused_with_one() {
    let shop = open_shop();
    let desk = Desk::open(&shop);
    let place = desk.takes_in("access", "ORDER-77");
    assert_eq!(
        desk.post(&place, &[("do", "extend"), ("text", " ")]).status,
        400
    );
    assert_eq!(
        desk.post(&place, &[("do", "extend"), ("text", "many systems")])
            .status,
        303
    );
    assert_eq!(
        desk.post(&place, &[("do", "extend"), ("text", "again")])
            .status,
        400
    );
    assert_eq!(
        desk.post(&place, &[("do", "refuse"), ("text", "")]).status,
        400
    );
    assert_eq!(
        desk.post(&place, &[("do", "refuse"), ("text", "not them")])
            .status,
        303
    );
    let page = desk.get(&place);
    assert!(
        page.contains("many systems") && page.contains("Refused: not them"),
        "{page}"
    );
    let ahead = desk.post(
        "/requests",
        &[
            ("right", "access"),
            ("kind", "click_id"),
            ("received_on", "2999-01-01"),
        ],
    );
    assert_eq!(ahead.status, 400);
}
