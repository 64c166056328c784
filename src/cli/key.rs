//! `key`: what keys there are, other ones in their place, the keyring's copy
//! elsewhere, and the master key as words on paper.

use std::io::Read;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::json;
use zeroize::Zeroizing;

use super::options::{EscrowCommand, Global, KeyCommand, KeyRotateOptions, ServeOptions};
use super::request::{Output, Request, carry_out};
use super::serve::key_sources;
use crate::clock::Timestamp;
use crate::crypto::{Escrow, Keys, MasterKey};
use crate::error::{Error, Kind, Result};
use crate::model::action::{Act, Action, Actor};
use crate::model::audit::{Detail, Subject};
use crate::model::id::AccountId;
use crate::store::{DataFolder, Store};

/// Longest file of words, in bytes.
const WORDS_BYTES_MAX: u64 = 4_096;

/// What is said until the copy in escrow has been shown to open.
pub const NOT_RECOVERABLE: &str = "If this disk dies, nobody can open your backups.";

/// A command about keys that needs the open folder.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    Status,
    RotateMaster { into: Option<PathBuf> },
    RotateAccount(AccountId),
    EscrowSet(PathBuf),
    EscrowVerify { words: Option<String> },
    EscrowStatus,
}

pub fn run(global: &Global, command: KeyCommand) -> Result<Output> {
    let ask = match command {
        KeyCommand::Kit => return kit(global),
        KeyCommand::Restore(options) => return restore(global, &options.words_file),
        KeyCommand::Status => Ask::Status,
        KeyCommand::Rotate(options) => rotation(options)?,
        KeyCommand::Escrow(EscrowCommand::Set(options)) => {
            Ask::EscrowSet(std::path::absolute(options.path)?)
        }
        KeyCommand::Escrow(EscrowCommand::Verify(options)) => Ask::EscrowVerify {
            words: match options.words_file {
                Some(file) => Some(read_words(&file)?.to_string()),
                None => None,
            },
        },
        KeyCommand::Escrow(EscrowCommand::Status) => Ask::EscrowStatus,
    };
    carry_out(global, Request::Key(ask))
}

fn rotation(options: KeyRotateOptions) -> Result<Ask> {
    Ok(match options.account {
        Some(account) => Ask::RotateAccount(account.parse()?),
        None => Ask::RotateMaster {
            into: options.new_key_file.map(std::path::absolute).transpose()?,
        },
    })
}

impl Ask {
    pub fn perform(self, store: &Store, now: Timestamp) -> Result<Output> {
        let act = |action| Act::new(Actor::Shell, action, now);
        match self {
            Ask::Status => status(store),
            Ask::RotateMaster { into } => {
                let file = store.keys().rotate_master(into.as_deref())?;
                let note = Detail::default().with_note("the master key");
                store.record_act(act(Action::RotateKey), AccountId::INSTANCE, note)?;
                Ok(rotated_master(&file))
            }
            Ask::RotateAccount(account) => {
                if !store.catalog().accounts.contains_key(&account) {
                    return Err(Error::not_found("account"));
                }
                let act = act(Action::RotateKey).on(Subject::Account(account));
                let version = store.rotate_account_key(act, account)?;
                Ok(Output::new(
                    json!({ "account": account, "version": version }),
                    format!(
                        "New content of {account} is sealed with key {version} from now on. Older \
                         content is sealed again while the server runs; `key status` shows how far."
                    ),
                ))
            }
            Ask::EscrowSet(path) => {
                store.keys().set_escrow(&path)?;
                let note = Detail::default().with_note("where the keyring's copy is kept");
                store.record_act(act(Action::ChangeEscrow), AccountId::INSTANCE, note)?;
                Ok(escrow_set(store.folder(), &path))
            }
            Ask::EscrowVerify { words } => {
                let words = words.map(Zeroizing::new);
                let master = match &words {
                    Some(words) => MasterKey::from_words(words)?,
                    None => store.keys().load_master()?,
                };
                let escrow = store.keys().verify_escrow(&master, now)?;
                let note = Detail::default().with_note("the keyring's copy opens");
                store.record_act(act(Action::ChangeEscrow), AccountId::INSTANCE, note)?;
                Ok(Output::new(
                    escrow_json(store.keys(), Some(&escrow)),
                    format!("{} opens and is the latest.", escrow.path.display()),
                ))
            }
            Ask::EscrowStatus => {
                let escrow = store.keys().escrow();
                Ok(Output::new(
                    escrow_json(store.keys(), escrow.as_ref()),
                    escrow_text(escrow.as_ref()),
                ))
            }
        }
    }
}

fn rotated_master(file: &Path) -> Output {
    Output::new(
        json!({ "key_file": file }),
        format!(
            "The keyring is sealed with a new master key, in {}. Where the key comes from elsewhere, \
             put it there before the next start. The old words no longer open anything: print \
             `key kit` anew, and run `key escrow verify`.",
            file.display()
        ),
    )
}

fn status(store: &Store) -> Result<Output> {
    let keys = store.keys();
    let source = keys.source();
    let beside = source
        .as_ref()
        .is_some_and(|source| source.path().starts_with(store.folder().path()));
    let mut accounts = keys.accounts();
    accounts.sort();
    let (mut items, mut lines) = (Vec::new(), Vec::new());
    for account in accounts {
        let (version, left) = (keys.newest_version(account)?, store.old_values(account)?);
        items.push(json!({ "account": account, "version": version, "left_to_reseal": left }));
        lines.push(match left {
            0 => format!("  {account}  key {version}"),
            _ => format!("  {account}  key {version}, {left} values still under older keys"),
        });
    }
    let escrow = keys.escrow();
    let from = source.as_ref().map_or_else(String::new, |source| {
        format!("{} {}", source.word(), source.path().display())
    });
    let place = if beside { ", beside the data" } else { "" };
    let text = format!(
        "master key: {from}{place}\nkeyring: generation {}\nescrow: {}\naccounts:\n{}",
        keys.generation(),
        escrow_text(escrow.as_ref()),
        lines.join("\n")
    );
    let json = json!({
        "source": source.as_ref().map(|source| source.word()),
        "path": source.as_ref().map(|source| source.path()),
        "beside_data": beside,
        "generation": keys.generation(),
        "escrow": escrow_json(keys, escrow.as_ref()),
        "accounts": items,
    });
    Ok(Output::new(json, text))
}

fn escrow_json(keys: &Keys, escrow: Option<&Escrow>) -> serde_json::Value {
    json!({
        "path": escrow.map(|escrow| &escrow.path),
        "verified_at": escrow.and_then(|escrow| escrow.verified_at).map(|at| at.to_string()),
        "recoverable": keys.is_recoverable(),
    })
}

fn escrow_text(escrow: Option<&Escrow>) -> String {
    match escrow {
        None => format!("none. {NOT_RECOVERABLE} Choose a place with key escrow set PATH."),
        Some(Escrow {
            path,
            verified_at: None,
        }) => format!(
            "{}, not verified. {NOT_RECOVERABLE} Run key escrow verify.",
            path.display()
        ),
        Some(Escrow {
            path,
            verified_at: Some(at),
        }) => format!("{}, verified {at}", path.display()),
    }
}

fn escrow_set(folder: &DataFolder, path: &Path) -> Output {
    let near = same_disk(folder.path(), path);
    let warning = if near {
        " It lies on the disk of the data itself, which one failure takes together: better choose \
         another disk or a mounted share."
    } else {
        ""
    };
    Output::new(
        json!({ "path": path, "same_disk": near }),
        format!(
            "The keyring is copied to {} at every change.{warning} Now run key escrow verify.",
            path.display()
        ),
    )
}

fn same_disk(left: &Path, right: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let device = |path: &Path| std::fs::metadata(path).map(|file| file.dev()).ok();
    device(left).is_some() && device(left) == device(right)
}

/// The master key as words, read with the caller's own rights.
fn kit(global: &Global) -> Result<Output> {
    let config = global.options(ServeOptions::none())?.resolve()?;
    let keyring = config.data_dir.join("keyring");
    let master = key_sources(&config).load(&config.data_dir, &keyring)?;
    let escrow = Keys::peek_escrow(&keyring, &master)?;
    let words = master.words()?;
    let kept = match &escrow {
        Some(escrow) => escrow.path.display().to_string(),
        None => "not kept anywhere yet: choose a place with key escrow set PATH".to_owned(),
    };
    let text = format!(
        "RECOVERY KIT of this Pixelkeep. Print it, keep it locked away, delete the file.\n\n\
         The master key in words:\n{}\n\n\
         The copy of the keyring: {kept}\n\n\
         To open a backup on another machine: put these words in a file, run\n  \
         pixelkeep key restore --words-file WORDS --key-file master.key\n\
         put the copy of the keyring into the data folder as `keyring`, the backup beside it,\n\
         and start.\n\
         Whoever has these words and the data can read everything.",
        numbered(&words)
    );
    let json = json!({
        "words": words.as_str(),
        "escrow": escrow.map(|escrow| escrow.path),
    });
    Ok(Output::new(json, text))
}

fn numbered(words: &str) -> String {
    let words: Vec<&str> = words.split(' ').collect();
    let line = |(row, four): (usize, &[&str])| {
        let numbered = four.iter().enumerate();
        numbered
            .map(|(at, word)| format!("{:>4} {word:<9}", row * 4 + at + 1))
            .collect::<String>()
    };
    let lines: Vec<String> = words.chunks(4).enumerate().map(line).collect();
    lines.join("\n")
}

/// A key file from its words.
fn restore(global: &Global, words_file: &Path) -> Result<Output> {
    let key_file = global.key_file.as_ref().ok_or_else(|| {
        Error::new(
            Kind::Usage,
            "Name the file to make with --key-file; an existing one is not replaced.",
        )
    })?;
    MasterKey::from_words(&read_words(words_file)?)?.write(key_file)?;
    Ok(Output::new(
        json!({ "key_file": key_file }),
        format!("The master key is in {}.", key_file.display()),
    ))
}

/// The words of a file, or of standard input for `-`. Numbers between them are passed
/// over, so that a kit can be typed as it is printed.
fn read_words(path: &Path) -> Result<Zeroizing<String>> {
    let unreadable = |error: std::io::Error| {
        let sentence = format!("The words {} cannot be read", path.display());
        Error::new(Kind::Usage, sentence).because(error)
    };
    let mut text = Zeroizing::new(String::new());
    if path == Path::new("-") {
        let input = std::io::stdin().take(WORDS_BYTES_MAX);
        std::io::BufReader::new(input)
            .read_to_string(&mut text)
            .map_err(unreadable)?;
    } else {
        let file = std::fs::File::open(path).map_err(unreadable)?;
        file.take(WORDS_BYTES_MAX)
            .read_to_string(&mut text)
            .map_err(unreadable)?;
    }
    let words = text
        .split_whitespace()
        .filter(|word| word.chars().all(char::is_alphabetic));
    Ok(Zeroizing::new(words.collect::<Vec<_>>().join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kit_is_typed_as_it_is_printed() {
        let folder = tempfile::tempdir().unwrap();
        let words = MasterKey::generate().words().unwrap();
        let printed = numbered(&words);
        assert_eq!(printed.lines().count(), 6, "{printed}");
        let file = folder.path().join("words");
        std::fs::write(&file, printed.to_uppercase()).unwrap();
        let read = read_words(&file).unwrap();
        let again = MasterKey::from_words(&read).unwrap();
        assert_eq!(*again.words().unwrap(), *words);
    }
}
