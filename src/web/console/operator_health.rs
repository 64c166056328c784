//! How the server is doing, for whoever runs it: what waits, the disk, the jobs. All
//! accounts together; nothing tells one from another.

use super::wording;
use crate::error::Result;
use crate::store::Space;
use crate::web::state::App;

/// Below so many free bytes it is time to act: 1 GiB.
const FREE_MIN: u64 = 1 << 30;

/// What the page says of it.
pub struct Health {
    pub version: &'static str,
    /// Stored and not counted yet.
    pub waiting: String,
    /// How old the oldest of it is, where it is worth a word.
    pub lag: Option<String>,
    /// How long the disk takes for an answer that is kept.
    pub commit: String,
    pub not_taken: Option<String>,
    pub used: String,
    pub free: String,
    pub is_full: bool,
    pub is_short: bool,
    /// Jobs that are late, by name.
    pub late: Vec<&'static str>,
}

impl Health {
    /// Blocks for a look at the disk.
    pub fn read(app: &App) -> Result<Health> {
        let health = app.journal.health();
        let Space {
            used_bytes,
            free_bytes,
            disk_bytes,
        } = app.store.folder().space()?;
        let share = wording::share(as_count(free_bytes >> 20), as_count(disk_bytes >> 20));
        let overloaded = health.not_counted.get("overloaded").copied().unwrap_or(0);
        let lost = overloaded + health.unconfirmed;
        Ok(Health {
            version: env!("CARGO_PKG_VERSION"),
            waiting: wording::count(as_count(health.waiting)),
            lag: (health.settle_lag.as_secs() >= 5).then(|| wording::took(health.settle_lag)),
            commit: wording::took(health.commit.p99),
            not_taken: (lost > 0).then(|| wording::count(as_count(lost))),
            used: wording::bytes(used_bytes),
            free: format!("{}, {share}", wording::bytes(free_bytes)),
            is_full: health.disk_full,
            is_short: free_bytes < FREE_MIN,
            late: app.schedule.late_jobs().iter().map(|it| it.job).collect(),
        })
    }
}

fn as_count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
