//! What a request shows besides its parameters: where it comes from, whether a
//! person stands behind it, what it carries. Never in here: the address kept.

use std::net::IpAddr;

use super::limit::{Limiter, network};
use super::{Call, Collector, agents};
use crate::clock::Timestamp;
use crate::model::account::Site;
use crate::model::hit::{Country, Origin};
use crate::model::id::{CampaignId, SiteId};
use crate::model::reason::Reason;

/// One request, but for its parameters.
pub struct Visit<'r> {
    pub at: Timestamp,
    pub origin: Origin,
    /// Why it is answered and not counted.
    pub set_aside: Option<Reason>,
    /// `Sec-GPC: 1`.
    pub privacy_control: bool,
    pub referrer: Option<&'r str>,
    pub cookies: Option<&'r str>,
    /// The browser fetches it for a frame.
    pub in_frame: bool,
    /// A browser sent it, not a server.
    pub from_browser: bool,
    address: Option<IpAddr>,
}

impl<'r> Visit<'r> {
    pub fn of(call: &Call<'r>, collector: &Collector, at: Timestamp) -> Visit<'r> {
        let heading = &call.heading;
        let address = call
            .peer
            .map(|peer| collector.trusted_proxies.before(peer, &heading.forwarded));
        let agent = agents::agent(heading.agent.unwrap_or_default());
        let set_aside = if call.is_head {
            Some(Reason::Head)
        } else if heading.is_prefetch {
            Some(Reason::Prefetch)
        } else {
            agent.is_bot.then_some(Reason::Bot)
        };
        Visit {
            at,
            origin: Origin {
                country: address.map_or(Country::UNKNOWN, |ip| collector.countries.of(ip)),
                device: agent.device,
                os: agent.os,
                browser: agent.browser,
            },
            set_aside,
            privacy_control: heading.privacy_control,
            referrer: heading.referrer,
            cookies: heading.cookies,
            in_frame: heading.in_frame,
            from_browser: heading.from_browser,
            address,
        }
    }

    #[cfg(test)]
    pub fn for_test(at: Timestamp, set_aside: Option<Reason>) -> Visit<'static> {
        Visit {
            at,
            origin: Origin::default(),
            set_aside,
            privacy_control: false,
            referrer: None,
            cookies: None,
            in_frame: false,
            from_browser: true,
            address: None,
        }
    }

    /// Whether it is the visitor's first click of a campaign today, as far as that may
    /// be told; the address goes no further.
    pub fn is_first_today(
        &self,
        collector: &Collector,
        site: Option<SiteId>,
        campaign: CampaignId,
    ) -> Option<bool> {
        let daily = &collector.daily;
        daily.is_first(site, campaign, self.address?, &self.origin, self.at)
    }

    /// Whether this address has sent too much; else takes the price of one hit.
    pub fn is_over_limit(&self, collector: &Collector) -> bool {
        self.bucket(collector)
            .is_some_and(|(limiter, address)| !limiter.take(address))
    }

    /// Whether this site was sent too much; else takes the price of one hit.
    pub fn is_site_over_limit(&self, collector: &Collector, site: Option<&Site>) -> bool {
        let bucket = collector.site_limiter.as_ref().zip(site);
        bucket.is_some_and(|(limiter, site)| !limiter.take(site.id))
    }

    /// Takes the price of further hits in the same request.
    pub fn pay(&self, collector: &Collector, hits: usize) {
        if let Some((limiter, address)) = self.bucket(collector) {
            limiter.pay(address, hits);
        }
    }

    fn bucket<'c>(&self, collector: &'c Collector) -> Option<(&'c Limiter<IpAddr>, IpAddr)> {
        Some((collector.limiter.as_ref()?, network(self.address?)))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::Method;
    use actix_web::http::header::USER_AGENT;
    use actix_web::test::TestRequest;

    use super::*;

    fn set_aside(request: TestRequest) -> Option<Reason> {
        let request = request.to_http_request();
        Visit::of(
            &Call::of(request.head(), Ok(&[])),
            &Collector::default(),
            Timestamp::default(),
        )
        .set_aside
    }

    #[test]
    fn what_nobody_saw_is_set_aside() {
        for (name, value) in [
            ("Sec-Purpose", "prefetch"),
            ("Sec-Purpose", "prefetch;prerender"),
            ("Purpose", "prefetch"),
            ("X-Moz", "prefetch"),
        ] {
            let request = TestRequest::get().insert_header((name, value));
            assert_eq!(
                set_aside(request),
                Some(Reason::Prefetch),
                "{name}: {value}"
            );
        }
        assert_eq!(
            set_aside(TestRequest::default().method(Method::HEAD)),
            Some(Reason::Head)
        );
        let robot = TestRequest::get().insert_header((USER_AGENT, "Googlebot/2.1"));
        assert_eq!(set_aside(robot), Some(Reason::Bot));
        assert_eq!(set_aside(TestRequest::get()), None);
    }

    #[test]
    fn a_frame_and_privacy_control_are_seen() {
        let request = TestRequest::get()
            .insert_header(("Sec-Fetch-Dest", "iframe"))
            .insert_header(("Sec-GPC", "1"))
            .to_http_request();
        let visit = Visit::of(
            &Call::of(request.head(), Ok(&[])),
            &Collector::default(),
            Timestamp::default(),
        );
        assert!(visit.in_frame && visit.privacy_control);
    }
}
