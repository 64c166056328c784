//! API tokens from the shell: they expire, are listed and revoked.

use crate::harness::account::Account;
use crate::harness::api::{Api, member};
use crate::harness::server::Folder;

#[test]
fn an_expired_or_revoked_token_opens_nothing() {
    let folder = Folder::new();
    let server = folder.serve();
    let account = Account::create(&folder, &server);
    let make = |expires: &str| {
        let id = &account.id;
        let made = folder.json(&[
            "token",
            "create",
            "--account",
            id,
            "--scope",
            "read",
            "--expires",
            expires,
        ]);
        let token = Api {
            client: server.client.clone(),
            token: member(&made, "token"),
        };
        (member(&made, "id"), token)
    };
    let past = folder.command(&[
        "token",
        "create",
        "--account",
        &account.id,
        "--scope",
        "read",
        "--expires",
        "2020-01-01",
    ]);
    past.failed_with(64);
    let (id, token) = make("2999-12-31");
    assert_eq!(token.call("GET", "account", None).status, 200);
    let listed = folder.json(&["token", "list", "--account", &account.id]);
    let items = listed["items"].as_array().unwrap();
    assert_eq!(items.len(), 2, "{listed}");
    let mine = items.iter().find(|it| it["id"] == id.as_str()).unwrap();
    assert!(mine["used_on"].is_string(), "{listed}");
    assert!(
        mine["expires_at"]
            .as_str()
            .unwrap()
            .starts_with("2999-12-31"),
        "{listed}"
    );
    folder.json(&["token", "revoke", "--account", &account.id, "--token", &id]);
    assert_eq!(token.call("GET", "account", None).status, 401);
    let gone = folder.command(&["token", "revoke", "--account", &account.id, "--token", &id]);
    gone.failed_with(64);
}
