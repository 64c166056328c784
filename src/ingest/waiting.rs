//! What waits in the journal when the engine starts: counted, and where a batch of it
//! cannot be read, refused or set aside.

use super::entries;
use super::journal::Shared;
use crate::error::{Error, Kind, Result};
use crate::model::hit::Entry;
use crate::model::id::AccountId;
use crate::model::reason::Reason;
use crate::store::{JournalBatch, JournalReader, JournalWriter, Store};

/// Bytes of journal read at once.
const COUNT_BYTES: usize = 4 << 20;

/// A batch that cannot be read: its row, and whose it is.
pub struct Unreadable {
    seq: i64,
    account: AccountId,
}

/// Counts what waits after a row, and gives what cannot be read.
pub fn count(
    reader: &mut JournalReader,
    shared: &Shared,
    position: i64,
) -> Result<Vec<Unreadable>> {
    let mut unreadable = Vec::new();
    let mut after = position;
    loop {
        let batches = reader.read_after(after, COUNT_BYTES)?;
        let Some(last) = batches.last() else {
            return Ok(unreadable);
        };
        after = last.seq;
        for mut batch in batches {
            match read(&mut batch) {
                Ok(waiting) => waiting.note(shared, batch.account),
                Err(error) if error.kind() == Kind::Damaged => unreadable.push(Unreadable {
                    seq: batch.seq,
                    account: batch.account,
                }),
                Err(error) => return Err(error),
            }
        }
    }
}

/// What one batch adds.
#[derive(Default)]
struct Waiting {
    hits: i64,
    bytes: i64,
    not_counted: Vec<(Reason, u64)>,
}

impl Waiting {
    fn note(self, shared: &Shared, account: AccountId) {
        for (reason, count) in self.not_counted {
            shared.add_not_counted(account, reason, count);
        }
        shared.add_waiting(account, self.hits, self.bytes);
    }
}

fn read(batch: &mut JournalBatch) -> Result<Waiting> {
    let bytes = entries::of_batch(batch)?;
    let mut waiting = Waiting {
        bytes: bytes.len() as i64,
        ..Waiting::default()
    };
    for entry in entries::each(&bytes) {
        let entry = entry?;
        waiting.hits += i64::from(entry.is_hit());
        if entry.is_count()
            && let Entry::NotCounted { reason, count } = entry.read()?
        {
            waiting.not_counted.push((reason, count));
        }
    }
    Ok(waiting)
}

/// Goes on without batches that cannot be read, where the operator accepts that: they
/// are set aside, and each is counted as one that was not counted.
///
/// # Errors
/// [`Kind::Damaged`] where the loss is not accepted; nothing was changed then.
pub fn pass_over(
    store: &Store,
    file: &mut JournalWriter,
    shared: &Shared,
    unreadable: &[Unreadable],
) -> Result<()> {
    let Some(Unreadable { seq, account }) = unreadable.first() else {
        return Ok(());
    };
    let sentence = format!(
        "The journal holds {} damaged batches of hits that are not settled, the first in row {seq}, \
         of account {account}.",
        unreadable.len()
    );
    if !store.folder().accepts_loss() {
        return Err(Error::damaged(format!(
            "{sentence} Nothing was changed. Put a backup back, or start once with `serve \
             --accept-loss`: that sets them aside, sealed as they are, and goes on without them."
        )));
    }
    tracing::error!("The loss is accepted. {sentence}");
    let mut instead = Vec::with_capacity(unreadable.len());
    for Unreadable { account, .. } in unreadable {
        let mut bytes = entries::begin();
        let (reason, count) = (Reason::Damaged, 1);
        entries::append(&mut bytes, &Entry::<String>::NotCounted { reason, count })?;
        shared.add_not_counted(*account, reason, count);
        shared.add_waiting(*account, 0, bytes.len() as i64);
        instead.push((*account, bytes));
    }
    let rows: Vec<i64> = unreadable.iter().map(|batch| batch.seq).collect();
    file.set_aside(&rows, &instead)
}
