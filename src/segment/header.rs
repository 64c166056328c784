//! The header of a segment: enough to decide whether to open it, and how many
//! rows its columns have. No value of any row but the bounds of the hit ids.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::model::hit::HitId;
use crate::segment::pack::damaged;
use crate::segment::{COLUMNS_MAX, Class, ROWS_MAX};

const FORMAT_VERSION: u8 = 1;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    pub class: Class,
    /// 1 to [`ROWS_MAX`], or 0 for a segment of nothing.
    pub rows: usize,
    /// First and last hit id; trail only.
    pub ids: Option<(HitId, HitId)>,
    /// Ids of the columns that are not all default, ascending.
    pub columns: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    version: u8,
    class: u8,
    rows: u32,
    ids: Option<(HitId, HitId)>,
    columns: Vec<u8>,
}

/// # Errors
/// `Damaged` where the bytes are no header; `Config` where a newer version wrote them.
pub fn read_header(bytes: &[u8]) -> Result<Header> {
    if bytes
        .first()
        .is_some_and(|&version| version > FORMAT_VERSION)
    {
        return Err(Error::new(
            crate::error::Kind::Config,
            "A newer version of Pixelkeep wrote this data. Use that version or a later one.",
        ));
    }
    let stored: Stored = postcard::from_bytes(bytes).map_err(|cause| damaged().because(cause))?;
    let rows = usize::try_from(stored.rows).unwrap_or(usize::MAX);
    let ordered = stored.columns.is_sorted_by(|a, b| a < b);
    let known = stored.columns.last().is_none_or(|&id| id < COLUMNS_MAX);
    if stored.version != FORMAT_VERSION || rows > ROWS_MAX || !ordered || !known {
        return Err(damaged());
    }
    Ok(Header {
        class: class_of(stored.class).ok_or_else(damaged)?,
        rows,
        ids: stored.ids,
        columns: stored.columns,
    })
}

fn number_of(class: Class) -> u8 {
    match class {
        Class::Tally => 0,
        Class::Trail => 1,
        Class::Consent => 2,
        Class::Counted => 3,
    }
}

fn class_of(number: u8) -> Option<Class> {
    let mut classes = Class::ALL.into_iter();
    classes.find(|&class| number_of(class) == number)
}

impl Header {
    /// # Errors
    /// `Internal` where the segment has more than [`ROWS_MAX`] rows.
    pub(super) fn write(&self) -> Result<Vec<u8>> {
        let rows = u32::try_from(self.rows)
            .ok()
            .filter(|_| self.rows <= ROWS_MAX)
            .ok_or_else(|| Error::internal("Too many rows for one segment"))?;
        let stored = Stored {
            version: FORMAT_VERSION,
            class: number_of(self.class),
            rows,
            ids: self.ids,
            columns: self.columns.clone(),
        };
        postcard::to_allocvec(&stored)
            .map_err(|cause| Error::internal("A segment header cannot be written").because(cause))
    }

    /// Fails unless it is of this class.
    pub(super) fn of_class(self, class: Class) -> Result<Header> {
        if self.class == class {
            Ok(self)
        } else {
            Err(damaged())
        }
    }

    /// Whether any hit id of the segment can be this one.
    pub fn may_hold(&self, id: HitId) -> bool {
        self.ids
            .is_some_and(|(first, last)| first <= id && id <= last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::error::Kind;

    fn header() -> Header {
        let id = |ms| HitId::new(Timestamp::from_millis(ms), [3; 10]);
        Header {
            class: Class::Trail,
            rows: 70_000,
            ids: Some((id(5), id(9))),
            columns: vec![0, 1, 7, 63],
        }
    }

    #[test]
    fn a_header_reads_back() {
        let header = header();
        assert_eq!(read_header(&header.write().unwrap()).unwrap(), header);
        let between = HitId::new(Timestamp::from_millis(7), [0; 10]);
        assert!(header.may_hold(between));
        assert!(!header.may_hold(HitId([0; 16])));
    }

    #[test]
    fn a_damaged_or_newer_header_is_refused() {
        let mut bytes = header().write().unwrap();
        bytes.truncate(9);
        assert_eq!(read_header(&bytes).unwrap_err().kind(), Kind::Damaged);
        bytes[0] = FORMAT_VERSION + 1;
        assert_eq!(read_header(&bytes).unwrap_err().kind(), Kind::Config);
        assert!(read_header(&[]).is_err());
    }
}
