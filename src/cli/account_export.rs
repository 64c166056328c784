//! `account export`: everything an account holds, into a file of the caller's own. A
//! running server sends it piece by piece; no other file is written.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::options::{AccountExportOptions, Global};
use super::request::{self, Output};
use super::time;
use crate::clock::Clock;
use crate::error::{Error, Kind, Result};
use crate::model::action::{Act, Action, Actor};
use crate::model::id::AccountId;
use crate::store::Store;
use crate::web::account_export;

/// What is asked for.
#[derive(Serialize, Deserialize)]
pub struct Ask {
    account: AccountId,
    /// `--test-clock` was named: the server must keep a test's time.
    pub in_test_time: bool,
}

pub fn run(global: &Global, options: &AccountExportOptions) -> Result<Output> {
    let account = options.which.account_id()?;
    let unwritable = |error: std::io::Error| {
        let sentence = format!("{} cannot be written", options.out.display());
        Error::new(Kind::CannotWrite, sentence).because(error)
    };
    let file = create(&options.out).map_err(unwritable)?;
    let mut out = BufWriter::new(file);
    let ask = Ask {
        account,
        in_test_time: global.test_clock.is_some(),
    };
    let written = request::carry_out_into(global, ask, &mut out)
        .and_then(|()| out.flush().map_err(unwritable))
        .and_then(|()| out.get_ref().sync_all().map_err(unwritable));
    if let Err(error) = written {
        // What was written of it is no export; the error says why.
        let _ = std::fs::remove_file(&options.out);
        return Err(error);
    }
    let bytes = std::fs::metadata(&options.out).map_err(unwritable)?.len();
    Ok(Output::new(
        json!({ "account": account, "out": options.out.display().to_string(), "bytes": bytes }),
        format!(
            "Everything the account holds lies in {}. It is in plain text: keep it safe.",
            options.out.display()
        ),
    ))
}

/// A file that its owner alone reads; one that exists is not overwritten.
fn create(path: &Path) -> std::io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

impl Ask {
    /// Writes the ZIP, once the account's log has it.
    pub fn perform(&self, store: &Store, clock: &Clock, out: &mut dyn Write) -> Result<()> {
        if self.in_test_time && clock.is_real() {
            return Err(time::refused());
        }
        let act = Act::new(Actor::Shell, Action::ExportAccount, clock.now());
        account_export::announce(store, act, self.account)?;
        account_export::write(store, self.account, act.at, out)
    }
}
