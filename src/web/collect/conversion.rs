//! From parameters to a conversion: its goal, amount, order number, and what it may
//! be credited by. Never in here: the decision which click it was; settling decides.

use std::borrow::Cow;

use super::draft::{self, Arrival};
use super::name::Name;
use super::params::Params;
use super::place::{Place, Reference};
use super::terms::Terms;
use super::wild;
use crate::crypto::ClickIds;
use crate::model::account;
use crate::model::campaign::{Goal, Rule};
use crate::model::catalog::Catalog;
use crate::model::conversion::Status;
use crate::model::hit::{Hit, Kind, Sale};
use crate::model::id::PublisherId;
use crate::model::money::{Currency, parse_amount};
use crate::model::personal::Personal;
use crate::model::reason::{Note, Notes, Reason};

/// A conversion being read.
pub struct Reading<'a, 't, 'p> {
    pub catalog: &'a Catalog,
    pub click_ids: &'a ClickIds,
    pub place: &'a Place<'a>,
    pub params: &'t Params<'p>,
    pub terms: &'a Terms,
    pub reference: Reference,
    /// Came with the account's security token.
    pub authenticated: bool,
}

impl<'t> Reading<'_, 't, '_> {
    /// The hit, as far as its terms go.
    ///
    /// # Errors
    /// Why it cannot be used: an unknown goal or currency, a bad amount.
    pub fn hit(&self, arrival: &Arrival<'t>) -> Result<Box<Hit<Cow<'t, str>>>, Reason> {
        let mut hit = draft::hit(
            Kind::Conversion,
            self.place,
            self.params,
            self.terms,
            arrival,
        );
        hit.visitor = self.terms.visitor();
        hit.sale = Some(Box::new(self.sale(&mut hit.notes)?));
        hit.keep_only_permitted();
        Ok(hit)
    }

    fn sale(&self, notes: &mut Notes) -> Result<Sale<Cow<'t, str>>, Reason> {
        let own = self.place.account.settings.currency;
        let currency = self.currency()?;
        let goal = self.goal()?;
        let mut sale = Sale {
            goal: self.params.text(Name::GoalId),
            amount_minor: self.amount(currency.unwrap_or(own), goal, notes)?,
            currency,
            status: self.status(notes),
            coupon: self.coupon(notes),
            authenticated: self.authenticated,
            ..Sale::default()
        };
        self.read_transaction(&mut sale, notes);
        self.read_touches(&mut sale, notes);
        Ok(sale)
    }

    fn currency(&self) -> Result<Option<Currency>, Reason> {
        self.params
            .get(Name::Currency)
            .map(|text| text.parse().map_err(|_| Reason::UnknownCurrency))
            .transpose()
    }

    /// The goal, where the request alone decides it; settling knows the rest.
    fn goal(&self) -> Result<Option<&Goal>, Reason> {
        let text = self.params.get(Name::GoalId);
        match (self.place.campaign, self.place.site, text) {
            (Some(campaign), _, Some(text)) => {
                let goal = campaign.settings.goal(text);
                goal.map(Some).ok_or(Reason::GoalUnknown)
            }
            (Some(campaign), _, None) => Ok(campaign.settings.goals.first()),
            (None, Some(site), text) => {
                let mut campaigns = self.catalog.campaigns_of(site.id).peekable();
                if campaigns.peek().is_none() {
                    return Err(Reason::NoCampaign);
                }
                let known = text.is_none_or(|text| {
                    campaigns.any(|campaign| campaign.settings.goal(text).is_some())
                });
                if known {
                    Ok(None)
                } else {
                    Err(Reason::GoalUnknown)
                }
            }
            (None, None, _) => Ok(None),
        }
    }

    fn amount(
        &self,
        currency: Currency,
        goal: Option<&Goal>,
        notes: &mut Notes,
    ) -> Result<i64, Reason> {
        match self.params.get(Name::SaleAmount) {
            Some(text) => parse_amount(text, currency).map_err(|_| Reason::BadAmount),
            None => {
                let is_share = |rule| matches!(rule, Rule::Percent { .. });
                if goal.is_some_and(|goal| is_share(goal.revenue) || is_share(goal.payout)) {
                    notes.add(Note::AmountMissing);
                }
                Ok(0)
            }
        }
    }

    fn status(&self, notes: &mut Notes) -> Option<Status> {
        let text = self.params.get(Name::Status)?;
        let status = Status::parse(text);
        if status.is_none() {
            notes.add(Note::BadStatus);
        }
        status
    }

    fn coupon(&self, notes: &mut Notes) -> Option<PublisherId> {
        let text = self.params.get(Name::CouponCode)?;
        let publisher = account::parse_coupon(text)
            .ok()
            .and_then(|code| self.catalog.coupon(self.place.account.id, &code));
        if publisher.is_none() {
            notes.add(Note::UnknownCoupon);
        }
        publisher
    }

    /// The order number: in clear only where it may be kept, as blind index always.
    fn read_transaction(&self, sale: &mut Sale<Cow<'t, str>>, notes: &mut Notes) {
        let Some(text) = self.params.get(Name::TxnId) else {
            return;
        };
        if wild::is_email(text) {
            notes.add(Note::EmailAsTransaction);
        }
        sale.txn_key = self.click_ids.transaction_key(self.place.account.id, text);
        if self.terms.permits.measurement {
            sale.txn = Some(Personal::new(text.into()));
        }
    }

    fn read_touches<S>(&self, sale: &mut Sale<S>, notes: &mut Notes) {
        match self.reference.under(self.terms.permits) {
            Reference::Absent => {}
            Reference::Click(touch) => sale.click = Some(touch),
            Reference::Shared(shared) => sale.shared = Some(shared),
            Reference::Foreign => notes.add(Note::BadClickId),
        }
        if self.terms.permits.attribution {
            (sale.cookie_clicks, sale.cookie_impressions) = self.terms.touches();
        } else if sale.shared.is_none() && sale.coupon.is_none() {
            notes.add(Note::NoConsent);
        }
        if sale.txn_key.is_none() && sale.click.is_none() && sale.cookie_clicks.is_empty() {
            notes.add(Note::MissingTransaction);
        }
    }
}

#[cfg(test)]
#[path = "conversion_tests.rs"]
mod tests;
