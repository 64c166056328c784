//! Where a conversion stands: its public id leads to its place in the order of settling,
//! and the row there must have that very id. No index is needed for it.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension, params};

use super::conversion::{Stored, read};
use super::database::failed;
use super::{Store, meta};
use crate::crypto::Sealer;
use crate::error::Result;
use crate::model::id::{AccountId, ConversionId};

/// The last place with an id that leads nowhere; none where no build without a release
/// has settled conversions.
const RANDOM_IDS_UNTIL: &str = "random_ids_until";

/// The place of the conversion settled last; none is ever used twice.
pub(super) fn last_seq(connection: &Connection) -> Result<i64> {
    let seq: Option<i64> = connection
        .query_row(
            "SELECT seq FROM sqlite_sequence WHERE name = 'conversion'",
            [],
            |row| row.get(0),
        )
        .optional()
        .map_err(failed)?;
    Ok(seq.unwrap_or(0))
}

impl Store {
    pub(super) fn find_conversion(
        &self,
        connection: &Connection,
        account: AccountId,
        id: ConversionId,
    ) -> Result<Option<Stored>> {
        Ok(self.find_conversions(connection, account, &[id])?.pop())
    }

    /// Those of an account's conversions that have one of these ids, in the order they
    /// were settled.
    pub(super) fn find_conversions(
        &self,
        connection: &Connection,
        account: AccountId,
        ids: &[ConversionId],
    ) -> Result<Vec<Stored>> {
        let sealer = self.row_sealer(account)?;
        let places = self.keys().conversion_ids(account)?;
        let mut found = Vec::new();
        let mut unknown = HashSet::new();
        for id in ids.iter().copied().collect::<HashSet<_>>() {
            match conversion_at(connection, account, &sealer, (places.seq_of(id), id))? {
                Some(stored) => found.push(stored),
                None => _ = unknown.insert(id),
            }
        }
        for place in random_places(connection, account, &unknown)? {
            found.extend(conversion_at(connection, account, &sealer, place)?);
        }
        found.sort_unstable_by_key(|stored| stored.seq);
        Ok(found)
    }
}

fn conversion_at(
    connection: &Connection,
    account: AccountId,
    sealer: &Sealer,
    (seq, id): (i64, ConversionId),
) -> Result<Option<Stored>> {
    connection
        .prepare_cached(
            "SELECT seq, id, body FROM conversion WHERE seq = ?1 AND id = ?2 AND account = ?3",
        )
        .map_err(failed)?
        .query_row(params![seq, id.0 as i64, account.row()], |row| {
            Ok(read(row, account, sealer))
        })
        .optional()
        .map_err(failed)?
        .transpose()
}

/// The places of those that still have a random id. All old rows of the account are gone
/// through for it; a store that no older build has written has none.
fn random_places(
    connection: &Connection,
    account: AccountId,
    ids: &HashSet<ConversionId>,
) -> Result<Vec<(i64, ConversionId)>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let Some(until) = meta::get_number(connection, RANDOM_IDS_UNTIL)? else {
        return Ok(Vec::new());
    };
    let mut statement = connection
        .prepare_cached("SELECT seq, id FROM conversion WHERE account = ?1 AND seq <= ?2")
        .map_err(failed)?;
    let places = statement
        .query_map(params![account.row(), until], |row| {
            let id: i64 = row.get(1)?;
            Ok((row.get(0)?, ConversionId(id as u64)))
        })
        .map_err(failed)?;
    places
        .filter(|place| (place.as_ref()).map_or(true, |(_, id)| ids.contains(id)))
        .map(|place| place.map_err(failed))
        .collect()
}
