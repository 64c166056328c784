//! `/acquisition`: the shop's own server reports a sale, with a secret.

use serde_json::json;

use crate::harness::account::{Account, Shop};
use crate::harness::api::member;

fn path(shop: &Shop, token: &str, more: &str) -> String {
    let campaign = &shop.campaign;
    format!("/acquisition?campaign_id={campaign}&security_token={token}{more}")
}

#[test]
fn it_is_closed_until_the_account_opens_it() {
    let shop = Shop::strict();
    let sale = "&txn_id=1&sale_amount=9.90";
    assert_eq!(
        shop.server.client.get(path(&shop, "guess", sale)).status,
        403
    );
    let opened = shop.patch("account", json!({"acquisition": true}));
    let token = member(&opened, "security_token");
    for wrong in ["guess", "", &token.to_uppercase(), &format!("{token}x")] {
        let answer = shop.server.client.get(path(&shop, wrong, sale));
        assert_eq!(answer.status, 403, "{wrong}: {answer:?}");
    }
    shop.server
        .client
        .get(path(&shop, &token, sale))
        .is(200, "stored");
    assert_eq!(shop.only_conversion().number("sale_amount_minor"), 990);
    shop.patch("account", json!({"acquisition": false}));
    assert_eq!(
        shop.server.client.get(path(&shop, &token, sale)).status,
        403
    );
}

#[test]
fn a_sale_finds_its_click_and_its_status_is_believed() {
    let shop = Shop::strict();
    let opened = shop.patch("account", json!({"acquisition": true}));
    let token = member(&opened, "security_token");
    let click = shop.click("&consent=1");
    let sale = format!("&click_id={click}&txn_id=1&sale_amount=20&status=rejected");
    shop.server
        .client
        .get(path(&shop, &token, &sale))
        .is(200, "stored");
    let sale = shop.only_conversion();
    assert_eq!(sale.credit(), "click_id");
    assert_eq!(sale.id_of("publisher"), Some(shop.publisher.clone()));
    assert_eq!(sale.status(), "rejected");
}

#[test]
fn a_form_is_read_like_a_query() {
    let shop = Shop::strict();
    let opened = shop.patch("account", json!({"acquisition": true}));
    let token = member(&opened, "security_token");
    let form = format!(
        "campaign_id={}&security_token={token}&txn_id=77&sale_amount=1%2C299.00",
        shop.campaign
    );
    shop.server
        .client
        .request("POST", "/acquisition")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form)
        .send()
        .is(200, "stored");
    assert_eq!(shop.only_conversion().number("sale_amount_minor"), 129_900);
}

#[test]
fn the_secret_of_one_account_opens_no_other() {
    let shop = Shop::strict();
    let other = Account::create(&shop.folder, &shop.server);
    let opened = other.api.patch("account", json!({"acquisition": true}));
    let theirs = member(&opened, "security_token");
    shop.patch("account", json!({"acquisition": true}));
    let answer = shop.server.client.get(path(&shop, &theirs, "&txn_id=1"));
    answer.is_one_of(&[403, 404]);
    shop.settled_conversions(0);
    other.api.settled_conversions(0);
}
