//! Accounts.

use std::sync::Arc;

use rusqlite::{Connection, params};

use super::database::failed;
use super::life::{ACTIVE, ENDED, set_state};
use super::{NewInvite, Stage, Store, member, row};
use crate::clock::Timestamp;
use crate::crypto::token;
use crate::error::{Error, Result};
use crate::model::account::{Account, AccountSettings, AccountState, MemberProfile};
use crate::model::action::Act;
use crate::model::id::{AccountId, MemberId};
use crate::model::instance::Way as InstanceWay;
use crate::model::life::{About, Life, Notice, Way};
use crate::model::notice;
use crate::model::role::Role;

/// An account to be made, with its first owner.
pub struct NewAccount {
    pub settings: AccountSettings,
    pub expires_at: Option<Timestamp>,
    pub owner_email: String,
    pub owner_password_hash: String,
}

/// An account to be made for somebody who is invited to own it.
pub struct HostedAccount {
    pub settings: AccountSettings,
    pub expires_at: Option<Timestamp>,
    /// What the operator calls it.
    pub label: String,
    pub invite: NewInvite,
}

impl Store {
    /// Makes an account, its keys first.
    ///
    /// # Errors
    /// [`crate::error::Kind::Conflict`] where the owner's address is somebody's already.
    pub fn create_account(&self, act: Act, new: NewAccount) -> Result<(AccountId, MemberId)> {
        self.add_account(act, new, Life::default(), |_, _| Ok(()))
    }

    /// Makes an account that comes from another system. `legacy`: it had expired before
    /// the GDPR applied, so it is locked at once and its data goes after a day.
    pub fn import_account(
        &self,
        act: Act,
        new: NewAccount,
        legacy: bool,
    ) -> Result<(AccountId, MemberId)> {
        let life = Life {
            imported: true,
            legacy,
            ..Life::default()
        };
        self.add_account(act, new, life, |_, _| Ok(()))
    }

    /// Makes an account with its owner; `also` is done in the same transaction.
    pub(super) fn add_account(
        &self,
        act: Act,
        new: NewAccount,
        life: Life,
        also: impl FnOnce(&Connection, AccountId) -> Result<()>,
    ) -> Result<(AccountId, MemberId)> {
        let id = self.free_account(&new.owner_email)?;
        self.keys().add_account(id)?;
        let owner = MemberProfile::new(new.owner_email, Role::Owner, new.owner_password_hash);
        self.write_catalog(act, id, |transaction| {
            also(transaction, id)?;
            self.insert_account(transaction, id, &new.settings, new.expires_at, None)?;
            self.begin_life(transaction, act, id, new.expires_at, life)?;
            let member = member::insert(transaction, self.keys(), id, &owner)?;
            Ok((id, member))
        })
    }

    /// Makes an account without a member; the link makes its first owner.
    ///
    /// # Errors
    /// [`crate::error::Kind::Conflict`] where the owner's address is somebody's already.
    pub fn create_hosted_account(&self, act: Act, new: HostedAccount) -> Result<AccountId> {
        let id = self.free_account(&new.invite.content.email)?;
        self.keys().add_account(id)?;
        self.write_catalog(act, id, |transaction| {
            let label = Some(new.label.as_str());
            self.insert_account(transaction, id, &new.settings, new.expires_at, label)?;
            self.begin_life(transaction, act, id, new.expires_at, Life::default())?;
            self.insert_invite(transaction, id, &new.invite)?;
            Ok(id)
        })
    }

    fn free_account(&self, owner_email: &str) -> Result<AccountId> {
        let connection = self.writer();
        member::refuse_known_email(&connection, self.keys(), owner_email)?;
        let random = || AccountId::from_random(token::random_u64()).row();
        loop {
            let id = row::free_id(&connection, "account", random)?;
            // One that is gone keeps its id.
            let is_buried = connection
                .prepare_cached("SELECT 1 FROM account_life WHERE id = ?1")
                .and_then(|mut select| select.exists([id]))
                .map_err(failed)?;
            if !is_buried {
                return Ok(AccountId::from_row(id));
            }
        }
    }

    /// Writes down when an account was made and by which way its end was told.
    fn begin_life(
        &self,
        connection: &Connection,
        act: Act,
        id: AccountId,
        expires_at: Option<Timestamp>,
        mut life: Life,
    ) -> Result<()> {
        life.created_at = Some(act.at);
        life.expiry_set_at = expires_at.map(|_| act.at);
        life.notices.extend(expires_at.map(|of| Notice {
            about: About::Expiry,
            of,
            way: Way::Command,
            at: act.at,
        }));
        if life.legacy {
            set_state(connection, id, ENDED)?;
        }
        self.put_life(connection, id, Stage::Living, &life)
    }

    fn insert_account(
        &self,
        connection: &Connection,
        id: AccountId,
        settings: &AccountSettings,
        expires_at: Option<Timestamp>,
        label: Option<&str>,
    ) -> Result<()> {
        let body = row::seal(&self.row_sealer(id)?, "account", id.row(), settings)?;
        let expires_at = expires_at.map(Timestamp::millis);
        connection
            .execute(
                "INSERT INTO account (id, state, expires_at, label, body) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![id.row(), ACTIVE, expires_at, label, body],
            )
            .map_err(failed)?;
        Ok(())
    }

    /// Changes the settings; rates that were entered convert what waited for them.
    pub fn update_account(
        &self,
        act: Act,
        id: AccountId,
        change: impl FnOnce(&mut AccountSettings) -> Result<()>,
    ) -> Result<Arc<Account>> {
        self.write_catalog(act, id, |transaction| {
            let catalog = self.catalog();
            let account = catalog
                .accounts
                .get(&id)
                .ok_or_else(|| Error::not_found("account"))?;
            let mut settings = account.settings.clone();
            change(&mut settings)?;
            let body = row::seal(&self.row_sealer(id)?, "account", id.row(), &settings)?;
            transaction
                .execute(
                    "UPDATE account SET body = ?1 WHERE id = ?2",
                    params![body, id.row()],
                )
                .map_err(failed)?;
            if settings.rates != account.settings.rates {
                self.convert_waiting(transaction, id, &settings)?;
            }
            Ok(())
        })?;
        let catalog = self.catalog();
        catalog
            .accounts
            .get(&id)
            .cloned()
            .ok_or_else(|| Error::not_found("account"))
    }

    pub(super) fn load_accounts(&self, connection: &Connection) -> Result<Vec<Account>> {
        let hosting = self.load_instance_settings(connection)?.way == InstanceWay::Hosting;
        let loss = self.load_ledger_loss(connection)?;
        let mut statement = connection
            .prepare_cached(
                "SELECT id, state, expires_at, suspended_at IS NOT NULL, body FROM account \
                 WHERE state < 2",
            )
            .map_err(failed)?;
        let rows = statement
            .query_map([], |row| {
                Ok((
                    row.get(0)?,
                    row.get(1)?,
                    row.get(2)?,
                    row.get(3)?,
                    row.get(4)?,
                ))
            })
            .map_err(failed)?;
        rows.map(|row| {
            let (id, state, expires_at, is_suspended, body): (
                i64,
                i64,
                Option<i64>,
                bool,
                Vec<u8>,
            ) = row.map_err(failed)?;
            let account = AccountId::from_row(id);
            let expires_at = expires_at.map(Timestamp::from_millis);
            let (_, life) = self.load_life(connection, account)?;
            Ok(Account {
                ends_at: notice::ends_at(&life, expires_at, hosting),
                locked_at: loss.locked_at(account),
                id: account,
                state: match state {
                    ENDED => AccountState::Expired,
                    _ if is_suspended => AccountState::Suspended,
                    _ => AccountState::Active,
                },
                expires_at,
                settings: row::open(&self.row_sealer(account)?, "account", id, &body)?,
            })
        })
        .collect()
    }
}
