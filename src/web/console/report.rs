//! Reports: a question asked by a form, its answer as a table with totals, and the
//! same as CSV. The answer itself is worked out in `report`.

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use askama::Template;

use super::calendar::days_until;
use super::fault::Fault;
use super::page::{Answer, Frame, Room, guarded, page};
use super::report_query::{ReportQuery, name};
use super::report_table::Table;
use super::snippet::{Choice, campaigns, publishers};
use super::visit::Visit;
use crate::error::Kind;
use crate::report::{Dimension, GROUP_BY_MAX, Question, Reach, Report, run};

/// Days of a report that was asked for without a period.
const DAYS: i64 = 30;

/// A filter that is set, and the address without it.
struct Chip {
    text: String,
    /// As it stands in the form.
    filter: String,
    without: String,
}

#[derive(Template)]
#[template(path = "report/page.html")]
struct ReportPage {
    frame: Frame,
    from: String,
    to: String,
    groupings: Vec<Vec<Choice>>,
    /// Whether the asker may choose campaigns and publishers.
    has_choices: bool,
    campaigns: Vec<Choice>,
    publishers: Vec<Choice>,
    dimensions: Vec<Choice>,
    chips: Vec<Chip>,
    table: Option<Table>,
    csv: String,
    error: Option<String>,
}

pub async fn show(visit: Visit) -> Answer {
    let query = query(&visit);
    match answer(&visit, &query).await {
        Ok(report) => {
            let currency = visit.account.settings.currency;
            let table = Table::of(&report, &query, currency);
            page(
                StatusCode::OK,
                &report_page(&visit, &query, Some(table), None),
            )
        }
        Err(Fault::Error(error)) if error.kind() == Kind::Invalid => {
            let sentence = Some(error.message().to_owned());
            page(
                StatusCode::BAD_REQUEST,
                &report_page(&visit, &query, None, sentence),
            )
        }
        Err(fault) => Err(fault),
    }
}

pub async fn download(visit: Visit) -> Answer {
    let query = query(&visit);
    let report = answer(&visit, &query).await?;
    let file: String = format!("pixelkeep-{}-{}.csv", query.from, query.to)
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'))
        .collect();
    Ok(guarded(StatusCode::OK)
        .insert_header((CONTENT_TYPE, "text/csv; charset=utf-8"))
        .insert_header((
            CONTENT_DISPOSITION,
            format!("attachment; filename=\"{file}\""),
        ))
        .body(report.to_csv()?))
}

fn query(visit: &Visit) -> ReportQuery {
    let today = visit.calendar().day(visit.now());
    let first = days_until(today, DAYS).first().copied().unwrap_or(today);
    ReportQuery::read(&visit.query, &first.to_string(), &today.to_string())
}

async fn answer(visit: &Visit, query: &ReportQuery) -> Result<Report, Fault> {
    let account = visit.account.clone();
    let question = Question::parse(
        &query.from,
        &query.to,
        &query.group_by.join(","),
        &query.filters,
        &account,
        visit.reach(),
    )?;
    visit
        .read(move |app, _| {
            run(
                &app.store.snapshot()?,
                &app.store.catalog(),
                &account,
                &question,
            )
        })
        .await
}

fn report_page(
    visit: &Visit,
    query: &ReportQuery,
    table: Option<Table>,
    error: Option<String>,
) -> ReportPage {
    let catalog = visit.catalog();
    // Who sees one publisher's figures is not told which campaigns and others there are.
    let (campaigns, publishers) = match visit.reach() {
        Reach::Account => (
            campaigns(visit, &catalog, query.filter("campaign")),
            publishers(visit, &catalog, query.filter("publisher")),
        ),
        Reach::Publisher(_) => Default::default(),
    };
    ReportPage {
        frame: visit.frame(Room::Reports, "Reports"),
        from: query.from.clone(),
        to: query.to.clone(),
        groupings: (0..GROUP_BY_MAX)
            .map(|place| dimensions(query.group_by.get(place).map_or("", String::as_str)))
            .collect(),
        chips: chips(query, &campaigns, &publishers),
        has_choices: visit.reach() == Reach::Account,
        campaigns,
        publishers,
        dimensions: dimensions(""),
        table,
        csv: query.address("/reports.csv"),
        error,
    }
}

fn dimensions(chosen: &str) -> Vec<Choice> {
    Dimension::all()
        .map(|dimension| {
            let id = dimension.to_string();
            Choice {
                name: name(dimension),
                is_chosen: id == chosen,
                id,
            }
        })
        .collect()
}

/// Filters that have no field of their own in the form.
fn chips(query: &ReportQuery, campaigns: &[Choice], publishers: &[Choice]) -> Vec<Chip> {
    let has_field = |filter: &str| match filter.split_once(':') {
        Some(("campaign", id)) => campaigns
            .iter()
            .any(|choice| choice.is_chosen && choice.id == id),
        Some(("publisher", id)) => publishers
            .iter()
            .any(|choice| choice.is_chosen && choice.id == id),
        _ => false,
    };
    let filters = query.filters.iter().filter(|filter| !has_field(filter));
    filters
        .map(|filter| Chip {
            text: chip_text(filter),
            filter: filter.clone(),
            without: query.without(filter).address("/reports"),
        })
        .collect()
}

fn chip_text(filter: &str) -> String {
    match filter.split_once(':') {
        Some((dimension, value)) => match Dimension::parse(dimension) {
            Ok(dimension) => format!("{}: {value}", name(dimension)),
            Err(_) => filter.to_owned(),
        },
        None => filter.to_owned(),
    }
}
