//! `doctor` and `config` from outside.

use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::harness::server::{Folder, text};

fn check<'a>(answer: &'a Value, name: &str) -> &'a Value {
    let checks = answer["checks"].as_array().unwrap();
    checks.iter().find(|it| it["check"] == name).unwrap()
}

fn examine(folder: &Folder, options: &[&str]) -> (i32, Value) {
    let outcome = folder.command(&[&["doctor", "--json"], options].concat());
    (outcome.code, serde_json::from_str(&outcome.stdout).unwrap())
}

#[test]
fn doctor_finds_what_is_wrong_and_nothing_where_all_is_well() {
    let folder = Folder::new();
    let server = folder.serve();
    let (code, answer) = examine(&folder, &[]);
    assert_eq!(code, 1, "{answer}");
    let escrow = check(&answer, "escrow")["text"].as_str().unwrap();
    assert!(escrow.contains("If this disk dies, nobody can open your backups"));
    assert_eq!(check(&answer, "key")["ok"], false, "{answer}");
    assert!(
        check(&answer, "server")["text"]
            .as_str()
            .unwrap()
            .starts_with("A server")
    );
    assert_eq!(check(&answer, "database")["ok"], true, "{answer}");

    let copy = folder.own().join("copy");
    folder.json(&["key", "escrow", "set", text(&copy)]);
    folder.json(&["key", "escrow", "verify"]);
    assert_eq!(server.stop(), 0);
    let key = folder.own().join("master.key");
    std::fs::rename(folder.data().join("master.key"), &key).unwrap();
    let apart = ["--key-file", text(&key)];
    let (code, answer) = examine(&folder, &apart);
    assert_eq!(code, 0, "{answer}");

    let open = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(folder.data().join("pixelkeep.db"), open).unwrap();
    let (code, answer) = examine(&folder, &apart);
    assert_eq!(code, 1, "{answer}");
    assert_eq!(check(&answer, "permissions")["ok"], false, "{answer}");
}

#[test]
fn config_shows_each_option_with_its_source_and_names_what_is_wrong() {
    let folder = Folder::new();
    let file = folder.write(
        "pixelkeep.toml",
        "listen = \"127.0.0.1:9000\"\nrate_limit = 7\n",
    );
    let show = [
        "config",
        "show",
        "--config",
        text(&file),
        "--rate-limit",
        "9",
    ];
    let shown = folder.json(&show);
    let option = |name: &str| {
        let options = shown["options"].as_array().unwrap();
        let found = options.iter().find(|it| it["name"] == name).unwrap();
        (found["value"].clone(), found["source"].clone())
    };
    assert_eq!(option("listen"), ("127.0.0.1:9000".into(), "file".into()));
    assert_eq!(option("rate_limit"), ("9".into(), "flag".into()));
    assert_eq!(option("geoip"), (Value::Null, "default".into()));
    folder
        .command(&["config", "check", "--config", text(&file)])
        .success();
    let wrong = folder.write("wrong.toml", "listen = \"nowhere\"\n");
    let refused = folder.command(&["config", "check", "--config", text(&wrong)]);
    refused.failed_with(78);
    assert!(refused.stderr.contains("listen"), "{refused:?}");
    assert!(!folder.data().exists(), "a check makes no folder");
}
