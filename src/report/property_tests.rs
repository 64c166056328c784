//! A report says what adding up the rows one by one says, in any zone, however
//! the rows are spread over segments.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;

use super::tests::{account, catalog};
use super::*;
use crate::clock::{DAY_MS, QUARTER_MS};
use crate::model::hit::{Country, Device};
use crate::model::id::{AccountId, CampaignId, PublisherId};
use crate::model::tally::TallyRow;
use crate::segment::memory::MemorySource;
use crate::segment::{collapse, encode_tally};

const ZONES: [&str; 4] = [
    "Europe/Vienna",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "America/St_Johns",
];
/// The days around a change of clocks in Vienna and on Lord Howe.
const FIRST_UTC_DAY: u32 = 20_539;

fn rows() -> impl Strategy<Value = Vec<(u32, TallyRow)>> {
    let row = (
        (0u32..12, 0u8..96),
        (0u64..3, 0u64..4, 0u8..3, 0usize..3, 0usize..4),
        (0i64..4, -1i64..3, -500i64..500),
    );
    vec(row, 1..60).prop_map(|rows| {
        let row_of = |((day, quarter), dimensions, counts): ((u32, u8), _, _)| {
            let mut row = TallyRow {
                quarter,
                ..TallyRow::default()
            };
            let (campaign, publisher, device, country, p1): (u64, u64, u8, usize, usize) =
                dimensions;
            let of = &mut row.dimensions;
            of.campaign = (campaign > 0).then(|| CampaignId::from_random(campaign));
            of.publisher = (publisher > 0).then(|| PublisherId::from_random(publisher));
            of.origin.device = Device::from_code(device);
            of.origin.country = Country::parse(["", "DE", "US"][country]);
            of.params[0] = [None, Some("a"), Some("b"), Some("")][p1].map(str::to_owned);
            let (clicks, approved, revenue): (i64, i64, i64) = counts;
            row.measures.clicks = clicks;
            row.measures.approved = approved;
            row.measures.revenue_minor = revenue;
            (FIRST_UTC_DAY + day, row)
        };
        rows.into_iter().map(row_of).collect()
    })
}

/// Segments of at most three rows.
fn source(rows: &[(u32, TallyRow)]) -> MemorySource {
    let mut source = MemorySource::default();
    for chunk in rows.chunks(3) {
        for (day, _) in chunk {
            let of_day = chunk.iter().filter(|(of, _)| of == day);
            let of_day: Vec<TallyRow> = of_day.map(|(_, row)| row.clone()).collect();
            let first = chunk.iter().find(|(of, _)| of == day);
            if first.is_some_and(|first| std::ptr::eq(&first.0, day)) {
                let encoded = encode_tally(&collapse(of_day)).unwrap();
                source.add(AccountId::from_random(1), Class::Tally, *day, encoded);
            }
        }
    }
    source
}

/// The labels of a row as the plainest reading of it gives them.
fn labels(row: &TallyRow, local: &jiff::Zoned, group_by: &[Dimension]) -> Vec<String> {
    let dimensions = &row.dimensions;
    let catalog = catalog();
    let label = |dimension: &Dimension| match dimension {
        Dimension::Day => local.date().to_string(),
        Dimension::Hour => local.strftime("%Y-%m-%dT%H:00:00%:z").to_string(),
        Dimension::Campaign => dimensions.campaign.map_or(String::new(), |id| {
            catalog.campaigns[&id].settings.name.clone()
        }),
        Dimension::Publisher => dimensions
            .publisher
            .map_or(String::new(), |id| id.to_string()),
        Dimension::Device => dimensions.origin.device.name().to_owned(),
        Dimension::Country => dimensions.origin.country.name(),
        _ => dimensions.params[0]
            .clone()
            .map_or("none".to_owned(), |text| format!("={text}")),
    };
    group_by.iter().map(label).collect()
}

fn label_of(dimension: Dimension, value: &Value) -> String {
    match (dimension, value) {
        (Dimension::Param(_), Value::None) => "none".to_owned(),
        (Dimension::Param(_), value) => format!("={}", value.label()),
        (_, value) => value.label().to_owned(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_report_is_what_adding_up_row_by_row_gives(
        rows in rows(),
        zone in 0..ZONES.len(),
        dimensions in proptest::sample::subsequence(
            vec![
                Dimension::Day,
                Dimension::Hour,
                Dimension::Campaign,
                Dimension::Publisher,
                Dimension::Device,
                Dimension::Country,
                Dimension::Param(0),
            ],
            0..=3,
        ),
        only_german in any::<bool>(),
    ) {
        let account = account(ZONES[zone]);
        let names: Vec<String> = dimensions.iter().map(Dimension::to_string).collect();
        let filters = if only_german { vec!["country:DE".to_owned()] } else { Vec::new() };
        let (from, to) = ("2026-03-28", "2026-04-06");
        let question = Question::parse(from, to, &names.join(","), &filters, &account, Reach::Account).unwrap();
        let report = run(&source(&rows), &catalog(), &account, &question).unwrap();

        let mut expected: BTreeMap<Vec<String>, Measures> = BTreeMap::new();
        let mut totals = Measures::default();
        for (day, row) in &rows {
            let ms = i64::from(*day) * DAY_MS + i64::from(row.quarter) * QUARTER_MS;
            let instant = jiff::Timestamp::from_millisecond(ms).unwrap();
            let local = instant.in_tz(ZONES[zone]).unwrap();
            let date = local.date().to_string();
            let german = row.dimensions.origin.country.name() == "DE";
            if *from <= *date && *date <= *to && (german || !only_german) {
                let key = labels(row, &local, &dimensions);
                expected.entry(key).or_default().add(&row.measures);
                totals.add(&row.measures);
            }
        }
        expected.retain(|_, measures| !measures.is_zero());
        let answered: BTreeMap<Vec<String>, Measures> = report
            .rows()
            .map(|row| {
                let values = dimensions.iter().zip(&row.values);
                (values.map(|(d, value)| label_of(*d, value)).collect(), row.measures)
            })
            .collect();
        prop_assert_eq!(answered.len(), report.rows().len());
        prop_assert_eq!(answered, expected);
        prop_assert_eq!(report.totals, totals);
    }
}
