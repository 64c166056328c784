//! The overview: what came in and what it earned, today and lately, and why some
//! did not count. The figures are also served alone, for a page that refreshes itself.

use std::collections::BTreeMap;

use askama::Template;
use jiff::civil::Date;

use super::calendar::days_until;
use super::fault::Fault;
use super::overview_content::{Content, Found};
use super::page::{Answer, Frame, Room, ok};
use super::visit::Visit;
use crate::error::{Error, Kind};
use crate::ingest::intake;
use crate::model::account::Account;
use crate::model::action::Action;
use crate::model::catalog::Catalog;
use crate::model::tally::Measures;
use crate::report::{Period, daily};
use crate::store::{ConversionQuery, RequestsDue};
use crate::web::state::App;

/// Days that the chart shows.
const DAYS: i64 = 30;
/// Conversions that the overview lists.
const LATEST: usize = 8;

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
    /// Whether backups outlive this disk; told to whoever runs the server.
    is_recoverable: bool,
    /// Requests of people that wait for an answer, for whoever gives it.
    requests: Option<Waiting>,
    content: Content,
}

/// What the card about requests says.
struct Waiting {
    open: String,
    /// The last day for the most urgent one.
    answer_by: String,
    overdue: u64,
}

impl Waiting {
    fn of(visit: &Visit) -> Option<Waiting> {
        let RequestsDue {
            open,
            overdue,
            next_due_at,
        } = visit.requests();
        // It falls due with the end of its last day.
        let last = next_due_at?.minus_ms(1);
        Some(Waiting {
            open: match open {
                1 => "One request waits".to_owned(),
                _ => format!("{open} requests wait"),
            },
            answer_by: visit.calendar().day(last).strftime("%-d %b %Y").to_string(),
            overdue,
        })
    }
}

pub async fn show(visit: Visit) -> Answer {
    let found = read(&visit).await?;
    let steps = first_steps(&visit, &visit.catalog(), found.figures.accepted > 0);
    ok(&OverviewPage {
        frame: visit.frame(Room::Overview, "Overview"),
        steps,
        is_recoverable: visit.is_recoverable(),
        requests: Waiting::of(&visit),
        content: Content::of(&visit, found),
    })
}

pub async fn show_fragment(visit: Visit) -> Answer {
    let found = read(&visit).await?;
    ok(&Fragment {
        content: Content::of(&visit, found),
    })
}

async fn read(visit: &Visit) -> Result<Found, Fault> {
    let account = visit.account.clone();
    let today = visit.calendar().day(visit.now());
    let latest = if visit.may(Action::ReadConversions) {
        LATEST
    } else {
        0
    };
    visit
        .read(move |app, id| {
            let dates = days_until(today, DAYS);
            let Measured { days, damaged } = measure(app, &account, dates)?;
            let figures = intake(&app.store, &app.journal, id)?;
            let query = ConversionQuery {
                limit: latest,
                ..ConversionQuery::default()
            };
            let (latest, _) = app.store.conversions(id, &query)?;
            Ok(Found {
                days,
                damaged,
                latest,
                health: app.journal.health(),
                figures,
            })
        })
        .await
}

/// What each day counts.
#[derive(Default)]
struct Measured {
    days: Vec<(Date, Measures)>,
    /// Those that are damaged on the disk and count as nothing.
    damaged: Vec<Date>,
}

fn measure(app: &App, account: &Account, dates: Vec<Date>) -> Result<Measured, Error> {
    let (snapshot, catalog) = (app.store.snapshot()?, app.store.catalog());
    let between = |first: Date, last: Date| {
        let period = Period::parse(&first.to_string(), &last.to_string(), account)?;
        daily(&snapshot, &catalog, account, period)
    };
    let (Some(&first), Some(&last)) = (dates.first(), dates.last()) else {
        return Ok(Measured::default());
    };
    match between(first, last) {
        Err(error) if error.kind() == Kind::Damaged => {}
        measured => {
            return Ok(Measured {
                days: by_date(dates, measured?),
                damaged: Vec::new(),
            });
        }
    }
    let mut all = Measured::default();
    for date in dates {
        match between(date, date) {
            Err(error) if error.kind() == Kind::Damaged => {
                all.days.push((date, Measures::default()));
                all.damaged.push(date);
            }
            measured => all.days.extend(by_date(vec![date], measured?)),
        }
    }
    Ok(all)
}

fn by_date(dates: Vec<Date>, measured: Vec<(String, Measures)>) -> Vec<(Date, Measures)> {
    let measured: BTreeMap<String, Measures> = measured.into_iter().collect();
    let of_day = |date: &Date| measured.get(&date.to_string()).copied().unwrap_or_default();
    dates
        .into_iter()
        .map(|date| (date, of_day(&date)))
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
    if steps.iter().all(|step| step.is_done) || !visit.may(Action::ChangeSite) {
        Vec::new()
    } else {
        steps
    }
}
