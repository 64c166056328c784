//! Members have the rights that visitors have: they see, take along, correct and erase
//! what is kept of them, whatever their role.

use std::io::Read;

use pixelkeep::store::{DataFolder, Store};
use serde_json::Value;

use crate::access::{NEW_PASSWORD, join, listed, only_account};
use crate::console::{Member, id_after, sign_in};
use crate::harness::account::PASSWORD;
use crate::harness::http::Answer;
use crate::harness::server::Folder;

const OWNER: &str = "ann@shop.example";
const FIRST: &str = "vic@first-canary.example";
const SECOND: &str = "vic@second-canary.example";

fn file(answer: &Answer, name: &str) -> String {
    assert_eq!(
        answer.header("content-type"),
        Some("application/zip"),
        "{answer:?}"
    );
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(answer.body.clone())).unwrap();
    let mut text = String::new();
    zip.by_name(name)
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    text
}

/// What is sealed or indexed of the one member who is not the owner.
fn kept_of(folder: &Folder, owners: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let copy = folder.own().join("copy.db");
    for end in ["", "-wal"] {
        let from = folder.data().join(format!("pixelkeep.db{end}"));
        std::fs::copy(from, format!("{}{end}", copy.display())).unwrap();
    }
    let database = rusqlite::Connection::open(&copy).unwrap();
    let mut pieces = Vec::new();
    for sql in [
        "SELECT body FROM member",
        "SELECT email_index FROM member",
        "SELECT body FROM session",
        "SELECT network FROM audit WHERE network IS NOT NULL",
    ] {
        let mut select = database.prepare(sql).unwrap();
        let rows = select
            .query_map([], |row| row.get::<_, Vec<u8>>(0))
            .unwrap();
        pieces.extend(rows.map(Result::unwrap));
    }
    pieces.retain(|piece| !owners.contains(piece));
    pieces
}

/// How many of these stand in the databases and their logs.
fn found(folder: &Folder, pieces: &[Vec<u8>]) -> usize {
    let mut all = Vec::new();
    for name in [
        "pixelkeep.db",
        "pixelkeep.db-wal",
        "journal.db",
        "journal.db-wal",
    ] {
        all.extend(std::fs::read(folder.data().join(name)).unwrap_or_default());
    }
    let is_there = |piece: &&Vec<u8>| all.windows(piece.len()).any(|at| at == piece.as_slice());
    pieces.iter().filter(is_there).count()
}

#[test]
fn a_member_sees_takes_along_corrects_and_erases_themselves() {
    let folder = Folder::new();
    let server = folder.serve();
    let owner = Member::new(&folder, &server, OWNER);
    let account = only_account(&folder);
    let owners = kept_of(&folder, &[]);
    let vic = join(&folder, &server.client, &account, FIRST, &["viewer"]);

    let page = vic.get("/you/data").text();
    assert!(page.contains(FIRST) && page.contains("viewer"), "{page}");
    let copy = vic.post("/you/data/copy", &[]);
    let data: Value = serde_json::from_str(&file(&copy, "data.json")).unwrap();
    assert_eq!(data["member"][0]["fields"]["email"], FIRST);
    assert_eq!(data["sessions"].as_array().unwrap().len(), 1);
    assert!(data["acts"].as_array().unwrap().len() >= 2, "{data}");
    for name in ["index.html", "csv/member.csv"] {
        assert!(file(&copy, name).contains(FIRST), "{name}");
    }
    assert!(file(&copy, "manifest.json").contains("csv/acts.csv"));
    assert!(!file(&copy, "data.json").contains(OWNER));

    let taken = vic.post("/you/data/email", &[("email", OWNER)]);
    assert_eq!(taken.status, 400);
    assert!(taken.text().contains("already"), "{taken:?}");
    let first = kept_of(&folder, &owners);
    assert_eq!(
        vic.post("/you/data/email", &[("email", SECOND)]).status,
        303
    );
    assert_ne!(sign_in(&server.client, FIRST, NEW_PASSWORD).status, 303);
    assert_eq!(sign_in(&server.client, SECOND, NEW_PASSWORD).status, 303);
    let of_the_first = &first[..2];
    assert_eq!(found(&folder, of_the_first), 0, "the old address is kept");

    assert_eq!(vic.post("/you/data/erase", &[]).status, 400);
    let pieces = kept_of(&folder, &owners);
    assert!(pieces.len() >= 4 && found(&folder, &pieces) == pieces.len());
    let gone = vic.post("/you/data/erase", &[("sure", "yes")]);
    assert_eq!(gone.header("location"), Some("/signin?done=erased"));
    assert!(gone.header("set-cookie").unwrap().contains("Max-Age=0"));
    assert_eq!(found(&folder, &pieces), 0, "of {} pieces", pieces.len());
    assert_ne!(sign_in(&server.client, SECOND, NEW_PASSWORD).status, 303);
    assert_eq!(vic.get("/you/data").status, 303, "the session is over");
    let rest = listed(&folder, &account);
    assert!(
        !serde_json::to_string(&rest).unwrap().contains("canary"),
        "{rest:?}"
    );

    // The log tells what was done, by nobody, and still holds.
    folder.json(&["audit", "verify"]);
    let log = owner.get("/audit").text();
    assert!(!log.contains("canary"), "{log}");
    assert_eq!(server.stop(), 0);
    let data = DataFolder::take(&folder.data(), false).unwrap();
    let keys = data.keys(&Default::default()).unwrap();
    let store = Store::open(data, keys).unwrap();
    for email in [FIRST, SECOND] {
        assert!(store.member_by_email(email).unwrap().is_none());
    }
    assert!(store.member_by_email(OWNER).unwrap().is_some());
}

#[test]
fn whoever_removes_a_member_leaves_as_little_of_them() {
    let folder = Folder::new();
    let server = folder.serve();
    Member::new(&folder, &server, OWNER);
    let account = only_account(&folder);
    let owners = kept_of(&folder, &[]);
    join(&folder, &server.client, &account, FIRST, &["analyst"]);
    let pieces = kept_of(&folder, &owners);
    assert!(pieces.len() >= 4);
    let rest = listed(&folder, &account);
    let vic = rest.iter().find(|member| member["email"] == FIRST).unwrap();
    let id = vic["id"].as_str().unwrap();
    folder.json(&["member", "remove", "--account", &account, "--member", id]);
    assert_eq!(found(&folder, &pieces), 0, "of {} pieces", pieces.len());
    folder.json(&["audit", "verify"]);
}

#[test]
fn a_publisher_has_the_same_rights_and_the_last_owner_is_told_why_not() {
    let folder = Folder::new();
    let server = folder.serve();
    let owner = Member::new(&folder, &server, OWNER);
    let account = only_account(&folder);
    let fields = [("name", "Harbour Blog"), ("coupons", "HARBOUR10")];
    assert_eq!(owner.post("/publishers/new", &fields).status, 303);
    let publisher = id_after(&owner.get("/publishers").text(), "/publishers/");
    let role = ["publisher", "--publisher", &publisher];
    let blog = join(&folder, &server.client, &account, FIRST, &role);
    let page = blog.get("/you/data").text();
    assert!(
        page.contains("Harbour Blog") && page.contains("HARBOUR10"),
        "{page}"
    );
    let copy = blog.post("/you/data/copy", &[]);
    assert!(file(&copy, "data.json").contains("HARBOUR10"));
    assert_eq!(blog.post("/you/data/erase", &[("sure", "yes")]).status, 303);
    assert_ne!(sign_in(&server.client, FIRST, NEW_PASSWORD).status, 303);

    let refused = owner.post("/you/data/erase", &[("sure", "yes")]);
    assert_eq!(refused.status, 400);
    assert!(refused.text().contains("last owner"), "{refused:?}");
    assert_eq!(sign_in(&server.client, OWNER, PASSWORD).status, 303);
}

#[test]
fn a_copy_from_before_brings_no_removed_member_back() {
    let folder = Folder::new();
    let server = folder.serve();
    Member::new(&folder, &server, OWNER);
    let account = only_account(&folder);
    let vic = join(&folder, &server.client, &account, FIRST, &["viewer"]);
    let backup = folder.own().join("before.backup");
    let backup = backup.to_str().unwrap();
    folder.json(&["backup", "create", "--out", backup]);
    assert_eq!(vic.post("/you/data/erase", &[("sure", "yes")]).status, 303);
    assert_eq!(server.stop(), 0);
    folder.json(&["backup", "restore", backup]);
    let server = folder.serve();
    assert_ne!(sign_in(&server.client, FIRST, NEW_PASSWORD).status, 303);
    let rest = serde_json::to_string(&listed(&folder, &account)).unwrap();
    assert!(rest.contains(OWNER) && !rest.contains(FIRST), "{rest}");
    folder.json(&["audit", "verify"]);
    assert_eq!(server.stop(), 0);
}
