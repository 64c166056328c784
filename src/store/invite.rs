//! One-time links. The link's secret is never stored, only its hash; what it is for
//! is sealed.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::database::failed;
use super::{Store, member, row};
use crate::clock::Timestamp;
use crate::crypto::token;
use crate::error::{Error, Result};
use crate::model::account::{Member, MemberProfile};
use crate::model::action::Act;
use crate::model::audit::{Detail, Subject};
use crate::model::id::{AccountId, InviteId, MemberId};
use crate::model::invite::{Invite, InviteContent, Purpose};
use crate::model::role::Role;

/// A link to be made.
pub struct NewInvite {
    pub token_hash: [u8; 32],
    pub expires_at: Timestamp,
    pub content: InviteContent,
}

/// A row as it stands in the table.
struct Stored {
    id: i64,
    account: AccountId,
    expires_at: Timestamp,
    body: Vec<u8>,
}

impl Stored {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Stored {
            id: row.get(0)?,
            account: AccountId::from_row(row.get(1)?),
            expires_at: Timestamp::from_millis(row.get(2)?),
            body: row.get(3)?,
        })
    }
}

impl Store {
    /// Makes a link. One member has one link to come back at a time, one address one
    /// link to join: an older one ends.
    pub fn create_invite(&self, act: Act, account: AccountId, new: NewInvite) -> Result<InviteId> {
        let detail = match new.content.purpose {
            Purpose::Return(id) => Detail::of(Subject::Member(id)),
            Purpose::Join(role) => Detail::default().with_note(role.word()),
        };
        self.write_about(act, account, |transaction| {
            Ok((self.insert_invite(transaction, account, &new)?, detail))
        })
    }

    pub(super) fn insert_invite(
        &self,
        connection: &Connection,
        account: AccountId,
        new: &NewInvite,
    ) -> Result<InviteId> {
        for older in self.load_invites(connection, account)? {
            let same = match (older.content.purpose, new.content.purpose) {
                (Purpose::Return(older), Purpose::Return(newer)) => older == newer,
                (Purpose::Join(_), Purpose::Join(_)) => older.content.email == new.content.email,
                _ => false,
            };
            if same {
                delete(connection, older.id)?;
            }
        }
        let random = || InviteId::from_random(token::random_u64()).row();
        let id = row::free_id(connection, "invite", random)?;
        let body = row::seal(&self.row_sealer(account)?, "invite", id, &new.content)?;
        let expires_at = new.expires_at.millis();
        connection
            .execute(
                "INSERT INTO invite (id, account, token_hash, expires_at, body) \
                 VALUES (?1, ?2, ?3, ?4, ?5)",
                params![id, account.row(), new.token_hash, expires_at, body],
            )
            .map_err(failed)?;
        Ok(InviteId::from_row(id))
    }

    /// Links of an account that have not ended, the newest last.
    pub fn invites(&self, account: AccountId, now: Timestamp) -> Result<Vec<Invite>> {
        let mut invites = self.read(|connection| self.load_invites(connection, account))?;
        invites.retain(|invite| now < invite.expires_at);
        invites.sort_by_key(|invite| (invite.content.made_at, invite.id));
        Ok(invites)
    }

    fn load_invites(&self, connection: &Connection, account: AccountId) -> Result<Vec<Invite>> {
        let mut statement = connection
            .prepare_cached("SELECT id, account, expires_at, body FROM invite WHERE account = ?1")
            .map_err(failed)?;
        let rows = statement
            .query_map([account.row()], Stored::read)
            .map_err(failed)?;
        rows.map(|row| self.open_invite(row.map_err(failed)?))
            .collect()
    }

    fn open_invite(&self, stored: Stored) -> Result<Invite> {
        let sealer = self.row_sealer(stored.account)?;
        Ok(Invite {
            id: InviteId::from_row(stored.id),
            account: stored.account,
            expires_at: stored.expires_at,
            content: row::open(&sealer, "invite", stored.id, &stored.body)?,
        })
    }

    /// The link of this secret's hash, unless it has ended.
    pub fn invite(&self, token_hash: &[u8; 32], now: Timestamp) -> Result<Option<Invite>> {
        let invite = self.read(|connection| self.find_invite(connection, token_hash))?;
        Ok(invite.filter(|invite| now < invite.expires_at))
    }

    fn find_invite(
        &self,
        connection: &Connection,
        token_hash: &[u8; 32],
    ) -> Result<Option<Invite>> {
        let sql = "SELECT id, account, expires_at, body FROM invite WHERE token_hash = ?1";
        connection
            .query_row(sql, [token_hash], Stored::read)
            .optional()
            .map_err(failed)?
            .map(|stored| self.open_invite(stored))
            .transpose()
    }

    /// Uses a link up: makes the member it invites, or changes the one it lets back in
    /// and ends that member's sessions. None where it does not work now.
    pub fn take_invite(
        &self,
        act: Act,
        invite: &Invite,
        token_hash: &[u8; 32],
        password_hash: String,
    ) -> Result<Option<MemberId>> {
        // Somebody who becomes the operator changes for whom the server is run.
        self.write_catalog_about(act, invite.account, |transaction| {
            let stored = self.find_invite(transaction, token_hash)?;
            let Some(stored) = stored.filter(|stored| stored.is_open(act.at)) else {
                return Err(Error::not_found("invitation"));
            };
            delete(transaction, stored.id)?;
            let account = stored.account;
            let id = match stored.content.purpose {
                Purpose::Join(role) => {
                    if stored.is_of_the_operator() {
                        self.take_first(transaction, account)?;
                    }
                    let profile = MemberProfile::new(stored.content.email, role, password_hash);
                    let id = member::insert(transaction, self.keys(), account, &profile)?;
                    if role == Role::Operator {
                        self.host_others(transaction, act, id)?;
                    }
                    id
                }
                Purpose::Return(id) => {
                    self.change_member(transaction, account, id, |profile| {
                        profile.come_back(password_hash);
                        Ok(())
                    })?;
                    transaction
                        .execute("DELETE FROM session WHERE member = ?1", [id.row()])
                        .map_err(failed)?;
                    id
                }
            };
            Ok((Some(id), Detail::of(Subject::Member(id))))
        })
        .or_else(|error| match error.kind() {
            crate::error::Kind::NotFound => Ok(None),
            _ => Err(error),
        })
    }

    /// A link that the operator made lets in the first owner and nobody after: whichever
    /// others there are end with it, so that none can be kept for later.
    fn take_first(&self, connection: &Connection, account: AccountId) -> Result<()> {
        if !self.load_members(connection, account)?.is_empty() {
            return Err(Error::not_found("invitation"));
        }
        for invite in self.load_invites(connection, account)? {
            if invite.is_of_the_operator() {
                delete(connection, invite.id)?;
            }
        }
        Ok(())
    }

    /// Changes a link that has not been used, such as to open it at once.
    pub fn update_invite(
        &self,
        act: Act,
        account: AccountId,
        id: InviteId,
        change: impl FnOnce(&mut InviteContent) -> Result<()>,
    ) -> Result<()> {
        self.write_about(act, account, |transaction| {
            let mut invite = self.own_invite(transaction, account, id)?;
            change(&mut invite.content)?;
            let sealer = self.row_sealer(account)?;
            let body = row::seal(&sealer, "invite", id.row(), &invite.content)?;
            transaction
                .execute(
                    "UPDATE invite SET body = ?1 WHERE id = ?2",
                    params![body, id.row()],
                )
                .map_err(failed)?;
            Ok(((), detail_of(&invite)))
        })
    }

    /// Ends a link before it is used, if `allow` has nothing against it.
    pub fn revoke_invite(
        &self,
        act: Act,
        account: AccountId,
        id: InviteId,
        allow: impl FnOnce(&Invite) -> Result<()>,
    ) -> Result<()> {
        self.write_about(act, account, |transaction| {
            let invite = self.own_invite(transaction, account, id)?;
            allow(&invite)?;
            delete(transaction, id)?;
            Ok(((), detail_of(&invite)))
        })
    }

    fn own_invite(
        &self,
        connection: &Connection,
        account: AccountId,
        id: InviteId,
    ) -> Result<Invite> {
        let mut invites = self.load_invites(connection, account)?.into_iter();
        invites
            .find(|invite| invite.id == id)
            .ok_or_else(|| Error::not_found("invitation"))
    }

    pub(super) fn delete_invites_of(
        &self,
        connection: &Connection,
        account: AccountId,
        member: &Member,
    ) -> Result<()> {
        let email = member.profile.email.to_lowercase();
        for invite in self.load_invites(connection, account)? {
            let is_named = invite.content.email.to_lowercase() == email;
            if is_named || invite.content.purpose == Purpose::Return(member.id) {
                delete(connection, invite.id)?;
            }
        }
        Ok(())
    }
}

fn delete(connection: &Connection, id: InviteId) -> Result<()> {
    connection
        .execute("DELETE FROM invite WHERE id = ?1", [id.row()])
        .map_err(failed)?;
    Ok(())
}

fn detail_of(invite: &Invite) -> Detail {
    match invite.content.purpose {
        Purpose::Return(id) => Detail::of(Subject::Member(id)),
        Purpose::Join(role) => Detail::default().with_note(role.word()),
    }
}
