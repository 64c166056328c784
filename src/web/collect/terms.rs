//! On which terms a hit may be kept: what the visitor said now, what they said
//! before, and what the site makes of silence. The cookie is opened here and
//! nowhere else, and only where its reading is permitted.

use super::cookie;
use crate::clock::Timestamp;
use crate::crypto::{ClickIds, token};
use crate::model::browser_state::BrowserState;
use crate::model::catalog::Catalog;
use crate::model::consent::receipt::{Receipt, ReceiptId, Statement};
use crate::model::consent::signal::{Heard, Signals, Way};
use crate::model::consent::{Answer, Consent, Permits, Posture};
use crate::model::hit::{Touch, VisitorId};
use crate::model::id::{AccountId, SiteId};
use crate::model::personal::Personal;

/// What the terms follow from.
pub struct Asked<'a> {
    pub click_ids: &'a ClickIds,
    pub account: AccountId,
    pub catalog: &'a Catalog,
    pub posture: Posture,
    /// What the visitor said now.
    pub signals: Signals<'a>,
    /// The `Cookie` header.
    pub cookies: Option<&'a str>,
    /// The request carries a click id that is given out only to those who agreed.
    pub agreed_at_click: bool,
    /// It belongs to a reward programme that the visitor signed up for.
    pub rewarded: bool,
    pub now: Timestamp,
}

/// The terms of one request.
#[derive(Clone)]
pub struct Terms {
    pub permits: Permits,
    /// The hit may be counted at all.
    pub counts: bool,
    /// Different visitors of a day may be told apart, and no more.
    pub counts_daily_visitors: bool,
    /// What the visitor said now.
    pub heard: Heard,
    /// The visitor may be recognised by an id.
    recognises: bool,
    posture: Posture,
    account: AccountId,
    now: Timestamp,
    state: Option<BrowserState>,
    /// Yes was said in so many words, now or before.
    agreed: bool,
    /// A cookie came that must go.
    unwanted: bool,
    /// Whose data must go, because they took their consent back.
    withdrawn: Option<Personal<VisitorId>>,
    /// A yes was given that is remembered from now on.
    newly_granted: bool,
}

/// What an earlier yes is worth: it lets count and join, and hands nothing on.
const AGREED_BEFORE: Consent = Consent {
    measurement: Answer::Granted,
    attribution: Answer::Granted,
    sharing: Answer::Unknown,
};

impl Asked<'_> {
    /// Whether the hit belongs to a reward programme. Of the clicks in the cookie
    /// only those of such programmes may then be used.
    fn is_rewarded(&self, state: &mut Option<BrowserState>) -> bool {
        if self.posture != Posture::Reward {
            return false;
        }
        if let Some(state) = state {
            state.impressions.clear();
            state
                .clicks
                .retain(|touch| self.catalog.rewards(touch.publisher));
        }
        self.rewarded || state.as_ref().is_some_and(|state| !state.clicks.is_empty())
    }
}

impl Terms {
    pub fn of(asked: &Asked<'_>) -> Terms {
        let mut heard = asked.signals.hear();
        if asked.cookies.is_some_and(cookie::has_objected) {
            heard.consent = heard.consent.and(Consent::DENIED);
        }
        let denied = heard.consent.attribution == Answer::Denied;
        let value = asked
            .cookies
            .and_then(|header| cookie::find(header, asked.account));
        let open = |value| asked.click_ids.open_state(asked.account, value);
        // Who takes consent back is still known for the moment it takes to say whose
        // data must go. Privacy control alone takes nothing back.
        let withdrawn = value
            .filter(|_| heard.stated.attribution == Answer::Denied)
            .and_then(open)
            .map(|state| Personal::new(state.visitor));
        let mut state = value.filter(|_| !denied).and_then(open);
        if let Some(state) = &mut state {
            state.forget_before(asked.now);
        }
        let agreed_before =
            asked.agreed_at_click || state.as_ref().is_some_and(|state| state.consented);
        let remembered = if agreed_before {
            AGREED_BEFORE
        } else {
            Consent::UNKNOWN
        };
        let consent = heard.consent.and(remembered);
        let plain = asked.posture.permits(consent);
        let rewarded = !plain.attribution && asked.is_rewarded(&mut state);
        let permits = if rewarded {
            asked.posture.permits_reward(consent)
        } else {
            plain
        };
        Terms {
            permits,
            counts: asked.posture.counts(consent),
            counts_daily_visitors: asked.posture.counts_daily_visitors(consent),
            heard,
            recognises: plain.attribution,
            posture: asked.posture,
            account: asked.account,
            now: asked.now,
            state: state.filter(|_| permits.attribution),
            agreed: agreed_before || heard.consent.attribution == Answer::Granted,
            unwanted: denied && value.is_some(),
            withdrawn,
            newly_granted: false,
        }
    }

    /// Whether the visitor may be recognised by an id. Who only followed a reward
    /// programme's link is not.
    pub fn recognises(&self) -> bool {
        self.recognises
    }

    /// Who it is, where the cookie says so and that may be known.
    pub fn visitor(&self) -> Option<Personal<VisitorId>> {
        self.state
            .as_ref()
            .filter(|_| self.recognises)
            .map(|state| Personal::new(state.visitor))
    }

    /// Clicks and impressions in the cookie, newest first.
    pub fn touches(&self) -> (Vec<Touch>, Vec<Touch>) {
        self.state.as_ref().map_or_else(Default::default, |state| {
            (state.clicks.clone(), state.impressions.clone())
        })
    }

    /// Gives the browser an id where it has none and that is permitted.
    pub fn recognise(&mut self) {
        if self.permits.attribution && self.state.is_none() {
            let visitor = VisitorId(token::random_bytes());
            self.state = Some(BrowserState::new(visitor));
        }
    }

    /// The `Set-Cookie` that lets the browser remember something; none without
    /// permission. [`Terms::recognise`] comes first.
    pub fn remember(
        &mut self,
        click_ids: &ClickIds,
        change: impl FnOnce(&mut BrowserState),
    ) -> Option<String> {
        let state = self.state.as_mut()?;
        self.newly_granted = self.agreed && !state.consented;
        state.consented |= self.agreed;
        change(state);
        state.forget_before(self.now);
        let sealed = click_ids.seal_state(self.account, state).ok()?;
        Some(cookie::set(self.account, &sealed))
    }

    /// What the visitor's answer leaves in the books: where it is remembered from now
    /// on, or takes back what was. A `consent` that covers one request only, or repeats
    /// what is known, leaves nothing.
    pub fn statement(&self, site: Option<SiteId>, notice: u32) -> Option<Statement> {
        if !self.newly_granted && self.withdrawn.is_none() {
            return None;
        }
        let withdrawn = self.withdrawn.clone();
        Some(self.stated(ReceiptId::NONE, self.now, site, notice, withdrawn))
    }

    /// The answer as it is kept.
    pub fn stated(
        &self,
        id: ReceiptId,
        at: Timestamp,
        site: Option<SiteId>,
        notice: u32,
        withdrawn: Option<Personal<VisitorId>>,
    ) -> Statement {
        Statement {
            id,
            receipt: Receipt {
                at,
                site,
                posture: self.posture,
                consent: self.heard.consent,
                way: self.heard.by.unwrap_or(Way::Parameter),
                privacy_control: self.heard.consent != self.heard.stated,
                notice,
            },
            withdrawn,
        }
    }

    /// The `Set-Cookie` that takes away what the visitor does not want.
    pub fn forget(&self) -> Option<String> {
        self.unwanted.then(|| cookie::remove(self.account))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::hit::HitId;
    use crate::web::collect::scene::{self, Scene, account};

    fn terms(scene: &Scene, posture: Posture, consent: &str, cookies: Option<&str>) -> Terms {
        Terms::of(&Asked {
            click_ids: &scene.click_ids,
            account: account(),
            catalog: &scene.catalog,
            posture,
            signals: Signals {
                consent: Some(consent).filter(|text| !text.is_empty()),
                ..Signals::default()
            },
            cookies,
            agreed_at_click: false,
            rewarded: false,
            now: Timestamp::from_millis(1_000),
        })
    }

    /// The `Cookie` header of a browser that was given a cookie on these terms.
    fn carried(scene: &Scene, mut terms: Terms) -> String {
        terms.recognise();
        let set = terms.remember(&scene.click_ids, |_| {}).unwrap();
        set.split(';').next().unwrap().to_owned()
    }

    #[test]
    fn without_consent_nothing_is_given_out() {
        let scene = Scene::new();
        let mut terms = terms(&scene, Posture::Strict, "", None);
        terms.recognise();
        assert_eq!(terms.permits, Permits::default());
        assert!(terms.visitor().is_none() && terms.forget().is_none());
        assert!(terms.remember(&scene.click_ids, |_| {}).is_none());
    }

    #[test]
    fn a_yes_is_remembered_until_it_is_taken_back() {
        let scene = Scene::new();
        let cookies = carried(&scene, terms(&scene, Posture::Strict, "1", None));
        let silent = terms(&scene, Posture::Strict, "", Some(&cookies));
        assert!(silent.permits.attribution && !silent.permits.sharing);
        assert!(silent.visitor().is_some() && silent.forget().is_none());

        let refused = terms(&scene, Posture::Strict, "0", Some(&cookies));
        assert_eq!(refused.permits, Permits::default());
        assert!(refused.visitor().is_none());
        assert!(refused.forget().unwrap().contains("Max-Age=0"));
    }

    #[test]
    fn silence_on_an_optout_site_is_no_consent_on_one_that_asks() {
        let scene = Scene::new();
        let cookies = carried(&scene, terms(&scene, Posture::Optout, "", None));
        let there = terms(&scene, Posture::Optout, "", Some(&cookies));
        assert!(there.visitor().is_some());
        let here = terms(&scene, Posture::Strict, "", Some(&cookies));
        assert_eq!(here.permits, Permits::default());
        assert!(here.visitor().is_none() && here.forget().is_none());
    }

    #[test]
    fn privacy_control_takes_the_cookie_away() {
        let scene = Scene::new();
        let cookies = carried(&scene, terms(&scene, Posture::Optout, "", None));
        let terms = Terms::of(&Asked {
            click_ids: &scene.click_ids,
            account: account(),
            catalog: &scene.catalog,
            posture: Posture::Optout,
            signals: Signals {
                privacy_control: true,
                ..Signals::default()
            },
            cookies: Some(&cookies),
            agreed_at_click: true,
            rewarded: false,
            now: Timestamp::from_millis(1_000),
        });
        assert!(terms.permits.measurement && !terms.permits.attribution);
        assert!(terms.visitor().is_none() && terms.forget().is_some());
    }

    #[test]
    fn a_reward_keeps_the_click_and_knows_nobody() {
        let scene = Scene::new();
        let asked = |cookies, rewarded, consent| {
            Terms::of(&Asked {
                click_ids: &scene.click_ids,
                account: account(),
                catalog: &scene.catalog,
                posture: Posture::Reward,
                signals: Signals {
                    consent,
                    ..Signals::default()
                },
                cookies,
                agreed_at_click: false,
                rewarded,
                now: Timestamp::from_millis(1_000),
            })
        };
        let mut clicked = asked(None, true, None);
        clicked.recognise();
        assert!(clicked.permits.attribution && clicked.visitor().is_none());
        let touch = |publisher| Touch {
            campaign: scene::campaign(),
            publisher,
            landing: 0,
            id: HitId::new(Timestamp::from_millis(900), [0; 10]),
        };
        let mut cookie = |publisher| {
            let set = clicked.remember(&scene.click_ids, |state| {
                state.clicks = vec![touch(publisher)];
            });
            set.unwrap().split(';').next().unwrap().to_owned()
        };
        let (rewarding, other) = (cookie(Some(scene::rewarder())), cookie(None));

        let bought = asked(Some(&rewarding), false, None);
        assert_eq!(bought.touches().0.len(), 1);
        assert!(bought.visitor().is_none() && !bought.permits.sharing);
        assert_eq!(asked(Some(&other), false, None).permits, Permits::default());
        let refused = asked(Some(&rewarding), false, Some("0"));
        assert_eq!(refused.permits, Permits::default());
        assert!(refused.forget().is_some());
        let elsewhere = terms(&scene, Posture::Strict, "", Some(&rewarding));
        assert_eq!(elsewhere.permits, Permits::default());
    }

    #[test]
    fn a_forged_cookie_says_nothing() {
        let scene = Scene::new();
        let terms = terms(&scene, Posture::Strict, "", Some("pk_00000007=AAAA"));
        assert_eq!(terms.permits, Permits::default());
    }
}
