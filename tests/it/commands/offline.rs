//! Commands do the same whether a server runs on the folder or not.

use serde_json::Value;

use crate::harness::account::{Account, COUPON, PASSWORD, Shop};
use crate::harness::api::{Api, all_time, member};
use crate::harness::server::{Folder, text};

const COMMANDS: [&[&str]; 11] = [
    &["audit", "verify"],
    &["audit", "checkpoint"],
    &["key", "status"],
    &["key", "rotate"],
    &["key", "escrow", "set"],
    &["key", "kit"],
    &["serve"],
    &["demo"],
    &["account", "create"],
    &["token", "create"],
    &["report"],
];

#[test]
fn every_command_explains_itself() {
    let folder = Folder::new();
    let all = folder.run(&["--help"]);
    for word in ["serve", "demo", "account", "token", "report"] {
        assert!(all.success().stdout.contains(word), "{all:?}");
    }
    for command in COMMANDS {
        let help = folder.run(&[command, &["--help"]].concat());
        help.success();
        assert!(
            help.stdout.contains("Usage") && help.stdout.len() > 200,
            "{help:?}"
        );
        if command != ["demo"] {
            assert!(help.stdout.contains("--data-dir"), "{help:?}");
            assert!(help.stdout.contains("--json"), "{help:?}");
        }
    }
    let serve = folder.run(&["serve", "--help"]).stdout;
    for option in [
        "--listen",
        "--config",
        "--public-url",
        "--key-file",
        "--rate-limit",
    ] {
        assert!(serve.contains(option), "{option}: {serve}");
        let variable = option
            .trim_start_matches('-')
            .to_uppercase()
            .replace('-', "_");
        assert!(
            serve.contains(&format!("PIXELKEEP_{variable}")),
            "{variable}: {serve}"
        );
    }
    assert!(
        folder
            .run(&["--version"])
            .success()
            .stdout
            .contains(env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn an_account_made_without_a_server_is_there_when_one_runs() {
    let folder = Folder::new();
    assert_eq!(folder.serve().stop(), 0);
    let password = folder.write("password", PASSWORD);
    let made = folder.json(&[
        "account",
        "create",
        "--name",
        "Offline",
        "--owner",
        "ann@shop.example",
        "--password-file",
        text(&password),
        "--timezone",
        "Asia/Kathmandu",
        "--currency",
        "CHF",
    ]);
    let id = member(&made, "id");
    let token = folder.json(&["token", "create", "--account", &id, "--scope", "read"]);
    let server = folder.serve();
    let api = Api {
        client: server.client.clone(),
        token: member(&token, "token"),
    };
    let account = api.get("account");
    assert_eq!(member(&account, "id"), id);
    assert_eq!(member(&account, "name"), "Offline");
    assert_eq!(member(&account, "timezone"), "Asia/Kathmandu");
    assert_eq!(member(&account, "currency"), "CHF");
}

#[test]
fn a_report_is_the_same_by_command_by_api_and_without_a_server() {
    let shop = Shop::open(Folder::new(), "strict", "Asia/Kolkata");
    for n in 0..3 {
        let click = shop.click("&consent=1");
        shop.pixel(&format!(
            "&consent=1&txn_id={n}&sale_amount={n}5&click_id={click}"
        ));
    }
    shop.pixel(&format!("&txn_id=x&sale_amount=8&coupon_code={COUPON}"));
    shop.wait_settled();
    let (from, to) = all_time();
    let ask = |folder: &Folder| -> Value {
        folder.json(&[
            "report",
            "--account",
            &shop.account.id,
            "--from",
            &from,
            "--to",
            &to,
            "--group-by",
            "publisher,day",
        ])
    };
    let by_api = shop.report("&group_by=publisher,day").0;
    let beside = ask(&shop.folder);
    assert_eq!(beside, by_api);
    assert_eq!(shop.server.stop(), 0);
    assert_eq!(ask(&shop.folder), by_api);
}

#[test]
fn a_command_for_an_account_that_does_not_exist_says_so() {
    let folder = Folder::new();
    let server = folder.serve();
    let wrong = [
        "token",
        "create",
        "--account",
        "zzzzzzzz",
        "--scope",
        "read",
    ];
    let beside = folder.command(&wrong);
    assert_eq!(server.stop(), 0);
    let alone = folder.command(&wrong);
    for outcome in [&beside, &alone] {
        assert_ne!(outcome.code, 0, "{outcome:?}");
        outcome.no_panic();
    }
    assert_eq!((beside.code, &beside.stderr), (alone.code, &alone.stderr));
}

#[test]
fn without_json_a_command_speaks_to_a_reader() {
    let folder = Folder::new();
    let server = folder.serve();
    let account = Account::create(&folder, &server);
    let outcome = folder.command(&[
        "token",
        "create",
        "--account",
        &account.id,
        "--scope",
        "read",
    ]);
    assert!(outcome.success().stdout.trim().len() > 20, "{outcome:?}");
}

#[test]
fn wrong_values_are_refused_beside_a_server_as_without_one() {
    let folder = Folder::new();
    let server = folder.serve();
    let password = folder.write("password", PASSWORD);
    let empty = folder.write("empty", "");
    let create = |more: &[&str]| {
        let basic = ["account", "create", "--name", "X", "--owner", "a@b.example"];
        folder.command(&[&basic[..], more].concat())
    };
    let wrong: [&[&str]; 5] = [
        &[
            "--password-file",
            text(&password),
            "--timezone",
            "Mars/Olympus",
        ],
        &["--password-file", text(&password), "--currency", "QQQ"],
        &["--password-file", text(&empty)],
        &["--password-file", "/nowhere/at/all"],
        &["--password-file", text(&password), "--expires", "someday"],
    ];
    let beside: Vec<i32> = wrong
        .iter()
        .map(|more| create(more).no_panic_code())
        .collect();
    assert_eq!(server.stop(), 0);
    let alone: Vec<i32> = wrong
        .iter()
        .map(|more| create(more).no_panic_code())
        .collect();
    assert_eq!(beside, alone);
    assert!(beside.iter().all(|code| *code != 0), "{beside:?}");
}
