//! Days and hours of accounts in zones with half and quarter hours, and on the
//! days on which clocks change.

use super::tests::{ask, at, click, expect};
use crate::model::tally::{Measures, TallyRow};

#[test]
fn a_day_begins_at_the_accounts_own_midnight() {
    for (zone, last_before, first_after) in [
        (
            "Asia/Kolkata",
            "2026-03-09T18:15:00Z",
            "2026-03-09T18:30:00Z",
        ),
        (
            "Asia/Kathmandu",
            "2026-03-09T18:00:00Z",
            "2026-03-09T18:15:00Z",
        ),
        (
            "Australia/Lord_Howe",
            "2026-07-09T13:15:00Z",
            "2026-07-09T13:30:00Z",
        ),
        (
            "Australia/Lord_Howe",
            "2026-01-09T12:45:00Z",
            "2026-01-09T13:00:00Z",
        ),
        (
            "America/Los_Angeles",
            "2026-07-10T06:45:00Z",
            "2026-07-10T07:00:00Z",
        ),
    ] {
        let day = &last_before[..7];
        let (before, after) = (format!("{day}-09"), format!("{day}-10"));
        let rows = || vec![click(last_before, |_| ()), click(first_after, |_| ())];
        let both = ask(rows(), zone, (&before, &after), "day", &[]);
        expect(&both, &[(&before, 1), (&after, 1)]);
        let one = ask(rows(), zone, (&after, &after), "", &[]);
        expect(&one, &[("", 1)]);
    }
}

#[test]
fn days_on_which_the_clock_changes_have_all_their_hours() {
    let every_half_hour = || {
        let start = at("2026-03-28T00:00:00Z");
        (0..24 * 2 * 3).map(move |half| start.plus_ms(half * 30 * 60_000))
    };
    let rows = every_half_hour().map(|at| {
        let row = TallyRow {
            quarter: at.quarter(),
            measures: Measures {
                clicks: 1,
                ..Measures::default()
            },
            ..TallyRow::default()
        };
        (at.utc_day(), row)
    });
    let rows: Vec<_> = rows.collect();
    let days = ("2026-03-28", "2026-03-30");
    let report = ask(rows.clone(), "Europe/Vienna", days, "day", &[]);
    // The night before the 28th begins at 23:00 UTC on the 27th.
    expect(
        &report,
        &[("2026-03-28", 46), ("2026-03-29", 46), ("2026-03-30", 48)],
    );
    let hours = ask(
        rows,
        "Europe/Vienna",
        ("2026-03-29", "2026-03-29"),
        "hour",
        &[],
    );
    let hours: Vec<super::Row> = hours.rows().collect();
    assert_eq!(hours.len(), 23);
    assert_eq!(hours[1].values[0].label(), "2026-03-29T01:00:00+01:00");
    assert_eq!(hours[2].values[0].label(), "2026-03-29T03:00:00+02:00");
}

#[test]
fn an_hour_that_the_clock_passes_twice_is_two_hours() {
    let rows = |instants: [&str; 3]| instants.map(|instant| click(instant, |_| ())).to_vec();
    let vienna = rows([
        "2026-10-25T00:30:00Z",
        "2026-10-25T01:30:00Z",
        "2026-10-25T02:30:00Z",
    ]);
    let day = ("2026-10-25", "2026-10-25");
    expect(
        &ask(vienna, "Europe/Vienna", day, "hour", &[]),
        &[
            ("2026-10-25T02:00:00+02:00", 1),
            ("2026-10-25T02:00:00+01:00", 1),
            ("2026-10-25T03:00:00+01:00", 1),
        ],
    );
    let island = rows([
        "2026-04-04T14:30:00Z",
        "2026-04-04T15:00:00Z",
        "2026-04-04T15:30:00Z",
    ]);
    let day = ("2026-04-05", "2026-04-05");
    expect(
        &ask(island, "Australia/Lord_Howe", day, "hour", &[]),
        &[
            ("2026-04-05T01:00:00+11:00", 1),
            ("2026-04-05T01:00:00+10:30", 1),
            ("2026-04-05T02:00:00+10:30", 1),
        ],
    );
}
