//! Every route of the real router, asked by everybody: nobody, every role, the operator
//! outside and inside an account, and tokens of every scope; about what is their own,
//! what is another account's and what is not there. The router and the table of rights
//! are the library's own, so that a route that is added is asked as well.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use pixelkeep::model::action::Action;
use pixelkeep::model::role::Party;
use pixelkeep::web::route::Declared;
use pixelkeep::web::server::routes;
use serde_json::json;

use super::askers::{Asker, all, is_of_api, is_refused};
use super::places::{PLACES, Place, Thing, address, body, fields, place};
use crate::console::Member;
use crate::harness::account::{Account, HOST, PASSWORD, campaign, goal};
use crate::harness::api::member;
use crate::harness::clock::TestClock;
use crate::harness::http::Answer;
use crate::harness::server::{Folder, Server};

const ABSENT: &str = "zzzzzzzz";
/// Time stands still, so that a password that was given stays fresh.
const NOON: &str = "2026-11-24T12:00:07Z";

/// Two accounts with the same things each, and everybody who asks about the first.
struct Town {
    /// Ids of the first account's things, and of the other's.
    own: BTreeMap<Thing, String>,
    foreign: BTreeMap<Thing, String>,
    account: String,
    askers: Vec<Asker>,
    server: Server,
    _folder: Folder,
}

fn declared() -> Vec<Declared> {
    routes().declared().to_vec()
}

/// The id of the one request on the page of requests.
fn request_on(page: &str) -> String {
    let (_, rest) = page.split_once("href=\"/requests/").expect("no request");
    rest.split('"').next().unwrap().to_owned()
}

/// One of everything an account may have, and its id.
fn furnish(folder: &Folder, account: &Account, owner: &Member<'_>) -> BTreeMap<Thing, String> {
    let api = &account.api;
    let (site, _) = api.create_site("The shop", &[HOST], "optout");
    let (campaign, _) = api.create_campaign(campaign("Spring", &site, &[goal("sale")]));
    let publisher = api.create_publisher("Blog", &[]);
    let pixel = format!("/pixel?campaign_id={campaign}&txn_id=1&sale_amount=5");
    owner.client.get(pixel).is(200, "stored");
    let conversion = api.settled_conversions(1)[0].id();
    let asked = json!({
        "subject_request_type": "access",
        "subject_identities": [{"identity_type": "transaction_id", "identity_value": "1"}],
    });
    let request = api.post("privacy/requests", asked);
    let email = format!("{site}@invited.example");
    let invited = folder.json(&[
        "member",
        "invite",
        "--account",
        &account.id,
        "--email",
        &email,
        "--role",
        "viewer",
    ]);
    let token = folder.json(&[
        "token",
        "create",
        "--account",
        &account.id,
        "--scope",
        "read",
    ]);
    let members = folder.json(&["member", "list", "--account", &account.id]);
    BTreeMap::from([
        (Thing::Site, site),
        (Thing::Campaign, campaign),
        (Thing::Publisher, publisher),
        (Thing::Conversion, conversion),
        (Thing::Member, member(&members["items"][0], "id")),
        (Thing::Invite, member(&invited, "id")),
        (Thing::RequestOfApi, member(&request, "subject_request_id")),
        (Thing::Request, request_on(&owner.get("/requests").text())),
        (Thing::Token, member(&token, "id")),
    ])
}

fn town() -> Town {
    let folder = Folder::new();
    let server = TestClock::at(&folder, NOON).serve(&folder);
    let at: Timestamp = NOON.parse().unwrap();
    let open = |email: &str| Account::create_with(&folder, &server, &[], "A shop", email);
    let (mine, other) = (open("ann@shop.example"), open("bea@other.example"));
    let ann = Member::enter(&server.client, "ann@shop.example", PASSWORD);
    let bea = Member::enter(&server.client, "bea@other.example", PASSWORD);
    let own = furnish(&folder, &mine, &ann);
    let foreign = furnish(&folder, &other, &bea);
    let publisher = own[&Thing::Publisher].clone();
    let askers = all(&folder, &server, &mine.id, &publisher, &ann, at);
    Town {
        account: mine.id,
        own,
        foreign,
        askers,
        server,
        _folder: folder,
    }
}

impl Town {
    fn asker(&self, party: Party) -> &Asker {
        let mut askers = self.askers.iter();
        askers.find(|asker| asker.party == party).unwrap()
    }

    /// The owner lets the operator in, who goes in and asks as support from then on.
    fn let_in(&self, scope: &str, party: Party) -> Asker {
        let (owner, operator) = (self.asker(Party::Owner), self.asker(Party::Operator));
        let grant = [("reason", "a look"), ("scope", scope), ("hours", "1")];
        owner.post("/support", &grant).is_one_of(&[303]);
        let enter = format!("/operator/accounts/{}/enter", self.account);
        operator.post(&enter, &[]).is_one_of(&[303]);
        operator.inside_as(party)
    }
}

/// Whether somebody may do it, as the one table of rights has it. What is the operator's
/// own stays so for one who is inside an account.
fn may(asker: &Asker, action: Action) -> bool {
    let inside = matches!(asker.party, Party::Support | Party::SupportDetails);
    action.allows(asker.party) || (inside && action.allows(Party::Operator))
}

/// What is wrong with the answer to somebody who asks this, if anything.
fn judged(asker: &Asker, route: &Declared, answer: &Answer) -> Option<String> {
    let right = match (is_of_api(route), asker.is_program(), asker.party) {
        _ if place(route) == Some(Place::Open) => !is_refused(route, answer),
        // A program is nobody to the console, and a person nobody to the API.
        (false, true, _) | (false, _, Party::Anyone) => matches!(answer.status, 303 | 401),
        (true, false, _) => answer.status == 401,
        _ => is_refused(route, answer) != may(asker, route.action),
    };
    let (party, method, path) = (asker.party, &route.method, route.path);
    (!right).then(|| format!("{party:?} {method} {path}: {}", answer.status))
}

#[test]
fn every_route_has_a_place_in_the_matrix_and_every_place_a_route() {
    let routed: BTreeSet<&str> = declared().iter().map(|route| route.path).collect();
    let placed: BTreeSet<&str> = PLACES.iter().map(|(path, _)| *path).collect();
    assert_eq!(placed.len(), PLACES.len(), "a place is given twice");
    let missing: Vec<_> = routed.symmetric_difference(&placed).collect();
    assert!(missing.is_empty(), "give each its place: {missing:#?}");
    for route in declared() {
        let is_open = place(&route) == Some(Place::Open);
        assert_eq!(is_open, route.action.is_public(), "{route:?}");
    }
}

#[test]
fn every_route_opens_for_the_roles_of_its_action_and_for_nobody_else() {
    let town = town();
    let mut wrong = Vec::new();
    let mut asked = 0;
    let mut ask_all = |asker: &Asker| {
        for route in declared() {
            let answer = asker.knock(&route, &address(&route, ABSENT));
            asked += 1;
            wrong.extend(judged(asker, &route, &answer));
        }
    };
    for asker in &town.askers {
        ask_all(asker);
    }
    ask_all(&town.let_in("figures", Party::Support));
    ask_all(&town.let_in("details", Party::SupportDetails));
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(asked > 13 * 120, "{asked}");
    town.server.assert_calm();
}

/// A token that may only read could wipe a whole site in a peer (GHSA-8www-cffh-4q98).
#[test]
fn a_read_only_token_changes_nothing_by_any_route() {
    let declared = declared();
    let changing = declared
        .iter()
        .filter(|route| is_of_api(route) && !route.method.is_safe());
    let changing: Vec<_> = changing.collect();
    assert!(changing.len() >= 12, "{changing:?}");
    for route in changing {
        assert!(!route.action.allows(Party::ReadToken), "{route:?}");
    }
}

/// An answer without what differs from one address to another.
fn plain(answer: &Answer, id: &str) -> String {
    answer.text().replace(id, "ID")
}

/// Paths of this server that a page leads to: links, and where its forms go.
fn led_to(page: &str) -> BTreeSet<(&'static str, String)> {
    let mut found = BTreeSet::new();
    for (method, mark) in [("GET", " href=\""), ("POST", " action=\"")] {
        for (at, _) in page.match_indices(mark) {
            let tag = page[..at].rfind('<').map_or("", |open| &page[open..at]);
            let method = match tag.contains("method=\"get\"") {
                true => "GET",
                false => method,
            };
            let target = page[at + mark.len()..]
                .split(['"', '?', '#'])
                .next()
                .unwrap();
            // The front door leads whoever comes to the first room that is open.
            if target.starts_with('/') && target != "/" {
                found.insert((method, target.to_owned()));
            }
        }
    }
    found
}

/// Whether an address is one of this route.
fn is_of(route: &Declared, method: &str, target: &str) -> bool {
    let (path, target): (Vec<_>, Vec<_>) =
        (route.path.split('/').collect(), target.split('/').collect());
    let fits = |(part, given): (&&str, &&str)| part.contains('{') || part == given;
    route.method.as_str() == method
        && path.len() == target.len()
        && path.iter().zip(&target).all(fits)
}

#[test]
fn no_page_offers_what_its_reader_is_refused() {
    let town = town();
    let declared = declared();
    let mut wrong = BTreeSet::new();
    let mut looked_at = 0;
    let mut look_all = |asker: &Asker| {
        for route in &declared {
            let id = match place(route) {
                Some(Place::Of(thing)) => &town.own[&thing],
                Some(Place::Account) => &town.account,
                _ => ABSENT,
            };
            let is_page = !is_of_api(route) && route.method.as_str() == "GET";
            if !is_page || place(route) == Some(Place::Open) || !may(asker, route.action) {
                continue;
            }
            let page = asker.ask(route, &address(route, id), &[], &json!({}));
            let is_html = page
                .header("content-type")
                .unwrap_or_default()
                .contains("html");
            if page.status != 200 || !is_html {
                continue;
            }
            looked_at += 1;
            for (method, target) in led_to(&page.text()) {
                // An address that is written out goes before one with a name in it.
                let fits = declared.iter().filter(|it| is_of(it, method, &target));
                let leads = fits.min_by_key(|it| it.path.matches('{').count());
                if leads.is_some_and(|it| !it.action.is_public() && !may(asker, it.action)) {
                    wrong.insert(format!(
                        "{:?} on {}: {method} {target}",
                        asker.party, route.path
                    ));
                }
            }
        }
    };
    for asker in town.askers.iter().filter(|asker| !asker.is_program()) {
        look_all(asker);
    }
    look_all(&town.let_in("figures", Party::Support));
    look_all(&town.let_in("details", Party::SupportDetails));
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(looked_at > 60, "{looked_at}");
}

#[test]
fn what_is_foreign_answers_as_what_is_absent_on_every_route_to_everybody() {
    let town = town();
    let mut wrong = Vec::new();
    let mut compared = 0;
    let mut compare_all = |asker: &Asker| {
        for route in declared() {
            let Some(Place::Of(thing)) = place(&route) else {
                continue;
            };
            if is_of_api(&route) != asker.is_program() || !may(asker, route.action) {
                continue;
            }
            let (fields, body) = (fields(thing), body(thing));
            let ask = |id: &str| asker.ask(&route, &address(&route, id), &fields, &body);
            let id = &town.foreign[&thing];
            let (foreign, absent) = (ask(id), ask(ABSENT));
            compared += 1;
            let same =
                foreign.status == absent.status && plain(&foreign, id) == plain(&absent, ABSENT);
            if !same || foreign.status < 400 {
                wrong.push(format!(
                    "{:?} {route:?}: {foreign:?} {absent:?}",
                    asker.party
                ));
            }
            // What was asked of the desk here is a copy, which leaves no receipt.
            let is_there = !route.path.contains("receipt") && !route.path.ends_with("/{name}");
            if route.method.as_str() == "GET" && is_there {
                let own = ask(&town.own[&thing]);
                if own.status == absent.status {
                    wrong.push(format!("{:?} {route:?} own: {own:?}", asker.party));
                }
            }
        }
    };
    for asker in &town.askers {
        compare_all(asker);
    }
    compare_all(&town.let_in("figures", Party::Support));
    compare_all(&town.let_in("details", Party::SupportDetails));
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(compared > 60, "{compared}");
}
