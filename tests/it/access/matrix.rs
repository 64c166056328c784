//! Every route of the real router, asked by every role of an account, by both kinds of
//! API tokens and by nobody. The router and its table are the library's own, so that a
//! route that is added is asked as well.

use std::collections::BTreeMap;

use pixelkeep::model::action::Action;
use pixelkeep::model::role::Party;
use pixelkeep::web::route::Declared;
use pixelkeep::web::server::routes;

use super::{join, only_account};
use crate::console::{Member, id_after};
use crate::harness::account::token;
use crate::harness::http::Answer;
use crate::harness::server::Folder;

const ABSENT: &str = "zzzzzzzz";

/// What stands behind a sign-in. What ends the asker's own session is left out.
fn behind_the_door(api: bool) -> Vec<Declared> {
    let routes = routes();
    let declared = routes.declared().iter().cloned();
    declared
        .filter(|route| !route.action.is_public())
        .filter(|route| route.path.starts_with("/api/") == api)
        .filter(|route| !matches!(route.action, Action::ChangeSelf | Action::Confirm))
        .collect()
}

fn path(route: &Declared, id: &str) -> String {
    let mut path = String::new();
    for part in route.path.split('/').skip(1) {
        path.push('/');
        path.push_str(if part.starts_with('{') { id } else { part });
    }
    path
}

fn ask(member: &Member, route: &Declared, id: &str) -> Answer {
    let path = path(route, id);
    match route.method.as_str() {
        "GET" => member.get(&path),
        _ => member.post(&path, &[]),
    }
}

#[test]
fn every_page_opens_for_the_roles_of_its_action_and_for_nobody_else() {
    let folder = Folder::new();
    let server = folder.serve();
    let owner = Member::new(&folder, &server, "ann@shop.example");
    let account = only_account(&folder);
    let made = owner.post("/publishers/new", &[("name", "Blog")]);
    assert_eq!(made.status, 303, "{made:?}");
    let publisher = id_after(&owner.get("/publishers").text(), "/publishers/");
    let as_role = |name: &str, role: &[&str]| {
        let email = format!("{name}@shop.example");
        join(&folder, &server.client, &account, &email, role)
    };
    let members = [
        (Party::Owner, owner),
        (Party::Admin, as_role("admin", &["admin"])),
        (Party::Analyst, as_role("analyst", &["analyst"])),
        (Party::Viewer, as_role("viewer", &["viewer"])),
        (Party::Privacy, as_role("privacy", &["privacy"])),
        (
            Party::Publisher,
            as_role("publisher", &["publisher", "--publisher", &publisher]),
        ),
    ];
    let mut wrong = Vec::new();
    for route in behind_the_door(false) {
        for (party, member) in &members {
            let answer = ask(member, &route, ABSENT);
            let refused = answer.status == 403 || (route.path == "/" && answer.status == 303);
            if refused == route.action.allows(*party) {
                wrong.push(format!("{party:?} {route:?}: {}", answer.status));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn nobody_gets_past_the_sign_in_and_a_token_opens_what_its_scope_says() {
    let folder = Folder::new();
    let server = folder.serve();
    crate::console::create(&folder, "ann@shop.example");
    let account = only_account(&folder);
    for route in behind_the_door(false) {
        let method = route.method.as_str();
        let request = server.client.request(method, path(&route, ABSENT));
        let form = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = form.send();
        assert!(matches!(answer.status, 303 | 401), "{route:?}: {answer:?}");
    }
    let tokens = [
        (Party::ReadToken, token(&folder, &server, &account, "read")),
        (
            Party::WriteToken,
            token(&folder, &server, &account, "write"),
        ),
    ];
    for route in behind_the_door(true) {
        let (method, path) = (route.method.as_str(), path(&route, ABSENT));
        assert_eq!(
            server.client.request(method, &*path).send().status,
            401,
            "{route:?}"
        );
        let below = path.trim_start_matches("/api/v1/");
        for (party, api) in &tokens {
            let answer = api.call(method, below, None);
            let refused = answer.status == 403;
            assert_eq!(
                refused,
                !route.action.allows(*party),
                "{party:?} {route:?}: {answer:?}"
            );
        }
    }
}

/// A token that may only read could wipe a whole site in a peer (GHSA-8www-cffh-4q98).
#[test]
fn a_read_only_token_changes_nothing_by_any_route() {
    let changing = behind_the_door(true);
    let changing: Vec<_> = changing
        .iter()
        .filter(|route| !route.method.is_safe())
        .collect();
    assert!(changing.len() >= 8, "{changing:?}");
    for route in changing {
        assert!(!route.action.allows(Party::ReadToken), "{route:?}");
    }
}

#[test]
fn what_is_foreign_answers_as_what_is_absent_on_every_route() {
    let folder = Folder::new();
    let server = folder.serve();
    let ann = Member::new(&folder, &server, "ann@shop.example");
    let bea = Member::new(&folder, &server, "bea@shop.example");
    let site = ann.site();
    let campaign = ann.campaign(&site);
    ann.post("/publishers/new", &[("name", "Blog")]);
    let publisher = id_after(&ann.get("/publishers").text(), "/publishers/");
    ann.post(
        "/members",
        &[("email", "vic@shop.example"), ("role", "viewer")],
    );
    let members = ann.get("/members").text();
    let ids = BTreeMap::from([
        ("sites", site),
        ("campaigns", campaign),
        ("publishers", publisher),
        ("members", id_after(&members, "/members/")),
        ("invites", id_after(&members, "/invites/")),
    ]);
    let mut asked = 0;
    for route in behind_the_door(false) {
        let noun = route.path.split('/').nth(1).unwrap_or_default();
        let Some(id) = ids.get(noun).filter(|_| route.path.contains("{id}")) else {
            continue;
        };
        let (foreign, absent) = (ask(&bea, &route, id), ask(&bea, &route, ABSENT));
        assert_eq!(foreign.status, absent.status, "{route:?}");
        let plain = |answer: &Answer, id: &str| answer.text().replace(id, "ID");
        assert_eq!(plain(&foreign, id), plain(&absent, ABSENT), "{route:?}");
        asked += 1;
    }
    assert!(asked >= 10, "{asked}");
}
