//! Reads from a trail segment what points to a person, row by row and nothing else:
//! enough to say which rows are somebody's without building any.

use crate::error::Result;
use crate::model::hit::{HitId, VisitorId};
use crate::model::id::ConversionId;
use crate::segment::column::{Ids, Numbers, Texts};
use crate::segment::trail_field::{CONVERSION, ID_RANDOM, ID_TIME, PARAM_FROM, TXN, URL, VISITOR};
use crate::segment::trail_scan::TrailScan;

/// What [`TrailScan::people`] reads.
pub const PERSON_COLUMNS: &[u8] = &[ID_TIME, ID_RANDOM, CONVERSION, TXN, VISITOR];

/// The same, with every parameter and sub-id where `values` is set.
pub fn person_columns(values: bool) -> Vec<u8> {
    let mut columns = PERSON_COLUMNS.to_vec();
    if values {
        columns.extend(PARAM_FROM..URL);
    }
    columns.sort_unstable();
    columns
}

/// What one row says of a person.
pub struct PersonTraces<'a> {
    /// Its place in the segment.
    pub row: usize,
    pub hit: HitId,
    pub visitor: Option<VisitorId>,
    pub conversion: Option<ConversionId>,
    pub txn: Option<&'a str>,
    /// Parameters and sub-ids, where they were asked for.
    pub values: Vec<&'a str>,
}

impl TrailScan<'_> {
    /// Every row's traces, in order of the hit ids.
    pub fn people(
        &mut self,
        values: bool,
        mut each: impl FnMut(&PersonTraces<'_>) -> Result<()>,
    ) -> Result<()> {
        let ids = self.ids()?;
        if ids.is_empty() {
            return Ok(());
        }
        let visitors = self.column::<Ids>(VISITOR)?;
        let conversions = self.column::<Numbers>(CONVERSION)?;
        let txns = self.column::<Texts>(TXN)?;
        let mut texts = Vec::new();
        if values {
            for column in PARAM_FROM..URL {
                texts.push(self.column::<Texts>(column)?);
            }
        }
        for (row, &hit) in ids.iter().enumerate() {
            each(&PersonTraces {
                row,
                hit,
                visitor: visitors.get(row).map(VisitorId),
                conversion: conversions.get(row).map(ConversionId),
                txn: txns.get(row),
                values: texts.iter().filter_map(|column| column.get(row)).collect(),
            })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::model::personal::Personal;
    use crate::segment::trail::encode_trail;
    use crate::segment::trail_field::blank;
    use crate::segment::{TrailScan, Unpacker};

    #[test]
    fn every_row_says_what_points_to_a_person() {
        let id = |ms| HitId::new(Timestamp::from_millis(ms), [1; 10]);
        let mut sale = blank(id(2));
        sale.visitor = Some(Personal::new(VisitorId([9; 16])));
        sale.conversion = Some(ConversionId(5));
        sale.txn = Some(Personal::new("A-1".to_owned()));
        sale.subs = vec![(14, Personal::new("hash".to_owned()))];
        let rows = [blank(id(1)), sale];
        let encoded = encode_trail(&rows).unwrap();
        let mut unpacker = Unpacker::new().unwrap();
        let mut scan = TrailScan::open(&mut unpacker, &encoded.header, &encoded.columns).unwrap();
        let mut seen = Vec::new();
        scan.people(true, |traces| {
            seen.push((
                traces.visitor,
                traces.conversion,
                traces.txn.map(str::to_owned),
                traces.values.join(","),
            ));
            Ok(())
        })
        .unwrap();
        assert_eq!(seen[0], (None, None, None, String::new()));
        assert_eq!(
            seen[1],
            (
                Some(VisitorId([9; 16])),
                Some(ConversionId(5)),
                Some("A-1".to_owned()),
                "hash".to_owned()
            )
        );
    }
}
