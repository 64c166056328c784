//! One-time links: what they open, and what they never do.

use super::{NEW_PASSWORD, audit_of, follow, only_account, path_of, post};
use crate::console::{Member, id_after, sign_in};
use crate::harness::account::PASSWORD;
use crate::harness::clock::TestClock;
use crate::harness::server::{Folder, Server};

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

/// A member who lost the way in, on a server that hosts others: the link that the shell
/// makes, and the member.
fn reset_when_hosting<'s>(folder: &Folder, server: &'s Server) -> (String, Member<'s>) {
    let owner = Member::new(folder, server, "ann@shop.example");
    folder.json(&["instance", "way", "--to", "hosting"]);
    let made = folder.json(&["member", "reset", "--email", "ann@shop.example"]);
    assert_eq!(made["opens_at"], "2026-11-25T12:00:07Z", "{made}");
    (made["link"].as_str().unwrap().to_owned(), owner)
}

#[test]
fn when_hosting_a_link_from_the_shell_is_announced_and_waits_a_day() {
    let folder = Folder::new();
    let clock = TestClock::at(&folder, "2026-11-24T12:00:07Z");
    let server = clock.serve(&folder);
    let (link, owner) = reset_when_hosting(&folder, &server);
    let front = owner.get("/").text();
    assert!(front.contains("let back in or removed"), "{front}");
    assert!(audit_of(&owner).contains("The operator at the shell"));
    let early = server.client.get(path_of(&link));
    assert_eq!(early.status, 410);
    assert!(early.text().contains("does not work yet"), "{early:?}");
    let token = path_of(&link).split('=').nth(1).unwrap();
    let fields = [
        ("token", token),
        ("password", NEW_PASSWORD),
        ("password_again", NEW_PASSWORD),
    ];
    assert_eq!(post(&server.client, "/join", &fields).status, 410);
    clock.set("2026-11-25T12:00:06Z");
    assert_eq!(server.client.get(path_of(&link)).status, 410);
    clock.set("2026-11-25T12:00:07Z");
    assert_eq!(follow(&server.client, &link, NEW_PASSWORD).status, 303);
}

#[test]
fn an_owner_lets_a_waiting_link_work_at_once_or_ends_it() {
    let folder = Folder::new();
    let clock = TestClock::at(&folder, "2026-11-24T12:00:07Z");
    let server = clock.serve(&folder);
    let (link, owner) = reset_when_hosting(&folder, &server);
    let page = owner.get("/members").text();
    assert!(page.contains("Let it work now"), "{page}");
    let id = id_after(&page, "/invites/");
    assert_eq!(
        owner.post(&format!("/invites/{id}/confirm"), &[]).status,
        303
    );
    assert_eq!(server.client.get(path_of(&link)).status, 200);
    assert_eq!(
        owner.post(&format!("/invites/{id}/revoke"), &[]).status,
        303
    );
    assert_eq!(server.client.get(path_of(&link)).status, 410);
}
