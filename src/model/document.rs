//! The privacy documents, written from the inventory and the live settings: what a
//! supervisory authority, a customer or a visitor asks for. Each is headings, lines and
//! tables, which the web shows as a page or as JSON. What nobody has stated is said to
//! be missing, never made up.

mod notice;
mod processor;
mod record;
mod retention;
mod storage;
mod transfer;

use std::sync::Arc;

use serde::Serialize;

use crate::clock::Timestamp;
use crate::model::account::{Account, Site};
use crate::model::retention::Retention;

/// Which document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Record,
    Storage,
    Notice,
    Processor,
    Retention,
    Transfer,
}

impl Kind {
    pub const ALL: [Kind; 6] = [
        Kind::Record,
        Kind::Storage,
        Kind::Notice,
        Kind::Processor,
        Kind::Retention,
        Kind::Transfer,
    ];

    /// The name in addresses.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Record => "record-of-processing",
            Kind::Storage => "cookies-and-storage",
            Kind::Notice => "notice",
            Kind::Processor => "processor-facts",
            Kind::Retention => "retention-evidence",
            Kind::Transfer => "transfers",
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            Kind::Record => "Record of processing",
            Kind::Storage => "Cookies and storage",
            Kind::Notice => "Notice for your website",
            Kind::Processor => "Facts for a processor agreement",
            Kind::Retention => "Retention evidence",
            Kind::Transfer => "Region and transfers",
        }
    }

    /// What it is for.
    pub fn about(self) -> &'static str {
        match self {
            Kind::Record => "What GDPR Art. 30 asks every controller to keep.",
            Kind::Storage => "What is stored in browsers, for your cookie page and banner.",
            Kind::Notice => {
                "A text to put into your privacy notice; read it, and fill what is open."
            }
            Kind::Processor => {
                "What GDPR Art. 28(3) asks to be agreed, if you run this for others."
            }
            Kind::Retention => "How long each kind of data is kept, and how old the oldest is now.",
            Kind::Transfer => "Where the data lies, and on what it may leave.",
        }
    }

    pub fn parse(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|known| known.name() == name)
    }
}

/// What a document is written from.
pub struct Facts {
    pub account: Arc<Account>,
    pub sites: Vec<Arc<Site>>,
    /// How long the account keeps what.
    pub retention: Retention,
    /// Oldest UTC day that something is kept of, by what it is.
    pub oldest: Vec<Oldest>,
    pub now: Timestamp,
}

/// How old the oldest of a kind is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Oldest {
    pub class: crate::model::inventory::Class,
    /// None: nothing is kept.
    pub day: Option<u32>,
}

/// A document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Document {
    pub name: &'static str,
    pub title: &'static str,
    pub account: String,
    /// RFC 3339, UTC.
    pub generated_at: String,
    /// Version of the program whose inventory it was written from.
    pub version: &'static str,
    pub sections: Vec<Section>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Section {
    pub heading: &'static str,
    pub lines: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<Table>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Table {
    pub head: Vec<&'static str>,
    pub rows: Vec<Vec<String>>,
}

impl Document {
    pub fn write(kind: Kind, facts: &Facts) -> Document {
        let sections = match kind {
            Kind::Record => record::sections(facts),
            Kind::Storage => storage::sections(facts),
            Kind::Notice => notice::sections(facts),
            Kind::Processor => processor::sections(facts),
            Kind::Retention => retention::sections(facts),
            Kind::Transfer => transfer::sections(facts),
        };
        Document {
            name: kind.name(),
            title: kind.title(),
            account: facts.account.settings.name.clone(),
            generated_at: instant(facts.now),
            version: env!("CARGO_PKG_VERSION"),
            sections,
        }
    }
}

impl Section {
    fn new(heading: &'static str) -> Section {
        Section {
            heading,
            lines: Vec::new(),
            table: None,
        }
    }

    fn line(mut self, text: impl Into<String>) -> Section {
        self.lines.push(text.into());
        self
    }

    fn lines(mut self, texts: impl IntoIterator<Item = String>) -> Section {
        self.lines.extend(texts);
        self
    }

    fn table(mut self, head: Vec<&'static str>, rows: Vec<Vec<String>>) -> Section {
        self.table = Some(Table { head, rows });
        self
    }
}

/// A stated fact, or that it is missing.
fn stated(text: &str) -> String {
    if text.is_empty() {
        "Not stated yet: fill it in under Privacy documents.".to_owned()
    } else {
        text.to_owned()
    }
}

fn instant(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.millis())
        .map_or_else(|_| String::new(), |at| format!("{at:.0}"))
}

/// A UTC day, counted from 1970.
fn day(number: u32) -> String {
    let at = Timestamp::from_millis(i64::from(number) * crate::clock::DAY_MS);
    instant(at).split('T').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
#[path = "document/tests.rs"]
mod tests;
