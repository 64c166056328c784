//! Reports over segments in memory: groups, filters, names, totals.

use super::*;
use crate::clock::Timestamp;
use crate::model::account::{AccountSettings, AccountState, Publisher, PublisherSettings};
use crate::model::campaign::{Approval, Campaign, CampaignSettings, CampaignStatus, Goal, Rule};
use crate::model::hit::{Country, Device};
use crate::model::id::{AccountId, CampaignId, GoalId, PublisherId, SiteId};
use crate::model::money::Currency;
use crate::model::tally::TallyRow;
use crate::segment::memory::MemorySource;
use crate::segment::{collapse, encode_tally};

pub fn account(zone: &str) -> Account {
    Account {
        id: AccountId::from_random(1),
        state: AccountState::Active,
        expires_at: None,
        ends_at: None,
        locked_at: None,
        settings: AccountSettings {
            name: "Shop".to_owned(),
            timezone: zone.to_owned(),
            currency: Currency::EUR,
            acquisition: false,
            security_token_hash: None,
            require_second_factor: false,
            shared_token_clicks: 0,
            rates: Default::default(),
            privacy: Default::default(),
        },
    }
}

fn campaign(id: u64, account: u64, name: &str) -> Campaign {
    Campaign {
        id: CampaignId::from_random(id),
        account: AccountId::from_random(account),
        settings: CampaignSettings {
            name: name.to_owned(),
            site: SiteId::from_random(1),
            landing_urls: vec![
                "https://a.example/".to_owned(),
                "https://b.example/".to_owned(),
            ],
            attribution_days: 30,
            view_through_days: 0,
            status: CampaignStatus::Running,
            goals: vec![Goal {
                id: GoalId::from_random(id * 10),
                name: "Sale".to_owned(),
                revenue: Rule::NOTHING,
                payout: Rule::NOTHING,
                approval: Approval::Auto,
            }],
            report_params: Vec::new(),
        },
    }
}

pub fn catalog() -> Catalog {
    let publisher = Publisher {
        id: PublisherId::from_random(5),
        account: AccountId::from_random(1),
        settings: PublisherSettings {
            name: "=Blog".to_owned(),
            coupon_codes: Vec::new(),
            reward: false,
        },
    };
    let campaigns = vec![
        campaign(1, 1, "summer"),
        campaign(2, 1, "Autumn"),
        campaign(3, 2, "somebody else's"),
    ];
    Catalog::new(vec![account("UTC")], Vec::new(), campaigns, vec![publisher])
}

pub fn at(instant: &str) -> Timestamp {
    Timestamp::from_millis(instant.parse::<jiff::Timestamp>().unwrap().as_millisecond())
}

/// One click, changed by `change`, at an instant.
pub fn click(instant: &str, change: impl FnOnce(&mut TallyRow)) -> (u32, TallyRow) {
    let mut row = TallyRow {
        quarter: at(instant).quarter(),
        ..TallyRow::default()
    };
    row.measures.clicks = 1;
    change(&mut row);
    (at(instant).utc_day(), row)
}

fn source(rows: Vec<(u32, TallyRow)>) -> MemorySource {
    let mut days: BTreeMap<u32, Vec<TallyRow>> = BTreeMap::new();
    rows.into_iter()
        .for_each(|(day, row)| days.entry(day).or_default().push(row));
    let mut source = MemorySource::default();
    for (day, rows) in days {
        let encoded = encode_tally(&collapse(rows)).unwrap();
        source.add(AccountId::from_random(1), Class::Tally, day, encoded);
    }
    source
}

pub fn ask(
    rows: Vec<(u32, TallyRow)>,
    zone: &str,
    days: (&str, &str),
    group_by: &str,
    filters: &[&str],
) -> Report {
    let filters: Vec<String> = filters.iter().map(|&filter| filter.to_owned()).collect();
    let account = account(zone);
    let question =
        Question::parse(days.0, days.1, group_by, &filters, &account, Reach::Account).unwrap();
    run(&source(rows), &catalog(), &account, &question).unwrap()
}

/// Labels and clicks of each row.
fn table(report: &Report) -> Vec<(String, i64)> {
    let rows = report.rows();
    rows.map(|row| {
        let labels: Vec<&str> = row.values.iter().map(|value| value.label()).collect();
        (labels.join(" | "), row.measures.clicks)
    })
    .collect()
}

pub fn expect(report: &Report, rows: &[(&str, i64)]) {
    let rows: Vec<(String, i64)> = rows
        .iter()
        .map(|&(label, n)| (label.to_owned(), n))
        .collect();
    assert_eq!(table(report), rows);
    assert_eq!(
        report.totals.clicks,
        rows.iter().map(|(_, n)| n).sum::<i64>()
    );
}

#[test]
fn things_have_names_and_sort_by_them_and_nothing_comes_last() {
    let of = |id: u64| {
        click("2026-01-01T10:00:00Z", |row| {
            row.dimensions.campaign = (id > 0).then(|| CampaignId::from_random(id));
        })
    };
    let rows = vec![of(1), of(2), of(2), of(3), of(0)];
    let report = ask(rows, "UTC", ("2026-01-01", "2026-01-01"), "campaign", &[]);
    let stranger = CampaignId::from_random(3).to_string();
    expect(
        &report,
        &[
            (stranger.as_str(), 1),
            ("Autumn", 2),
            ("summer", 1),
            ("", 1),
        ],
    );
    let json: serde_json::Value = serde_json::from_str(&report.to_json().unwrap()).unwrap();
    assert_eq!(json["rows"][3]["campaign"], serde_json::Value::Null);
    let id = CampaignId::from_random(2).to_string();
    let autumn = serde_json::json!({"id": id, "name": "Autumn"});
    assert_eq!(json["rows"][1]["campaign"], autumn);
    assert_eq!(json["totals"]["clicks"], 5);
    assert_eq!(json["totals"]["conversions"], 0);
}

#[test]
fn a_landing_page_is_its_campaigns() {
    let of = |campaign: u64, landing: Option<u8>| {
        click("2026-01-01T10:00:00Z", |row| {
            row.dimensions.campaign = Some(CampaignId::from_random(campaign));
            row.dimensions.landing = landing;
        })
    };
    let rows = || {
        vec![
            of(1, Some(0)),
            of(1, Some(1)),
            of(2, Some(1)),
            of(1, None),
            of(2, None),
        ]
    };
    let day = ("2026-01-01", "2026-01-01");
    let report = ask(rows(), "UTC", day, "landing_page", &[]);
    let pages = [
        ("https://a.example/", 1),
        ("https://b.example/", 1),
        ("https://b.example/", 1),
    ];
    expect(&report, &[&pages[..], &[("", 2)]].concat());
    let filter = format!("landing_page:{}-1", CampaignId::from_random(2));
    let one = ask(rows(), "UTC", day, "campaign,landing_page", &[&filter]);
    expect(&one, &[("Autumn | https://b.example/", 1)]);
    let none = ask(rows(), "UTC", day, "campaign", &["landing_page:none"]);
    expect(&none, &[("Autumn", 1), ("summer", 1)]);
}

#[test]
fn values_of_one_filter_are_alternatives_and_filters_hold_together() {
    let of = |country: &str, source: Option<&str>, device| {
        click("2026-01-01T10:00:00Z", |row| {
            row.dimensions.origin.country = Country::parse(country);
            row.dimensions.origin.device = device;
            row.dimensions.source = source.map(str::to_owned);
        })
    };
    let rows = || {
        vec![
            of("DE", Some("a:b"), Device::Mobile),
            of("AT", None, Device::Mobile),
            of("FR", None, Device::Mobile),
            of("", Some("none"), Device::Desktop),
        ]
    };
    let day = ("2026-01-01", "2026-01-01");
    let ask = |group_by: &str, filters: &[&str]| ask(rows(), "UTC", day, group_by, filters);
    expect(
        &ask("country", &["country:DE", "country:AT"]),
        &[("AT", 1), ("DE", 1)],
    );
    expect(
        &ask("country", &["source:none", "country:AT"]),
        &[("AT", 1)],
    );
    expect(&ask("source", &["source:a:b"]), &[("a:b", 1)]);
    expect(&ask("device", &["country:unknown"]), &[("desktop", 1)]);
    expect(&ask("", &["device:mobile", "country:US"]), &[]);
    expect(
        &ask("day", &["day:2026-01-01", "hour:2026-01-01T10:00:00+00:00"]),
        &[("2026-01-01", 4)],
    );
    expect(&ask("day", &["day:2026-01-02"]), &[]);
}

/// A segment wholly dropped by its period was filtered all the same.
#[test]
fn a_segment_outside_the_period_is_dropped_whatever_the_filters() {
    let rows = ["2026-01-01T20:00:00Z", "2026-01-01T21:00:00Z"].map(|instant| {
        click(instant, |row| {
            let country = if instant.contains("T20") { "DE" } else { "FR" };
            row.dimensions.origin.country = Country::parse(country);
        })
    });
    let day = ("2026-01-02", "2026-01-02");
    expect(
        &ask(rows.to_vec(), "Europe/Vienna", day, "os", &["country:DE"]),
        &[],
    );
}

#[test]
fn a_row_whose_changes_cancel_out_is_left_out_only_if_nothing_remains() {
    let of = |pending: i64, approved: i64, source: &str| {
        click("2026-01-01T10:00:00Z", |row| {
            row.measures = Measures {
                pending,
                approved,
                ..Measures::default()
            };
            row.dimensions.source = Some(source.to_owned());
        })
    };
    let mut segments = MemorySource::default();
    for (day, row) in [of(1, 0, "a"), of(-1, 1, "a"), of(1, 0, "b"), of(-1, 0, "b")] {
        let encoded = encode_tally(&[row]).unwrap();
        segments.add(AccountId::from_random(1), Class::Tally, day, encoded);
    }
    let account = account("UTC");
    let question = Question::parse(
        "2026-01-01",
        "2026-01-01",
        "source",
        &[],
        &account,
        Reach::Account,
    )
    .unwrap();
    let report = run(&segments, &catalog(), &account, &question).unwrap();
    assert_eq!(table(&report), [("a".to_owned(), 0)]);
    assert_eq!((report.totals.approved, report.totals.pending), (1, 0));
}

#[test]
fn a_table_is_safe_to_open_in_a_spreadsheet() {
    let row = click("2026-01-01T10:00:00Z", |row| {
        row.dimensions.publisher = Some(PublisherId::from_random(5));
        row.dimensions.source = Some("@SUM(A1), \"x\"".to_owned());
        row.measures.revenue_minor = -5;
    });
    let day = ("2026-01-01", "2026-01-01");
    let csv = ask(vec![row], "UTC", day, "publisher,source,goal", &[])
        .to_csv()
        .unwrap();
    let mut lines = csv.lines();
    let names = lines.next().unwrap();
    assert!(names.starts_with("publisher,publisher_id,source,goal,goal_id,impressions,clicks"));
    assert!(names.contains(",views,conversions,approved,pending,"));
    let id = PublisherId::from_random(5);
    assert_eq!(
        lines.next().unwrap(),
        format!("'=Blog,{id},\"'@SUM(A1), \"\"x\"\"\",,,0,1,0,0,0,0,0,0,0,0,0,-5,0,0,0,0")
    );
}

#[test]
fn every_day_of_a_series_is_there() {
    let rows = vec![click("2026-01-02T23:30:00Z", |_| ())];
    let account = account("Europe/Vienna");
    let period = Period::last_days(3, at("2026-01-03T12:00:00Z"), &account).unwrap();
    let days = daily(&source(rows), &catalog(), &account, period).unwrap();
    let days: Vec<(&str, i64)> = days
        .iter()
        .map(|(day, m)| (day.as_str(), m.clicks))
        .collect();
    assert_eq!(
        days,
        [("2026-01-01", 0), ("2026-01-02", 0), ("2026-01-03", 1)]
    );
}

#[test]
fn many_segments_added_up_by_two_threads_come_to_the_same() {
    let day = |number: usize| format!("2026-{:02}-{:02}", 1 + number / 28, 1 + number % 28);
    let of_day = |number: usize| {
        let p1 = ["a", "b", "c"][number % 3];
        click(&format!("{}T12:00:00Z", day(number)), |row| {
            row.dimensions.params[0] = Some(p1.to_owned());
            row.dimensions.campaign = Some(CampaignId::from_random(1 + number as u64 % 2));
            row.measures.clicks = number as i64;
        })
    };
    let rows: Vec<_> = (0..84).map(of_day).collect();
    let report = ask(
        rows,
        "UTC",
        ("2026-01-01", "2026-03-28"),
        "p1,campaign",
        &[],
    );
    let sum = |rest: usize| (0..84).filter(|n| n % 6 == rest).sum::<usize>() as i64;
    expect(
        &report,
        &[
            ("a | Autumn", sum(3)),
            ("a | summer", sum(0)),
            ("b | Autumn", sum(1)),
            ("b | summer", sum(4)),
            ("c | Autumn", sum(5)),
            ("c | summer", sum(2)),
        ],
    );
}
