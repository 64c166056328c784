//! The deletion certificate: what was destroyed, how that was checked, and when the
//! last backup is gone. A signed document without names: an account is its id.

use serde::Serialize;
use serde_json::Value;

use crate::crypto::{Signer, document};
use crate::error::{Error, Result};

/// What a certificate is as a signed document.
pub const CERTIFICATE: &str = "certificate";

/// Signs a content; gives the file.
pub fn sign(signer: &Signer, content: &impl Serialize) -> Result<String> {
    document::sign(signer, CERTIFICATE, content)
}

/// What a certificate of this server says.
///
/// # Errors
/// [`crate::error::Kind::Damaged`] where it cannot be read.
pub fn content(text: &str) -> Result<Value> {
    let whole: Value = serde_json::from_str(text)
        .map_err(|error| Error::damaged("A certificate cannot be read").because(error))?;
    Ok(whole[CERTIFICATE].clone())
}

/// The certificate for a reader, to print; it carries the signed text, of which every
/// byte counts.
///
/// # Errors
/// [`crate::error::Kind::Damaged`] where it cannot be read.
pub fn html(text: &str) -> Result<String> {
    let content = content(text)?;
    let word = |pointer: &str| match content.pointer(pointer) {
        None | Some(Value::Null) => "not stated".to_owned(),
        Some(Value::String(text)) => escape(text),
        Some(other) => escape(&other.to_string()),
    };
    let row = |(name, pointer): &(&str, &str)| {
        format!(
            "<tr><th scope=\"row\">{name}</th><td>{}</td></tr>\n",
            word(pointer)
        )
    };
    let facts: String = FACTS.iter().map(row).collect();
    let list = |name: &str| -> String {
        let items = content[name].as_array().into_iter().flatten();
        let items = items.filter_map(Value::as_str);
        items
            .map(|item| format!("<li>{}</li>\n", escape(item)))
            .collect()
    };
    let tables = content["tables"].as_array().into_iter().flatten();
    let tables: String = tables
        .map(|table| {
            let name = escape(table["table"].as_str().unwrap_or_default());
            let (before, after) = (&table["before"], &table["after"]);
            format!("<tr><th scope=\"row\">{name}</th><td>{before}</td><td>{after}</td></tr>\n")
        })
        .collect();
    Ok(format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>Certificate of deletion</title><style>{STYLE}</style></head><body>\n\
         <h1>Certificate of deletion</h1>\n<table>{facts}</table>\n\
         <h2>What was destroyed</h2>\n<table><tr><th>Table</th><th>Rows before</th>\
         <th>After</th></tr>\n{tables}</table>\n\
         <h2>How</h2>\n<ul>{}</ul>\n<h2>What is kept</h2>\n<ul>{}</ul>\n<p>{}</p>\n\
         <h2>The signed certificate</h2>\n<p>Save this text as a file; <code>pixelkeep certificate \
         verify FILE --public-key KEY</code> checks it offline. Every byte of it counts.</p>\n\
         <pre>{}</pre>\n</body></html>\n",
        list("methods"),
        list("kept"),
        word("/outside"),
        escape(text),
    ))
}

/// What stands at the top, and where in the content.
const FACTS: [(&str, &str); 16] = [
    ("Account", "/account"),
    ("Number of this certificate", "/id"),
    ("Why", "/reason"),
    ("Expired", "/timeline/expires_at"),
    ("Asked for", "/timeline/requested_at"),
    ("Due", "/timeline/due_at"),
    ("Begun", "/timeline/started_at"),
    ("Keys destroyed", "/keys/destroyed_at"),
    ("Live data gone", "/timeline/live_data_gone_at"),
    ("Live data had to be gone by", "/timeline/live_deadline"),
    (
        "Late by, in seconds (empty: in time)",
        "/timeline/late_by_seconds",
    ),
    ("Last backup gone", "/timeline/last_backup_gone_at"),
    (
        "Last snapshot of the machine gone",
        "/timeline/last_snapshot_gone_at",
    ),
    ("Bytes searched for remains", "/scan/bytes"),
    ("Remains looked for", "/scan/marks"),
    ("Remains found", "/scan/found"),
];

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;\
    padding:0 1rem}table{border-collapse:collapse;width:100%;margin:.5rem 0 1.5rem}\
    td,th{border:1px solid #8885;padding:.25rem .5rem;text-align:left;overflow-wrap:anywhere}\
    pre{white-space:pre-wrap;overflow-wrap:anywhere}:root{color-scheme:light dark}";

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
