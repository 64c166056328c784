//! Everybody who may ask: nobody, each role of an account, the operator, the operator
//! inside an account, and API tokens of each scope.

use pixelkeep::model::role::Party;
use pixelkeep::web::route::Declared;
use serde_json::Value;

use crate::access::{join, operator};
use crate::console::{Member, encoded};
use crate::harness::account::token;
use crate::harness::http::{Answer, Client};
use crate::harness::server::{Folder, Server};

/// What a page says to a role that it does not open for.
const REFUSED: &str = "Your role does not open this";
/// What the API says to a token that may not do something.
const TOKEN_REFUSED: &str = "This API token may not do that";

pub struct Asker {
    pub party: Party,
    client: Client,
    cookie: Option<String>,
    /// The token that forms of this session carry.
    form_token: String,
    bearer: Option<String>,
}

impl Asker {
    pub fn nobody(server: &Server) -> Asker {
        Asker {
            party: Party::Anyone,
            client: server.client.clone(),
            cookie: None,
            form_token: String::new(),
            bearer: None,
        }
    }

    pub fn member(server: &Server, party: Party, member: &Member<'_>) -> Asker {
        Asker {
            party,
            cookie: Some(member.cookie.clone()),
            form_token: member.token(),
            ..Asker::nobody(server)
        }
    }

    pub fn token(folder: &Folder, server: &Server, account: &str, scope: &str) -> Asker {
        let party = match scope {
            "read" => Party::ReadToken,
            "write" => Party::WriteToken,
            _ => Party::AdminToken,
        };
        Asker {
            party,
            bearer: Some(token(folder, server, account, scope).token),
            ..Asker::nobody(server)
        }
    }

    /// The same session, inside an account.
    pub fn inside_as(&self, party: Party) -> Asker {
        Asker {
            party,
            client: self.client.clone(),
            cookie: self.cookie.clone(),
            form_token: self.form_token.clone(),
            bearer: None,
        }
    }

    /// A form with all that is asked for, to a path of the console.
    pub fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let fields = [&[("form_token", self.form_token.as_str())], fields].concat();
        let mut request = self.client.request("POST", path);
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie.clone());
        }
        request
            .header("content-type", "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin")
            .body(encoded(&fields))
            .send()
    }

    pub fn is_program(&self) -> bool {
        self.bearer.is_some()
    }

    /// Asks without changing anything: a form carries no token of its session, a body is
    /// not there. Whether the role may do it is looked at before either.
    pub fn knock(&self, route: &Declared, address: &str) -> Answer {
        self.send(route, address, "forged", &[], None)
    }

    /// Asks with all that is asked for.
    pub fn ask(
        &self,
        route: &Declared,
        address: &str,
        fields: &[(&str, &str)],
        body: &Value,
    ) -> Answer {
        self.send(route, address, &self.form_token, fields, Some(body))
    }

    fn send(
        &self,
        route: &Declared,
        address: &str,
        form_token: &str,
        fields: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Answer {
        let mut request = self.client.request(route.method.as_str(), address);
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie.clone());
        }
        if let Some(bearer) = &self.bearer {
            request = request.header("authorization", format!("Bearer {bearer}"));
        }
        if is_of_api(route) {
            return match body {
                Some(body) if !route.method.is_safe() => request.json(body).send(),
                _ => request.send(),
            };
        }
        if route.method.as_str() == "POST" {
            let fields = [&[("form_token", form_token)], fields].concat();
            request = request
                .header("content-type", "application/x-www-form-urlencoded")
                .header("sec-fetch-site", "same-origin")
                .body(encoded(&fields));
        }
        request.send()
    }
}

pub fn is_of_api(route: &Declared) -> bool {
    route.path.starts_with("/api/")
}

/// Whether this is the answer to a role that may not do what it asked for.
pub fn is_refused(route: &Declared, answer: &Answer) -> bool {
    let text = answer.text();
    let said = text.contains(REFUSED) || text.contains(TOKEN_REFUSED);
    // The front door leads to the first room that is open.
    (answer.status == 403 && said) || (route.path == "/" && answer.status == 303)
}

/// Everybody who asks about one account; the operator is not inside it.
pub fn all(
    folder: &Folder,
    server: &Server,
    account: &str,
    publisher: &str,
    owner: &Member<'_>,
    at: jiff::Timestamp,
) -> Vec<Asker> {
    let joined = |name: &str, role: &[&str]| {
        let email = format!("{name}@shop.example");
        join(folder, &server.client, account, &email, role)
    };
    let olga = operator(folder, &server.client, at);
    let mut askers = vec![
        Asker::nobody(server),
        Asker::member(server, Party::Owner, owner),
        Asker::member(server, Party::Operator, &olga),
    ];
    for (party, name, role) in [
        (Party::Admin, "admin", vec!["admin"]),
        (Party::Analyst, "analyst", vec!["analyst"]),
        (Party::Viewer, "viewer", vec!["viewer"]),
        (Party::Privacy, "privacy", vec!["privacy"]),
        (
            Party::Publisher,
            "publisher",
            vec!["publisher", "--publisher", publisher],
        ),
    ] {
        askers.push(Asker::member(server, party, &joined(name, &role)));
    }
    for scope in ["read", "write", "admin"] {
        askers.push(Asker::token(folder, server, account, scope));
    }
    askers
}
