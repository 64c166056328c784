//! `GET /click`: a tracking link followed. The visitor is sent on whatever happens
//! to the count; only a link that leads nowhere gets a page. Never in here: a
//! redirect to where no stored campaign or site leads.

use std::borrow::Cow;
use std::rc::Rc;

use super::draft::{self, Arrival};
use super::keeping::Keeping;
use super::name::Name;
use super::outcome::Outcome;
use super::params::Params;
use super::place::Place;
use super::terms::{Asked, Terms};
use super::visit::Visit;
use super::{Answer, App, Collector, Decided, ReadCall, Station, entries, refuse};
use crate::model::campaign::Campaign;
use crate::model::catalog::Catalog;
use crate::model::hit::{Entry, Hit, Kind};
use crate::model::id::{AccountId, PublisherId};
use crate::model::landing::{self, DEEP_LINK};
use crate::model::reason::{Note, Reason};

pub fn click<'r>(station: &Rc<Station>, call: &'r ReadCall<'r>) -> Decided<'r> {
    let (app, collector) = (&station.app, &station.collector);
    let (params, visit) = (&call.params, &call.visit);
    let catalog = app.store.catalog();
    let over_limit = visit.is_over_limit(collector);
    let link = match Link::find(&catalog, params) {
        Ok(link) => link,
        Err((account, reason)) => {
            return Decided::Now(Answer::page(refuse(app, account, reason)));
        }
    };
    let over_limit = over_limit || visit.is_site_over_limit(collector, link.place.site);
    let terms = link.terms(app, &catalog, params, visit);
    match link.not_counted(params, visit, over_limit) {
        Some(reason) => link.send_on(app, &terms, call, reason),
        None => link.count(station, terms, call),
    }
}

/// Where a tracking link leads, and for whom.
struct Link<'c> {
    place: Place<'c>,
    campaign: &'c Campaign,
    publisher: Option<PublisherId>,
    /// A publisher was named who is not one of the account's.
    unknown_publisher: bool,
    template: Cow<'c, str>,
    landing: u8,
}

impl<'c> Link<'c> {
    fn find(
        catalog: &'c Catalog,
        params: &Params<'_>,
    ) -> Result<Link<'c>, (Option<AccountId>, Reason)> {
        let place = Place::find(catalog, params)
            .map_err(|refusal| (refusal.account, unknown(refusal.reason)))?;
        let account = Some(place.account.id);
        let campaign = place.campaign.ok_or((account, Reason::UnknownCampaign))?;
        let (template, landing) =
            template(&place, campaign, params).ok_or((account, Reason::BadUrl))?;
        let named = params.get(Name::PubId);
        let publisher = named
            .and_then(|text| catalog.publisher(campaign.account, text))
            .map(|publisher| publisher.id);
        Ok(Link {
            place,
            campaign,
            publisher,
            unknown_publisher: named.is_some() && publisher.is_none(),
            template,
            landing,
        })
    }

    fn not_counted(
        &self,
        params: &Params<'_>,
        visit: &Visit<'_>,
        over_limit: bool,
    ) -> Option<Reason> {
        let paused = !self.campaign.settings.is_running();
        let over = self.place.account.refusal_at(visit.at);
        over.or(visit.set_aside)
            .or(paused.then_some(Reason::Paused))
            .or(over_limit.then_some(Reason::RateLimited))
            .or(params.fault)
    }

    /// Sends on a visitor whose click does not count.
    fn send_on<'r>(
        &self,
        app: &App,
        terms: &Terms,
        call: &'r ReadCall<'_>,
        reason: Reason,
    ) -> Decided<'r> {
        let account = self.place.account.id;
        let location = self.location(&call.params, &self.shared_token(app, &call.visit));
        let outcome = refuse(app, Some(account), reason);
        let forget = terms.forget();
        Keeping::withdrawn(account, self.place.statement(terms), move || {
            Answer::redirect(location, outcome, forget)
        })
    }

    fn count<'r>(
        &self,
        station: &Rc<Station>,
        mut terms: Terms,
        call: &'r ReadCall<'r>,
    ) -> Decided<'r> {
        let (params, visit) = (&call.params, &call.visit);
        let app = &station.app;
        let account = self.place.account.id;
        let mut hit = self.hit(params, &terms, visit);
        let mut cookie = terms.forget();
        let mut click_id = None;
        if terms.permits.attribution
            && let Ok((touch, text)) = app.click_ids.mint(
                account,
                self.campaign.id,
                self.publisher,
                self.landing,
                visit.at,
            )
        {
            terms.recognise();
            cookie = terms.remember(&app.click_ids, |state| state.remember_click(touch));
            hit.id = touch.id;
            hit.visitor = terms.visitor();
            click_id = Some(text);
        }
        hit.keep_only_permitted();
        let click_id = click_id.unwrap_or_else(|| self.shared_token(app, visit));
        let location = self.location(params, &click_id);
        let statement = self.place.statement(&terms);
        if !terms.counts {
            return Keeping::withdrawn(account, statement, move || {
                let outcome = Outcome::NotStored(Reason::ConsentMissing);
                Answer::redirect(location, outcome, cookie)
            });
        }
        let hit = self.entry(hit, &station.collector, &terms, visit);
        Keeping::sent_on(account, entries(hit, statement), move |outcome| {
            Answer::redirect(location, outcome, cookie)
        })
    }

    fn terms(&self, app: &App, catalog: &Catalog, params: &Params<'_>, visit: &Visit<'_>) -> Terms {
        Terms::of(&Asked {
            click_ids: &app.click_ids,
            account: self.place.account.id,
            catalog,
            posture: self.place.posture(),
            signals: params.signals(visit.privacy_control),
            cookies: visit.cookies,
            agreed_at_click: false,
            rewarded: catalog.rewards(self.publisher),
            now: visit.at,
        })
    }

    fn hit<'p>(
        &self,
        params: &'p Params<'_>,
        terms: &Terms,
        visit: &Visit<'p>,
    ) -> Box<Hit<Cow<'p, str>>> {
        let arrival = Arrival {
            at: visit.at,
            origin: visit.origin,
            referrer: visit.referrer,
            page: None,
            event: None,
        };
        let mut hit = draft::hit(Kind::Click, &self.place, params, terms, &arrival);
        hit.publisher = self.publisher;
        hit.landing = (self.landing != DEEP_LINK).then_some(self.landing);
        if self.unknown_publisher {
            hit.notes.add(Note::UnknownPublisher);
        }
        hit
    }

    /// The hit, told from others of its day where no more is permitted than that.
    fn entry<S>(
        &self,
        hit: Box<Hit<S>>,
        collector: &Collector,
        terms: &Terms,
        visit: &Visit<'_>,
    ) -> Entry<S> {
        if !terms.counts_daily_visitors {
            return Entry::Hit(hit);
        }
        let site = self.place.site.map(|site| site.id);
        match visit.is_first_today(collector, site, self.campaign.id) {
            Some(is_first) => Entry::ClickOfDay { hit, is_first },
            None => Entry::Hit(hit),
        }
    }

    /// The token that everyone gets. Without the account's key, or where the account
    /// wants more clicks than there were, there is none, and the visitor is sent on all
    /// the same.
    fn shared_token(&self, app: &App, visit: &Visit<'_>) -> String {
        let (account, campaign) = (self.place.account, self.campaign.id);
        let named = app.pairs.named(account, campaign, self.publisher, visit.at);
        let minted = named.map(|publisher| {
            app.click_ids
                .shared(account.id, campaign, publisher, visit.at)
        });
        minted.and_then(Result::ok).unwrap_or_default()
    }

    fn location(&self, params: &Params<'_>, click_id: &str) -> String {
        let filled = landing::fill(&self.template, click_id, |name| self.value(params, name));
        if self.landing == DEEP_LINK {
            let hosts = self.place.site.map_or(&[][..], |site| &site.settings.hosts);
            return landing::on_hosts(&filled, hosts).unwrap_or_default();
        }
        filled
    }

    /// The value of a landing page's macro.
    fn value<'v>(&self, params: &'v Params<'_>, name: &str) -> Option<Cow<'v, str>> {
        match name {
            "campaign_id" | "camp_id" => Some(self.campaign.id.to_string().into()),
            "publisher_id" | "pub_id" => self.publisher.map(|id| id.to_string().into()),
            "url" | "consent" | "security_token" | "gdpr" | "gdpr_consent" | "gpp" | "gpp_sid" => {
                None
            }
            _ => params.get(Name::find(name)?.0).map(Cow::Borrowed),
        }
    }
}

/// The landing page: the deep link, where it stands on a host of the site, else the
/// campaign's own. None where there is neither.
fn template<'c>(
    place: &Place<'c>,
    campaign: &'c Campaign,
    params: &Params<'_>,
) -> Option<(Cow<'c, str>, u8)> {
    let Some(deep) = params.get(Name::Url) else {
        let first = campaign.settings.landing_urls.first()?;
        return Some((Cow::Borrowed(first), 0));
    };
    let hosts = &place.site?.settings.hosts;
    landing::on_hosts(deep, hosts)?;
    Some((Cow::Owned(deep.to_owned()), DEEP_LINK))
}

/// A link that names no campaign leads as little as one that names a wrong one.
fn unknown(reason: Reason) -> Reason {
    match reason {
        Reason::CampaignUnknown | Reason::UnknownSite => Reason::UnknownCampaign,
        other => other,
    }
}
