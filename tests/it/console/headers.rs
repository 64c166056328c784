//! What every answer of the real router says of itself, tracking addresses included.
//! Reaches into the product for the list of its routes, so that none is forgotten.

use pixelkeep::model::action::Action;
use pixelkeep::web::route::Declared;
use pixelkeep::web::server::routes;

use super::Member;
use crate::harness::http::Answer;
use crate::harness::server::{Folder, Server};

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

/// One answer of each route, signed in and not.
fn answers(server: &Server, member: &Member<'_>) -> Vec<(Declared, Answer)> {
    let mut found = Vec::new();
    for route in routes().declared() {
        for cookie in ["", member.cookie.as_str()] {
            let request = server
                .client
                .request(route.method.as_str(), path(route))
                .header("cookie", cookie);
            let request = match route.method.as_str() {
                "POST" | "PUT" | "PATCH" => request.body("x"),
                _ => request,
            };
            if route.path != "/signout" {
                found.push((route.clone(), request.send()));
            }
        }
    }
    assert!(found.len() > 80, "{}", found.len());
    found
}

#[test]
fn every_answer_is_what_it_says_and_every_page_runs_nothing_foreign() {
    let folder = Folder::new();
    let server = folder.serve();
    let member = Member::new(&folder, &server, "ann@shop.example");
    for (route, answer) in answers(&server, &member) {
        let header = |name: &str| answer.header(name).unwrap_or_default();
        let said = format!("{route:?}: {answer:?}");
        assert!(answer.header("server").is_none(), "{said}");
        if answer.body.is_empty() {
            continue;
        }
        assert_eq!(header("x-content-type-options"), "nosniff", "{said}");
        let kind = header("content-type");
        assert!(!kind.is_empty(), "{said}");
        if !kind.starts_with("text/html") {
            continue;
        }
        let policy = header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'"), "{said}");
        assert!(!policy.contains("unsafe"), "{said}");
        if route.action == Action::Collect {
            assert!(policy.contains("sandbox"), "{said}");
            continue;
        }
        for part in [
            "script-src 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        ] {
            assert!(policy.contains(part), "{part}: {said}");
        }
    }
}

#[test]
fn every_answer_of_the_console_keeps_to_itself() {
    let folder = Folder::new();
    let options = [
        "--listen",
        "127.0.0.1:0",
        "--public-url",
        "https://keep.example",
    ];
    let server = folder.serve_with(&options);
    let member = Member::new(&folder, &server, "ann@shop.example");
    for (route, answer) in answers(&server, &member) {
        let header = |name: &str| answer.header(name).unwrap_or_default();
        let said = format!("{route:?}: {answer:?}");
        assert_eq!(
            header("strict-transport-security"),
            "max-age=63072000; includeSubDomains",
            "{said}"
        );
        let is_page = header("content-type").starts_with("text/html");
        if route.action == Action::Collect || route.path.starts_with("/api/") || !is_page {
            continue;
        }
        assert_eq!(header("cache-control"), "no-store", "{said}");
        assert_eq!(header("referrer-policy"), "same-origin", "{said}");
        assert_eq!(header("x-frame-options"), "DENY", "{said}");
        for name in ["opener-policy", "resource-policy"] {
            let name = format!("cross-origin-{name}");
            assert_eq!(header(&name), "same-origin", "{said}");
        }
        assert_eq!(
            header("cross-origin-embedder-policy"),
            "require-corp",
            "{said}"
        );
        assert!(header("permissions-policy").contains("camera=()"), "{said}");
    }
}
