//! Before consent the landing page gets a token that is the same for everyone; an account
//! may have it name a publisher, or anything at all, only once there were enough clicks.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::harness::account::{HOST, Shop};
use crate::harness::eventually;

/// Two visitors follow a link and get the same; where it leads them.
#[track_caller]
fn location(shop: &Shop, path: &str) -> String {
    let of = |language: &str| {
        let request = shop.server.client.request("GET", path);
        let answer = request.header("Accept-Language", language).send();
        answer.is_redirect();
        answer.header("location").unwrap().to_owned()
    };
    let (one, other) = (of("de"), of("nb"));
    assert_eq!(one, other);
    one
}

fn token(location: &str) -> Option<&str> {
    location.split_once("click_id=").map(|(_, token)| token)
}

#[track_caller]
fn names_a_publisher(token: &str) -> bool {
    let bytes = URL_SAFE_NO_PAD.decode(&token[1..]).unwrap();
    assert_eq!((&token[..1], bytes.len()), ("s", 20));
    bytes[5..10] != [0; 5]
}

/// Sells something by a token; who is credited.
#[track_caller]
fn credited(shop: &Shop, token: &str, order: &str) -> Value {
    shop.pixel(&format!("&click_id={token}&txn_id={order}&sale_amount=10"));
    shop.wait_settled();
    let all = shop.conversions();
    let one = &all.first().unwrap().0;
    assert_eq!(one["credit"], "shared_token", "{one}");
    assert_eq!(one["campaign"]["id"], shop.campaign, "{one}");
    one["publisher"]["id"].clone()
}

#[test]
fn a_token_names_a_publisher_once_there_were_enough_clicks() {
    let shop = Shop::strict();
    let other = shop.create_publisher("Other", &[]);
    let other = format!("/click?campaign_id={}&pub_id={other}", shop.campaign);
    let mine = shop.click_path("");
    let plain = location(&shop, &mine);
    let first = token(&plain).unwrap();
    assert!(names_a_publisher(first), "off, it names the publisher");
    shop.wait_settled();
    let set = shop.patch("account", json!({"shared_token_clicks": 8}));
    assert_eq!(set["shared_token_clicks"], 8);

    // Two clicks so far, and two more: nothing is named.
    let bare = location(&shop, &mine);
    assert_eq!(bare, "https://shop.example/landing?lang=en");
    assert_eq!(location(&shop, &other), bare);
    shop.wait_settled();
    let named = eventually("a token", || {
        let found = location(&shop, &mine);
        shop.wait_settled();
        token(&found).map(str::to_owned)
    });
    if named != first {
        // The campaign had enough before this link had.
        assert!(!names_a_publisher(&named));
    }
    let alone = location(&shop, &other);
    let alone = token(&alone).unwrap();
    assert!(!names_a_publisher(alone));
    let again = eventually("the publisher in the token", || {
        let found = location(&shop, &mine);
        token(&found)
            .filter(|&it| names_a_publisher(it))
            .map(str::to_owned)
    });
    assert_eq!(again, first, "the same bytes as without the setting");

    assert_eq!(credited(&shop, alone, "A-1"), Value::Null);
    assert_eq!(credited(&shop, first, "A-2"), shop.publisher);

    // Counts outlive a restart, and the setting goes off again.
    let shop = shop.restarted();
    assert_eq!(token(&location(&shop, &mine)), Some(first));
    shop.patch("account", json!({"shared_token_clicks": 0}));
    let other = location(&shop, &other);
    assert!(names_a_publisher(token(&other).unwrap()));
    assert_eq!(credited(&shop, alone, "A-3"), Value::Null);
}

#[test]
fn what_a_landing_page_names_itself_stays_where_there_is_no_token() {
    let shop = Shop::strict();
    let landing = format!("https://{HOST}/?ref={{click_id}}&c={{campaign_id}}");
    shop.patch(
        &format!("campaigns/{}", shop.campaign),
        json!({"landing_url": landing}),
    );
    shop.patch("account", json!({"shared_token_clicks": 1_000}));
    let led = location(&shop, &shop.click_path(""));
    assert_eq!(led, format!("https://{HOST}/?ref=&c={}", shop.campaign));
    let wrong = json!({"shared_token_clicks": 1_001});
    let refused = shop.call("PATCH", "account", Some(&wrong));
    assert_eq!(refused.status, 400, "{refused:?}");
    assert!(
        refused.text().contains("shared_token_clicks"),
        "{refused:?}"
    );
}
