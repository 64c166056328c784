//! The list of conversions as a table to download: the same filters, all pages, one row
//! a conversion. No cell begins as a formula would.

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};

use super::conversion::read_query;
use super::page::{Answer, guarded};
use super::visit::Visit;
use super::wording;
use crate::error::{Error, Result};
use crate::model::account::Account;
use crate::model::catalog::Catalog;
use crate::model::conversion::Conversion;
use crate::model::id::AccountId;
use crate::report::spreadsheet_safe;
use crate::store::{ConversionQuery, Store};

/// Rows of one table at most.
const ROWS_MAX: usize = crate::model::limits::FILE_ROWS;

const COLUMNS: [&str; 15] = [
    "at",
    "conversion_id",
    "campaign",
    "campaign_id",
    "goal",
    "publisher",
    "publisher_id",
    "status",
    "credit",
    "order",
    "sale_amount_minor",
    "revenue_minor",
    "payout_minor",
    "currency",
    "notes",
];

pub async fn download(visit: Visit) -> Answer {
    let query = read_query(&visit.query, &visit.catalog(), &visit)?;
    let account = visit.account.clone();
    let text = visit
        .read(move |app, id| {
            let found = all(&app.store, id, query)?;
            table(&found, &app.store.catalog(), &account)
        })
        .await?;
    Ok(guarded(StatusCode::OK)
        .insert_header((CONTENT_TYPE, "text/csv; charset=utf-8"))
        .insert_header((
            CONTENT_DISPOSITION,
            "attachment; filename=\"pixelkeep-conversions.csv\"",
        ))
        .body(text))
}

/// Every conversion that fits, newest first.
fn all(store: &Store, account: AccountId, mut query: ConversionQuery) -> Result<Vec<Conversion>> {
    let mut found = Vec::new();
    query.cursor = None;
    loop {
        query.limit = ROWS_MAX + 1 - found.len();
        let (some, next) = store.conversions(account, &query)?;
        found.extend(some);
        if found.len() > ROWS_MAX {
            return Err(Error::invalid(format!(
                "That is more than {ROWS_MAX} conversions. Choose a shorter period, or read them \
                 by the API."
            )));
        }
        if next.is_none() {
            return Ok(found);
        }
        query.cursor = next;
    }
}

fn table(found: &[Conversion], catalog: &Catalog, account: &Account) -> Result<String> {
    let mut table = csv::Writer::from_writer(Vec::new());
    let failed = |cause| Error::internal("The table cannot be written").because(cause);
    table.write_record(COLUMNS).map_err(failed)?;
    for conversion in found {
        table
            .write_record(cells(conversion, catalog, account))
            .map_err(failed)?;
    }
    let bytes = table.into_inner().map_err(|cause| {
        Error::internal("The table cannot be written").because(cause.to_string())
    })?;
    String::from_utf8(bytes)
        .map_err(|cause| Error::internal("The table cannot be written").because(cause))
}

fn cells(conversion: &Conversion, catalog: &Catalog, account: &Account) -> [String; 15] {
    let body = &conversion.body;
    let campaign = catalog.campaigns.get(&body.campaign);
    let goal = catalog.goal(body.campaign, body.goal);
    let publisher = body.publisher.and_then(|id| catalog.publishers.get(&id));
    let name = |text: Option<&str>| spreadsheet_safe(text.unwrap_or_default());
    let minor = |amount: Option<i64>| amount.map_or_else(String::new, |minor| minor.to_string());
    let notes: Vec<&str> = body.notes.iter().map(|note| note.meaning()).collect();
    let at = jiff::Timestamp::from_millisecond(body.at.millis());
    [
        at.map(|at| at.to_string()).unwrap_or_default(),
        conversion.id.to_string(),
        name(campaign.map(|campaign| campaign.settings.name.as_str())),
        body.campaign.to_string(),
        name(goal.map(|goal| goal.name.as_str())),
        name(publisher.map(|publisher| publisher.settings.name.as_str())),
        body.publisher.map_or_else(String::new, |id| id.to_string()),
        body.status.word().to_owned(),
        wording::credit(body.credit).to_owned(),
        name(
            body.txn
                .as_ref()
                .filter(|_| !catalog.hides(body))
                .map(|txn| txn.reveal().as_str()),
        ),
        minor(body.amounts.map(|amounts| amounts.sale_minor)),
        minor(body.amounts.map(|amounts| amounts.revenue_minor)),
        minor(body.amounts.map(|amounts| amounts.payout_minor)),
        account.settings.currency.code().to_owned(),
        notes.join(" "),
    ]
}
