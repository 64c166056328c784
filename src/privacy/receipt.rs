//! The receipt of an erasure: what went, what stays and why, when the last backup is
//! gone. Signed; nothing in it points to the person.

use serde::Serialize;

use super::export::escape;
use crate::clock::{DAY_MS, Timestamp};
use crate::error::{Error, Result};
use crate::store::{Erasure, Store};

/// What a receipt is signed as.
pub const RECEIPT: &str = "erasure_receipt";

#[derive(Serialize)]
struct Receipt {
    receipt: String,
    account: String,
    begun_at: String,
    done_at: String,
    went: Went,
    stays: Vec<String>,
    methods: Vec<&'static str>,
    backups_gone_at: String,
    program: &'static str,
}

#[derive(Serialize)]
struct Went {
    trail_hits: u64,
    conversion_details: u64,
    segments_rewritten: u64,
}

/// What an erasure leaves, and why, in plain words.
pub fn stays(conversions: u64) -> Vec<String> {
    let mut stays = vec![
        "counts in reports, which name nobody and cannot be led back to a person".to_owned(),
        "blind indexes, kept 13 months, so that nothing new is taken of this person and no order \
         counts twice"
            .to_owned(),
    ];
    if conversions > 0 {
        stays.push(format!(
            "{conversions} ledger lines (campaign, publisher, goal, day, status, amounts): the \
             business owes commission for them and must account for it (Art. 17(3)(b) and (e) GDPR)"
        ));
    }
    stays
}

/// The signed receipt of an erasure that is done, as the text of its file.
pub(super) fn sign(store: &Store, erasure: &Erasure, now: Timestamp) -> Result<String> {
    let body = &erasure.body;
    let backup_days = i64::from(store.account_terms()?.backup_days);
    let receipt = Receipt {
        receipt: format!("{:010x}", erasure.id),
        account: erasure.account.to_string(),
        begun_at: body.begun_at.to_string(),
        done_at: now.to_string(),
        went: Went {
            trail_hits: body.hits,
            conversion_details: body.conversions,
            segments_rewritten: body.segments,
        },
        stays: stays(body.conversions),
        methods: vec![
            "segments and rows written anew without the person",
            "deleted content overwritten, free pages given back",
            "write-ahead logs of both databases emptied",
            "entered in the erasure ledger: an older backup is erased again before it is served",
        ],
        backups_gone_at: now.plus_ms(backup_days * DAY_MS).to_string(),
        program: concat!("pixelkeep ", env!("CARGO_PKG_VERSION")),
    };
    crate::crypto::document::sign(store.keys().signer(), RECEIPT, &receipt)
}

/// A receipt for a reader; it carries the signed text, of which every byte counts.
///
/// # Errors
/// [`crate::error::Kind::Damaged`] where it cannot be read.
pub fn html(receipt: &str) -> Result<String> {
    let whole: serde_json::Value = serde_json::from_str(receipt)
        .map_err(|error| Error::damaged("A receipt cannot be read").because(error))?;
    let content = &whole[RECEIPT];
    let text = |name: &str| escape(content[name].as_str().unwrap_or_default());
    let list = |name: &str| -> String {
        let items = content[name].as_array().into_iter().flatten();
        items
            .filter_map(|item| item.as_str())
            .map(|item| format!("<li>{}</li>", escape(item)))
            .collect()
    };
    let count = |name: &str| content["went"][name].as_u64().unwrap_or(0);
    Ok(format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>Receipt of an erasure</title></head><body>\n\
         <h1>Receipt of an erasure</h1>\n\
         <p>Number {}. Asked on {}, done on {}.</p>\n\
         <h2>What went</h2><ul><li>{} hits of the trail</li><li>the details of {} conversions</li></ul>\n\
         <h2>What stays, and why</h2><ul>{}</ul>\n\
         <h2>How</h2><ul>{}</ul>\n\
         <p>The last backup that may hold the person is gone on {}.</p>\n\
         <h2>The signed receipt</h2><p>Save this text as a file; it can be checked offline with \
         <code>pixelkeep certificate verify</code>. Every byte of it counts.</p>\n<pre>{}</pre>\n\
         </body></html>\n",
        text("receipt"),
        text("begun_at"),
        text("done_at"),
        count("trail_hits"),
        count("conversion_details"),
        list("stays"),
        list("methods"),
        text("backups_gone_at"),
        escape(receipt),
    ))
}
