//! Reports: `from`, `to`, `group_by` and repeatable `filter` in, `{rows, totals}` out.

use actix_web::HttpRequest;

use super::caller::{Answer, Door, found_pieces};
use super::query::Query;
use crate::error::{Error, Result};
use crate::model::id::AccountId;
use crate::report::{self, Question, Reach};
use crate::web::state::App;

pub async fn read(door: Door, request: HttpRequest) -> Answer {
    let query = Query::of(&request);
    let pieces = door
        .read(move |app, account| answer(app, account, &query))
        .await?;
    Ok(found_pieces(pieces))
}

fn answer(app: &App, account: AccountId, query: &Query) -> Result<Vec<Vec<u8>>> {
    let required = |name: &str| {
        let text = query.text(name);
        text.ok_or_else(|| Error::invalid(format!("{name} is missing: a day such as 2026-01-31.")))
    };
    let filters: Vec<String> = query.all("filter").map(str::to_owned).collect();
    let catalog = app.store.catalog();
    let account = catalog.accounts.get(&account);
    let account = account.ok_or_else(|| Error::not_found("account"))?;
    let question = Question::parse(
        required("from")?,
        required("to")?,
        query.text("group_by").unwrap_or_default(),
        &filters,
        account,
        Reach::Account,
    )?;
    let snapshot = app.store.snapshot()?;
    report::run(&snapshot, &catalog, account, &question)?.to_json_pieces()
}
