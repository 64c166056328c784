//! Nobody's account ends unannounced: notices by mail and on screen, and an end that
//! waits where there was neither.

use serde_json::Value;

use crate::console::Member;
use crate::harness::account::{Account, PASSWORD, Shop};
use crate::harness::clock::TestClock;
use crate::harness::eventually;
use crate::harness::server::{Folder, Server, text};
use crate::harness::smtp::MailServer;

const OWNER: &str = "owner@harbour.example";

fn serve(folder: &Folder, clock: &TestClock, post: &MailServer) -> Server {
    let options = post.options();
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let basic = [
        "--listen",
        "127.0.0.1:0",
        "--rate-limit",
        "off",
        "--test-clock",
    ];
    folder.serve_with(&[&basic[..], &[text(&clock.path)], &options].concat())
}

/// Subjects of notices about an end, in the order in which they came.
fn notices(post: &MailServer) -> Vec<String> {
    let letters = post.letters();
    let subjects = letters.iter().filter_map(|letter| {
        let line = letter
            .content
            .lines()
            .find(|line| line.starts_with("Subject: "))?;
        Some(line["Subject: ".len()..].to_owned())
    });
    subjects
        .filter(|subject| subject.contains("our account"))
        .filter(|s| !s.contains("shell"))
        .collect()
}

#[track_caller]
fn arrived(post: &MailServer, count: usize) -> Vec<String> {
    eventually("a notice to arrive", || {
        let found = notices(post);
        (found.len() >= count).then_some(found)
    })
}

fn state(folder: &Folder, id: &str) -> Value {
    let list = folder.json(&["account", "list"]);
    let items = list["items"].as_array().unwrap();
    items.iter().find(|item| item["id"] == id).unwrap()["state"].clone()
}

fn audit(folder: &Folder) {
    folder.json(&["audit", "verify"]);
}

#[test]
fn mail_comes_14_days_and_one_day_before_the_expiry_and_before_the_purge() {
    let folder = Folder::new();
    let clock = TestClock::at(&folder, "2026-10-01T10:00:00Z");
    let post = MailServer::start();
    let server = serve(&folder, &clock, &post);
    let more = ["--expires", "2026-11-22"];
    let account = Account::create_with(&folder, &server, &more, "Harbour lights", OWNER);
    let moved = |instant: &str| {
        clock.set(instant);
        folder.json(&["retention", "run"]);
    };
    moved("2026-11-08T23:59:59Z");
    assert!(notices(&post).is_empty(), "{:?}", notices(&post));
    for (instant, subject) in [
        (
            "2026-11-09T00:00:00Z",
            "The end of your account comes within 14 days",
        ),
        (
            "2026-11-22T00:00:00Z",
            "The end of your account is tomorrow",
        ),
        (
            "2026-12-24T00:00:00Z",
            "Your account's data is destroyed: that comes within 14 days",
        ),
        (
            "2027-01-06T00:00:00Z",
            "Your account's data is destroyed: that is tomorrow",
        ),
    ] {
        let before = notices(&post).len();
        moved(instant);
        let found = arrived(&post, before + 1);
        assert_eq!(found.len(), before + 1, "{found:?}");
        assert_eq!(found[before], subject);
        moved(instant);
        assert_eq!(notices(&post).len(), before + 1, "it is said once");
    }
    let letter = post.letters().pop().unwrap();
    assert_eq!(letter.to, [OWNER]);
    assert!(
        letter.content.contains("2027-01-07 00:00 UTC"),
        "{}",
        letter.content
    );
    assert!(!letter.content.contains("Harbour"), "{}", letter.content);
    audit(&folder);
    clock.set("2027-01-07T00:00:00Z");
    eventually("the account to be closed", || {
        (state(&folder, &account.id) == "closed").then_some(())
    });
    server.assert_calm();
    assert_eq!(server.stop(), 0);
}

/// A customer of a hoster, whose last day was set at the shell and is told to nobody.
fn hosted(clock_at: &str, post: Option<&MailServer>) -> (Shop, TestClock) {
    let folder = Folder::new();
    let clock = TestClock::at(&folder, clock_at);
    let server = match post {
        Some(post) => serve(&folder, &clock, post),
        None => clock.serve(&folder),
    };
    // From here on the server is run for others: somebody has become its operator.
    let at = clock_at.parse().unwrap();
    crate::access::operator(&folder, &server.client, at);
    let more = ["--expires", "2026-11-22"];
    let account = Account::create_with(&folder, &server, &more, "Harbour lights", OWNER);
    (Shop::furnish(folder, server, account, "optout"), clock)
}

#[test]
fn an_account_of_which_nobody_was_told_goes_on_and_the_operator_is_alarmed() {
    let (shop, clock) = hosted("2026-10-01T10:00:00Z", None);
    let (folder, id) = (&shop.folder, shop.account.id.as_str());
    clock.set("2027-02-20T10:00:00Z");
    folder.json(&["retention", "run"]);
    assert_eq!(state(folder, id), "active");
    shop.pixel("&txn_id=A1&sale_amount=5");
    let found = folder.command(&["doctor", "--json"]);
    assert_eq!(found.code, 1);
    let found: Value = serde_json::from_str(&found.stdout).unwrap();
    let checks = found["checks"].as_array().unwrap();
    let ends = checks
        .iter()
        .find(|check| check["check"] == "ends")
        .unwrap();
    assert_eq!(ends["ok"], false);
    assert!(ends["text"].as_str().unwrap().contains(id), "{ends}");

    // An owner reads it on screen: a day later it ends, and 45 days after that it goes.
    let owner = Member::enter(&shop.server.client, OWNER, PASSWORD);
    let page = owner.get("/account/end").text();
    assert!(page.contains("nobody is known to have been told"), "{page}");
    let field = |name: &str| -> String {
        let start = format!("name=\"{name}\" value=\"");
        let at = page.find(&start).unwrap() + start.len();
        page[at..].chars().take_while(|c| *c != '"').collect()
    };
    let (about, of) = (field("about"), field("of"));
    let wrong = owner.post("/account/end/read", &[("about", "purge"), ("of", &of)]);
    assert_eq!(wrong.status, 409);
    let read = owner.post("/account/end/read", &[("about", &about), ("of", &of)]);
    assert_eq!(read.status, 303, "{read:?}");
    clock.set("2027-02-21T09:59:59Z");
    assert_eq!(state(folder, id), "active");
    clock.set("2027-02-21T10:00:00Z");
    assert_eq!(state(folder, id), "expired");
    clock.set("2027-04-07T09:59:59Z");
    folder.json(&["retention", "run"]);
    assert_eq!(state(folder, id), "expired");
    clock.set("2027-04-07T10:00:00Z");
    eventually("the account to be closed", || {
        (state(folder, id) == "closed").then_some(())
    });
    let proof = folder.json(&["certificate", "show", id]);
    let timeline = &proof["certificate"]["timeline"];
    assert_eq!(timeline["expires_at"], "2027-02-21T10:00:00Z");
    assert_eq!(timeline["late_by_seconds"], Value::Null);
}

#[test]
fn a_mail_that_went_out_lets_a_hosted_account_end_in_time() {
    let post = MailServer::start();
    let (shop, clock) = hosted("2026-10-01T10:00:00Z", Some(&post));
    let (folder, id) = (&shop.folder, shop.account.id.as_str());
    clock.set("2026-11-10T10:00:00Z");
    arrived(&post, 1);
    eventually("the notice to be noted", || {
        let waiting = folder.json(&["mail", "status"])["waiting"].as_u64();
        (waiting == Some(0)).then_some(())
    });
    clock.set("2026-11-22T23:59:59Z");
    assert_eq!(state(folder, id), "active");
    clock.set("2026-11-23T00:00:00Z");
    assert_eq!(state(folder, id), "expired");
    let owner = Member::enter(&shop.server.client, OWNER, PASSWORD);
    assert!(
        owner
            .get("/account/end")
            .text()
            .contains("This account has expired")
    );
    audit(folder);
}

#[test]
fn a_mail_server_that_refuses_lets_nobodys_account_end() {
    let post = MailServer::refusing(usize::MAX);
    let (shop, clock) = hosted("2026-10-01T10:00:00Z", Some(&post));
    clock.set("2026-11-23T10:00:00Z");
    eventually("a try", || (post.connections() > 1).then_some(()));
    assert_eq!(state(&shop.folder, &shop.account.id), "active");
    shop.pixel("&txn_id=A1&sale_amount=5");
    shop.server.assert_calm();
}
