//! `audit verify` from outside: what it says of a sound log and of a changed one.

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
