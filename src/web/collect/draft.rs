//! From parameters to a hit: what is kept in any case, and what is kept only where
//! the visitor permits it. Never in here: a detail taken without asking the terms.

use std::borrow::Cow;

use super::name::Name;
use super::params::Params;
use super::place::{Place, Reference};
use super::terms::Terms;
use crate::clock::Timestamp;
use crate::crypto::token;
use crate::model::catalog::Catalog;
use crate::model::hit::{EventId, Hit, HitId, Kind, Origin, URL_MAX};
use crate::model::id::CampaignId;
use crate::model::landing::{self, DEEP_LINK};
use crate::model::personal::Personal;
use crate::model::reason::Note;
use crate::model::scrub::Scrub;

/// How a hit came, besides its parameters.
#[derive(Clone, Copy)]
pub struct Arrival<'a> {
    /// When it happened.
    pub at: Timestamp,
    pub origin: Origin,
    pub referrer: Option<&'a str>,
    /// The page it happened on.
    pub page: Option<&'a str>,
    pub event: Option<EventId>,
}

/// A hit of this kind at this place, with everything but what its kind adds.
pub fn hit<'p>(
    kind: Kind,
    place: &Place<'_>,
    params: &'p Params<'_>,
    terms: &Terms,
    arrival: &Arrival<'p>,
) -> Box<Hit<Cow<'p, str>>> {
    let permits = terms.permits;
    let mut hit = Box::new(Hit {
        id: HitId::new(arrival.at, token::random_bytes()),
        at: arrival.at,
        kind,
        permits,
        site: place.site.map(|site| site.id),
        campaign: place.campaign.map(|campaign| campaign.id),
        publisher: None,
        landing: None,
        origin: arrival.origin,
        referrer_host: arrival.referrer.and_then(landing::host_of),
        source: None,
        creative: None,
        params: Vec::new(),
        subs: Vec::new(),
        url: None,
        referrer: None,
        visitor: None,
        event: arrival.event,
        sale: None,
        notes: params.notes,
    });
    if terms.heard.malformed {
        hit.notes.add(Note::BadSignal);
    }
    if permits.measurement {
        let mut scrub = Scrub::default();
        let mut clean = |text| scrub.text(text);
        hit.source = params.text(Name::Source).map(&mut clean);
        hit.creative = params.text(Name::Creative).map(&mut clean);
        hit.params = params.link_params(&mut clean);
        hit.subs = params.subs(&mut clean);
        hit.url = arrival.page.and_then(|text| address(text, &mut clean));
        hit.referrer = arrival.referrer.and_then(|text| address(text, &mut clean));
        hit.notes = hit.notes.and(scrub.notes);
    }
    hit
}

fn address<'p>(
    text: &'p str,
    clean: impl FnOnce(Cow<'p, str>) -> Cow<'p, str>,
) -> Option<Personal<Cow<'p, str>>> {
    (text.len() <= URL_MAX).then(|| Personal::new(clean(text.into())))
}

/// Puts a view or click under the campaign of the click id it carries, where the
/// request names none itself.
pub fn follow(hit: &mut Hit<Cow<'_, str>>, catalog: &Catalog, reference: Reference) {
    match reference {
        Reference::Absent => return,
        Reference::Foreign => return hit.notes.add(Note::BadClickId),
        Reference::Click(_) | Reference::Shared(_) => {}
    }
    let Some((campaign, publisher)) = reference.carried() else {
        return;
    };
    let named_another = hit.campaign.is_some_and(|named| named != campaign);
    if named_another || !is_on_site(hit, catalog, campaign) {
        return hit.notes.add(Note::OtherCampaign);
    }
    hit.campaign = Some(campaign);
    hit.publisher = hit.publisher.or(publisher);
    if let Reference::Click(touch) = reference {
        hit.landing = (touch.landing != DEEP_LINK).then_some(touch.landing);
    }
}

fn is_on_site<S>(hit: &Hit<S>, catalog: &Catalog, campaign: CampaignId) -> bool {
    let site = catalog
        .campaigns
        .get(&campaign)
        .map(|known| known.settings.site);
    site.is_some() && (hit.site.is_none() || hit.site == site)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::consent::signal::Signals;
    use crate::web::collect::query;
    use crate::web::collect::scene::{self, Scene};
    use crate::web::collect::terms::Asked;

    fn drafted(consent: Option<&str>) -> Hit {
        let scene = Scene::new();
        let query = format!(
            "campaign_id={}&source=mail&creative=banner&p1=a&p10=b&sub15=c",
            scene::campaign()
        );
        read(
            &scene,
            &query,
            consent,
            "https://shop.example/thanks?order=1",
        )
    }

    fn read(scene: &Scene, query: &str, consent: Option<&str>, page: &str) -> Hit {
        let params = query::read(query);
        let place = Place::find(&scene.catalog, &params).unwrap();
        let arrival = Arrival {
            at: scene::now(),
            origin: scene::origin(),
            referrer: Some("https://News.example/a?story=1"),
            page: Some(page),
            event: None,
        };
        let terms = Terms::of(&Asked {
            click_ids: &scene.click_ids,
            account: scene::account(),
            catalog: &scene.catalog,
            posture: place.posture(),
            signals: Signals {
                consent,
                ..Signals::default()
            },
            cookies: None,
            agreed_at_click: false,
            rewarded: false,
            now: scene::now(),
        });
        scene::journalled(&hit(Kind::Click, &place, &params, &terms, &arrival))
    }

    #[test]
    fn with_consent_the_details_are_kept() {
        let hit = drafted(Some("measurement,attribution"));
        assert_eq!(hit.source.as_deref(), Some("mail"));
        assert_eq!(
            hit.params.iter().map(|(at, _)| *at).collect::<Vec<_>>(),
            [0, 9]
        );
        assert_eq!(hit.subs[0].0, 14);
        assert!(hit.url.is_some() && hit.referrer.is_some());
    }

    #[test]
    fn what_nobody_meant_to_send_is_not_in_it() {
        let scene = Scene::new();
        let query = format!(
            "campaign_id={}&p1=ann%40mail.example&sub2=4111111111111111&source=%2B43%20660%201234567",
            scene::campaign()
        );
        let hit = read(
            &scene,
            &query,
            Some("1"),
            "https://shop.example/?token=abc&x=1",
        );
        assert_eq!(hit.params[0].1.reveal(), "[removed:email]");
        assert_eq!(hit.subs[0].1.reveal(), "[removed:card]");
        assert_eq!(hit.source.as_deref(), Some("[removed:phone]"));
        assert_eq!(
            hit.url.unwrap().reveal(),
            "https://shop.example/?token=[removed:token]&x=1"
        );
        let removed: Vec<_> = hit.notes.iter().filter_map(Note::removed).collect();
        assert_eq!(removed, ["email", "phone", "card", "token"]);
    }

    #[test]
    fn without_consent_only_counts_are_left() {
        let mut hit = drafted(None);
        hit.keep_only_permitted();
        assert_eq!(hit.at, scene::now().quarter_start());
        assert_eq!(hit.id.at(), hit.at);
        assert_eq!(hit.referrer_host.as_deref(), Some("news.example"));
        assert_eq!((hit.source, hit.creative, hit.landing), (None, None, None));
        assert!(hit.params.is_empty() && hit.subs.is_empty());
        assert!(hit.url.is_none() && hit.referrer.is_none() && hit.visitor.is_none());
        assert_eq!(hit.campaign, Some(scene::campaign()));
    }
}
