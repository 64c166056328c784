//! What every page of the console says first: that time is a test's, that a job is
//! late, that somebody waits for an answer.

use super::page::{Alert, Room};
use super::visit::Visit;
use crate::clock::Timestamp;
use crate::lifecycle::heartbeat;
use crate::model::account::AccountState;
use crate::model::action::Action;
use crate::privacy::lock_sentence;
use crate::web::state::App;

const SUSPENDED: &str = "This account is suspended by whoever runs this server: nothing is \
     counted and nothing can be changed until they let it go on. Tracking links still lead \
     visitors on, and nothing is deleted.";

/// The sentence for a folder whose time is moved.
pub const TEST_TIME: &str =
    "Test folder: its time follows a file and can be moved. Keep no real data here.";

/// Why nothing of people is shown, for who may open it again.
pub fn lock(visit: &Visit) -> Option<String> {
    let locked_at = visit.account.locked_at?;
    visit
        .may(Action::ManagePrivacy)
        .then(|| lock_sentence(locked_at))
}

/// The alerts of the moment, for who looks at this account; some are for whoever runs the
/// server alone.
pub fn alerts(visit: &Visit) -> Vec<Alert> {
    let (app, account, now) = (visit.app(), &visit.account, visit.now());
    let requests = visit.requests();
    let mut alerts = Vec::new();
    if account.state_at(now) == AccountState::Suspended {
        alerts.push(Alert {
            sentence: SUSPENDED.to_owned(),
            link: None,
        });
    }
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
    if requests.overdue > 0 {
        let number = requests.overdue;
        alerts.push(Alert {
            sentence: match number {
                1 => {
                    "A privacy request is overdue: the person had to be answered by now.".to_owned()
                }
                _ => format!(
                    "{number} privacy requests are overdue: the people had to be answered by now."
                ),
            },
            link: Some(("/requests", "Answer")),
        });
    }
    if visit.may(Action::ReadInstance) {
        alerts.extend(unproved_time(app, now));
        alerts.extend(waiting_ends(app, now));
    }
    alerts
}

/// Nothing goes by its age, because nobody can tell whether the time has passed.
fn unproved_time(app: &App, now: Timestamp) -> Option<Alert> {
    let sentence = heartbeat::doubt(&app.store, now).ok()??;
    Some(Alert {
        sentence,
        link: None,
    })
}

/// Accounts that do not expire, because nobody was told.
fn waiting_ends(app: &App, now: Timestamp) -> Option<Alert> {
    let catalog = app.store.catalog();
    let accounts = catalog.accounts.values();
    let waiting = accounts.filter(|account| account.waits_at(now)).count();
    let accounts = match waiting {
        0 => return None,
        1 => "One account has".to_owned(),
        more => format!("{more} accounts have"),
    };
    Some(Alert {
        sentence: format!(
            "{accounts} passed the last day and not expired: nobody there is known to have been \
             told. Set up mail (--smtp-host), or have a member confirm it in the console."
        ),
        link: Some((Room::Instance.path(), "See which")),
    })
}
