//! Entries as bytes: one after the other, each telling its own length.

use postcard::ser_flavors::Flavor;
use serde::Serialize;

use crate::error::{Error, Result};
use crate::model::hit::Entry;

/// First byte of every batch; another layout gets another number.
const FORMAT: u8 = 1;

/// What a batch begins with.
pub fn begin() -> Vec<u8> {
    vec![FORMAT]
}

pub fn append<T: AsRef<str> + Serialize>(bytes: &mut Vec<u8>, entry: &Entry<T>) -> Result<()> {
    let before = bytes.len();
    postcard::serialize_with_flavor(entry, Appended(bytes)).map_err(|_| {
        bytes.truncate(before);
        Error::internal("A hit could not be written.")
    })
}

/// Bytes written behind those that are there, without a detour.
struct Appended<'a>(&'a mut Vec<u8>);

impl Flavor for Appended<'_> {
    type Output = ();

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

/// All entries of a batch, in order.
///
/// # Errors
/// [`crate::error::Kind::Damaged`] where the bytes are not a batch.
pub fn read_all(bytes: &[u8]) -> Result<Vec<Entry>> {
    let Some((&format, mut rest)) = bytes.split_first() else {
        return Ok(Vec::new());
    };
    if format != FORMAT {
        return Err(Error::damaged(
            "The journal holds entries of another version.",
        ));
    }
    let mut entries = Vec::new();
    while !rest.is_empty() {
        let (entry, after) = postcard::take_from_bytes(rest)
            .map_err(|_| Error::damaged("The journal holds an entry that cannot be read."))?;
        entries.push(entry);
        rest = after;
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::reason::Reason;

    #[test]
    fn entries_read_back_in_order_and_a_torn_batch_is_damage() {
        let mut bytes = begin();
        for count in [1, 300] {
            let reason = Reason::Bot;
            append(&mut bytes, &Entry::<String>::NotCounted { reason, count }).unwrap();
        }
        let entries = read_all(&bytes).unwrap();
        assert_eq!(entries.len(), 2);
        assert!(matches!(entries[1], Entry::NotCounted { count: 300, .. }));
        assert!(read_all(&bytes[..bytes.len() - 1]).is_err());
        assert!(read_all(&[9, 1]).is_err());
        assert!(read_all(&[]).unwrap().is_empty());
    }
}
