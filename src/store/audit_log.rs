//! The audit read back: entries newest first, and the whole of a log held against its
//! own chain. Nothing here decides what a break means.

use std::collections::BTreeSet;

use rusqlite::{Connection, Row, params};

use super::Store;
use super::audit::{AuditBody, AuditHead, audit_head};
use super::database::failed;
use crate::clock::Timestamp;
use crate::crypto::{Sealer, chain};
use crate::error::{Error, Result};
use crate::model::audit::{AuditCheck, AuditEntry, AuditFault, Network};
use crate::model::id::{AccountId, MemberId};

/// Entries opened for one answer at most; then the answer names where to go on.
const SCANNED_MAX: usize = 20_000;
/// Entries in which different acts are looked for.
const ACTIONS_SCANNED: usize = 2_000;

/// Which entries, newest first.
#[derive(Debug, Clone, Default)]
pub struct AuditQuery {
    /// At or after.
    pub from: Option<Timestamp>,
    /// Before.
    pub to: Option<Timestamp>,
    /// The word of an action.
    pub action: Option<String>,
    /// The word of an actor.
    pub actor: Option<String>,
    /// What this member did, and what was done to them.
    pub member: Option<MemberId>,
    /// The number of the last entry of the answer before.
    pub cursor: Option<u64>,
    /// How many at most.
    pub limit: usize,
}

impl AuditQuery {
    fn matches(&self, entry: &AuditEntry) -> bool {
        let asked =
            |asked: &Option<String>, word: &str| asked.as_deref().is_none_or(|asked| asked == word);
        self.from.is_none_or(|from| entry.at >= from)
            && self.to.is_none_or(|to| entry.at < to)
            && asked(&self.action, &entry.action.word())
            && asked(&self.actor, entry.actor.word())
            && self.member.is_none_or(|member| entry.is_about(member))
    }
}

/// One row of the table.
struct AuditRow {
    seq: i64,
    number: u64,
    entry: chain::Hash,
    hash: chain::Hash,
    body: Vec<u8>,
    network: Option<Vec<u8>>,
}

impl AuditRow {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(AuditRow {
            seq: row.get(0)?,
            number: row.get::<_, i64>(1)? as u64,
            entry: row.get(2)?,
            hash: row.get(3)?,
            body: row.get(4)?,
            network: row.get(5)?,
        })
    }

    fn content(&self, sealer: &Sealer) -> Result<Vec<u8>> {
        sealer.open("audit", "body", self.seq, &self.body)
    }

    fn open(&self, sealer: &Sealer) -> Result<AuditEntry> {
        let body: AuditBody = serde_json::from_slice(&self.content(sealer)?)
            .map_err(|error| Error::damaged("An audit entry cannot be read").because(error))?;
        let network: Option<Network> = match &self.network {
            Some(sealed) => {
                let json = sealer.open("audit", "network", self.seq, sealed)?;
                serde_json::from_slice(&json).ok()
            }
            None => None,
        };
        Ok(AuditEntry {
            number: self.number,
            actor: body.actor,
            action: body.action,
            at: Timestamp::from_millis(body.at),
            detail: body.detail,
            network,
        })
    }

    /// What is wrong with this row behind the one before it.
    fn fault(&self, account: AccountId, before: &AuditHead, sealer: &Sealer) -> Option<AuditFault> {
        let expected = before.number + 1;
        if self.number != expected {
            return Some(AuditFault::Missing(expected));
        }
        let link = chain::link(account.row(), self.number, &before.hash, &self.entry);
        if link != self.hash {
            return Some(AuditFault::Changed(self.number));
        }
        if self.body.is_empty() {
            // Its time is over: the content is gone, its place in the chain stays.
            return None;
        }
        match self.content(sealer) {
            Err(_) => Some(AuditFault::Unreadable(self.number)),
            Ok(content) if chain::entry(&content) != self.entry => {
                Some(AuditFault::Changed(self.number))
            }
            Ok(_) => None,
        }
    }
}

const COLUMNS: &str = "SELECT seq, number, entry, hash, body, network FROM audit";

impl Store {
    /// Entries of an account's log, or of the instance's, newest first, and where to
    /// go on.
    pub fn audit_entries(
        &self,
        account: AccountId,
        query: &AuditQuery,
    ) -> Result<(Vec<AuditEntry>, Option<u64>)> {
        let sealer = self.row_sealer(account)?;
        self.read(|connection| {
            let sql = format!(
                "{COLUMNS} WHERE account = ?1 AND number < ?2 AND day BETWEEN ?3 AND ?4 \
                 AND length(body) > 0 ORDER BY number DESC"
            );
            let mut statement = connection.prepare_cached(&sql).map_err(failed)?;
            let before = query.cursor.map_or(i64::MAX, |number| number as i64);
            let from = query.from.map_or(0, Timestamp::utc_day);
            let to = query.to.map_or(u32::MAX, Timestamp::utc_day);
            let mut rows = statement
                .query(params![account.row(), before, from, to])
                .map_err(failed)?;
            let (mut found, mut scanned, mut last) = (Vec::new(), 0, None);
            while let Some(row) = rows.next().map_err(failed)? {
                if found.len() == query.limit || scanned == SCANNED_MAX {
                    return Ok((found, last));
                }
                let entry = AuditRow::read(row).map_err(failed)?.open(&sealer)?;
                last = Some(entry.number);
                scanned += 1;
                if query.matches(&entry) {
                    found.push(entry);
                }
            }
            Ok((found, None))
        })
    }

    /// Takes the networks out of every entry about a member. They stand outside the
    /// chain, which holds without them.
    pub(super) fn drop_networks_of(
        &self,
        connection: &Connection,
        account: AccountId,
        member: MemberId,
    ) -> Result<()> {
        let sealer = self.row_sealer(account)?;
        let sql =
            format!("{COLUMNS} WHERE account = ?1 AND network IS NOT NULL AND length(body) > 0");
        let mut statement = connection.prepare(&sql).map_err(failed)?;
        let mut rows = statement.query([account.row()]).map_err(failed)?;
        let mut theirs = Vec::new();
        while let Some(row) = rows.next().map_err(failed)? {
            let row = AuditRow::read(row).map_err(failed)?;
            // One that is damaged is told by the check of the log.
            if row.open(&sealer).is_ok_and(|entry| entry.is_about(member)) {
                theirs.push(row.seq);
            }
        }
        let mut update = connection
            .prepare("UPDATE audit SET network = NULL WHERE seq = ?1")
            .map_err(failed)?;
        for seq in theirs {
            update.execute([seq]).map_err(failed)?;
        }
        Ok(())
    }

    /// The words of what was done lately, for those who look for one.
    pub fn audit_actions(&self, account: AccountId) -> Result<BTreeSet<String>> {
        let query = AuditQuery {
            limit: ACTIONS_SCANNED,
            ..AuditQuery::default()
        };
        let (entries, _) = self.audit_entries(account, &query)?;
        Ok(entries.iter().map(|entry| entry.action.word()).collect())
    }

    /// Holds a log against its chain and its end. Of a checkpoint, `known` gives number
    /// and hash of an entry as they once were.
    pub fn check_audit(
        &self,
        account: AccountId,
        known: &[(u64, chain::Hash)],
    ) -> Result<AuditCheck> {
        let sealer = self.row_sealer(account)?;
        let snapshot = self.snapshot()?;
        let connection = snapshot.connection()?;
        let head = audit_head(connection, &sealer, account)?;
        let mut last = AuditHead::EMPTY;
        let mut fault = None;
        let sql = format!("{COLUMNS} WHERE account = ?1 AND number IS NOT NULL ORDER BY number");
        let mut statement = connection.prepare(&sql).map_err(failed)?;
        let mut rows = statement.query([account.row()]).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            let row = AuditRow::read(row).map_err(failed)?;
            fault = fault.or_else(|| row.fault(account, &last, &sealer));
            let differs = |&(number, hash): &(u64, _)| number == row.number && hash != row.hash;
            if known.iter().any(differs) {
                fault = fault.or(Some(AuditFault::Rewritten(row.number)));
            }
            last = AuditHead {
                number: row.number,
                hash: row.hash,
            };
        }
        let reached = known
            .iter()
            .map(|&(number, _)| number)
            .fold(head.number, u64::max);
        let older = unchained(connection, account)?;
        // An account's log begins with its making.
        let begun = account == AccountId::INSTANCE || older > 0;
        if last.number < reached.max(u64::from(!begun)) {
            fault = fault.or(Some(AuditFault::CutOff(last.number + 1)));
        } else if last != head {
            fault = fault.or(Some(AuditFault::Changed(last.number)));
        }
        Ok(AuditCheck {
            account,
            entries: last.number,
            hash: last.hash,
            older,
            fault,
        })
    }

    /// Where a log ends: number and hash of its last entry.
    pub fn audit_end(&self, account: AccountId) -> Result<(u64, chain::Hash)> {
        let sealer = self.row_sealer(account)?;
        let head = self.read(|connection| audit_head(connection, &sealer, account))?;
        Ok((head.number, head.hash))
    }

    /// Whose logs there are: the instance's and every account's.
    pub fn audit_logs(&self) -> Vec<AccountId> {
        let mut logs: Vec<AccountId> = self.catalog().accounts.keys().copied().collect();
        logs.push(AccountId::INSTANCE);
        logs.sort();
        logs
    }
}

/// Entries from before there was a chain.
fn unchained(connection: &Connection, account: AccountId) -> Result<u64> {
    connection
        .query_row(
            "SELECT count(*) FROM audit WHERE account = ?1 AND number IS NULL",
            [account.row()],
            |row| row.get::<_, i64>(0),
        )
        .map(|count| count as u64)
        .map_err(failed)
}
