//! What is held of a person, in plain words and as fields.

use std::collections::BTreeMap;

use serde::Serialize;

use super::find::Found;
use super::lock;
use crate::error::{Error, Result};
use crate::model::catalog::Catalog;
use crate::model::conversion::Conversion;
use crate::model::hit::Kind;
use crate::model::id::AccountId;
use crate::model::inventory::Class;
use crate::model::reason::{Note, Reason};
use crate::model::retention::Retention;
use crate::model::trail::TrailRow;

/// One thing that is held: its fields by name, and a sentence.
#[derive(Debug, Clone, Serialize)]
pub struct Record {
    pub kind: &'static str,
    pub id: String,
    pub at: String,
    pub sentence: String,
    pub fields: BTreeMap<String, String>,
    pub purpose: &'static str,
    pub kept: String,
    pub source: &'static str,
}

/// A number of things: `1 hit`, `2 hits`.
pub fn counted(count: u64, thing: &str) -> String {
    let many = if count == 1 { "" } else { "s" };
    format!("{count} {thing}{many}")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn kind_word(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Impression => ("impression", "An advertisement was shown"),
        Kind::Click => ("click", "A tracking link was followed"),
        Kind::View => ("view", "A page was seen"),
        Kind::Conversion => ("conversion_hit", "A goal was reached"),
    }
}

struct Fields(BTreeMap<String, String>);

impl Fields {
    fn put(&mut self, name: &str, value: impl Into<String>) {
        self.0.insert(name.to_owned(), value.into());
    }

    fn maybe(&mut self, name: &str, value: Option<impl Into<String>>) {
        if let Some(value) = value {
            self.put(name, value);
        }
    }
}

fn campaign_name(catalog: &Catalog, id: crate::model::id::CampaignId) -> String {
    let campaign = catalog.campaigns.get(&id);
    campaign.map_or_else(|| id.to_string(), |it| it.settings.name.clone())
}

fn publisher_name(catalog: &Catalog, id: crate::model::id::PublisherId) -> String {
    let publisher = catalog.publishers.get(&id);
    publisher.map_or_else(|| id.to_string(), |it| it.settings.name.clone())
}

/// Names of all fields that a hit can have, in the order of a table.
const HIT_FIELDS: [&str; 44] = [
    "campaign",
    "publisher",
    "site",
    "country",
    "device",
    "os",
    "browser",
    "referrer_host",
    "source",
    "creative",
    "p1",
    "p2",
    "p3",
    "p4",
    "p5",
    "p6",
    "p7",
    "p8",
    "p9",
    "p10",
    "sub1",
    "sub2",
    "sub3",
    "sub4",
    "sub5",
    "sub6",
    "sub7",
    "sub8",
    "sub9",
    "sub10",
    "sub11",
    "sub12",
    "sub13",
    "sub14",
    "sub15",
    "url",
    "referrer",
    "visitor_id",
    "event_id",
    "transaction_id",
    "conversion_id",
    "not_counted_because",
    "notes",
    "consent_for",
];

/// The same, for whoever makes a table of hits.
pub fn hit_fields() -> impl Iterator<Item = &'static str> {
    HIT_FIELDS.into_iter()
}

/// A hit of the trail.
pub fn hit(row: &TrailRow, catalog: &Catalog, retention: &Retention) -> Record {
    let (kind, what) = kind_word(row.kind);
    let mut fields = Fields(BTreeMap::new());
    fields.maybe(
        "campaign",
        row.campaign.map(|id| campaign_name(catalog, id)),
    );
    fields.maybe(
        "publisher",
        row.publisher.map(|id| publisher_name(catalog, id)),
    );
    let site = row.site.and_then(|id| catalog.sites.get(&id));
    fields.maybe("site", site.map(|site| site.settings.name.clone()));
    fields.put("country", row.origin.country.name());
    fields.put("device", row.origin.device.name());
    fields.put("os", row.origin.os.name());
    fields.put("browser", row.origin.browser.name());
    fields.maybe("referrer_host", row.referrer_host.clone());
    fields.maybe("source", row.source.clone());
    fields.maybe("creative", row.creative.clone());
    for (index, value) in &row.params {
        fields.put(&format!("p{}", index + 1), value.reveal().clone());
    }
    for (index, value) in &row.subs {
        fields.put(&format!("sub{}", index + 1), value.reveal().clone());
    }
    fields.maybe("url", row.url.as_ref().map(|url| url.reveal().clone()));
    fields.maybe(
        "referrer",
        row.referrer.as_ref().map(|url| url.reveal().clone()),
    );
    fields.maybe(
        "visitor_id",
        row.visitor.as_ref().map(|id| hex(&id.reveal().0)),
    );
    fields.maybe("event_id", row.event.map(|id| hex(&id.0)));
    fields.maybe(
        "transaction_id",
        row.txn.as_ref().map(|txn| txn.reveal().clone()),
    );
    fields.maybe("conversion_id", row.conversion.map(|id| id.to_string()));
    fields.maybe("not_counted_because", row.outcome.map(Reason::meaning));
    let notes: Vec<&str> = row.notes.iter().map(Note::word).collect();
    fields.maybe("notes", (!notes.is_empty()).then(|| notes.join(", ")));
    let permits = [
        ("measurement", row.permits.measurement),
        ("attribution", row.permits.attribution),
        ("sharing", row.permits.sharing),
    ];
    let granted: Vec<&str> = permits.iter().filter(|it| it.1).map(|it| it.0).collect();
    fields.put("consent_for", granted.join(", "));
    let of = fields
        .0
        .get("campaign")
        .map(|name| format!(" of the campaign “{name}”"));
    Record {
        kind,
        id: hex(&row.id.0),
        at: row.at.to_string(),
        sentence: format!("{what}{}.", of.unwrap_or_default()),
        fields: fields.0,
        purpose: "measuring and crediting advertising",
        kept: Class::Trail.kept(retention),
        source: "this browser",
    }
}

/// A conversion.
pub fn conversion(
    one: &Conversion,
    catalog: &Catalog,
    account: AccountId,
    retention: &Retention,
) -> Result<Record> {
    let body = &one.body;
    let account = catalog
        .accounts
        .get(&account)
        .ok_or_else(|| Error::not_found("account"))?;
    let mut fields = Fields(BTreeMap::new());
    let campaign = campaign_name(catalog, body.campaign);
    fields.put("campaign", campaign.clone());
    let goal = catalog.goal(body.campaign, body.goal);
    fields.maybe("goal", goal.map(|goal| goal.name.clone()));
    fields.maybe(
        "publisher",
        body.publisher.map(|id| publisher_name(catalog, id)),
    );
    fields.put("status", body.status.word());
    fields.put("credited_by", body.credit.word());
    fields.put("amount", body.currency.format_number(body.original_minor));
    fields.put("currency", body.currency.code());
    if let Some(amounts) = body.amounts {
        let own = account.settings.currency;
        fields.put("commission", own.format_number(amounts.payout_minor));
        fields.put("commission_currency", own.code());
    }
    fields.maybe(
        "transaction_id",
        body.txn.as_ref().map(|txn| txn.reveal().clone()),
    );
    fields.maybe("click_hit_id", body.click.map(|id| hex(&id.0)));
    for (index, value) in &body.subs {
        fields.put(&format!("sub{}", index + 1), value.reveal().clone());
    }
    let dimensions = &body.dimensions;
    fields.put("country", dimensions.origin.country.name());
    fields.put("device", dimensions.origin.device.name());
    fields.put("os", dimensions.origin.os.name());
    fields.put("browser", dimensions.origin.browser.name());
    fields.maybe("source", dimensions.source.clone());
    fields.maybe("referrer_host", dimensions.referrer_host.clone());
    for (index, value) in dimensions.params.iter().enumerate() {
        fields.maybe(&format!("p{}", index + 1), value.clone());
    }
    let notes: Vec<&str> = body.notes.iter().map(Note::word).collect();
    fields.maybe("notes", (!notes.is_empty()).then(|| notes.join(", ")));
    Ok(Record {
        kind: "conversion",
        id: one.id.to_string(),
        at: body.at.to_string(),
        sentence: format!(
            "A goal of the campaign “{campaign}” was reached, worth {} {}.",
            body.currency.format_number(body.original_minor),
            body.currency.code()
        ),
        fields: fields.0,
        purpose: "crediting the sale and paying commission for it",
        kept: Class::Conversion.kept(retention),
        source: "the shop's page or server",
    })
}

/// Everything that was found: conversions, then hits.
///
/// # Errors
/// [`crate::error::Kind::NotAllowed`] where personal data is locked.
pub fn records(found: &Found, catalog: &Catalog, account: AccountId) -> Result<Vec<Record>> {
    lock::require_open(found.locked_at)?;
    let mut records = found
        .conversions
        .iter()
        .map(|one| conversion(one, catalog, account, &found.retention))
        .collect::<Result<Vec<Record>>>()?;
    let hits = found.hits.iter();
    records.extend(hits.map(|row| hit(row, catalog, &found.retention)));
    Ok(records)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::model::consent::Permits;
    use crate::model::hit::{EventId, HitId, VisitorId};
    use crate::model::id::{CampaignId, ConversionId, PublisherId, SiteId};
    use crate::model::personal::Personal;
    use crate::model::reason::Notes;

    /// A field without a column would be lost from the account's own copy.
    #[test]
    fn every_field_of_a_hit_has_its_column() {
        let text = || Personal::new("x".to_owned());
        let mut notes = Notes::default();
        notes.add(Note::Restricted);
        let numbered = |count: u8| (0..count).map(|index| (index, text())).collect();
        let row = TrailRow {
            id: HitId([1; 16]),
            at: Timestamp::default(),
            kind: Kind::Click,
            permits: Permits::default(),
            site: Some(SiteId::from_random(1)),
            campaign: Some(CampaignId::from_random(1)),
            publisher: Some(PublisherId::from_random(1)),
            goal: None,
            landing: None,
            origin: Default::default(),
            referrer_host: Some("x".to_owned()),
            source: Some("x".to_owned()),
            creative: Some("x".to_owned()),
            params: numbered(10),
            subs: numbered(15),
            url: Some(text()),
            referrer: Some(text()),
            visitor: Some(Personal::new(VisitorId([2; 16]))),
            event: Some(EventId([3; 16])),
            txn: Some(text()),
            conversion: Some(ConversionId(4)),
            outcome: Some(Reason::Duplicate),
            notes,
        };
        let record = hit(&row, &Catalog::default(), &Retention::default());
        let lost: Vec<&String> = record
            .fields
            .keys()
            .filter(|name| !HIT_FIELDS.contains(&name.as_str()))
            .collect();
        assert!(lost.is_empty(), "{lost:?}");
        assert!(record.fields.len() + 1 >= HIT_FIELDS.len(), "{record:?}");
    }
}
