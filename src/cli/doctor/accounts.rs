//! What `doctor` finds about accounts, from outside: ids and counts, never a name.

use std::collections::BTreeMap;

use super::Finding;
use crate::clock::Timestamp;
use crate::error::Result;
use crate::model::instance::Snapshots;
use crate::store::Store;

/// What the operator said of snapshots of the whole machine.
pub fn snapshots(store: &Store) -> Result<Finding> {
    let text = match store.instance_settings()?.snapshots {
        Snapshots::Unsaid => {
            "Snapshots of the whole machine by its provider hold key and data together, and \
             outlive what is deleted here: see that they end, and say in the console \
             (This server, Certificates) how long they are kept."
        }
        Snapshots::None => "There are no snapshots of the whole machine, as the operator says.",
        Snapshots::Kept { .. } => {
            "Snapshots of the whole machine end, as the operator says; certificates name the day."
        }
    };
    Ok(Finding {
        check: "snapshots",
        ok: true,
        text: text.to_owned(),
    })
}

/// Accounts that do not expire, because nobody was told.
pub fn ends(store: &Store, now: Timestamp) -> Finding {
    let catalog = store.catalog();
    let mut waiting: Vec<String> = catalog
        .accounts
        .values()
        .filter(|account| account.waits_at(now))
        .map(|account| account.id.to_string())
        .collect();
    waiting.sort();
    Finding {
        check: "ends",
        ok: waiting.is_empty(),
        text: match waiting.is_empty() {
            true => "No account waits for its end.".to_owned(),
            false => format!(
                "The last day of {} has passed, and nobody there is known to have been told: the \
                 end waits. Set up mail (--smtp-host), or have a member confirm it in the console.",
                waiting.join(", ")
            ),
        },
    }
}

/// Sites whose posture wants a declaration that is missing, or speaks against it.
pub fn postures(store: &Store) -> Finding {
    let catalog = store.catalog();
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    for site in catalog.sites.values() {
        if !site.settings.warnings().is_empty() {
            *found.entry(site.account.to_string()).or_default() += 1;
        }
    }
    let sites: Vec<String> = found
        .iter()
        .map(|(account, count)| format!("{count} of {account}"))
        .collect();
    Finding {
        check: "consent",
        ok: sites.is_empty(),
        text: match sites.is_empty() {
            true => "Every site counts before consent only what it declared.".to_owned(),
            false => format!(
                "Sites that do more than count before visitors answer, without a declaration that \
                 allows it: {}. Their own page in the console says what is missing.",
                sites.join(", ")
            ),
        },
    }
}

/// Personal data that is locked since the ledger of erased people was lost.
pub fn locks(store: &Store) -> Finding {
    let catalog = store.catalog();
    let accounts = catalog.accounts.values();
    let locked = accounts.filter(|it| it.locked_at.is_some()).count();
    Finding {
        check: "personal_data",
        ok: locked == 0,
        text: match locked {
            0 => "No account's personal data is locked.".to_owned(),
            _ => format!(
                "Personal data of {locked} accounts is locked since the list of erased people was \
                 lost. Each opens it in its console, or privacy unlock does."
            ),
        },
    }
}
