//! `certificate list`, `show` and `verify`.

use std::io::Read;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::options::{CertificateCommand, CertificateVerifyOptions, Global};
use super::request::{self, Output, Request};
use crate::crypto::document::{Checked, DOCUMENT_BYTES_MAX, check};
use crate::error::{Error, Kind, Result};
use crate::lifecycle::certificate::{CERTIFICATE, html};
use crate::model::id::AccountId;
use crate::privacy::RECEIPT;
use crate::store::Store;

#[derive(Serialize, Deserialize)]
pub struct Show {
    account: AccountId,
}

pub fn run(global: &Global, command: CertificateCommand) -> Result<Output> {
    match command {
        CertificateCommand::Verify(options) => verify(&options),
        CertificateCommand::List => request::carry_out(global, Request::CertificateList),
        CertificateCommand::Show(options) => {
            let account = options.which.account_id()?;
            let mut output =
                request::carry_out(global, Request::CertificateShow(Show { account }))?;
            if options.html {
                output.text = html(&output.text)?;
            }
            Ok(output)
        }
    }
}

/// Checks a file; no data folder is needed.
fn verify(options: &CertificateVerifyOptions) -> Result<Output> {
    let bytes = read(&options.file)?;
    let key = options.public_key.as_deref().map(public_key).transpose()?;
    // Which of the two it says it is; what it says is checked with it.
    let is_receipt = serde_json::from_slice::<serde_json::Value>(&bytes)
        .is_ok_and(|whole| whole.get(RECEIPT).is_some());
    let (kind, name) = if is_receipt {
        (RECEIPT, "receipt")
    } else {
        (CERTIFICATE, "certificate")
    };
    Ok(match check(&bytes, kind, key.as_deref()) {
        Checked::Sound {
            content,
            public_key,
        } => {
            let hint = match key {
                Some(_) => "",
                None => "\nCompare the key with that of the server: `certificate list` prints it.",
            };
            let text = format!(
                "The {name} is sound: nothing was changed since it was signed.\naccount     {}\nkey         {public_key}{hint}",
                content["account"].as_str().unwrap_or_default()
            );
            Output::new(
                json!({ "valid": true, "public_key": public_key, kind: content }),
                text,
            )
        }
        Checked::Wrong(why) => {
            Output::of_check(json!({ "valid": false, "reason": why }), why, true)
        }
    })
}

/// A key as it was typed, or as it stands in a file.
fn public_key(given: &str) -> Result<String> {
    let path = Path::new(given);
    if !path.is_file() {
        return Ok(given.to_owned());
    }
    Ok(String::from_utf8_lossy(&read(path)?).trim().to_owned())
}

fn read(path: &Path) -> Result<Vec<u8>> {
    let unreadable = |error: std::io::Error| {
        let sentence = format!("{} cannot be read", path.display());
        Error::new(Kind::Usage, sentence).because(error)
    };
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(DOCUMENT_BYTES_MAX as u64).read_to_end(&mut bytes))
        .map_err(unreadable)?;
    Ok(bytes)
}

/// Every account that is closed, and the key that signs.
pub fn list(store: &Store) -> Result<Output> {
    let public_key = store.keys().signer().public_key();
    let mut text = format!("key  {public_key}\n");
    let mut items = Vec::new();
    for (id, _, life) in store.lives()? {
        if let (Some(closed_at), Some(_)) = (life.closed_at, &life.certificate) {
            text.push_str(&format!("{id}  closed {closed_at}\n"));
            items.push(json!({ "account": id, "closed_at": closed_at.to_string() }));
        }
    }
    if items.is_empty() {
        text.push_str("No account was deleted here yet.\n");
    }
    Ok(Output::new(
        json!({ "public_key": public_key, "items": items, "next": null }),
        text,
    ))
}

impl Show {
    pub fn perform(self, store: &Store) -> Result<Output> {
        let (_, life) = store.life(self.account)?;
        let text = life
            .certificate
            .ok_or_else(|| Error::not_found("certificate"))?;
        let json = serde_json::from_str(&text)
            .map_err(|error| Error::damaged("A certificate cannot be read").because(error))?;
        Ok(Output::new(json, text))
    }
}
