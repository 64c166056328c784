//! For whom the instance is run: asked at set-up, changed in the open, told to members.

use jiff::Timestamp;

use super::{NEW_PASSWORD, audit_of, follow, link_on, only_account, operator, post};
use crate::console::{Member, create, sign_in};
use crate::harness::account::PASSWORD;
use crate::harness::server::{Folder, Server};

/// Follows the set-up address with these fields beside sign-in and token.
fn set_up(server: &Server, email: &str, more: &[(&str, &str)]) -> u16 {
    let path = server.set_up_path().expect("no set-up address");
    let token = path.split('=').nth(1).unwrap();
    let fields = [
        ("token", token),
        ("email", email),
        ("password", NEW_PASSWORD),
        ("password_again", NEW_PASSWORD),
    ];
    post(&server.client, "/setup", &[&fields[..], more].concat()).status
}

const BUSINESS: [(&str, &str); 3] = [
    ("name", "Harbour"),
    ("timezone", "UTC"),
    ("currency", "EUR"),
];

fn way(folder: &Folder) -> String {
    folder.json(&["instance", "way"])["way"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
fn set_up_for_the_own_business_makes_one_sign_in_that_also_runs_the_server() {
    let folder = Folder::new();
    let server = folder.serve();
    let asked = server.client.get(server.set_up_path().unwrap()).text();
    assert!(asked.contains("My own business") && asked.contains("I host for others"));
    assert_eq!(set_up(&server, "ann@shop.example", &BUSINESS), 303);
    assert_eq!(way(&folder), "own");
    let mut owner = Member::enter(&server.client, "ann@shop.example", NEW_PASSWORD);
    assert_eq!(owner.get("/").status, 200);
    let operating = owner.get("/operator");
    let first = operating.header("location").unwrap_or_default();
    assert_eq!(first, "/you/second-factor", "the operator's acts need one");
    owner.turn_on_second_factor(Timestamp::now());
    let page = owner.get("/operator").text();
    assert!(page.contains("run for one business"), "{page}");
    assert!(!page.contains("Add an account"), "{page}");
    let account = only_account(&folder);
    let path = format!("/operator/accounts/{account}");
    for act in ["suspend", "expire"] {
        let refused = owner.post(&format!("{path}/{act}"), &[]);
        assert_eq!(refused.status, 400, "{act}: {refused:?}");
        assert!(refused.text().contains("your own business"), "{refused:?}");
    }
    let list = folder.json(&["account", "list"]);
    assert_eq!(list["items"][0]["expires_at"], serde_json::Value::Null);
}

#[test]
fn set_up_for_hosting_makes_an_operator_without_any_way_to_content() {
    let folder = Folder::new();
    let server = folder.serve();
    let more = [("way", "hosting")];
    assert_eq!(set_up(&server, "olga@host.example", &more), 303);
    assert_eq!(way(&folder), "hosting");
    let mut olga = Member::enter(&server.client, "olga@host.example", NEW_PASSWORD);
    let led = olga.get("/operator");
    assert_eq!(led.header("location"), Some("/you/second-factor"));
    olga.turn_on_second_factor(Timestamp::now());
    assert!(olga.get("/operator").text().contains("Add an account"));
    for path in [
        "/reports",
        "/conversions",
        "/campaigns",
        "/members",
        "/audit",
    ] {
        assert_eq!(olga.get(path).status, 403, "{path}");
    }
    // It has an operator and no account: it is set up all the same.
    assert_eq!(server.stop(), 0);
    let again = folder.serve();
    assert_eq!(again.set_up_path(), None);
    let closed = again.client.get("/setup?token=guessed");
    assert_eq!(closed.status, 410);
    assert!(closed.text().contains("set up already"), "{closed:?}");
}

#[test]
fn from_own_business_to_hosting_the_operator_is_somebody_apart_and_members_are_told() {
    let folder = Folder::new();
    let server = folder.serve();
    assert_eq!(set_up(&server, "ann@shop.example", &BUSINESS), 303);
    let mut owner = Member::enter(&server.client, "ann@shop.example", NEW_PASSWORD);
    owner.turn_on_second_factor(Timestamp::now());
    let fields = [("way", "hosting"), ("email", "olga@host.example")];
    let offered = owner.post("/operator/way", &fields);
    assert_eq!(offered.status, 200, "{offered:?}");
    let link = link_on(&offered.text());
    assert_eq!(way(&folder), "own", "nothing changes before it is used");
    assert_eq!(owner.get("/operator").status, 200);
    assert_eq!(follow(&server.client, &link, NEW_PASSWORD).status, 303);
    assert_eq!(way(&folder), "hosting");
    assert_eq!(owner.get("/operator").status, 403, "an owner alone");
    assert_eq!(owner.get("/reports").status, 200);
    let front = owner.get("/").text();
    assert!(front.contains("The server hosts others now"), "{front}");
    assert!(audit_of(&owner).contains("Change way"));
    let verified = folder.json(&["audit", "verify"]);
    assert_eq!(verified["sound"], true, "{verified}");
}

#[test]
fn back_to_one_business_needs_the_only_account_and_ends_the_operators_sign_in() {
    let folder = Folder::new();
    let server = folder.serve();
    let mut ann = Member::new(&folder, &server, "ann@shop.example");
    let olga = operator(&folder, &server.client, Timestamp::now());
    create(&folder, "bea@other.example");
    let fields = [("way", "own")];
    let refused = olga.post("/operator/way", &fields);
    assert_eq!(refused.status, 400, "{refused:?}");
    assert!(refused.text().contains("here are several"), "{refused:?}");
    assert_eq!(way(&folder), "hosting");
    let bea = folder.json(&["account", "list"])["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect::<Vec<_>>();
    assert_eq!(bea.len(), 2);
    assert_eq!(ann.get("/operator").status, 403);
    ann.turn_on_second_factor(Timestamp::now());
    assert_eq!(ann.get("/operator").status, 403);
}

#[test]
fn the_operator_hands_the_server_to_the_owners_of_the_only_account() {
    let folder = Folder::new();
    let server = folder.serve();
    let mut ann = Member::new(&folder, &server, "ann@shop.example");
    let olga = operator(&folder, &server.client, Timestamp::now());
    let handed = olga.post("/operator/way", &[("way", "own")]);
    assert_eq!(handed.header("location"), Some("/signin?done=own"));
    assert_eq!(olga.get("/operator").status, 303, "signed out");
    let tried = sign_in(&server.client, "olga@host.example", NEW_PASSWORD);
    assert_eq!(tried.status, 401, "there is no such sign-in any more");
    assert!(ann.get("/").text().contains("run for this business alone"));
    ann.turn_on_second_factor(Timestamp::now());
    assert_eq!(ann.get("/operator").status, 200);
}

#[test]
fn the_shell_says_for_whom_the_server_is_run_and_can_change_it() {
    let folder = Folder::new();
    create(&folder, "ann@shop.example");
    assert_eq!(way(&folder), "unsaid");
    let own = folder.json(&["instance", "way", "--to", "own"]);
    assert_eq!(own["account"], only_account(&folder).as_str(), "{own}");
    folder.json(&["instance", "way", "--to", "hosting"]);
    let second = |email: &str, way: &str| {
        let password = folder.write("password", PASSWORD);
        let made = ["account", "create", "--name", "B", "--owner", email];
        let more = ["--password-file", password.to_str().unwrap(), "--way", way];
        folder.command(&[&made[..], &more].concat())
    };
    second("bea@other.example", "own").failed_with(64);
    assert_eq!(way(&folder), "hosting");
    second("bea@other.example", "hosting").success();
    folder
        .command(&["instance", "way", "--to", "own"])
        .failed_with(64);
    let server = folder.serve();
    let owner = Member::enter(&server.client, "ann@shop.example", PASSWORD);
    let front = owner.get("/").text();
    assert!(front.contains("The server hosts others now"), "{front}");
}
