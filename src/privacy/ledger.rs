//! The erasure ledger and what follows from it: an older backup that comes back is
//! erased again before anybody reads it, and one that is too old is refused.

use std::collections::BTreeMap;

use super::erase::rewrite;
use crate::clock::{DAY_MS, Timestamp};
use crate::crypto::{Keys, LedgerEntry};
use crate::error::{Error, Kind, Result};
use crate::model::action::{Act, Action, Actor};
use crate::model::audit::Detail;
use crate::model::id::AccountId;
use crate::model::person::{Effect, Mark, TraceKind};
use crate::store::{Erasure, ErasureBody, ErasureState, Store};

/// Age of the oldest backup that may come back, in days; ledger entries are kept as long.
pub const BACKUP_DAYS_MAX: i64 = 40;
/// How long nothing new is taken of somebody erased: as long as an order number counts
/// once, in days.
const MARK_DAYS: i64 = 396;

/// Enters an erasure into the ledger; the database remembers that there is one.
pub(super) fn enter(store: &Store, erasure: &Erasure) -> Result<()> {
    let day = erasure.body.begun_at.utc_day();
    let entries: Vec<LedgerEntry> = erasure
        .body
        .marks
        .iter()
        .map(|mark| entry(erasure.account, *mark, day))
        .collect();
    store.keys().enter_erasure(&entries)?;
    store.remember_ledger(store.keys().erasure_ledger().made)
}

fn entry(account: AccountId, mark: Mark, day: u32) -> LedgerEntry {
    LedgerEntry {
        account,
        kind: mark.kind,
        key: mark.key,
        day,
    }
}

/// Makes the database agree with the keyring's ledger, before anything is read from it.
/// Gives how many accounts had somebody in them who was erased before.
///
/// # Errors
/// [`Kind::Config`] where the keyring's ledger lacks erasures that the database has
/// seen, unless their loss is accepted: then it is filled from the database's own marks,
/// and the personal data of every account is locked.
pub fn replay_ledger(store: &Store, now: Timestamp, accept_loss: bool) -> Result<usize> {
    while let Some(erasure) = store.unfinished_erasure()?
        && erasure.state == ErasureState::Begun
    {
        enter(store, &erasure)?;
        store.put_erasure(&Erasure {
            state: ErasureState::InKeyring,
            ..erasure
        })?;
    }
    if store.keys().erasure_ledger().made < store.ledger_seen()? {
        if !accept_loss {
            return Err(Error::new(
                Kind::Config,
                "The keyring has lost its ledger of erased people: somebody who was erased could \
                 come back with a backup. Put the last keyring back; or, where there is none, \
                 start once with --accept-ledger-loss: collecting and reports go on, and personal \
                 data stays locked until each account has seen to it.",
            ));
        }
        refill(store, now)?;
    }
    let catalog = store.catalog();
    for account in catalog.accounts.keys() {
        // Where the last process ended between the database and the keyring.
        store.enter_erased_members(*account)?;
    }
    let mut missing: BTreeMap<AccountId, Vec<Mark>> = BTreeMap::new();
    let ledger = store.keys().erasure_ledger();
    for entry in &ledger.entries {
        let known = store.marks(entry.account).is_erased(&entry.key);
        if !known && catalog.accounts.contains_key(&entry.account) {
            missing.entry(entry.account).or_default().push(entry.mark());
        }
    }
    let accounts = missing.len();
    for (account, marks) in missing {
        let (members, visitors): (Vec<Mark>, Vec<Mark>) = marks
            .into_iter()
            .partition(|mark| mark.kind == TraceKind::Member);
        if !members.is_empty() {
            remove_again(store, account, &members, now)?;
        }
        if !visitors.is_empty() {
            replay(store, account, visitors, now)?;
        }
    }
    store.remember_ledger(ledger.made)?;
    Ok(accounts)
}

/// Removes members again whom an older backup has brought back. Who has become the last
/// owner with it stays: somebody must be able to sign in.
fn remove_again(store: &Store, account: AccountId, marks: &[Mark], now: Timestamp) -> Result<()> {
    let act = Act::new(Actor::System, Action::ChangeMembers, now);
    for member in store.members(account)? {
        if !marks.contains(&store.member_mark(account, member.id)?) {
            continue;
        }
        match store.remove_member(act, account, member.id, |_| Ok(())) {
            Err(error) if error.kind() == Kind::Conflict => {
                tracing::error!(%account, "a member who was removed is the last owner of this backup");
            }
            outcome => outcome?,
        }
    }
    let detail = Detail::default().with_note("removed again after an older backup came back");
    store.add_marks(act, account, marks, Effect::Erased, detail)
}

/// Erases again what an older backup has brought back.
fn replay(store: &Store, account: AccountId, marks: Vec<Mark>, now: Timestamp) -> Result<()> {
    let act = Act::new(Actor::System, Action::ManagePrivacy, now);
    let body = ErasureBody {
        begun_at: now,
        marks,
        journal_until: store.journal_last()?,
        replayed: true,
        ..ErasureBody::default()
    };
    let nothing = |at| Ok(at);
    let detail = Detail::default().with_note("erased again after an older backup came back");
    let id = store.begin_erasure(act, account, body, &[], &nothing, detail)?;
    while let Some(mut erasure) = store.erasure(account, id)?
        && erasure.state < ErasureState::Rewritten
    {
        erasure.state = ErasureState::InKeyring;
        rewrite(store, erasure)?;
    }
    tracing::warn!(%account, "people who were erased before this backup was made are erased again");
    Ok(())
}

/// Fills a ledger that was lost from the marks that the database holds.
fn refill(store: &Store, now: Timestamp) -> Result<()> {
    let since = now.minus_ms(BACKUP_DAYS_MAX * DAY_MS).utc_day();
    let entries: Vec<LedgerEntry> = store
        .erased_marks_since(since)?
        .into_iter()
        .map(|(account, mark, day)| entry(account, mark, day))
        .collect();
    store.keys().enter_erasure(&entries)?;
    store.remember_ledger(store.keys().erasure_ledger().made)?;
    let act = Act::new(Actor::Shell, Action::ManagePrivacy, now);
    let detail = Detail::default().with_note("the loss of the erasure ledger was accepted");
    store.record_act(act, AccountId::INSTANCE, detail)?;
    // Whoever was erased and is known of neither here nor there could be shown again.
    store.lock_personal(act)
}

/// Drops marks and ledger entries whose time is over at an instant up to which time is
/// proved to have passed; gives how many marks went.
pub fn housekeeping(store: &Store, until: Timestamp) -> Result<u64> {
    let forgotten = store.forget_marks(until.minus_ms(MARK_DAYS * DAY_MS))?;
    let oldest = until.minus_ms(BACKUP_DAYS_MAX * DAY_MS).utc_day();
    store.keys().drop_erasures(oldest)?;
    Ok(forgotten)
}

/// Refuses a backup from before the ledger's oldest day: people who were erased since
/// could not be told any more.
///
/// # Errors
/// [`Kind::Config`] with the day from which on backups may come back.
pub fn refuse_old_backup(keys: &Keys, made_at: Timestamp, now: Timestamp) -> Result<()> {
    let kept = now.minus_ms(BACKUP_DAYS_MAX * DAY_MS).utc_day();
    let complete = keys.erasure_ledger().complete_since;
    if made_at.utc_day() >= complete.max(kept) {
        return Ok(());
    }
    Err(Error::new(
        Kind::Config,
        format!(
            "This backup was made on {made_at}: it is older than {BACKUP_DAYS_MAX} days, so people \
             who were erased since could come back with it. Take a newer one; nothing was changed."
        ),
    ))
}
