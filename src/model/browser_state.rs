//! What one browser carries for one account, with consent: its visitor id and the
//! last click and impression of each campaign. It travels in one sealed cookie.

use serde::{Deserialize, Serialize};

use crate::clock::{DAY_MS, Timestamp};
use crate::model::hit::{Touch, VisitorId};

/// Campaigns remembered at most; the oldest touch goes first.
pub const CAMPAIGNS_MAX: usize = 8;
/// How long the cookie lives, and how long a touch in it counts, in days.
pub const COOKIE_DAYS: i64 = 30;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrowserState {
    pub visitor: VisitorId,
    /// Whether the visitor said yes in so many words. Where silence was taken for
    /// consent, it is not consent on a site that asks.
    pub consented: bool,
    /// Last click of each campaign, newest first.
    pub clicks: Vec<Touch>,
    /// Last impression of each campaign, newest first.
    pub impressions: Vec<Touch>,
}

impl BrowserState {
    pub fn new(visitor: VisitorId) -> Self {
        BrowserState {
            visitor,
            consented: false,
            clicks: Vec::new(),
            impressions: Vec::new(),
        }
    }

    pub fn remember_click(&mut self, touch: Touch) {
        remember(&mut self.clicks, touch);
    }

    pub fn remember_impression(&mut self, touch: Touch) {
        remember(&mut self.impressions, touch);
    }

    /// Drops what is older than the cookie's life.
    pub fn forget_before(&mut self, now: Timestamp) {
        let oldest = now.minus_ms(COOKIE_DAYS * DAY_MS);
        self.clicks.retain(|touch| touch.id.at() >= oldest);
        self.impressions.retain(|touch| touch.id.at() >= oldest);
    }
}

fn remember(touches: &mut Vec<Touch>, touch: Touch) {
    touches.retain(|known| known.campaign != touch.campaign);
    touches.insert(0, touch);
    touches.truncate(CAMPAIGNS_MAX);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::hit::HitId;
    use crate::model::id::CampaignId;

    fn touch(campaign: u64, ms: i64) -> Touch {
        Touch {
            campaign: CampaignId::from_random(campaign),
            publisher: None,
            landing: 0,
            id: HitId::new(Timestamp::from_millis(ms), [0; 10]),
        }
    }

    #[test]
    fn a_campaign_keeps_its_last_click_and_the_oldest_campaign_goes() {
        let mut state = BrowserState::new(VisitorId([1; 16]));
        for campaign in 1..=9 {
            state.remember_click(touch(campaign, campaign as i64));
        }
        state.remember_click(touch(5, 100));
        assert_eq!(state.clicks.len(), CAMPAIGNS_MAX);
        assert_eq!(state.clicks[0], touch(5, 100));
        assert!(!state.clicks.contains(&touch(1, 1)));
    }
}
