//! The house keeps its plan: imports follow the arrows that the map in `src/lib.rs`
//! draws, what belongs in one room alone stays there, files stay small, and
//! nothing panics on purpose.

mod imports;
mod map;
mod monopolies;
mod source;

use std::path::{Path, PathBuf};

use map::Map;
use source::Source;

fn house() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// Every file of `src`, read.
fn sources() -> Vec<Source> {
    let root = house().join("src");
    let mut sources: Vec<Source> = rust_files(&root)
        .iter()
        .map(|path| {
            let name = path.strip_prefix(&root).unwrap().to_str().unwrap();
            Source::read(name, &std::fs::read_to_string(path).unwrap())
        })
        .collect();
    let of_tests: Vec<_> = sources.iter().flat_map(Source::test_files).collect();
    for source in &mut sources {
        source.is_test |= of_tests.iter().any(|path| source.path.starts_with(path));
    }
    sources
}

fn map() -> Map {
    Map::parse(&std::fs::read_to_string(house().join("src/lib.rs")).unwrap())
}

#[track_caller]
fn none(what: &str, found: Vec<String>) {
    assert!(found.is_empty(), "{what}:\n  {}", found.join("\n  "));
}

#[test]
fn the_map_names_every_room_and_draws_no_arrow_against_the_design() {
    let map = map();
    none("arrows against the design", map.faults());
    let mut rooms: Vec<String> = sources().iter().map(|source| source.room.clone()).collect();
    rooms.retain(|room| room != "lib" && room != "main");
    rooms.sort();
    rooms.dedup();
    let unknown = rooms.into_iter().filter(|room| !map.knows(room)).collect();
    none("rooms that the map does not know", unknown);
}

#[test]
fn imports_follow_the_arrows() {
    let map = map();
    let found = sources()
        .iter()
        .flat_map(|source| imports::against(&map, source))
        .collect();
    none("imports against the arrows", found);
}

#[test]
fn what_belongs_in_one_room_stays_there() {
    let found = sources().iter().flat_map(monopolies::broken).collect();
    none("out of place", found);
}

#[test]
fn nothing_panics_on_purpose_outside_tests() {
    let found = sources().iter().flat_map(monopolies::panics).collect();
    none("unwrap or expect outside tests", found);
}

#[test]
fn every_file_is_small_and_says_what_it_is_for() {
    let mut found = Vec::new();
    for folder in ["src", "tests/it", "benches"] {
        let folder = house().join(folder);
        for path in if folder.exists() {
            rust_files(&folder)
        } else {
            Vec::new()
        } {
            let text = std::fs::read_to_string(&path).unwrap();
            let name = path.strip_prefix(house()).unwrap().display();
            let lines = text.lines().count();
            if lines > 400 {
                found.push(format!("{name} has {lines} lines"));
            }
            if !text.starts_with("//!") {
                found.push(format!("{name} does not begin with a //! line"));
            }
        }
    }
    none("files", found);
}

#[test]
fn no_file_has_a_name_that_means_nothing() {
    let nothing = [
        "util", "utils", "helper", "helpers", "common", "misc", "manager", "base", "core",
    ];
    let found = sources()
        .iter()
        .filter(|source| {
            source
                .path
                .iter()
                .any(|part| nothing.contains(&part.as_str()))
        })
        .map(|source| source.name.clone())
        .collect();
    none("names", found);
}
