//! Erasures: begun in one transaction with the marks that take a person out of every
//! read, then carried through state by state.

use std::ops::Range;

use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

use super::conversion::Stored;
use super::database::{self, failed};
use super::remains::Gone;
use super::{Store, meta, person_mark, row};
use crate::clock::Timestamp;
use crate::crypto::token;
use crate::error::{Error, Result};
use crate::model::action::Act;
use crate::model::audit::Detail;
use crate::model::conversion::Conversion;
use crate::model::id::{AccountId, ConversionId, ID_MAX};
use crate::model::person::{Effect, Mark, Marks};

const LEDGER_MADE: &str = "erasure_ledger";

/// How far an erasure has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErasureState {
    Begun = 1,
    InKeyring = 2,
    Rewritten = 3,
    JournalClean = 4,
    Nameless = 5,
    Done = 6,
}

impl ErasureState {
    fn from_number(number: i64) -> Option<Self> {
        use ErasureState::*;
        let all = [Begun, InKeyring, Rewritten, JournalClean, Nameless, Done];
        all.into_iter().find(|&state| state as i64 == number)
    }
}

/// What is known of an erasure; once it is nameless, nothing of it points to a person.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ErasureBody {
    pub begun_at: Timestamp,
    #[serde(default)]
    pub done_at: Option<Timestamp>,
    /// By blind index alone; empty once nameless.
    pub marks: Vec<Mark>,
    /// Trail hits that were taken out.
    pub hits: u64,
    /// Conversions that became ledger lines.
    pub conversions: u64,
    /// Trail segments written anew.
    pub segments: u64,
    /// Segments up to this one are clean.
    #[serde(default)]
    pub after_segment: i64,
    /// The journal row that must have left before it is clean.
    #[serde(default)]
    pub journal_until: i64,
    /// It repeats what was erased before an older backup was restored.
    #[serde(default)]
    pub replayed: bool,
    /// The signed receipt, once done.
    #[serde(default)]
    pub receipt: Option<String>,
}

/// An erasure.
#[derive(Debug, Clone, PartialEq)]
pub struct Erasure {
    pub id: i64,
    pub account: AccountId,
    pub state: ErasureState,
    pub body: ErasureBody,
}

/// The day of an instant, as the ledger keeps it.
pub type DayOf<'a> = &'a dyn Fn(Timestamp) -> Result<Timestamp>;

impl Store {
    /// Takes a person out of every read and of every new hit: marks, ledger lines of
    /// these conversions and the erasure itself in one transaction. Gives its id.
    pub fn begin_erasure(
        &self,
        act: Act,
        account: AccountId,
        mut body: ErasureBody,
        conversions: &[ConversionId],
        day_of: DayOf<'_>,
        detail: Detail,
    ) -> Result<i64> {
        self.remains().prepare();
        let mut gone = Gone::default();
        let begun = self.write_marks(act, account, |transaction| {
            let day = act.at.utc_day();
            person_mark::insert(transaction, account, &body.marks, Effect::Erased, day)?;
            for stored in self.find_conversions(transaction, account, conversions)? {
                self.make_ledger_line(transaction, stored, day_of, &mut gone)?;
                body.conversions += 1;
            }
            let random = || ((token::random_u64() & ID_MAX).max(1)) as i64;
            let id = row::free_id(transaction, "erasure", random)?;
            let sealed = row::seal(&self.row_sealer(account)?, "erasure", id, &body)?;
            transaction
                .execute(
                    "INSERT INTO erasure (id, account, state, day, body) VALUES (?1, ?2, ?3, ?4, ?5)",
                    params![id, account.row(), ErasureState::Begun as i64, day, sealed],
                )
                .map_err(failed)?;
            Ok((id, detail))
        });
        if begun.is_ok() {
            self.remains().add(gone);
        }
        self.remains().begun(begun.as_ref().ok().copied());
        begun
    }

    /// Turns conversions into ledger lines; gives how many there were.
    pub fn make_ledger_lines(
        &self,
        account: AccountId,
        conversions: &[ConversionId],
        day_of: DayOf<'_>,
    ) -> Result<u64> {
        let mut connection = self.writer();
        let transaction = database::begin(&mut connection)?;
        let (mut made, mut gone) = (0, Gone::default());
        for stored in self.find_conversions(&transaction, account, conversions)? {
            self.make_ledger_line(&transaction, stored, day_of, &mut gone)?;
            made += 1;
        }
        transaction
            .commit()
            .map_err(|error| self.judge(failed(error)))?;
        self.remains().add(gone);
        Ok(made)
    }

    fn make_ledger_line(
        &self,
        connection: &Connection,
        mut stored: Stored,
        day_of: DayOf<'_>,
        gone: &mut Gone,
    ) -> Result<()> {
        let Conversion { id, account, body } = &mut stored.conversion;
        *body = body.ledger_line(day_of(body.at)?);
        let ids = self.keys().conversion_ids(*account)?;
        *id = ids.make_other(stored.seq, *id);
        self.replace_conversion(connection, &stored, gone)
    }

    /// Every conversion of an account that a question is true of, in no order.
    pub fn conversions_where(
        &self,
        account: AccountId,
        wanted: impl Fn(&Conversion) -> bool,
    ) -> Result<Vec<Conversion>> {
        let sealer = self.row_sealer(account)?;
        self.read(|connection| {
            let mut statement = connection
                .prepare_cached("SELECT seq, id, body FROM conversion WHERE account = ?1")
                .map_err(failed)?;
            let mut rows = statement.query([account.row()]).map_err(failed)?;
            let mut found = Vec::new();
            while let Some(stored) = rows.next().map_err(failed)? {
                let stored = super::conversion::read(stored, account, &sealer)?;
                if wanted(&stored.conversion) {
                    found.push(stored.conversion);
                }
            }
            Ok(found)
        })
    }

    /// The next erasure that is not done, the oldest first.
    pub fn unfinished_erasure(&self) -> Result<Option<Erasure>> {
        let states = ErasureState::Begun..ErasureState::Done;
        Ok(self.erasures_in(states, 1)?.pop())
    }

    /// Erasures in some of the states, the oldest first.
    pub fn erasures_in(&self, states: Range<ErasureState>, limit: usize) -> Result<Vec<Erasure>> {
        self.find_erasures(
            "SELECT id, account, state, body FROM erasure WHERE state >= ?1 AND state < ?2 \
             ORDER BY day, id LIMIT ?3",
            params![states.start as i64, states.end as i64, limit as i64],
        )
    }

    pub fn erasure(&self, account: AccountId, id: i64) -> Result<Option<Erasure>> {
        let sql = "SELECT id, account, state, body FROM erasure WHERE id = ?1 AND account = ?2";
        Ok(self.find_erasures(sql, params![id, account.row()])?.pop())
    }

    fn find_erasures(&self, sql: &str, values: impl rusqlite::Params) -> Result<Vec<Erasure>> {
        let found: Vec<(i64, i64, i64, Vec<u8>)> = self.read(|connection| {
            let mut select = connection.prepare_cached(sql).map_err(failed)?;
            let rows = select.query_map(values, |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            });
            rows.and_then(Iterator::collect).map_err(failed)
        })?;
        found
            .into_iter()
            .map(|(id, account, state, body)| {
                let account = AccountId::from_row(account);
                Ok(Erasure {
                    id,
                    account,
                    state: ErasureState::from_number(state)
                        .ok_or_else(|| Error::damaged("An erasure is in no known state."))?,
                    body: row::open(&self.row_sealer(account)?, "erasure", id, &body)?,
                })
            })
            .collect()
    }

    /// Notes how far an erasure has come.
    pub fn put_erasure(&self, erasure: &Erasure) -> Result<()> {
        let sealer = self.row_sealer(erasure.account)?;
        let sealed = row::seal(&sealer, "erasure", erasure.id, &erasure.body)?;
        let connection = self.writer();
        let (place, mut gone) = (("erasure", "body", "id"), Gone::default());
        self.note_gone(&connection, place, erasure.id..erasure.id + 1, &mut gone)?;
        connection
            .execute(
                "UPDATE erasure SET state = ?1, body = ?2 WHERE id = ?3",
                params![erasure.state as i64, sealed, erasure.id],
            )
            .map_err(|error| self.judge(failed(error)))?;
        self.remains().add(gone);
        Ok(())
    }

    /// One erasure at a time, whoever carries it out.
    pub fn erasure_turn(&self) -> std::sync::MutexGuard<'_, ()> {
        self.0
            .erasing
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// How many erasures the keyring had in its ledger when this database last saw it.
    pub fn ledger_seen(&self) -> Result<u64> {
        self.read(|connection| Ok(meta::get_number(connection, LEDGER_MADE)?.unwrap_or(0) as u64))
    }

    /// Remembers how many erasures the keyring's ledger has had.
    pub fn remember_ledger(&self, made: u64) -> Result<()> {
        let connection = self.writer();
        meta::remember_generation(&connection, self.keys())?;
        meta::put(&connection, LEDGER_MADE, &(made as i64).to_be_bytes())
    }
}

/// Whether a conversion belongs to somebody who was erased.
pub fn is_erased(
    marks: &Marks,
    index: &crate::crypto::BlindIndex,
    conversion: &Conversion,
) -> bool {
    use crate::model::person::Trace;
    let erased = |trace| marks.is_erased(&person_mark::mark(index, trace).key);
    erased(Trace::Conversion(conversion.id))
        || conversion
            .body
            .click
            .is_some_and(|click| erased(Trace::Hit(click)))
        || conversion
            .body
            .txn
            .as_ref()
            .is_some_and(|txn| erased(Trace::Transaction(index.transaction(txn.reveal()))))
}
