//! Requests of people: received, carried out, answered in time. What is done, and when,
//! stands in each request's history. A request that ended in an erasure names nobody any
//! more; any other keeps what it was about until its own retention is over.

mod erasure;

use jiff::ToSpan;
use jiff::civil::Date;

use super::day;
use super::find::{Found, find};
use super::wording::counted;
use super::{identity, restrict};
use crate::clock::Timestamp;
use crate::crypto::token;
use crate::error::{Error, Kind, Result};
use crate::model::action::Act;
use crate::model::id::AccountId;
use crate::model::person::{Identity, PersonIds, Reach};
use crate::model::personal::Personal;
use crate::model::privacy_request::{
    Channel, HistoryLine, IDENTITIES_MAX, MESSAGE_CHARS_MAX, PrivacyRequest, RequestBody,
    RequestState, Right, due_on, extended_due_on,
};
use crate::store::Store;

pub use erasure::close_done;
pub(super) use erasure::forget_names;

/// Open requests of one account at most; visitors add to them without a sign-in.
const OPEN_MAX: u64 = crate::model::limits::OPEN_REQUESTS;

/// A request as it arrives.
pub struct NewRequest {
    /// Given by whoever asks, or made here.
    pub uuid: Option<String>,
    pub right: Right,
    pub channel: Channel,
    pub identities: Vec<Identity>,
    pub reach: Reach,
    pub message: String,
    pub evidence: String,
    /// The day it arrived, where that was not today.
    pub received_on: Option<Date>,
}

/// Takes a request in; the same id again gives the request that is there.
///
/// # Errors
/// [`Kind::Invalid`] where something is too long or its day lies ahead, [`Kind::Busy`]
/// where too many are open.
pub fn receive(
    store: &Store,
    act: Act,
    account: AccountId,
    new: NewRequest,
) -> Result<PrivacyRequest> {
    let uuid = match &new.uuid {
        Some(uuid) => parse_uuid(uuid)?,
        None => make_uuid(),
    };
    let id = store.request_row(account, &uuid)?;
    if let Some(known) = store.request(account, id)? {
        return Ok(known);
    }
    if store.open_requests(account)? >= OPEN_MAX {
        return Err(Error::new(
            Kind::Busy,
            "Too many requests are open. Answer some of them first.",
        ));
    }
    let too_long = [&new.message, &new.evidence]
        .iter()
        .any(|text| text.chars().count() > MESSAGE_CHARS_MAX);
    if too_long || new.identities.len() > IDENTITIES_MAX {
        return Err(Error::invalid(format!(
            "A request has at most {IDENTITIES_MAX} ids and texts of {MESSAGE_CHARS_MAX} characters."
        )));
    }
    let today = today(store, account, act.at)?;
    let received_on = new.received_on.unwrap_or(today);
    if received_on > today {
        return Err(Error::invalid("A request cannot arrive on a day to come."));
    }
    let due = due_on(received_on);
    let request = PrivacyRequest {
        id,
        account,
        state: RequestState::Received,
        due_at: end_of(store, account, due)?,
        closed_at: None,
        body: RequestBody {
            uuid,
            right: new.right,
            channel: new.channel,
            identities: new.identities,
            reach: new.reach,
            message: Personal::new(new.message.trim().to_owned()),
            evidence: new.evidence.trim().to_owned(),
            received_at: act.at,
            received_on,
            due_on: due,
            extended: None,
            history: vec![HistoryLine {
                at: act.at,
                what: format!("Received {}.", new.channel.name()),
            }],
            erasure: None,
            found: None,
        },
    };
    store.put_request(
        act,
        &request,
        &format!("request received: {}", new.right.word()),
    )?;
    Ok(request)
}

fn today(store: &Store, account: AccountId, now: Timestamp) -> Result<Date> {
    day::date(&zone(store, account)?, now)
}

fn zone(store: &Store, account: AccountId) -> Result<jiff::tz::TimeZone> {
    let catalog = store.catalog();
    let account = catalog.accounts.get(&account);
    day::zone(account.ok_or_else(|| Error::not_found("account"))?)
}

/// The first instant after a day of the account.
fn end_of(store: &Store, account: AccountId, date: Date) -> Result<Timestamp> {
    let next = date.saturating_add(1.day());
    let start = zone(store, account)?
        .to_zoned(next.at(0, 0, 0, 0))
        .map_err(|error| Error::invalid("This day is not in the calendar.").because(error))?;
    Ok(Timestamp::from_millis(start.timestamp().as_millisecond()))
}

/// A random UUID, version 4 (RFC 9562).
fn make_uuid() -> String {
    let mut bytes: [u8; 16] = token::random_bytes();
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let [a, b, c, d, e] = [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ];
    format!("{a}-{b}-{c}-{d}-{e}")
}

fn parse_uuid(text: &str) -> Result<String> {
    let text = text.trim().to_ascii_lowercase();
    let shaped = text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            14 => byte == b'4',
            _ => byte.is_ascii_hexdigit(),
        });
    match shaped {
        true => Ok(text),
        false => Err(Error::invalid(
            "subject_request_id must be a UUID, version 4.",
        )),
    }
}

/// A request of an account by its row.
///
/// # Errors
/// [`Kind::NotFound`].
pub fn request(store: &Store, account: AccountId, id: i64) -> Result<PrivacyRequest> {
    let found = store.request(account, id)?;
    found.ok_or_else(|| Error::not_found("request"))
}

/// The same by the id it goes by outside.
pub fn request_by_uuid(store: &Store, account: AccountId, uuid: &str) -> Result<PrivacyRequest> {
    let absent = |_| Error::not_found("request");
    let id = store.request_row(account, &parse_uuid(uuid).map_err(absent)?)?;
    request(store, account, id)
}

/// What is held of the person a request is about.
pub fn found(store: &Store, request: &PrivacyRequest) -> Result<Found> {
    find(
        store,
        request.account,
        ids(store, request)?,
        request.body.reach,
    )
}

fn ids(store: &Store, request: &PrivacyRequest) -> Result<PersonIds> {
    identity::read(store.keys(), request.account, &request.body.identities)
}

/// What is done with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Erase,
    Restrict,
    Object,
    Lift,
    /// The answer went out; what it was.
    Complete(String),
    Refuse(String),
    NotIdentifiable,
    Cancel,
    /// It takes longer; why, as the person was told.
    Extend(String),
    /// How the person was recognised.
    Evidence(String),
    /// Something was corrected.
    Corrected,
}

/// Takes a step with an open request.
///
/// # Errors
/// [`Kind::Conflict`] where it is closed, or what is asked does not fit its state.
pub fn take(
    store: &Store,
    act: Act,
    account: AccountId,
    id: i64,
    step: Step,
) -> Result<PrivacyRequest> {
    let mut request = request(store, account, id)?;
    if !request.state.is_open() {
        return Err(Error::new(Kind::Conflict, "This request is closed."));
    }
    let what = match step {
        Step::Erase => return erasure::begin(store, act, request),
        Step::Restrict => {
            let ids = ids(store, &request)?;
            let count = restrict::restrict(store, act, account, ids, request.body.reach)?;
            request.state = RequestState::InProgress;
            let what = counted(count as u64, "conversion");
            format!("Restricted: {what}, and nothing new is taken.")
        }
        Step::Object => {
            restrict::object(
                store,
                act,
                account,
                ids(store, &request)?,
                request.body.reach,
            )?;
            request.state = RequestState::InProgress;
            "Nothing new is taken of this person.".to_owned()
        }
        Step::Lift => {
            let ids = ids(store, &request)?;
            restrict::lift(store, act, account, ids, request.body.reach)?;
            "Restriction and objection are lifted; the person was told before.".to_owned()
        }
        Step::Complete(answer) => {
            close(&mut request, RequestState::Completed, act.at);
            format!("Answered: {answer}")
        }
        Step::Refuse(reason) if reason.trim().is_empty() => {
            return Err(Error::invalid(
                "A refusal needs its reason: the person must be told.",
            ));
        }
        Step::Refuse(reason) => {
            close(&mut request, RequestState::Refused, act.at);
            format!("Refused: {reason}")
        }
        Step::NotIdentifiable => {
            close(&mut request, RequestState::NotIdentifiable, act.at);
            "The person cannot be told apart (Art. 11 GDPR); they were asked for more.".to_owned()
        }
        Step::Cancel if request.state == RequestState::Received => {
            close(&mut request, RequestState::Cancelled, act.at);
            "Taken back.".to_owned()
        }
        Step::Cancel => {
            return Err(Error::new(
                Kind::Conflict,
                "This request is being carried out and cannot be taken back.",
            ));
        }
        Step::Extend(reason) => extend(store, act, &mut request, reason)?,
        Step::Corrected => {
            request.state = RequestState::InProgress;
            "Corrected as the person asked.".to_owned()
        }
        Step::Evidence(evidence) => {
            request.body.evidence = cut(&evidence);
            "Noted how the person was recognised.".to_owned()
        }
    };
    note(&mut request, act.at, what);
    store.put_request(act, &request, "request changed")?;
    Ok(request)
}

fn extend(store: &Store, act: Act, request: &mut PrivacyRequest, reason: String) -> Result<String> {
    if reason.trim().is_empty() {
        return Err(Error::invalid(
            "Say why it takes longer: the person must be told.",
        ));
    }
    if request.body.extended.is_some() {
        return Err(Error::new(Kind::Conflict, "It was extended already."));
    }
    if act.at >= request.due_at {
        return Err(Error::new(
            Kind::Conflict,
            "The month is over: the person had to be told of a delay before.",
        ));
    }
    request.body.due_on = extended_due_on(request.body.received_on);
    request.due_at = end_of(store, request.account, request.body.due_on)?;
    let what = format!("Extended to {}: {}", request.body.due_on, cut(&reason));
    request.body.extended = Some(cut(&reason));
    Ok(what)
}

/// Closes a request. Where it erased somebody, it names nobody any more.
fn close(request: &mut PrivacyRequest, state: RequestState, now: Timestamp) {
    request.state = state;
    request.closed_at = Some(now);
    if request.body.erasure.is_some() {
        erasure::forget_who(request);
    }
}

fn note(request: &mut PrivacyRequest, at: Timestamp, what: String) {
    request.body.history.push(HistoryLine { at, what });
}

fn cut(text: &str) -> String {
    text.trim().chars().take(MESSAGE_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_uuid_of_version_four() {
        let made = make_uuid();
        assert_eq!(parse_uuid(&made.to_uppercase()).unwrap(), made);
        for text in ["", "a7551968-d5d6-14b2-9831-815ac9017798", &made[1..]] {
            assert!(parse_uuid(text).is_err(), "{text}");
        }
    }
}
