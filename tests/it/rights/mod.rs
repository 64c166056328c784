//! A person's rights, from the outside: found, shown, and gone for good.

mod api;
mod crash;
mod desk;
mod download;
mod due;
mod erasure;
mod gaps;
mod own_data;
mod page;
mod restore;

use serde_json::{Value, json};

use crate::harness::account::Shop;

/// A person who came by a tracking link, agreed, looked around and bought.
pub struct Person {
    pub click_id: String,
    pub txn: String,
    pub visitor: String,
}

impl Person {
    /// Lets somebody come and buy; `n` tells them apart.
    #[track_caller]
    pub fn buys(shop: &Shop, n: u8) -> Person {
        let person = Person {
            click_id: shop.click(&format!("&consent=1&p1=secretparameter{n}")),
            txn: format!("ORDER-{n}"),
            visitor: format!("{n:032x}"),
        };
        let hits = [
            hit(
                n,
                1,
                json!({"type": "view", "url": "https://shop.example/page"}),
            ),
            hit(
                n,
                2,
                json!({"type": "conversion", "click_id": person.click_id, "goal": "sale",
                    "txn_id": person.txn, "sale_amount": "50.00", "sub1": format!("secretsub{n}")}),
            ),
        ];
        shop.wait_settled();
        person.sends(shop, &hits);
        shop.wait_settled();
        person
    }

    /// Sends events in this person's name; they are answered as anybody's are.
    #[track_caller]
    pub fn sends(&self, shop: &Shop, hits: &[Value]) {
        let body = json!({"site": shop.site_key, "consent": "granted", "visitor": self.visitor, "hits": hits});
        let answer = shop.server.client.event(&body);
        assert_eq!(answer.status, 200, "{answer:?}");
        for verdict in answer.json()["verdicts"].as_array().unwrap() {
            assert_eq!(verdict["verdict"], "stored", "{verdict}");
        }
    }
}

/// An event with an id of its own.
pub fn hit(person: u8, number: u8, mut event: Value) -> Value {
    event["id"] = json!(format!("{person:02x}{number:030x}"));
    event["age_ms"] = json!(0);
    event
}

/// `privacy find` by one option.
#[track_caller]
pub fn found(shop: &Shop, option: &str, value: &str) -> (usize, usize) {
    let found = shop.folder.json(&[
        "privacy",
        "find",
        "--account",
        &shop.account.id,
        option,
        value,
    ]);
    let count = |name: &str| found[name].as_array().unwrap().len();
    (count("hits"), count("conversions"))
}

/// `privacy erase --yes` by one option.
#[track_caller]
pub fn erased(shop: &Shop, option: &str, value: &str) -> Value {
    let account = &shop.account.id;
    shop.folder.json(&[
        "privacy",
        "erase",
        "--account",
        account,
        option,
        value,
        "--yes",
    ])
}

/// Every published figure: totals, and rows by what a person could be told apart by.
#[track_caller]
pub fn figures(shop: &Shop) -> Vec<Value> {
    [
        "",
        "&group_by=day",
        "&group_by=campaign,publisher",
        "&group_by=hour,goal",
        "&group_by=country,device",
    ]
    .iter()
    .map(|query| {
        let (from, to) = crate::harness::api::all_time();
        shop.get(&format!("report?from={from}&to={to}{query}"))
    })
    .collect()
}
