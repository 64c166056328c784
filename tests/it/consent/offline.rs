//! No connection of its own: what the server asks the kernel for while a visitor goes
//! through the whole funnel, seen by `strace`.

use std::process::Command;

use serde_json::json;

use crate::harness::account::{Account, Shop};
use crate::harness::clock::TestClock;
use crate::harness::eventually;
use crate::harness::process::Process;
use crate::harness::server::{Folder, Server, executable, text};

/// `serve` under a tracer that writes every call about sockets into a file. None
/// where there is no tracer or it may not trace.
fn traced(folder: &Folder, more: &[&str]) -> Option<Server> {
    let allowed = Command::new("strace")
        .args(["-D", "-o", "/dev/null", "true"])
        .status();
    if !allowed.is_ok_and(|status| status.success()) {
        eprintln!("skipped: this test needs strace, and the right to use it");
        return None;
    }
    let trace = folder.own().join("trace");
    let data = folder.data();
    let basic = [
        "serve",
        "--data-dir",
        text(&data),
        "--listen",
        "127.0.0.1:0",
        "--rate-limit",
        "off",
    ];
    let serve = executable(&[&basic[..], more].concat());
    let mut command = Command::new("strace");
    // -D: the tracer is the child of the server, which so gets our signals itself.
    command.args([
        "-D",
        "-f",
        "-e",
        "trace=network",
        "-s",
        "64",
        "-o",
        text(&trace),
    ]);
    command.arg(serve.get_program()).args(serve.get_args());
    for (name, value) in serve.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    Some(Server::ready(Process::start(
        command,
        &folder.logs(),
        "serve-traced",
    )))
}

/// Goes the whole way: click, view, impression, sale, and every room that reads.
fn funnel(shop: &Shop) {
    let id = shop.click("&consent=1&source=mail");
    shop.server
        .client
        .get(format!("/imp?campaign_id={}", shop.campaign));
    shop.send_events(&[json!({"id": "e".repeat(32), "type": "view",
        "url": "https://shop.example/", "referrer": "https://news.example/"})]);
    shop.pixel(&format!("&txn_id=1&sale_amount=25&click_id={id}"));
    shop.wait_settled();
    shop.settled_conversions(1);
    for path in ["/sdk.js", "/signin", "/privacy", "/metrics", "/nowhere"] {
        shop.server.client.get(path);
    }
    shop.report("&group_by=campaign,country");
}

/// Stops the server and looks through everything it has asked the kernel for.
#[track_caller]
fn opened_nothing(server: Server, folder: &Folder) {
    assert_eq!(server.stop(), 0);
    let trace = eventually("the end of the trace", || {
        let text = std::fs::read_to_string(folder.own().join("trace")).unwrap();
        text.contains("+++ exited with 0 +++").then_some(text)
    });
    // The tracer saw what it was there to see.
    assert!(trace.contains("listen("), "{trace}");
    assert!(trace.contains("accept"), "{trace}");
    for line in trace.lines() {
        let call = line
            .split_once(' ')
            .map_or(line, |(_, call)| call)
            .trim_start();
        let opens = call.starts_with("connect(");
        // Sending to a peer that was not accepted names its address.
        let sends = call.starts_with("sendto(")
            || call.starts_with("sendmsg(")
            || call.starts_with("sendmmsg(");
        let names_an_address = call.contains("sin_addr") || call.contains("sin6_addr");
        assert!(!(opens || sends && names_an_address), "{line}");
    }
}

#[test]
fn a_whole_funnel_opens_no_connection() {
    let folder = Folder::new();
    let Some(server) = traced(&folder, &[]) else {
        return;
    };
    let account = Account::create(&folder, &server);
    let shop = Shop::furnish(folder, server, account, "strict");
    funnel(&shop);
    let Shop { server, folder, .. } = shop;
    opened_nothing(server, &folder);
}

/// Day by day, with all that the scheduler does by itself: retention, an account that is
/// deleted, one that expires, a backup.
#[test]
fn a_month_of_its_own_jobs_opens_no_connection() {
    let folder = Folder::new();
    let clock = TestClock::at(&folder, "2026-10-01T10:00:00Z");
    let clock_file = clock.path.clone();
    let Some(server) = traced(&folder, &["--test-clock", text(&clock_file)]) else {
        return;
    };
    let end = ["--expires", "2026-10-20"];
    Account::create_with(&folder, &server, &end, "Ends", "ends@shop.example");
    let goes = Account::create_with(&folder, &server, &[], "Goes", "goes@shop.example");
    let account = Account::create(&folder, &server);
    let shop = Shop::furnish(folder, server, account, "strict");
    funnel(&shop);
    let Shop { server, folder, .. } = shop;
    folder.json(&["account", "delete", &goes.id]);
    for day in 2..=31 {
        clock.set(&format!("2026-10-{day:02}T10:00:00Z"));
        folder.json(&["retention", "run"]);
    }
    let backup = folder.own().join("backup");
    folder.json(&["backup", "create", "--out", text(&backup)]);
    // The month went by: what was due in it is done.
    let list = folder.json(&["account", "list"]);
    let states: Vec<&str> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|item| item["state"].as_str())
        .collect();
    assert!(
        states.contains(&"expired") && states.contains(&"closed"),
        "{states:?}"
    );
    opened_nothing(server, &folder);
}
