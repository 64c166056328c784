//! What stands in the address of every route, and what a form or body to it must hold
//! to be looked at. A new route is given its place here; the matrix fails until then.

use pixelkeep::web::route::Declared;
use serde_json::{Value, json};

/// One of an account's things, by its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Thing {
    Site,
    Campaign,
    Publisher,
    Conversion,
    Member,
    Invite,
    /// A request of a person, as the console calls it.
    Request,
    /// The same by the id that the API knows it by.
    RequestOfApi,
    Token,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Nobody needs to say who they are.
    Open,
    /// About the asker's own account, or the instance, as a whole.
    Whole,
    Of(Thing),
    /// An account as the operator sees it.
    Account,
    /// Names that are the same for everyone.
    Named,
}

use Place::{Account, Named, Of, Open, Whole};
use Thing::*;

pub const PLACES: &[(&str, Place)] = &[
    ("/", Whole),
    ("/account", Whole),
    ("/account/delete", Whole),
    ("/account/delete/cancel", Whole),
    ("/account/end", Whole),
    ("/account/end/read", Whole),
    ("/account/export", Whole),
    ("/account/rates", Whole),
    ("/account/second-factor", Whole),
    ("/account/server-to-server", Whole),
    ("/acquisition", Open),
    ("/api/v1/account", Whole),
    ("/api/v1/account/deletion", Whole),
    ("/api/v1/account/export", Whole),
    ("/api/v1/audit", Whole),
    ("/api/v1/audit/checkpoint", Whole),
    ("/api/v1/campaigns", Whole),
    ("/api/v1/campaigns/{id}", Of(Campaign)),
    ("/api/v1/campaigns/{id}/snippets", Of(Campaign)),
    ("/api/v1/consent-receipts", Whole),
    ("/api/v1/conversions", Whole),
    ("/api/v1/conversions/{id}", Of(Conversion)),
    ("/api/v1/documents", Whole),
    ("/api/v1/documents/facts", Whole),
    ("/api/v1/documents/{name}", Named),
    ("/api/v1/intake", Whole),
    ("/api/v1/inventory", Whole),
    ("/api/v1/invites", Whole),
    ("/api/v1/invites/{id}", Of(Invite)),
    ("/api/v1/members", Whole),
    ("/api/v1/members/{id}", Of(Member)),
    ("/api/v1/privacy/discovery", Whole),
    ("/api/v1/privacy/requests", Whole),
    ("/api/v1/privacy/requests/{id}", Of(RequestOfApi)),
    ("/api/v1/privacy/requests/{id}/receipt", Of(RequestOfApi)),
    ("/api/v1/privacy/requests/{id}/results", Of(RequestOfApi)),
    ("/api/v1/publishers", Whole),
    ("/api/v1/publishers/{id}", Of(Publisher)),
    ("/api/v1/report", Whole),
    ("/api/v1/retention", Whole),
    ("/api/v1/sites", Whole),
    ("/api/v1/sites/{id}", Of(Site)),
    ("/api/v1/tokens", Whole),
    ("/api/v1/tokens/{id}", Of(Token)),
    ("/assets/{hash}/{name}", Open),
    ("/audit", Whole),
    ("/audit.csv", Whole),
    ("/audit/checkpoint", Whole),
    ("/campaigns", Whole),
    ("/campaigns/new", Whole),
    ("/campaigns/{id}", Of(Campaign)),
    ("/click", Open),
    ("/config/{key}.json", Open),
    ("/confirm", Whole),
    ("/conversions", Whole),
    ("/conversions.csv", Whole),
    ("/conversions/{id}", Of(Conversion)),
    ("/documents", Whole),
    ("/documents/{name}", Named),
    ("/documents/{name}/{file}", Named),
    ("/event", Open),
    ("/imp", Open),
    ("/invites/{id}/confirm", Of(Invite)),
    ("/invites/{id}/revoke", Of(Invite)),
    ("/join", Open),
    ("/members", Whole),
    ("/members/{id}/remove", Of(Member)),
    ("/members/{id}/reset", Of(Member)),
    ("/members/{id}/role", Of(Member)),
    ("/metrics", Open),
    ("/operator", Whole),
    ("/operator/accounts", Whole),
    ("/operator/accounts/{id}", Account),
    ("/operator/accounts/{id}/enter", Account),
    ("/operator/accounts/{id}/expire", Account),
    ("/operator/accounts/{id}/label", Account),
    ("/operator/accounts/{id}/owner", Account),
    ("/operator/accounts/{id}/reinstate", Account),
    ("/operator/accounts/{id}/suspend", Account),
    ("/operator/audit", Whole),
    ("/operator/audit.csv", Whole),
    ("/operator/audit/checkpoint", Whole),
    ("/operator/certificates", Whole),
    ("/operator/certificates/{id}/{name}", Account),
    ("/operator/kit", Whole),
    ("/operator/leave", Whole),
    ("/operator/snapshots", Whole),
    ("/operator/way", Whole),
    ("/overview/fragment", Whole),
    ("/pixel", Open),
    ("/privacy", Open),
    ("/privacy/allow", Open),
    ("/privacy/ask", Open),
    ("/privacy/correct", Open),
    ("/privacy/delete", Open),
    ("/privacy/download", Open),
    ("/privacy/find", Open),
    ("/privacy/object", Open),
    ("/publishers", Whole),
    ("/publishers/new", Whole),
    ("/publishers/{id}", Of(Publisher)),
    ("/reports", Whole),
    ("/reports.csv", Whole),
    ("/requests", Whole),
    ("/requests/{id}", Of(Request)),
    ("/requests/{id}/export", Of(Request)),
    ("/requests/{id}/{name}", Of(Request)),
    ("/retention", Whole),
    ("/sdk.js", Open),
    ("/sdk.{hash}.js", Open),
    ("/setup", Open),
    ("/signin", Open),
    ("/signin/code", Open),
    ("/signout", Open),
    ("/sites", Whole),
    ("/sites/new", Whole),
    ("/sites/{id}", Of(Site)),
    ("/snippets", Whole),
    ("/support", Whole),
    ("/support/revoke", Whole),
    ("/told", Whole),
    ("/tokens", Whole),
    ("/tokens/{id}/revoke", Of(Token)),
    ("/unlock", Whole),
    ("/you", Whole),
    ("/you/data", Whole),
    ("/you/data/copy", Whole),
    ("/you/data/email", Whole),
    ("/you/data/erase", Whole),
    ("/you/password", Whole),
    ("/you/second-factor", Whole),
    ("/you/second-factor/codes", Whole),
    ("/you/second-factor/off", Whole),
    ("/you/sessions", Whole),
];

/// The place of a route, if it was given one.
pub fn place(route: &Declared) -> Option<Place> {
    let named = PLACES.iter().find(|(path, _)| *path == route.path);
    named.map(|(_, place)| *place)
}

/// The route's address with this id, and the same name for whatever else it takes.
pub fn address(route: &Declared, id: &str) -> String {
    let mut address = String::new();
    let mut rest = route.path;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, behind) = after.split_once('}').expect("an open brace");
        address.push_str(before);
        address.push_str(match name {
            "name" if address.starts_with("/requests/") => "receipt.html",
            "name" => "record",
            "file" => "record.html",
            _ => id,
        });
        rest = behind;
    }
    address + rest
}

/// The fields with which a form of the console is taken for this thing.
pub fn fields(thing: Thing) -> Vec<(&'static str, &'static str)> {
    match thing {
        Site => vec![
            ("name", "Other"),
            ("hosts", "other.example"),
            ("consent", "strict"),
        ],
        Publisher => vec![("name", "Other")],
        Conversion => vec![("decision", "reject")],
        Member => vec![("role", "viewer")],
        _ => Vec::new(),
    }
}

/// The same for a request to the API.
pub fn body(thing: Thing) -> Value {
    match thing {
        Conversion => json!({"status": "rejected"}),
        Member => json!({"role": "viewer"}),
        _ => json!({"name": "Other"}),
    }
}
