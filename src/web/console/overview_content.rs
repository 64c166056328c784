//! The overview's figures in words: key figures, the chart, the latest conversions
//! and why some did not count. What they are is worked out elsewhere.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::chart::{Chart, Day};
use super::conversion_row::Row;
use super::visit::Visit;
use super::wording;
use crate::ingest::{Health, IntakeFigures};
use crate::model::action::Action;
use crate::model::conversion::Conversion;
use crate::model::money::Currency;
use crate::model::reason::Reason;
use crate::model::tally::Measures;

/// What the store says, before it is put into words.
pub struct Found {
    pub days: Vec<(Date, Measures)>,
    /// Days whose figures are damaged on the disk.
    pub damaged: Vec<Date>,
    pub latest: Vec<Conversion>,
    pub figures: IntakeFigures,
    pub health: Health,
}

/// The way of the account's hits, and how the instance does on it.
pub struct Intake {
    pub stored: String,
    pub settled: String,
    pub waiting: String,
    pub commit: String,
    pub slowest: String,
    pub lag: String,
    pub disk_full: bool,
}

impl Intake {
    fn of(figures: &IntakeFigures, health: &Health) -> Self {
        let count = |number: u64| wording::count(i64::try_from(number).unwrap_or(i64::MAX));
        Intake {
            stored: count(figures.accepted),
            settled: count(figures.settled),
            waiting: count(figures.waiting),
            commit: wording::took(health.commit.p50),
            slowest: wording::took(health.commit.p99),
            lag: wording::took(health.settle_lag),
            disk_full: health.disk_full,
        }
    }
}

/// Key figures of some days.
pub struct Figures {
    pub title: &'static str,
    pub clicks: String,
    pub unique_clicks: String,
    pub conversions: String,
    /// Conversions of a hundred clicks, where there were any.
    pub rate: Option<String>,
    pub revenue: String,
    pub payout: String,
    /// Revenue and payout that wait for approval, where there are any.
    pub pending: Option<(String, String)>,
}

impl Figures {
    fn of(title: &'static str, measures: &Measures, currency: Currency) -> Self {
        let (revenue, payout) = (
            measures.pending_revenue_minor,
            measures.pending_payout_minor,
        );
        Figures {
            title,
            clicks: wording::count(measures.clicks),
            unique_clicks: wording::count(measures.unique_clicks),
            conversions: wording::count(measures.conversions()),
            rate: (measures.clicks > 0)
                .then(|| wording::share(measures.conversions(), measures.clicks)),
            revenue: wording::amount(currency, measures.revenue_minor),
            payout: wording::amount(currency, measures.payout_minor),
            pending: (revenue != 0 || payout != 0).then(|| {
                (
                    wording::amount(currency, revenue),
                    wording::amount(currency, payout),
                )
            }),
        }
    }
}

/// Why something was not counted, and how often.
pub struct NotCounted {
    pub count: String,
    pub meaning: &'static str,
}

/// Everything on the page that changes by itself.
pub struct Content {
    pub periods: Vec<Figures>,
    /// Days whose figures are damaged and missing here, where there are any.
    pub damaged: Option<String>,
    pub chart: Chart,
    pub currency: &'static str,
    /// Whether the reader may see single conversions.
    pub shows_latest: bool,
    pub latest: Vec<Row>,
    pub intake: Intake,
    pub not_counted: Vec<NotCounted>,
}

impl Content {
    pub fn of(visit: &Visit, found: Found) -> Self {
        let currency = visit.account.settings.currency;
        let last = |count: usize| {
            let mut sum = Measures::default();
            let from = found.days.len().saturating_sub(count);
            found.days[from..].iter().for_each(|(_, day)| sum.add(day));
            sum
        };
        let days: Vec<Day> = found
            .days
            .iter()
            .map(|(date, measures)| Day {
                date: *date,
                clicks: measures.clicks,
                conversions: measures.conversions(),
            })
            .collect();
        let (catalog, calendar) = (visit.catalog(), visit.calendar());
        let latest = found.latest.iter();
        Content {
            periods: vec![
                Figures::of("Today", &last(1), currency),
                Figures::of("Last 7 days", &last(7), currency),
                Figures::of("Last 30 days", &last(30), currency),
            ],
            damaged: damaged_days(&found.damaged),
            chart: Chart::of(&days),
            currency: currency.code(),
            shows_latest: visit.may(Action::ReadConversions),
            latest: latest
                .map(|one| Row::of(one, &catalog, &calendar, currency))
                .collect(),
            intake: Intake::of(&found.figures, &found.health),
            not_counted: not_counted(&found.figures.not_counted),
        }
    }
}

fn damaged_days(days: &[Date]) -> Option<String> {
    let days: Vec<String> = days.iter().map(Date::to_string).collect();
    let (last, others) = days.split_last()?;
    Some(match others {
        [] => last.clone(),
        others => format!("{} and {last}", others.join(", ")),
    })
}

/// The most frequent reason first.
fn not_counted(counts: &BTreeMap<&'static str, u64>) -> Vec<NotCounted> {
    let mut reasons: Vec<(u64, Reason)> = Reason::ALL
        .iter()
        .filter_map(|reason| Some((*counts.get(reason.word())?, *reason)))
        .filter(|(count, _)| *count > 0)
        .collect();
    reasons.sort_unstable_by(|left, right| right.cmp(left));
    reasons
        .into_iter()
        .map(|(count, reason)| NotCounted {
            count: wording::count(i64::try_from(count).unwrap_or(i64::MAX)),
            meaning: reason.meaning(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damaged_days_are_named() {
        let days = [1, 2, 3].map(|day| jiff::civil::date(2026, 3, day));
        assert_eq!(damaged_days(&[]), None);
        assert_eq!(damaged_days(&days[..1]).unwrap(), "2026-03-01");
        let named = damaged_days(&days).unwrap();
        assert_eq!(named, "2026-03-01, 2026-03-02 and 2026-03-03");
    }

    #[test]
    fn reasons_are_told_in_sentences_the_most_frequent_first() {
        let counts = BTreeMap::from([("bot", 3), ("paused", 2_000), ("duplicate", 0)]);
        let told: Vec<_> = not_counted(&counts)
            .into_iter()
            .map(|reason| (reason.count, reason.meaning))
            .collect();
        assert_eq!(told[0], ("2,000".to_owned(), Reason::Paused.meaning()));
        assert_eq!(told[1].0, "3");
        assert_eq!(told.len(), 2);
    }
}
