//! The audit checked, and checkpoints of it: where a log stood at an instant, signed
//! by this instance. Whoever keeps one can prove later that the log was cut or
//! written anew. The public key is enough to check the signature.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::crypto::{Signer, signer};
use crate::error::{Error, Result};
use crate::model::audit::AuditCheck;
use crate::model::id::AccountId;
use crate::store::Store;

const PURPOSE: &str = "audit-checkpoint";
/// What the log of the instance is called where others have their account's id.
pub const INSTANCE: &str = "instance";

/// Where a log stood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The account's id, or `instance`.
    pub log: String,
    /// Entries up to then.
    pub entries: u64,
    /// Hash of the last of them, in hexadecimal digits.
    pub hash: String,
    pub at: Timestamp,
    pub public_key: String,
    pub signature: String,
}

/// The name of a log.
pub fn log_name(account: AccountId) -> String {
    if account == AccountId::INSTANCE {
        INSTANCE.to_owned()
    } else {
        account.to_string()
    }
}

impl Checkpoint {
    /// Signs where a log stands now.
    pub fn take(store: &Store, account: AccountId, now: Timestamp) -> Result<Checkpoint> {
        let (entries, hash) = store.audit_end(account)?;
        Ok(Checkpoint::sign(
            store.keys().signer(),
            log_name(account),
            entries,
            hex(&hash),
            now,
        ))
    }

    fn sign(signer: &Signer, log: String, entries: u64, hash: String, at: Timestamp) -> Self {
        let mut checkpoint = Checkpoint {
            log,
            entries,
            hash,
            at,
            public_key: signer.public_key(),
            signature: String::new(),
        };
        checkpoint.signature = signer.sign(PURPOSE, checkpoint.text().as_bytes());
        checkpoint
    }

    /// The lines that are signed.
    fn text(&self) -> String {
        format!(
            "pixelkeep audit checkpoint 1\n{}\n{}\n{}\n{}\n",
            self.log,
            self.entries,
            self.hash,
            self.at.millis()
        )
    }

    /// Whether the holder of its public key signed it.
    pub fn is_signed(&self) -> bool {
        let text = self.text();
        signer::verify(&self.public_key, PURPOSE, text.as_bytes(), &self.signature)
    }

    /// Reads checkpoints of this instance from the text of a file: one JSON object, or
    /// an object or list that holds some.
    ///
    /// # Errors
    /// Where one is not signed by this instance's key.
    pub fn read_all(store: &Store, text: &str) -> Result<Vec<Checkpoint>> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum File {
            One(Checkpoint),
            List(Vec<Checkpoint>),
            Output { checkpoints: Vec<Checkpoint> },
        }
        let file: File = serde_json::from_str(text)
            .map_err(|_| Error::invalid("The file holds no checkpoint of an audit log."))?;
        let checkpoints = match file {
            File::One(one) => vec![one],
            File::List(list) => list,
            File::Output { checkpoints } => checkpoints,
        };
        let ours = store.keys().signer().public_key();
        let forged = |it: &&Checkpoint| it.public_key != ours || !it.is_signed();
        if let Some(forged) = checkpoints.iter().find(forged) {
            return Err(Error::invalid(format!(
                "The checkpoint of {} was not signed by this instance, or was changed since.",
                forged.log
            )));
        }
        Ok(checkpoints)
    }
}

/// Checks every log, against these checkpoints too.
pub fn check(store: &Store, checkpoints: &[Checkpoint]) -> Result<Vec<AuditCheck>> {
    let check_one = |account: AccountId| {
        let name = log_name(account);
        let known: Vec<_> = checkpoints
            .iter()
            .filter(|checkpoint| checkpoint.log == name && checkpoint.entries > 0)
            .filter_map(|checkpoint| Some((checkpoint.entries, from_hex(&checkpoint.hash)?)))
            .collect();
        store.check_audit(account, &known)
    };
    store.audit_logs().into_iter().map(check_one).collect()
}

/// A hash in hexadecimal digits.
pub fn hex(hash: &[u8; 32]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    let mut hash = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (index, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16).ok()?;
    }
    Some(hash)
}
