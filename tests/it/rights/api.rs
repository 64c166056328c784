//! Requests through the API, in the shape of OpenDSR.

use serde_json::{Value, json};

use super::{Person, found};
use crate::harness::account::{Shop, token};
use crate::harness::api::member;
use crate::harness::eventually;

fn request(kind: &str, identity: (&str, &str)) -> Value {
    json!({
        "subject_request_id": format!("a7551968-d5d6-44b2-9831-815ac9017{:03}", kind.len()),
        "subject_request_type": kind,
        "subject_identities": [{"identity_type": identity.0, "identity_value": identity.1, "identity_format": "raw"}],
    })
}

#[test]
fn an_erasure_is_asked_for_once_and_leaves_a_receipt() {
    let shop = Shop::strict();
    let ann = Person::buys(&shop, 1);
    let body = request("erasure", ("transaction_id", &ann.txn));
    let made = shop.post("privacy/requests", body.clone());
    assert_eq!(made["request_status"], "in_progress", "{made}");
    assert_eq!(found(&shop, "--visitor", &ann.visitor), (0, 0));
    let again = shop.post("privacy/requests", body);
    assert_eq!(again["subject_request_id"], made["subject_request_id"]);
    let place = format!("privacy/requests/{}", member(&made, "subject_request_id"));
    let done = eventually("the erasure to be done", || {
        let seen = shop.get(&place);
        (seen["request_status"] == "completed").then_some(seen)
    });
    assert_eq!(done["results_count"], 4);
    let receipt = shop.call("GET", &format!("{place}/receipt"), None);
    let text = receipt.text();
    assert_eq!(receipt.json()["erasure_receipt"]["went"]["trail_hits"], 3);
    for secret in [&ann.txn, &ann.visitor, &ann.click_id] {
        assert!(!text.contains(secret.as_str()));
    }
    assert_eq!(shop.call("DELETE", &place, None).status, 409);
}

#[test]
fn a_copy_is_fetched_and_a_correction_can_be_taken_back() {
    let shop = Shop::strict();
    let ann = Person::buys(&shop, 1);
    let made = shop.post(
        "privacy/requests",
        request("access", ("visitor_id", &ann.visitor)),
    );
    let id = member(&made, "subject_request_id");
    let copy = shop.get(&format!("privacy/requests/{id}/results"));
    assert_eq!(copy["hits"].as_array().unwrap().len(), 3);
    assert_eq!(
        shop.get(&format!("privacy/requests/{id}"))["request_status"],
        "completed"
    );

    let made = shop.post(
        "privacy/requests",
        request("rectification", ("visitor_id", &ann.visitor)),
    );
    let id = member(&made, "subject_request_id");
    let gone = shop.call("DELETE", &format!("privacy/requests/{id}"), None);
    assert_eq!(
        (gone.status, &gone.json()["request_status"]),
        (202, &json!("cancelled"))
    );
}

#[test]
fn restricted_is_kept_hidden_and_nothing_new_is_taken() {
    let shop = Shop::strict();
    let ann = Person::buys(&shop, 1);
    shop.post(
        "privacy/requests",
        request("restriction", ("transaction_id", &ann.txn)),
    );
    let sale = shop.conversions().remove(0).0;
    assert_eq!((&sale["txn_id"], &sale["subs"]), (&json!(null), &json!({})));
    assert_eq!(found(&shop, "--txn", &ann.txn), (3, 1));
    ann.sends(&shop, &[super::hit(1, 9, json!({"type": "view"}))]);
    shop.wait_refused("objected", 1);
}

#[test]
fn wrong_requests_and_tokens_that_only_read_are_refused() {
    let shop = Shop::strict();
    for body in [
        request("forget", ("visitor_id", "0")),
        request("erasure", ("email", "x")),
        request("erasure", ("visitor_id", "x")),
        json!({"subject_request_type": "erasure", "subject_identities": []}),
    ] {
        let answer = shop.call("POST", "privacy/requests", Some(&body));
        assert_eq!(answer.status, 400, "{body}: {answer:?}");
    }
    let reader = token(&shop.folder, &shop.server, &shop.account.id, "read");
    assert_eq!(reader.call("GET", "privacy/requests", None).status, 403);
    assert_eq!(shop.call("GET", "privacy/requests/x", None).status, 404);
}
