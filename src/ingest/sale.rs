//! One conversion: where it belongs, whether it has counted before, what it earns.

use crate::clock::Timestamp;
use crate::crypto::BlindIndex;
use crate::model::account::Account;
use crate::model::attribution::Attribution;
use crate::model::campaign::Goal;
use crate::model::conversion::{Amounts, ConversionBody, Status};
use crate::model::hit::{Hit, HitId, Sale};
use crate::model::id::GoalId;
use crate::model::personal::Personal;
use crate::model::reason::Note;
use crate::model::tally::Dimensions;

/// Months for which a transaction counts once, as days.
pub const COUNTED_ONCE_DAYS: i64 = 396;

/// What keeps this conversion from counting twice: its transaction, else its click.
/// None: every one counts.
pub fn counted_once_key<T>(index: &BlindIndex, goal: GoalId, sale: &Sale<T>) -> Option<[u8; 16]> {
    match (&sale.txn_key, counted_click(sale)) {
        (Some(txn), _) => Some(index.counted_transaction(goal, txn)),
        (None, Some(click)) => Some(index.counted_click(goal, click)),
        (None, None) => None,
    }
}

/// The click a conversion without a transaction id is told apart by: the one it
/// names, whether or not it matched.
fn counted_click<T>(sale: &Sale<T>) -> Option<HitId> {
    sale.click
        .or_else(|| sale.cookie_clicks.first().copied())
        .map(|touch| touch.id)
}

/// The conversion as it will be stored.
pub fn body(
    account: &Account,
    hit: &Hit<&str>,
    sale: &Sale<&str>,
    attribution: &Attribution<'_>,
    dimensions: Dimensions,
) -> ConversionBody {
    let currency = sale.currency.unwrap_or(account.settings.currency);
    let mut notes = hit.notes;
    for note in attribution.notes.iter() {
        notes.add(note);
    }
    let asked = attribution
        .goal
        .first_status(sale.status, sale.authenticated);
    let amounts = amounts(account, sale, attribution.goal);
    let waits = amounts.is_none() && matches!(asked, Status::Approved | Status::Pending);
    if amounts.is_none() {
        notes.add(Note::RateMissing);
    }
    ConversionBody {
        at: hit.at,
        campaign: attribution.campaign.id,
        publisher: attribution.publisher,
        goal: attribution.goal.id,
        status: if waits { Status::Pending } else { asked },
        credit: attribution.credit,
        amounts,
        status_with_rate: waits.then_some(asked),
        original_minor: sale.amount_minor,
        currency,
        dimensions,
        txn: sale.txn.as_ref().map(Personal::to_owned),
        click: attribution.click.map(|touch| touch.id),
        subs: (hit.subs.iter())
            .map(|(index, text)| (*index, text.to_owned()))
            .collect(),
        notes,
    }
}

/// None where the sale's currency has no rate.
fn amounts<T>(account: &Account, sale: &Sale<T>, goal: &Goal) -> Option<Amounts> {
    let own = account.settings.currency;
    let currency = sale.currency.unwrap_or(own);
    let sale_minor = if currency == own {
        sale.amount_minor
    } else {
        let rate = account.settings.rates.get(currency.code())?;
        rate.convert(sale.amount_minor, currency, own)?
    };
    Some(Amounts {
        sale_minor,
        revenue_minor: goal.revenue.amount(sale_minor),
        payout_minor: goal.payout.amount(sale_minor),
    })
}

/// The oldest UTC day on which a counted transaction still counts against a new one.
pub fn counted_since(now: Timestamp) -> u32 {
    now.minus_ms(COUNTED_ONCE_DAYS * crate::clock::DAY_MS)
        .utc_day()
}
