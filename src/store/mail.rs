//! Mail that waits: sealed for whom it is, in plain text only when it is due. It is
//! written in the transaction of the act that it tells of, and only where the server
//! knows a way to send it.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, params};

use super::database::failed;
use super::{Store, row};
use crate::clock::Timestamp;
use crate::error::{Kind, Result};
use crate::model::action::{Act, Action, Actor};
use crate::model::id::AccountId;
use crate::model::life::{About, Notice, Way};
use crate::model::mail::{MailBody, NewMail, WAITING_MAX};

/// A mail that is due.
pub struct WaitingMail {
    id: i64,
    account: AccountId,
    pub body: MailBody,
}

impl WaitingMail {
    /// What tells it apart from others, on its way as here.
    pub fn name(&self) -> String {
        format!("{}.{}", self.body.made_at.millis(), self.id)
    }
}

/// How much mail waits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MailQueue {
    pub waiting: u64,
    /// When the next is tried.
    pub due_at: Option<Timestamp>,
}

impl Store {
    /// Remembers whether this server sends mail: it is the machine's own configuration,
    /// and leaves no entry. What waits stays, in case a mail server comes back.
    pub fn remember_mail(&self, is_sent: bool) -> Result<()> {
        let mut settings = self.instance_settings()?;
        if settings.sends_mail == is_sent {
            return Ok(());
        }
        settings.sends_mail = is_sent;
        self.put_instance_settings(&self.writer(), &settings)
    }

    /// Gives up what has been due since an instant or longer; gives how much it was.
    pub fn give_up_mail(&self, due_until: Timestamp) -> Result<u64> {
        let given_up = self
            .writer()
            .execute("DELETE FROM mail WHERE due_at <= ?1", [due_until.millis()])
            .map_err(|error| self.judge(failed(error)))?;
        Ok(given_up as u64)
    }

    /// Whether this server sends mail at all.
    pub fn sends_mail(&self) -> Result<bool> {
        Ok(self.instance_settings()?.sends_mail)
    }

    /// Puts a mail into the queue within the transaction of the act it tells of, one copy
    /// a recipient; gives how many were taken. None is where this server sends no mail, or
    /// where too much of the account's waits already.
    ///
    /// What must be told after an account's key is gone is written for
    /// [`AccountId::INSTANCE`].
    pub(super) fn enqueue_mail(
        &self,
        connection: &Connection,
        account: AccountId,
        mail: &NewMail,
        at: Timestamp,
    ) -> Result<usize> {
        if !self.load_instance_settings(connection)?.sends_mail {
            return Ok(0);
        }
        let mut taken = 0;
        let mut waiting = count(connection, Some(account))?;
        for body in mail.copies(at) {
            if waiting >= WAITING_MAX {
                tracing::warn!(kind = mail.kind, "too much mail waits: some was not taken");
                break;
            }
            self.insert_mail(connection, account, &body, at)?;
            (taken, waiting) = (taken + 1, waiting + 1);
        }
        Ok(taken)
    }

    fn insert_mail(
        &self,
        connection: &Connection,
        account: AccountId,
        body: &MailBody,
        due_at: Timestamp,
    ) -> Result<()> {
        connection
            .execute(
                "INSERT INTO mail (account, due_at, body) VALUES (?1, ?2, x'')",
                params![account.row(), due_at.millis()],
            )
            .map_err(failed)?;
        let id = connection.last_insert_rowid();
        let sealed = row::seal(&self.row_sealer(account)?, "mail", id, body)?;
        connection
            .execute(
                "UPDATE mail SET body = ?1 WHERE id = ?2",
                params![sealed, id],
            )
            .map_err(failed)?;
        Ok(())
    }

    /// Does nothing but write a mail; gives how many copies were taken.
    pub fn send_mail(&self, act: Act, account: AccountId, mail: &NewMail) -> Result<usize> {
        self.write(act, account, |transaction| {
            self.enqueue_mail(transaction, account, mail, act.at)
        })
    }

    /// What waits, of one account or of all.
    pub fn mail_queue(&self, account: Option<AccountId>) -> Result<MailQueue> {
        self.read(|connection| {
            let due_at: Option<i64> = connection
                .prepare_cached("SELECT min(due_at) FROM mail WHERE ?1 IS NULL OR account = ?1")
                .and_then(|mut select| {
                    select.query_row([account.map(AccountId::row)], |row| row.get(0))
                })
                .map_err(failed)?;
            Ok(MailQueue {
                waiting: count(connection, account)?,
                due_at: due_at.map(Timestamp::from_millis),
            })
        })
    }

    /// The mail that has been due the longest.
    pub fn next_mail(&self, now: Timestamp) -> Result<Option<WaitingMail>> {
        self.read(|connection| {
            let found = connection
                .prepare_cached(
                    "SELECT id, account, body FROM mail WHERE due_at <= ?1 \
                     ORDER BY due_at, id LIMIT 1",
                )
                .and_then(|mut select| {
                    let read = |row: &rusqlite::Row<'_>| {
                        Ok((row.get(0)?, row.get(1)?, row.get::<_, Vec<u8>>(2)?))
                    };
                    select.query_row([now.millis()], read).optional()
                })
                .map_err(failed)?;
            let Some((id, account, sealed)) = found else {
                return Ok(None);
            };
            let account = AccountId::from_row(account);
            let body = row::open(&self.row_sealer(account)?, "mail", id, &sealed)?;
            Ok(Some(WaitingMail { id, account, body }))
        })
    }

    /// Forgets a mail that the mail server has taken. Where it was notice of an end, that
    /// has been given.
    pub fn mail_was_sent(&self, mail: &WaitingMail, now: Timestamp) -> Result<()> {
        let Some(about) = About::of_mail(&mail.body.kind) else {
            return self.forget_mail(mail);
        };
        let act = Act::new(Actor::System, Action::GiveNotice, now);
        let noted = self.change_life(act, mail.account, |transaction, life| {
            let calls = life.calls.iter().filter(|call| call.about == about);
            let last = calls.max_by_key(|call| call.at).map(|call| call.of);
            life.notices.extend(last.map(|of| Notice {
                about,
                of,
                way: Way::Mail,
                at: now,
            }));
            transaction
                .execute("DELETE FROM mail WHERE id = ?1", [mail.id])
                .map_err(failed)?;
            Ok(())
        });
        match noted {
            // Nobody needs to know any more.
            Err(error) if error.kind() == Kind::Conflict => self.forget_mail(mail),
            noted => noted,
        }
    }

    fn forget_mail(&self, mail: &WaitingMail) -> Result<()> {
        self.writer()
            .execute("DELETE FROM mail WHERE id = ?1", [mail.id])
            .map_err(|error| self.judge(failed(error)))?;
        Ok(())
    }

    /// Notes that a try was in vain, with what the mail server answered: it is tried again
    /// later, or given up and forgotten. Gives whether it is tried again.
    pub fn mail_was_refused(
        &self,
        mail: &WaitingMail,
        answer: Option<u16>,
        now: Timestamp,
    ) -> Result<bool> {
        let mut body = mail.body.clone();
        body.tries = body.tries.saturating_add(1);
        body.answer = answer;
        let Some(again_at) = body.again_at(now) else {
            self.forget_mail(mail)?;
            return Ok(false);
        };
        let sealed = row::seal(&self.row_sealer(mail.account)?, "mail", mail.id, &body)?;
        self.writer()
            .execute(
                "UPDATE mail SET body = ?1, due_at = ?2 WHERE id = ?3",
                params![sealed, again_at.millis(), mail.id],
            )
            .map_err(|error| self.judge(failed(error)))?;
        Ok(true)
    }

    /// Forgets what waits for an address, within the transaction that forgets the address.
    pub(super) fn drop_mail_to(
        &self,
        connection: &Connection,
        account: AccountId,
        email: &str,
    ) -> Result<()> {
        let email = email.to_lowercase();
        for account in BTreeSet::from([account, AccountId::INSTANCE]) {
            let sealer = self.row_sealer(account)?;
            let mut select = connection
                .prepare_cached("SELECT id, body FROM mail WHERE account = ?1")
                .map_err(failed)?;
            let waiting: Vec<(i64, Vec<u8>)> = select
                .query_map([account.row()], |row| Ok((row.get(0)?, row.get(1)?)))
                .and_then(Iterator::collect)
                .map_err(failed)?;
            for (id, sealed) in waiting {
                let body: MailBody = row::open(&sealer, "mail", id, &sealed)?;
                if body.to.to_lowercase() == email {
                    connection
                        .execute("DELETE FROM mail WHERE id = ?1", [id])
                        .map_err(failed)?;
                }
            }
        }
        Ok(())
    }

    /// Puts off everything that is due, where the mail server itself does not answer.
    pub fn put_off_mail(&self, now: Timestamp, until: Timestamp) -> Result<()> {
        self.writer()
            .execute(
                "UPDATE mail SET due_at = ?2 WHERE due_at <= ?1",
                [now.millis(), until.millis()],
            )
            .map_err(|error| self.judge(failed(error)))?;
        Ok(())
    }
}

fn count(connection: &Connection, account: Option<AccountId>) -> Result<u64> {
    let count: i64 = connection
        .prepare_cached("SELECT count(*) FROM mail WHERE ?1 IS NULL OR account = ?1")
        .and_then(|mut select| select.query_row([account.map(AccountId::row)], |row| row.get(0)))
        .map_err(failed)?;
    Ok(count.unsigned_abs())
}
