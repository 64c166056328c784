//! Forms that our own pages did not send, at every address of the real router that takes
//! one. Reaches into the product for the list of its routes, so that none is forgotten.

use std::collections::BTreeMap;

use pixelkeep::model::action::Action;
use pixelkeep::model::role::Party;
use pixelkeep::web::route::Declared;
use pixelkeep::web::server::routes;

use super::Member;
use crate::harness::http::Answer;
use crate::harness::server::Folder;

const OWN_PAGE: (&str, &str) = ("sec-fetch-site", "same-origin");

/// Every address of the console that takes a form.
fn forms() -> Vec<Declared> {
    let all = routes();
    let forms = all.declared().iter().filter(|route| {
        route.method == "POST" && route.action != Action::Collect && !is_api(route)
    });
    let forms: Vec<Declared> = forms.cloned().collect();
    assert!(forms.len() >= 15, "the router lost its forms: {forms:?}");
    forms
}

fn is_api(route: &Declared) -> bool {
    route.path.starts_with("/api/")
}

fn path(route: &Declared) -> String {
    let parts = route
        .path
        .split('/')
        .map(|part| match part.starts_with('{') {
            true => "zzzzzzzz",
            false => part,
        });
    parts.collect::<Vec<_>>().join("/")
}

#[track_caller]
fn refused(answer: &Answer, route: &Declared, why: &str) {
    assert_eq!(answer.status, 403, "{why}: {route:?}: {answer:?}");
}

#[test]
fn csrf_token_not_enforced_every_form_wants_the_token_of_its_own_session() {
    let folder = Folder::new();
    let server = folder.serve();
    let member = Member::new(&folder, &server, "ann@shop.example");
    let theirs = Member::new(&folder, &server, "bea@shop.example").token();
    let token = member.token();
    let own_page = BTreeMap::from([OWN_PAGE]);
    let mut walked = 0;
    for route in forms().iter().filter(|route| !route.action.is_public()) {
        for wrong in [None, Some(""), Some(theirs.as_str()), Some(&token[1..])] {
            let fields: Vec<_> = wrong.iter().map(|wrong| ("form_token", *wrong)).collect();
            let answer = member.post_as(&path(route), &fields, &own_page);
            refused(&answer, route, "a wrong token");
            if route.action.allows(Party::Owner) {
                assert!(answer.text().contains("another sign-in"), "{route:?}");
                walked += 1;
            }
        }
    }
    assert!(walked >= 40, "{walked}");
}

#[test]
fn every_form_is_refused_that_a_page_of_another_site_has_sent() {
    let folder = Folder::new();
    let server = folder.serve();
    let member = Member::new(&folder, &server, "ann@shop.example");
    let token = member.token();
    for route in forms() {
        for (name, value) in [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("origin", "https://evil.example"),
            ("origin", "null"),
        ] {
            let headers = BTreeMap::from([(name, value)]);
            let fields = [
                ("form_token", token.as_str()),
                ("email", "ann@shop.example"),
            ];
            let answer = member.post_as(&path(&route), &fields, &headers);
            refused(&answer, &route, value);
            assert!(answer.text().contains("another website"), "{route:?}");
        }
    }
    assert_eq!(member.get("/account").status, 200, "the session has ended");
}

#[test]
fn every_form_is_refused_that_comes_as_something_else() {
    let folder = Folder::new();
    let server = folder.serve();
    let member = Member::new(&folder, &server, "ann@shop.example");
    let token = member.token();
    for route in forms() {
        for kind in ["application/json", "text/plain", "multipart/form-data"] {
            let answer = server
                .client
                .request("POST", path(&route))
                .header("cookie", member.cookie.clone())
                .header("content-type", kind)
                .header("sec-fetch-site", "same-origin")
                .body(format!("form_token={token}"))
                .send();
            assert_eq!(answer.status, 400, "{kind}: {route:?}: {answer:?}");
        }
    }
}

#[test]
fn a_session_goes_along_only_from_our_own_pages() {
    let folder = Folder::new();
    let server = folder.serve();
    super::create(&folder, "ann@shop.example");
    let sign_in = |headers: &[(&str, &str)]| {
        let mut request = server
            .client
            .request("POST", "/signin")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(super::encoded(&[
                ("email", "ann@shop.example"),
                ("password", super::PASSWORD),
            ]));
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        request.send()
    };
    let inside = sign_in(&[]);
    let cookies: Vec<_> = set_cookies(&inside);
    assert_eq!(cookies.len(), 2, "{inside:?}");
    for cookie in cookies {
        assert!(
            cookie.contains("SameSite=Lax") && cookie.contains("HttpOnly"),
            "{cookie}"
        );
        assert!(
            cookie.contains("Path=/") && !cookie.contains("Domain"),
            "{cookie}"
        );
    }
    drop(server);
    let options = [
        "--listen",
        "127.0.0.1:0",
        "--public-url",
        "https://keep.example",
    ];
    let server = folder.serve_with(&options);
    let inside = super::sign_in(&server.client, "ann@shop.example", super::PASSWORD);
    for cookie in set_cookies(&inside) {
        assert!(
            cookie.starts_with("__Host-") && cookie.contains("Secure"),
            "{cookie}"
        );
    }
}

fn set_cookies(answer: &Answer) -> Vec<&str> {
    let named = answer
        .headers
        .iter()
        .filter(|(name, _)| name == "set-cookie");
    named.map(|(_, value)| value.as_str()).collect()
}
