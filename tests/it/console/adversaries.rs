//! What must not work: forms of other sites, other accounts' things, guessing.

use std::collections::BTreeMap;

use super::{Member, campaign_fields, create, sign_in};
use crate::harness::account::PASSWORD;
use crate::harness::server::Folder;

const NOBODYS: &str = "zzzzzzzz";

#[test]
fn a_form_of_another_site_or_without_its_token_changes_nothing() {
    let folder = Folder::new();
    let server = folder.serve();
    let member = Member::new(&folder, &server, "ann@shop.example");
    let other = Member::new(&folder, &server, "bea@shop.example");
    let (token, theirs) = (member.token(), other.token());
    let own_page = BTreeMap::from([("sec-fetch-site", "same-origin")]);
    let change = |token: &str, headers: &BTreeMap<&str, &str>| {
        let fields = [
            ("form_token", token),
            ("name", "Taken over"),
            ("timezone", "UTC"),
        ];
        member.post_as("/account", &fields, headers).status
    };
    for wrong in ["", "00", theirs.as_str(), &token[1..]] {
        assert_eq!(change(wrong, &own_page), 403, "{wrong:?}");
    }
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
    ] {
        assert_eq!(
            change(&token, &BTreeMap::from([(name, value)])),
            403,
            "{name}: {value}"
        );
    }
    assert!(!member.get("/account").text().contains("Taken over"));
    assert_eq!(change(&token, &own_page), 303);
    assert!(member.get("/account").text().contains("Taken over"));
}

#[test]
fn what_belongs_to_another_account_is_as_if_it_did_not_exist() {
    let folder = Folder::new();
    let server = folder.serve();
    let ann = Member::new(&folder, &server, "ann@shop.example");
    let bea = Member::new(&folder, &server, "bea@shop.example");
    let site = ann.site();
    let campaign = ann.campaign(&site);
    for (path, id) in [
        ("/sites/", site.as_str()),
        ("/campaigns/", campaign.as_str()),
        ("/snippets?campaign=", campaign.as_str()),
        ("/conversions?campaign=", campaign.as_str()),
    ] {
        let theirs = bea.get(&format!("{path}{id}"));
        let nobodys = bea.get(&format!("{path}{NOBODYS}"));
        assert_eq!(
            (theirs.status, theirs.text()),
            (404, nobodys.text()),
            "{path}"
        );
    }
    let fields = [
        ("name", "Mine now"),
        ("hosts", "evil.example"),
        ("consent", "optout"),
    ];
    assert_eq!(bea.post(&format!("/sites/{site}"), &fields).status, 404);
    let on_their_site = campaign_fields(&site, "Mine now");
    let refused = bea.post("/campaigns/new", &on_their_site);
    assert_eq!(refused.status, 404, "{refused:?}");
    let taken = bea.post(&format!("/campaigns/{campaign}"), &on_their_site);
    assert_eq!(taken.status, 404, "{taken:?}");
    assert!(!ann.get("/sites").text().contains("Mine now"));
    assert!(!ann.get("/campaigns").text().contains("Mine now"));
}

#[test]
fn without_a_session_no_room_opens_and_no_form_is_taken() {
    let folder = Folder::new();
    let server = folder.serve();
    let member = Member::new(&folder, &server, "ann@shop.example");
    let token = member.token();
    let ended = member.post("/signout", &[]);
    assert_eq!(ended.header("location"), Some("/signin"));
    for path in [
        "/",
        "/sites",
        "/sites/new",
        "/campaigns",
        "/campaigns/new",
        "/publishers",
        "/publishers/new",
        "/snippets",
        "/conversions",
        "/reports",
        "/reports.csv",
        "/account",
    ] {
        let answer = member.get(path);
        assert_eq!(answer.status, 303, "{path}: {answer:?}");
        assert!(answer.header("location").unwrap().starts_with("/signin"));
        assert!(answer.body.is_empty(), "{path}");
    }
    assert_eq!(member.get("/overview/fragment").status, 401);
    for path in [
        "/account",
        "/account/rates",
        "/account/server-to-server",
        "/sites/new",
    ] {
        let fields = [
            ("form_token", token.as_str()),
            ("name", "x"),
            ("hosts", "x.example"),
        ];
        let answer = member.post_as(path, &fields, &BTreeMap::new());
        assert_eq!(
            answer.header("location"),
            Some("/signin"),
            "{path}: {answer:?}"
        );
    }
}

#[test]
fn account_enumeration_guessing_is_slowed_down_and_tells_nothing() {
    let folder = Folder::new();
    let server = folder.serve();
    create(&folder, "ann@shop.example");
    let wrong = sign_in(&server.client, "ann@shop.example", "not the password");
    let unknown = sign_in(&server.client, "eve@shop.example", "not the password");
    assert_eq!((wrong.status, unknown.status), (401, 401));
    assert_eq!(
        wrong.text().replace("ann@", ""),
        unknown.text().replace("eve@", ""),
        "the answers differ"
    );
    let answers: Vec<_> = (0..6)
        .map(|_| sign_in(&server.client, "eve@shop.example", "not the password"))
        .collect();
    let held = answers.iter().find(|answer| answer.status == 429);
    let held = held.expect("nobody was slowed down");
    assert!(held.header("retry-after").unwrap().parse::<u32>().unwrap() >= 1);
    assert_eq!(
        sign_in(&server.client, "ann@shop.example", PASSWORD).status,
        303
    );
}

#[test]
fn sign_in_over_plain_http_from_afar_is_refused_with_the_way_out() {
    let folder = Folder::new();
    let server = folder.serve();
    create(&folder, "ann@shop.example");
    for (name, value) in [
        ("x-forwarded-for", "203.0.113.9"),
        ("x-forwarded-proto", "http"),
    ] {
        let answer = server
            .client
            .request("GET", "/signin")
            .header(name, value)
            .send();
        assert_eq!(answer.status, 403, "{answer:?}");
        assert!(answer.text().contains("--public-url"), "{answer:?}");
        let posted = server
            .client
            .request("POST", "/signin")
            .header("content-type", "application/x-www-form-urlencoded")
            .header(name, value)
            .body("email=ann%40shop.example&password=correct+horse+battery+staple");
        assert_eq!(posted.send().status, 403, "{name}");
    }
    let request = server.client.request("GET", "/signin");
    let answer = request
        .header("x-forwarded-for", "203.0.113.9")
        .header("x-forwarded-proto", "https");
    assert_eq!(answer.send().status, 200);
}
