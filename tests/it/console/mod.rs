//! The console as its members and their adversaries reach it: over HTTP, with and
//! without a session. Pages are looked at as text; how they look is not tested.

mod adversaries;
mod forged;
mod headers;
mod kit;
mod rooms;
mod second_factor;
mod sessions;
mod table;

use std::collections::BTreeMap;

use crate::harness::account::PASSWORD;
use crate::harness::http::{Answer, Client};
use crate::harness::server::{Folder, Server, text};
use crate::harness::totp;

/// A member who is signed in.
pub struct Member<'s> {
    pub client: &'s Client,
    pub cookie: String,
}

pub fn encoded(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}

pub fn create(folder: &Folder, email: &str) {
    let password = folder.write("password", PASSWORD);
    let arguments = ["account", "create", "--name", "A shop", "--owner", email];
    let more = ["--password-file", text(&password), "--currency", "EUR"];
    folder.json(&[&arguments[..], &more].concat());
}

pub fn sign_in(client: &Client, email: &str, password: &str) -> Answer {
    client
        .request("POST", "/signin")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(encoded(&[("email", email), ("password", password)]))
        .send()
}

impl<'s> Member<'s> {
    #[track_caller]
    pub fn new(folder: &Folder, server: &'s Server, email: &str) -> Member<'s> {
        create(folder, email);
        Member::enter(&server.client, email, PASSWORD)
    }

    /// Somebody who has a member's sign-in already.
    #[track_caller]
    pub fn enter(client: &'s Client, email: &str, password: &str) -> Member<'s> {
        let inside = sign_in(client, email, password);
        assert_eq!(inside.status, 303, "{inside:?}");
        let cookie = inside.cookie().expect("no session");
        Member { client, cookie }
    }

    #[track_caller]
    pub fn get(&self, path: &str) -> Answer {
        let request = self.client.request("GET", path);
        request.header("cookie", self.cookie.clone()).send()
    }

    /// The token that forms of this session carry.
    #[track_caller]
    pub fn token(&self) -> String {
        let mut page = self.get("/");
        while let Some(next) = page.header("location").map(str::to_owned) {
            assert!(!next.starts_with("/signin"), "nobody is signed in");
            page = self.get(&next);
        }
        let page = page.text();
        field(&page, "form_token")
    }

    /// A form with the token, from the console's own page.
    #[track_caller]
    pub fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.token();
        let fields = [&[("form_token", token.as_str())], fields].concat();
        self.post_as(
            path,
            &fields,
            &BTreeMap::from([("sec-fetch-site", "same-origin")]),
        )
    }

    #[track_caller]
    pub fn post_as(
        &self,
        path: &str,
        fields: &[(&str, &str)],
        headers: &BTreeMap<&str, &str>,
    ) -> Answer {
        let mut request = self
            .client
            .request("POST", path)
            .header("cookie", self.cookie.clone())
            .header("content-type", "application/x-www-form-urlencoded")
            .body(encoded(fields));
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        request.send()
    }

    /// Turns the second factor on, with the code that an app shows at this instant.
    #[track_caller]
    pub fn turn_on_second_factor(&mut self, at: jiff::Timestamp) {
        let page = self.get("/you/second-factor").text();
        let (offer, code) = (field(&page, "offer"), totp::code_at(&page, at));
        let fields = [("offer", offer.as_str()), ("code", &code)];
        let done = self.post("/you/second-factor", &fields);
        assert_eq!(done.status, 200, "{done:?}");
        self.cookie = done.cookie().expect("no new session");
    }

    /// Adds a site and gives its id.
    #[track_caller]
    pub fn site(&self) -> String {
        let fields = [
            ("name", "Shop"),
            ("hosts", "shop.example"),
            ("consent", "strict"),
        ];
        let made = self.post("/sites/new", &fields);
        assert_eq!(made.status, 303, "{made:?}");
        id_after(&self.get("/sites").text(), "/sites/")
    }

    /// Makes a campaign with one goal and gives its id.
    #[track_caller]
    pub fn campaign(&self, site: &str) -> String {
        let made = self.post("/campaigns/new", &campaign_fields(site, "Spring"));
        assert_eq!(made.status, 303, "{made:?}");
        id_after(&self.get("/campaigns").text(), "/campaigns/")
    }
}

/// The value of a page's hidden field.
#[track_caller]
pub fn field(page: &str, name: &str) -> String {
    let start = format!("name=\"{name}\" value=\"");
    let at = page
        .find(&start)
        .unwrap_or_else(|| panic!("no {name} in {page}"))
        + start.len();
    page[at..].chars().take_while(|c| *c != '"').collect()
}

fn campaign_fields<'f>(site: &'f str, name: &'f str) -> [(&'f str, &'f str); 12] {
    [
        ("name", name),
        ("site", site),
        ("landing", "https://shop.example/spring"),
        ("attribution_days", "30"),
        ("view_through_days", "0"),
        ("goal_id", ""),
        ("goal_name", "Sale"),
        ("goal_revenue_kind", "percent"),
        ("goal_revenue", "12,5"),
        ("goal_payout_kind", "fixed"),
        ("goal_payout", "2.00"),
        ("goal_approval", "pending"),
    ]
}

/// The first id of eight letters that follows `path` in a page.
#[track_caller]
pub fn id_after(page: &str, path: &str) -> String {
    let follows = page
        .match_indices(path)
        .map(|(at, _)| &page[at + path.len()..]);
    let mut ids = follows.filter_map(|rest| {
        let id: String = rest
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .collect();
        (id.len() == 8).then_some(id)
    });
    ids.next()
        .unwrap_or_else(|| panic!("no id after {path} in {page}"))
}
