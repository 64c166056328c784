//! The privacy documents of an account, gathered for console and API, and as a page of
//! their own that needs nothing but itself. What stands in them is `model::document`'s.

use askama::Template;

use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::model::catalog::Catalog;
use crate::model::document::{Document, Facts};
use crate::model::id::AccountId;
use crate::store::Store;

/// What a document of an account is written from. Blocks for a read.
pub fn facts(
    store: &Store,
    catalog: &Catalog,
    account: AccountId,
    now: Timestamp,
) -> Result<Facts> {
    let found = catalog.accounts.get(&account);
    let mut sites: Vec<_> = catalog.sites.values().cloned().collect();
    sites.retain(|site| site.account == account);
    sites.sort_by_key(|site| site.id);
    Ok(Facts {
        account: found.cloned().ok_or_else(|| Error::not_found("account"))?,
        sites,
        retention: store.retention(account)?,
        oldest: store.oldest_days(account)?,
        now,
    })
}

#[derive(Template)]
#[template(path = "document/alone.html")]
struct Alone<'a> {
    document: &'a Document,
}

/// The document as one file of HTML.
pub fn html(document: &Document) -> Result<String> {
    Alone { document }
        .render()
        .map_err(|error| Error::internal("A document could not be written.").because(error))
}
