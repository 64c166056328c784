//! What erasures have taken out of the main database, told by the beginnings of its
//! sealed values, until it is certain that no copy is left. The marks live in memory
//! alone, for on disk they would be remains themselves. Where a process has ended in
//! between they are not known, and the database is written anew without looking.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, params};

use super::Store;
use super::database::failed;
use crate::clock::Stopwatch;
use crate::error::Result;

/// The nonce and the first bytes sealed under it: without them the rest opens no more.
const MARK: Range<usize> = 3..19;
/// Marks kept at most, of 16 bytes and a little each. Beyond, nothing is looked for.
const MARKS_MAX: usize = 100_000;

/// The beginnings of values that a transaction takes away.
#[derive(Default)]
pub(super) struct Gone(Vec<Vec<u8>>);

/// What is looked for once the erasures at work are through.
#[derive(Default)]
pub(super) struct Remains(Mutex<Sought>);

#[derive(Default)]
struct Sought {
    /// Erasures that are about to begin.
    beginning: usize,
    /// Erasures that this process has begun, and so has seen all of.
    seen: BTreeSet<i64>,
    marks: Vec<Vec<u8>>,
    has_overflown: bool,
    /// Since when, and for how long, nothing is looked for.
    rest: Option<(Stopwatch, Duration)>,
}

impl Remains {
    fn lock(&self) -> MutexGuard<'_, Sought> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An erasure is about to begin: from here on everything that goes is noted.
    pub(super) fn prepare(&self) {
        self.lock().beginning += 1;
    }

    /// It has begun; none: it has not.
    pub(super) fn begun(&self, erasure: Option<i64>) {
        let mut sought = self.lock();
        sought.beginning -= 1;
        sought.seen.extend(erasure);
        sought.forget_what_nobody_seeks();
    }

    fn is_seeking(&self) -> bool {
        let sought = self.lock();
        sought.beginning > 0 || !sought.seen.is_empty()
    }

    /// Takes over what a transaction took away that is committed: of one that is not,
    /// the rows still live.
    pub(super) fn add(&self, gone: Gone) {
        let mut sought = self.lock();
        sought.marks.extend(gone.0);
        if sought.marks.len() > MARKS_MAX {
            sought.marks = Vec::new();
            sought.has_overflown = true;
        }
        sought.forget_what_nobody_seeks();
    }

    /// Nothing is looked for during this time.
    pub(super) fn rest_for(&self, pause: Duration) {
        self.lock().rest = Some((Stopwatch::start(), pause));
    }

    pub(super) fn rests(&self) -> bool {
        let rest = self.lock().rest;
        rest.is_some_and(|(since, pause)| since.elapsed() < pause)
    }
}

impl Sought {
    fn forget_what_nobody_seeks(&mut self) {
        if self.beginning == 0 && self.seen.is_empty() {
            self.marks = Vec::new();
            self.has_overflown = false;
        }
    }
}

impl Store {
    pub(super) fn remains(&self) -> &Remains {
        &self.0.remains
    }

    /// Notes which sealed values of a table go, or are about to be replaced, while
    /// somebody is being erased.
    pub(super) fn note_gone(
        &self,
        connection: &Connection,
        (table, column, key): (&str, &str, &str),
        rows: Range<i64>,
        gone: &mut Gone,
    ) -> Result<()> {
        if !self.remains().is_seeking() {
            return Ok(());
        }
        let sql = format!("SELECT {column} FROM {table} WHERE {key} >= ?1 AND {key} < ?2");
        let mut statement = connection.prepare_cached(&sql).map_err(failed)?;
        let mut found = statement
            .query(params![rows.start, rows.end])
            .map_err(failed)?;
        while let Some(row) = found.next().map_err(failed)? {
            if let ValueRef::Blob(value) = row.get_ref(0).map_err(failed)?
                && let Some(mark) = value.get(MARK)
            {
                gone.0.push(mark.to_vec());
            }
        }
        Ok(())
    }

    /// Erasures that this process has seen all of and that are not forgotten yet.
    pub fn erasures_seen(&self) -> Vec<i64> {
        self.remains().lock().seen.iter().copied().collect()
    }

    /// The marks of what these erasures took away; none where some of it is not known.
    pub fn marks_of_remains(&self, erasures: &[i64]) -> Option<Vec<Vec<u8>>> {
        let sought = self.remains().lock();
        let all_seen = erasures.iter().all(|id| sought.seen.contains(id));
        (all_seen && !sought.has_overflown).then(|| sought.marks.clone())
    }

    /// Nothing of these erasures is left, or what is left was told.
    pub fn forget_remains(&self, erasures: &[i64]) {
        let mut sought = self.remains().lock();
        for id in erasures {
            sought.seen.remove(id);
        }
        sought.forget_what_nobody_seeks();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(marks: usize) -> Gone {
        Gone(vec![vec![7; 16]; marks])
    }

    #[test]
    fn marks_are_kept_while_an_erasure_is_at_work_and_bounded() {
        let remains = Remains::default();
        remains.add(some(1));
        assert!(remains.lock().marks.is_empty() && !remains.is_seeking());
        remains.prepare();
        remains.add(some(2));
        remains.begun(Some(1));
        remains.add(some(3));
        assert_eq!(remains.lock().marks.len(), 5);
        remains.add(some(MARKS_MAX));
        assert!(remains.lock().has_overflown && remains.lock().marks.is_empty());
        remains.prepare();
        remains.begun(None);
        assert!(remains.is_seeking() && remains.lock().has_overflown);
    }
}
