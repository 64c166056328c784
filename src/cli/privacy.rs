//! `privacy find`, `export` and `erase`: a person's rights from the command line. What
//! is about to be done stands in the audit before it is done.

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::options::{Global, PrivacyCommand, WhoOptions};
use super::request::{self, Output, Request};
use crate::clock::Clock;
use crate::error::{Error, Kind, Result};
use crate::model::action::{Act, Action, Actor};
use crate::model::audit::Detail;
use crate::model::id::AccountId;
use crate::model::person::{Identity, IdentityKind, Reach};
use crate::privacy::{self, Found};
use crate::store::Store;

/// Somebody in an account.
#[derive(Serialize, Deserialize)]
pub struct Who {
    account: AccountId,
    identities: Vec<Identity>,
    reach: Reach,
}

#[derive(Serialize, Deserialize)]
pub struct Export {
    who: Who,
    /// As a ZIP in base64 rather than as JSON.
    zip: bool,
}

#[derive(Serialize, Deserialize)]
pub struct Erase {
    who: Who,
    /// False: only say what would go.
    sure: bool,
}

#[derive(Serialize, Deserialize)]
pub struct Unlock {
    account: AccountId,
}

pub fn run(global: &Global, command: PrivacyCommand) -> Result<Output> {
    match command {
        PrivacyCommand::Find(options) => {
            request::carry_out(global, Request::PrivacyFind(who(&options)?))
        }
        PrivacyCommand::Export(options) => {
            let request = Request::PrivacyExport(Export {
                who: who(&options.who)?,
                zip: options.out.is_some(),
            });
            let output = request::carry_out(global, request)?;
            match options.out {
                Some(path) => write(&path, output),
                None => Ok(output),
            }
        }
        PrivacyCommand::Unlock(options) => request::carry_out(
            global,
            Request::PrivacyUnlock(Unlock {
                account: options.account.parse()?,
            }),
        ),
        PrivacyCommand::Erase(options) => request::carry_out(
            global,
            Request::PrivacyErase(Erase {
                who: who(&options.who)?,
                sure: options.yes,
            }),
        ),
    }
}

fn who(options: &WhoOptions) -> Result<Who> {
    let given = [
        (IdentityKind::ClickId, &options.click_id),
        (IdentityKind::TransactionId, &options.txn),
        (IdentityKind::VisitorId, &options.visitor),
        (IdentityKind::ConversionId, &options.conversion),
        (IdentityKind::EmailHash, &options.email_hash),
    ];
    let identities = given
        .into_iter()
        .filter_map(|(kind, value)| Some(Identity::new(kind, value.as_deref()?)))
        .collect::<Result<Vec<Identity>>>()?;
    Ok(Who {
        account: options.account.parse()?,
        identities,
        reach: match options.chain_only {
            true => Reach::Chain,
            false => Reach::Whole,
        },
    })
}

impl Who {
    fn find(&self, store: &Store) -> Result<Found> {
        if !store.catalog().accounts.contains_key(&self.account) {
            return Err(Error::not_found("account"));
        }
        let ids = privacy::read_identity(store.keys(), self.account, &self.identities)?;
        privacy::find(store, self.account, ids, self.reach)
    }

    /// Notes in the account's audit what is about to be done, never to whom.
    fn announce(&self, store: &Store, clock: &Clock, what: &str) -> Result<Act> {
        let act = Act::new(Actor::Shell, Action::ManagePrivacy, clock.now());
        store.record_act(act, self.account, Detail::default().with_note(what))?;
        Ok(act)
    }

    pub fn perform(self, store: &Store, clock: &Clock) -> Result<Output> {
        self.announce(store, clock, "find a person")?;
        let found = self.find(store)?;
        let bundle = privacy::export(&found, &store.catalog(), self.account, clock.now())?;
        let data = read_json(&bundle)?;
        let (hits, conversions) = (&data["hits"], &data["conversions"]);
        let mut text = String::new();
        for record in [conversions, hits]
            .into_iter()
            .filter_map(|list| list.as_array())
            .flatten()
        {
            let word = |name: &str| record[name].as_str().unwrap_or_default();
            text.push_str(&format!("{}  {}\n", word("at"), word("sentence")));
            for (name, value) in record["fields"].as_object().into_iter().flatten() {
                text.push_str(&format!(
                    "    {name}: {}\n",
                    value.as_str().unwrap_or_default()
                ));
            }
        }
        text.push_str(&summary(&found));
        Ok(Output::new(
            json!({
                "hits": hits, "conversions": conversions,
                "counted_without_trace": found.counted_without_trace,
            }),
            text,
        ))
    }
}

fn summary(found: &Found) -> String {
    match (found.is_empty(), found.counted_without_trace) {
        (true, true) => "This order has counted, and nothing leads from it to a person: it came \
             without consent, or its details are gone. Nothing can be shown of it."
            .to_owned(),
        (true, false) => "Nothing is held under this. Somebody who did not consent leaves no id \
             by which they could be found."
            .to_owned(),
        _ => format!(
            "Held: {} and {}.",
            privacy::counted(found.hits.len() as u64, "hit"),
            privacy::counted(found.conversions.len() as u64, "conversion")
        ),
    }
}

fn read_json(bundle: &privacy::Bundle) -> Result<serde_json::Value> {
    let file = bundle.file("data.json");
    let bytes = file.map(|file| file.bytes.as_slice()).unwrap_or_default();
    serde_json::from_slice(bytes)
        .map_err(|error| Error::internal("An export could not be read").because(error))
}

impl Export {
    pub fn perform(self, store: &Store, clock: &Clock) -> Result<Output> {
        self.who.announce(store, clock, "export a person")?;
        let found = self.who.find(store)?;
        let bundle = privacy::export(&found, &store.catalog(), self.who.account, clock.now())?;
        if self.zip {
            let zip = STANDARD.encode(bundle.zip()?);
            return Ok(Output::new(
                json!({ "zip": zip, "hits": found.hits.len(), "conversions": found.conversions.len() }),
                summary(&found),
            ));
        }
        let data = read_json(&bundle)?;
        let text = serde_json::to_string_pretty(&data)
            .map_err(|error| Error::internal("An export could not be written").because(error))?;
        Ok(Output::new(data, text))
    }
}

/// Writes the ZIP, or unpacks it into a folder, with the caller's own rights.
fn write(path: &Path, output: Output) -> Result<Output> {
    let unwritable = |error: std::io::Error| {
        let sentence = format!("{} cannot be written", path.display());
        Error::new(Kind::CannotWrite, sentence).because(error)
    };
    let zip = output.json["zip"].as_str().unwrap_or_default();
    let zip = STANDARD
        .decode(zip)
        .map_err(|error| Error::new(Kind::Io, "The export is incomplete").because(error))?;
    if path
        .extension()
        .is_some_and(|end| end.eq_ignore_ascii_case("zip"))
    {
        private_file(path, &zip).map_err(unwritable)?;
    } else {
        for file in privacy::unzip(&zip)? {
            let place: PathBuf = path.join(&file.name);
            if let Some(folder) = place.parent() {
                std::fs::create_dir_all(folder).map_err(unwritable)?;
            }
            private_file(&place, &file.bytes).map_err(unwritable)?;
        }
    }
    Ok(Output::new(
        json!({
            "out": path.display().to_string(),
            "hits": output.json["hits"], "conversions": output.json["conversions"],
        }),
        format!("{} It lies in {}.", output.text, path.display()),
    ))
}

/// A file that its owner alone reads; one that exists is not overwritten.
fn private_file(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = std::fs::OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

impl Unlock {
    pub fn perform(self, store: &Store, clock: &Clock) -> Result<Output> {
        let act = Act::new(Actor::Shell, Action::ManagePrivacy, clock.now());
        store.unlock_personal(act, self.account)?;
        Ok(Output::new(
            json!({ "account": self.account, "locked": false }),
            "Personal data of the account is open again.",
        ))
    }
}

impl Erase {
    pub fn perform(self, store: &Store, clock: &Clock) -> Result<Output> {
        let what = match self.sure {
            true => "erase a person",
            false => "preview the erasure of a person",
        };
        let act = self.who.announce(store, clock, what)?;
        let found = self.who.find(store)?;
        let preview = privacy::preview(&found);
        if !self.sure {
            let lines = |lines: &[String]| -> String {
                lines.iter().map(|line| format!("  {line}\n")).collect()
            };
            return Ok(Output::new(
                json!({ "erased": false, "preview": preview }),
                format!(
                    "{}\nWould go:\n{}Would stay:\n{}Nothing was changed. Repeat it with --yes to erase.",
                    summary(&found),
                    lines(&preview.goes),
                    lines(&preview.stays)
                ),
            ));
        }
        let id = privacy::begin(store, act, self.who.account, found.ids, self.who.reach)?;
        privacy::finish(store, clock.now())?;
        outcome(store, self.who.account, id)
    }
}

/// How far an erasure has come, with its receipt once it is done.
fn outcome(store: &Store, account: AccountId, id: i64) -> Result<Output> {
    let erasure = store
        .erasure(account, id)?
        .ok_or_else(|| Error::not_found("erasure"))?;
    let (state, body) = (erasure.state, erasure.body);
    let receipt: Option<serde_json::Value> = body
        .receipt
        .as_deref()
        .and_then(|text| serde_json::from_str(text).ok());
    let text = match &body.receipt {
        Some(receipt) => format!(
            "Erased: {} and the details of {}. The signed receipt:\n{receipt}",
            privacy::counted(body.hits, "hit"),
            privacy::counted(body.conversions, "conversion")
        ),
        None => "The person is out of every read and nothing new is taken of them. The server \
             finishes the rest by itself within a minute."
            .to_owned(),
    };
    Ok(Output::new(
        json!({
            "erased": true, "erasure": format!("{id:010x}"), "state": state,
            "hits": body.hits, "conversions": body.conversions, "receipt": receipt,
        }),
        text,
    ))
}
