//! A first `serve`: the folder, its keys, its one line, and the set-up address.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::harness::account::Account;
use crate::harness::server::{Folder, Server, executable, text};
use crate::harness::{eventually, process::Process};

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn it_makes_a_folder_that_only_its_owner_can_read() {
    let folder = Folder::new();
    let server = folder.serve();
    let data = folder.data();
    assert_eq!(mode(&data), 0o700);
    for name in [
        "keyring",
        "master.key",
        "pixelkeep.db",
        "journal.db",
        "control.sock",
        "lock",
    ] {
        assert!(data.join(name).exists(), "{name}");
    }
    for name in ["keyring", "master.key", "control.sock"] {
        assert_eq!(mode(&data.join(name)), 0o600, "{name}");
    }
    for entry in std::fs::read_dir(&data).unwrap().flatten() {
        assert_eq!(mode(&entry.path()) & 0o077, 0, "{:?}", entry.path());
    }
    assert_eq!(server.stop(), 0);
    assert!(!data.join("control.sock").exists(), "the socket is left");
}

#[test]
fn it_says_one_line_on_stdout_when_it_is_ready() {
    let folder = Folder::new();
    let server = folder.serve();
    let said = server.process.stdout();
    let lines: Vec<&str> = said
        .lines()
        .filter(|line| line.starts_with("listening on"))
        .collect();
    assert_eq!(lines, [format!("listening on http://{}", server.address)]);
    assert!(server.address.ip().is_loopback());
}

#[test]
fn the_master_key_may_lie_elsewhere() {
    let folder = Folder::new();
    let key = folder.own().join("elsewhere.key");
    let args = ["--listen", "127.0.0.1:0", "--key-file", text(&key)];
    let server = folder.serve_with(&args);
    assert!(key.exists() && !folder.data().join("master.key").exists());
    assert_eq!(mode(&key), 0o600);
    assert_eq!(server.stop(), 0);
    assert_eq!(folder.serve_with(&args).stop(), 0);
}

#[test]
fn options_are_also_read_from_the_environment_and_a_flag_outranks_it() {
    let folder = Folder::new();
    let mut command = executable(&["serve", "--listen", "127.0.0.1:0"]);
    command
        .env("PIXELKEEP_DATA_DIR", folder.data())
        .env("PIXELKEEP_LISTEN", "256.0.0.1:99999");
    let server = Server::ready(Process::start(command, &folder.logs(), "serve-env"));
    assert!(folder.data().join("keyring").exists());
    assert_eq!(server.stop(), 0);
}

#[test]
fn a_second_start_keeps_the_keys_and_offers_no_set_up_once_there_is_an_account() {
    let folder = Folder::new();
    let server = folder.serve();
    assert!(
        server.set_up_path().is_some(),
        "{}",
        server.process.stderr()
    );
    Account::create(&folder, &server);
    assert_eq!(server.stop(), 0);
    let key = std::fs::read(folder.data().join("master.key")).unwrap();
    let server = folder.serve();
    assert_eq!(server.set_up_path(), None);
    assert_eq!(
        std::fs::read(folder.data().join("master.key")).unwrap(),
        key
    );
}

#[test]
fn sigterm_and_sigint_end_it_with_0() {
    for signal in ["-TERM", "-INT"] {
        let folder = Folder::new();
        let mut server = folder.serve();
        let id = server.process.id().to_string();
        let sent = std::process::Command::new("kill")
            .args([signal, &id])
            .status();
        assert!(sent.unwrap().success());
        let status = eventually("serve to end", || server.process.ended());
        assert_eq!(
            status.code(),
            Some(0),
            "{signal}: {}",
            server.process.stderr()
        );
    }
}

#[test]
fn demo_says_where_its_tracker_and_its_shop_are() {
    let folder = Folder::new();
    let process = Process::start(
        executable(&["demo", "--port", "0", "--shop-port", "0"]),
        &folder.logs(),
        "demo",
    );
    let mut process = process;
    let said = eventually("demo to print its addresses", || {
        assert!(process.ended().is_none(), "{}", process.stderr());
        let said = process.stdout() + &process.stderr();
        (said.contains("listening on http://") && said.contains("http://localhost:"))
            .then_some(said)
    });
    let address = |start: &str| {
        let from = said
            .find(start)
            .unwrap_or_else(|| panic!("no {start} in {said}"));
        let rest = &said[from..];
        rest[..rest.find(|c: char| c.is_whitespace()).unwrap_or(rest.len())].to_owned()
    };
    for url in [address("http://127.0.0.1:"), address("http://localhost:")] {
        let url = url::Url::parse(&url).unwrap();
        let port = url.port().unwrap();
        let client = crate::harness::http::Client::new(([127, 0, 0, 1], port).into());
        client.get("/").is_one_of(&[200, 302, 303]);
    }
    process.terminate();
    let status = eventually("demo to end", || process.ended());
    assert_eq!(status.code(), Some(0), "{}", process.stderr());
}
