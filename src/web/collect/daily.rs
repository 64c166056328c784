//! How many different visitors click a campaign in one UTC day, on sites whose
//! posture allows just that. What is remembered is a hash under the day's salt, in
//! memory alone: a restart or midnight forgets it. Never in here: anything that is
//! stored or handed out.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use foldhash::{HashSet, HashSetExt};

use crate::clock::Timestamp;
use crate::crypto::DailySalt;
use crate::model::hit::Origin;
use crate::model::id::{CampaignId, SiteId};

/// Hashes remembered a day. Beyond, visitors are not told apart any more that day.
const VISITORS_MAX: usize = 2_000_000;

/// The visitors of today.
#[derive(Default)]
pub struct DailyVisitors(Mutex<Option<Today>>);

struct Today {
    salt: DailySalt,
    seen: HashSet<u64>,
}

impl DailyVisitors {
    /// Whether this is the visitor's first click of the campaign today, as far as the
    /// network they come from and their kind of browser tell. None where that is not
    /// told any more.
    pub fn is_first(
        &self,
        site: Option<SiteId>,
        campaign: CampaignId,
        address: IpAddr,
        origin: &Origin,
        now: Timestamp,
    ) -> Option<bool> {
        let mut today = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if today
            .as_ref()
            .is_none_or(|today| today.salt.day() != now.utc_day())
        {
            *today = None;
        }
        if today.is_none() {
            *today = Some(Today {
                salt: DailySalt::new(now.utc_day()).ok()?,
                seen: HashSet::new(),
            });
        }
        let Today { salt, seen } = today.as_mut()?;
        let site = site.map_or(0, SiteId::row).to_be_bytes();
        let kind = [
            origin.device.code(),
            origin.os.code(),
            origin.browser.code(),
        ];
        let hash = salt.of(&[
            &network(address),
            &kind,
            &site,
            &campaign.row().to_be_bytes(),
        ]);
        if seen.contains(&hash) {
            return Some(false);
        }
        if seen.len() >= VISITORS_MAX {
            return None;
        }
        seen.insert(hash);
        Some(true)
    }
}

/// The first 24 bits of an IPv4 address, the first 48 of an IPv6 one.
fn network(address: IpAddr) -> [u8; 6] {
    let mut network = [0; 6];
    match address.to_canonical() {
        IpAddr::V4(v4) => network[..3].copy_from_slice(&v4.octets()[..3]),
        IpAddr::V6(v6) => network.copy_from_slice(&v6.octets()[..6]),
    }
    network
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::DAY_MS;
    use crate::model::hit::Browser;

    #[test]
    fn a_visitor_counts_once_a_campaign_and_day() {
        let visitors = DailyVisitors::default();
        let noon = Timestamp::from_millis(1_773_144_450_000);
        let (one, two) = (CampaignId::from_random(1), CampaignId::from_random(2));
        let site = Some(SiteId::from_random(5));
        let firefox = Origin {
            browser: Browser::Firefox,
            ..Origin::default()
        };
        let is_first = |campaign, address: &str, origin: &Origin, now| {
            let address = address.parse().unwrap();
            visitors
                .is_first(site, campaign, address, origin, now)
                .unwrap()
        };
        let plain = Origin::default();
        assert!(is_first(one, "192.0.2.1", &plain, noon));
        assert!(!is_first(one, "192.0.2.1", &plain, noon));
        // A neighbour with the same kind of browser: told apart by nothing here.
        assert!(!is_first(one, "192.0.2.9", &plain, noon));
        assert!(is_first(one, "192.0.3.1", &plain, noon));
        assert!(is_first(one, "192.0.2.1", &firefox, noon));
        assert!(is_first(two, "192.0.2.1", &plain, noon));
        assert!(is_first(one, "2001:db8::1", &plain, noon));
        assert!(!is_first(one, "2001:db8:0:7::1", &plain, noon));
        let tomorrow = noon.minus_ms(-DAY_MS);
        assert!(is_first(one, "192.0.2.1", &plain, tomorrow));
        // Yesterday's salt is gone: nobody can ask about yesterday any more.
        assert!(is_first(one, "192.0.2.1", &plain, noon));
    }
}
