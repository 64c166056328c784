//! What cannot be done ends with the contract's exit code and one sentence, and
//! touches nothing.

use std::net::TcpListener;

use super::{contents, untouched};
use crate::harness::account::Account;
use crate::harness::server::{Folder, text};

/// A folder with an account in it, not served.
fn stopped() -> Folder {
    let folder = Folder::new();
    let server = folder.serve();
    Account::create(&folder, &server);
    assert_eq!(server.stop(), 0);
    folder
}

#[test]
fn what_is_not_understood_ends_with_64() {
    let folder = Folder::new();
    for args in [
        &["serve", "--nonsense"][..],
        &["nonsense"],
        &[],
        &["account"],
        &["account", "create"],
        &[
            "account",
            "create",
            "--name",
            "x",
            "--owner",
            "a@b.example",
            "--password",
            "secret",
        ],
        &["token", "create", "--account", "x", "--scope", "everything"],
        &["report", "--from", "2026-01-01"],
        &["serve", "--test-clock", "/nowhere"],
    ] {
        folder.command(args).failed_with(64);
        assert!(!folder.data().exists(), "{args:?} made a folder");
    }
}

#[test]
fn a_wrong_use_is_told_as_json_where_that_is_asked_for() {
    let folder = Folder::new();
    for args in [
        &["serve", "--nonsense", "--json"][..],
        &["--json"],
        &["account", "create", "--json"],
        &[
            "token",
            "create",
            "--json",
            "--account",
            "x",
            "--scope",
            "all",
        ],
    ] {
        let outcome = folder.command(args);
        outcome.failed_with(64);
        let told: serde_json::Value = serde_json::from_str(&outcome.stderr).unwrap();
        assert_eq!(told["exit"], 64, "{outcome:?}");
        assert!(!told["error"].as_str().unwrap().contains("Usage"), "{told}");
    }
    folder.command(&["report", "--", "--json"]).failed_with(64);
}

#[test]
fn a_value_that_makes_no_sense_is_named_and_no_folder_is_made() {
    let folder = Folder::new();
    for (option, value) in [
        ("--listen", "nowhere"),
        ("--rate-limit", "minus three"),
        ("--public-url", "not a URL"),
        ("--config", "/nowhere/pixelkeep.toml"),
    ] {
        let outcome = folder.command(&["serve", option, value]);
        // Usage where the command line is read, configuration where all options are.
        assert!([64, 78].contains(&outcome.code), "{outcome:?}");
        assert!(outcome.stderr.contains(value), "{outcome:?}");
        assert!(!folder.data().exists(), "{option} made a folder");
    }
}

#[test]
fn a_port_in_use_ends_with_69_and_touches_nothing() {
    let folder = stopped();
    let before = contents(&folder.data());
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap().to_string();
    let outcome = folder.command(&["serve", "--listen", &listen]);
    outcome.failed_with(69);
    assert!(outcome.stderr.contains(&listen), "{outcome:?}");
    untouched(&before, &folder.data());
    let fresh = Folder::new();
    fresh
        .command(&["serve", "--listen", &listen])
        .failed_with(69);
}

#[test]
fn a_folder_that_cannot_be_written_ends_with_73() {
    let folder = Folder::new();
    let file = folder.write("file", "not a folder");
    let inside = file.join("data");
    for path in [
        text(&file),
        text(&inside),
        "/proc/pixelkeep-cannot-write-here",
    ] {
        let outcome = folder.run(&["serve", "--listen", "127.0.0.1:0", "--data-dir", path]);
        outcome.failed_with(73);
        assert!(outcome.stderr.contains(path), "{outcome:?}");
    }
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "not a folder");
}

#[test]
fn a_second_serve_ends_with_75_and_the_first_one_goes_on() {
    let folder = Folder::new();
    let server = folder.serve();
    let account = Account::create(&folder, &server);
    folder
        .command(&["serve", "--listen", "127.0.0.1:0"])
        .failed_with(75);
    account.api.intake();
    let other = folder.json(&[
        "token",
        "create",
        "--account",
        &account.id,
        "--scope",
        "read",
    ]);
    assert!(other["token"].is_string());
    assert_eq!(server.stop(), 0);
}

#[test]
fn a_missing_key_beside_a_folder_that_is_not_empty_ends_with_78() {
    for gone in ["master.key", "keyring"] {
        let folder = stopped();
        std::fs::remove_file(folder.data().join(gone)).unwrap();
        let before = contents(&folder.data());
        let args = [
            "report",
            "--account",
            "x",
            "--from",
            "2026-01-01",
            "--to",
            "2026-01-02",
        ];
        for args in [&["serve", "--listen", "127.0.0.1:0"][..], &args] {
            let outcome = folder.command(args);
            outcome.failed_with(78);
            untouched(&before, &folder.data());
        }
    }
}

#[test]
fn a_keyring_alone_is_enough_to_make_a_folder_not_empty() {
    let folder = stopped();
    for gone in ["master.key", "pixelkeep.db", "journal.db"] {
        std::fs::remove_file(folder.data().join(gone)).unwrap();
    }
    let before = contents(&folder.data());
    folder
        .command(&["serve", "--listen", "127.0.0.1:0"])
        .failed_with(78);
    untouched(&before, &folder.data());
}

#[test]
fn another_folders_key_ends_with_78_and_the_right_one_still_works() {
    let (folder, other) = (stopped(), stopped());
    let right = folder.data().join("master.key");
    let wrong = other.data().join("master.key");
    let before = contents(&folder.data());
    let serve = ["serve", "--listen", "127.0.0.1:0", "--key-file"];
    folder
        .command(&[&serve[..], &[text(&wrong)]].concat())
        .failed_with(78);
    untouched(&before, &folder.data());
    let short = folder.write("short.key", "too short");
    folder
        .command(&[&serve[..], &[text(&short)]].concat())
        .failed_with(78);
    let missing = folder.own().join("missing.key");
    folder
        .command(&[&serve[..], &[text(&missing)]].concat())
        .failed_with(78);
    assert!(!missing.exists(), "a key was made anew");
    untouched(&before, &folder.data());
    folder
        .serve_with(&["--listen", "127.0.0.1:0", "--key-file", text(&right)])
        .stop();
}

/// Refused with 78 by `serve` and by a command, and nothing has changed.
#[track_caller]
fn refused_untouched(folder: &Folder, said: &str) {
    let before = contents(&folder.data());
    for args in [
        &["serve", "--listen", "127.0.0.1:0"][..],
        &["account", "list"],
    ] {
        let outcome = folder.command(args);
        outcome.failed_with(78);
        assert!(outcome.stderr.contains(said), "{outcome:?}");
        untouched(&before, &folder.data());
    }
}

fn set_schema(file: &std::path::Path, version: i64) {
    let database = rusqlite::Connection::open(file).unwrap();
    database
        .pragma_update(None, "journal_mode", "WAL")
        .and_then(|()| database.pragma_update(None, "user_version", version))
        .unwrap();
}

#[test]
fn a_schema_of_a_newer_version_in_either_database_ends_with_78() {
    for name in ["pixelkeep.db", "journal.db"] {
        let folder = stopped();
        set_schema(&folder.data().join(name), 999);
        refused_untouched(&folder, "newer version");
    }
}

#[test]
fn a_file_that_is_not_ours_ends_with_78() {
    for name in ["pixelkeep.db", "journal.db"] {
        let folder = stopped();
        let file = folder.data().join(name);
        std::fs::write(&file, "This is a diary.\n".repeat(500)).unwrap();
        refused_untouched(&folder, name);
        std::fs::remove_file(&file).unwrap();
        let foreign = rusqlite::Connection::open(&file).unwrap();
        foreign.execute_batch("CREATE TABLE diary (day)").unwrap();
        drop(foreign);
        refused_untouched(&folder, name);
    }
}

#[test]
fn an_older_schema_is_not_brought_up_to_date_under_another_folders_keys() {
    let (folder, other) = (stopped(), stopped());
    set_schema(&folder.data().join("pixelkeep.db"), 1);
    for name in ["master.key", "keyring"] {
        std::fs::copy(other.data().join(name), folder.data().join(name)).unwrap();
    }
    refused_untouched(&folder, "another data folder");
}

#[test]
fn every_refusal_is_one_sentence_without_a_trace() {
    let folder = stopped();
    std::fs::remove_file(folder.data().join("master.key")).unwrap();
    let outcome = folder.command(&["serve", "--listen", "127.0.0.1:0"]);
    let lines: Vec<&str> = outcome
        .stderr
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    assert!((1..=3).contains(&lines.len()), "{outcome:?}");
    assert!(outcome.stderr.contains("master.key"), "{outcome:?}");
    assert!(!outcome.stderr.contains("Error {"), "{outcome:?}");
    assert!(outcome.stdout.is_empty(), "{outcome:?}");
}
