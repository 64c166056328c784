//! Members: people who sign in, found by the blind index of their address.

use rusqlite::{Connection, OptionalExtension, params};

use super::database::failed;
use super::{Store, person_mark, row};
use crate::clock::Timestamp;
use crate::crypto::{Keys, LedgerEntry, SealerClass, token};
use crate::error::{Error, Kind, Result};
use crate::model::account::{Member, MemberProfile};
use crate::model::action::Act;
use crate::model::audit::{Detail, Subject};
use crate::model::id::{AccountId, MemberId};
use crate::model::person::{Effect, Mark, Trace, TraceKind};
use crate::model::role::Role;

fn email_index(keys: &Keys, email: &str) -> [u8; 16] {
    keys.instance_index()
        .of("email", email.trim().to_lowercase().as_bytes())
}

/// Refuses an address that somebody signs in with already.
pub fn refuse_known_email(connection: &Connection, keys: &Keys, email: &str) -> Result<()> {
    let known = connection
        .query_row(
            "SELECT 1 FROM member WHERE email_index = ?1",
            [email_index(keys, email)],
            |_| Ok(()),
        )
        .optional()
        .map_err(failed)?;
    match known {
        Some(()) => Err(Error::new(
            Kind::Conflict,
            "Somebody signs in with this e-mail address already. Use another one.",
        )),
        None => Ok(()),
    }
}

/// Adds a member inside a transaction.
pub fn insert(
    connection: &Connection,
    keys: &Keys,
    account: AccountId,
    profile: &MemberProfile,
) -> Result<MemberId> {
    refuse_known_email(connection, keys, &profile.email)?;
    let random = || MemberId::from_random(token::random_u64()).row();
    let id = row::free_id(connection, "member", random)?;
    let body = row::seal(
        &keys.sealer(account, SealerClass::Row)?,
        "member",
        id,
        profile,
    )?;
    connection
        .execute(
            "INSERT INTO member (id, account, email_index, body) VALUES (?1, ?2, ?3, ?4)",
            params![id, account.row(), email_index(keys, &profile.email), body],
        )
        .map_err(failed)?;
    Ok(MemberId::from_row(id))
}

/// Refuses to leave an account that had an owner without one.
fn require_owner(members: &[Member]) -> Result<()> {
    let owners = members.iter().filter(|one| one.profile.role == Role::Owner);
    if owners.count() > 0 {
        return Ok(());
    }
    Err(Error::new(
        Kind::Conflict,
        "This is the last owner of the account. Make somebody else an owner first.",
    ))
}

impl Store {
    /// Members of an account, owners first; of [`AccountId::INSTANCE`], its operators.
    pub fn members(&self, account: AccountId) -> Result<Vec<Member>> {
        let mut members = self.read(|connection| self.load_members(connection, account))?;
        members.sort_by_key(|one| (one.profile.role != Role::Owner, one.profile.email.clone()));
        Ok(members)
    }

    pub(super) fn load_members(
        &self,
        connection: &Connection,
        account: AccountId,
    ) -> Result<Vec<Member>> {
        let sealer = self.row_sealer(account)?;
        let mut statement = connection
            .prepare_cached("SELECT id, body FROM member WHERE account = ?1")
            .map_err(failed)?;
        let rows = statement
            .query_map([account.row()], |row| Ok((row.get(0)?, row.get(1)?)))
            .map_err(failed)?;
        rows.map(|row| {
            let (id, body): (i64, Vec<u8>) = row.map_err(failed)?;
            Ok(Member {
                id: MemberId::from_row(id),
                account,
                profile: row::open(&sealer, "member", id, &body)?,
            })
        })
        .collect()
    }

    /// Adds somebody who signs in at once.
    ///
    /// # Errors
    /// [`Kind::Conflict`] where the address is somebody's already.
    pub fn create_member(
        &self,
        act: Act,
        account: AccountId,
        profile: &MemberProfile,
    ) -> Result<MemberId> {
        self.write_about(act, account, |transaction| {
            let id = insert(transaction, self.keys(), account, profile)?;
            Ok((id, Detail::of(Subject::Member(id))))
        })
    }

    /// Changes a member of the account.
    ///
    /// # Errors
    /// [`Kind::NotFound`] for a member of another account; [`Kind::Conflict`] where no
    /// owner would be left.
    pub fn update_member(
        &self,
        act: Act,
        account: AccountId,
        id: MemberId,
        change: impl FnOnce(&mut MemberProfile) -> Result<()>,
    ) -> Result<Member> {
        let act = act.on(Subject::Member(id));
        self.write(act, account, |transaction| {
            self.change_member(transaction, account, id, change)
        })
    }

    /// The same inside a transaction.
    pub(super) fn change_member(
        &self,
        connection: &Connection,
        account: AccountId,
        id: MemberId,
        change: impl FnOnce(&mut MemberProfile) -> Result<()>,
    ) -> Result<Member> {
        let mut members = self.load_members(connection, account)?;
        let member = members.iter_mut().find(|member| member.id == id);
        let member = member.ok_or_else(|| Error::not_found("member"))?;
        let was_owner = member.profile.role == Role::Owner;
        change(&mut member.profile)?;
        let changed = member.clone();
        if was_owner {
            require_owner(&members)?;
        }
        let body = row::seal(
            &self.row_sealer(account)?,
            "member",
            id.row(),
            &changed.profile,
        )?;
        connection
            .execute(
                "UPDATE member SET body = ?1 WHERE id = ?2",
                params![body, id.row()],
            )
            .map_err(failed)?;
        Ok(changed)
    }

    /// Removes a member with all sessions, links and networks, if `allow` has nothing
    /// against it. Their acts stay in the audit under an id that is nobody's any more.
    ///
    /// # Errors
    /// As [`Store::update_member`].
    pub fn remove_member(
        &self,
        act: Act,
        account: AccountId,
        id: MemberId,
        allow: impl FnOnce(&Member) -> Result<()>,
    ) -> Result<()> {
        self.write(act.on(Subject::Member(id)), account, |transaction| {
            let mut members = self.load_members(transaction, account)?;
            let place = members.iter().position(|member| member.id == id);
            let place = place.ok_or_else(|| Error::not_found("member"))?;
            let gone = members.swap_remove(place);
            allow(&gone)?;
            if gone.profile.role == Role::Owner {
                require_owner(&members)?;
            }
            self.delete_invites_of(transaction, account, &gone)?;
            self.drop_mail_to(transaction, account, &gone.profile.email)?;
            for sql in [
                "DELETE FROM session WHERE member = ?1",
                "DELETE FROM member WHERE id = ?1",
            ] {
                transaction.execute(sql, [id.row()]).map_err(failed)?;
            }
            self.mark_erased_member(transaction, account, id, act.at)?;
            self.drop_networks_of(transaction, account, id)
        })?;
        self.enter_erased_members(account)?;
        self.reclaim_soon()
    }

    /// The mark by which a member who comes back with an older backup is known.
    pub fn member_mark(&self, account: AccountId, id: MemberId) -> Result<Mark> {
        Ok(person_mark::mark(
            &self.keys().index(account)?,
            Trace::Member(id),
        ))
    }

    /// Operators belong to no account, so nothing marks them.
    fn mark_erased_member(
        &self,
        connection: &Connection,
        account: AccountId,
        id: MemberId,
        at: Timestamp,
    ) -> Result<()> {
        if account == AccountId::INSTANCE {
            return Ok(());
        }
        let mark = self.member_mark(account, id)?;
        person_mark::insert(connection, account, &[mark], Effect::Erased, at.utc_day())
    }

    /// The keyring's ledger learns of members who were removed, as the database knows
    /// them.
    pub fn enter_erased_members(&self, account: AccountId) -> Result<()> {
        let ledger = self.keys().erasure_ledger();
        let is_new = |mark: &Mark| {
            let mut held = ledger.entries.iter();
            !held.any(|held| held.account == account && held.key == mark.key)
        };
        let entries: Vec<LedgerEntry> = self
            .erased_marks_since(ledger.complete_since)?
            .into_iter()
            .filter(|(of, mark, _)| *of == account && mark.kind == TraceKind::Member)
            .filter(|(_, mark, _)| is_new(mark))
            .map(|(account, mark, day)| LedgerEntry {
                account,
                kind: mark.kind,
                key: mark.key,
                day,
            })
            .collect();
        if entries.is_empty() {
            return Ok(());
        }
        self.reload_marks(&self.writer())?;
        self.keys().enter_erasure(&entries)?;
        self.remember_ledger(self.keys().erasure_ledger().made)
    }

    /// Another address for a member. Nothing holds the old one when it returns.
    ///
    /// # Errors
    /// [`Kind::Conflict`] where somebody signs in with it already.
    pub fn change_email(
        &self,
        act: Act,
        account: AccountId,
        id: MemberId,
        email: &str,
    ) -> Result<Member> {
        let changed = self.write(act.on(Subject::Member(id)), account, |transaction| {
            let members = self.load_members(transaction, account)?;
            let known = members.into_iter().find(|member| member.id == id);
            let known = known.ok_or_else(|| Error::not_found("member"))?;
            let index = email_index(self.keys(), email);
            if index != email_index(self.keys(), &known.profile.email) {
                refuse_known_email(transaction, self.keys(), email)?;
            }
            self.delete_invites_of(transaction, account, &known)?;
            self.drop_mail_to(transaction, account, &known.profile.email)?;
            transaction
                .execute(
                    "UPDATE member SET email_index = ?1 WHERE id = ?2",
                    params![index, id.row()],
                )
                .map_err(failed)?;
            self.change_member(transaction, account, id, |profile| {
                profile.email = email.to_owned();
                Ok(())
            })
        })?;
        self.reclaim_soon()?;
        Ok(changed)
    }

    pub fn member_by_email(&self, email: &str) -> Result<Option<Member>> {
        let index = email_index(self.keys(), email);
        self.find_member(
            "SELECT id, account, body FROM member WHERE email_index = ?1",
            index,
        )
    }

    pub fn member(&self, id: MemberId) -> Result<Option<Member>> {
        self.find_member(
            "SELECT id, account, body FROM member WHERE id = ?1",
            id.row(),
        )
    }

    fn find_member(&self, sql: &str, key: impl rusqlite::ToSql) -> Result<Option<Member>> {
        let found: Option<(i64, i64, Vec<u8>)> = self.read(|connection| {
            connection
                .query_row(sql, params![key], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })
                .optional()
                .map_err(failed)
        })?;
        let Some((id, account, body)) = found else {
            return Ok(None);
        };
        let account = AccountId::from_row(account);
        Ok(Some(Member {
            id: MemberId::from_row(id),
            account,
            profile: row::open(&self.row_sealer(account)?, "member", id, &body)?,
        }))
    }
}
