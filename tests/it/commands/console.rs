//! Set-up and sign-in as a browser without scripts does them: the one-time
//! address, forms with their hidden fields, and a session that ends.

use std::collections::BTreeMap;

use url::form_urlencoded;

use crate::harness::http::{Answer, Client};
use crate::harness::server::{Folder, text};

const EMAIL: &str = "ann@shop.example";
const SECRET: &str = "a rather long password 4711";

/// The fields of a page's form that posts, with what stands in them.
#[derive(Debug)]
struct Form {
    action: String,
    fields: BTreeMap<String, String>,
    kinds: BTreeMap<String, String>,
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let start = tag.find(&format!(" {name}=\""))? + name.len() + 3;
    let value = &tag[start..start + tag[start..].find('"')?];
    Some(value.replace("&#x2F;", "/").replace("&amp;", "&"))
}

fn tags<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    let open = format!("<{name}");
    html.match_indices(&open)
        .map(|(at, _)| &html[at..])
        .map(|rest| &rest[..rest.find('>').unwrap_or(rest.len())])
        .collect()
}

/// The form of a page whose action contains `to`.
#[track_caller]
fn form(page: &Answer, here: &str, to: &str) -> Form {
    let html = page.text();
    for part in html.split("<form").skip(1) {
        let part = &part[..part.find("</form>").unwrap_or(part.len())];
        let tag = &part[..part.find('>').unwrap_or(part.len())];
        let action = attribute(tag, "action").unwrap_or_else(|| here.to_owned());
        if !action.contains(to) {
            continue;
        }
        let (mut fields, mut kinds) = (BTreeMap::new(), BTreeMap::new());
        for input in tags(part, "input").into_iter().chain(tags(part, "select")) {
            let Some(name) = attribute(input, "name") else {
                continue;
            };
            let kind = attribute(input, "type").unwrap_or_else(|| "text".to_owned());
            if kind == "radio" && fields.contains_key(&name) {
                continue;
            }
            fields.insert(name.clone(), attribute(input, "value").unwrap_or_default());
            kinds.insert(name, kind);
        }
        return Form {
            action,
            fields,
            kinds,
        };
    }
    panic!("no form to {to} in {html}");
}

impl Form {
    /// Fills what a person would type, by what kind of field it is.
    fn fill(&mut self) {
        for (name, kind) in &self.kinds {
            let value = self.fields.get_mut(name).unwrap();
            match (kind.as_str(), name.as_str()) {
                ("email", _) => *value = EMAIL.to_owned(),
                ("password", _) => *value = SECRET.to_owned(),
                ("text", "timezone") => *value = "Europe/Vienna".to_owned(),
                ("text", "currency") => *value = "EUR".to_owned(),
                ("text", _) if value.is_empty() => *value = "Ann's shop".to_owned(),
                _ => {}
            }
        }
        self.fields
            .entry("timezone".into())
            .or_insert("Europe/Vienna".into());
        self.fields.entry("currency".into()).or_insert("EUR".into());
        for (name, value) in [("timezone", "Europe/Vienna"), ("currency", "EUR")] {
            let field = self.fields.get_mut(name).unwrap();
            if field.is_empty() {
                *field = value.to_owned();
            }
        }
    }

    fn send(&self, client: &Client, cookie: Option<&str>) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&self.fields)
            .finish();
        let mut request = client
            .request("POST", self.action.clone())
            .header("content-type", "application/x-www-form-urlencoded")
            .header("origin", client.base.clone())
            .header("sec-fetch-site", "same-origin")
            .body(body);
        if let Some(cookie) = cookie {
            request = request.header("cookie", cookie);
        }
        request.send()
    }
}

/// All cookies that an answer sets, as a browser sends them back.
fn jar(answers: &[&Answer]) -> String {
    let mut cookies = BTreeMap::new();
    for (name, value) in answers.iter().flat_map(|answer| &answer.headers) {
        if name == "set-cookie"
            && let Some((key, value)) = value.split(';').next().unwrap_or("").split_once('=')
        {
            cookies.insert(key.to_owned(), value.to_owned());
        }
    }
    let pairs: Vec<String> = cookies
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    pairs.join("; ")
}

fn page(client: &Client, path: &str, cookie: &str) -> Answer {
    client.request("GET", path).header("cookie", cookie).send()
}

#[test]
fn the_set_up_address_works_once_and_the_owner_can_sign_in_and_out() {
    let folder = Folder::new();
    let server = folder.serve();
    let client = &server.client;
    let address = server.set_up_path().expect("no set-up address was printed");
    client
        .get("/setup?token=guessed")
        .is_one_of(&[303, 400, 403, 404, 410]);
    let shown = client.get(address.clone());
    assert_eq!(shown.status, 200, "{shown:?}");
    let mut set_up = form(&shown, &address, "setup");
    set_up.fill();
    let done = set_up.send(client, Some(&jar(&[&shown])));
    done.is_one_of(&[302, 303]);
    let again = set_up.send(client, Some(&jar(&[&shown])));
    assert!(
        again.status >= 400 && again.status < 500,
        "used twice: {again:?}"
    );
    let shown = client.get(address);
    assert_ne!(shown.status, 200, "{shown:?}");

    let bare = client.get("/campaigns");
    bare.is_one_of(&[302, 303]);
    let shown = client.get("/signin");
    assert_eq!(shown.status, 200);
    let mut sign_in = form(&shown, "/signin", "signin");
    sign_in.fill();
    let password = sign_in
        .fields
        .iter_mut()
        .find(|(name, _)| name.contains("password"))
        .unwrap();
    let right = std::mem::replace(password.1, "wrong".to_owned());
    let refused = sign_in.send(client, Some(&jar(&[&shown])));
    refused.is_one_of(&[200, 400, 401, 403, 422]);
    *sign_in
        .fields
        .iter_mut()
        .find(|(name, _)| name.contains("password"))
        .unwrap()
        .1 = right;
    let inside = sign_in.send(client, Some(&jar(&[&shown])));
    inside.is_one_of(&[302, 303]);
    let cookie = jar(&[&shown, &inside]);
    for path in [
        "/",
        "/campaigns",
        "/publishers",
        "/sites",
        "/snippets",
        "/reports",
        "/account",
    ] {
        let answer = page(client, path, &cookie);
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        let policy = answer.header("content-security-policy").unwrap_or_default();
        assert!(
            policy.contains("default-src") && !policy.contains("unsafe"),
            "{policy}"
        );
    }
    let csv = page(
        client,
        "/reports.csv?from=2026-01-01&to=2026-12-31&group_by=day",
        &cookie,
    );
    assert_eq!(csv.status, 200, "{csv:?}");
    assert!(
        csv.header("content-type")
            .unwrap_or_default()
            .starts_with("text/csv")
    );

    let home = page(client, "/", &cookie);
    let mut forged = form(&home, "/", "signout");
    let right = forged.fields.clone();
    forged
        .fields
        .values_mut()
        .for_each(|value| *value = "forged".to_owned());
    forged.send(client, Some(&cookie)).is_one_of(&[400, 403]);
    assert_eq!(
        page(client, "/", &cookie).status,
        200,
        "a forged form signs nobody out"
    );
    forged.fields = right;
    forged.send(client, Some(&cookie)).is_one_of(&[302, 303]);
    page(client, "/campaigns", &cookie).is_one_of(&[302, 303]);
}

#[test]
fn whoever_runs_the_server_is_told_until_the_copy_of_the_keyring_was_shown_to_open() {
    let folder = Folder::new();
    let server = folder.serve();
    let client = &server.client;
    let address = server.set_up_path().expect("no set-up address was printed");
    let mut set_up = form(&client.get(address.clone()), &address, "setup");
    set_up.fill();
    let cookie = jar(&[&set_up.send(client, None)]);
    let warning = "nobody can open your backups";
    let warns = || page(client, "/", &cookie).text().contains(warning);
    assert!(warns());
    let copy = folder.own().join("keyring.copy");
    folder.json(&["key", "escrow", "set", text(&copy)]);
    assert!(warns(), "a copy that nobody has tried");
    let kit = folder.json(&["key", "kit"]);
    let words = folder.write("words", kit["words"].as_str().unwrap());
    folder.json(&["key", "escrow", "verify", "--words-file", text(&words)]);
    assert!(!warns());
}
