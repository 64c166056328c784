//! Receipts of consent: what was said stands there once, and an instant each time it
//! was. They name nobody, and are found by reading them all: no index stands on the
//! way of a hit.

use foldhash::HashMap;

use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::model::consent::receipt::{KeptReceipt, Receipt, ReceiptId};
use crate::segment::codes::Codes;
use crate::segment::column::{Column, Ids};
use crate::segment::column_writer::{Layout, write_column};
use crate::segment::header::{Header, read_header};
use crate::segment::pack::{Packer, Reader, Unpacker, damaged, unzigzag, write_varint, zigzag};
use crate::segment::scan::Scan;
use crate::segment::{Class, Encoded};

const INSTANT: u8 = 0;
/// The different things that were said.
const SAID: u8 = 1;
/// Which of them, a code a row.
const WHICH: u8 = 2;
const ID: u8 = 3;

/// What [`receipt_ids`] reads.
pub const RECEIPT_ID_COLUMNS: &[u8] = &[ID];
/// What [`decode_receipts`] reads.
pub const RECEIPT_COLUMNS: &[u8] = &[INSTANT, SAID, WHICH, ID];

/// Receipts of one day on their way into one segment.
#[derive(Default)]
pub struct ReceiptWriter {
    rows: Vec<(Timestamp, u32, ReceiptId)>,
    /// Without their instants, numbered as they came.
    said: HashMap<Receipt, u32>,
}

impl ReceiptWriter {
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Adds a receipt, in whatever order of their instants they come.
    pub fn push(&mut self, id: ReceiptId, mut receipt: Receipt) {
        let at = std::mem::take(&mut receipt.at);
        let next = self.said.len() as u32;
        let which = *self.said.entry(receipt).or_insert(next);
        self.rows.push((at, which, id));
    }

    /// Adds one that was read from another segment.
    pub fn keep(&mut self, kept: KeptReceipt) {
        self.push(kept.id.unwrap_or(ReceiptId::NONE), kept.receipt);
    }

    /// Encodes them in order of their instants.
    ///
    /// # Errors
    /// `Internal` where they are too many for one segment.
    pub fn finish(mut self) -> Result<Encoded> {
        self.rows.sort_unstable();
        let mut packer = Packer::quick()?;
        let mut columns = vec![
            (INSTANT, packer.pack(&self.instants())?),
            (SAID, packer.pack(&self.written()?)?),
        ];
        let codes: Vec<u32> = self.rows.iter().map(|&(_, which, _)| which + 1).collect();
        let mut which = Vec::new();
        Codes::write(&mut which, &codes, self.said.len() as u32);
        columns.push((WHICH, packer.pack(&which)?));
        let ids = self.rows.iter().map(|(.., id)| id.given().map(|id| id.0));
        let ids = write_column::<Ids>(&mut packer, ids, Layout::OwnIfRare)?;
        columns.extend(ids.map(|ids| (ID, ids)));
        let header = Header {
            class: Class::Consent,
            rows: self.rows.len(),
            ids: None,
            columns: columns.iter().map(|&(id, _)| id).collect(),
        };
        Ok(Encoded {
            header: header.write()?,
            columns,
        })
    }

    fn instants(&self) -> Vec<u8> {
        let mut written = Vec::with_capacity(2 * self.rows.len());
        let mut before = 0i64;
        for (at, ..) in &self.rows {
            write_varint(&mut written, zigzag(at.millis().wrapping_sub(before)));
            before = at.millis();
        }
        written
    }

    fn written(&self) -> Result<Vec<u8>> {
        let mut said: Vec<(&Receipt, u32)> = self.said.iter().map(|(it, &at)| (it, at)).collect();
        said.sort_unstable_by_key(|&(_, number)| number);
        let said: Vec<&Receipt> = said.into_iter().map(|(receipt, _)| receipt).collect();
        postcard::to_allocvec(&said)
            .map_err(|cause| Error::internal("A receipt cannot be written").because(cause))
    }
}

/// All receipts of a segment in order of their instants.
///
/// # Errors
/// `Damaged` where the bytes are not what [`ReceiptWriter`] wrote.
pub fn decode_receipts(header: &[u8], columns: &[(u8, Vec<u8>)]) -> Result<Vec<KeptReceipt>> {
    let mut unpacker = Unpacker::new()?;
    let mut scan = open(&mut unpacker, header, columns)?;
    let rows = scan.rows();
    if rows == 0 {
        return Ok(Vec::new());
    }
    let instants = scan.bytes(INSTANT)?.ok_or_else(damaged)?;
    let said = scan.bytes(SAID)?.ok_or_else(damaged)?;
    let said: Vec<Receipt> =
        postcard::from_bytes(&said).map_err(|cause| damaged().because(cause))?;
    let which = scan.bytes(WHICH)?.ok_or_else(damaged)?;
    let mut which = Reader::new(&which);
    let codes = Codes::read(&mut which, rows, said.len())?;
    which.finish()?;
    let ids: Column<Ids> = scan.column(ID)?;
    let mut instants = Reader::new(&instants);
    let mut at = 0i64;
    let receipts = (0..rows).map(|row| {
        at = at.wrapping_add(unzigzag(instants.varint()?));
        let code = codes.get(row).checked_sub(1).ok_or_else(damaged)?;
        let said = said.get(code as usize).ok_or_else(damaged)?;
        Ok(KeptReceipt {
            receipt: Receipt {
                at: Timestamp::from_millis(at),
                ..said.clone()
            },
            id: given(ids.get(row)),
        })
    });
    let receipts = receipts.collect::<Result<Vec<_>>>()?;
    instants.finish()?;
    Ok(receipts)
}

/// Every id that a browser gave an answer.
pub fn receipt_ids(
    unpacker: &mut Unpacker,
    header: &[u8],
    columns: &[(u8, Vec<u8>)],
    each: impl FnMut(ReceiptId),
) -> Result<()> {
    let mut scan = open(unpacker, header, columns)?;
    let ids: Column<Ids> = scan.column(ID)?;
    (0..scan.rows())
        .filter_map(|row| given(ids.get(row)))
        .for_each(each);
    Ok(())
}

/// The id that stands in a row; all zeros are none, wherever they come from.
fn given(id: Option<[u8; 16]>) -> Option<ReceiptId> {
    id.map(ReceiptId).and_then(ReceiptId::given)
}

fn open<'a>(
    unpacker: &'a mut Unpacker,
    header: &[u8],
    columns: &'a [(u8, Vec<u8>)],
) -> Result<Scan<'a>> {
    let header = read_header(header)?.of_class(Class::Consent)?;
    Ok(Scan::new(unpacker, header, columns))
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::error::Kind;
    use crate::model::consent::signal::Way;
    use crate::model::consent::{Answer, Consent, Posture};

    fn kept() -> impl Strategy<Value = KeptReceipt> {
        let id = prop_oneof![Just(None), any::<[u8; 16]>().prop_map(Some)];
        (any::<i32>(), 0u32..3, any::<bool>(), id).prop_map(|(at, notice, control, id)| {
            KeptReceipt {
                receipt: Receipt {
                    at: Timestamp::from_millis(at.into()),
                    site: None,
                    posture: Posture::Strict,
                    consent: Consent {
                        measurement: [Answer::Granted, Answer::Denied][usize::from(control)],
                        ..Consent::default()
                    },
                    way: Way::Sdk,
                    privacy_control: control,
                    notice,
                },
                id: id.map(ReceiptId).and_then(ReceiptId::given),
            }
        })
    }

    fn encode(receipts: &[KeptReceipt]) -> Encoded {
        let mut writer = ReceiptWriter::default();
        receipts.iter().for_each(|kept| writer.keep(kept.clone()));
        writer.finish().unwrap()
    }

    fn in_order(mut receipts: Vec<KeptReceipt>) -> Vec<KeptReceipt> {
        receipts.sort();
        receipts
    }

    proptest! {
        #[test]
        fn receipts_read_back_alone_and_merged(
            first in vec(kept(), 0..40), second in vec(kept(), 1..40),
        ) {
            let parts = [encode(&first), encode(&second)];
            let read = decode_receipts(&parts[0].header, &parts[0].columns).unwrap();
            prop_assert!(read.iter().is_sorted_by_key(|it| it.receipt.at));
            prop_assert_eq!(in_order(read), in_order(first.clone()));

            let mut merged = ReceiptWriter::default();
            for part in parts {
                let read = decode_receipts(&part.header, &part.columns).unwrap();
                read.into_iter().for_each(|kept| merged.keep(kept));
            }
            let merged = merged.finish().unwrap();
            let read = decode_receipts(&merged.header, &merged.columns).unwrap();
            let all: Vec<_> = first.into_iter().chain(second).collect();
            let mut known = Vec::new();
            let mut unpacker = Unpacker::new().unwrap();
            receipt_ids(&mut unpacker, &merged.header, &merged.columns, |id| known.push(id))
                .unwrap();
            known.sort_unstable();
            let mut ids: Vec<_> = all.iter().filter_map(|it| it.id).collect();
            ids.sort_unstable();
            prop_assert_eq!(known, ids);
            prop_assert_eq!(in_order(read), in_order(all));
        }

        #[test]
        fn a_changed_byte_is_noticed_or_harmless(
            receipts in vec(kept(), 1..20), column in 0usize..3, place in any::<usize>(),
            mask in 1u8..,
        ) {
            let mut encoded = encode(&receipts);
            let bytes = &mut encoded.columns[column].1;
            let place = place % bytes.len();
            bytes[place] ^= mask;
            match decode_receipts(&encoded.header, &encoded.columns) {
                Ok(read) => prop_assert_eq!(read.len(), receipts.len()),
                Err(error) => prop_assert_eq!(error.kind(), Kind::Damaged),
            }
        }
    }

    #[test]
    #[ignore = "writes seeds of the fuzz target anew"]
    fn seeds_of_the_fuzz_target() {
        use crate::segment::{encode_counted, fuzz::join};
        use proptest::strategy::ValueTree;
        use proptest::test_runner::TestRunner;
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/receipt");
        let mut runner = TestRunner::deterministic();
        for number in 0..4 {
            let receipts = vec(kept(), 1..12).new_tree(&mut runner).unwrap().current();
            let written = join(&encode(&receipts));
            std::fs::write(folder.join(format!("receipts-{number}")), written).unwrap();
            let ids = receipts.iter().filter_map(|kept| kept.id.map(|id| id.0));
            let written = join(&encode_counted(ids.collect()).unwrap());
            std::fs::write(folder.join(format!("counted-{number}")), written).unwrap();
        }
    }

    #[test]
    fn what_is_said_often_takes_no_place() {
        let receipt = |at| KeptReceipt {
            receipt: Receipt {
                at: Timestamp::from_millis(at),
                site: None,
                posture: Posture::Strict,
                consent: Consent::default(),
                way: Way::Parameter,
                privacy_control: false,
                notice: 1,
            },
            id: None,
        };
        let receipts: Vec<_> = (0..10_000).map(|at| receipt(at / 40)).collect();
        let encoded = encode(&receipts);
        let bytes: usize = encoded.columns.iter().map(|(_, bytes)| bytes.len()).sum();
        assert!(bytes < 1_000, "{bytes}");
    }
}
