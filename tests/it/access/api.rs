//! Members and tokens through the API, and tokens on the console's page.

use serde_json::{Value, json};

use super::{NEW_PASSWORD, follow, listed, path_of};
use crate::console::Member;
use crate::harness::account::{PASSWORD, Shop, token};
use crate::harness::api::{Api, member};

fn items(api: &Api, path: &str) -> Vec<Value> {
    api.list(&format!("{path}?limit=50"))
}

#[test]
fn a_token_of_scope_admin_sees_to_members() {
    let shop = Shop::strict();
    let api = token(&shop.folder, &shop.server, &shop.account.id, "admin");
    let made = api.post(
        "invites",
        json!({"email": "vic@shop.example", "role": "viewer"}),
    );
    let link = member(&made, "link");
    assert_eq!(items(&api, "invites").len(), 1);
    assert!(
        !items(&api, "invites")[0]
            .to_string()
            .contains(path_of(&link))
    );
    let joined = follow(&shop.server.client, &link, NEW_PASSWORD);
    assert_eq!(joined.status, 303, "{joined:?}");
    let members = items(&api, "members");
    assert_eq!(members.len(), 2, "{members:?}");
    let vic = members.iter().find(|it| it["role"] == "viewer").unwrap();
    let path = format!("members/{}", member(vic, "id"));
    let bound = json!({"role": "publisher", "publisher_id": shop.publisher});
    assert_eq!(
        api.patch(&path, bound)["publisher_id"],
        shop.publisher.as_str()
    );
    assert_eq!(api.get(&path)["role"], "publisher");
    let owner = members.iter().find(|it| it["role"] == "owner").unwrap();
    let owner = format!("members/{}", member(owner, "id"));
    let demote = json!({"role": "viewer"});
    for (method, body) in [("PATCH", Some(&demote)), ("DELETE", None)] {
        let refused = api.call(method, &owner, body);
        assert_eq!(refused.status, 403, "{method}: {refused:?}");
        assert!(refused.text().contains("Only an owner"), "{refused:?}");
    }
    let owners = json!({"email": "eve@shop.example", "role": "owner"});
    assert_eq!(api.call("POST", "invites", Some(&owners)).status, 403);
    for wrong in [
        json!({"email": "no address", "role": "viewer"}),
        json!({"email": "a@b.example", "role": "king"}),
        json!({"email": "a@b.example", "role": "publisher"}),
        json!({"role": "viewer"}),
    ] {
        let answer = api.call("POST", "invites", Some(&wrong));
        assert_eq!(answer.status, 400, "{wrong}: {answer:?}");
        let kind = answer.header("content-type").unwrap_or_default();
        assert!(kind.starts_with("application/problem+json"), "{kind}");
    }
    assert_eq!(api.call("DELETE", &path, None).status, 204);
    assert_eq!(api.call("DELETE", &path, None).status, 404);
    assert_eq!(listed(&shop.folder, &shop.account.id).len(), 1);
}

#[test]
fn a_token_makes_and_revokes_tokens_and_none_beyond_itself() {
    let shop = Shop::strict();
    let id = &shop.account.id;
    let create = ["token", "create", "--account", id, "--scope", "admin"];
    let ends = shop
        .folder
        .json(&[&create[..], &["--expires", "2040-12-31"]].concat());
    let api = Api {
        client: shop.server.client.clone(),
        token: member(&ends, "token"),
    };
    let made = api.post("tokens", json!({"scope": "read", "expires": "2040-06-30"}));
    let reader = Api {
        client: shop.server.client.clone(),
        token: member(&made, "token"),
    };
    assert_eq!(reader.get("account")["state"], "active");
    assert_eq!(reader.call("GET", "tokens", None).status, 403);
    assert_eq!(reader.call("GET", "members", None).status, 403);
    for beyond in [
        json!({"scope": "admin", "expires": "2040-06-30"}),
        json!({"scope": "write", "expires": "2041-01-01"}),
        json!({"scope": "write"}),
    ] {
        let refused = api.call("POST", "tokens", Some(&beyond));
        assert_eq!(refused.status, 403, "{beyond}: {refused:?}");
    }
    for wrong in [
        json!({"scope": "all", "expires": "2040-06-30"}),
        json!({"scope": "read", "expires": "soon"}),
        json!({"scope": "read", "expires": "2001-01-01"}),
        json!({}),
    ] {
        let refused = api.call("POST", "tokens", Some(&wrong));
        assert_eq!(refused.status, 400, "{wrong}: {refused:?}");
    }
    let listed = items(&api, "tokens");
    let line = listed.iter().find(|it| it["id"] == made["id"]).unwrap();
    assert_eq!(line["scope"], "read");
    assert!(line["used_on"].is_string(), "{line}");
    assert!(
        !listed
            .iter()
            .any(|it| it.to_string().contains(&reader.token))
    );
    let path = format!("tokens/{}", member(&made, "id"));
    assert_eq!(api.call("DELETE", &path, None).status, 204);
    assert_eq!(reader.call("GET", "account", None).status, 401);
    assert_eq!(
        shop.call("GET", "tokens", None).status,
        403,
        "write is less"
    );
}

#[test]
fn the_page_of_tokens_shows_a_new_one_once_and_revokes() {
    let shop = Shop::strict();
    let email = listed(&shop.folder, &shop.account.id)[0]["email"].clone();
    let client = &shop.server.client;
    let owner = Member::enter(client, email.as_str().unwrap(), PASSWORD);
    let fields = [("scope", "read"), ("expires", "2040-12-31")];
    let made = owner.post("/tokens", &fields);
    assert_eq!(made.status, 200, "{made:?}");
    let page = made.text();
    let (_, rest) = page
        .split_once("aria-label=\"API token\">")
        .expect("no token");
    let api = Api {
        client: client.clone(),
        token: rest.split('<').next().unwrap().to_owned(),
    };
    assert_eq!(api.get("account")["state"], "active");
    let list = owner.get("/tokens").text();
    assert!(!list.contains(&api.token), "it is shown once");
    assert!(list.contains("31 Dec 2040"), "{list}");
    let tokens = shop
        .folder
        .json(&["token", "list", "--account", &shop.account.id]);
    let token = tokens["items"].as_array().unwrap();
    let token = token.iter().find(|it| it["scope"] == "read").unwrap();
    let revoke = format!("/tokens/{}/revoke", member(token, "id"));
    assert_eq!(owner.post(&revoke, &[]).status, 303);
    assert_eq!(api.call("GET", "account", None).status, 401);
    assert_eq!(owner.post(&revoke, &[]).status, 404);
    for wrong in [
        [("scope", "all"), ("expires", "")],
        [("scope", "read"), ("expires", "2001-01-01")],
    ] {
        assert_eq!(owner.post("/tokens", &wrong).status, 400, "{wrong:?}");
    }
}
