//! Who may see and do what: members and their links, the operator, support, the shell,
//! and every route asked by everybody.

mod api;
mod askers;
mod links;
mod matrix;
mod members;
mod operator;
mod places;
mod publisher;
mod refusals;
mod support;
mod way;

use serde_json::Value;

use crate::console::{Member, encoded};
use crate::harness::http::{Answer, Client};
use crate::harness::server::Folder;

pub const NEW_PASSWORD: &str = "quite another long secret";

/// Posts a form that nobody is signed in for.
pub fn post(client: &Client, path: &str, fields: &[(&str, &str)]) -> Answer {
    client
        .request("POST", path)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(encoded(fields))
        .send()
}

/// The path and query of an address of this server.
#[track_caller]
pub fn path_of(address: &str) -> &str {
    let at = address.find("/join?token=").expect("no link");
    &address[at..]
}

/// Follows a link: the page it opens, and then the password it takes.
#[track_caller]
pub fn follow(client: &Client, address: &str, password: &str) -> Answer {
    let path = path_of(address);
    assert_eq!(client.get(path).status, 200, "{address}");
    let token = path.split('=').nth(1).unwrap();
    let fields = [
        ("token", token),
        ("password", password),
        ("password_again", password),
    ];
    post(client, "/join", &fields)
}

/// Invites at the shell, follows the link and signs in.
#[track_caller]
pub fn join<'s>(
    folder: &Folder,
    client: &'s Client,
    account: &str,
    email: &str,
    role: &[&str],
) -> Member<'s> {
    let basic = ["member", "invite", "--account", account, "--email", email];
    let made = folder.json(&[&basic[..], &["--role"], role].concat());
    let joined = follow(client, made["link"].as_str().unwrap(), NEW_PASSWORD);
    assert_eq!(joined.status, 303, "{joined:?}");
    Member::enter(client, email, NEW_PASSWORD)
}

/// Somebody who runs the instance for others: invited at the shell, with the second
/// factor that they must have.
#[track_caller]
pub fn operator<'s>(folder: &Folder, client: &'s Client, at: jiff::Timestamp) -> Member<'s> {
    let email = "olga@host.example";
    let made = folder.json(&["member", "invite", "--email", email, "--role", "operator"]);
    let joined = follow(client, made["link"].as_str().unwrap(), NEW_PASSWORD);
    assert_eq!(joined.status, 303, "{joined:?}");
    let mut operator = Member::enter(client, email, NEW_PASSWORD);
    operator.turn_on_second_factor(at);
    operator
}

/// What stands in the log of an account, newest first, as its owner reads it.
#[track_caller]
pub fn audit_of(owner: &Member<'_>) -> String {
    let page = owner.get("/audit");
    assert_eq!(page.status, 200, "{page:?}");
    page.text()
}

/// The address between the tags of the box that is copied from.
#[track_caller]
pub fn link_on(page: &str) -> String {
    let (_, rest) = page
        .split_once("aria-label=\"One-time link\">")
        .unwrap_or_else(|| panic!("no link on {page}"));
    rest.split('<').next().unwrap().to_owned()
}

/// The only account of a folder.
#[track_caller]
pub fn only_account(folder: &Folder) -> String {
    let list = folder.json(&["account", "list"]);
    let items = list["items"].as_array().unwrap();
    assert_eq!(items.len(), 1, "{list}");
    items[0]["id"].as_str().unwrap().to_owned()
}

/// Members and invitations as `member list` says.
#[track_caller]
pub fn listed(folder: &Folder, account: &str) -> Vec<Value> {
    let list = folder.json(&["member", "list", "--account", account]);
    list["items"].as_array().unwrap().clone()
}
