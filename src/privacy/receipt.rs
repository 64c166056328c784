//! The receipt of an erasure: what went, what stays and why, when the last backup is
//! gone. Signed; nothing in it points to the person.

use serde::Serialize;

use super::export::escape;
use super::wording::counted;
use crate::clock::{DAY_MS, Timestamp};
use crate::error::{Error, Result};
use crate::store::{Cleared, Erasure, Hindrance, Store};

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
    /// What could not be cleaned up; most have none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    left: Vec<String>,
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
            "{} (campaign, publisher, goal, day, status, amounts): the business owes commission \
             for what was sold and must account for it (Art. 17(3)(b) and (e) GDPR)",
            counted(conversions, "ledger line")
        ));
    }
    stays
}

/// The signed receipt of an erasure that is done, as the text of its file.
pub(super) fn sign(
    store: &Store,
    erasure: &Erasure,
    cleared: &Cleared,
    now: Timestamp,
) -> Result<String> {
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
        left: left(cleared),
        methods: methods(cleared),
        backups_gone_at: now.plus_ms(backup_days * DAY_MS).to_string(),
        program: concat!("pixelkeep ", env!("CARGO_PKG_VERSION")),
    };
    crate::crypto::document::sign(store.keys().signer(), RECEIPT, &receipt)
}

fn methods(cleared: &Cleared) -> Vec<&'static str> {
    let mut methods = vec![
        "segments and rows written anew without the person",
        "deleted content overwritten, free pages given back",
        "write-ahead logs of both databases emptied",
    ];
    if cleared.found.is_some() {
        methods.push("databases searched for copies of what was deleted");
    }
    if cleared.is_rewritten {
        methods.push("database written anew, so that no page holds such a copy");
    }
    methods
        .push("entered in the erasure ledger: an older backup is erased again before it is served");
    methods
}

/// Copies that could not be cleaned up, in plain words.
fn left(cleared: &Cleared) -> Vec<String> {
    let mut left = Vec::new();
    if let Some(hindrance) = cleared.hindrance {
        let why = match hindrance {
            Hindrance::TooLarge => "the database is too large to be written anew",
            Hindrance::NoRoom => "the disk had no room for two days to write the database anew",
        };
        left.push(match cleared.found {
            Some(_) => format!(
                "sealed pieces of what was deleted, in {} between the rows of the database: {why}",
                counted(cleared.left, "place")
            ),
            None => format!(
                "sealed pieces of what was deleted may lie between the rows of the database: the \
                 program was cut off before it had looked for them, and {why}"
            ),
        });
    }
    if cleared.elsewhere > 0 {
        left.push(format!(
            "sealed pieces of what was deleted, in {} of files beside the databases, such as a log \
             that was set aside as damaged: delete those files",
            counted(cleared.elsewhere, "place")
        ));
    }
    left
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
    let left = match list("left") {
        none if none.is_empty() => none,
        left => format!("<h2>What could not be cleaned up</h2><ul>{left}</ul>\n"),
    };
    Ok(format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>Receipt of an erasure</title></head><body>\n\
         <h1>Receipt of an erasure</h1>\n\
         <p>Number {}. Asked on {}, done on {}.</p>\n\
         <h2>What went</h2><ul><li>{} of the trail</li><li>the details of {}</li></ul>\n{left}\
         <h2>What stays, and why</h2><ul>{}</ul>\n\
         <h2>How</h2><ul>{}</ul>\n\
         <p>The last backup that may hold the person is gone on {}.</p>\n\
         <h2>The signed receipt</h2><p>Save this text as a file; it can be checked offline with \
         <code>pixelkeep certificate verify</code>. Every byte of it counts.</p>\n<pre>{}</pre>\n\
         </body></html>\n",
        text("receipt"),
        text("begun_at"),
        text("done_at"),
        counted(count("trail_hits"), "hit"),
        counted(count("conversion_details"), "conversion"),
        list("stays"),
        list("methods"),
        text("backups_gone_at"),
        escape(receipt),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(cleared: &Cleared) -> String {
        left(cleared).join("\n")
    }

    #[test]
    fn a_receipt_tells_what_was_found_and_could_not_be_cleaned_up() {
        let clean = Cleared {
            found: Some(2),
            is_rewritten: true,
            ..Cleared::default()
        };
        assert_eq!(told(&clean), "");
        assert_eq!(methods(&clean).len(), 6);
        let large = Cleared {
            found: Some(1),
            left: 1,
            hindrance: Some(Hindrance::TooLarge),
            ..Cleared::default()
        };
        assert!(told(&large).contains("in 1 place between the rows of the database: "));
        assert!(told(&large).ends_with("too large to be written anew"));
        let unknown = Cleared {
            hindrance: Some(Hindrance::NoRoom),
            ..Cleared::default()
        };
        assert!(told(&unknown).contains("may lie between the rows"));
        assert_eq!(methods(&unknown).len(), 4);
        let elsewhere = Cleared {
            found: Some(2),
            elsewhere: 2,
            ..Cleared::default()
        };
        assert!(told(&elsewhere).contains("in 2 places of files beside the databases"));
    }
}
