//! The command line as an operator meets it: files and their modes, exit codes,
//! answers with and without a running server, and how `serve` ends.

mod audit;
mod console;
mod doctor;
mod exit_codes;
mod first_start;
mod key;
mod offline;
mod token;

use std::collections::BTreeMap;
use std::path::Path;

/// Every file under a folder with its content, but for the lock, which only
/// says who holds the folder.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name == "lock" || !entry.file_type().unwrap().is_file() {
            continue;
        }
        files.insert(name, std::fs::read(entry.path()).unwrap());
    }
    files
}

#[track_caller]
fn untouched(before: &BTreeMap<String, Vec<u8>>, folder: &Path) {
    let after = contents(folder);
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(before), names(&after));
    for (name, bytes) in before {
        assert!(*bytes == after[name], "{name} was changed");
    }
}
