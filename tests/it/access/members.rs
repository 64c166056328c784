//! Members as owners, admins and the shell see to them.

use super::{NEW_PASSWORD, follow, join, link_on, listed, only_account};
use crate::console::{Member, sign_in};
use crate::harness::account::PASSWORD;
use crate::harness::server::Folder;

fn id_of(folder: &Folder, account: &str, email: &str) -> String {
    let items = listed(folder, account);
    let found = items.iter().find(|item| item["email"] == email);
    found.expect("not listed")["id"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
fn an_invited_member_joins_once_and_has_the_role() {
    let folder = Folder::new();
    let server = folder.serve();
    let owner = Member::new(&folder, &server, "ann@shop.example");
    let fields = [("email", "vic@shop.example"), ("role", "viewer")];
    let made = owner.post("/members", &fields);
    assert_eq!(made.status, 200, "{made:?}");
    let link = link_on(&made.text());
    let again = owner.get("/members").text();
    assert!(
        again.contains("vic@shop.example"),
        "the invitation is listed"
    );
    assert!(
        !again.contains(super::path_of(&link)),
        "the link is shown once"
    );
    assert_eq!(follow(&server.client, &link, NEW_PASSWORD).status, 303);
    assert_eq!(server.client.get(super::path_of(&link)).status, 410);
    let viewer = Member::enter(&server.client, "vic@shop.example", NEW_PASSWORD);
    assert_eq!(viewer.get("/reports").status, 200);
    assert_eq!(viewer.get("/members").status, 403);
    assert_eq!(viewer.get("/sites/new").status, 403);
    assert!(!viewer.get("/").text().contains("href=\"/members\""));
}

#[test]
fn a_role_that_is_changed_holds_for_the_next_page_and_a_removed_member_is_out() {
    let folder = Folder::new();
    let server = folder.serve();
    let owner = Member::new(&folder, &server, "ann@shop.example");
    let account = only_account(&folder);
    let email = "vic@shop.example";
    let vic = join(&folder, &server.client, &account, email, &["viewer"]);
    assert_eq!(vic.get("/campaigns/new").status, 403);
    let path = format!("/members/{}", id_of(&folder, &account, email));
    let changed = owner.post(&format!("{path}/role"), &[("role", "admin")]);
    assert_eq!(changed.status, 303, "{changed:?}");
    assert_eq!(vic.get("/campaigns/new").status, 200);
    assert_eq!(owner.post(&format!("{path}/remove"), &[]).status, 303);
    assert_eq!(vic.get("/campaigns").status, 303, "signed out");
    assert_eq!(sign_in(&server.client, email, NEW_PASSWORD).status, 401);
}

#[test]
fn the_last_owner_stays_whoever_asks() {
    let folder = Folder::new();
    let server = folder.serve();
    let owner = Member::new(&folder, &server, "ann@shop.example");
    let account = only_account(&folder);
    let path = format!("/members/{}", id_of(&folder, &account, "ann@shop.example"));
    let demoted = owner.post(&format!("{path}/role"), &[("role", "viewer")]);
    assert_eq!(demoted.status, 400);
    assert!(demoted.text().contains("last owner"), "{demoted:?}");
    assert_eq!(owner.post(&format!("{path}/remove"), &[]).status, 400);
    let at_shell = ["member", "remove", "--email", "ann@shop.example"];
    assert!(
        folder
            .command(&at_shell)
            .failed_with(64)
            .stderr
            .contains("last owner")
    );
    assert_eq!(owner.get("/").status, 200);
}

#[test]
fn an_admin_has_no_hand_over_owners() {
    let folder = Folder::new();
    let server = folder.serve();
    let owner = Member::new(&folder, &server, "ann@shop.example");
    let account = only_account(&folder);
    let admin = join(
        &folder,
        &server.client,
        &account,
        "ada@shop.example",
        &["admin"],
    );
    let path = format!("/members/{}", id_of(&folder, &account, "ann@shop.example"));
    for (what, fields) in [
        ("role", vec![("role", "viewer")]),
        ("remove", vec![]),
        ("reset", vec![]),
    ] {
        let answer = admin.post(&format!("{path}/{what}"), &fields);
        assert_eq!(answer.status, 403, "{what}: {answer:?}");
    }
    let fields = [("email", "eve@shop.example"), ("role", "owner")];
    assert_eq!(admin.post("/members", &fields).status, 403);
    assert_eq!(admin.get("/support").status, 200);
    let grant = [("reason", "x"), ("scope", "figures"), ("hours", "1")];
    assert_eq!(admin.post("/support", &grant).status, 403);
    assert_eq!(owner.get("/").status, 200);
}

#[test]
fn the_shell_sees_to_members_by_command() {
    let folder = Folder::new();
    let server = folder.serve();
    Member::new(&folder, &server, "ann@shop.example");
    let account = only_account(&folder);
    let email = "pia@shop.example";
    join(&folder, &server.client, &account, email, &["privacy"]);
    let items = listed(&folder, &account);
    let roles: Vec<_> = items
        .iter()
        .map(|item| item["role"].as_str().unwrap())
        .collect();
    assert_eq!(roles, ["owner", "privacy"]);
    let change = ["member", "role", "--email", email, "--role", "analyst"];
    assert_eq!(folder.json(&change)["role"], "analyst");
    for wrong in [
        vec!["member", "role", "--email", email, "--role", "king"],
        vec!["member", "role", "--email", email, "--role", "publisher"],
        vec!["member", "role", "--email", email, "--role", "operator"],
        vec!["member", "remove", "--email", "nobody@shop.example"],
        vec!["member", "remove"],
        vec!["member", "list", "--account", "zzzzzzzz"],
        vec![
            "member",
            "remove",
            "--email",
            email,
            "--account",
            "zzzzzzzz",
        ],
    ] {
        folder.command(&wrong).failed_with(64);
    }
    folder.json(&["member", "remove", "--account", &account, "--email", email]);
    assert_eq!(listed(&folder, &account).len(), 1);
    assert_eq!(sign_in(&server.client, email, NEW_PASSWORD).status, 401);
}

#[test]
fn an_address_that_is_known_elsewhere_is_invited_all_the_same() {
    let folder = Folder::new();
    let server = folder.serve();
    let owner = Member::new(&folder, &server, "ann@shop.example");
    crate::console::create(&folder, "bea@other.example");
    let invite = |email| {
        let answer = owner.post("/members", &[("email", email), ("role", "viewer")]);
        (answer.status, answer.text().contains("One-time link"))
    };
    assert_eq!(invite("bea@other.example"), (200, true), "known elsewhere");
    assert_eq!(invite("nil@other.example"), (200, true), "known nowhere");
    assert_eq!(invite("ann@shop.example"), (400, false), "a member here");
    assert_eq!(
        sign_in(&server.client, "bea@other.example", PASSWORD).status,
        303
    );
}
