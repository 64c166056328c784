//! Every refusal is a problem that says what to do.

use serde_json::json;

use crate::harness::account::Shop;
use crate::harness::http::Answer;

#[track_caller]
fn problem(answer: &Answer, status: u16, part: &str) {
    assert_eq!(answer.status, status, "{answer:?}");
    let media = answer.header("content-type");
    assert_eq!(media, Some("application/problem+json"), "{answer:?}");
    let problem = answer.json();
    assert_eq!(problem["status"], status, "{problem}");
    for member in ["type", "title", "detail"] {
        assert!(problem[member].is_string(), "{member} in {problem}");
    }
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains(part), "{part:?} in {detail:?}");
}

#[test]
fn an_unknown_address_of_the_api_is_a_problem() {
    let shop = Shop::strict();
    for path in [
        "nothing",
        "sites/zzzzzzzz",
        "sites/%00",
        "conversions/0",
        "campaigns/x/snippets",
    ] {
        problem(&shop.call("GET", path, None), 404, "There is no");
    }
}

#[test]
fn a_method_that_an_address_does_not_take_is_answered_with_those_it_does() {
    let shop = Shop::strict();
    let answer = shop.call("DELETE", "sites", None);
    problem(&answer, 405, "GET, POST");
    assert_eq!(answer.header("allow"), Some("GET, POST"));
}

#[test]
fn a_body_that_is_no_json_is_refused() {
    let shop = Shop::strict();
    let send = |media: Option<&str>, body: Vec<u8>| {
        let mut request = shop
            .server
            .client
            .request("POST", "/api/v1/sites")
            .header(
                "authorization",
                format!("Bearer {}", shop.account.api.token),
            )
            .body(body);
        if let Some(media) = media {
            request = request.header("content-type", media);
        }
        request.send()
    };
    let json = Some("application/json; charset=utf-8");
    problem(
        &send(json, b"{\"name\":".to_vec()),
        400,
        "not a JSON object",
    );
    problem(&send(json, b"[1]".to_vec()), 400, "not a JSON object");
    problem(&send(json, b"{\"name\":\"\xff\"}".to_vec()), 400, "UTF-8");
    let deep = format!("{{\"x\":{}", "[".repeat(60_000));
    problem(&send(json, deep.into_bytes()), 400, "JSON");
    problem(
        &send(Some("text/plain"), b"{}".to_vec()),
        415,
        "application/json",
    );
    let large = format!("{{\"name\":\"{}\"}}", "x".repeat(70_000));
    problem(&send(json, large.into_bytes()), 413, "65536");
}

#[test]
fn a_wrong_field_is_named() {
    let shop = Shop::strict();
    let site = json!({"name": "Shop", "hosts": ["shop.example"], "posture": "lax"});
    let campaign = |landing: &str, days: i64, rule| {
        json!({
            "name": "Spring", "site_id": shop.site, "landing_url": landing,
            "attribution_days": days,
            "goals": [{"name": "sale", "revenue": rule}],
        })
    };
    let percent = json!({"kind": "percent", "percent": 5});
    let minus = json!({"kind": "fixed", "amount_minor": -5});
    let long = format!("https://shop.example/{}", "x".repeat(2_048));
    for (path, body, field) in [
        ("sites", site, "posture"),
        ("sites", json!({"name": "Shop"}), "hosts"),
        ("sites", json!({"name": "Shop", "hosts": ["a b"]}), "hosts"),
        (
            "sites",
            json!({"name": "x".repeat(200), "hosts": ["a.example"]}),
            "name",
        ),
        ("publishers", json!({}), "name"),
        (
            "publishers",
            json!({"name": "Blog", "coupon_codes": [""]}),
            "coupon_codes",
        ),
        (
            "campaigns",
            campaign("javascript:alert(1)", 30, percent.clone()),
            "landing_url",
        ),
        (
            "campaigns",
            campaign(&long, 30, percent.clone()),
            "landing_url",
        ),
        (
            "campaigns",
            campaign("https://shop.example/", 91, percent),
            "attribution_days",
        ),
        (
            "campaigns",
            campaign("https://shop.example/", 30, minus),
            "goals[0].revenue.amount_minor",
        ),
    ] {
        problem(&shop.call("POST", path, Some(&body)), 400, field);
    }
}

#[test]
fn a_token_that_is_none_opens_nothing() {
    let shop = Shop::strict();
    let client = &shop.server.client;
    let token = &shop.account.api.token;
    for header in [
        "Bearer x".to_owned(),
        "Bearer".to_owned(),
        format!("Basic {token}"),
        format!("Bearer {token}x"),
        format!("Bearer {}", "x".repeat(5_000)),
    ] {
        let request = client
            .request("GET", "/api/v1/sites")
            .header("authorization", header);
        problem(&request.send(), 401, "token");
    }
    let in_query = client.get(format!("/api/v1/sites?token={token}&access_token={token}"));
    problem(&in_query, 401, "Authorization");
}
