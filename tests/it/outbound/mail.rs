//! Mail by a mail server of the test's own: written with the act it tells of, tried
//! again, and never where there is no mail server.

use serde_json::Value;

use crate::harness::account::Account;
use crate::harness::clock::TestClock;
use crate::harness::eventually;
use crate::harness::server::{Folder, Server, text};
use crate::harness::smtp::{Letter, MailServer};

const OWNER: &str = "ann@harbour.example";

fn serve(folder: &Folder, post: &MailServer, more: &[&str]) -> Server {
    let options = post.options();
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    let listen = ["--listen", "127.0.0.1:0"];
    folder.serve_with(&[&listen[..], &options, more].concat())
}

/// Making the account and its token at the shell is what the owner is written to about.
fn open(folder: &Folder, server: &Server) -> Account {
    Account::create_with(folder, server, &[], "Harbour lights", OWNER)
}

fn arrived(post: &MailServer) -> Letter {
    eventually("a mail to arrive", || post.letters().first().cloned())
}

fn waiting(folder: &Folder) -> u64 {
    folder.json(&["mail", "status"])["waiting"]
        .as_u64()
        .unwrap()
}

#[test]
fn owners_have_a_mail_of_what_was_done_at_the_shell_and_no_log_names_them() {
    let folder = Folder::new();
    let post = MailServer::start();
    let server = serve(&folder, &post, &[]);
    let account = open(&folder, &server);
    let letter = arrived(&post);
    assert_eq!(letter.from, "tracker@keeper.example");
    assert_eq!(letter.to, [OWNER]);
    for part in [
        "Subject: By the operator at the shell",
        "Auto-Submitted: auto-generated",
        "made an API token for your account",
    ] {
        assert!(letter.content.contains(part), "{}", letter.content);
    }
    assert!(!letter.content.contains("Harbour"), "{}", letter.content);
    eventually("the queue to be empty", || {
        (waiting(&folder) == 0).then_some(())
    });
    folder.json(&["token", "list", "--account", &account.id]);
    folder.json(&[
        "token",
        "create",
        "--account",
        &account.id,
        "--scope",
        "read",
    ]);
    assert_eq!(
        waiting(&folder),
        0,
        "the second within the hour is not told"
    );
    assert_eq!(post.letters().len(), 1);
    server.assert_calm();
    assert!(!server.process.stderr().contains("harbour.example"));
    assert_eq!(server.stop(), 0);
}

#[test]
fn a_refused_mail_outlives_a_killed_server_and_comes_when_it_is_due() {
    let folder = Folder::new();
    let clock = TestClock::at(&folder, "2026-10-01T10:00:00Z");
    let path = text(&clock.path).to_owned();
    let test_time = ["--test-clock", path.as_str()];
    let post = MailServer::refusing(1);
    let server = serve(&folder, &post, &test_time);
    open(&folder, &server);
    eventually("the mail to be put off", || {
        let status = folder.json(&["mail", "status"]);
        (status["next_at"] == "2026-10-01T10:01:00Z").then_some(())
    });
    let said = server.process.stderr();
    assert!(
        said.contains("tried again later") && said.contains("451"),
        "{said}"
    );
    assert!(!said.contains("harbour.example"), "{said}");
    server.kill();

    let server = serve(&folder, &post, &test_time);
    assert_eq!((waiting(&folder), post.letters().len()), (1, 0));
    clock.set("2026-10-01T10:01:00Z");
    assert_eq!(arrived(&post).to, [OWNER]);
    assert_eq!(server.stop(), 0);
    assert_eq!(post.letters().len(), 1);
}

/// What `doctor` finds about mail.
fn mail_is_sound(folder: &Folder) -> bool {
    let found = folder.command(&["doctor", "--json"]).stdout;
    let found: Value = serde_json::from_str(&found).unwrap();
    let checks = found["checks"].as_array().unwrap();
    let check = checks.iter().find(|check| check["check"] == "mail");
    check.unwrap()["ok"] == true
}

/// A start without the option forgot what waited once.
#[test]
fn without_a_mail_server_none_is_written_and_what_waited_goes_when_there_is_one() {
    let folder = Folder::new();
    let clock = TestClock::at(&folder, "2026-10-01T10:00:00Z");
    let path = text(&clock.path).to_owned();
    let test_time = ["--test-clock", path.as_str()];
    let post = MailServer::refusing(1);
    let server = serve(&folder, &post, &test_time);
    open(&folder, &server);
    eventually("the mail to be put off", || {
        let status = folder.json(&["mail", "status"]);
        (status["next_at"] == "2026-10-01T10:01:00Z").then_some(())
    });
    assert!(mail_is_sound(&folder));
    assert_eq!(server.stop(), 0);

    clock.set("2026-10-02T22:00:00Z");
    let server = clock.serve(&folder);
    let status = folder.json(&["mail", "status"]);
    assert_eq!(
        (&status["sends_mail"], &status["waiting"]),
        (&false.into(), &1.into()),
        "{status}"
    );
    assert!(!mail_is_sound(&folder));
    assert!(server.process.stderr().contains("no mail server is named"));
    let other = Account::create(&folder, &server);
    folder.json(&["token", "create", "--account", &other.id, "--scope", "read"]);
    folder.json(&["retention", "run"]);
    assert_eq!(waiting(&folder), 1);
    assert_eq!(server.stop(), 0);

    let server = serve(&folder, &post, &test_time);
    assert_eq!(arrived(&post).to, [OWNER]);
    eventually("the queue to be empty", || {
        (waiting(&folder) == 0).then_some(())
    });
    assert!(mail_is_sound(&folder));
    assert_eq!(server.stop(), 0);
}

#[test]
fn what_waits_for_a_mail_server_that_nobody_names_is_given_up_and_told() {
    let folder = Folder::new();
    let clock = TestClock::at(&folder, "2026-10-01T10:00:00Z");
    let path = text(&clock.path).to_owned();
    let post = MailServer::refusing(usize::MAX);
    let server = serve(&folder, &post, &["--test-clock", path.as_str()]);
    open(&folder, &server);
    eventually("the mail to wait", || (waiting(&folder) == 1).then_some(()));
    assert_eq!(server.stop(), 0);
    let server = clock.serve(&folder);
    clock.set("2026-10-03T10:00:00Z");
    eventually("the mail to be given up", || {
        (waiting(&folder) == 0).then_some(())
    });
    eventually("doctor to tell", || (!mail_is_sound(&folder)).then_some(()));
    assert_eq!(server.stop(), 0);
}

fn try_out(folder: &Folder, post: &MailServer, more: &[&str]) -> (i32, Value) {
    let port = post.port();
    let to_here = [
        "mail",
        "test",
        "--to",
        "op@keeper.example",
        "--smtp-host",
        "127.0.0.1",
        "--smtp-port",
        &port,
        "--mail-from",
        "tracker@keeper.example",
        "--json",
    ];
    let outcome = folder.run(&[&to_here[..], more].concat());
    let said = serde_json::from_str(&outcome.stdout).unwrap_or_default();
    (outcome.code, said)
}

#[test]
fn a_test_at_the_shell_says_what_the_mail_server_said() {
    let folder = Folder::new();
    let post = MailServer::refusing(1);
    let (code, said) = try_out(&folder, &post, &["--smtp-tls", "off"]);
    assert_eq!((code, said["answer"].as_u64()), (1, Some(451)), "{said}");
    assert!(
        said["words"].as_str().unwrap().contains("not yet"),
        "{said}"
    );
    let (code, said) = try_out(&folder, &post, &["--smtp-tls", "off"]);
    assert_eq!((code, &said["sent"]), (0, &true.into()), "{said}");
    assert_eq!(post.letters()[0].to, ["op@keeper.example"]);
}

#[test]
fn nothing_is_said_on_a_way_that_cannot_be_closed() {
    let folder = Folder::new();
    let post = MailServer::start();
    for closed in [&[][..], &["--smtp-tls", "tls"]] {
        let (code, said) = try_out(&folder, &post, closed);
        assert_eq!((code, &said["sent"]), (1, &false.into()), "{said}");
    }
    assert!(post.connections() >= 2);
    assert!(post.letters().is_empty());
}

#[test]
fn mail_without_a_mail_server_or_with_a_lost_password_is_a_matter_of_configuration() {
    let folder = Folder::new();
    let to = ["mail", "test", "--to", "op@keeper.example"];
    folder.run(&to).failed_with(78);
    let none = folder.own().join("none");
    let named = [
        "--smtp-host",
        "127.0.0.1",
        "--mail-from",
        "t@keeper.example",
        "--smtp-user",
        "u",
        "--smtp-password-file",
        text(&none),
    ];
    let outcome = folder.run(&[&to[..], &named].concat());
    assert!(
        outcome
            .failed_with(78)
            .stderr
            .contains("smtp_password_file")
    );
    let data = folder.data();
    let serve = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--data-dir",
        text(&data),
    ];
    folder.run(&[&serve[..], &named].concat()).failed_with(78);
}
