//! Backups, plain form: one sealed file with a copy of the main database, and no key,
//! keyring, session or journal in it. Its pieces are sealed under the instance's key
//! and bound to their place; the manifest, sealed as well, holds the hash of the whole.
//!
//! `PKBACKUP1\n`, when it was made (milliseconds, 8 bytes), then blocks: length (4
//! bytes) and sealed bytes. The first block is the manifest.

use std::fs::{File, OpenOptions};
use std::io::{BufReader, BufWriter, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::{Stopwatch, Timestamp};
use crate::crypto::{Keys, token};
use crate::error::{Error, Kind, Result};
use crate::store::{Store, check_copy};

const MAGIC: &[u8; 10] = b"PKBACKUP1\n";
const CHUNK: usize = 1 << 20;
/// A sealed block is longer than its content by far less than this.
const BLOCK_MAX: usize = CHUNK + 4_096;
/// How long it waits until everything that came in is settled.
const SETTLE_PATIENCE: Duration = Duration::from_secs(20);

/// What a backup says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub format: u32,
    pub product: String,
    pub made_at: Timestamp,
    pub keyring_generation: u64,
    pub accounts: usize,
    pub bytes: u64,
    /// SHA-256 of the database's copy, as hexadecimal digits.
    pub sha256: String,
}

/// Writes a backup to a file that does not exist yet.
pub fn create(store: &Store, out: &Path, now: Timestamp) -> Result<Manifest> {
    if out.exists() {
        return Err(Error::new(
            Kind::Conflict,
            format!("{} exists already; nothing was written.", out.display()),
        ));
    }
    wait_until_settled(store)?;
    let folder = store.folder();
    folder.remove_copy()?;
    let outcome = store
        .copy_to(&folder.copy_path())
        .and_then(|()| write(store, &folder.copy_path(), out, now));
    folder.remove_copy()?;
    if outcome.is_err() {
        // What was written of it is no backup; the error says why.
        let _ = std::fs::remove_file(partial(out));
    }
    outcome
}

fn wait_until_settled(store: &Store) -> Result<()> {
    let waited = Stopwatch::start();
    while !store.is_settled()? {
        if waited.elapsed() > SETTLE_PATIENCE {
            // What waits is in the journal and is not lost; the backup is a state of now.
            tracing::warn!("a backup is made while hits still wait to be settled");
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

fn partial(out: &Path) -> std::path::PathBuf {
    let mut name = out.as_os_str().to_owned();
    name.push(".part");
    name.into()
}

fn write(store: &Store, copy: &Path, out: &Path, now: Timestamp) -> Result<Manifest> {
    let manifest = Manifest {
        format: 1,
        product: concat!("pixelkeep ", env!("CARGO_PKG_VERSION")).to_owned(),
        made_at: now,
        keyring_generation: store.keys().generation(),
        accounts: store.catalog().accounts.len(),
        bytes: std::fs::metadata(copy)?.len(),
        sha256: hash(copy)?,
    };
    let unwritable = |error: std::io::Error| {
        let sentence = format!("The backup {} cannot be written", out.display());
        Error::new(Kind::CannotWrite, sentence).because(error)
    };
    let part = partial(out);
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&part)
        .map_err(unwritable)?;
    let mut file = BufWriter::new(file);
    file.write_all(MAGIC).map_err(unwritable)?;
    file.write_all(&now.millis().to_be_bytes())
        .map_err(unwritable)?;
    let head = serde_json::to_vec(&manifest)
        .map_err(|error| Error::internal("A manifest could not be written").because(error))?;
    let mut blocks = Blocks {
        keys: store.keys(),
        made_at: now,
        next: 0,
    };
    blocks.write(&mut file, &head)?;
    let mut source = File::open(copy)?;
    loop {
        let mut chunk = Vec::with_capacity(CHUNK);
        Read::by_ref(&mut source)
            .take(CHUNK as u64)
            .read_to_end(&mut chunk)?;
        if chunk.is_empty() {
            break;
        }
        blocks.write(&mut file, &chunk)?;
    }
    let file = file
        .into_inner()
        .map_err(|error| unwritable(error.into_error()))?;
    file.sync_all().map_err(unwritable)?;
    std::fs::rename(&part, out).map_err(unwritable)?;
    Ok(manifest)
}

/// Seals and opens blocks in their order.
struct Blocks<'a> {
    keys: &'a Keys,
    made_at: Timestamp,
    next: i64,
}

impl Blocks<'_> {
    fn place(&mut self) -> (String, i64) {
        self.next += 1;
        (format!("backup {}", self.made_at.millis()), self.next - 1)
    }

    fn write(&mut self, file: &mut impl Write, plain: &[u8]) -> Result<()> {
        let (place, row) = self.place();
        let sealed = self
            .keys
            .instance_sealer()
            .seal(&place, "block", row, plain)?;
        file.write_all(&(sealed.len() as u32).to_be_bytes())?;
        file.write_all(&sealed)?;
        Ok(())
    }

    /// None at the end of the file.
    fn read(&mut self, file: &mut impl Read) -> Result<Option<Vec<u8>>> {
        let mut length = [0u8; 4];
        match file.read(&mut length[..1])? {
            0 => return Ok(None),
            _ => file.read_exact(&mut length[1..]).map_err(cut)?,
        }
        let length = u32::from_be_bytes(length) as usize;
        if length > BLOCK_MAX {
            return Err(damaged());
        }
        let mut sealed = vec![0; length];
        file.read_exact(&mut sealed).map_err(cut)?;
        let (place, row) = self.place();
        let sealer = self.keys.instance_sealer();
        sealer.open(&place, "block", row, &sealed).map(Some)
    }
}

fn damaged() -> Error {
    Error::damaged("This is not a backup of this server, or it is damaged.")
}

fn cut(error: std::io::Error) -> Error {
    Error::damaged("The backup is cut off").because(error)
}

/// When a backup says that it was made; its seal binds that.
fn open(path: &Path) -> Result<(BufReader<File>, Timestamp)> {
    let unreadable = |error: std::io::Error| {
        let sentence = format!("{} cannot be read", path.display());
        Error::new(Kind::Usage, sentence).because(error)
    };
    let mut file = BufReader::new(File::open(path).map_err(unreadable)?);
    let mut head = [0u8; MAGIC.len() + 8];
    file.read_exact(&mut head).map_err(cut)?;
    let (magic, made_at) = head.split_at(MAGIC.len());
    let made_at = <[u8; 8]>::try_from(made_at).map_err(|_| damaged())?;
    if magic != MAGIC {
        return Err(damaged());
    }
    Ok((file, Timestamp::from_millis(i64::from_be_bytes(made_at))))
}

/// Unpacks a backup into a file and holds it against its manifest.
///
/// # Errors
/// [`Kind::Damaged`] where a single bit differs, or another server made it.
pub fn unpack(keys: &Keys, backup: &Path, into: &Path) -> Result<Manifest> {
    let (mut file, made_at) = open(backup)?;
    let mut blocks = Blocks {
        keys,
        made_at,
        next: 0,
    };
    let head = blocks.read(&mut file)?.ok_or_else(damaged)?;
    let manifest: Manifest = serde_json::from_slice(&head)
        .map_err(|error| Error::damaged("The backup's manifest is damaged").because(error))?;
    let copy = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(into)?;
    let mut copy = BufWriter::new(copy);
    while let Some(chunk) = blocks.read(&mut file)? {
        copy.write_all(&chunk)?;
    }
    let copy = copy
        .into_inner()
        .map_err(|error| Error::from(error.into_error()))?;
    copy.sync_all()?;
    let is_whole = copy.metadata()?.len() == manifest.bytes && hash(into)? == manifest.sha256;
    if !is_whole || manifest.made_at != made_at {
        return Err(Error::damaged(
            "The backup does not hold what its manifest says.",
        ));
    }
    check_copy(into)?;
    Ok(manifest)
}

/// Checks a backup without keeping anything of it.
pub fn verify(store: &Store, backup: &Path) -> Result<Manifest> {
    let folder = store.folder();
    folder.remove_copy()?;
    let outcome = unpack(store.keys(), backup, &folder.copy_path());
    folder.remove_copy()?;
    outcome
}

fn hash(path: &Path) -> Result<String> {
    Ok(token::stream_hash(&mut File::open(path)?)?)
}
