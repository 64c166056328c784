//! How the journal is doing: per account in the API, for the instance in `/metrics`.

use std::collections::BTreeMap;

use crate::harness::account::Shop;
use crate::harness::http::Answer;
use crate::harness::server::{Folder, text};

fn metrics(answer: &Answer) -> BTreeMap<String, f64> {
    assert_eq!(answer.status, 200, "{answer:?}");
    let kind = answer.header("content-type").unwrap();
    assert!(kind.starts_with("text/plain; version=0.0.4"), "{kind}");
    let text = answer.text();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            (name.to_owned(), value.parse().unwrap())
        })
        .collect()
}

#[test]
fn what_came_in_and_what_became_of_it_shows_in_both_and_names_nobody() {
    let shop = Shop::strict();
    for n in 0..3 {
        shop.pixel(&format!("&consent=1&sale_amount=1&txn_id=t{n}"));
    }
    shop.pixel("&consent=1&sale_amount=1&txn_id=t0");
    shop.server.client.get("/pixel?campaign_id=zzzzzzzz");
    shop.server
        .client
        .get(shop.pixel_path("&sale_amount=minus"));
    shop.wait_settled();
    let answer = shop.server.client.get("/metrics");
    let seen = metrics(&answer);
    for name in ["accepted", "stored", "settled"] {
        assert_eq!(
            seen[&format!("pixelkeep_hits_{name}_total")],
            4.0,
            "{seen:?}"
        );
    }
    assert_eq!(
        seen["pixelkeep_not_counted_total{reason=\"duplicate\"}"],
        1.0
    );
    assert_eq!(
        seen["pixelkeep_not_counted_total{reason=\"bad_amount\"}"],
        1.0
    );
    assert_eq!(seen["pixelkeep_journal_hits"], 0.0);
    assert_eq!(seen["pixelkeep_settle_lag_seconds"], 0.0);
    assert_eq!(seen["pixelkeep_disk_full"], 0.0);
    let (middle, most) = (
        seen["pixelkeep_commit_seconds{quantile=\"0.5\"}"],
        seen["pixelkeep_commit_seconds{quantile=\"0.99\"}"],
    );
    assert!(middle > 0.0 && most >= middle, "{seen:?}");
    for secret in [&shop.account.id, &shop.campaign, &shop.site_key] {
        assert!(!answer.text().contains(secret.as_str()));
    }
    let intake = shop.get("intake");
    assert_eq!(intake["stored"], 4);
    assert_eq!(intake["unconfirmed"], 0);
    assert_eq!(intake["disk_full"], false);
    assert!(intake["commit_p50_ms"].as_f64().unwrap() > 0.0, "{intake}");
    assert!(intake["settle_lag_ms"].as_f64().unwrap() >= 0.0, "{intake}");
}

#[test]
fn metrics_answer_this_machine_or_the_token_of_the_operators_file() {
    let folder = Folder::new();
    let token = folder.write("metrics-token", "a token of the operator's\n");
    let serve = [
        "--listen",
        "127.0.0.1:0",
        "--metrics-token-file",
        text(&token),
    ];
    let refused = folder.command(&[&["serve"][..], &serve].concat());
    refused.failed_with(78);
    folder.write("metrics-token", "0123456789abcdef-of-the-operator\n");
    let server = folder.serve_with(&serve);
    let ask = || server.client.request("GET", "/metrics");
    metrics(&ask().send());
    // A proxy on this machine asks for somebody else.
    let passed_on = || ask().header("x-forwarded-for", "203.0.113.9");
    assert_eq!(passed_on().send().status, 403);
    let with = |secret: &str| passed_on().header("authorization", format!("Bearer {secret}"));
    assert_eq!(with("0123456789abcdef-of-somebody").send().status, 403);
    metrics(&with("0123456789abcdef-of-the-operator").send());
    assert_eq!(server.stop(), 0);
    let server = folder.serve();
    let passed_on = server.client.request("GET", "/metrics");
    let answer = passed_on.header("x-forwarded-for", "203.0.113.9").send();
    assert_eq!(answer.status, 404);
}
