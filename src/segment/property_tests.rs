//! Properties that hold for every segment: it reads back, merging adds up, and
//! damage is noticed or harmless.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::plain;
use super::tally::encode_folded;
use super::*;
use crate::clock::Timestamp;
use crate::model::consent::Permits;
use crate::model::hit::{
    Browser, Country, Device, EventId, HitId, Kind, Origin, Os, PARAMS, VisitorId,
};
use crate::model::id::{CampaignId, ConversionId, GoalId, PublisherId, SiteId};
use crate::model::personal::Personal;
use crate::model::reason::{Note, Notes, Reason};
use crate::model::tally::{Dimensions, Measures, TallyRow};
use crate::model::trail::TrailRow;

fn text() -> impl Strategy<Value = Option<String>> {
    option::of(prop_oneof![3 => "[a-c]", 1 => "\\PC{0,12}"])
}

fn origin() -> impl Strategy<Value = Origin> {
    (0u8..3, 0u8..4, 0u8..3, 0u8..3).prop_map(|(country, device, os, browser)| Origin {
        country: Country::parse(["", "DE", "FR"][usize::from(country)]),
        device: Device::from_code(device),
        os: Os::from_code(os),
        browser: Browser::from_code(browser),
    })
}

fn dimensions() -> impl Strategy<Value = Dimensions> {
    let ids = (
        option::of(1u64..4),
        option::of(any::<u64>()),
        option::of(1u64..3),
    );
    let texts = (text(), vec(text(), PARAMS), text());
    (ids, origin(), option::of(any::<u8>()), texts).prop_map(|(ids, origin, landing, texts)| {
        let mut params: [Option<String>; PARAMS] = Default::default();
        params
            .iter_mut()
            .zip(texts.1)
            .for_each(|(param, text)| *param = text);
        Dimensions {
            campaign: ids.0.map(CampaignId::from_random),
            publisher: ids.1.map(PublisherId::from_random),
            goal: ids.2.map(GoalId::from_random),
            origin,
            landing,
            source: texts.0,
            params,
            referrer_host: texts.2,
        }
    })
}

fn measures() -> impl Strategy<Value = Measures> {
    let one = prop_oneof![
        6 => Just(0i64),
        3 => -2i64..300,
        1 => -1_000_000_000_000i64..1_000_000_000_000,
    ];
    vec(one, Measures::COUNT).prop_map(|values| {
        let mut array = [0; Measures::COUNT];
        array.copy_from_slice(&values);
        Measures::from_array(array)
    })
}

/// Rows of few different values, so that many are alike.
fn alike_rows() -> impl Strategy<Value = Vec<TallyRow>> {
    let counted = (0usize..7, -1i64..3);
    let row = (
        0u8..2,
        0u64..3,
        option::of("[a-d]"),
        option::of("[a-e]"),
        counted,
    );
    let row = row.prop_map(|(quarter, campaign, source, p2, (measure, count))| {
        let mut row = TallyRow {
            quarter,
            ..TallyRow::default()
        };
        let campaign = Some(campaign).filter(|&campaign| campaign > 0);
        row.dimensions.campaign = campaign.map(CampaignId::from_random);
        row.dimensions.source = source;
        row.dimensions.params[1] = p2;
        let mut measures = Measures::default().to_array();
        measures[measure] = count;
        row.measures = Measures::from_array(measures);
        row
    });
    vec(row, 0..60)
}

fn tally_rows() -> impl Strategy<Value = Vec<TallyRow>> {
    let row = (0u8..96, dimensions(), measures());
    let distinct = vec(row, 1..12);
    (distinct, vec(0usize..12, 0..40)).prop_map(|(rows, picks)| {
        let rows: Vec<TallyRow> = rows
            .into_iter()
            .map(|(quarter, dimensions, measures)| TallyRow {
                quarter,
                dimensions,
                measures,
            })
            .collect();
        picks
            .into_iter()
            .map(|pick| rows[pick % rows.len()].clone())
            .collect()
    })
}

fn personal(text: Option<String>) -> Option<Personal<String>> {
    text.map(Personal::new)
}

fn indexed(texts: Vec<Option<String>>) -> Vec<(u8, Personal<String>)> {
    let present = texts.into_iter().enumerate();
    present
        .filter_map(|(index, text)| Some((index as u8, Personal::new(text?))))
        .collect()
}

prop_compose! {
    fn trail_row()(
        id in (0i64..5_000_000, any::<[u8; 10]>()),
        at in prop_oneof![Just(None), Just(Some(-1)), (0i64..i64::MAX).prop_map(Some)],
        kind in 0usize..4,
        dimensions in dimensions(),
        site in option::of(any::<u64>()),
        permits in any::<[bool; 3]>(),
        texts in vec(text(), 4),
        subs in vec(text(), 15),
        ids in (option::of(any::<[u8; 16]>()), option::of(any::<[u8; 16]>())),
        conversion in option::of(any::<u64>()),
        outcome in option::of(0..Reason::ALL.len()),
        notes in vec(0..Note::ALL.len(), 0..3),
    ) -> TrailRow {
        let id = HitId::new(Timestamp::from_millis(id.0), id.1);
        let [creative, url, referrer, txn] = <[_; 4]>::try_from(texts).unwrap_or_default();
        TrailRow {
            id,
            at: match at {
                None => id.at(),
                Some(-1) => id.at().quarter_start(),
                Some(ms) => Timestamp::from_millis(ms),
            },
            kind: [Kind::Impression, Kind::Click, Kind::View, Kind::Conversion][kind],
            permits: Permits {
                measurement: permits[0],
                attribution: permits[1],
                sharing: permits[2],
            },
            site: site.map(SiteId::from_random),
            campaign: dimensions.campaign,
            publisher: dimensions.publisher,
            goal: dimensions.goal,
            landing: dimensions.landing,
            origin: dimensions.origin,
            referrer_host: dimensions.referrer_host,
            source: dimensions.source,
            creative,
            params: indexed(dimensions.params.into()),
            subs: indexed(subs),
            url: personal(url),
            referrer: personal(referrer),
            visitor: ids.0.map(|id| Personal::new(VisitorId(id))),
            event: ids.1.map(EventId),
            txn: personal(txn),
            conversion: conversion.map(ConversionId),
            outcome: outcome.map(|index| Reason::ALL[index]),
            notes: notes.into_iter().fold(Notes::default(), |mut notes, index| {
                notes.add(Note::ALL[index]);
                notes
            }),
        }
    }
}

fn sum(rows: &[TallyRow]) -> Measures {
    let mut total = Measures::default();
    rows.iter().for_each(|row| total.add(&row.measures));
    total
}

/// Changes one byte of one column or of the header.
fn damage(encoded: &mut Encoded, place: usize, bits: u8) {
    let columns = encoded.columns.iter_mut().map(|(_, bytes)| bytes);
    let mut all: Vec<&mut Vec<u8>> = columns.chain([&mut encoded.header]).collect();
    let count = all.len();
    let bytes = &mut all[place % count];
    if !bytes.is_empty() {
        let index = place / count % bytes.len();
        bytes[index] ^= bits;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_tally_reads_back_with_equal_rows_as_one_line(rows in tally_rows()) {
        let encoded = encode_tally(&rows).unwrap();
        let read = decode_tally(&encoded.header, &encoded.columns).unwrap();
        prop_assert_eq!(sum(&read), sum(&rows));
        prop_assert_eq!(read, collapse(rows));
    }

    #[test]
    fn the_most_frequent_values_stay_and_the_sums_too(rows in alike_rows(), cap in 0usize..4) {
        let encoded = encode_folded(&rows, cap).unwrap();
        let read = decode_tally(&encoded.header, &encoded.columns).unwrap();
        prop_assert_eq!(sum(&read), sum(&rows));
        prop_assert_eq!(read, plain::fold(rows, cap));
    }

    #[test]
    fn merging_is_writing_what_was_put_together(parts in vec(alike_rows(), 0..4), cap in 0usize..9) {
        let encoded: Vec<Encoded> = parts.iter().map(|rows| encode_tally(rows).unwrap()).collect();
        let mut unpacker = Unpacker::new().unwrap();
        let opened = encoded.iter().map(|encoded| Opened::open(&mut unpacker, encoded).unwrap());
        let opened: Vec<Opened> = opened.collect();
        let mut writer = TallyWriter::default();
        opened.iter().for_each(|opened| writer.extend(opened));
        let rows = parts.concat();
        let merged = writer.finish(&mut Packer::for_rows(rows.len()).unwrap(), cap).unwrap();
        let wanted = plain::fold(rows, cap);
        prop_assert_eq!(merged.is_none(), wanted.is_empty());
        if let Some(merged) = merged {
            prop_assert_eq!(decode_tally(&merged.header, &merged.columns).unwrap(), wanted);
        }
    }

    #[test]
    fn folding_what_is_rare_keeps_every_other_figure(days in vec(tally_rows(), 1..4)) {
        let mut seen = Seen::default();
        let mut unpacker = Unpacker::new().unwrap();
        for rows in &days {
            let encoded = encode_tally(rows).unwrap();
            seen.add(&mut unpacker, &encoded.header, &encoded.columns).unwrap();
        }
        // All but what may be folded, with its sums.
        let by_the_rest = |rows: &[TallyRow]| {
            let mut rows = rows.to_vec();
            for row in &mut rows {
                row.dimensions.source = None;
                row.dimensions.referrer_host = None;
                row.dimensions.params = Default::default();
            }
            collapse(rows)
        };
        for rows in days {
            let mut folded = rows.clone();
            seen.fold(&mut folded);
            prop_assert_eq!(by_the_rest(&folded), by_the_rest(&rows));
            let folded = collapse(folded);
            prop_assert_eq!(sum(&folded), sum(&rows));
            // Again, it changes nothing more.
            let mut again = folded.clone();
            seen.fold(&mut again);
            prop_assert_eq!(collapse(again), folded);
        }
    }

    #[test]
    fn a_trail_reads_back_in_the_order_of_its_ids(rows in vec(trail_row(), 0..20)) {
        let encoded = encode_trail(&rows).unwrap();
        let mut sorted = rows;
        sorted.sort_by_key(|row| row.id);
        prop_assert_eq!(decode_trail(&encoded.header, &encoded.columns).unwrap(), sorted);
    }

    #[test]
    fn merged_trails_are_one_of_all_rows(parts in vec(vec(trail_row(), 0..12), 0..4)) {
        let encoded: Vec<Encoded> = parts.iter().map(|rows| encode_trail(rows).unwrap()).collect();
        // Those with the same id stay in the order in which their segments have them.
        let rows = parts.concat();
        prop_assert_eq!(merge_trail(&encoded).unwrap(), encode_trail(&rows).unwrap());
    }

    #[test]
    fn damaged_segments_never_panic(
        tally in tally_rows(),
        trail in vec(trail_row(), 0..8),
        place in any::<u32>(),
        bits in 1u8..,
    ) {
        let mut encoded = encode_tally(&tally).unwrap();
        damage(&mut encoded, place as usize, bits);
        let _ = decode_tally(&encoded.header, &encoded.columns);
        let mut encoded = encode_trail(&trail).unwrap();
        damage(&mut encoded, place as usize, bits);
        let _ = decode_trail(&encoded.header, &encoded.columns);
    }

    #[test]
    fn bytes_of_any_kind_never_panic(bytes in vec(any::<u8>(), 0..60), rows in 0usize..40) {
        let mut unpacker = Unpacker::new().unwrap();
        let plain = [&[0], &bytes[..]].concat();
        for packed in [&bytes, &plain] {
            let _ = Column::<Numbers>::read(&mut unpacker, Some(packed), rows);
            let _ = Column::<Texts>::read(&mut unpacker, Some(packed), rows);
            let _ = Column::<Ids>::read(&mut unpacker, Some(packed), rows);
            let _ = Counts::read(&mut unpacker, Some(packed), rows);
        }
        let _ = read_header(&bytes);
    }
}

/// Writes the seeds of the fuzz targets anew, for a changed format:
/// `cargo test --lib seeds_of_segments -- --ignored`.
#[test]
#[ignore = "writes into fuzz/seeds"]
fn seeds_of_segments_are_written() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
    for number in 0..6 {
        let rows = tally_rows().new_tree(&mut runner).unwrap().current();
        let tally = fuzz::join(&encode_tally(&collapse(rows)).unwrap());
        std::fs::write(folder.join(format!("tally/rows-{number}")), tally).unwrap();
        let rows = vec(trail_row(), 1..9);
        let rows = rows.new_tree(&mut runner).unwrap().current();
        let trail = fuzz::join(&encode_trail(&rows).unwrap());
        std::fs::write(folder.join(format!("trail/rows-{number}")), trail).unwrap();
    }
}
