//! `audit verify` and `audit checkpoint`: the logs held against their chains, and
//! where they stand, signed. `audit list`: the instance's own log, read.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::options::{AuditCommand, AuditListOptions};
use super::request::{Output, Request};
use crate::access::audit::{self, Checkpoint, log_name};
use crate::clock::{DAY_MS, Timestamp, parse_instant};
use crate::error::{Error, Kind, Result};
use crate::model::audit::{AuditCheck, AuditEntry, AuditFault};
use crate::model::id::AccountId;
use crate::store::{AuditQuery, Store};

/// Longest file of checkpoints, in bytes.
const FILE_BYTES_MAX: u64 = 512 * 1_024;

/// A check of every log, with what the files of checkpoints hold.
#[derive(Serialize, Deserialize)]
pub struct Verify {
    checkpoints: Vec<String>,
}

pub fn request(command: AuditCommand) -> Result<Request> {
    Ok(match command {
        AuditCommand::Checkpoint => Request::AuditCheckpoint,
        AuditCommand::List(options) => Request::AuditList(List::of(options)?),
        AuditCommand::Verify(options) => Request::AuditVerify(Verify {
            checkpoints: options
                .checkpoint
                .iter()
                .map(|path| read(path))
                .collect::<Result<_>>()?,
        }),
    })
}

/// Entries of the instance's log.
#[derive(Serialize, Deserialize)]
pub struct List {
    from: Option<Timestamp>,
    /// Before this instant.
    to: Option<Timestamp>,
    act: Option<String>,
    by: Option<String>,
    limit: u32,
    before: Option<u64>,
}

impl List {
    fn of(options: AuditListOptions) -> Result<List> {
        let day = |text: Option<String>| text.map(|text| parse_instant(&text)).transpose();
        Ok(List {
            from: day(options.from)?,
            to: day(options.to)?.map(|day| day.plus_ms(DAY_MS)),
            act: options.act,
            by: options.by,
            limit: options.limit,
            before: options.before,
        })
    }

    pub fn perform(self, store: &Store) -> Result<Output> {
        let query = AuditQuery {
            from: self.from,
            to: self.to,
            action: self.act,
            actor: self.by,
            cursor: self.before,
            limit: self.limit as usize,
            ..AuditQuery::default()
        };
        let (entries, next) = store.audit_entries(AccountId::INSTANCE, &query)?;
        let items: Vec<_> = entries.iter().map(entry_view).collect();
        let lines: Vec<String> = entries.iter().map(entry_line).collect();
        let text = match lines.is_empty() {
            true => "No entry fits.".to_owned(),
            false => lines.join("\n"),
        };
        Ok(Output::new(json!({ "items": items, "next": next }), text))
    }
}

fn entry_view(entry: &AuditEntry) -> serde_json::Value {
    json!({
        "number": entry.number,
        "at": entry.at.to_string(),
        "actor": entry.actor.word(),
        "actor_id": entry.actor.id(),
        "action": entry.action.word(),
        "subject": entry.detail.subject.map(|subject| subject.to_string()),
        "note": entry.detail.note(),
        "network": entry.network.map(|network| network.to_string()),
    })
}

fn entry_line(entry: &AuditEntry) -> String {
    let subject = entry.detail.subject.map(|subject| subject.to_string());
    let about = [subject.unwrap_or_default(), entry.detail.note().to_owned()];
    let about: Vec<&str> = about
        .iter()
        .map(String::as_str)
        .filter(|it| !it.is_empty())
        .collect();
    format!(
        "{:>6}  {}  {:<9} {:<18} {}",
        entry.number,
        entry.at,
        entry.actor.word(),
        entry.action.word(),
        about.join(", ")
    )
}

fn read(path: &Path) -> Result<String> {
    let unreadable = |error: std::io::Error| {
        let sentence = format!("The checkpoint {} cannot be read", path.display());
        Error::new(Kind::Usage, sentence).because(error)
    };
    if std::fs::metadata(path).map_err(unreadable)?.len() > FILE_BYTES_MAX {
        let sentence = format!("{} is too long for a checkpoint.", path.display());
        return Err(Error::new(Kind::Usage, sentence));
    }
    std::fs::read_to_string(path).map_err(unreadable)
}

impl Verify {
    pub fn perform(self, store: &Store) -> Result<Output> {
        let mut checkpoints = Vec::new();
        for text in &self.checkpoints {
            checkpoints.extend(Checkpoint::read_all(store, text)?);
        }
        let checks = audit::check(store, &checkpoints)?;
        let mut damage = checks.iter().filter_map(|check| match check.fault {
            Some(fault @ AuditFault::Unreadable(_)) => Some((check, fault)),
            _ => None,
        });
        if let Some((check, fault)) = damage.next() {
            let log = log_name(check.account);
            return Err(Error::damaged(format!(
                "The audit log of {log}: {fault}. Compare with a backup."
            )));
        }
        let found = checks.iter().any(|check| check.fault.is_some());
        let items: Vec<_> = checks.iter().map(view).collect();
        let lines: Vec<String> = checks.iter().map(line).collect();
        Ok(Output::of_check(
            json!({ "sound": !found, "logs": items }),
            lines.join("\n"),
            found,
        ))
    }
}

fn view(check: &AuditCheck) -> serde_json::Value {
    json!({
        "log": log_name(check.account),
        "entries": check.entries,
        "hash": audit::hex(&check.hash),
        "unchained": check.older,
        "fault": check.fault.map(|fault| fault.to_string()),
    })
}

fn line(check: &AuditCheck) -> String {
    let log = log_name(check.account);
    match check.fault {
        Some(fault) => format!("{log}  BROKEN: {fault}"),
        None => format!("{log}  sound, {} entries", check.entries),
    }
}

/// Where every log stands, signed.
pub fn checkpoint(store: &Store, now: Timestamp) -> Result<Output> {
    let logs = store.audit_logs().into_iter();
    let checkpoints = logs
        .map(|account| Checkpoint::take(store, account, now))
        .collect::<Result<Vec<_>>>()?;
    let json = json!({ "checkpoints": checkpoints });
    let text = serde_json::to_string_pretty(&json)
        .map_err(|error| Error::internal("A checkpoint could not be written").because(error))?;
    Ok(Output::new(json, text))
}
