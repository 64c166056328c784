//! The recovery kit at the end of set-up: shown once, to whoever runs the server, after
//! password and second factor, and with an entry in the instance's log.

use super::second_factor::{serve_at_noon, turn_on};
use super::{Member, encoded};
use crate::harness::account::PASSWORD;
use crate::harness::server::{Folder, Server};

/// Whoever uses the one-time address.
fn set_up(server: &Server) -> (Member<'_>, String) {
    let address = server.set_up_path().expect("no set-up address");
    let (_, secret) = address.split_once("token=").unwrap();
    let form = encoded(&[
        ("token", secret),
        ("name", "Harbour lights"),
        ("email", "ann@harbour.example"),
        ("password", PASSWORD),
        ("password_again", PASSWORD),
        ("timezone", "UTC"),
        ("currency", "EUR"),
    ]);
    let done = server
        .client
        .request("POST", "/setup")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "same-origin")
        .body(form)
        .send();
    assert_eq!(done.status, 303, "{done:?}");
    let next = done.header("location").unwrap().to_owned();
    let cookie = done.cookie().expect("no session");
    let member = Member {
        client: &server.client,
        cookie,
    };
    (member, next)
}

/// The words of a page, in their order.
fn words(page: &str) -> String {
    let items = page.split("<li value=").skip(1);
    let words: Vec<&str> = items
        .filter_map(|item| item.split('>').nth(1)?.split('<').next())
        .collect();
    words.join(" ")
}

#[test]
fn the_recovery_kit_is_shown_once_after_password_and_second_factor() {
    let folder = Folder::new();
    let server = serve_at_noon(&folder);
    let (mut owner, next) = set_up(&server);
    assert_eq!(next, "/operator/kit");
    let early = owner.get(&next);
    assert_eq!(early.header("location"), Some("/you/second-factor"));
    let refused = owner.post("/operator/kit", &[]);
    assert_eq!(refused.header("location"), Some("/you/second-factor"));

    turn_on(&mut owner);
    let offer = owner.get("/operator/kit");
    assert_eq!(offer.status, 200, "{offer:?}");
    assert!(offer.text().contains("Show the words"));
    assert!(offer.text().contains("nobody can open your backups"));
    assert!(words(&offer.text()).is_empty());

    // Set-up asks for the provider's copies of the whole machine as well.
    assert!(offer.text().contains("Snapshots of the whole machine"));
    let said = [("snapshots", "kept"), ("days", "14")];
    assert_eq!(owner.post("/operator/snapshots", &said).status, 303);
    assert!(owner.get("/operator/kit").text().contains("value=\"14\""));

    let shown = owner.post("/operator/kit", &[]);
    assert_eq!(shown.status, 200, "{shown:?}");
    let kit = folder.json(&["key", "kit"]);
    assert_eq!(words(&shown.text()), kit["words"].as_str().unwrap());
    assert!(
        shown
            .header("cache-control")
            .unwrap_or_default()
            .contains("no-store")
    );
    let log = folder.json(&["audit", "list", "--act", "show_kit"]);
    assert_eq!(log["items"].as_array().unwrap().len(), 1, "{log}");
    assert_eq!(log["items"][0]["actor"], "operator", "{log}");

    assert_eq!(owner.post("/operator/kit", &[]).status, 409);
    let after = owner.get("/operator/kit").text();
    assert!(after.contains("were shown here") && words(&after).is_empty());
    assert!(
        !server
            .process
            .stderr()
            .contains(kit["words"].as_str().unwrap())
    );
}
