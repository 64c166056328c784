//! For whom the instance is run, and how that changes: in one transaction with the
//! sign-ins that come or go by it, in the log of the instance and of every account.

use rusqlite::Connection;

use super::Store;
use super::database::failed;
use crate::error::{Error, Kind, Result};
use crate::model::action::{Act, Action, Actor};
use crate::model::audit::Detail;
use crate::model::id::{AccountId, MemberId};
use crate::model::instance::Way;
use crate::model::role::Role;

/// What makes the sign-ins of operators, who belong to no account, go.
const REMOVE_OPERATORS: [&str; 3] = [
    "DELETE FROM session WHERE account = ?1",
    "DELETE FROM invite WHERE account = ?1",
    "DELETE FROM member WHERE account = ?1",
];

impl Store {
    pub(super) fn put_way(&self, connection: &Connection, way: Way) -> Result<()> {
        let mut settings = self.load_instance_settings(connection)?;
        settings.way = way;
        self.put_instance_settings(connection, &settings)
    }

    /// Notes it in the instance's log; nobody else is told.
    pub(super) fn begin_way(&self, connection: &Connection, act: Act, way: Way) -> Result<()> {
        self.put_way(connection, way)?;
        let detail = Detail::default().with_note(way.word());
        self.record(connection, act, AccountId::INSTANCE, detail)
    }

    /// Whoever has just become the operator hosts others from here on; an owner who ran
    /// the instance is an owner alone.
    pub(super) fn host_others(
        &self,
        connection: &Connection,
        act: Act,
        operator: MemberId,
    ) -> Result<()> {
        let way = self.load_instance_settings(connection)?.way;
        if way == Way::Hosting {
            return Ok(());
        }
        let act = Act {
            actor: Actor::Operator(operator),
            action: Action::ChangeWay,
            ..act
        };
        self.begin_way(connection, act, Way::Hosting)?;
        self.tell_accounts(connection, act, Way::Hosting)
    }

    /// From here on the instance hosts others, run at the shell until an operator is
    /// invited.
    pub fn run_for_others(&self, act: Act) -> Result<()> {
        // Which notices of an end count depends on it.
        self.write_catalog_about(act, AccountId::INSTANCE, |transaction| {
            self.put_way(transaction, Way::Hosting)?;
            self.tell_accounts(transaction, act, Way::Hosting)?;
            Ok(((), Detail::default().with_note(Way::Hosting.word())))
        })
    }

    /// Every account has it in its own log, and its members are told.
    fn tell_accounts(&self, connection: &Connection, act: Act, way: Way) -> Result<()> {
        for &account in self.catalog().accounts.keys() {
            self.remember_shell_act(connection, act, account, way.word())?;
            let detail = Detail::default().with_note(way.word());
            self.record(connection, act, account, detail)?;
        }
        Ok(())
    }

    /// From here on owners of the only account run the instance; sign-ins of operators
    /// apart from it, and grants of support, are gone.
    ///
    /// # Errors
    /// [`Kind::Conflict`] where there is not one account with an owner.
    pub fn run_for_one(&self, act: Act) -> Result<AccountId> {
        // Which notices of an end count depends on it.
        self.write_catalog_about(act, AccountId::INSTANCE, |transaction| {
            let account = self.only_account(transaction)?;
            let way = Way::Own(account);
            self.put_way(transaction, way)?;
            for sql in REMOVE_OPERATORS {
                let instance = AccountId::INSTANCE.row();
                transaction.execute(sql, [instance]).map_err(failed)?;
            }
            transaction
                .execute("DELETE FROM support_grant", [])
                .map_err(failed)?;
            self.tell_accounts(transaction, act, way)?;
            Ok((account, Detail::default().with_note(way.word())))
        })
    }

    fn only_account(&self, connection: &Connection) -> Result<AccountId> {
        let refused = |sentence| Err(Error::new(Kind::Conflict, sentence));
        let rows: Vec<i64> = connection
            .prepare_cached("SELECT id FROM account LIMIT 2")
            .and_then(|mut select| select.query_map([], |row| row.get(0))?.collect())
            .map_err(failed)?;
        let &[row] = rows.as_slice() else {
            return refused(match rows.is_empty() {
                true => "There is no account yet. Make the account of your business first.",
                false => {
                    "A server for one business has one account, and here are several. Delete the \
                     others first; they must be gone altogether."
                }
            });
        };
        let account = AccountId::from_row(row);
        let members = match self.catalog().accounts.contains_key(&account) {
            true => self.load_members(connection, account)?,
            false => Vec::new(),
        };
        match members.iter().any(|one| one.profile.role == Role::Owner) {
            true => Ok(account),
            false => refused(
                "The account has no owner yet who could run this server. Hand the owner's link \
                 over first.",
            ),
        }
    }
}
