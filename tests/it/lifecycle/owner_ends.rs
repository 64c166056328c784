//! An owner ends the account: in the console and through the API, with a preview, a
//! password, and time to think better of it.

use serde_json::{Value, json};

use super::takeout::{OWNER, owned_shop};
use crate::console::Member;
use crate::harness::account::{PASSWORD, Shop};
use crate::harness::eventually;

fn state(shop: &Shop) -> Value {
    let list = shop.folder.json(&["account", "list"]);
    let items = list["items"].as_array().unwrap();
    let found = items.iter().find(|item| item["id"] == *shop.account.id);
    found.unwrap()["state"].clone()
}

fn is_closed(shop: &Shop) {
    eventually("the account to be closed", || {
        (state(shop) == "closed").then_some(())
    });
    let proof = shop.folder.json(&["certificate", "show", &shop.account.id]);
    assert_eq!(proof["certificate"]["reason"], "request");
    assert_eq!(proof["certificate"]["scan"]["found"], 0);
}

#[test]
fn an_owner_deletes_the_account_in_the_console_and_may_think_better_of_it() {
    let (shop, clock) = owned_shop("2026-11-03T10:00:00Z", &[]);
    shop.pixel("&txn_id=A1&sale_amount=10");
    shop.wait_settled();
    let owner = Member::enter(&shop.server.client, OWNER, PASSWORD);
    let page = owner.get("/account/end").text();
    assert!(
        page.contains("conversions</th><td class=\"number\">1<"),
        "{page}"
    );
    let asked = |name: &str, hours: &str, password: &str| {
        let fields = [
            ("name", name),
            ("hours", hours),
            ("current_password", password),
        ];
        owner.post("/account/delete", &fields)
    };
    assert_eq!(asked("Harbour light", "72", PASSWORD).status, 400);
    assert_eq!(asked("Harbour lights", "100", PASSWORD).status, 400);
    let wrong = asked("Harbour lights", "72", "not the password at all");
    assert!(wrong.text().contains("not your password"), "{wrong:?}");
    assert_eq!(state(&shop), "active");

    assert_eq!(asked("Harbour lights", "72", PASSWORD).status, 303);
    assert_eq!(state(&shop), "expired");
    let page = owner.get("/account/end").text();
    assert!(page.contains("is being deleted"), "{page}");
    assert_eq!(owner.post("/account/delete/cancel", &[]).status, 303);
    assert_eq!(state(&shop), "active");
    shop.pixel("&txn_id=A2&sale_amount=10");

    assert_eq!(asked("Harbour lights", "24", PASSWORD).status, 303);
    clock.set("2026-11-04T09:59:59Z");
    shop.folder.json(&["retention", "run"]);
    assert_eq!(state(&shop), "expired");
    clock.set("2026-11-04T10:00:00Z");
    is_closed(&shop);
    assert_eq!(owner.get("/account/end").status, 303);
}

#[test]
fn nobody_but_an_owner_is_offered_the_end() {
    let (shop, _clock) = owned_shop("2026-11-03T10:00:00Z", &[]);
    let (folder, id) = (&shop.folder, &shop.account.id);
    let admin = crate::access::join(
        folder,
        &shop.server.client,
        id,
        "ad@harbour.example",
        &["admin"],
    );
    let page = admin.get("/account/end").text();
    assert!(!page.contains("Delete the account"), "{page}");
    for path in [
        "/account/export",
        "/account/delete",
        "/account/delete/cancel",
    ] {
        assert_eq!(admin.post(path, &[]).status, 403, "{path}");
    }
}

#[test]
fn a_program_deletes_the_account_with_an_owners_password_alone() {
    let (shop, clock) = owned_shop("2026-11-03T10:00:00Z", &[]);
    let before = shop.get("account/deletion");
    assert_eq!(before["state"], "none");
    let sites = before["preview"].as_array().unwrap();
    assert!(
        sites
            .iter()
            .any(|line| line["table"] == "site" && line["count"] == 1)
    );
    let asked = |name: &str, email: &str, password: &str, hours: u32| {
        let body = json!({"account_name": name, "owner_email": email,
            "owner_password": password, "after_hours": hours});
        shop.call("POST", "account/deletion", Some(&body))
    };
    assert_eq!(asked("Harbour", OWNER, PASSWORD, 0).status, 400);
    assert_eq!(asked("Harbour lights", OWNER, PASSWORD, 73).status, 400);
    for (email, password) in [(OWNER, "no such password"), ("x@harbour.example", PASSWORD)] {
        assert_eq!(asked("Harbour lights", email, password, 0).status, 403);
    }
    assert_eq!(state(&shop), "active");
    let asked_for = asked("Harbour lights", OWNER, PASSWORD, 72);
    assert_eq!(asked_for.status, 202, "{asked_for:?}");
    assert_eq!(asked_for.json()["due_at"], "2026-11-06T10:00:00.000Z");
    assert_eq!(state(&shop), "expired");
    let kept = shop.call("DELETE", "account/deletion", None);
    assert_eq!((kept.status, state(&shop)), (200, json!("active")));
    assert_eq!(shop.call("DELETE", "account/deletion", None).status, 409);
    assert_eq!(asked("Harbour lights", OWNER, PASSWORD, 1).status, 202);
    clock.set("2026-11-03T11:00:00Z");
    is_closed(&shop);
    assert_eq!(shop.call("GET", "account", None).status, 401);
}
