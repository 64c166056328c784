//! What a file reaches for: every path from the root of the crate, however it is
//! written, must lie along an arrow.

use super::map::Map;
use super::source::Source;

/// The imports of a file that no arrow allows.
pub fn against(map: &Map, source: &Source) -> Vec<String> {
    if source.is_test {
        return Vec::new();
    }
    rooms(source)
        .into_iter()
        .filter(|(_, room)| map.knows(room) && !map.allows(&source.room, room))
        .map(|(line, room)| format!("src/{}:{line}: {} -> {room}", source.name, source.room))
        .collect()
}

/// Every room that a file names, with the line.
fn rooms(source: &Source) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let up = "super::".repeat(source.path.len());
    for root in ["crate::", "pixelkeep::", up.as_str()] {
        for (at, _) in source.code.match_indices(root) {
            let before = source.code[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
                continue;
            }
            let line = source.code[..at].matches('\n').count() + 1;
            let names = first_names(&source.code[at + root.len()..]);
            found.extend(names.into_iter().map(|name| (line, name)));
        }
    }
    found
}

/// The name that a path begins with, or all of them where it begins with a group.
fn first_names(path: &str) -> Vec<String> {
    let Some(group) = path.strip_prefix('{') else {
        return vec![name(path)];
    };
    let (mut names, mut depth, mut start) = (Vec::new(), 0_usize, 0);
    for (at, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => {
                names.push(name(group[start..at].trim()));
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                names.push(name(group[start..at].trim()));
                start = at + 1;
            }
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

fn name(path: &str) -> String {
    path.chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect()
}

#[cfg(test)]
fn found(name: &str, text: &str) -> Vec<String> {
    against(&super::map::drawn(""), &Source::read(name, text))
}

#[test]
fn an_import_along_an_arrow_is_fine() {
    assert!(
        found(
            "web/api/x.rs",
            "use crate::store::Store;\nuse crate::web::y;"
        )
        .is_empty()
    );
    assert!(found("web/x.rs", "use std::fmt; use super::y; use self::z;").is_empty());
    assert!(found("web/x.rs", "// use crate::cli::x;\nlet a = \"crate::cli\";").is_empty());
}

#[test]
fn an_import_against_an_arrow_is_found_however_it_is_written() {
    assert_eq!(
        found("store/x.rs", "use crate::web::y;"),
        ["src/store/x.rs:1: store -> web"]
    );
    assert_eq!(found("store/x.rs", "\nfn f() { crate::web::y() }").len(), 1);
    assert_eq!(
        found("store/x.rs", "use crate::{model::A, web::{B, C}};").len(),
        1
    );
    assert_eq!(found("store/x.rs", "use super::super::ingest::y;").len(), 1);
    assert_eq!(found("store/mod.rs", "pub use super::report::y;").len(), 1);
    assert_eq!(found("ingest/x.rs", "use crate::report;").len(), 1);
    assert_eq!(
        found("main.rs", "fn main() { pixelkeep::store::open() }").len(),
        1
    );
}

#[test]
fn tests_may_reach_further() {
    assert!(
        found(
            "store/x.rs",
            "#[cfg(test)]\nmod tests { use crate::web::y; }"
        )
        .is_empty()
    );
    assert!(found("store/tests.rs", "use crate::web::y;").is_empty());
}
