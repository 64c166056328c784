//! Stops short of erasing: objection, restriction and correction. What a mark stops,
//! settling leaves out from its very next step on.

use super::find::{Found, find, traces};
use super::trail::rewrite_segment;
use crate::error::{Error, Kind, Result};
use crate::model::action::Act;
use crate::model::audit::Detail;
use crate::model::id::{AccountId, ConversionId};
use crate::model::person::{Effect, Mark, PersonIds, Reach, Trace};
use crate::model::personal::Personal;
use crate::model::reason::Note;
use crate::segment::{Class, PersonTraces, Source};
use crate::store::{self, Store};

/// Longest corrected value, in characters.
const VALUE_CHARS_MAX: usize = 512;
/// A hit arrives so many days after it happened, at most.
const ARRIVAL_DAYS: u32 = 8;
/// Tries to rewrite a trail that is being merged.
const TRIES_MAX: usize = 5;

/// What is corrected of a conversion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The order number; none: it is taken away.
    Transaction(Option<String>),
    /// A sub-id by its number, 1 to 15; none: it is taken away.
    Sub(u8, Option<String>),
}

fn marks(store: &Store, account: AccountId, found: &Found) -> Result<Vec<Mark>> {
    let index = store.keys().index(account)?;
    let mut all = traces(store, account, found)?;
    // Ids that were given and of which nothing is held yet are kept away as well.
    all.extend(found.ids.hits.iter().map(|&id| Trace::Hit(id)));
    Ok(all
        .into_iter()
        .map(|trace| store::mark(&index, trace))
        .collect())
}

/// From now on nothing new is taken of this person; what is held stays.
pub fn object(
    store: &Store,
    act: Act,
    account: AccountId,
    ids: PersonIds,
    reach: Reach,
) -> Result<()> {
    let found = find(store, account, ids, reach)?;
    let marks = marks(store, account, &found)?;
    let detail = Detail::default().with_note("objection");
    store.add_marks(act, account, &marks, Effect::Objected, detail)
}

/// What is held is kept and not used: details of the person's conversions are hidden
/// everywhere but here, and nothing new is taken.
pub fn restrict(
    store: &Store,
    act: Act,
    account: AccountId,
    ids: PersonIds,
    reach: Reach,
) -> Result<usize> {
    let found = find(store, account, ids, reach)?;
    let marks = marks(store, account, &found)?;
    let detail = Detail::default().with_note("restriction");
    store.add_marks(act, account, &marks, Effect::Restricted, detail)?;
    set_note(store, act, account, &found, true)?;
    Ok(found.conversions.len())
}

/// Whether something of this person is restricted, or they have objected.
pub fn is_held_back(store: &Store, account: AccountId, found: &Found) -> Result<bool> {
    let held = store.marks(account);
    let marks = marks(store, account, found)?;
    Ok(marks.iter().any(|mark| {
        let effect = held.effect(&mark.key);
        matches!(effect, Some(Effect::Restricted | Effect::Objected))
    }))
}

/// Lifts restriction and objection; the person must have been told before (Art. 18(3)).
pub fn lift(
    store: &Store,
    act: Act,
    account: AccountId,
    ids: PersonIds,
    reach: Reach,
) -> Result<usize> {
    let found = find(store, account, ids, reach)?;
    let marks = marks(store, account, &found)?;
    let detail = Detail::default().with_note("restriction or objection lifted");
    store.lift_marks(act, account, &marks, detail)?;
    set_note(store, act, account, &found, false)?;
    Ok(found.conversions.len())
}

fn set_note(
    store: &Store,
    act: Act,
    account: AccountId,
    found: &Found,
    is_set: bool,
) -> Result<()> {
    for one in &found.conversions {
        store.change_conversion(act, account, one.id, |body| {
            match is_set {
                true => body.notes.add(Note::Restricted),
                false => body.notes.remove(Note::Restricted),
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// Corrects what is held of a conversion, in its row and in the trail; figures do not
/// change by it.
///
/// # Errors
/// [`crate::error::Kind::Invalid`] where the value is too long or the sub-id unknown.
pub fn rectify(
    store: &Store,
    act: Act,
    account: AccountId,
    id: ConversionId,
    change: &Change,
) -> Result<()> {
    let change = change.checked()?;
    let changed = store.change_conversion(act, account, id, |body| {
        change.apply(&mut body.txn, &mut body.subs);
        Ok(())
    })?;
    let day = changed.body.at.utc_day();
    for _ in 0..TRIES_MAX {
        let days = day..=day.saturating_add(ARRIVAL_DAYS);
        let keys = store.snapshot()?.segments(account, Class::Trail, days)?;
        let mut missed = false;
        for key in keys {
            let theirs = |row: &PersonTraces<'_>| row.conversion == Some(id);
            let done = rewrite_segment(store, &key, theirs, |row| {
                change.apply(&mut row.txn, &mut row.subs);
                true
            })?;
            missed |= done.is_none();
        }
        if !missed {
            return Ok(());
        }
    }
    Err(Error::new(
        Kind::Busy,
        "The trail is being merged. Correct it again in a moment.",
    ))
}

impl Change {
    fn checked(&self) -> Result<Change> {
        let value = |value: &Option<String>| -> Result<Option<String>> {
            let value = value.as_deref().map(str::trim).unwrap_or_default();
            if value.chars().count() > VALUE_CHARS_MAX {
                return Err(Error::invalid(format!(
                    "A value has at most {VALUE_CHARS_MAX} characters."
                )));
            }
            Ok((!value.is_empty()).then(|| value.to_owned()))
        };
        match self {
            Change::Transaction(text) => Ok(Change::Transaction(value(text)?)),
            Change::Sub(number @ 1..=15, text) => Ok(Change::Sub(*number, value(text)?)),
            Change::Sub(..) => Err(Error::invalid("Sub-ids are sub1 to sub15.")),
        }
    }

    fn apply(&self, txn: &mut Option<Personal<String>>, subs: &mut Vec<(u8, Personal<String>)>) {
        match self {
            Change::Transaction(value) => *txn = value.clone().map(Personal::new),
            Change::Sub(number, value) => {
                let index = number.saturating_sub(1);
                subs.retain(|(held, _)| *held != index);
                subs.extend(value.clone().map(|value| (index, Personal::new(value))));
                subs.sort_by_key(|(held, _)| *held);
            }
        }
    }
}
