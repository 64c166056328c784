//! The end of an account: its keys go first, which makes its rows unreadable, then the
//! rows. Where the second half was cut off, the next start does it.

use rusqlite::{Connection, params};

use super::database::{self, failed};
use super::{Store, segment};
use crate::error::Result;
use crate::model::id::AccountId;

/// Accounts that have rows and no keys: their end was decided and cut off.
pub(super) fn without_keys(store: &Store, connection: &Connection) -> Result<Vec<AccountId>> {
    let mut statement = connection
        .prepare_cached("SELECT id FROM account")
        .map_err(failed)?;
    let ids = statement
        .query_map([], |row| row.get(0).map(AccountId::from_row))
        .map_err(failed)?;
    let ids = ids.collect::<rusqlite::Result<Vec<_>>>().map_err(failed)?;
    let held = store.keys().accounts();
    Ok(ids.into_iter().filter(|id| !held.contains(id)).collect())
}

/// Deletes every row of an account, in whatever table there is.
pub(super) fn delete_rows(connection: &Connection, account: AccountId) -> Result<()> {
    connection
        .pragma_update(None, "defer_foreign_keys", true)
        .map_err(failed)?;
    let mut segments = connection
        .prepare("SELECT id FROM segment WHERE account = ?1")
        .map_err(failed)?;
    let ids = segments
        .query_map([account.row()], |row| row.get(0))
        .map_err(failed)?;
    for id in ids {
        let id: i64 = id.map_err(failed)?;
        connection
            .prepare_cached("DELETE FROM segment_column WHERE id >= ?1 AND id < ?2")
            .and_then(|mut delete| {
                delete.execute(params![
                    segment::column_row(id, 0),
                    segment::column_row(id + 1, 0)
                ])
            })
            .map_err(failed)?;
    }
    for table in tables_by_account(connection)? {
        let sql = format!("DELETE FROM {table} WHERE account = ?1");
        connection.execute(&sql, [account.row()]).map_err(failed)?;
    }
    connection
        .execute("DELETE FROM account WHERE id = ?1", [account.row()])
        .map_err(failed)?;
    Ok(())
}

/// Tables whose rows name their account, read from the schema: none is forgotten.
pub(super) fn tables_by_account(connection: &Connection) -> Result<Vec<String>> {
    let mut statement = connection
        .prepare(
            "SELECT tables.name FROM sqlite_schema AS tables, \
             pragma_table_info(tables.name) AS columns \
             WHERE tables.type = 'table' AND columns.name = 'account'",
        )
        .map_err(failed)?;
    let names = statement.query_map([], |row| row.get(0)).map_err(failed)?;
    names.collect::<rusqlite::Result<_>>().map_err(failed)
}

impl Store {
    /// Finishes ends that were cut off between keyring and database.
    pub(super) fn finish_shredding(&self) -> Result<()> {
        let mut connection = self.writer();
        let gone = without_keys(self, &connection)?;
        if gone.is_empty() {
            return Ok(());
        }
        for account in gone {
            let transaction = database::begin(&mut connection)?;
            delete_rows(&transaction, account)?;
            transaction
                .commit()
                .map_err(|error| self.judge(failed(error)))?;
            tracing::warn!("the rows of account {account}, whose keys are destroyed, are deleted");
        }
        database::checkpoint(&connection)
    }
}
