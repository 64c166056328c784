//! Everything an account holds, as one ZIP that is written while it is read: nothing of
//! it lies in a file of ours, and no more than one segment of the trail is in memory.
//! Console, API and command hand in where it goes; no HTTP in here.

mod archive;
mod figures;
mod settings;
mod tables;

use std::io::Write;
use std::sync::Arc;

use serde_json::json;

use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::model::account::Account;
use crate::model::action::Act;
use crate::model::audit::Detail;
use crate::model::catalog::Catalog;
use crate::model::id::AccountId;
use crate::privacy;
use crate::store::Store;
use archive::Archive;

/// The name under which a browser keeps it.
pub fn file_name(account: AccountId, now: Timestamp) -> String {
    format!("pixelkeep-{account}-{}.zip", now.day())
}

/// What is read for it.
struct Whole<'a> {
    store: &'a Store,
    catalog: Arc<Catalog>,
    account: Arc<Account>,
    now: Timestamp,
}

/// Notes in the account's log that everything is about to be handed out. Whoever
/// answers with it does this first.
///
/// # Errors
/// [`crate::error::Kind::NotFound`] where there is no such account,
/// [`crate::error::Kind::NotAllowed`] where its personal data is locked.
pub fn announce(store: &Store, act: Act, account: AccountId) -> Result<()> {
    if !store.catalog().accounts.contains_key(&account) {
        return Err(Error::not_found("account"));
    }
    privacy::require_unlocked(&store.catalog(), account)?;
    let detail = Detail::default().with_note("everything the account holds was handed out");
    store.record_act(act, account, detail)
}

/// Writes the ZIP. Cut off anywhere it is none: its list of files stands at the end.
pub fn write(store: &Store, account: AccountId, now: Timestamp, out: impl Write) -> Result<()> {
    let catalog = store.catalog();
    let found = catalog.accounts.get(&account).cloned();
    let whole = Whole {
        store,
        account: found.ok_or_else(|| Error::not_found("account"))?,
        catalog,
        now,
    };
    let mut archive = Archive::new(out);
    archive.put("README.txt", |out| Ok(out.write_all(README.as_bytes())?))?;
    settings::write(&whole, &mut archive)?;
    tables::write(&whole, &mut archive)?;
    figures::write(&whole, &mut archive)?;
    archive.finish(&json!({
        "format": "pixelkeep-account-1",
        "product": concat!("pixelkeep ", env!("CARGO_PKG_VERSION")),
        "account": account,
        "made_at": now.to_string(),
    }))
}

const README: &str = "\
Everything that this account holds, as it was when this file was made.

manifest.json      every file with its length, SHA-256 and number of rows
settings/          account, sites, campaigns with their goals, publishers, members,
                   tokens (never their secrets), retention rules
conversions.csv    every conversion; conversions.json has the same as the API gives it
trail.csv          every hit whose time is not over, with all that is kept of it
figures/           the account's reports by day, one file a dimension
audit.csv          who did what
consent.csv        receipts of consent that was given or taken back
requests.json      requests of people about their data
documents/         the privacy documents as they stand

Money is in minor units (cents), instants are UTC (RFC 3339), days are the account's own.
Text that a spreadsheet would take for a formula begins with an apostrophe. Whoever was
erased is in no file. Passwords, keys and secrets are not part of it.
";
