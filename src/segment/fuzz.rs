//! Doors for the fuzz targets into what reads segments. They exist in tests and in
//! fuzzing builds alone.

use super::{
    Encoded, ReceiptWriter, collapse, decode_counted, decode_receipts, decode_tally, decode_trail,
    encode_counted, encode_tally, encode_trail,
};

/// Columns in one input at most.
const COLUMNS: usize = 80;

/// A header and columns, each as its length (two bytes, the lowest first), a column
/// with its id before that.
fn pieces(mut bytes: &[u8]) -> Option<Encoded> {
    fn piece<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
        let (length, rest) = bytes.split_first_chunk::<2>()?;
        let (piece, rest) = rest.split_at_checked(usize::from(u16::from_le_bytes(*length)))?;
        *bytes = rest;
        Some(piece)
    }
    let header = piece(&mut bytes)?.to_vec();
    let mut columns = Vec::new();
    while let (Some((&id, rest)), true) = (bytes.split_first(), columns.len() < COLUMNS) {
        bytes = rest;
        columns.push((id, piece(&mut bytes)?.to_vec()));
    }
    Some(Encoded { header, columns })
}

/// A tally segment: rows or damage; rows read back from what they are written as.
pub fn tally(bytes: &[u8]) {
    let Some(given) = pieces(bytes) else {
        return;
    };
    if let Ok(rows) = decode_tally(&given.header, &given.columns) {
        let rows = collapse(rows);
        if let Ok(encoded) = encode_tally(&rows) {
            let again = decode_tally(&encoded.header, &encoded.columns);
            assert!(again.is_ok_and(|again| again == rows));
        }
    }
}

/// A trail segment: the same.
pub fn trail(bytes: &[u8]) {
    let Some(given) = pieces(bytes) else {
        return;
    };
    if let Ok(mut rows) = decode_trail(&given.header, &given.columns)
        && let Ok(encoded) = encode_trail(&rows)
    {
        // Writing puts them in the order of their ids.
        rows.sort_by_key(|row| row.id);
        let again = decode_trail(&encoded.header, &encoded.columns);
        assert!(again.is_ok_and(|again| again == rows));
    }
}

/// A segment of receipts, or of keys that have counted: the same.
pub fn receipt(bytes: &[u8]) {
    let Some(given) = pieces(bytes) else {
        return;
    };
    if let Ok(mut kept) = decode_receipts(&given.header, &given.columns) {
        let mut writer = ReceiptWriter::default();
        kept.iter().for_each(|kept| writer.keep(kept.clone()));
        if let Ok(encoded) = writer.finish() {
            let again = decode_receipts(&encoded.header, &encoded.columns);
            let mut again = again.unwrap_or_default();
            // Those of one instant stand in no order.
            kept.sort_unstable();
            again.sort_unstable();
            assert_eq!(again, kept);
        }
    }
    if let Ok(mut keys) = decode_counted(&given.header, &given.columns)
        && let Ok(encoded) = encode_counted(keys.clone())
    {
        keys.sort_unstable();
        keys.dedup();
        let again = decode_counted(&encoded.header, &encoded.columns);
        assert!(again.is_ok_and(|again| again == keys));
    }
}

#[cfg(test)]
pub fn join(encoded: &Encoded) -> Vec<u8> {
    let length = |bytes: &[u8]| (bytes.len() as u16).to_le_bytes();
    let mut joined = length(&encoded.header).to_vec();
    joined.extend(&encoded.header);
    for (id, column) in &encoded.columns {
        joined.push(*id);
        joined.extend(length(column));
        joined.extend(column);
    }
    joined
}

#[cfg(test)]
mod tests {
    use crate::model::fuzz_seeds::for_each;

    #[test]
    fn every_seed_of_a_segment_is_read() {
        for_each("tally", super::tally);
        for_each("trail", super::trail);
        for_each("receipt", super::receipt);
    }
}
