//! A hit into the journal, and the journal settled into conversions and segments.
//! No HTTP and no SQL.

mod entries;
mod figures;
mod journal;
mod writer;

pub use figures::{IntakeFigures, intake};
pub use journal::{Journal, Verdict};
