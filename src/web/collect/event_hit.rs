//! One event of `POST /event` as a hit: who sent it, what it is, when it happened.
//! Never in here: HTTP, or the neighbours of an event.

use std::borrow::Cow;
use std::cell::OnceCell;

use super::App;
use super::batch::Event;
use super::conversion::Reading;
use super::draft::{self, Arrival};
use super::name::Name;
use super::params::Params;
use super::place::{Place, Reference, bare_id};
use super::query::HEX;
use super::terms::{Asked, Terms};
use super::visit::Visit;
use crate::clock::DAY_MS;
use crate::crypto::ClickIds;
use crate::model::account::{Account, Site};
use crate::model::catalog::Catalog;
use crate::model::consent::Answer;
use crate::model::consent::receipt::{ReceiptId, Statement};
use crate::model::consent::signal::Signals;
use crate::model::hit::{Entry, EventId, Hit, Kind, VisitorId};
use crate::model::personal::Personal;
use crate::model::reason::{Note, Reason};

/// How long an event may have waited in a browser, in milliseconds.
const AGE_MAX_MS: i64 = 7 * DAY_MS;

/// Whoever sent a request, and what holds for all its events.
pub struct Sender<'a> {
    pub click_ids: &'a ClickIds,
    pub catalog: &'a Catalog,
    pub account: &'a Account,
    pub site: &'a Site,
    pub visit: &'a Visit<'a>,
    pub consent: Option<Cow<'a, str>>,
    pub visitor: Option<VisitorId>,
    /// The terms of events that say nothing about consent themselves.
    pub usual_terms: OnceCell<Terms>,
}

impl<'a> Sender<'a> {
    pub fn of(
        app: &'a App,
        catalog: &'a Catalog,
        site: &'a Site,
        visit: &'a Visit<'a>,
        consent: Option<Cow<'a, str>>,
        visitor: Option<Cow<'a, str>>,
    ) -> Option<Sender<'a>> {
        Some(Sender {
            click_ids: &app.click_ids,
            catalog,
            account: catalog.accounts.get(&site.account)?,
            site,
            visit,
            consent,
            visitor: visitor.and_then(|text| read_id(&text)).map(VisitorId),
            usual_terms: OnceCell::new(),
        })
    }

    /// The event as the journal takes it: a hit, or the visitor's answer.
    ///
    /// # Errors
    /// Why it is not counted.
    pub fn entry<'e>(&'e self, event: &'e Event<'_>) -> Result<Entry<Cow<'e, str>>, Reason> {
        if event.kind.as_deref() == Some("consent") {
            return self
                .statement(event)
                .map(|told| Entry::Statement(Box::new(told)));
        }
        self.hit(event).map(Entry::Hit)
    }

    /// A grant, or a withdrawal by somebody who was known. A refusal by anybody else
    /// leaves nothing.
    fn statement(&self, event: &Event<'_>) -> Result<Statement, Reason> {
        let id = self.checked_id(event)?;
        self.place(event)?;
        let terms = self.terms(event, Reference::Absent);
        let stated = terms.heard.stated;
        let withdrawn = (stated.attribution == Answer::Denied)
            .then_some(self.visitor)
            .flatten()
            .map(Personal::new);
        let granted =
            [stated.measurement, stated.attribution, stated.sharing].contains(&Answer::Granted);
        if withdrawn.is_none() && !granted {
            return Err(Reason::ConsentMissing);
        }
        let at = self.visit.at.minus_ms(event.age_ms);
        let notice = self.account.settings.privacy.notice_version;
        Ok(terms.stated(ReceiptId(id), at, Some(self.site.id), notice, withdrawn))
    }

    /// The event as a hit.
    fn hit<'e>(&'e self, event: &'e Event<'_>) -> Result<Box<Hit<Cow<'e, str>>>, Reason> {
        let id = self.checked_id(event)?;
        let kind = kind(event).ok_or(Reason::BadJson)?;
        let place = self.place(event)?;
        let reference = self.reference(event);
        let terms = self.terms(event, reference);
        if !terms.counts {
            return Err(Reason::ConsentMissing);
        }
        let arrival = Arrival {
            at: self.visit.at.minus_ms(event.age_ms),
            origin: self.visit.origin,
            referrer: event.params.get(Name::Referrer),
            page: event.params.get(Name::Url),
            event: Some(EventId(id)),
        };
        let mut hit = match kind {
            Kind::Conversion => self.conversion(event, &place, &terms, reference, &arrival)?,
            _ => self.sighting(kind, event, &place, &terms, reference, &arrival)?,
        };
        if terms.recognises() {
            hit.visitor = self.visitor.map(Personal::new);
        }
        hit.keep_only_permitted();
        Ok(hit)
    }

    /// The event's own id, where the event may count at all.
    fn checked_id(&self, event: &Event<'_>) -> Result<[u8; 16], Reason> {
        let over = self.account.refusal_at(self.visit.at);
        if let Some(reason) = over.or(self.visit.set_aside).or(event.params.fault) {
            return Err(reason);
        }
        let id = event.id.as_deref().and_then(read_id).ok_or(Reason::BadId)?;
        if event.age_ms > AGE_MAX_MS {
            return Err(Reason::TooOld);
        }
        Ok(id)
    }

    fn place(&self, event: &Event<'_>) -> Result<Place<'a>, Reason> {
        let campaign = event
            .params
            .get(Name::CampaignId)
            .map(|text| {
                self.catalog
                    .campaign(bare_id(text))
                    .filter(|campaign| campaign.account == self.account.id)
                    .ok_or(Reason::UnknownCampaign)
            })
            .transpose()?;
        Ok(Place {
            account: self.account,
            site: Some(self.site),
            campaign: campaign.map(AsRef::as_ref),
        })
    }

    fn reference(&self, event: &Event<'_>) -> Reference {
        let text = event.params.get(Name::ClickId);
        Reference::read(self.click_ids, self.account.id, text)
    }

    fn terms(&self, event: &Event<'_>, reference: Reference) -> Cow<'_, Terms> {
        if event.params.say_nothing() && reference == Reference::Absent {
            let usual = || self.terms_of(&Params::default(), Reference::Absent);
            return Cow::Borrowed(self.usual_terms.get_or_init(usual));
        }
        Cow::Owned(self.terms_of(&event.params, reference))
    }

    fn terms_of(&self, params: &Params<'_>, reference: Reference) -> Terms {
        let own = params.signals(self.visit.privacy_control);
        let signals = match self.consent.as_deref() {
            None => own,
            consent => Signals {
                consent,
                from_sdk: true,
                ..own
            },
        };
        Terms::of(&Asked {
            click_ids: self.click_ids,
            account: self.account.id,
            catalog: self.catalog,
            posture: self.site.settings.posture,
            signals,
            cookies: None,
            agreed_at_click: reference.shows_agreement(self.catalog),
            rewarded: reference.is_rewarded(self.catalog),
            now: self.visit.at,
        })
    }

    fn conversion<'e>(
        &'e self,
        event: &'e Event<'_>,
        place: &Place<'_>,
        terms: &Terms,
        reference: Reference,
        arrival: &Arrival<'e>,
    ) -> Result<Box<Hit<Cow<'e, str>>>, Reason> {
        Reading {
            catalog: self.catalog,
            click_ids: self.click_ids,
            place,
            params: &event.params,
            terms,
            reference,
            authenticated: false,
        }
        .hit(arrival)
    }

    /// A view or a click.
    fn sighting<'e>(
        &self,
        kind: Kind,
        event: &'e Event<'_>,
        place: &Place<'_>,
        terms: &Terms,
        reference: Reference,
        arrival: &Arrival<'e>,
    ) -> Result<Box<Hit<Cow<'e, str>>>, Reason> {
        let mut hit = draft::hit(kind, place, &event.params, terms, arrival);
        if let Some(text) = event.params.get(Name::PubId) {
            let publisher = self.catalog.publisher(self.account.id, text);
            hit.publisher = publisher.map(|publisher| publisher.id);
            if hit.publisher.is_none() {
                hit.notes.add(Note::UnknownPublisher);
            }
        }
        draft::follow(&mut hit, self.catalog, reference.under(terms.permits));
        let campaign = hit.campaign.and_then(|id| self.catalog.campaigns.get(&id));
        match (kind, campaign) {
            (Kind::Click, None) => Err(Reason::UnknownCampaign),
            (_, Some(campaign)) if !campaign.settings.is_running() => Err(Reason::Paused),
            (_, None) if !self.site_runs() => Err(Reason::NoCampaign),
            _ => Ok(hit),
        }
    }

    fn site_runs(&self) -> bool {
        self.catalog
            .campaigns_of(self.site.id)
            .any(|campaign| campaign.settings.is_running())
    }
}

fn kind(event: &Event<'_>) -> Option<Kind> {
    match event.kind.as_deref()? {
        "view" => Some(Kind::View),
        "click" => Some(Kind::Click),
        "conversion" => Some(Kind::Conversion),
        _ => None,
    }
}

/// 32 hexadecimal digits, with or without the dashes of a UUID.
pub fn read_id(text: &str) -> Option<[u8; 16]> {
    let bytes = text.as_bytes();
    let digits = match bytes.len() {
        36 => without_dashes(bytes)?,
        _ => *bytes.as_array::<32>()?,
    };
    let mut id = [0; 16];
    let mut all = 0;
    for (byte, [high, low]) in id.iter_mut().zip(digits.as_chunks().0) {
        let (high, low) = (HEX[usize::from(*high)], HEX[usize::from(*low)]);
        *byte = high << 4 | low & 15;
        all |= high | low;
    }
    (all < 16).then_some(id)
}

/// The digits of a UUID.
fn without_dashes(bytes: &[u8]) -> Option<[u8; 32]> {
    let mut digits = [0; 32];
    let mut at = 0;
    for (index, &byte) in bytes.iter().enumerate() {
        if matches!(index, 8 | 13 | 18 | 23) {
            (byte == b'-').then_some(())?;
        } else {
            *digits.get_mut(at)? = byte;
            at += 1;
        }
    }
    (at == digits.len()).then_some(digits)
}

#[cfg(test)]
#[path = "event_tests.rs"]
mod tests;
