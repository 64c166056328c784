//! Reads the rooms and arrows out of the map, and holds them against the order
//! that the design gives.

use std::collections::{BTreeMap, BTreeSet};

/// Which rooms each room may import.
pub struct Map(BTreeMap<String, BTreeSet<String>>);

/// The design's order: an arrow goes from an earlier line to a later one.
const ORDER: [&[&str]; 9] = [
    &["main"],
    &["cli"],
    &["web"],
    &[
        "ingest",
        "report",
        "privacy",
        "lifecycle",
        "outbound",
        "access",
    ],
    &["store"],
    &["segment", "crypto", "config"],
    &["model"],
    &["clock"],
    &["error"],
];

impl Map {
    /// The block of arrows in a `//!` text: `room -> room room`.
    pub fn parse(text: &str) -> Map {
        let mut rooms: BTreeMap<String, BTreeSet<String>> = text
            .lines()
            .filter_map(|line| line.strip_prefix("//!"))
            .filter_map(|line| line.split_once("->"))
            .map(|(from, to)| (from.trim(), to))
            .filter(|(from, _)| is_room_name(from))
            .map(|(from, to)| {
                let to = to.split_whitespace().map(str::to_owned).collect();
                (from.to_owned(), to)
            })
            .collect();
        assert!(rooms.len() >= 10, "the map draws too few arrows: {rooms:?}");
        // What the program's first lines may touch is the design's word.
        rooms.insert("main".into(), ["cli".to_owned(), "error".to_owned()].into());
        rooms.insert("lib".into(), BTreeSet::new());
        Map(rooms)
    }

    pub fn knows(&self, room: &str) -> bool {
        self.0.contains_key(room)
    }

    pub fn allows(&self, from: &str, to: &str) -> bool {
        from == to || self.0.get(from).is_some_and(|rooms| rooms.contains(to))
    }

    /// Arrows of the map itself that the design does not allow.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        for (from, rooms) in &self.0 {
            for to in rooms {
                match (rank(from), rank(to)) {
                    (Some(above), Some(below)) if above < below => {}
                    _ => faults.push(format!("{from} -> {to}")),
                }
            }
        }
        faults
    }
}

fn rank(room: &str) -> Option<usize> {
    ORDER.iter().position(|line| line.contains(&room))
}

fn is_room_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// A map with these lines beside enough others to be one.
#[cfg(test)]
pub fn drawn(lines: &str) -> Map {
    let rest = "cli -> web\nweb -> store\ningest -> store\nreport -> store\nstore -> model\n\
                privacy -> model\nlifecycle -> model\naccess -> model\nsegment -> model\n\
                crypto -> model\nmodel -> clock\nclock -> error\n";
    let text: String = rest
        .lines()
        .chain(lines.lines())
        .map(|line| format!("//! {line}\n"))
        .collect();
    Map::parse(&text)
}

#[test]
fn a_map_allows_what_it_draws_and_nothing_else() {
    let map = drawn("");
    assert!(map.allows("web", "store") && map.allows("web", "web"));
    assert!(!map.allows("store", "web") && !map.allows("cli", "error"));
    assert!(map.faults().is_empty());
}

#[test]
fn a_map_that_lets_verbs_know_each_other_is_at_fault() {
    assert_eq!(
        drawn("ingest -> store report").faults(),
        ["ingest -> report"]
    );
    assert_eq!(drawn("store -> ingest").faults(), ["store -> ingest"]);
    assert_eq!(drawn("model -> segment").faults(), ["model -> segment"]);
    assert_eq!(drawn("cellar -> model").faults(), ["cellar -> model"]);
}
