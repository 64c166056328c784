//! What is held of a person, to hand out: a page to read, JSON and CSV for programs, and
//! what the law wants said with it (Art. 15 and 20 GDPR).

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::bundle::{Bundle, File};
use super::find::Found;
use super::lock;
use super::wording::{Record, conversion, hit};
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::model::catalog::Catalog;
use crate::model::id::AccountId;
use crate::model::inventory::Class;
use crate::model::retention::Retention;

/// Everything that was found, as files.
///
/// # Errors
/// [`crate::error::Kind::NotAllowed`] where personal data is locked.
pub fn export(
    found: &Found,
    catalog: &Catalog,
    account: AccountId,
    now: Timestamp,
) -> Result<Bundle> {
    lock::require_open(found.locked_at)?;
    let kept = &found.retention;
    let hits = found.hits.iter();
    let hits: Vec<Record> = hits.map(|row| hit(row, catalog, kept)).collect();
    let conversions = found
        .conversions
        .iter()
        .map(|one| conversion(one, catalog, account, kept))
        .collect::<Result<Vec<Record>>>()?;
    let about = about(catalog, account, kept, now);
    let data = json!({
        "format": "pixelkeep-person-1",
        "made_at": now.to_string(),
        "about": about,
        "hits": hits,
        "conversions": conversions,
    });
    Bundle::new(vec![
        File::new(
            "index.html",
            page(
                &Heading {
                    by: about["controller"].as_str().unwrap_or("this business"),
                    counted: format!("{} hits and {} conversions", hits.len(), conversions.len()),
                    now,
                },
                &about,
                &[("Conversions", &conversions), ("Hits", &hits)],
            ),
        ),
        File::new("data.json", json_text(&data)?),
        File::new("csv/hits.csv", csv(&hits)?),
        File::new("csv/conversions.csv", csv(&conversions)?),
    ])
}

pub(super) fn json_text(value: &Value) -> Result<Vec<u8>> {
    serde_json::to_vec_pretty(value)
        .map_err(|error| Error::internal("An export could not be written").because(error))
}

/// What must be said with a copy of the data.
fn about(catalog: &Catalog, account: AccountId, retention: &Retention, now: Timestamp) -> Value {
    let name = catalog
        .accounts
        .get(&account)
        .map(|it| it.settings.name.clone());
    let publishers: BTreeSet<&str> = catalog
        .publishers
        .values()
        .filter(|publisher| publisher.account == account)
        .map(|publisher| publisher.settings.name.as_str())
        .collect();
    json!({
        "controller": name,
        "made_at": now.to_string(),
        "purposes": "counting advertising, crediting sales to who sent the visitor, paying commission",
        "recipients": {
            "figures_without_names": publishers,
            "single_events": "handed to nobody by this program",
        },
        "kept": format!(
            "visits {}; conversions {}",
            Class::Trail.kept(retention),
            Class::Conversion.kept(retention)
        ),
        "source": "this person's browser, and the shop's own pages and server",
        "profiling": "a sale is credited to the click before it; no decision about the person follows from it",
        "rights": "to have it corrected, erased or restricted, to object, to withdraw consent, and to complain to a supervisory authority",
    })
}

/// Rows of a spreadsheet: one a record, one column a field. A cell that a spreadsheet
/// would take for a formula is made a text.
pub(super) fn csv(records: &[Record]) -> Result<Vec<u8>> {
    let names: BTreeSet<&str> = records
        .iter()
        .flat_map(|record| record.fields.keys().map(String::as_str))
        .collect();
    let failed = |error: csv::Error| Error::internal("A table could not be written").because(error);
    let mut writer = csv::Writer::from_writer(Vec::new());
    let head = ["kind", "id", "at"]
        .into_iter()
        .chain(names.iter().copied());
    writer.write_record(head).map_err(failed)?;
    for record in records {
        let mut cells = vec![record.kind.to_owned(), calm(&record.id), calm(&record.at)];
        let of = |name: &&str| record.fields.get(*name).map(String::as_str);
        cells.extend(names.iter().map(|name| calm(of(name).unwrap_or_default())));
        writer.write_record(&cells).map_err(failed)?;
    }
    writer
        .into_inner()
        .map_err(|_| Error::internal("A table could not be written."))
}

fn calm(cell: &str) -> String {
    match cell.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r') => format!("'{cell}"),
        _ => cell.to_owned(),
    }
}

/// Text as it may stand in HTML.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            letter => escaped.push(letter),
        }
    }
    escaped
}

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;\
    padding:0 1rem}table{border-collapse:collapse;margin:.5rem 0 1.5rem;width:100%}\
    td,th{border:1px solid #8885;padding:.25rem .5rem;text-align:left;overflow-wrap:anywhere}\
    th{width:14rem}:root{color-scheme:light dark}";

/// What stands above a copy.
pub(super) struct Heading<'a> {
    /// Who holds it.
    pub by: &'a str,
    pub counted: String,
    pub now: Timestamp,
}

/// A copy as a page: what must be said with it, then its parts.
pub(super) fn page(heading: &Heading<'_>, about: &Value, parts: &[(&str, &[Record])]) -> String {
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>What is held of you</title><style>{STYLE}</style></head><body>\n\
         <h1>What is held of you</h1>\n<p>By {}, as of {}: {}.</p>\n",
        escape(heading.by),
        escape(&heading.now.to_string()),
        escape(&heading.counted),
    );
    html.push_str("<h2>About this copy</h2>\n<table>");
    for (name, value) in about.as_object().into_iter().flatten() {
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        let name = name.replace('_', " ");
        html.push_str(&format!(
            "<tr><th>{}</th><td>{}</td></tr>",
            escape(&name),
            escape(&text)
        ));
    }
    html.push_str("</table>\n");
    for (title, records) in parts {
        html.push_str(&format!("<h2>{title}</h2>\n"));
        if records.is_empty() {
            html.push_str("<p>None.</p>\n");
        }
        for record in records.iter() {
            html.push_str(&section(record));
        }
    }
    html.push_str("</body></html>\n");
    html
}

fn section(record: &Record) -> String {
    let mut html = format!(
        "<h3>{}</h3>\n<p>{}</p>\n<table>",
        escape(&record.at),
        escape(&record.sentence)
    );
    for (name, value) in &record.fields {
        let row = format!(
            "<tr><th>{}</th><td>{}</td></tr>",
            escape(name),
            escape(value)
        );
        html.push_str(&row);
    }
    html.push_str("</table>\n");
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_becomes_a_text_and_markup_stays_one() {
        assert_eq!(calm("=1+1"), "'=1+1");
        assert_eq!(calm("A-1"), "A-1");
        assert_eq!(escape("<b>\"'&"), "&lt;b&gt;&quot;&#39;&amp;");
    }
}
