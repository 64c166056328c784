//! Takes a person away for good. Begun, they are at once out of every read and of every
//! new hit; then one small step after the other rewrites what holds them, until both
//! databases, their free pages and their logs are clean. Each step can be cut off and
//! done again.

use serde::Serialize;

use super::find::{Erased, Found, find, ledger_day, traces};
use super::trail::rewrite_segment;
use super::wording::counted;
use super::{desk, ledger, receipt};
use crate::clock::{DAY_MS, Timestamp};
use crate::error::{Error, Kind, Result};
use crate::model::action::Act;
use crate::model::audit::Detail;
use crate::model::id::AccountId;
use crate::model::person::{PersonIds, Reach};
use crate::model::trail::TrailRow;
use crate::segment::{Class, SegmentKey, Source};
use crate::store::{self, Erasure, ErasureBody, ErasureState, Store};

/// Segments looked at in one step.
const SEGMENTS_A_STEP: usize = 8;
/// Steps after which [`finish`] gives up: the scheduler goes on.
const STEPS_MAX: usize = 100_000;
/// Erasures that are carried on side by side, and that are cleaned up after together.
const AT_ONCE: usize = 64;
/// One that waits so long for the others to come as far is cleaned up after without
/// them, in milliseconds.
const OTHERS_WAIT_MS: i64 = 10 * 60 * 1_000;
/// How long it waits for room on the disk; then its receipt says what is left.
const ROOM_WAIT_MS: i64 = 2 * DAY_MS;

/// What would go, and what would stay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Preview {
    /// Trail hits that go.
    pub hits: usize,
    /// Conversions that become nameless ledger lines.
    pub conversions: usize,
    /// In plain words.
    pub goes: Vec<String>,
    pub stays: Vec<String>,
}

/// What erasing a person would do; changes nothing.
pub fn preview(found: &Found) -> Preview {
    let (hits, conversions) = (found.hits.len(), found.conversions.len());
    Preview {
        hits,
        conversions,
        goes: vec![
            format!("{} with all details", counted(hits as u64, "hit")),
            format!(
                "order number, click, sub-ids, instant and origin of {}",
                counted(conversions as u64, "conversion")
            ),
        ],
        stays: receipt::stays(conversions as u64),
    }
}

/// Begins: when it returns, the person is out of every read and nothing new is taken of
/// them, and the keyring's ledger says so. Gives the erasure's id.
///
/// # Errors
/// [`Kind::NotFound`] where nothing is held.
pub fn begin(
    store: &Store,
    act: Act,
    account: AccountId,
    ids: PersonIds,
    reach: Reach,
) -> Result<i64> {
    let found = find(store, account, ids, reach)?;
    if found.is_empty() && found.ids.visitors.is_empty() {
        return Err(Error::new(
            Kind::NotFound,
            "Nothing is held under this, so there is nothing to erase.",
        ));
    }
    let index = store.keys().index(account)?;
    let mut marks: Vec<_> = traces(store, account, &found)?
        .into_iter()
        .map(|trace| store::mark(&index, trace))
        .collect();
    marks.sort_unstable_by_key(|mark| mark.key);
    marks.dedup();
    let body = ErasureBody {
        begun_at: act.at,
        marks,
        journal_until: store.journal_last()?,
        ..ErasureBody::default()
    };
    let conversions: Vec<_> = found.conversions.iter().map(|one| one.id).collect();
    let note = format!(
        "{}, {}",
        counted(found.hits.len() as u64, "hit"),
        counted(conversions.len() as u64, "conversion")
    );
    let day_of = ledger_day(store, account)?;
    let detail = Detail::default().with_note(&note);
    let id = store.begin_erasure(act, account, body, &conversions, &day_of, detail)?;
    let _turn = store.erasure_turn();
    if let Some(erasure) = store.erasure(account, id)?
        && erasure.state == ErasureState::Begun
    {
        enter(store, erasure)?;
    }
    Ok(id)
}

/// Does the next piece of an erasure that is not done, of the oldest where it can. False:
/// there was nothing to do, or all have to wait for the journal, a reader or the disk.
pub fn step(store: &Store, now: Timestamp) -> Result<bool> {
    let _turn = store.erasure_turn();
    let seen = store.erasures_seen();
    let open = store.erasures_in(ErasureState::Begun..ErasureState::Nameless, AT_ONCE)?;
    let nameless = store.erasures_in(ErasureState::Nameless..ErasureState::Done, AT_ONCE)?;
    if open.is_empty() && nameless.is_empty() {
        // Some may have gone with their account.
        store.forget_remains(&seen);
        return Ok(false);
    }
    let oldest = nameless.first().map(|erasure| erasure.body.begun_at);
    let is_late = oldest.is_some_and(|at| now.millis() - at.millis() > OTHERS_WAIT_MS);
    if (is_late || nameless.len() == AT_ONCE) && clean(store, &nameless, now)? {
        return Ok(true);
    }
    for erasure in open {
        if advance(store, erasure)? {
            return Ok(true);
        }
    }
    Ok(!is_late && clean(store, &nameless, now)?)
}

/// False: it has to wait.
fn advance(store: &Store, erasure: Erasure) -> Result<bool> {
    match erasure.state {
        ErasureState::Begun => enter(store, erasure),
        ErasureState::InKeyring => rewrite(store, erasure),
        ErasureState::Rewritten => clean_journal(store, erasure),
        ErasureState::JournalClean => forget(store, erasure),
        ErasureState::Nameless | ErasureState::Done => Ok(false),
    }
}

/// Carries every erasure through, as far as it can now.
pub fn finish(store: &Store, now: Timestamp) -> Result<()> {
    for _ in 0..STEPS_MAX {
        if !step(store, now)? {
            break;
        }
    }
    Ok(())
}

fn put(store: &Store, mut erasure: Erasure, state: ErasureState) -> Result<bool> {
    erasure.state = state;
    store.put_erasure(&erasure)?;
    Ok(true)
}

/// The keyring's ledger learns of it.
fn enter(store: &Store, erasure: Erasure) -> Result<bool> {
    ledger::enter(store, &erasure)?;
    put(store, erasure, ErasureState::InKeyring)
}

/// Conversions that were settled while it began, then the trail, segment by segment.
pub(super) fn rewrite(store: &Store, mut erasure: Erasure) -> Result<bool> {
    let account = erasure.account;
    let (marks, index) = (store.marks(account), store.keys().index(account)?);
    if erasure.body.after_segment == 0 {
        let late: Vec<_> = store
            .conversions_where(account, |one| store::is_erased(&marks, &index, one))?
            .iter()
            .map(|one| one.id)
            .collect();
        let day_of = ledger_day(store, account)?;
        erasure.body.conversions += store.make_ledger_lines(account, &late, &day_of)?;
    }
    let after = erasure.body.after_segment;
    let mut keys: Vec<SegmentKey> = store
        .snapshot()?
        .segments(account, Class::Trail, 0..=u32::MAX)?
        .into_iter()
        .filter(|key| key.id > after)
        .collect();
    keys.sort_unstable_by_key(|key| key.id);
    if keys.is_empty() {
        return put(store, erasure, ErasureState::Rewritten);
    }
    let erased = Erased::new(&marks, &index);
    for key in keys.into_iter().take(SEGMENTS_A_STEP) {
        // Where it was merged meanwhile, what it held has a higher number now.
        let gone = |_: &mut TrailRow| false;
        let taken = rewrite_segment(store, &key, |row| erased.row(row), gone)?.unwrap_or(0);
        erasure.body.hits += taken;
        erasure.body.segments += u64::from(taken > 0);
        erasure.body.after_segment = key.id;
    }
    put(store, erasure, ErasureState::InKeyring)
}

/// What the journal held of them has been settled, and has left its file.
fn clean_journal(store: &Store, erasure: Erasure) -> Result<bool> {
    if store.settled_position()?.1 < erasure.body.journal_until {
        return Ok(false);
    }
    match store.reclaim_journal() {
        // Its writer has no room for that, or much to store; it comes to it later.
        Err(error) if error.kind() == Kind::Busy => Ok(false),
        outcome => {
            outcome?;
            put(store, erasure, ErasureState::JournalClean)
        }
    }
}

/// Forgets by which marks they were found; the marks themselves keep them away.
fn forget(store: &Store, mut erasure: Erasure) -> Result<bool> {
    erasure.body.marks = Vec::new();
    put(store, erasure, ErasureState::Nameless)
}

/// Free pages, the write-ahead log and copies in the gaps of pages, for all that have
/// come so far; then the receipts.
fn clean(store: &Store, erasures: &[Erasure], now: Timestamp) -> Result<bool> {
    let Some(oldest) = erasures.iter().map(|erasure| erasure.body.begun_at).min() else {
        return Ok(false);
    };
    desk::forget_names(store, now)?;
    if !store.reclaim()? {
        return Ok(false);
    }
    let ids: Vec<i64> = erasures.iter().map(|erasure| erasure.id).collect();
    let marks = store.marks_of_remains(&ids);
    let may_wait = now.millis() - oldest.millis() < ROOM_WAIT_MS;
    let Some(cleared) = store.clear_gaps(marks.as_deref(), may_wait)? else {
        return Ok(false);
    };
    for erasure in erasures {
        let mut erasure = erasure.clone();
        erasure.body.done_at = Some(now);
        erasure.body.receipt = Some(receipt::sign(store, &erasure, &cleared, now)?);
        put(store, erasure, ErasureState::Done)?;
    }
    store.forget_remains(&ids);
    Ok(true)
}
