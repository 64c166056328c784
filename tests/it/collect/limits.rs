//! The limit a client: answered in the endpoint's own medium, counted, not stored.

use serde_json::json;

use super::{is_pixel, says_when_to_retry};
use crate::harness::account::{Account, Shop};
use crate::harness::eventually;
use crate::harness::marks::event_id;
use crate::harness::server::Folder;

fn limited() -> Shop {
    let folder = Folder::new();
    let server = folder.serve_with(&["--listen", "127.0.0.1:0", "--rate-limit", "2"]);
    let account = Account::create(&folder, &server);
    Shop::furnish(folder, server, account, "strict")
}

#[test]
fn beyond_the_limit_pixels_get_429_and_clicks_their_landing_page() {
    let shop = limited();
    let (mut stored, mut refused) = (0, 0);
    for n in 0..60 {
        let answer = shop
            .server
            .client
            .get(shop.pixel_path(&format!("&txn_id={n}&sale_amount=1")));
        is_pixel(&answer);
        if answer.is_stored() {
            stored += 1;
            assert_eq!(answer.status, 200);
        } else {
            refused += 1;
            answer.is(429, "rejected; rate_limited");
            says_when_to_retry(&answer);
        }
    }
    assert!(
        stored >= 8 && refused >= 10,
        "{stored} stored, {refused} refused"
    );
    let click = shop.server.client.get(shop.click_path(""));
    assert_eq!(click.status, 302, "{click:?}");
    shop.settled_conversions(stored);
    eventually("refused hits to be counted", || {
        (shop.intake().refused("rate_limited") >= 10).then_some(())
    });
}

#[test]
fn beyond_the_limit_the_sdk_is_told_to_come_again() {
    let shop = limited();
    let answers: Vec<_> = (0..40)
        .map(|_| {
            let view = json!({"id": event_id(), "type": "view"});
            shop.server.client.event(&shop.events(&[view]))
        })
        .collect();
    let (stored, refused): (Vec<_>, Vec<_>) =
        answers.iter().partition(|answer| answer.status == 200);
    assert!(!stored.is_empty() && !refused.is_empty());
    for answer in refused {
        assert_eq!(answer.status, 429, "{answer:?}");
        says_when_to_retry(answer);
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    }
    shop.wait_settled();
    assert_eq!(shop.report("").total("views"), stored.len() as i64);
}

#[test]
fn the_limit_does_not_touch_the_api() {
    let shop = limited();
    for _ in 0..60 {
        shop.intake();
    }
}
