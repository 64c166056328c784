//! What every page of the console says first: that time is a test's, that a job is
//! late.

use super::page::Alert;
use crate::web::state::App;

/// The sentence for a folder whose time is moved.
pub const TEST_TIME: &str =
    "Test folder: its time follows a file and can be moved. Keep no real data here.";

/// The alerts of the moment.
pub fn alerts(app: &App) -> Vec<Alert> {
    let mut alerts = Vec::new();
    if !app.clock.is_real() {
        alerts.push(Alert {
            sentence: TEST_TIME.to_owned(),
            link: None,
        });
    }
    for late in app.schedule.late_jobs() {
        alerts.push(Alert {
            sentence: format!(
                "The job \u{201c}{}\u{201d} is late: it was due a while ago and is tried again every \
                 minute. The server's log says what keeps it.",
                late.job
            ),
            link: None,
        });
    }
    alerts
}
