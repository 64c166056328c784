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
