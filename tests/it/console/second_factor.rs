//! The second factor, the sessions and the password as their member meets them.

use std::collections::BTreeMap;

use super::{Member, encoded, field, sign_in};
use crate::harness::account::PASSWORD;
use crate::harness::http::{Answer, Client};
use crate::harness::server::{Folder, Server, text};
use crate::harness::totp;

const ANN: &str = "ann@shop.example";

/// The time at which these servers stand still, so that a code is known.
const NOON: &str = "2026-11-24T12:00:07Z\n";

pub fn serve_at_noon(folder: &Folder) -> Server {
    let clock = folder.write("clock", NOON);
    let options = ["--listen", "127.0.0.1:0", "--test-clock", text(&clock)];
    folder.serve_with(&options)
}

/// What an app shows for the secret that a page shows as text.
#[track_caller]
fn code_of(page: &str, steps_later: i64) -> String {
    let now: jiff::Timestamp = NOON.trim().parse().unwrap();
    totp::code_of(page, now.as_second() / 30 + steps_later)
}

fn send_code(client: &Client, step: &str, code: &str) -> Answer {
    client
        .request("POST", "/signin/code")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(encoded(&[
            ("step", step),
            ("code", code),
            ("next", "/sites"),
        ]))
        .send()
}

/// Turns the second factor on; the page with the secret and the recovery codes.
#[track_caller]
pub fn turn_on(member: &mut Member<'_>) -> (String, Vec<String>) {
    let page = member.get("/you/second-factor").text();
    let offer = field(&page, "offer");
    let wrong = member.post("/you/second-factor", &[("offer", &offer), ("code", "12")]);
    assert_eq!(wrong.status, 400, "{wrong:?}");
    let code = code_of(&page, 0);
    let done = member.post("/you/second-factor", &[("offer", &offer), ("code", &code)]);
    assert_eq!(done.status, 200, "{done:?}");
    member.cookie = done.cookie().expect("no new session");
    let shown = done.text();
    let (_, rest) = shown
        .split_once("aria-label=\"Recovery codes\">")
        .expect("no codes");
    let codes = rest
        .split('<')
        .next()
        .unwrap_or_default()
        .split_whitespace();
    (page, codes.map(str::to_owned).collect())
}

#[test]
fn after_the_password_a_code_is_asked_for_and_each_serves_once() {
    let folder = Folder::new();
    let server = serve_at_noon(&folder);
    let mut member = Member::new(&folder, &server, ANN);
    let old = member.cookie.clone();
    let (page, codes) = turn_on(&mut member);
    assert_eq!(codes.len(), 10);
    assert_eq!(member.get("/you").status, 200);
    let ended = server
        .client
        .request("GET", "/you")
        .header("cookie", old)
        .send();
    assert_eq!(ended.status, 303, "an old session lives on");

    let wrong = sign_in(&server.client, ANN, "not the password");
    let unknown = sign_in(&server.client, "eve@shop.example", "not the password");
    assert_eq!((wrong.status, unknown.status), (401, 401));
    assert_eq!(
        wrong.text().replace("ann@", ""),
        unknown.text().replace("eve@", "")
    );

    let asked = sign_in(&server.client, ANN, PASSWORD);
    assert_eq!((asked.status, asked.cookie()), (200, None), "{asked:?}");
    let step = field(&asked.text(), "step");
    let used = send_code(&server.client, &step, &code_of(&page, 0));
    assert_eq!(
        used.status, 401,
        "the code of the turning on served again: {used:?}"
    );
    // The neighbouring step is taken as well, as clocks differ.
    let inside = send_code(&server.client, &step, &code_of(&page, 1));
    assert_eq!(inside.header("location"), Some("/sites"), "{inside:?}");
    assert!(inside.cookie().is_some());

    let asked = sign_in(&server.client, ANN, PASSWORD);
    let step = field(&asked.text(), "step");
    let by_code = send_code(&server.client, &step, &codes[0]);
    assert_eq!(by_code.status, 303, "{by_code:?}");
    let asked = sign_in(&server.client, ANN, PASSWORD);
    let again = send_code(&server.client, &field(&asked.text(), "step"), &codes[0]);
    assert_eq!(again.status, 401, "a recovery code served twice: {again:?}");

    let log = member.get("/audit").text();
    for said in [
        "the second factor was turned on",
        "a wrong code of the second factor was refused",
        "a recovery code, now used up",
    ] {
        assert!(log.contains(said), "{said}: {log}");
    }
    let off = member.post("/you/second-factor/off", &[]);
    assert_eq!(
        off.header("location"),
        Some("/you?done=factor_off"),
        "{off:?}"
    );
    assert_eq!(sign_in(&server.client, ANN, PASSWORD).status, 303);
}

#[test]
fn an_account_that_requires_a_second_factor_leads_everybody_to_it() {
    let folder = Folder::new();
    let server = serve_at_noon(&folder);
    let mut member = Member::new(&folder, &server, ANN);
    let other = sign_in(&server.client, ANN, PASSWORD).cookie();
    let must = member.post("/account/second-factor", &[("require", "yes")]);
    assert_eq!(must.status, 303, "{must:?}");
    for path in ["/", "/sites", "/account", "/reports.csv"] {
        let led = member.get(path);
        assert_eq!(
            led.header("location"),
            Some("/you/second-factor"),
            "{path}: {led:?}"
        );
    }
    let other = other.expect("no session");
    let fields = [("form_token", ""), ("name", "x")];
    let request = server
        .client
        .request("POST", "/sites/new")
        .header("cookie", other);
    let refused = request
        .header("content-type", "application/x-www-form-urlencoded")
        .body(encoded(&fields))
        .send();
    assert_eq!(refused.header("location"), Some("/you/second-factor"));
    let page = member.get("/you/second-factor").text();
    let token = field(&page, "form_token");
    let (offer, code) = (field(&page, "offer"), code_of(&page, 0));
    let fields = [
        ("form_token", token.as_str()),
        ("offer", &offer),
        ("code", &code),
    ];
    let done = member.post_as("/you/second-factor", &fields, &BTreeMap::new());
    assert_eq!(done.status, 200, "{done:?}");
    member.cookie = done.cookie().expect("no new session");
    assert_eq!(member.get("/sites").status, 200);
}

#[test]
fn the_password_is_asked_for_again_after_five_minutes_and_the_form_goes_on() {
    let folder = Folder::new();
    let server = serve_at_noon(&folder);
    let member = Member::new(&folder, &server, ANN);
    let token = member.token();
    let own_page = BTreeMap::from([("sec-fetch-site", "same-origin")]);
    let send = |more: &[(&str, &str)]| {
        let fields = [&[("form_token", token.as_str()), ("require", "yes")], more].concat();
        member.post_as("/account/second-factor", &fields, &own_page)
    };
    folder.write("clock", "2026-11-24T12:06:00Z\n");
    let page = member.get("/you/second-factor");
    assert_eq!(page.status, 403);
    assert_eq!(field(&page.text(), "next"), "/you/second-factor");
    let asked = send(&[]);
    assert_eq!(asked.status, 403, "{asked:?}");
    let text = asked.text();
    assert!(text.contains("action=\"/account/second-factor\""), "{text}");
    assert_eq!(field(&text, "require"), "yes");
    assert!(
        !member
            .get("/account")
            .text()
            .contains("Every member must have one")
    );
    let wrong = send(&[("current_password", "not the password")]);
    assert_eq!(wrong.status, 403, "{wrong:?}");
    assert!(wrong.text().contains("This is not your password"));
    let right = send(&[("current_password", PASSWORD)]);
    assert_eq!(right.status, 303, "{right:?}");
    assert_eq!(
        member.get("/you/second-factor").status,
        200,
        "not asked again"
    );
}
