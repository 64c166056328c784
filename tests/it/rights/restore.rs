//! An older copy of the database comes back: whoever was erased stays erased.

use super::{Person, erased, figures, found};
use crate::harness::account::Shop;
use crate::harness::server::{Folder, text};

const FILES: [&str; 2] = ["pixelkeep.db", "journal.db"];

fn copy(folder: &Folder, from: &std::path::Path, to: &std::path::Path) {
    let _ = folder;
    std::fs::create_dir_all(to).unwrap();
    for name in FILES {
        std::fs::copy(from.join(name), to.join(name)).unwrap();
    }
}

#[test]
fn a_copy_from_before_the_erasure_brings_nobody_back() {
    let shop = Shop::strict();
    let ann = Person::buys(&shop, 1);
    let ben = Person::buys(&shop, 2);
    let backup = shop.folder.own().join("backup");
    let shop = shop.served_anew(|server, folder| {
        assert_eq!(server.stop(), 0);
        copy(folder, &folder.data(), &backup);
    });
    let before = figures(&shop);
    assert_eq!(erased(&shop, "--txn", &ann.txn)["state"], "done");
    let shop = shop.served_anew(|server, folder| {
        assert_eq!(server.stop(), 0);
        for name in FILES {
            let _ = std::fs::remove_file(folder.data().join(format!("{name}-wal")));
            let _ = std::fs::remove_file(folder.data().join(format!("{name}-shm")));
        }
        copy(folder, &backup, &folder.data());
    });
    for (option, value) in [
        ("--txn", &ann.txn),
        ("--visitor", &ann.visitor),
        ("--click-id", &ann.click_id),
    ] {
        assert_eq!(found(&shop, option, value), (0, 0), "{option}");
    }
    assert_eq!(found(&shop, "--visitor", &ben.visitor), (3, 1));
    assert!(
        shop.conversions()
            .iter()
            .all(|one| one.0["txn_id"] != ann.txn.as_str())
    );
    assert_eq!(figures(&shop), before);
}

/// Reaches into the database, because nothing of the product loses its ledger.
#[test]
fn a_lost_ledger_locks_the_folder_until_its_loss_is_accepted() {
    let shop = Shop::strict();
    let ann = Person::buys(&shop, 1);
    erased(&shop, "--txn", &ann.txn);
    let forget = |folder: &Folder| {
        let database = rusqlite::Connection::open(folder.data().join("pixelkeep.db")).unwrap();
        let changed = database.execute(
            "UPDATE meta SET value = ?1 WHERE name = 'erasure_ledger'",
            [99i64.to_be_bytes().to_vec()],
        );
        assert_eq!(changed.unwrap(), 1);
    };
    let account = shop.account.id.clone();
    let shop = shop.served_by(
        |server, folder| {
            assert_eq!(server.stop(), 0);
            forget(folder);
            let ask = ["privacy", "find", "--account", &account, "--txn", "x"];
            let refused = folder.command(&ask);
            assert!(
                refused
                    .failed_with(78)
                    .stderr
                    .contains("--accept-ledger-loss")
            );
            folder
                .command(&["serve", "--listen", "127.0.0.1:0"])
                .failed_with(78);
        },
        |folder| {
            folder.serve_with(&[
                "--listen",
                "127.0.0.1:0",
                "--rate-limit",
                "off",
                "--accept-ledger-loss",
            ])
        },
    );
    // Collecting and figures go on; nothing of anybody is shown, and erasing works.
    let before = figures(&shop);
    let ben = Person::buys(&shop, 2);
    assert_ne!(figures(&shop), before);
    let folder = &shop.folder;
    for command in ["find", "export"] {
        let ask = ["privacy", command, "--account", &account, "--txn", &ben.txn];
        let refused = folder.command(&ask);
        assert!(
            refused.failed_with(77).stderr.contains("locked"),
            "{refused:?}"
        );
    }
    let out = folder.own().join("all.zip");
    let everything = [
        "account",
        "export",
        "--account",
        &account,
        "--out",
        text(&out),
    ];
    folder.command(&everything).failed_with(77);
    assert!(!out.exists());
    let listed = shop.conversions();
    assert_eq!(listed.len(), 2);
    for one in &listed {
        assert_eq!(one.0["txn_id"], serde_json::Value::Null, "{one:?}");
    }
    let doctor = folder.command(&["doctor"]);
    assert!(doctor.stdout.contains("LOOK  personal_data"), "{doctor:?}");
    assert_eq!(erased(&shop, "--txn", &ben.txn)["state"], "done");
    // It outlives a restart, and ends when the account says so.
    let shop = shop.restarted();
    let ask = ["privacy", "find", "--account", &account, "--txn", &ann.txn];
    shop.folder.command(&ask).failed_with(77);
    let unlock = ["privacy", "unlock", "--account", &account, "--erased-again"];
    shop.folder.json(&unlock);
    shop.folder.command(&unlock).failed_with(64);
    assert_eq!(found(&shop, "--txn", &ann.txn), (0, 0));
    assert_eq!(found(&shop, "--txn", &ben.txn), (0, 0));
    shop.folder.json(&[
        "account",
        "export",
        "--account",
        &account,
        "--out",
        text(&out),
    ]);
    let shop = shop.restarted();
    assert_eq!(found(&shop, "--txn", &ann.txn), (0, 0));
}

#[test]
fn a_backup_from_before_the_erasure_is_restored_by_command_without_the_person() {
    let shop = Shop::strict();
    let ann = Person::buys(&shop, 1);
    let ben = Person::buys(&shop, 2);
    let file = shop.folder.own().join("backup");
    shop.folder
        .json(&["backup", "create", "--out", text(&file)]);
    let before = figures(&shop);
    assert_eq!(found(&shop, "--txn", &ann.txn), (3, 1));
    assert_eq!(erased(&shop, "--txn", &ann.txn)["state"], "done");
    let shop = shop.served_anew(|server, folder| {
        assert_eq!(server.stop(), 0);
        let restored = folder.json(&["backup", "restore", text(&file)]);
        assert_eq!(restored["accounts_erased_again"], 1, "{restored}");
    });
    for (option, value) in [
        ("--txn", &ann.txn),
        ("--visitor", &ann.visitor),
        ("--click-id", &ann.click_id),
    ] {
        assert_eq!(found(&shop, option, value), (0, 0), "{option}");
    }
    // What the account takes along has the other one, so that the look would find her.
    let out = shop.folder.own().join("all.zip");
    let account = shop.account.id.as_str();
    shop.folder.json(&[
        "account",
        "export",
        "--account",
        account,
        "--out",
        text(&out),
    ]);
    let mut zip = zip::ZipArchive::new(std::fs::File::open(&out).unwrap()).unwrap();
    let mut read = |name: &str| {
        let mut text = String::new();
        std::io::Read::read_to_string(&mut zip.by_name(name).unwrap(), &mut text).unwrap();
        text
    };
    for name in ["trail.csv", "conversions.csv", "conversions.json"] {
        let content = read(name);
        assert!(content.contains(&ben.txn), "{name}");
        assert!(!content.contains(&ann.txn), "{name}");
    }
    assert!(!read("trail.csv").contains(&ann.visitor));
    assert_eq!(figures(&shop), before);
}
