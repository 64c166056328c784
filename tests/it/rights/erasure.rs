//! Erased: out of every read and of every new hit, and no figure changes.

use serde_json::json;

use super::{Person, erased, figures, found, hit};
use crate::harness::account::Shop;
use crate::harness::server::Folder;

#[test]
fn a_person_is_found_by_each_id_they_left_and_by_no_other() {
    let shop = Shop::strict();
    let ann = Person::buys(&shop, 1);
    let _ben = Person::buys(&shop, 2);
    // Click, view, sale.
    for (option, value) in [
        ("--click-id", &ann.click_id),
        ("--txn", &ann.txn),
        ("--visitor", &ann.visitor),
    ] {
        assert_eq!(found(&shop, option, value), (3, 1), "{option}");
    }
    assert_eq!(found(&shop, "--txn", "ORDER-3"), (0, 0));
    let wrong = [
        "privacy",
        "find",
        "--account",
        &shop.account.id,
        "--visitor",
        "x",
    ];
    shop.folder.command(&wrong).failed_with(64);
    let none = ["privacy", "find", "--account", "zzzzzzzz", "--txn", "x"];
    shop.folder.command(&none).failed_with(64);
}

#[test]
fn an_export_is_a_page_json_and_tables_whose_hashes_stand_in_the_manifest() {
    let shop = Shop::strict();
    let ann = Person::buys(&shop, 1);
    let out = shop.folder.own().join("ann");
    let path = out.to_str().unwrap();
    let account = &shop.account.id;
    let ask = [
        "privacy",
        "export",
        "--account",
        account,
        "--txn",
        &ann.txn,
        "--out",
        path,
    ];
    shop.folder.command(&ask).success();
    let read = |name: &str| std::fs::read_to_string(out.join(name)).unwrap();
    let data: serde_json::Value = serde_json::from_str(&read("data.json")).unwrap();
    assert_eq!(data["hits"].as_array().unwrap().len(), 3);
    for name in ["index.html", "data.json", "csv/conversions.csv"] {
        assert!(read(name).contains(&ann.txn), "{name}");
    }
    assert!(read("csv/hits.csv").contains("secretparameter1"));
    let manifest: serde_json::Value = serde_json::from_str(&read("manifest.json")).unwrap();
    assert_eq!(manifest["files"].as_array().unwrap().len(), 4);
    shop.folder.command(&ask).failed_with(73);
}

#[test]
fn without_a_yes_it_is_said_what_would_go_and_nothing_goes() {
    let shop = Shop::strict();
    let ann = Person::buys(&shop, 1);
    let account = &shop.account.id;
    let ask = ["privacy", "erase", "--account", account, "--txn", &ann.txn];
    let said = shop.folder.json(&ask);
    assert_eq!(
        (&said["erased"], &said["preview"]["hits"]),
        (&json!(false), &json!(3))
    );
    assert_eq!(found(&shop, "--txn", &ann.txn), (3, 1));
}

#[test]
fn an_erased_person_is_gone_stays_away_and_no_figure_changes() {
    let shop = Shop::strict();
    let ann = Person::buys(&shop, 1);
    let ben = Person::buys(&shop, 2);
    let before = figures(&shop);
    let sums = |shop: &Shop| -> (usize, i64) {
        let all = shop.conversions();
        let revenue = all
            .iter()
            .map(|one| one.0["revenue_minor"].as_i64().unwrap())
            .sum();
        (all.len(), revenue)
    };
    let listed = sums(&shop);

    let done = erased(&shop, "--visitor", &ann.visitor);
    assert_eq!(done["state"], "done", "{done}");
    assert_eq!(
        (&done["hits"], &done["conversions"]),
        (&json!(3), &json!(1))
    );

    assert_eq!(figures(&shop), before);
    assert_eq!(sums(&shop), listed);
    for (option, value) in [
        ("--click-id", &ann.click_id),
        ("--txn", &ann.txn),
        ("--visitor", &ann.visitor),
    ] {
        assert_eq!(found(&shop, option, value), (0, 0), "{option}");
    }
    assert_eq!(found(&shop, "--visitor", &ben.visitor), (3, 1));
    let line = shop
        .conversions()
        .into_iter()
        .find(|one| one.0["erased"] == true)
        .unwrap();
    assert_eq!(
        (&line.0["txn_id"], &line.0["subs"]),
        (&json!(null), &json!({}))
    );
    assert_eq!(line.0["credit"], "erased");

    // The same person comes again: the browser is told nothing, the account is.
    ann.sends(&shop, &[hit(1, 7, json!({"type": "view"}))]);
    let sale = format!("&consent=1&click_id={}&sale_amount=9", ann.click_id);
    shop.pixel(&sale);
    shop.pixel(&format!("&consent=1&txn_id={}&sale_amount=9", ann.txn));
    shop.wait_refused("erased_person", 3);
    assert_eq!(figures(&shop), before);
    assert_eq!(found(&shop, "--visitor", &ann.visitor), (0, 0));

    // And somebody else's figures go on.
    ben.sends(&shop, &[hit(2, 7, json!({"type": "view"}))]);
    shop.wait_settled();
    assert_eq!(found(&shop, "--visitor", &ben.visitor), (4, 1));
}

/// Looks into the databases: what sealed a person must not lie in a free page or in a
/// log, where a key that is found later would open it.
#[test]
fn no_byte_of_what_held_the_person_is_left_in_databases_and_logs() {
    let shop = Shop::strict();
    let ann = Person::buys(&shop, 1);
    let shop = shop.restarted();
    let needles = sealed_blobs(&shop.folder);
    assert!(needles.len() > 10, "{}", needles.len());
    let hay = |folder: &Folder| -> Vec<u8> {
        let mut all = Vec::new();
        for name in [
            "pixelkeep.db",
            "pixelkeep.db-wal",
            "journal.db",
            "journal.db-wal",
        ] {
            all.extend(std::fs::read(folder.data().join(name)).unwrap_or_default());
        }
        all
    };
    let holds = |hay: &[u8], needle: &[u8]| hay.windows(needle.len()).any(|at| at == needle);
    let before = hay(&shop.folder);
    assert!(needles.iter().all(|needle| holds(&before, needle)));

    assert_eq!(erased(&shop, "--txn", &ann.txn)["state"], "done");

    let after = hay(&shop.folder);
    let left = needles
        .iter()
        .filter(|needle| holds(&after, needle))
        .count();
    assert_eq!(left, 0, "of {} sealed values", needles.len());
    let said = shop.server.process.stderr();
    for secret in [
        &ann.txn,
        &ann.visitor,
        &ann.click_id,
        "secretsub1",
        "secretparameter1",
    ] {
        assert!(!said.contains(secret), "{secret} is in the log");
    }
}

/// The middles of the sealed columns of the trail and of conversions.
fn sealed_blobs(folder: &Folder) -> Vec<Vec<u8>> {
    let copy = folder.own().join("copy.db");
    for end in ["", "-wal"] {
        let from = folder.data().join(format!("pixelkeep.db{end}"));
        if from.exists() {
            std::fs::copy(from, format!("{}{end}", copy.display())).unwrap();
        }
    }
    let database = rusqlite::Connection::open(&copy).unwrap();
    let mut blobs = Vec::new();
    for sql in [
        "SELECT body FROM conversion",
        "SELECT segment_column.body FROM segment_column JOIN segment \
         ON segment_column.id / 64 = segment.id WHERE segment.class = 1",
    ] {
        let mut statement = database.prepare(sql).unwrap();
        let rows = statement
            .query_map([], |row| row.get::<_, Vec<u8>>(0))
            .unwrap();
        blobs.extend(rows.map(|blob| blob.unwrap()[4..24].to_vec()));
    }
    blobs
}
