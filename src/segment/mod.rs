//! Sealed columnar segments from the inside: rows to compressed columns and
//! back. Pure: bytes in, bytes out. No I/O, no keys and no SQL enter here; the
//! store seals each column apart, so that a reader opens only those it needs.
//!
//! Four classes share one format. A **trail** segment holds one row a hit, a
//! **tally** segment counts under dimensions with equal rows collapsed, a **consent**
//! segment holds receipts of what visitors answered, a **counted** segment the keys
//! under which conversions have counted. Whatever
//! bytes are decoded, the answer is rows or [`Kind::Damaged`], never a panic and
//! never an allocation beyond [`ROWS_MAX`] rows or [`COLUMN_BYTES_MAX`] bytes.
//!
//! [`Kind::Damaged`]: crate::error::Kind::Damaged

mod codes;
mod column;
mod column_writer;
mod consent;
mod counted;
mod counts;
mod field;
mod fold;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod header;
mod pack;
#[cfg(any(test, fuzzing))]
mod plain;
mod rare;
mod scan;
mod tally;
mod tally_lines;
mod tally_scan;
mod tally_writer;
mod trail;
mod trail_field;
mod trail_merge;
mod trail_person;
mod trail_scan;
mod trail_writer;

#[cfg(test)]
pub(crate) mod memory;
#[cfg(test)]
mod property_tests;

use std::ops::RangeInclusive;

use crate::error::Result;
use crate::model::id::AccountId;

pub use codes::Codes;
pub use column::{Column, Ids, Numbers, Texts, Values};
pub use consent::{
    RECEIPT_COLUMNS, RECEIPT_ID_COLUMNS, ReceiptWriter, decode_receipts, receipt_ids,
};
pub use counted::{COUNTED_COLUMNS, decode_counted, encode_counted};
pub use counts::Counts;
pub use field::Field;
pub use fold::OTHER;
pub use header::{Header, read_header};
pub use pack::{Packer, Unpacker};
#[cfg(any(test, fuzzing))]
pub use plain::collapse;
pub use rare::{RARE_BELOW, Seen, seen_columns};
pub use tally::{decode_tally, encode_tally, measure_column, measure_columns, quarter_of};
pub use tally_scan::TallyScan;
pub use tally_writer::{Opened, TallyWriter};
pub use trail::{decode_trail, encode_trail};
#[cfg(test)]
pub use trail_field::blank as blank_row;
pub use trail_merge::merge_trail;
pub use trail_person::{PERSON_COLUMNS, PersonTraces, person_columns};
pub use trail_scan::{CLICK_COLUMNS, DIMENSION_COLUMNS, EVENT_COLUMNS, TrailScan};
pub use trail_writer::TrailWriter;

/// Rows in one segment at most; encoding more is refused.
pub const ROWS_MAX: usize = 1 << 18;
/// Bytes of one column before compression at most; encoding more is refused.
pub const COLUMN_BYTES_MAX: usize = 256 << 20;
/// Every column id is below this.
pub const COLUMNS_MAX: u8 = 64;

/// What a segment holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// One row a hit, personal data included.
    Trail,
    /// Dimensions and counters; nothing that points to a person.
    Tally,
    /// One row a grant or withdrawal; nothing that points to a person.
    Consent,
    /// Keys under which conversions have counted, keyed hashes all of them.
    Counted,
}

impl Class {
    /// A new one stands here too: what goes through them all goes by this list.
    pub const ALL: [Class; 4] = [Class::Trail, Class::Tally, Class::Consent, Class::Counted];

    pub fn name(self) -> &'static str {
        match self {
            Class::Trail => "trail",
            Class::Tally => "tally",
            Class::Consent => "consent",
            Class::Counted => "counted",
        }
    }
}

/// The clear-text description of one stored segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SegmentKey {
    pub id: i64,
    pub account: AccountId,
    pub class: Class,
    /// Days since 1970-01-01 in UTC.
    pub day: u32,
    /// 0 as settled; eight of one tier merge into one of the next.
    pub tier: u8,
}

/// A segment ready to be sealed: a small header and its compressed columns.
/// A column in which every row has the default value is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded {
    pub header: Vec<u8>,
    /// Column id and bytes, ids ascending.
    pub columns: Vec<(u8, Vec<u8>)>,
}

/// Where stored segments are read from; they come out opened, as [`Encoded`] had them.
pub trait Source {
    /// Segments of these UTC days, in order of day, then id.
    fn segments(
        &self,
        account: AccountId,
        class: Class,
        days: RangeInclusive<u32>,
    ) -> Result<Vec<SegmentKey>>;

    fn header(&self, key: &SegmentKey) -> Result<Vec<u8>>;

    /// Those of the wanted columns that the segment has.
    fn columns(&self, key: &SegmentKey, wanted: &[u8]) -> Result<Vec<(u8, Vec<u8>)>>;
}
