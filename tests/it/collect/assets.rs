//! The WebSDK and its configuration: the same bytes for everyone, kept by caches.

use serde_json::json;

use crate::harness::account::{HOST, Shop};
use crate::harness::http::Answer;

#[track_caller]
fn validator(answer: &Answer) -> String {
    answer
        .header("etag")
        .unwrap_or_else(|| panic!("no ETag: {answer:?}"))
        .to_owned()
}

#[track_caller]
fn policy(answer: &Answer) -> Vec<String> {
    let text = answer.header("cache-control").unwrap_or_default();
    text.split(',').map(|part| part.trim().to_owned()).collect()
}

#[test]
fn the_sdk_is_the_same_for_everyone_and_known_by_its_content() {
    let shop = Shop::strict();
    let client = &shop.server.client;
    let answer = client.get("/sdk.js");
    assert_eq!(answer.status, 200);
    let media = answer.header("content-type").unwrap_or_default();
    assert!(media.starts_with("text/javascript"), "{media}");
    assert_eq!(answer.header("set-cookie"), None);
    let other = client
        .request("GET", "/sdk.js")
        .header("cookie", "pk_x=y")
        .header("accept-language", "de")
        .header("user-agent", "Somebody else")
        .send();
    assert_eq!(other.body, answer.body);
    assert_eq!(validator(&other), validator(&answer));
    let again = client
        .request("GET", "/sdk.js")
        .header("if-none-match", validator(&answer))
        .send();
    assert_eq!(again.status, 304, "{again:?}");
    assert!(again.body.is_empty());
}

#[test]
fn under_its_hash_the_sdk_never_changes() {
    let shop = Shop::strict();
    let client = &shop.server.client;
    let answer = client.get("/sdk.js");
    let tag = validator(&answer);
    let hash = tag.trim_start_matches("W/").trim_matches('"').to_owned();
    let hashed = client.get(format!("/sdk.{hash}.js"));
    assert_eq!(hashed.status, 200, "/sdk.{hash}.js: {hashed:?}");
    assert_eq!(hashed.body, answer.body);
    assert!(
        policy(&hashed).contains(&"immutable".to_owned()),
        "{hashed:?}"
    );
    assert_eq!(client.get("/sdk.0000000000000000.js").status, 404);
}

#[test]
fn the_configuration_of_a_site_may_be_kept_for_a_minute_and_a_day_without_us() {
    let shop = Shop::strict();
    let client = &shop.server.client;
    let path = format!("/config/{}.json", shop.site_key);
    let answer = client.get(path.clone());
    assert_eq!(answer.status, 200, "{answer:?}");
    for part in [
        "s-maxage=60",
        "stale-while-revalidate=600",
        "stale-if-error=86400",
    ] {
        assert!(policy(&answer).contains(&part.to_owned()), "{answer:?}");
    }
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert_eq!(answer.header("set-cookie"), None);
    let config = answer.json();
    assert_eq!(config["site"], json!(shop.site_key));
    assert_eq!(config["posture"], "strict");
    assert_eq!(config["goals"], json!(["sale"]));
    let again = client
        .request("GET", path)
        .header("if-none-match", validator(&answer))
        .send();
    assert_eq!(again.status, 304, "{again:?}");
}

#[test]
fn a_site_without_a_running_campaign_has_an_empty_configuration() {
    let shop = Shop::strict();
    let (_, key) = shop.create_site("Idle", &[HOST], "optout");
    let answer = shop.server.client.get(format!("/config/{key}.json"));
    assert_eq!((answer.status, answer.json()), (200, json!({})));
    shop.patch(
        &format!("campaigns/{}", shop.campaign),
        json!({"status": "paused"}),
    );
    let path = format!("/config/{}.json", shop.site_key);
    assert_eq!(shop.server.client.get(path).json(), json!({}));
}

#[test]
fn the_configuration_of_an_unknown_site_is_not_found() {
    let shop = Shop::strict();
    for key in ["zzzzzzzzzzzz", "x", "..%2f..%2fmaster.key", "%00"] {
        let answer = shop.server.client.get(format!("/config/{key}.json"));
        answer.is_one_of(&[400, 404]);
    }
}

#[test]
fn a_change_that_was_answered_is_in_force_for_the_next_request() {
    let shop = Shop::strict();
    let path = format!("/config/{}.json", shop.site_key);
    let before = validator(&shop.server.client.get(path.clone()));
    shop.patch(
        &format!("sites/{}", shop.site),
        json!({"posture": "optout"}),
    );
    let answer = shop.server.client.get(path);
    assert_eq!(answer.json()["posture"], "optout");
    assert_ne!(validator(&answer), before);
}
