//! What nobody meant to send never reaches the journal, and is counted by kind.

use serde_json::json;

use crate::harness::account::Shop;

#[test]
fn addresses_and_numbers_of_people_are_taken_out_on_entry_and_counted() {
    let shop = Shop::strict();
    shop.click("&consent=1&p1=ann%40mail.example&source=plain");
    shop.pixel(
        "&consent=1&txn_id=1&sale_amount=5&sub1=4111+1111+1111+1111\
         &sub2=%2B43+660+1234567&url=https%3A%2F%2Fshop.example%2F%3Ftoken%3Ds3cret",
    );
    shop.send_events(&[json!({"id": "a".repeat(32), "type": "view",
        "url": "https://shop.example/iban/DE89370400440532013000",
        "referrer": "https://mail.example/?to=bob%40shop.example"})]);
    shop.wait_clicks(1);
    let sale = shop.only_conversion();
    assert_eq!(sale.0["subs"]["sub1"], "[removed:card]", "{sale:#?}");
    assert_eq!(sale.0["subs"]["sub2"], "[removed:phone]");
    let removed = shop.get("intake")["removed"].clone();
    let wanted = json!({"email": 2, "card": 1, "phone": 1, "token": 1, "iban": 1});
    assert_eq!(removed, wanted);
}
