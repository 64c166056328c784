//! Every field that a customer or a visitor can fill carries a mark of its own;
//! none of them may be found at rest: not in databases, WAL, keyring or logs, not
//! plain, in hex, in base64 or in UTF-16.

mod fields;
mod scan;

use std::path::{Path, PathBuf};

use crate::harness::server::Folder;
use fields::Marks;
use scan::{Finding, scan};

/// The files of the data folder and what servers wrote.
pub fn files_at_rest(folder: &Folder) -> Vec<PathBuf> {
    let mut files = Vec::new();
    collect(&folder.data(), &mut files);
    collect(&folder.logs(), &mut files);
    files
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            collect(&entry.path(), files);
        } else if kind.is_file() {
            files.push(entry.path());
        }
    }
}

#[track_caller]
fn clean(when: &str, folder: &Folder, marks: &Marks) {
    let files = files_at_rest(folder);
    let has = |end: &str| {
        files
            .iter()
            .any(|file| file.to_string_lossy().ends_with(end))
    };
    assert!(
        has("pixelkeep.db") && has("journal.db") && has("keyring"),
        "{files:?}"
    );
    let found: Vec<Finding> = files.iter().flat_map(|file| scan(file, marks)).collect();
    assert!(found.is_empty(), "{when}: {found:#?}");
}

#[test]
fn nothing_that_anybody_entered_lies_readable_at_rest() {
    let folder = Folder::new();
    let server = folder.serve();
    let mut marks = Marks::default();
    let account = fields::furnish(&folder, &server, &mut marks);
    fields::visit(&server, &account, &mut marks);
    fields::misuse(&server, &account, &mut marks);
    clean("while hits wait to be settled", &folder, &marks);
    account.api.wait_settled();
    // The figures prove that the marked hits were taken in and not refused.
    assert!(account.api.conversions().len() >= 4);
    clean("while the server runs", &folder, &marks);
    server.kill();
    assert!(
        files_at_rest(&folder)
            .iter()
            .any(|file| file.to_string_lossy().ends_with("-wal"))
    );
    clean("after a kill, with the WAL as it was", &folder, &marks);
    let server = folder.serve();
    clean("after the next start", &folder, &marks);
    assert_eq!(server.stop(), 0);
    clean("after a clean stop", &folder, &marks);
}

/// Marks that the account itself can still read, as its own copy of everything shows.
fn readable(folder: &Folder, account: &str, marks: &Marks, name: &str) -> Vec<String> {
    let out = folder.own().join(name);
    let path = out.to_str().unwrap();
    folder.json(&["account", "export", "--account", account, "--out", path]);
    let mut zip = zip::ZipArchive::new(std::fs::File::open(&out).unwrap()).unwrap();
    let mut all = String::new();
    for place in 0..zip.len() {
        std::io::Read::read_to_string(&mut zip.by_index(place).unwrap(), &mut all).unwrap();
    }
    std::fs::remove_file(&out).unwrap();
    let found = marks.all().filter(|(_, mark)| all.contains(mark));
    found.map(|(field, _)| field.to_owned()).collect()
}

#[test]
fn after_an_erasure_and_after_a_purge_nothing_is_left_in_backups_and_logs_either() {
    let folder = Folder::new();
    let server = folder.serve();
    let mut marks = Marks::default();
    let account = fields::furnish(&folder, &server, &mut marks);
    fields::visit(&server, &account, &mut marks);
    account.api.wait_settled();
    let id = account.api.get("account")["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let before = readable(&folder, &id, &marks, "before.zip");
    assert!(before.len() > 40, "the look finds too little: {before:?}");
    // One of those who came; what is theirs and readable goes.
    let (_, txn) = marks.all().find(|(field, _)| *field == "txn_id").unwrap();
    let erase = ["privacy", "erase", "--account", &id, "--txn", txn, "--yes"];
    folder.json(&erase);
    let after = readable(&folder, &id, &marks, "after.zip");
    assert!(
        after.len() + 5 < before.len(),
        "{} {}",
        before.len(),
        after.len()
    );
    assert!(!after.iter().any(|field| field == "txn_id"), "{after:?}");
    clean("after an erasure", &folder, &marks);
    let backup = folder.data().join("backup-of-the-test");
    folder.json(&["backup", "create", "--out", backup.to_str().unwrap()]);
    clean("with a backup", &folder, &marks);
    folder.json(&["account", "delete", &id, "--after", "0"]);
    crate::harness::eventually("the account to be closed", || {
        let shown = folder.command(&["certificate", "show", &id]);
        (shown.code == 0).then_some(())
    });
    clean("after a purge", &folder, &marks);
    server.kill();
    clean("after a purge and a kill", &folder, &marks);
}

#[test]
fn the_scan_finds_a_mark_in_every_form() {
    let folder = Folder::new();
    let mut marks = Marks::default();
    let mark = marks.new_mark("a control");
    for (name, bytes) in scan::planted(&mark) {
        let path = folder.own().join("control");
        let mut around = b"something before ".to_vec();
        around.extend(bytes);
        around.extend(b" and after");
        std::fs::write(&path, &around).unwrap();
        let found = scan(&path, &marks);
        assert!(!found.is_empty(), "{name} is not found");
    }
    let path = folder.write("control", &marks.new_mark("not planted").replace('a', "b"));
    let clean: Vec<_> = scan(&path, &marks)
        .into_iter()
        .filter(|f| f.field == "a control")
        .collect();
    assert!(clean.is_empty());
}
