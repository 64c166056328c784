//! What goes with an account, counted and in plain words, before anybody decides.

use crate::error::Result;
use crate::model::id::AccountId;
use crate::store::Store;

/// One line of a preview.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Doomed {
    /// The table, or a class of segments.
    pub table: &'static str,
    pub what: &'static str,
    pub count: u64,
}

/// Tables that mean something to a reader, and what is in them.
const SHOWN: [(&str, &str); 12] = [
    ("site", "sites"),
    ("campaign", "campaigns with their goals"),
    ("publisher", "publishers"),
    ("conversion", "conversions"),
    (
        "segment (trail)",
        "blocks of single visits, clicks and sales",
    ),
    ("segment (tally)", "blocks of report figures"),
    ("member", "members, who then cannot sign in any more"),
    ("api_token", "API tokens"),
    ("privacy_request", "requests of people about their data"),
    ("segment (consent)", "blocks of receipts of consent"),
    ("erasure", "erasures with their receipts"),
    ("audit", "entries of the audit log"),
];

/// What an account holds now.
pub fn doomed(store: &Store, account: AccountId) -> Result<Vec<Doomed>> {
    let rows = store.account_rows(account)?;
    let count = |table: &str| rows.get(table).copied().unwrap_or(0);
    let lines = SHOWN.into_iter().map(|(table, what)| Doomed {
        table,
        what,
        count: count(table),
    });
    Ok(lines.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::{make_account, try_open};

    #[test]
    fn every_line_of_the_preview_is_a_table_that_there_is() {
        let folder = tempfile::tempdir().unwrap();
        let store = try_open(&folder.path().join("data")).unwrap();
        let (account, _) = make_account(&store, "ann@harbour.example").unwrap();
        let rows = store.account_rows(account).unwrap();
        for (table, _) in SHOWN {
            assert!(rows.contains_key(table), "{table}");
        }
        let members = doomed(&store, account).unwrap();
        let members = members.iter().find(|line| line.table == "member");
        assert_eq!(members.map(|line| line.count), Some(1));
    }
}
