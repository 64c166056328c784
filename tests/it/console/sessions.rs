//! Sessions and the password as their member meets them, and what others cannot do.

use std::collections::BTreeMap;

use super::{Member, create, encoded, sign_in};
use crate::harness::account::PASSWORD;
use crate::harness::server::Folder;

const ANN: &str = "ann@shop.example";
const NEW: &str = "wiese tasse regen motor 9";

#[test]
fn a_new_password_signs_every_other_browser_out() {
    let folder = Folder::new();
    let server = folder.serve();
    let mut member = Member::new(&folder, &server, ANN);
    let elsewhere = sign_in(&server.client, ANN, PASSWORD)
        .cookie()
        .expect("no session");
    let get = |cookie: &str| {
        let request = server.client.request("GET", "/you");
        request.header("cookie", cookie).send()
    };
    assert_eq!(get(&elsewhere).status, 200);
    let change = |current: &str, new: &str| {
        let fields = [
            ("current_password", current),
            ("password", new),
            ("password_again", new),
        ];
        member.post("/you/password", &fields)
    };
    assert_eq!(change("not the password", NEW).status, 403);
    for (bad, why) in [
        ("short", "12 characters"),
        ("password1234", "first that are guessed"),
        (ANN, "your own name or address"),
    ] {
        let refused = change(PASSWORD, bad);
        assert_eq!(refused.status, 400, "{bad}: {refused:?}");
        assert!(refused.text().contains(why), "{bad}");
    }
    let done = change(PASSWORD, NEW);
    assert_eq!(
        done.header("location"),
        Some("/you?done=password"),
        "{done:?}"
    );
    assert_eq!(
        get(&elsewhere).status,
        303,
        "a session outlives the password"
    );
    assert_eq!(
        get(&member.cookie).status,
        303,
        "the session was not renewed"
    );
    member.cookie = done.cookie().expect("no new session");
    assert_eq!(member.get("/you").status, 200);
    assert_eq!(sign_in(&server.client, ANN, PASSWORD).status, 401);
    assert_eq!(sign_in(&server.client, ANN, NEW).status, 303);
}

#[test]
fn a_member_sees_their_own_sessions_and_ends_them() {
    let folder = Folder::new();
    let server = folder.serve();
    let member = Member::new(&folder, &server, ANN);
    create(&folder, "bea@shop.example");
    let theirs = sign_in(&server.client, "bea@shop.example", PASSWORD);
    let theirs = theirs.cookie().expect("no session");
    let elsewhere = sign_in(&server.client, ANN, PASSWORD)
        .cookie()
        .expect("no session");
    let get = |cookie: &str| {
        let request = server.client.request("GET", "/you");
        request.header("cookie", cookie).send()
    };
    let handles = |page: &str| -> Vec<String> {
        let parts = page.split("name=\"session\" value=\"").skip(1);
        let handles = parts.map(|part| part.chars().take_while(|c| *c != '"').collect());
        handles
            .filter(|handle: &String| handle != "others")
            .collect()
    };
    let page = member.get("/you").text();
    assert!(
        page.contains("this browser") && page.contains("127.0.0.0/24"),
        "{page}"
    );
    let shown = handles(&page);
    assert_eq!(shown.len(), 1, "{page}");
    // Bea's list offers Ann's to nobody, and Bea's handle ends nothing of Ann's.
    assert_eq!(handles(&get(&theirs).text()).len(), 0);
    let foreign = member.post("/you/sessions", &[("session", "0123456789abcdef")]);
    assert_eq!(foreign.status, 404);
    let ended = member.post("/you/sessions", &[("session", &shown[0])]);
    assert_eq!(
        ended.header("location"),
        Some("/you?done=ended"),
        "{ended:?}"
    );
    assert_eq!(get(&elsewhere).status, 303);
    let more: Vec<_> = (0..2)
        .map(|_| {
            sign_in(&server.client, ANN, PASSWORD)
                .cookie()
                .expect("no session")
        })
        .collect();
    assert_eq!(
        member
            .post("/you/sessions", &[("session", "others")])
            .status,
        303
    );
    assert!(more.iter().all(|cookie| get(cookie).status == 303));
    assert_eq!(
        (get(&member.cookie).status, get(&theirs).status),
        (200, 200)
    );
}

#[test]
fn lock_out_bypass_a_known_browser_signs_in_while_strangers_guess() {
    let folder = Folder::new();
    let server = folder.serve();
    create(&folder, ANN);
    let home = sign_in(&server.client, ANN, PASSWORD);
    let cookies: Vec<String> = home
        .headers
        .iter()
        .filter(|(name, value)| name == "set-cookie" && value.contains("device"))
        .filter_map(|(_, value)| value.split(';').next().map(str::to_owned))
        .collect();
    let held = (0..12).any(|_| sign_in(&server.client, ANN, "not the password").status == 429);
    assert!(held, "nobody was slowed down");
    let request = server
        .client
        .request("POST", "/signin")
        .header("cookie", cookies.join("; "));
    let inside = request
        .header("content-type", "application/x-www-form-urlencoded")
        .body(encoded(&[("email", ANN), ("password", PASSWORD)]))
        .send();
    assert_eq!(inside.status, 303, "{inside:?}");
}

#[test]
fn open_redirect_the_way_on_never_leaves_this_server() {
    let folder = Folder::new();
    let server = folder.serve();
    let member = Member::new(&folder, &server, ANN);
    for next in [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        "http:evil.example",
    ] {
        let fields = [("email", ANN), ("password", PASSWORD), ("next", next)];
        let answer = member.post_as("/signin", &fields, &BTreeMap::new());
        assert_eq!(answer.header("location"), Some("/"), "{next:?}");
        let fields = [("current_password", PASSWORD), ("next", next)];
        let fresh = sign_in(&server.client, ANN, PASSWORD)
            .cookie()
            .expect("no session");
        let member = Member {
            client: &server.client,
            cookie: fresh,
        };
        let answer = member.post("/confirm", &fields);
        assert_eq!(answer.header("location"), Some("/"), "{next:?}");
    }
}
