//! Commands that look into a data folder, as values: done by this process where the
//! folder is free, else sent to the server that holds it.

use std::io::Write;
use std::process::ExitCode;

use serde::{Deserialize, Serialize};

use super::options::{Global, ServeOptions};
use super::{
    account, account_end, account_export, account_outside, audit, backup, certificate, control,
    doctor, instance, jobs, key, mail, member, privacy, report, retention, time, token,
};
use crate::clock::Clock;
use crate::config::Config;
use crate::error::{Error, Kind, Result};
use crate::ingest::settle_everything;
use crate::lifecycle::Schedule;
use crate::model::id::{AccountId, TokenId};
use crate::privacy::replay_ledger;
use crate::store::{DataFolder, Store};

/// What a command asks for. Files are read before, with the caller's own rights.
#[derive(Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Request {
    AccountCreate(account::Create),
    AccountList,
    Member(member::Command),
    AccountExpire(account_end::Expire),
    AccountReinstate(account_end::Reinstate),
    AccountDelete(account_end::Delete),
    AccountOutside(account_outside::Outside),
    InstanceWay(instance::Ask),
    CertificateList,
    CertificateShow(certificate::Show),
    TokenCreate(token::Create),
    AuditVerify(audit::Verify),
    AuditCheckpoint,
    AuditList(audit::List),
    Key(key::Ask),
    Doctor(doctor::Examination),
    TokenList {
        account: AccountId,
    },
    TokenRevoke {
        account: AccountId,
        token: TokenId,
    },
    MailStatus,
    Report(report::Ask),
    PrivacyFind(privacy::Who),
    PrivacyExport(privacy::Export),
    PrivacyErase(privacy::Erase),
    PrivacyUnlock(privacy::Unlock),
    RetentionPreview(retention::Preview),
    RetentionRun,
    RetentionShow(retention::Show),
    RetentionSet(retention::Set),
    BackupCreate(backup::Create),
    BackupVerify(backup::Verify),
    /// The same, where `--test-clock` was named: the server must keep a test's time.
    InTestTime {
        request: Box<Request>,
    },
}

/// What a command answers: JSON for programs, text for people.
#[derive(Debug, Serialize, Deserialize)]
pub struct Output {
    pub json: serde_json::Value,
    pub text: String,
    /// A check found something: the command ends with 1.
    #[serde(default)]
    pub found: bool,
}

impl Output {
    pub fn new(json: serde_json::Value, text: impl Into<String>) -> Self {
        Output {
            json,
            text: text.into(),
            found: false,
        }
    }

    pub fn nothing() -> Self {
        Output::new(serde_json::Value::Null, "")
    }

    /// The answer of a check, which may have found something.
    pub fn of_check(json: serde_json::Value, text: impl Into<String>, found: bool) -> Self {
        Output {
            found,
            ..Output::new(json, text)
        }
    }

    pub fn print(&self, json: bool) -> ExitCode {
        let mut out = std::io::stdout().lock();
        let printed = match (json, self.json.is_null()) {
            (_, true) => Ok(()),
            (true, false) => writeln!(out, "{}", self.json),
            (false, false) => writeln!(out, "{}", self.text.trim_end()),
        };
        match printed.and_then(|()| out.flush()) {
            Ok(()) if self.found => ExitCode::from(super::exit::FOUND),
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::from(super::exit::code(Kind::Io)),
        }
    }
}

impl Request {
    /// Whether it may make a data folder that does not exist.
    fn may_create(&self) -> bool {
        matches!(self, Request::AccountCreate(_))
    }

    /// Does the work on an open store.
    pub fn perform(self, store: &Store, clock: &Clock, schedule: &Schedule) -> Result<Output> {
        match self {
            Request::AccountCreate(create) => create.perform(store, clock),
            Request::AccountExpire(expire) => expire.perform(store, clock),
            Request::AccountReinstate(reinstate) => reinstate.perform(store, clock),
            Request::AccountDelete(delete) => delete.perform(store, clock),
            Request::AccountOutside(outside) => outside.perform(store, clock),
            Request::InstanceWay(ask) => ask.perform(store, clock),
            Request::CertificateList => certificate::list(store),
            Request::CertificateShow(show) => show.perform(store),
            Request::AccountList => account::list(store, clock.now()),
            Request::Member(command) => command.perform(store, clock),
            Request::TokenCreate(create) => create.perform(store, clock),
            Request::AuditVerify(verify) => verify.perform(store),
            Request::AuditCheckpoint => audit::checkpoint(store, clock.now()),
            Request::MailStatus => mail::status(store),
            Request::AuditList(list) => list.perform(store),
            Request::Report(ask) => ask.perform(store, clock),
            Request::Doctor(examination) => examination.perform(store, clock, schedule),
            Request::TokenList { account } => token::list(store, account),
            Request::TokenRevoke { account, token } => {
                super::token::revoke(store, account, token, clock.now())
            }
            Request::Key(ask) => ask.perform(store, clock.now()),
            Request::PrivacyFind(who) => who.perform(store, clock),
            Request::PrivacyExport(export) => export.perform(store, clock),
            Request::PrivacyErase(erase) => erase.perform(store, clock),
            Request::PrivacyUnlock(unlock) => unlock.perform(store, clock),
            Request::RetentionPreview(preview) => preview.perform(schedule, clock),
            Request::RetentionShow(show) => show.perform(store),
            Request::RetentionSet(set) => set.perform(store, clock),
            Request::BackupCreate(create) => create.perform(store, clock),
            Request::BackupVerify(verify) => verify.perform(store, clock),
            Request::RetentionRun => retention::run(schedule),
            Request::InTestTime { .. } if clock.is_real() => Err(time::refused()),
            Request::InTestTime { request } => request.perform(store, clock, schedule),
        }
    }
}

/// Where a command is done.
enum Place {
    /// Here: the folder is free.
    Here(Store, Clock),
    /// By the server that holds the folder; the error where there is none after all.
    There(Error),
}

fn place(config: &Config, may_create: bool) -> Result<Place> {
    time::check(config.test_clock.as_deref())?;
    match DataFolder::take(&config.data_dir, may_create) {
        Ok(folder) => {
            let keys = folder.keys(&super::serve::key_sources(config))?;
            let (store, clock) = time::open(folder, keys, config.test_clock.as_deref())?;
            replay_ledger(&store, clock.now(), false)?;
            settle_everything(&store, clock.clone())?;
            Ok(Place::Here(store, clock))
        }
        Err(error) if error.kind() == Kind::Held => Ok(Place::There(error)),
        Err(error) => Err(error),
    }
}

/// Does a command here or through the server that holds the folder.
pub fn carry_out(global: &Global, request: Request) -> Result<Output> {
    let config = global.options(ServeOptions::none())?.resolve()?;
    match place(&config, request.may_create())? {
        Place::Here(store, clock) => {
            let schedule = jobs::schedule(&store, &clock, mail::mailer(&config)?)?;
            let output = request.perform(&store, &clock, &schedule);
            store.close()?;
            output
        }
        Place::There(error) => {
            let request = match config.test_clock {
                Some(_) => Request::InTestTime {
                    request: Box::new(request),
                },
                None => request,
            };
            control::send(&config.data_dir, &request).unwrap_or(Err(error))
        }
    }
}

/// The same for what is too long for one answer.
pub fn carry_out_into(
    global: &Global,
    ask: account_export::Ask,
    out: &mut dyn Write,
) -> Result<()> {
    let config = global.options(ServeOptions::none())?.resolve()?;
    match place(&config, false)? {
        Place::Here(store, clock) => {
            let outcome = ask.perform(&store, &clock, out);
            store.close()?;
            outcome
        }
        Place::There(error) => control::fetch(&config.data_dir, ask, out).unwrap_or(Err(error)),
    }
}
