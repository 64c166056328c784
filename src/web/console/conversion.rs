//! Conversions: found by period, campaign, publisher and status, and approved or
//! rejected one by one. What a decision means is the model's rule.

use actix_web::http::StatusCode;
use actix_web::web;
use askama::Template;

use super::calendar::{Calendar, parse_day};
use super::conversion_row::Row;
use super::fault::Fault;
use super::form::Form;
use super::page::{Answer, Frame, Room, local_path, page, see_other};
use super::snippet::{Choice, campaigns, publishers};
use super::visit::{Posted, Visit};
use super::wording;
use crate::error::{Error, Kind, Result};
use crate::model::catalog::Catalog;
use crate::model::conversion::Status;
use crate::model::id::{CampaignId, ConversionId, PublisherId};
use crate::store::ConversionQuery;

/// Conversions on one page.
const PAGE: usize = 50;

#[derive(Template)]
#[template(path = "conversion/list.html")]
struct ListPage {
    frame: Frame,
    from: String,
    to: String,
    campaigns: Vec<Choice>,
    publishers: Vec<Choice>,
    statuses: Vec<Choice>,
    rows: Vec<Row>,
    is_filtered: bool,
    currency: &'static str,
    /// The same conversions as a table to download.
    csv: String,
    /// Where a decision comes back to.
    here: String,
    newest: Option<String>,
    older: Option<String>,
    error: Option<String>,
}

pub async fn list(visit: Visit) -> Answer {
    let catalog = visit.catalog();
    let (query, error) = match read_query(&visit.query, &catalog, &visit) {
        Ok(query) => (Some(query), None),
        Err(error) if error.kind() == Kind::NotFound => return Err(error.into()),
        Err(error) => (None, Some(error.message().to_owned())),
    };
    let (found, next) = match query {
        Some(query) => {
            visit
                .read(move |app, account| app.store.conversions(account, &query))
                .await?
        }
        None => (Vec::new(), None),
    };
    let calendar = visit.calendar();
    let text = |name: &str| visit.query.text(name).to_owned();
    let filters = filters(&visit.query);
    let status = match error {
        Some(_) => StatusCode::BAD_REQUEST,
        None => StatusCode::OK,
    };
    let list = ListPage {
        frame: visit.frame(Room::Conversions, "Conversions"),
        from: text("from"),
        to: text("to"),
        campaigns: campaigns(&visit, &catalog, visit.query.text("campaign")),
        publishers: publishers(&visit, &catalog, visit.query.text("publisher")),
        statuses: statuses(visit.query.text("status")),
        rows: found
            .iter()
            .map(|one| Row::of(one, &catalog, &calendar, visit.account.settings.currency))
            .collect(),
        is_filtered: !filters.is_empty(),
        currency: visit.account.settings.currency.code(),
        csv: format!("/conversions.csv?{filters}"),
        here: address(&filters, visit.query.text("before")),
        newest: visit.query.has("before").then(|| address(&filters, "")),
        older: next.map(|seq| address(&filters, &seq.to_string())),
        error,
    };
    page(status, &list)
}

fn statuses(chosen: &str) -> Vec<Choice> {
    [
        Status::Pending,
        Status::Approved,
        Status::Rejected,
        Status::Cancelled,
    ]
    .into_iter()
    .map(|status| Choice {
        id: status.word().to_owned(),
        name: wording::status(status).to_owned(),
        is_chosen: status.word() == chosen,
    })
    .collect()
}

/// The filters that are set, as they stand in an address.
fn filters(query: &Form) -> String {
    let mut pairs = url::form_urlencoded::Serializer::new(String::new());
    for name in ["from", "to", "campaign", "publisher", "status"] {
        if !query.text(name).is_empty() {
            pairs.append_pair(name, query.text(name));
        }
    }
    pairs.finish()
}

fn address(filters: &str, before: &str) -> String {
    let before = match before {
        "" => String::new(),
        seq => format!("before={seq}"),
    };
    let joint = if filters.is_empty() || before.is_empty() {
        ""
    } else {
        "&"
    };
    format!("/conversions?{filters}{joint}{before}")
}

pub(super) fn read_query(form: &Form, catalog: &Catalog, visit: &Visit) -> Result<ConversionQuery> {
    let calendar = visit.calendar();
    let account = visit.account.id;
    let day = |name: &str| match form.text(name) {
        "" => Ok(None),
        text => parse_day(text)
            .map(Some)
            .ok_or_else(|| Error::invalid("A day is written like 2026-11-23.")),
    };
    let campaign = match form.text("campaign") {
        "" => None,
        text => Some(own_campaign(catalog, visit, text)?),
    };
    let publisher = match form.text("publisher") {
        "" => None,
        text => Some(
            catalog
                .publisher(account, text)
                .map(|publisher| publisher.id)
                .ok_or_else(|| Error::not_found("publisher"))?,
        ),
    };
    Ok(ConversionQuery {
        from: day("from")?.and_then(|day| Calendar::start(&calendar, day)),
        to: day("to")?.and_then(|day| Calendar::end(&calendar, day)),
        campaign,
        publisher: publisher as Option<PublisherId>,
        status: Status::parse(form.text("status")),
        cursor: form.text("before").parse().ok(),
        limit: PAGE,
        ..ConversionQuery::default()
    })
}

fn own_campaign(catalog: &Catalog, visit: &Visit, text: &str) -> Result<CampaignId> {
    catalog
        .campaign(text)
        .filter(|campaign| campaign.account == visit.account.id)
        .map(|campaign| campaign.id)
        .ok_or_else(|| Error::not_found("campaign"))
}

/// Approves or rejects one conversion, and comes back to the list.
pub async fn decide(posted: Posted, id: web::Path<String>) -> Answer {
    let Posted { visit, form } = posted;
    let id: ConversionId = id.parse()?;
    let (status, done) = match form.text("decision") {
        "approve" => (Status::Approved, "approved"),
        "reject" => (Status::Rejected, "rejected"),
        _ => return Err(Fault::from(Error::invalid("Choose approve or reject."))),
    };
    visit
        .write(move |store, act, account| {
            store.change_conversion(act, account, id, |body| {
                let catalog = store.catalog();
                let goal = catalog.goal(body.campaign, body.goal);
                let goal = goal.ok_or_else(|| Error::not_found("goal"))?;
                body.decide(Some(status), None, goal)
            })
        })
        .await?;
    let back = local_path(form.text("back"));
    let back = if back.starts_with("/conversions?") {
        back
    } else {
        "/conversions?"
    };
    let joint = if back.ends_with('?') { "" } else { "&" };
    Ok(see_other(&format!("{back}{joint}done={done}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_keeps_its_filters_from_page_to_page() {
        let form = Form::parse(b"from=2026-01-01&to=&status=pending&before=7&done=approved");
        let filters = filters(&form);
        assert_eq!(filters, "from=2026-01-01&status=pending");
        assert_eq!(
            address(&filters, "5"),
            "/conversions?from=2026-01-01&status=pending&before=5"
        );
        assert_eq!(address("", ""), "/conversions?");
        assert_eq!(address("", "5"), "/conversions?before=5");
    }
}
