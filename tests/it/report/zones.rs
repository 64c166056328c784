//! Days and hours of accounts in zones of half and quarter hours.

use std::collections::BTreeMap;

use jiff::{Timestamp, ToSpan, Unit, Zoned, tz::TimeZone};
use serde_json::{Value, json};

use crate::harness::account::Shop;
use crate::harness::marks::{Random, event_id};
use crate::harness::rows::{Report, figure};
use crate::harness::server::Folder;

const ZONES: [&str; 4] = [
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "America/St_Johns",
];
const QUARTER_MS: i64 = 15 * 60_000;

/// Instants of the last five days in the middle of a quarter of an hour, so that
/// the milliseconds between here and the server decide nothing; many of them
/// around local midnights.
fn instants(zone: &TimeZone, random: &mut Random) -> Vec<Timestamp> {
    let now = Timestamp::now();
    let newest = now.as_millisecond() - 20 * 60_000;
    let mut instants = Vec::new();
    for days in 1..=5_i32 {
        let midnight = now.to_zoned(zone.clone()).start_of_day().unwrap() - days.days();
        for quarters in [-2, -1, 0, 1] {
            instants.push(midnight.timestamp().as_millisecond() + quarters * QUARTER_MS);
        }
    }
    for _ in 0..40 {
        instants.push(newest - random.below(5 * 86_400_000) as i64);
    }
    instants
        .into_iter()
        .filter(|&at| at < newest)
        .map(|at| at - at.rem_euclid(QUARTER_MS) + QUARTER_MS / 2)
        .map(|at| Timestamp::from_millisecond(at).unwrap())
        .collect()
}

fn view_at(at: Timestamp) -> Value {
    let age_ms = Timestamp::now().as_millisecond() - at.as_millisecond();
    json!({"id": event_id(), "type": "view", "age_ms": age_ms, "url": "https://shop.example/"})
}

fn counted(report: &Report, dimension: &str) -> BTreeMap<String, i64> {
    let rows = report.adds_up().rows().iter();
    rows.filter(|row| figure(row, "views") != 0)
        .map(|row| {
            (
                row[dimension].as_str().unwrap().to_owned(),
                figure(row, "views"),
            )
        })
        .collect()
}

/// The local hour of an instant as RFC 3339 with its offset.
fn hour_of(local: &Zoned) -> String {
    let start = local.round(
        jiff::ZonedRound::new()
            .smallest(Unit::Hour)
            .mode(jiff::RoundMode::Trunc),
    );
    start.unwrap().strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

fn days_and_hours_are_local(zone_name: &str) {
    let mut random = Random::seeded();
    let zone = TimeZone::get(zone_name).unwrap();
    let shop = Shop::open(Folder::new(), "strict", zone_name);
    let instants = instants(&zone, &mut random);
    let (mut days, mut hours) = (BTreeMap::new(), BTreeMap::new());
    for at in &instants {
        let local = at.to_zoned(zone.clone());
        *days.entry(local.date().to_string()).or_insert(0) += 1;
        *hours.entry(hour_of(&local)).or_insert(0) += 1;
    }
    let hits: Vec<Value> = instants.iter().map(|&at| view_at(at)).collect();
    shop.send_events(&hits);
    shop.wait_settled();
    assert_eq!(counted(&shop.report("&group_by=day"), "day"), days);
    assert_eq!(counted(&shop.report("&group_by=hour"), "hour"), hours);
    for (day, count) in &days {
        let report = shop.report_between(day, day, "&group_by=hour");
        assert_eq!(report.adds_up().total("views"), *count, "{day}");
    }
    let (first, last) = (days.keys().next().unwrap(), days.keys().last().unwrap());
    let all = shop.report_between(first, last, "");
    assert_eq!(
        all.total("views"),
        instants.len() as i64,
        "both ends are inclusive"
    );
}

#[test]
fn days_and_hours_are_those_of_kolkata() {
    days_and_hours_are_local(ZONES[0]);
}

#[test]
fn days_and_hours_are_those_of_kathmandu() {
    days_and_hours_are_local(ZONES[1]);
}

#[test]
fn days_and_hours_are_those_of_lord_howe() {
    days_and_hours_are_local(ZONES[2]);
}

#[test]
fn days_and_hours_are_those_of_st_johns() {
    days_and_hours_are_local(ZONES[3]);
}
