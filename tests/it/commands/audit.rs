//! The audit from outside: `verify` of a sound log and of a changed one, and the instance's
//! own log.

use rusqlite::Connection;

use crate::harness::account::Account;
use crate::harness::server::{Folder, text};

fn change(folder: &Folder, sql: &str) {
    let connection = Connection::open(folder.data().join("pixelkeep.db")).unwrap();
    assert!(connection.execute(sql, []).unwrap() > 0, "{sql}");
}

#[test]
fn an_audit_log_that_was_changed_does_not_verify() {
    let folder = Folder::new();
    let server = folder.serve();
    let account = Account::create(&folder, &server);
    let sound = folder.json(&["audit", "verify"]);
    assert_eq!(sound["sound"], true, "{sound}");
    let listed = account.api.get("audit");
    assert_eq!(listed["items"][0]["action"], "create_token", "{listed}");
    assert_eq!(listed["items"][0]["actor"]["kind"], "shell", "{listed}");
    let checkpoint = account.api.get("audit/checkpoint");
    assert_eq!(checkpoint["entries"], 2, "{checkpoint}");
    let kept = folder.write("checkpoint.json", &checkpoint.to_string());
    assert_eq!(server.stop(), 0);

    let with_checkpoint = ["audit", "verify", "--checkpoint", text(&kept)];
    folder.command(&with_checkpoint).success();
    let forged = checkpoint
        .to_string()
        .replace("\"entries\":2", "\"entries\":3");
    let forged = folder.write("forged.json", &forged);
    let refused = folder.command(&["audit", "verify", "--checkpoint", text(&forged)]);
    refused.failed_with(64);

    change(&folder, "UPDATE audit SET day = day WHERE number = 2");
    assert_eq!(folder.command(&["audit", "verify"]).no_panic_code(), 0);
    let body = "UPDATE audit SET body = randomblob(length(body)) WHERE number = 2";
    change(&folder, body);
    folder.command(&["audit", "verify"]).failed_with(65);
    change(&folder, "DELETE FROM audit WHERE number = 2");
    let found = folder.command(&["audit", "verify", "--json"]);
    assert_eq!(found.code, 1, "{found:?}");
    assert!(found.stdout.contains("cut off"), "{found:?}");
}

/// What the instance's log has, newest first: act, who, and of what.
fn acts(folder: &Folder, more: &[&str]) -> Vec<(String, String, String)> {
    let log = folder.json(&[&["audit", "list"], more].concat());
    let items = log["items"].as_array().unwrap().iter();
    let text =
        |item: &serde_json::Value, name: &str| item[name].as_str().unwrap_or_default().to_owned();
    items
        .map(|item| {
            (
                text(item, "action"),
                text(item, "actor"),
                text(item, "subject"),
            )
        })
        .collect()
}

#[test]
fn the_instances_log_has_what_was_done_with_it_and_nothing_of_what_accounts_hold() {
    let folder = Folder::new();
    let server = folder.serve_with(&["--listen", "127.0.0.1:0", "--purge-day", "46"]);
    let name = "Harbour lights";
    let account = Account::create_with(&folder, &server, &[], name, "ann@harbour.example");
    let id = account.id.as_str();
    let copy = folder.own().join("keyring.copy");
    let backup = folder.own().join("backup");
    folder.json(&["key", "escrow", "set", text(&copy)]);
    folder.json(&["key", "escrow", "verify"]);
    folder.json(&["key", "rotate", "--account", id]);
    folder.json(&["key", "rotate", "--master"]);
    folder.json(&["backup", "create", "--out", text(&backup)]);
    folder.json(&["account", "expire", "--account", id, "--at", "2099-01-01"]);
    let seen = acts(&folder, &[]);
    let wanted = [
        ("expire_account", "shell", true),
        ("make_backup", "shell", false),
        ("rotate_key", "shell", false),
        ("rotate_key", "shell", true),
        ("change_escrow", "shell", false),
        ("change_escrow", "shell", false),
        ("create_token", "shell", true),
        ("create_account", "shell", true),
        ("change_instance", "system", false),
        ("start_server", "system", false),
    ];
    let of = format!("account {id}");
    let wanted: Vec<_> = wanted
        .iter()
        .map(|(act, who, names_it)| {
            let subject = if *names_it { of.clone() } else { String::new() };
            ((*act).to_owned(), (*who).to_owned(), subject)
        })
        .collect();
    assert_eq!(seen, wanted);
    let printed = folder.command(&["audit", "list"]).stdout;
    assert!(printed.contains("master key: key file"), "{printed}");
    assert!(!printed.contains(name) && !printed.contains("harbour.example"));

    assert_eq!(acts(&folder, &["--act", "rotate_key"]).len(), 2);
    assert_eq!(acts(&folder, &["--by", "system"]).len(), 2);
    assert_eq!(acts(&folder, &["--limit", "2"]), wanted[..2]);
    assert_eq!(acts(&folder, &["--before", "3"]), wanted[8..]);
    assert_eq!(acts(&folder, &["--to", "2020-01-01"]), []);
    assert_eq!(folder.json(&["audit", "verify"])["sound"], true);
    assert_eq!(server.stop(), 0);
}
