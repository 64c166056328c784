//! Whether rows that were moved or are gone have left anything in the gaps of the main
//! database's pages: the bytes between a leaf's list of cells and its cells. What lies
//! in them is not told apart, be it of a live row or of none. The format:
//! <https://sqlite.org/fileformat2.html#b_tree_pages>.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use crate::error::Result;

const HEADER: usize = 100;
/// A leaf of a table: sealed content lies in no other page of a tree.
const TABLE_LEAF: u8 = 0x0d;
const LEAF_HEADER: usize = 8;
/// Kinds of page in a pointer map: the root of a tree, and every other page of one.
const OF_A_TREE: [u8; 2] = [1, 5];
/// Bytes of an entry of a pointer map.
const ENTRY: usize = 5;
/// SQLite locks a byte of the page at this place, and keeps nothing in it.
const LOCK_BYTE: usize = 1 << 30;
/// So many bytes without a zero among them are no list of cells that once was longer.
const TELLING: usize = 16;

/// Whether some gap holds something. A file whose log is not empty may hold more.
pub fn is_left(database: &Path) -> Result<bool> {
    let mut file = BufReader::with_capacity(1 << 20, File::open(database)?);
    let mut header = [0; HEADER];
    if file.read_exact(&mut header).is_err() {
        return Ok(false);
    }
    let size = match number(&header, 16) {
        1 => 1 << 16,
        size => size,
    };
    let mut file = std::io::Cursor::new(header).chain(file);
    let mut page = vec![0; size];
    let mut kinds: Vec<u8> = Vec::new();
    for index in 0.. {
        if file.read_exact(&mut page).is_err() {
            return Ok(false);
        }
        let place = Place::of(index, size);
        match place {
            Place::Map => kinds = page.chunks_exact(ENTRY).map(|entry| entry[0]).collect(),
            Place::Page(entry) => {
                let kind = kinds.get(entry).copied().unwrap_or(0);
                if OF_A_TREE.contains(&kind) && holds_something(&page) {
                    return Ok(true);
                }
            }
            Place::First | Place::Lock => {}
        }
    }
    Ok(false)
}

/// What a page is by its place in a file that has pointer maps.
enum Place {
    First,
    Map,
    Lock,
    /// Its entry in the map before it.
    Page(usize),
}

impl Place {
    /// `index` counts from 0.
    fn of(index: usize, size: usize) -> Place {
        let (lock, run) = (LOCK_BYTE / size, size / ENTRY + 1);
        if index == 0 {
            return Place::First;
        }
        if index == lock {
            return Place::Lock;
        }
        // A map whose place is the locked page's stands behind it.
        let start = (index - 1) / run * run + 1;
        let map = if start == lock { start + 1 } else { start };
        match index.checked_sub(map) {
            Some(0) => Place::Map,
            Some(after) => Place::Page(after - 1),
            None => Place::Lock,
        }
    }
}

fn holds_something(page: &[u8]) -> bool {
    if page[0] != TABLE_LEAF {
        return false;
    }
    let (cells, content) = (number(page, 3), number(page, 5));
    let content = if content == 0 { 1 << 16 } else { content };
    let gap = page.get(LEAF_HEADER + 2 * cells..content.min(page.len()));
    let mut run = 0;
    gap.unwrap_or_default().iter().any(|&byte| {
        run = if byte == 0 { 0 } else { run + 1 };
        run == TELLING
    })
}

fn number(bytes: &[u8], at: usize) -> usize {
    usize::from(bytes[at]) << 8 | usize::from(bytes[at + 1])
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    /// A database as ours are, with so many rows.
    fn database(folder: &Path, rows: usize) -> std::path::PathBuf {
        let path = folder.join("some.db");
        let connection = Connection::open(&path).unwrap();
        connection
            .execute_batch(
                "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA secure_delete = ON; \
                 CREATE TABLE sealed (id INTEGER PRIMARY KEY, body BLOB)",
            )
            .unwrap();
        for _ in 0..rows {
            let insert = "INSERT INTO sealed (body) VALUES (randomblob(900))";
            connection.execute(insert, []).unwrap();
        }
        path
    }

    #[test]
    fn a_copy_in_a_gap_is_noticed_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = database(folder.path(), 4_000);
        Connection::open(&path)
            .unwrap()
            .execute_batch("VACUUM")
            .unwrap();
        assert!(!is_left(&path).unwrap());
        let mut bytes = std::fs::read(&path).unwrap();
        let last = bytes
            .chunks(4_096)
            .rposition(|page| page[0] == TABLE_LEAF && number(page, 5) > 400)
            .unwrap();
        let gap = last * 4_096 + LEAF_HEADER + 2 * number(&bytes[last * 4_096..], 3) + 40;
        bytes[gap..gap + 24].copy_from_slice(&[0xa7; 24]);
        std::fs::write(&path, bytes).unwrap();
        assert!(is_left(&path).unwrap());
    }

    #[test]
    fn the_locked_page_and_the_maps_have_their_places() {
        let kind = |index| match Place::of(index, 4_096) {
            Place::First => "first".to_owned(),
            Place::Map => "map".to_owned(),
            Place::Lock => "lock".to_owned(),
            Place::Page(entry) => entry.to_string(),
        };
        assert_eq!(
            [0, 1, 2, 820, 821, 822].map(kind),
            ["first", "map", "0", "818", "map", "0"]
        );
        assert_eq!(kind(LOCK_BYTE / 4_096), "lock");
        assert_eq!(kind(LOCK_BYTE / 4_096 + 1), "563");
    }
}
