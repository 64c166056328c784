//! What the instance remembers of itself, and what the operator sees of accounts from
//! outside: labels and volumes, nothing of their content.

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::database::failed;
use super::{Store, meta};
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::model::action::Act;
use crate::model::id::AccountId;
use crate::model::instance::InstanceSettings;

const SETTINGS: &str = "instance";

/// How much an account holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Volume {
    /// What the operator calls it.
    pub label: Option<String>,
    /// Since when the operator holds it.
    pub suspended_at: Option<Timestamp>,
    pub members: u64,
    /// Sealed bytes of its segments.
    pub bytes: u64,
}

impl Store {
    pub fn instance_settings(&self) -> Result<InstanceSettings> {
        self.read(|connection| self.load_instance_settings(connection))
    }

    pub(super) fn load_instance_settings(
        &self,
        connection: &Connection,
    ) -> Result<InstanceSettings> {
        let Some(sealed) = meta::get(connection, SETTINGS)? else {
            return Ok(InstanceSettings::default());
        };
        let sealer = self.keys().instance_sealer();
        let json = sealer.open("meta", SETTINGS, 0, &sealed)?;
        serde_json::from_slice(&json).map_err(|error| {
            Error::damaged("The settings of the instance are damaged").because(error)
        })
    }

    /// Changes the settings; the instance's log has it.
    pub fn update_instance(
        &self,
        act: Act,
        change: impl FnOnce(&mut InstanceSettings) -> Result<()>,
    ) -> Result<()> {
        self.write(act, AccountId::INSTANCE, |transaction| {
            let mut settings = self.load_instance_settings(transaction)?;
            change(&mut settings)?;
            self.put_instance_settings(transaction, &settings)
        })
    }

    /// Remembers where browsers reach this server, without an entry: it is the machine's
    /// own configuration.
    pub fn remember_public_url(&self, public_url: &str) -> Result<()> {
        let mut settings = self.instance_settings()?;
        if settings.public_url.as_deref() == Some(public_url) {
            return Ok(());
        }
        settings.public_url = Some(public_url.to_owned());
        self.put_instance_settings(&self.writer(), &settings)
    }

    pub(super) fn put_instance_settings(
        &self,
        connection: &Connection,
        settings: &InstanceSettings,
    ) -> Result<()> {
        let json = serde_json::to_vec(settings)
            .map_err(|error| Error::internal("Settings could not be written").because(error))?;
        let sealer = self.keys().instance_sealer();
        let sealed = sealer.seal("meta", SETTINGS, 0, &json)?;
        meta::put(connection, SETTINGS, &sealed)
    }

    /// Label and volume of every account.
    pub fn volumes(&self) -> Result<BTreeMap<AccountId, Volume>> {
        self.read(|connection| {
            let mut volumes: BTreeMap<AccountId, Volume> = BTreeMap::new();
            let mut labels = connection
                .prepare_cached("SELECT id, label, suspended_at FROM account")
                .map_err(failed)?;
            let rows = labels
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
                .map_err(failed)?;
            for row in rows {
                let (id, label, suspended_at): (i64, _, Option<i64>) = row.map_err(failed)?;
                let volume = volumes.entry(AccountId::from_row(id)).or_default();
                volume.label = label;
                volume.suspended_at = suspended_at.map(Timestamp::from_millis);
            }
            for (id, count) in counts(
                connection,
                "SELECT account, count(*) FROM member GROUP BY account",
            )? {
                volumes.entry(id).or_default().members = count;
            }
            let bytes = "SELECT s.account, sum(length(c.body)) FROM segment AS s \
                 JOIN segment_column AS c ON c.id >= s.id * 64 AND c.id < (s.id + 1) * 64 \
                 GROUP BY s.account";
            for (id, count) in counts(connection, bytes)? {
                volumes.entry(id).or_default().bytes = count;
            }
            volumes.remove(&AccountId::INSTANCE);
            Ok(volumes)
        })
    }
}

fn counts(connection: &Connection, sql: &str) -> Result<Vec<(AccountId, u64)>> {
    let mut statement = connection.prepare_cached(sql).map_err(failed)?;
    let rows = statement
        .query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?)))
        .map_err(failed)?;
    rows.map(|row| {
        let (id, count) = row.map_err(failed)?;
        Ok((AccountId::from_row(id), count.unsigned_abs()))
    })
    .collect()
}
