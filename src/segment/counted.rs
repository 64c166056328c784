//! Keys under which conversions have counted: keyed hashes, in order, each once. What
//! a key is made of is not known here.

use crate::error::Result;
use crate::segment::column::{Column, Ids};
use crate::segment::column_writer::write_own_ids;
use crate::segment::header::{Header, read_header};
use crate::segment::pack::{Unpacker, damaged};
use crate::segment::scan::Scan;
use crate::segment::{Class, Encoded};

const KEY: u8 = 0;

/// What [`decode_counted`] reads.
pub const COUNTED_COLUMNS: &[u8] = &[KEY];

/// Encodes keys in whatever order they come.
///
/// # Errors
/// `Internal` where they are too many for one segment.
pub fn encode_counted(mut keys: Vec<[u8; 16]>) -> Result<Encoded> {
    keys.sort_unstable();
    keys.dedup();
    let column = write_own_ids(&keys).map(|column| (KEY, column));
    let columns: Vec<_> = column.into_iter().collect();
    let header = Header {
        class: Class::Counted,
        rows: keys.len(),
        ids: None,
        columns: columns.iter().map(|&(id, _)| id).collect(),
    };
    Ok(Encoded {
        header: header.write()?,
        columns,
    })
}

/// The keys of a segment, ascending.
///
/// # Errors
/// `Damaged` where the bytes are not what [`encode_counted`] wrote.
pub fn decode_counted(header: &[u8], columns: &[(u8, Vec<u8>)]) -> Result<Vec<[u8; 16]>> {
    let header = read_header(header)?.of_class(Class::Counted)?;
    let mut unpacker = Unpacker::new()?;
    let mut scan = Scan::new(&mut unpacker, header, columns);
    let rows = scan.rows();
    let column: Column<Ids> = scan.column(KEY)?;
    (0..rows)
        .map(|row| column.get(row).ok_or_else(damaged))
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::error::Kind;
    use crate::segment::column_writer::{Layout, write_column};
    use crate::segment::pack::Packer;

    proptest! {
        #[test]
        fn keys_read_back_in_order_and_once(keys in vec(any::<[u8; 16]>(), 0..60)) {
            let twice = keys.iter().chain(&keys).copied().collect();
            let encoded = encode_counted(twice).unwrap();
            let read = decode_counted(&encoded.header, &encoded.columns).unwrap();
            let mut known = keys;
            known.sort_unstable();
            known.dedup();
            prop_assert_eq!(read, known);
        }
    }

    #[test]
    fn keys_are_written_as_any_column_of_different_ids() {
        for count in [1u8, 7, 8, 9, 200] {
            let keys: Vec<[u8; 16]> = (0..count).map(|number| [number; 16]).collect();
            let rows = keys.iter().copied().map(Some);
            let mut packer = Packer::quick().unwrap();
            let column = write_column::<Ids>(&mut packer, rows, Layout::OwnIfRare).unwrap();
            assert_eq!(write_own_ids(&keys), column, "{count}");
        }
    }

    #[test]
    fn a_torn_column_is_damage() {
        let mut encoded = encode_counted(vec![[7; 16], [9; 16]]).unwrap();
        encoded.columns[0].1.pop();
        let read = decode_counted(&encoded.header, &encoded.columns);
        assert_eq!(read.unwrap_err().kind(), Kind::Damaged);
    }
}
