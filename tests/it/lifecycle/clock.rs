//! Time can be moved only where a folder was made for it.

use crate::harness::account::Account;
use crate::harness::clock::TestClock;
use crate::harness::server::{Folder, text};

#[test]
fn the_clock_of_a_test_folder_follows_its_file_at_once() {
    let folder = Folder::new();
    let clock = TestClock::at(&folder, "2027-03-01T12:00:00Z");
    let server = clock.serve(&folder);
    Account::create_with(
        &folder,
        &server,
        &["--expires", "2027-03-10"],
        "A shop",
        "owner@shop.example",
    );
    let state = || folder.json(&["account", "list"])["items"][0]["state"].clone();
    assert_eq!(state(), "active");
    clock.set("2027-03-12");
    assert_eq!(state(), "expired");
    clock.set("1804248000000");
    assert_eq!(state(), "active");
    let page = server.client.get("/signin").text();
    assert!(page.contains("Test folder"), "{page}");
    assert_eq!(server.stop(), 0);
    // Marked for good: without the option the folder keeps its own time.
    clock.set("2027-03-12");
    assert_eq!(state(), "expired");
    std::fs::remove_file(&clock.path).unwrap();
    folder.command(&["account", "list"]).failed_with(78);
    folder
        .command(&["serve", "--listen", "127.0.0.1:0"])
        .failed_with(78);
}

#[test]
fn a_folder_made_without_a_test_clock_refuses_one() {
    let folder = Folder::new();
    let server = folder.serve();
    let clock = TestClock::at(&folder, "2027-03-01");
    let path = text(&clock.path);
    folder
        .command(&["account", "list", "--test-clock", path])
        .failed_with(64);
    assert_eq!(server.stop(), 0);
    folder
        .command(&["account", "list", "--test-clock", path])
        .failed_with(64);
    folder
        .command(&["serve", "--listen", "127.0.0.1:0", "--test-clock", path])
        .failed_with(64);
    folder.command(&["account", "list"]).success();
}

#[test]
fn a_clock_that_says_nothing_makes_no_folder_anew() {
    let folder = Folder::new();
    let clock = TestClock::at(&folder, "soon");
    let path = text(&clock.path);
    folder
        .command(&["serve", "--listen", "127.0.0.1:0", "--test-clock", path])
        .failed_with(64);
    assert!(!folder.data().join("keyring").exists());
    clock.set("2027-03-01");
    let server = clock.serve(&folder);
    assert_eq!(server.stop(), 0);
}
