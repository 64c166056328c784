//! On which terms a hit may be kept: what the visitor said now, what they said
//! before, and what the site makes of silence. The cookie is opened here and
//! nowhere else, and only where its reading is permitted.

use super::cookie;
use crate::clock::Timestamp;
use crate::crypto::{ClickIds, token};
use crate::model::browser_state::BrowserState;
use crate::model::consent::{Answer, Consent, Permits, Posture};
use crate::model::hit::{Touch, VisitorId};
use crate::model::id::AccountId;
use crate::model::personal::Personal;

/// What the terms follow from.
pub struct Asked<'a> {
    pub click_ids: &'a ClickIds,
    pub account: AccountId,
    pub posture: Posture,
    /// The `consent` parameter.
    pub consent: Option<&'a str>,
    /// `Sec-GPC: 1`.
    pub privacy_control: bool,
    /// The `Cookie` header.
    pub cookies: Option<&'a str>,
    /// The request carries a click id that is given out only to those who agreed.
    pub agreed_at_click: bool,
    pub now: Timestamp,
}

/// The terms of one request.
pub struct Terms {
    pub permits: Permits,
    account: AccountId,
    now: Timestamp,
    state: Option<BrowserState>,
    /// Yes was said in so many words, now or before.
    agreed: bool,
    /// A cookie came that must go.
    unwanted: bool,
}

/// What an earlier yes is worth: it lets count and join, and hands nothing on.
const AGREED_BEFORE: Consent = Consent {
    measurement: Answer::Granted,
    attribution: Answer::Granted,
    sharing: Answer::Unknown,
};

impl Terms {
    pub fn of(asked: &Asked<'_>) -> Terms {
        let said = Consent::parse(asked.consent.unwrap_or_default());
        let objected = asked.cookies.is_some_and(cookie::has_objected);
        let stated = said
            .and(Consent::privacy_control(asked.privacy_control))
            .and(if objected {
                Consent::DENIED
            } else {
                Consent::UNKNOWN
            });
        let denied = stated.attribution == Answer::Denied;
        let value = asked
            .cookies
            .and_then(|header| cookie::find(header, asked.account));
        let mut state = value
            .filter(|_| !denied)
            .and_then(|value| asked.click_ids.open_state(asked.account, value));
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
        let permits = asked.posture.permits(stated.and(remembered));
        Terms {
            permits,
            account: asked.account,
            now: asked.now,
            state: state.filter(|_| permits.attribution),
            agreed: agreed_before || stated.attribution == Answer::Granted,
            unwanted: denied && value.is_some(),
        }
    }

    /// Who it is, where the cookie says so and that may be known.
    pub fn visitor(&self) -> Option<Personal<VisitorId>> {
        self.state
            .as_ref()
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
        state.consented |= self.agreed;
        change(state);
        state.forget_before(self.now);
        let sealed = click_ids.seal_state(self.account, state).ok()?;
        Some(cookie::set(self.account, &sealed))
    }

    /// The `Set-Cookie` that takes away what the visitor does not want.
    pub fn forget(&self) -> Option<String> {
        self.unwanted.then(|| cookie::remove(self.account))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::collect::scene::{Scene, account};

    fn terms(scene: &Scene, posture: Posture, consent: &str, cookies: Option<&str>) -> Terms {
        Terms::of(&Asked {
            click_ids: &scene.click_ids,
            account: account(),
            posture,
            consent: Some(consent),
            privacy_control: false,
            cookies,
            agreed_at_click: false,
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
            posture: Posture::Optout,
            consent: None,
            privacy_control: true,
            cookies: Some(&cookies),
            agreed_at_click: true,
            now: Timestamp::from_millis(1_000),
        });
        assert!(terms.permits.measurement && !terms.permits.attribution);
        assert!(terms.visitor().is_none() && terms.forget().is_some());
    }

    #[test]
    fn a_forged_cookie_says_nothing() {
        let scene = Scene::new();
        let terms = terms(&scene, Posture::Strict, "", Some("pk_00000007=AAAA"));
        assert_eq!(terms.permits, Permits::default());
    }
}
