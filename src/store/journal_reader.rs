//! Reading the journal in order, as settling does, and how far it was ever written.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use rusqlite::Connection;

use super::DataFolder;
use super::database::{self, failed};
use crate::crypto::{Keys, Sealer, SealerClass};
use crate::error::{Error, Result};
use crate::model::id::AccountId;

impl super::Store {
    /// The last row that was ever written into the journal.
    pub fn journal_last(&self) -> Result<i64> {
        let path = self.folder().journal_database();
        if !path.exists() {
            return Ok(0);
        }
        database::open_reader(&path)?
            .query_row(
                "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'journal'), 0)",
                [],
                |row| row.get(0),
            )
            .map_err(failed)
    }
}

/// The entries of one account in one batch, as they were written.
pub struct JournalBatch {
    pub seq: i64,
    pub account: AccountId,
    pub entries: Vec<u8>,
    /// Why there are none, where they do not open.
    pub damage: Option<Error>,
}

/// Reads the journal in order.
pub struct JournalReader {
    connection: Connection,
    keys: Keys,
    sealers: HashMap<(AccountId, [u8; 16]), Sealer>,
    /// The keyring that `sealers` were made from.
    generation: u64,
}

/// Pages kept in memory.
const CACHE_KIB: i64 = 256;
/// Salts whose keys are kept; each start of the program makes one.
const SEALERS_MAX: usize = 4_096;

impl JournalReader {
    /// Opens a journal that a [`JournalWriter`] has made.
    pub fn open(folder: &DataFolder, keys: Keys) -> Result<Self> {
        let connection = database::open_reader(&folder.journal_database())?;
        // Every page is read once and then gone.
        connection
            .pragma_update(None, "cache_size", -CACHE_KIB)
            .map_err(failed)?;
        Ok(JournalReader {
            connection,
            generation: keys.generation(),
            keys,
            sealers: HashMap::new(),
        })
    }

    /// Batches after a row, in order, until they hold `bytes_max` bytes; at least
    /// one where there is one. Batches of an account that is gone come out empty.
    pub fn read_after(&mut self, seq: i64, bytes_max: usize) -> Result<Vec<JournalBatch>> {
        let mut statement = self
            .connection
            .prepare_cached(
                "SELECT seq, account, salt, body FROM journal WHERE seq > ?1 ORDER BY seq",
            )
            .map_err(failed)?;
        let mut rows = statement.query([seq]).map_err(failed)?;
        let mut batches = Vec::new();
        let mut bytes = 0;
        while bytes < bytes_max
            && let Some(row) = rows.next().map_err(failed)?
        {
            let seq: i64 = row.get(0).map_err(failed)?;
            let account = AccountId::from_row(row.get(1).map_err(failed)?);
            let salt: [u8; 16] = row.get(2).map_err(failed)?;
            let body = row.get_ref(3).and_then(|body| Ok(body.as_blob()?));
            let body = body.map_err(failed)?;
            bytes += body.len();
            // Asked for after the row was read: what sealed it is known by then.
            if self.generation != self.keys.generation() {
                self.generation = self.keys.generation();
                self.sealers.clear();
            }
            let opened = match reader_sealer(&mut self.sealers, &self.keys, account, salt) {
                Some(sealer) => sealer.open("journal", "body", seq, body),
                None => Ok(Vec::new()),
            };
            let (entries, damage) = match opened {
                Ok(entries) => (entries, None),
                Err(damage) => (Vec::new(), Some(damage)),
            };
            batches.push(JournalBatch {
                seq,
                account,
                entries,
                damage,
            });
        }
        Ok(batches)
    }
}

fn reader_sealer<'a>(
    sealers: &'a mut HashMap<(AccountId, [u8; 16]), Sealer>,
    keys: &Keys,
    account: AccountId,
    salt: [u8; 16],
) -> Option<&'a Sealer> {
    if sealers.len() > SEALERS_MAX {
        sealers.clear();
    }
    Some(match sealers.entry((account, salt)) {
        Entry::Occupied(sealer) => sealer.into_mut(),
        Entry::Vacant(none) => none.insert(keys.sealer(account, SealerClass::Journal(salt)).ok()?),
    })
}
