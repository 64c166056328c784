//! What was done at the machine's shell that shows content or mints a way in, and that
//! the instance is run for others than before. It is remembered in the act's own
//! transaction, whichever command does it, until members have acknowledged it; owners are
//! written to, where the server sends mail.

use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};

use super::database::failed;
use super::{Store, row};
use crate::clock::{SECOND_MS, Timestamp};
use crate::error::Result;
use crate::model::action::{Act, Action, Actor};
use crate::model::id::AccountId;
use crate::model::mail;
use crate::model::role::Role;

/// Of acts that follow each other within so long, owners have a mail of the first alone.
const MAIL_EVERY_MS: i64 = 60 * 60 * SECOND_MS;
/// Acts that are shown at most, the latest.
const SHOWN_MAX: i64 = 100;

#[derive(Serialize, Deserialize)]
pub(super) struct Body {
    action: Action,
    at: Timestamp,
    #[serde(default)]
    note: String,
}

/// One act at the shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShellAct {
    /// Grows with every act.
    pub number: i64,
    pub action: Action,
    pub at: Timestamp,
    /// More about it, as the log has it.
    pub note: String,
}

impl Store {
    pub(super) fn remember_shell_act(
        &self,
        connection: &Connection,
        act: Act,
        account: AccountId,
        note: &str,
    ) -> Result<()> {
        let is_told = act.actor == Actor::Shell && act.action.is_told_of_the_shell();
        if !is_told && act.action != Action::ChangeWay {
            return Ok(());
        }
        self.mail_shell_act(connection, act, account)?;
        connection
            .execute(
                "INSERT INTO shell_act (account, body) VALUES (?1, x'')",
                [account.row()],
            )
            .map_err(failed)?;
        let id = connection.last_insert_rowid();
        let content = Body {
            action: act.action,
            at: act.at,
            note: note.to_owned(),
        };
        let body = row::seal(&self.row_sealer(account)?, "shell_act", id, &content)?;
        connection
            .execute(
                "UPDATE shell_act SET body = ?1 WHERE id = ?2",
                params![body, id],
            )
            .map_err(failed)?;
        Ok(())
    }

    /// Writes to the owners, where the server sends mail and has not done so within the
    /// hour.
    fn mail_shell_act(&self, connection: &Connection, act: Act, account: AccountId) -> Result<()> {
        let last = self.last_shell_act(connection, account)?;
        let settings = self.load_instance_settings(connection)?;
        let lately = last.is_some_and(|last| act.at < last.plus_ms(MAIL_EVERY_MS));
        if !settings.sends_mail || lately {
            return Ok(());
        }
        let owners = self
            .load_members(connection, account)?
            .into_iter()
            .filter(|member| member.profile.role == Role::Owner)
            .map(|member| member.profile.email);
        let url = settings.public_url.as_deref();
        let mail = mail::of_shell_act(act.action, act.at, url, owners.collect());
        self.enqueue_mail(connection, account, &mail, act.at)
            .map(drop)
    }

    fn last_shell_act(
        &self,
        connection: &Connection,
        account: AccountId,
    ) -> Result<Option<Timestamp>> {
        let sql = "SELECT id, body FROM shell_act WHERE account = ?1 ORDER BY id DESC LIMIT 1";
        let last: Option<(i64, Vec<u8>)> = connection
            .prepare_cached(sql)
            .and_then(|mut select| {
                select
                    .query_row([account.row()], |row| Ok((row.get(0)?, row.get(1)?)))
                    .optional()
            })
            .map_err(failed)?;
        let Some((id, body)) = last else {
            return Ok(None);
        };
        let body: Body = row::open(&self.row_sealer(account)?, "shell_act", id, &body)?;
        Ok(Some(body.at))
    }

    /// What was done at the shell after the act of this number, the latest first.
    pub fn shell_acts(&self, account: AccountId, after: i64) -> Result<Vec<ShellAct>> {
        let rows: Vec<(i64, Vec<u8>)> = self.read(|connection| {
            let mut statement = connection
                .prepare_cached(
                    "SELECT id, body FROM shell_act WHERE account = ?1 AND id > ?2 \
                     ORDER BY id DESC LIMIT ?3",
                )
                .map_err(failed)?;
            let rows = statement
                .query_map(params![account.row(), after, SHOWN_MAX], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })
                .map_err(failed)?;
            rows.collect::<rusqlite::Result<_>>().map_err(failed)
        })?;
        let sealer = self.row_sealer(account)?;
        rows.into_iter()
            .map(|(number, body)| {
                let body: Body = row::open(&sealer, "shell_act", number, &body)?;
                Ok(ShellAct {
                    number,
                    action: body.action,
                    at: body.at,
                    note: body.note,
                })
            })
            .collect()
    }
}
