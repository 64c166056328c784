//! `backup create`, `verify` and `restore`.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::options::{BackupCommand, BackupRestoreOptions, Global, ServeOptions};
use super::request::{self, Output, Request};
use super::serve::key_sources;
use super::time;
use crate::clock::{Clock, DAY_MS, Timestamp};
use crate::crypto::Keys;
use crate::error::{Error, Kind, Result};
use crate::lifecycle::backup::{self, Manifest};
use crate::model::action::{Act, Action, Actor};
use crate::model::audit::Detail;
use crate::model::id::AccountId;
use crate::model::life::Terms;
use crate::privacy;
use crate::store::{DataFolder, Store, Tombstones, check_copy_keyring, test_clock_of};

#[derive(Serialize, Deserialize)]
pub struct Create {
    out: PathBuf,
}

#[derive(Serialize, Deserialize)]
pub struct Verify {
    file: PathBuf,
}

pub fn run(global: &Global, command: BackupCommand) -> Result<Output> {
    match command {
        BackupCommand::Create(options) => {
            let out = std::path::absolute(options.out)?;
            request::carry_out(global, Request::BackupCreate(Create { out }))
        }
        BackupCommand::Verify(options) => {
            let file = std::path::absolute(options.file)?;
            request::carry_out(global, Request::BackupVerify(Verify { file }))
        }
        BackupCommand::Restore(options) => restore(global, &options),
    }
}

fn described(manifest: &Manifest) -> serde_json::Value {
    json!({
        "made_at": manifest.made_at.to_string(), "product": manifest.product,
        "accounts": manifest.accounts, "bytes": manifest.bytes, "sha256": manifest.sha256,
    })
}

impl Create {
    pub fn perform(self, store: &Store, clock: &Clock) -> Result<Output> {
        let act = Act::new(Actor::Shell, Action::MakeBackup, clock.now());
        store.record_act(act, AccountId::INSTANCE, Detail::default())?;
        let manifest = backup::create(store, &self.out, clock.now())?;
        let mut json = described(&manifest);
        json["file"] = json!(self.out);
        Ok(Output::new(
            json,
            format!(
                "The backup {} is made. It holds no key: keep a copy of the keyring and the \
                 master key elsewhere, without them nobody can restore it.",
                self.out.display()
            ),
        ))
    }
}

impl Verify {
    pub fn perform(self, store: &Store, clock: &Clock) -> Result<Output> {
        let manifest = backup::verify(store, &self.file)?;
        let terms = store.account_terms()?;
        let old = refuse_old(store.keys(), &manifest, terms, clock.now()).err();
        let mut json = described(&manifest);
        json["valid"] = json!(true);
        json["can_be_restored"] = json!(old.is_none());
        let text = match &old {
            None => format!("The backup of {} is sound.", manifest.made_at),
            Some(why) => format!("The backup is sound, but: {}", why.message()),
        };
        Ok(Output::of_check(json, text, old.is_some()))
    }
}

/// A backup that is too old could bring back what was deleted since.
fn refuse_old(keys: &Keys, manifest: &Manifest, terms: Terms, now: Timestamp) -> Result<()> {
    privacy::refuse_old_backup(keys, manifest.made_at, now)?;
    let age = now.millis() - manifest.made_at.millis();
    if age <= i64::from(terms.backup_days) * DAY_MS {
        return Ok(());
    }
    Err(Error::new(
        Kind::Config,
        format!(
            "This backup was made on {}: it is older than {} days and may not come back. Delete \
             it; nothing was changed.",
            manifest.made_at, terms.backup_days
        ),
    ))
}

fn restore(global: &Global, options: &BackupRestoreOptions) -> Result<Output> {
    let config = global.options(ServeOptions::none())?.resolve()?;
    let folder = DataFolder::take(&config.data_dir, false)?;
    let keys = folder.keys_alone(&key_sources(&config))?;
    let (folder, tombstones, terms) = look_back(folder, &keys)?;
    folder.remove_copy()?;
    let checked = backup::unpack(&keys, &options.file, &folder.copy_path()).and_then(|manifest| {
        check_copy_keyring(&folder.copy_path(), &keys)?;
        let clock = match (
            &config.test_clock,
            test_clock_of(&folder.copy_path(), &keys)?,
        ) {
            (None, None) => Clock::System,
            (Some(_), None) => return Err(time::refused()),
            (Some(file), Some(_)) => Clock::of_file(file)?,
            (None, Some(file)) => Clock::of_file(&file)?,
        };
        refuse_old(&keys, &manifest, terms, clock.now())?;
        Ok((manifest, clock))
    });
    let (manifest, clock) = match checked {
        Ok(checked) => checked,
        Err(error) => {
            folder.remove_copy()?;
            return Err(error);
        }
    };
    folder.install_copy()?;
    let store = Store::open(folder, keys)?;
    store.keep_tombstones(&tombstones)?;
    let act = Act::new(Actor::Shell, Action::RestoreBackup, clock.now());
    let note = Detail::default().with_note(&format!("the state of {}", manifest.made_at));
    store.record_act(act, AccountId::INSTANCE, note)?;
    let erased = privacy::replay_ledger(&store, clock.now(), options.accept_ledger_loss)?;
    store.reclaim()?;
    let accounts = store.catalog().accounts.len();
    store.close()?;
    let mut json = described(&manifest);
    json["accounts"] = json!(accounts);
    json["accounts_erased_again"] = json!(erased);
    Ok(Output::new(
        json,
        format!(
            "The state of {} is restored, with {accounts} accounts. What came in since then is \
             gone; people and accounts deleted since then stay deleted.",
            manifest.made_at
        ),
    ))
}

/// What of the database that goes must stay: proofs of deleted accounts and the terms.
/// One that cannot be read any more has nothing to say.
fn look_back(folder: DataFolder, keys: &Keys) -> Result<(DataFolder, Tombstones, Terms)> {
    if !folder.main_database().exists() {
        return Ok((folder, Tombstones::new(), Terms::default()));
    }
    let path = folder.path().to_owned();
    let known = Store::open(folder, keys.clone()).and_then(|store| {
        let known = (store.tombstones()?, store.account_terms()?);
        store.close()?;
        Ok(known)
    });
    let folder = DataFolder::take(&path, false)?;
    let (tombstones, terms) = match known {
        Ok(known) => known,
        Err(error) => {
            eprintln!("The present database cannot be read and is replaced as a whole: {error}");
            Default::default()
        }
    };
    Ok((folder, tombstones, terms))
}
