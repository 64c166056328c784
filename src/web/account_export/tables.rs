//! What was counted and what was done, read a page at a time: conversions, the trail,
//! the audit, receipts of consent, requests of people.

use std::io::Write;

use super::Whole;
use super::archive::{Archive, Cell, Rows};
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::model::conversion::Conversion;
use crate::model::retention::Retention;
use crate::model::trail::TrailRow;
use crate::privacy;
use crate::store::{AuditQuery, ConversionQuery};
use crate::web::api;
use crate::web::api::conversion_view::{Names, View};

/// Rows read at a time.
const PAGE: usize = 1_000;
/// Requests of people, at most.
const REQUESTS_MAX: usize = 100_000;

pub fn write(whole: &Whole<'_>, archive: &mut Archive<impl Write>) -> Result<()> {
    archive.table("conversions.csv", &CONVERSION, |rows| {
        each_conversion(whole, |one| rows.add(conversion(whole, one)))
    })?;
    archive.put("conversions.json", |out| conversions_json(whole, out))?;
    trail(whole, archive)?;
    archive.table("audit.csv", &AUDIT, |rows| audit(whole, rows))?;
    archive.table("consent.csv", &CONSENT, |rows| consent(whole, rows))?;
    let requests = whole.store.requests(whole.account.id, REQUESTS_MAX)?;
    let bodies: Vec<_> = requests.iter().map(|request| &request.body).collect();
    archive.json("requests.json", &bodies)
}

fn each_conversion(
    whole: &Whole<'_>,
    mut take: impl FnMut(&Conversion) -> Result<()>,
) -> Result<()> {
    let mut query = ConversionQuery {
        limit: PAGE,
        ..ConversionQuery::default()
    };
    loop {
        let (found, next) = whole.store.conversions(whole.account.id, &query)?;
        found.iter().try_for_each(&mut take)?;
        match next {
            Some(_) => query.cursor = next,
            None => return Ok(()),
        }
    }
}

fn conversions_json(whole: &Whole<'_>, out: &mut dyn Write) -> Result<()> {
    let names = Names::of(&whole.catalog, whole.account.id)?;
    out.write_all(b"[")?;
    let mut before = "\n";
    each_conversion(whole, |one| {
        out.write_all(before.as_bytes())?;
        before = ",\n";
        serde_json::to_writer(&mut *out, &View::of(one, &names))
            .map_err(|error| Error::internal("A file could not be written").because(error))
    })?;
    Ok(out.write_all(b"\n]\n")?)
}

const CONVERSION: [&str; 20] = [
    "at",
    "id",
    "status",
    "campaign_id",
    "campaign",
    "goal_id",
    "goal",
    "publisher_id",
    "publisher",
    "credit",
    "txn_id",
    "sale_amount_minor",
    "revenue_minor",
    "payout_minor",
    "currency",
    "original_amount_minor",
    "original_currency",
    "click_id",
    "subs",
    "notes",
];

fn conversion(whole: &Whole<'_>, one: &Conversion) -> Vec<Cell> {
    let (body, catalog) = (&one.body, &whole.catalog);
    let campaign = catalog.campaigns.get(&body.campaign);
    let goal = catalog.goal(body.campaign, body.goal);
    let publisher = body.publisher.and_then(|id| catalog.publishers.get(&id));
    // What is restricted is kept, and used for nothing (Art. 18 GDPR).
    let is_shown = !catalog.hides(body);
    let subs = body.subs.iter().filter(|_| is_shown);
    let subs: Vec<String> = subs
        .map(|(index, value)| format!("sub{}={}", index + 1, value.reveal()))
        .collect();
    let notes: Vec<&str> = body.notes.iter().map(|note| note.word()).collect();
    let txn = body.txn.as_ref().filter(|_| is_shown);
    vec![
        Cell::Plain(body.at.to_string()),
        Cell::Plain(one.id.to_string()),
        Cell::Plain(body.status.word().to_owned()),
        Cell::Plain(body.campaign.to_string()),
        Cell::text(campaign.map(|it| it.settings.name.clone())),
        Cell::Plain(body.goal.to_string()),
        Cell::text(goal.map(|goal| goal.name.clone())),
        Cell::plain(body.publisher),
        Cell::text(publisher.map(|it| it.settings.name.clone())),
        Cell::Plain(body.credit.word().to_owned()),
        Cell::text(txn.map(|txn| txn.reveal().clone())),
        Cell::plain(body.amounts.map(|amounts| amounts.sale_minor)),
        Cell::plain(body.amounts.map(|amounts| amounts.revenue_minor)),
        Cell::plain(body.amounts.map(|amounts| amounts.payout_minor)),
        Cell::Plain(whole.account.settings.currency.code().to_owned()),
        Cell::Plain(body.original_minor.to_string()),
        Cell::Plain(body.currency.code().to_owned()),
        Cell::plain(body.click.filter(|_| is_shown).map(|id| hex(&id.0))),
        Cell::Text(subs.join("; ")),
        Cell::Plain(notes.join(" ")),
    ]
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The trail by day: ids beside the names that a person's own copy has.
fn trail(whole: &Whole<'_>, archive: &mut Archive<impl Write>) -> Result<()> {
    let columns: Vec<&str> = TRAIL_IDS.into_iter().chain(privacy::hit_fields()).collect();
    archive.table("trail.csv", &columns, |rows| {
        privacy::each_hit(whole.store, whole.account.id, &mut |hit| {
            rows.add(trail_row(whole, hit))
        })
    })
}

const TRAIL_IDS: [&str; 7] = [
    "at",
    "kind",
    "id",
    "site_id",
    "campaign_id",
    "goal_id",
    "publisher_id",
];

fn trail_row(whole: &Whole<'_>, hit: &TrailRow) -> Vec<Cell> {
    let mut record = privacy::hit_record(hit, &whole.catalog, &Retention::default());
    let mut cells = vec![
        Cell::Plain(record.at),
        Cell::Plain(record.kind.to_owned()),
        Cell::Plain(record.id),
        Cell::plain(hit.site),
        Cell::plain(hit.campaign),
        Cell::plain(hit.goal),
        Cell::plain(hit.publisher),
    ];
    cells.extend(privacy::hit_fields().map(|name| Cell::text(record.fields.remove(name))));
    cells
}

const AUDIT: [&str; 8] = [
    "number", "at", "actor", "actor_id", "action", "subject", "note", "network",
];

fn audit(whole: &Whole<'_>, rows: &mut Rows<'_>) -> Result<()> {
    let mut query = AuditQuery {
        limit: PAGE,
        ..AuditQuery::default()
    };
    loop {
        let (entries, next) = whole.store.audit_entries(whole.account.id, &query)?;
        for entry in &entries {
            let subject = entry.detail.subject.map(|subject| {
                serde_json::to_string(&subject)
                    .map_err(|error| Error::internal("A file could not be written").because(error))
            });
            rows.add(vec![
                Cell::Plain(entry.number.to_string()),
                Cell::Plain(entry.at.to_string()),
                Cell::Plain(entry.actor.word().to_owned()),
                Cell::plain(entry.actor.id()),
                Cell::Plain(entry.action.word()),
                Cell::text(subject.transpose()?),
                Cell::text(Some(entry.detail.note())),
                Cell::plain(entry.network.map(|network| network.to_string())),
            ])?;
        }
        match next {
            Some(_) => query.cursor = next,
            None => return Ok(()),
        }
    }
}

const CONSENT: [&str; 9] = [
    "at",
    "site_id",
    "posture",
    "measurement",
    "attribution",
    "sharing",
    "way",
    "privacy_control",
    "notice_version",
];

fn consent(whole: &Whole<'_>, rows: &mut Rows<'_>) -> Result<()> {
    privacy::each_receipt(whole.store, whole.account.id, |kept| {
        let receipt = &kept.receipt;
        let word = |word: &str| Cell::Plain(word.to_owned());
        rows.add(vec![
            Cell::Plain(instant(receipt.at)),
            Cell::plain(receipt.site),
            word(receipt.posture.word()),
            word(receipt.consent.measurement.word()),
            word(receipt.consent.attribution.word()),
            word(receipt.consent.sharing.word()),
            word(receipt.way.word()),
            Cell::Plain(receipt.privacy_control.to_string()),
            Cell::Plain(receipt.notice.to_string()),
        ])
    })
}

fn instant(at: Timestamp) -> String {
    api::period::instant(at)
}
