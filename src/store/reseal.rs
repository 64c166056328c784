//! Old content under the newest data key: after an account's key was rotated, every
//! sealed value of its tables is opened and sealed again, a few at a time. Which are
//! left is read from the values themselves, so that a cut does no harm.

use rusqlite::{Connection, OptionalExtension, params};

use super::Store;
use super::database::{self, failed};
use super::segment::{class_number, sealer_class};
use crate::crypto::{Sealer, SealerClass};
use crate::error::Result;
use crate::model::id::AccountId;
use crate::segment::{COLUMNS_MAX, Class};

/// Values of one step, and their bytes.
const STEP_VALUES: usize = 256;
const STEP_BYTES: usize = 4 << 20;

/// A column that is sealed with an account's data key.
struct Sealed {
    table: String,
    column: &'static str,
    /// The row's number, which is bound to the value.
    key: String,
    /// The rows of account `?1` from number `?2` on.
    rows: String,
    class: SealerClass,
}

impl Sealed {
    fn body(table: &str, key: &str, account: &str) -> Sealed {
        Sealed {
            table: table.to_owned(),
            column: "body",
            key: key.to_owned(),
            rows: format!("{table} WHERE {account} = ?1 AND {key} >= ?2"),
            class: SealerClass::Row,
        }
    }

    /// Headers and columns of the segments of one class.
    fn segments(class: Class) -> [Sealed; 2] {
        let number = class_number(class);
        let class = sealer_class(class);
        let of_class = format!("segment.account = ?1 AND segment.class = {number}");
        let headers = Sealed {
            table: "segment".to_owned(),
            column: "header",
            key: "id".to_owned(),
            rows: format!("segment WHERE {of_class} AND segment.id >= ?2"),
            class,
        };
        let columns = Sealed {
            table: "segment_column".to_owned(),
            column: "body",
            key: "segment_column.id".to_owned(),
            rows: format!(
                "segment JOIN segment_column ON segment_column.id >= segment.id * {COLUMNS_MAX} \
                 AND segment_column.id < (segment.id + 1) * {COLUMNS_MAX} \
                 WHERE {of_class} AND segment.id >= ?2 / {COLUMNS_MAX} \
                 AND segment_column.id >= ?2"
            ),
            class,
        };
        [headers, columns]
    }

    /// Values that an older key than version `?3` has sealed.
    fn old(&self, what: &str) -> String {
        let Sealed { column, rows, .. } = self;
        format!(
            "SELECT {what} FROM {rows} AND length({column}) > 3 AND substr({column}, 2, 2) < ?3"
        )
    }
}

/// Every column there is: those of the tables that name their account are read from
/// the schema, so that none is forgotten.
fn sealed_columns(connection: &Connection) -> Result<Vec<Sealed>> {
    let mut statement = connection
        .prepare(
            "SELECT tables.name, keys.name FROM sqlite_schema AS tables, \
             pragma_table_info(tables.name) AS keys \
             WHERE tables.type = 'table' AND keys.pk = 1 \
             AND EXISTS (SELECT 1 FROM pragma_table_info(tables.name) WHERE name = 'account') \
             AND EXISTS (SELECT 1 FROM pragma_table_info(tables.name) WHERE name = 'body') \
             ORDER BY tables.name",
        )
        .map_err(failed)?;
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let tables: Vec<(String, String)> = statement
        .query_map([], read)
        .and_then(Iterator::collect)
        .map_err(failed)?;
    let mut columns = vec![Sealed::body("account", "id", "id")];
    columns.extend(
        tables
            .iter()
            .map(|(table, key)| Sealed::body(table, key, "account")),
    );
    columns.push(Sealed {
        column: "network",
        ..Sealed::body("audit", "seq", "account")
    });
    columns.extend(Class::ALL.into_iter().flat_map(Sealed::segments));
    Ok(columns)
}

/// How far a run has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ResealPosition {
    column: usize,
    key: i64,
}

/// What a step has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resealed {
    pub values: u64,
    /// Where to go on; none: all is done.
    pub next: Option<ResealPosition>,
}

impl Store {
    /// Gives an account a further data key; content that is written from now on is
    /// sealed with it. The keyring first, then the act, then the commit.
    pub fn rotate_account_key(
        &self,
        act: crate::model::action::Act,
        account: AccountId,
    ) -> Result<u16> {
        self.write(act, account, |_| self.keys().rotate_account(account))
    }

    /// Accounts whose older content is not yet sealed with their newest key.
    pub fn accounts_to_reseal(&self) -> Result<Vec<AccountId>> {
        let mut waiting = Vec::new();
        self.read(|connection| {
            for account in self.keys().accounts() {
                if self.keys().newest_version(account)? > resealed(connection, account)? {
                    waiting.push(account);
                }
            }
            Ok(())
        })?;
        waiting.sort();
        Ok(waiting)
    }

    /// Values of an account that an older key has sealed.
    pub fn old_values(&self, account: AccountId) -> Result<u64> {
        let version = self.keys().newest_version(account)?.to_be_bytes();
        self.read(|connection| {
            let mut count = 0;
            for sealed in sealed_columns(connection)? {
                let sql = sealed.old("count(*)");
                let of_column: i64 = connection
                    .query_row(&sql, params![account.row(), 0, version], |row| row.get(0))
                    .map_err(failed)?;
                count += of_column as u64;
            }
            Ok(count)
        })
    }

    /// Seals some old values of an account again, in one transaction.
    pub fn reseal_step(&self, account: AccountId, from: ResealPosition) -> Result<Resealed> {
        let version = self.keys().newest_version(account)?;
        let mut connection = self.writer();
        let transaction = database::begin(&mut connection)?;
        let columns = sealed_columns(&transaction)?;
        let Some(sealed) = columns.get(from.column) else {
            finish(&transaction, account, version)?;
            transaction.commit().map_err(failed)?;
            database::checkpoint(&connection)?;
            return Ok(Resealed {
                values: 0,
                next: None,
            });
        };
        let sealer = self.keys().sealer(account, sealed.class)?;
        let old = old_values(&transaction, sealed, account, from.key, version)?;
        for (key, value) in &old {
            let renewed = renew(&sealer, sealed, *key, value)?;
            let Sealed {
                table,
                column,
                key: name,
                ..
            } = sealed;
            let name = name.rsplit('.').next().unwrap_or(name);
            transaction
                .prepare_cached(&format!(
                    "UPDATE {table} SET {column} = ?1 WHERE {name} = ?2"
                ))
                .and_then(|mut update| update.execute(params![renewed, key]))
                .map_err(failed)?;
        }
        transaction.commit().map_err(failed)?;
        database::checkpoint_if_long(&connection, &self.wal())?;
        let next = match old.last() {
            Some(&(key, _)) => ResealPosition {
                key: key + 1,
                ..from
            },
            None => ResealPosition {
                column: from.column + 1,
                key: 0,
            },
        };
        Ok(Resealed {
            values: old.len() as u64,
            next: Some(next),
        })
    }
}

fn renew(sealer: &Sealer, sealed: &Sealed, key: i64, value: &[u8]) -> Result<Vec<u8>> {
    let plain = sealer.open(&sealed.table, sealed.column, key, value)?;
    sealer.seal(&sealed.table, sealed.column, key, &plain)
}

/// The next values to seal again, with the numbers of their rows.
fn old_values(
    connection: &Connection,
    sealed: &Sealed,
    account: AccountId,
    from: i64,
    version: u16,
) -> Result<Vec<(i64, Vec<u8>)>> {
    let Sealed {
        table, column, key, ..
    } = sealed;
    let key = key.rsplit('.').next().unwrap_or(key);
    let what = format!("{table}.{key}, {table}.{column}");
    let sql = format!(
        "{} ORDER BY {table}.{key} LIMIT {STEP_VALUES}",
        sealed.old(&what)
    );
    let mut statement = connection.prepare_cached(&sql).map_err(failed)?;
    let mut rows = statement
        .query(params![account.row(), from, version.to_be_bytes()])
        .map_err(failed)?;
    let (mut found, mut bytes) = (Vec::new(), 0);
    while bytes < STEP_BYTES
        && let Some(row) = rows.next().map_err(failed)?
    {
        let value: Vec<u8> = row.get(1).map_err(failed)?;
        bytes += value.len();
        found.push((row.get(0).map_err(failed)?, value));
    }
    Ok(found)
}

fn resealed(connection: &Connection, account: AccountId) -> Result<u16> {
    connection
        .query_row(
            "SELECT version FROM reseal WHERE account = ?1",
            [account.row()],
            |row| row.get(0),
        )
        .optional()
        .map(|version| version.unwrap_or(1))
        .map_err(failed)
}

fn finish(connection: &Connection, account: AccountId, version: u16) -> Result<()> {
    connection
        .execute(
            "INSERT INTO reseal (account, version) VALUES (?1, ?2) \
             ON CONFLICT (account) DO UPDATE SET version = excluded.version",
            params![account.row(), version],
        )
        .map_err(failed)?;
    Ok(())
}

#[cfg(test)]
pub(super) fn names_account(connection: &Connection, table: &str) -> bool {
    let columns = sealed_columns(connection).unwrap();
    columns.iter().any(|sealed| sealed.table == table)
}
