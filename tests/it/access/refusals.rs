//! What was refused stands in the account's log, the first of its kind an hour.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{join, only_account};
use crate::console::{create, sign_in};
use crate::harness::account::token;
use crate::harness::eventually;
use crate::harness::server::Folder;

const VIEWER: &str = "viewer@shop.example";

fn refused(log: &Value) -> Vec<(String, String)> {
    let items = log["items"].as_array().unwrap().iter();
    items
        .filter(|item| item["note"] == "refused")
        .map(|item| {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            (text(&item["action"]), text(&item["actor"]["kind"]))
        })
        .collect()
}

#[test]
fn refused_acts_and_sign_ins_stand_in_the_log_once_an_hour() {
    let folder = Folder::new();
    let server = folder.serve();
    create(&folder, "ann@shop.example");
    let account = only_account(&folder);
    let reader = token(&folder, &server, &account, "read");
    let viewer = join(&folder, &server.client, &account, VIEWER, &["viewer"]);
    for _ in 0..3 {
        assert_eq!(viewer.get("/members").status, 403);
        assert_eq!(reader.call("POST", "sites", Some(&json!({}))).status, 403);
        let wrong = sign_in(&server.client, VIEWER, "not the password");
        assert_eq!(wrong.status, 401, "{wrong:?}");
    }
    let nobody = sign_in(&server.client, "nobody@shop.example", "not the password");
    assert_eq!(nobody.status, 401, "{nobody:?}");
    let wanted = [
        ("change_site", "token"),
        ("read_members", "member"),
        ("sign_in", "visitor"),
    ];
    let wanted: BTreeSet<(String, String)> = wanted
        .map(|(act, who)| (act.to_owned(), who.to_owned()))
        .into();
    let found = eventually("three kinds of refusals in the log", || {
        let found = refused(&reader.get("audit"));
        (found.len() >= 3).then_some(found)
    });
    assert_eq!(found.len(), 3, "{found:?}");
    assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), wanted);
}
