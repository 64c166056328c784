//! That the ledger of erased people was lost and the loss accepted: whose data stays
//! locked since then, until somebody of the account has seen to it.

use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use super::{Store, meta, row};
use crate::clock::Timestamp;
use crate::error::{Error, Kind, Result};
use crate::model::action::Act;
use crate::model::audit::Detail;
use crate::model::id::AccountId;

const LOSS: &str = "ledger_loss";

/// What is remembered of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LedgerLoss {
    at: Timestamp,
    locked: Vec<AccountId>,
}

impl LedgerLoss {
    pub fn locked_at(&self, account: AccountId) -> Option<Timestamp> {
        self.locked.contains(&account).then_some(self.at)
    }
}

impl Store {
    pub(super) fn load_ledger_loss(&self, connection: &Connection) -> Result<LedgerLoss> {
        let Some(sealed) = meta::get(connection, LOSS)? else {
            return Ok(LedgerLoss::default());
        };
        let json = self
            .keys()
            .instance_sealer()
            .open("meta", LOSS, 0, &sealed)?;
        serde_json::from_slice(&json)
            .map_err(|error| Error::damaged("What is locked cannot be read").because(error))
    }

    fn put_ledger_loss(&self, connection: &Connection, loss: &LedgerLoss) -> Result<()> {
        let json = row::to_json(loss)?;
        let sealed = self.keys().instance_sealer().seal("meta", LOSS, 0, &json)?;
        meta::put(connection, LOSS, &sealed)
    }

    /// Locks what points to people in every account that there is.
    pub fn lock_personal(&self, act: Act) -> Result<()> {
        self.write_catalog(act, AccountId::INSTANCE, |transaction| {
            let loss = LedgerLoss {
                at: act.at,
                locked: self.catalog().accounts.keys().copied().collect(),
            };
            for &account in &loss.locked {
                let detail = Detail::default().with_note("personal data is locked");
                self.record(transaction, act, account, detail)?;
            }
            self.put_ledger_loss(transaction, &loss)
        })
    }

    /// Opens it again in one account.
    ///
    /// # Errors
    /// [`Kind::Conflict`] where it is not locked.
    pub fn unlock_personal(&self, act: Act, account: AccountId) -> Result<()> {
        self.write_catalog_about(act, account, |transaction| {
            let mut loss = self.load_ledger_loss(transaction)?;
            if loss.locked_at(account).is_none() {
                return Err(Error::new(
                    Kind::Conflict,
                    "The personal data of this account is not locked.",
                ));
            }
            loss.locked.retain(|locked| *locked != account);
            self.put_ledger_loss(transaction, &loss)?;
            Ok((
                (),
                Detail::default().with_note("personal data is open again"),
            ))
        })
    }
}
