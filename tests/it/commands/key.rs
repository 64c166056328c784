//! `key` from outside: other keys in the place of old ones, the keyring's copy, the
//! words on paper, and every source of the master key.

use super::{contents, untouched};
use crate::harness::account::{Account, Shop};
use crate::harness::eventually;
use crate::harness::server::{Folder, text};

#[test]
fn another_master_key_takes_the_place_of_the_old_one_while_the_server_runs() {
    let folder = Folder::new();
    let server = folder.serve();
    let account = Account::create(&folder, &server);
    let old = std::fs::read(folder.data().join("master.key")).unwrap();
    folder.json(&["key", "rotate", "--master"]);
    let new = std::fs::read(folder.data().join("master.key")).unwrap();
    assert!(old != new);
    assert_eq!(account.api.get("account")["id"], account.id.as_str());
    assert_eq!(server.stop(), 0);

    // Cut between keyring and key file: the next key still lies beside the old one.
    std::fs::write(folder.data().join("master.key"), &old).unwrap();
    std::fs::write(folder.data().join("master.key.next"), &new).unwrap();
    let server = folder.serve();
    assert_eq!(
        std::fs::read(folder.data().join("master.key")).unwrap(),
        new
    );
    assert!(!folder.data().join("master.key.next").exists());
    assert_eq!(server.stop(), 0);

    // Cut before the keyring: the next key opens nothing and is taken away.
    std::fs::write(folder.data().join("master.key.next"), &old).unwrap();
    assert_eq!(folder.serve().stop(), 0);
    assert!(!folder.data().join("master.key.next").exists());

    std::fs::write(folder.data().join("master.key"), &old).unwrap();
    let before = contents(&folder.data());
    folder.command(&["account", "list"]).failed_with(78);
    untouched(&before, &folder.data());
}

#[test]
fn an_account_with_a_new_key_loses_nothing_while_its_content_is_sealed_again() {
    let shop = Shop::strict();
    for n in 0..20 {
        shop.pixel(&format!("&txn_id=T-{n}&sale_amount=10"));
    }
    shop.settled_conversions(20);
    let before = shop.report("").total("revenue_minor");
    shop.folder
        .json(&["key", "rotate", "--account", &shop.account.id]);
    shop.pixel("&txn_id=T-after&sale_amount=10");
    eventually("the old content to be sealed again", || {
        let status = shop.folder.json(&["key", "status"]);
        let keys = &status["accounts"][0];
        assert_eq!(keys["version"], 2, "{status}");
        (keys["left_to_reseal"] == 0).then_some(())
    });
    shop.settled_conversions(21);
    let after = shop.report("").total("revenue_minor");
    assert_eq!(after, before / 20 * 21);
    let audit = shop.folder.json(&["audit", "verify"]);
    assert_eq!(audit["sound"], true, "{audit}");
    let shop = shop.served_anew(|server, _| server.kill());
    shop.settled_conversions(21);
    assert_eq!(shop.report("").total("revenue_minor"), after);
}

#[test]
fn the_copy_in_escrow_follows_the_keyring_and_opens_with_the_words_on_paper() {
    let folder = Folder::new();
    let server = folder.serve();
    Account::create(&folder, &server);
    let copy = folder.own().join("keyring.copy");
    let status = folder.json(&["key", "escrow", "status"]);
    assert_eq!(status["recoverable"], false, "{status}");
    folder.json(&["key", "escrow", "set", text(&copy)]);
    let keyring = || std::fs::read(folder.data().join("keyring")).unwrap();
    assert!(std::fs::read(&copy).unwrap() == keyring());
    Account::create(&folder, &server);
    assert!(
        std::fs::read(&copy).unwrap() == keyring(),
        "an account later"
    );

    let kit = folder.json(&["key", "kit"]);
    let words = folder.write("words", kit["words"].as_str().unwrap());
    let verify = ["key", "escrow", "verify", "--words-file", text(&words)];
    assert_eq!(folder.json(&verify)["recoverable"], true);
    let wrong = folder.write("wrong", &"abandon ".repeat(24));
    let wrong = ["key", "escrow", "verify", "--words-file", text(&wrong)];
    folder.command(&wrong).failed_with(64);

    // Its place is gone: what depends on the copy is not answered as done.
    std::fs::remove_file(&copy).unwrap();
    std::fs::create_dir(&copy).unwrap();
    let password = folder.write("password", "correct horse battery staple");
    let create = [
        "account",
        "create",
        "--name",
        "N",
        "--owner",
        "n@shop.example",
        "--password-file",
        text(&password),
    ];
    folder.command(&create).failed_with(73);
    std::fs::remove_dir(&copy).unwrap();
    folder.command(&create).success();
    assert_eq!(server.stop(), 0);

    // Another machine: database, copy and words.
    let key = folder.own().join("restored.key");
    let restore = [
        "key",
        "restore",
        "--words-file",
        text(&words),
        "--key-file",
        text(&key),
    ];
    folder.run(&restore).success();
    std::fs::copy(&copy, folder.data().join("keyring")).unwrap();
    std::fs::remove_file(folder.data().join("master.key")).unwrap();
    let listed = folder.json(&["account", "list", "--key-file", text(&key)]);
    assert_eq!(listed["items"].as_array().unwrap().len(), 3);
}

#[test]
fn a_passphrase_opens_what_it_has_sealed_and_another_one_does_not() {
    let folder = Folder::new();
    let passphrase = folder.write("passphrase", "correct horse battery staple pylon\n");
    let option = ["--passphrase-file", text(&passphrase)];
    let serve = [&["--listen", "127.0.0.1:0"], &option[..]].concat();
    assert_eq!(folder.serve_with(&serve).stop(), 0);
    assert!(!folder.data().join("master.key").exists());
    folder
        .command(&[&["account", "list"], &option[..]].concat())
        .success();
    folder.command(&["account", "list"]).failed_with(78);
    folder.write("passphrase", "correct horse battery staple pylons\n");
    let before = contents(&folder.data());
    let refused = folder.command(&[&["account", "list"], &option[..]].concat());
    refused.failed_with(78);
    untouched(&before, &folder.data());
    folder.write("passphrase", "short\n");
    let refused = folder.command(&[&["account", "list"], &option[..]].concat());
    refused.failed_with(78);
}
