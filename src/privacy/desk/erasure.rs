//! Requests that end in an erasure: begun, named by nobody once the erasure is, closed.

use super::{close, found, note};
use crate::clock::Timestamp;
use crate::error::{Error, Kind, Result};
use crate::model::action::{Act, Action, Actor};
use crate::model::personal::Personal;
use crate::model::privacy_request::{PrivacyRequest, RequestState};
use crate::privacy::erase;
use crate::store::{ErasureState, Store};

/// Begins the erasure that a request asks for.
pub(super) fn begin(
    store: &Store,
    act: Act,
    mut request: PrivacyRequest,
) -> Result<PrivacyRequest> {
    if request.body.erasure.is_some() {
        return Err(Error::new(Kind::Conflict, "The erasure has begun already."));
    }
    let found = found(store, &request)?;
    request.body.found = Some((found.hits.len() as u64, found.conversions.len() as u64));
    let begun = erase::begin(store, act, request.account, found.ids, request.body.reach);
    let what = match begun {
        Ok(erasure) => {
            request.body.erasure = Some(erasure);
            request.state = RequestState::InProgress;
            "Erasure begun: out of every read and of every new hit."
        }
        Err(error) if error.kind() == Kind::NotFound => {
            close(&mut request, RequestState::Completed, act.at);
            "Nothing was held, so there was nothing to erase."
        }
        Err(error) => return Err(error),
    };
    note(&mut request, act.at, what.to_owned());
    store.put_request(act, &request, "erasure by request")?;
    Ok(request)
}

/// Closes requests whose erasure is done; gives how many.
pub fn close_done(store: &Store, now: Timestamp) -> Result<u64> {
    let mut closed = 0;
    for mut request in erased_up_to(store, ErasureState::Done)? {
        let act = Act::new(Actor::System, Action::ManagePrivacy, now);
        close(&mut request, RequestState::Completed, now);
        note(
            &mut request,
            now,
            "Erased; the receipt is signed.".to_owned(),
        );
        store.put_request(act, &request, "request closed: erased")?;
        closed += 1;
    }
    Ok(closed)
}

/// Requests at work whose erasure has come so far.
fn erased_up_to(store: &Store, state: ErasureState) -> Result<Vec<PrivacyRequest>> {
    let mut found = Vec::new();
    for request in store.requests_in_progress()? {
        let Some(id) = request.body.erasure else {
            continue;
        };
        let erasure = store.erasure(request.account, id)?;
        if erasure.is_some_and(|erasure| erasure.state >= state) {
            found.push(request);
        }
    }
    Ok(found)
}

/// Takes the names out of requests whose erasure keeps none any more, so that what they
/// were written in is cleaned up after with the rest.
pub(in crate::privacy) fn forget_names(store: &Store, now: Timestamp) -> Result<()> {
    let act = Act::new(Actor::System, Action::ManagePrivacy, now);
    for mut request in erased_up_to(store, ErasureState::Nameless)? {
        if forget_who(&mut request) {
            store.put_request(act, &request, "request names nobody any more")?;
        }
    }
    Ok(())
}

/// False: it named nobody.
pub(super) fn forget_who(request: &mut PrivacyRequest) -> bool {
    let named = !request.body.identities.is_empty() || !request.body.message.reveal().is_empty();
    request.body.identities.clear();
    request.body.message = Personal::new(String::new());
    named
}
