//! Tests of the look into a write-ahead log, on logs that SQLite wrote.

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::wal::{Log, frames, inspect, set_aside};
use crate::error::Kind;

const PAGE: usize = 4_096;
const FRAME: usize = PAGE + 24;

/// A database whose log holds `commits` commits of some frames each, as a crash
/// leaves it.
struct Left {
    folder: tempfile::TempDir,
    log: Vec<u8>,
    /// Frames at which each commit ends.
    ends: Vec<usize>,
}

impl Left {
    fn with(commits: usize) -> Left {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db");
        let connection = Connection::open(&path).unwrap();
        connection
            .execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; \
                 CREATE TABLE t (id INTEGER PRIMARY KEY, body BLOB); \
                 PRAGMA wal_checkpoint(TRUNCATE);",
            )
            .unwrap();
        let wal = folder.path().join("x.db-wal");
        let mut ends = Vec::new();
        for commit in 0..commits {
            let bytes = 2_000 + 3_000 * (commit % 3) as i64;
            connection
                .execute("INSERT INTO t (body) VALUES (randomblob(?1))", [bytes])
                .unwrap();
            let length = std::fs::metadata(&wal).unwrap().len() as usize;
            ends.push((length - 32) / FRAME);
        }
        let log = std::fs::read(&wal).unwrap();
        Left { folder, log, ends }
    }

    fn wal(&self) -> PathBuf {
        self.folder.path().join("left.db-wal")
    }

    fn look(&self, log: &[u8]) -> Log {
        std::fs::write(self.wal(), log).unwrap();
        inspect(&self.wal()).unwrap()
    }

    /// Bytes up to the end of some commit.
    fn length(&self, commits: usize) -> u64 {
        match commits {
            0 => 0,
            some => (32 + self.ends[some - 1] * FRAME) as u64,
        }
    }
}

#[test]
fn a_whole_log_and_none_are_whole() {
    let left = Left::with(4);
    assert_eq!(left.look(&left.log), Log::Whole);
    assert_eq!(left.look(&[]), Log::Whole);
    assert_eq!(inspect(Path::new("/nowhere")).unwrap(), Log::Whole);
}

#[test]
fn an_end_that_was_never_synced_is_no_damage() {
    let left = Left::with(3);
    let before = left.length(2) as usize;
    let keep = left.length(2);
    // Cut anywhere in the last commit, or with any of its sectors missing.
    for end in (before + 1..left.log.len()).step_by(97) {
        assert_eq!(left.look(&left.log[..end]), Log::Torn { keep }, "{end}");
    }
    for sector in (before..left.log.len()).step_by(512) {
        let mut log = left.log.clone();
        let end = (sector + 512).min(log.len());
        log[sector..end].fill(0);
        if log == left.log {
            continue;
        }
        assert_eq!(left.look(&log), Log::Torn { keep }, "{sector}");
    }
}

#[test]
fn one_bit_anywhere_before_a_later_commit_is_damage() {
    let left = Left::with(4);
    let last = left.length(3) as usize;
    let headers = (0..left.ends[2]).flat_map(|frame| {
        let at = 32 + frame * FRAME;
        at..at + 24
    });
    let places = (0..32).chain(headers).chain((32..last).step_by(61));
    for place in places {
        let bit = place % 8;
        let mut log = left.log.clone();
        log[place] ^= 1 << bit;
        let seen = left.look(&log);
        assert!(
            matches!(seen, Log::Damaged { .. }),
            "{place}.{bit}: {seen:?}"
        );
    }
}

#[test]
fn frames_of_an_earlier_round_mean_nothing() {
    let left = Left::with(3);
    let mut log = left.log.clone();
    // The sums do not cover the salts, so that the frames of the rest still continue
    // one another.
    for frame in left.ends[0]..left.ends[2] {
        log[32 + frame * FRAME + 8] ^= 0xff;
    }
    let keep = left.length(1);
    assert_eq!(left.look(&log), Log::Torn { keep });
}

#[test]
fn a_damaged_log_is_kept_aside_and_read_up_to_the_damage() {
    let left = Left::with(4);
    let mut log = left.log.clone();
    log[left.length(2) as usize + 100] ^= 1;
    std::fs::write(left.wal(), &log).unwrap();
    let copy = set_aside(&left.wal()).unwrap().unwrap();
    assert_eq!(std::fs::read(copy).unwrap(), log);
    assert_eq!(std::fs::metadata(left.wal()).unwrap().len(), left.length(2));
    assert_eq!(inspect(&left.wal()).unwrap(), Log::Whole);
    assert_eq!(set_aside(&left.wal()).unwrap(), None);
    assert_eq!(super::wal::refuse(&left.wal(), 7).kind(), Kind::Damaged);
}

#[test]
fn a_log_begun_anew_over_what_it_held_ends_where_the_new_ends() {
    let folder = tempfile::tempdir().unwrap();
    let (path, wal) = (folder.path().join("x.db"), folder.path().join("x.db-wal"));
    let connection = Connection::open(path).unwrap();
    let insert = "INSERT INTO t (body) VALUES (randomblob(9000))";
    connection
        .execute_batch(&format!(
            "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; \
             CREATE TABLE t (id INTEGER PRIMARY KEY, body BLOB); {insert}; {insert}; {insert};"
        ))
        .unwrap();
    let long = frames(&wal);
    let moved = connection.query_row("PRAGMA wal_checkpoint(RESTART)", [], |row| row.get(0));
    assert_eq!(moved, Ok(0));
    connection.execute_batch(insert).unwrap();
    let short = frames(&wal);
    assert!(0 < short && short < long, "{short} of {long}");
    let left = folder.path().join("left.db-wal");
    std::fs::copy(&wal, &left).unwrap();
    assert_eq!(
        inspect(&left).unwrap(),
        Log::Torn {
            keep: 32 + short * FRAME as u64
        }
    );
    assert_eq!(frames(&left), 0);
}
