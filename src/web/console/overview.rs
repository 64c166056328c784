//! The overview: what came in and what it earned, today and lately, and why some
//! did not count. The figures are also served alone, for a page that refreshes itself.

use std::collections::BTreeMap;

use askama::Template;
use jiff::civil::Date;

use super::calendar::days_until;
use super::chart::{Chart, Day};
use super::conversion_row::Row;
use super::fault::Fault;
use super::page::{Answer, Frame, Room, ok};
use super::visit::Visit;
use super::wording;
use crate::ingest::intake;
use crate::model::catalog::Catalog;
use crate::model::conversion::Conversion;
use crate::model::money::Currency;
use crate::model::reason::Reason;
use crate::model::tally::Measures;
use crate::report::{Period, daily};
use crate::store::ConversionQuery;

/// Days that the chart shows.
const DAYS: i64 = 30;
/// Conversions that the overview lists.
const LATEST: usize = 8;

/// Key figures of some days.
struct Figures {
    title: &'static str,
    clicks: String,
    unique_clicks: String,
    conversions: String,
    rate: String,
    revenue: String,
    payout: String,
    /// Revenue and payout that wait for approval, where there are any.
    pending: Option<(String, String)>,
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
            rate: wording::share(measures.conversions(), measures.clicks),
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
struct NotCounted {
    count: String,
    meaning: &'static str,
}

/// Everything on the page that changes by itself.
struct Content {
    periods: Vec<Figures>,
    chart: Chart,
    currency: &'static str,
    latest: Vec<Row>,
    not_counted: Vec<NotCounted>,
}

#[derive(Template)]
#[template(path = "overview/fragment.html")]
struct Fragment {
    content: Content,
}

/// One of the first steps.
struct Step {
    is_done: bool,
    path: &'static str,
    title: &'static str,
    why: &'static str,
}

#[derive(Template)]
#[template(path = "overview/page.html")]
struct OverviewPage {
    frame: Frame,
    steps: Vec<Step>,
    content: Content,
}

pub async fn show(visit: Visit) -> Answer {
    let found = read(&visit).await?;
    let steps = first_steps(&visit, &visit.catalog(), found.accepted > 0);
    ok(&OverviewPage {
        frame: visit.frame(Room::Overview, "Overview"),
        steps,
        content: content(&visit, found),
    })
}

pub async fn show_fragment(visit: Visit) -> Answer {
    let found = read(&visit).await?;
    ok(&Fragment {
        content: content(&visit, found),
    })
}

/// What the store says, before it is put into words.
struct Found {
    days: Vec<(Date, Measures)>,
    latest: Vec<Conversion>,
    accepted: u64,
    not_counted: BTreeMap<&'static str, u64>,
}

async fn read(visit: &Visit) -> Result<Found, Fault> {
    let account = visit.account.clone();
    let today = visit.calendar().day(visit.now());
    visit
        .read(move |app, id| {
            let dates = days_until(today, DAYS);
            let first = dates.first().copied().unwrap_or(today);
            let period = Period::parse(&first.to_string(), &today.to_string(), &account)?;
            let measured = daily(
                &app.store.snapshot()?,
                &app.store.catalog(),
                &account,
                period,
            )?;
            let figures = intake(&app.store, &app.journal, id)?;
            let query = ConversionQuery {
                limit: LATEST,
                ..ConversionQuery::default()
            };
            let (latest, _) = app.store.conversions(id, &query)?;
            Ok(Found {
                days: by_date(dates, measured),
                latest,
                accepted: figures.accepted,
                not_counted: figures.not_counted,
            })
        })
        .await
}

fn by_date(dates: Vec<Date>, measured: Vec<(String, Measures)>) -> Vec<(Date, Measures)> {
    let measured: BTreeMap<String, Measures> = measured.into_iter().collect();
    let of_day = |date: &Date| measured.get(&date.to_string()).copied().unwrap_or_default();
    dates
        .into_iter()
        .map(|date| (date, of_day(&date)))
        .collect()
}

fn content(visit: &Visit, found: Found) -> Content {
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
        chart: Chart::of(&days),
        currency: currency.code(),
        latest: latest
            .map(|one| Row::of(one, &catalog, &calendar, currency))
            .collect(),
        not_counted: not_counted(&found.not_counted),
    }
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

/// What is still to do before figures can come in; nothing once all is done.
fn first_steps(visit: &Visit, catalog: &Catalog, has_figures: bool) -> Vec<Step> {
    let account = visit.account.id;
    let step = |is_done, path, title, why| Step {
        is_done,
        path,
        title,
        why,
    };
    let steps = vec![
        step(
            catalog.sites.values().any(|site| site.account == account),
            "/sites/new",
            "Add your website",
            "Tell Pixelkeep which shop it measures.",
        ),
        step(
            catalog
                .campaigns
                .values()
                .any(|campaign| campaign.account == account),
            "/campaigns/new",
            "Make a campaign",
            "Say where clicks lead, what counts as a sale and what it earns.",
        ),
        step(
            catalog
                .publishers
                .values()
                .any(|publisher| publisher.account == account),
            "/publishers/new",
            "Add a publisher",
            "Whoever sends you visitors gets a link of their own.",
        ),
        step(
            has_figures,
            "/snippets",
            "Place the code and share the link",
            "Copy the script into your shop, and the tracking link to your publisher.",
        ),
    ];
    if steps.iter().all(|step| step.is_done) {
        Vec::new()
    } else {
        steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
