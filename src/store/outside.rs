//! What the operator does to an account from outside: holds it, lets it go on, calls it
//! something. Nothing of its content is read.

use rusqlite::{Connection, params};

use super::Store;
use super::database::failed;
use crate::error::{Error, Kind, Result};
use crate::model::account::AccountState;
use crate::model::action::Act;
use crate::model::audit::Detail;
use crate::model::id::AccountId;
use crate::model::instance::Way;

impl Store {
    /// Holds an account: it collects nothing and its members only read. `note`: why, for
    /// both logs.
    ///
    /// # Errors
    /// [`Kind::Conflict`] for one that is held or over already, or is the operator's own.
    pub fn suspend_account(&self, act: Act, account: AccountId, note: &str) -> Result<()> {
        self.change_outside(act, account, note, |connection| {
            let conflict = |sentence| Err(Error::new(Kind::Conflict, sentence));
            if self.load_instance_settings(connection)?.way == Way::Own(account) {
                return conflict(
                    "This server is run for your own business: its account is not suspended. \
                     Pause the campaigns instead.",
                );
            }
            match self.state_of(account, act)? {
                AccountState::Active => {}
                AccountState::Suspended => return conflict("The account is suspended already."),
                AccountState::Expired => return conflict("The account has ended already."),
            }
            set_suspended(connection, account, Some(act.at.millis()))
        })
    }

    /// Lets an account go on.
    ///
    /// # Errors
    /// [`Kind::Conflict`] for one that is not held.
    pub fn unsuspend_account(&self, act: Act, account: AccountId) -> Result<()> {
        self.change_outside(act, account, "lets it go on", |connection| {
            let held = connection
                .prepare_cached("SELECT 1 FROM account WHERE id = ?1 AND suspended_at IS NOT NULL")
                .and_then(|mut select| select.exists([account.row()]))
                .map_err(failed)?;
            if !held {
                let sentence = "The account is not suspended.";
                return Err(Error::new(Kind::Conflict, sentence));
            }
            set_suspended(connection, account, None)
        })
    }

    /// What the operator calls an account from now on.
    pub fn label_account(&self, act: Act, account: AccountId, label: &str) -> Result<()> {
        self.change_outside(act, account, "", |connection| {
            connection
                .execute(
                    "UPDATE account SET label = ?1 WHERE id = ?2",
                    params![label, account.row()],
                )
                .map_err(failed)?;
            Ok(())
        })
    }

    fn state_of(&self, account: AccountId, act: Act) -> Result<AccountState> {
        let catalog = self.catalog();
        let account = catalog.accounts.get(&account);
        Ok(account
            .ok_or_else(|| Error::not_found("account"))?
            .state_at(act.at))
    }

    fn change_outside(
        &self,
        act: Act,
        account: AccountId,
        note: &str,
        change: impl FnOnce(&Connection) -> Result<()>,
    ) -> Result<()> {
        self.state_of(account, act)?;
        self.write_catalog_about(act, account, |transaction| {
            change(transaction)?;
            Ok(((), Detail::default().with_note(note)))
        })
    }
}

fn set_suspended(
    connection: &Connection,
    account: AccountId,
    suspended_at: Option<i64>,
) -> Result<()> {
    connection
        .execute(
            "UPDATE account SET suspended_at = ?1 WHERE id = ?2",
            params![suspended_at, account.row()],
        )
        .map_err(failed)?;
    Ok(())
}
