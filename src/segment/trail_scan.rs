//! Reads chosen columns of a trail segment: enough to find a click, to know
//! events seen before, and to count visitors, without building rows.

use crate::clock::Timestamp;
use crate::error::Result;
use crate::model::hit::{EventId, HitId, Kind, VisitorId};
use crate::model::id::CampaignId;
use crate::model::tally::Dimensions;
use crate::segment::Class;
use crate::segment::column::{Column, Ids, Numbers, Texts, Values};
use crate::segment::field::Field;
use crate::segment::header::read_header;
use crate::segment::pack::{Reader, Unpacker, damaged};
use crate::segment::scan::Scan;
use crate::segment::trail_field::{self as field, *};

/// What [`TrailScan::dimensions`] reads.
pub const DIMENSION_COLUMNS: &[u8] = &[
    ID_TIME,
    ID_RANDOM,
    CAMPAIGN,
    PUBLISHER,
    GOAL,
    LANDING,
    COUNTRY,
    DEVICE,
    OS,
    BROWSER,
    REFERRER_HOST,
    SOURCE,
    PARAM_FROM,
    PARAM_FROM + 1,
    PARAM_FROM + 2,
    PARAM_FROM + 3,
    PARAM_FROM + 4,
    PARAM_FROM + 5,
    PARAM_FROM + 6,
    PARAM_FROM + 7,
    PARAM_FROM + 8,
    PARAM_FROM + 9,
];
/// What [`TrailScan::events`] reads.
pub const EVENT_COLUMNS: &[u8] = &[ID_TIME, ID_RANDOM, EVENT];
/// What [`TrailScan::clicks`] reads.
pub const CLICK_COLUMNS: &[u8] = &[ID_TIME, ID_RANDOM, AT, KIND, CAMPAIGN, VISITOR];

pub struct TrailScan<'a>(Scan<'a>);

impl<'a> TrailScan<'a> {
    /// `columns` are those of the segment that the caller is going to ask for.
    ///
    /// # Errors
    /// `Damaged` where the header is none of a trail segment.
    pub fn open(
        unpacker: &'a mut Unpacker,
        header: &[u8],
        columns: &'a [(u8, Vec<u8>)],
    ) -> Result<Self> {
        let header = read_header(header)?.of_class(Class::Trail)?;
        Ok(TrailScan(Scan::new(unpacker, header, columns)))
    }

    pub(super) fn rows(&self) -> usize {
        self.0.rows()
    }

    pub(super) fn column<V: Values>(&mut self, id: u8) -> Result<Column<V>> {
        self.0.column(id)
    }

    /// The ids of all hits, ascending.
    pub fn ids(&mut self) -> Result<Vec<HitId>> {
        if self.0.rows() == 0 {
            return Ok(Vec::new());
        }
        let times = self.0.bytes(ID_TIME)?.ok_or_else(damaged)?;
        let randoms = self.0.bytes(ID_RANDOM)?.ok_or_else(damaged)?;
        let (randoms, rest) = randoms.as_chunks::<10>();
        if randoms.len() != self.0.rows() || !rest.is_empty() {
            return Err(damaged());
        }
        let mut times = Reader::new(&times);
        let mut time = 0u64;
        let ids = randoms.iter().map(|&random| {
            time = time.saturating_add(times.varint()?);
            if time >> 48 != 0 {
                return Err(damaged());
            }
            Ok(HitId::new(Timestamp::from_millis(time as i64), random))
        });
        let ids = ids.collect::<Result<Vec<HitId>>>()?;
        times.finish()?;
        Ok(ids)
    }

    /// The dimensions of each of these hits, where the segment holds it.
    pub fn dimensions(&mut self, wanted: &[HitId]) -> Result<Vec<Option<Dimensions>>> {
        let ids = self.ids()?;
        let places = wanted.iter().map(|id| ids.binary_search(id).ok());
        let places: Vec<Option<usize>> = places.collect();
        let mut found: Vec<Option<Dimensions>> = places
            .iter()
            .map(|place| place.map(|_| Dimensions::default()))
            .collect();
        if found.iter().all(Option::is_none) {
            return Ok(found);
        }
        for &column in DIMENSION_COLUMNS {
            self.fill(column, &places, &mut found)?;
        }
        Ok(found)
    }

    fn fill(
        &mut self,
        column: u8,
        places: &[Option<usize>],
        found: &mut [Option<Dimensions>],
    ) -> Result<()> {
        let Some(field) = field_of(column) else {
            return Ok(());
        };
        let filled = found.iter_mut().zip(places);
        let filled = filled.filter_map(|(found, place)| found.as_mut().zip(*place));
        if NUMBERS.contains(&column) {
            let values = self.column::<Numbers>(column)?;
            for (dimensions, place) in filled {
                field.set_number(dimensions, values.get(place).unwrap_or(0))?;
            }
        } else {
            let values = self.column::<Texts>(column)?;
            for (dimensions, place) in filled {
                field.set_text(dimensions, values.get(place).map(str::to_owned));
            }
        }
        Ok(())
    }

    /// Every id a browser gave an event, with the hit that it became.
    pub fn events(&mut self, mut each: impl FnMut(EventId, HitId)) -> Result<()> {
        let events = self.column::<Ids>(EVENT)?;
        let ids = self.ids()?;
        for (row, &id) in ids.iter().enumerate() {
            if let Some(event) = events.get(row) {
                each(EventId(event), id);
            }
        }
        Ok(())
    }

    /// Every click whose visitor is known: visitor, campaign, instant.
    pub fn clicks(&mut self, mut each: impl FnMut(VisitorId, CampaignId, Timestamp)) -> Result<()> {
        let visitors = self.column::<Ids>(VISITOR)?;
        let kinds = self.column::<Numbers>(KIND)?;
        let campaigns = self.column::<Numbers>(CAMPAIGN)?;
        let instants = self.column::<Numbers>(AT)?;
        let click = Some(field::kind_number(Kind::Click));
        for (row, &id) in self.ids()?.iter().enumerate() {
            let of_row = visitors.get(row).zip(campaigns.get(row));
            if let Some((visitor, campaign)) = of_row.filter(|_| kinds.get(row) == click) {
                let at = field::at_of(instants.get(row).unwrap_or(0), id);
                each(
                    VisitorId(visitor),
                    CampaignId::from_row(campaign as i64),
                    at,
                );
            }
        }
        Ok(())
    }
}

/// The dimension that a column of the trail becomes.
fn field_of(column: u8) -> Option<Field> {
    Some(match column {
        CAMPAIGN => Field::Campaign,
        PUBLISHER => Field::Publisher,
        GOAL => Field::Goal,
        LANDING => Field::Landing,
        COUNTRY => Field::Country,
        DEVICE => Field::Device,
        OS => Field::Os,
        BROWSER => Field::Browser,
        REFERRER_HOST => Field::ReferrerHost,
        SOURCE => Field::Source,
        PARAM_FROM..SUB_FROM => Field::Param(column - PARAM_FROM),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::personal::Personal;
    use crate::model::trail::TrailRow;
    use crate::segment::trail::encode_trail;

    fn row(ms: i64, kind: Kind) -> TrailRow {
        let id = HitId::new(Timestamp::from_millis(ms), [ms as u8; 10]);
        let mut row = field::blank(id);
        row.kind = kind;
        row.campaign = Some(CampaignId::from_random(7));
        row.params = vec![(9, Personal::new(format!("value {ms}")))];
        row.event = (kind == Kind::View).then_some(EventId([ms as u8; 16]));
        row.visitor = (ms != 2).then(|| Personal::new(VisitorId([9; 16])));
        row
    }

    fn rows() -> Vec<TrailRow> {
        vec![
            row(1, Kind::Click),
            row(2, Kind::Click),
            row(3, Kind::View),
            row(4, Kind::Impression),
        ]
    }

    fn only(wanted: &[u8]) -> (Vec<u8>, Vec<(u8, Vec<u8>)>) {
        let mut encoded = encode_trail(&rows()).unwrap();
        encoded.columns.retain(|(id, _)| wanted.contains(id));
        (encoded.header, encoded.columns)
    }

    #[test]
    fn the_dimensions_of_a_hit_are_found_by_its_id() {
        let (header, columns) = only(DIMENSION_COLUMNS);
        let mut unpacker = Unpacker::new().unwrap();
        let mut scan = TrailScan::open(&mut unpacker, &header, &columns).unwrap();
        let unknown = HitId::new(Timestamp::from_millis(2), [0; 10]);
        let found = scan.dimensions(&[rows()[2].id, unknown]).unwrap();
        let dimensions = found[0].as_ref().unwrap();
        assert_eq!(dimensions.params[9].as_deref(), Some("value 3"));
        assert_eq!(dimensions.campaign, rows()[2].campaign);
        assert_eq!(found[1], None);
    }

    #[test]
    fn events_and_clicks_of_visitors_are_listed() {
        let mut unpacker = Unpacker::new().unwrap();
        let (header, columns) = only(EVENT_COLUMNS);
        let mut scan = TrailScan::open(&mut unpacker, &header, &columns).unwrap();
        let mut events = Vec::new();
        scan.events(|event, id| events.push((event, id))).unwrap();
        assert_eq!(events, [(EventId([3; 16]), rows()[2].id)]);

        let (header, columns) = only(CLICK_COLUMNS);
        let mut scan = TrailScan::open(&mut unpacker, &header, &columns).unwrap();
        let mut clicks = Vec::new();
        scan.clicks(|visitor, _, at| clicks.push((visitor, at.millis())))
            .unwrap();
        assert_eq!(clicks, [(VisitorId([9; 16]), 1)]);
    }

    #[test]
    fn reading_a_column_that_was_not_fetched_is_a_defect_and_not_silence() {
        let (header, columns) = only(&[]);
        let mut unpacker = Unpacker::new().unwrap();
        let mut scan = TrailScan::open(&mut unpacker, &header, &columns).unwrap();
        assert!(scan.ids().is_err());
    }
}
