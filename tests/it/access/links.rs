//! One-time links: what they open, and what they never do.

use super::{NEW_PASSWORD, follow, only_account, path_of, post};
use crate::console::{Member, sign_in};
use crate::harness::account::PASSWORD;
use crate::harness::server::Folder;

#[test]
fn a_link_from_the_shell_lets_back_in_and_ends_all_sessions() {
    let folder = Folder::new();
    let server = folder.serve();
    let owner = Member::new(&folder, &server, "ann@shop.example");
    let made = folder.json(&["member", "reset", "--email", "ann@shop.example"]);
    let link = made["link"].as_str().unwrap();
    assert_eq!(owner.get("/").status, 200, "nothing ends before it is used");
    assert_eq!(follow(&server.client, link, NEW_PASSWORD).status, 303);
    assert_eq!(owner.get("/").status, 303, "signed out");
    let enter = |password| sign_in(&server.client, "ann@shop.example", password).status;
    assert_eq!(enter(PASSWORD), 401);
    assert_eq!(enter(NEW_PASSWORD), 303);
    assert_eq!(
        server.client.get(path_of(link)).status,
        410,
        "it works once"
    );
}

#[test]
fn a_newer_link_ends_the_older_one() {
    let folder = Folder::new();
    let server = folder.serve();
    Member::new(&folder, &server, "ann@shop.example");
    let reset = || {
        let made = folder.json(&["member", "reset", "--email", "ann@shop.example"]);
        made["link"].as_str().unwrap().to_owned()
    };
    let (older, newer) = (reset(), reset());
    assert_eq!(server.client.get(path_of(&older)).status, 410);
    assert_eq!(server.client.get(path_of(&newer)).status, 200);
}

#[test]
fn a_link_takes_a_good_password_alone_and_only_its_own_secret() {
    let folder = Folder::new();
    let server = folder.serve();
    Member::new(&folder, &server, "ann@shop.example");
    let account = only_account(&folder);
    let invite = ["member", "invite", "--account", &account];
    let more = ["--email", "vic@shop.example", "--role", "viewer"];
    let made = folder.json(&[&invite[..], &more].concat());
    let link = made["link"].as_str().unwrap();
    let token = path_of(link).split('=').nth(1).unwrap();
    let short = follow(&server.client, link, "short");
    assert_eq!(short.status, 400);
    assert!(short.text().contains("12 characters"), "{short:?}");
    let differ = [
        ("token", token),
        ("password", NEW_PASSWORD),
        ("password_again", "x"),
    ];
    assert_eq!(post(&server.client, "/join", &differ).status, 400);
    for wrong in ["", "x", &token[1..], &format!("{token}x")] {
        let fields = [
            ("token", wrong),
            ("password", NEW_PASSWORD),
            ("password_again", NEW_PASSWORD),
        ];
        assert_eq!(
            post(&server.client, "/join", &fields).status,
            410,
            "{wrong}"
        );
        let path = format!("/join?token={wrong}");
        assert_eq!(server.client.get(path).status, 410, "{wrong}");
    }
    assert_eq!(follow(&server.client, link, NEW_PASSWORD).status, 303);
}

#[test]
fn what_the_shell_did_is_told_to_members_until_they_have_seen_it() {
    let folder = Folder::new();
    let server = folder.serve();
    let owner = Member::new(&folder, &server, "ann@shop.example");
    let account = only_account(&folder);
    let told = || {
        owner
            .get("/")
            .text()
            .contains("By the operator at the shell")
    };
    assert!(!told());
    let report = [
        "report",
        "--account",
        &account,
        "--from",
        "2026-01-01",
        "--to",
        "2026-01-02",
    ];
    folder.json(&report);
    assert!(told(), "a report was printed");
    assert_eq!(owner.post("/told", &[]).status, 303);
    assert!(!told(), "it has been seen");
    folder.json(&["token", "create", "--account", &account, "--scope", "read"]);
    folder.json(&["member", "reset", "--email", "ann@shop.example"]);
    let page = owner.get("/").text();
    assert!(page.contains("An API token was made."), "{page}");
    assert!(page.contains("let back in or removed"), "{page}");
}
