//! Entries as bytes: one after the other, each with its kind and its length before
//! it, so that who looks for one kind passes over all others.

use serde::Serialize;

use super::hit_bytes;
use crate::error::{Error, Result};
use crate::model::hit::{Entry, Kind};
use crate::store::JournalBatch;

/// First byte of every batch; another layout gets another number.
const FORMAT: u8 = 2;
/// The layout before: entries in postcard, one after the other.
const FORMAT_BEFORE: u8 = 1;

const HIT: u8 = 0;
const SALE: u8 = 1;
const NOT_COUNTED: u8 = 2;
const STATEMENT: u8 = 3;
const CLICK_OF_DAY: u8 = 4;
const FIRST_CLICK_OF_DAY: u8 = 5;
/// A statement that takes consent back.
const WITHDRAWAL: u8 = 6;

/// Bytes before an entry: its kind and its length.
const HEAD: usize = 5;

/// What a batch begins with.
pub fn begin() -> Vec<u8> {
    vec![FORMAT]
}

/// Adds an entry; on error nothing of it.
pub fn append<T: AsRef<str> + Serialize>(bytes: &mut Vec<u8>, entry: &Entry<T>) -> Result<()> {
    let before = bytes.len();
    bytes.extend_from_slice(&[kind_of(entry), 0, 0, 0, 0]);
    let body = before + HEAD;
    let written = match entry {
        Entry::Hit(hit) | Entry::ClickOfDay { hit, .. } => hit_bytes::write(bytes, hit),
        Entry::NotCounted { reason, count } => hit_bytes::write_other(bytes, &(reason, count)),
        Entry::Statement(statement) => hit_bytes::write_other(bytes, statement),
    };
    let length = u32::try_from(bytes.len() - body).ok();
    match written.ok().and(length) {
        Some(length) => {
            bytes[before + 1..body].copy_from_slice(&length.to_le_bytes());
            Ok(())
        }
        None => {
            bytes.truncate(before);
            Err(Error::internal("A hit could not be written."))
        }
    }
}

fn kind_of<T>(entry: &Entry<T>) -> u8 {
    match entry {
        Entry::Hit(hit) if hit.kind == Kind::Conversion => SALE,
        Entry::Hit(_) => HIT,
        Entry::NotCounted { .. } => NOT_COUNTED,
        Entry::Statement(statement) if statement.withdrawn.is_some() => WITHDRAWAL,
        Entry::Statement(_) => STATEMENT,
        Entry::ClickOfDay { is_first, .. } => match is_first {
            false => CLICK_OF_DAY,
            true => FIRST_CLICK_OF_DAY,
        },
    }
}

/// An entry where it lies, not read yet.
#[derive(Clone, Copy)]
pub struct Lying<'a> {
    kind: u8,
    body: &'a [u8],
}

impl<'a> Lying<'a> {
    /// Whether it is a hit, of whatever kind.
    pub fn is_hit(&self) -> bool {
        !matches!(self.kind, NOT_COUNTED | STATEMENT | WITHDRAWAL)
    }

    /// Whether it only counts what was not stored.
    pub fn is_count(&self) -> bool {
        self.kind == NOT_COUNTED
    }

    /// Reads it; its texts stay where they lie.
    ///
    /// # Errors
    /// [`crate::error::Kind::Damaged`] where the bytes are no such entry.
    pub fn read(&self) -> Result<Entry<&'a str>> {
        let hit = || hit_bytes::read(self.body);
        let entry = match self.kind {
            HIT | SALE => hit().map(Entry::Hit),
            NOT_COUNTED => hit_bytes::read_other(self.body)
                .map(|(reason, count)| Entry::NotCounted { reason, count }),
            STATEMENT | WITHDRAWAL => hit_bytes::read_other(self.body)
                .map(|statement| Entry::Statement(Box::new(statement))),
            _ => hit().map(|hit| Entry::ClickOfDay {
                hit,
                is_first: self.kind == FIRST_CLICK_OF_DAY,
            }),
        };
        entry
            .filter(|entry| kind_of(entry) == self.kind)
            .ok_or_else(unreadable)
    }
}

/// The entries of a batch in order, as [`in_this_layout`] gave it. Where one cannot be
/// told from the next, that is the last answer.
pub fn each(bytes: &[u8]) -> impl Iterator<Item = Result<Lying<'_>>> {
    let mut rest = bytes.get(1..).unwrap_or_default();
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let next = next(&mut rest);
        if next.is_none() {
            rest = &[];
        }
        Some(next.ok_or_else(unreadable))
    })
}

fn next<'a>(rest: &mut &'a [u8]) -> Option<Lying<'a>> {
    let (&[kind, a, b, c, d], after) = rest.split_first_chunk::<HEAD>()?;
    let length = usize::try_from(u32::from_le_bytes([a, b, c, d])).ok()?;
    let (body, after) = after.split_at_checked(length)?;
    *rest = after;
    (kind <= WITHDRAWAL).then_some(Lying { kind, body })
}

fn unreadable() -> Error {
    Error::damaged("The journal holds an entry that cannot be read.")
}

/// The entries of a batch, taken out of it; see [`in_this_layout`].
///
/// # Errors
/// [`crate::error::Kind::Damaged`] where it did not open, or its bytes are not a batch.
pub fn of_batch(batch: &mut JournalBatch) -> Result<Vec<u8>> {
    match batch.damage.take() {
        Some(damage) => Err(damage),
        None => in_this_layout(std::mem::take(&mut batch.entries)),
    }
}

/// A batch as it is written now, whichever layout it has.
///
/// # Errors
/// [`crate::error::Kind::Damaged`] where the bytes are not a batch.
pub fn in_this_layout(bytes: Vec<u8>) -> Result<Vec<u8>> {
    match bytes.first() {
        None | Some(&FORMAT) => Ok(bytes),
        Some(&FORMAT_BEFORE) => translate(&bytes[1..]),
        Some(_) => Err(Error::damaged(
            "The journal holds entries of another version.",
        )),
    }
}

fn translate(mut rest: &[u8]) -> Result<Vec<u8>> {
    let mut written = begin();
    while !rest.is_empty() {
        let (entry, after) = postcard::take_from_bytes::<Entry>(rest).map_err(|_| unreadable())?;
        append(&mut written, &entry)?;
        rest = after;
    }
    Ok(written)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::reason::Reason;

    fn counts(bytes: &[u8]) -> Result<Vec<u64>> {
        each(bytes)
            .map(|entry| match entry?.read()? {
                Entry::NotCounted { count, .. } => Ok(count),
                _ => Err(unreadable()),
            })
            .collect()
    }

    #[test]
    fn entries_read_back_in_order_and_a_torn_batch_is_damage() {
        let mut bytes = begin();
        for count in [1, 300] {
            let reason = Reason::Bot;
            append(&mut bytes, &Entry::<String>::NotCounted { reason, count }).unwrap();
        }
        assert_eq!(counts(&bytes).unwrap(), [1, 300]);
        assert!(counts(&bytes[..bytes.len() - 1]).is_err());
        assert!(counts(&[]).unwrap().is_empty());
        bytes[1] = WITHDRAWAL + 1;
        assert!(counts(&bytes).is_err());
    }

    #[test]
    fn a_batch_of_the_layout_before_is_read_and_one_of_a_newer_is_not() {
        let entry = Entry::<String>::NotCounted {
            reason: Reason::Bot,
            count: 7,
        };
        let before = postcard::to_extend(&entry, vec![FORMAT_BEFORE]).unwrap();
        assert_eq!(counts(&in_this_layout(before).unwrap()).unwrap(), [7]);
        assert!(in_this_layout(vec![FORMAT + 1, 0]).is_err());
    }
}
