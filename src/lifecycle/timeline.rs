//! When a purge was due, when it began and ended, and whether that was in time. Pure.

use serde_json::{Value, json};

use crate::clock::{DAY_MS, Timestamp};
use crate::model::life::{Life, Purge, Reason, Terms};

/// Days that a deletion may take once it is due.
const REQUEST_TAKES_DAYS: i64 = 5;

/// By when live data had to be gone.
fn live_deadline(purge: &Purge, terms: Terms) -> Timestamp {
    match (purge.reason, purge.expires_at) {
        (Reason::Expired, Some(expires_at)) => {
            let asked = purge.due_at.plus_ms(DAY_MS * REQUEST_TAKES_DAYS);
            terms.window(expires_at).live_deadline.max(asked)
        }
        _ => purge.due_at.plus_ms(DAY_MS * REQUEST_TAKES_DAYS),
    }
}

/// By how many milliseconds a purge that ends now is late; none where it is in time.
pub(super) fn late_by(purge: &Purge, terms: Terms, now: Timestamp) -> Option<i64> {
    let late = now.millis() - live_deadline(purge, terms).millis();
    (late > 0).then_some(late)
}

/// As a certificate tells it.
pub(super) fn timeline(purge: &Purge, life: &Life, terms: Terms, now: Timestamp) -> Value {
    let text = |at: Option<Timestamp>| at.map(|at| at.to_string());
    json!({
        "created_at": text(life.created_at),
        "expires_at": text(purge.expires_at),
        "requested_at": text(purge.requested_at),
        "due_at": purge.due_at.to_string(),
        "live_deadline": live_deadline(purge, terms).to_string(),
        "started_at": purge.started_at.to_string(),
        "live_data_gone_at": now.to_string(),
        "last_backup_gone_at": now.plus_ms(i64::from(terms.backup_days) * DAY_MS).to_string(),
        "late_by_seconds": late_by(purge, terms, now).map(|ms| ms / 1_000),
    })
}
