//! Whose a hit is: account, site and campaign as the request names them. Reads the
//! catalog in memory; never in here: anything that waits.

use super::name::Name;
use super::params::Params;
use super::terms::Terms;
use crate::crypto::{ClickIds, month_of};
use crate::model::account::{Account, Site};
use crate::model::campaign::Campaign;
use crate::model::catalog::Catalog;
use crate::model::consent::receipt::Statement;
use crate::model::consent::{Permits, Posture};
use crate::model::hit::{SharedTouch, Touch};
use crate::model::id::{AccountId, CampaignId, PublisherId};
use crate::model::reason::Reason;

/// Why something was refused, and to whose figures that belongs, where it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    pub reason: Reason,
    pub account: Option<AccountId>,
}

/// Where a hit belongs. At least one of site and campaign is known.
#[derive(Clone, Copy)]
pub struct Place<'c> {
    pub account: &'c Account,
    /// The site named, else the campaign's.
    pub site: Option<&'c Site>,
    pub campaign: Option<&'c Campaign>,
}

impl<'c> Place<'c> {
    /// The place that `campaign_id` and `site` name together.
    pub fn find(catalog: &'c Catalog, params: &Params<'_>) -> Result<Place<'c>, Refusal> {
        let site_text = params.get(Name::Site);
        let site = site_text.and_then(|text| catalog.site(bare_id(text)));
        let campaign_text = params.get(Name::CampaignId);
        let campaign = campaign_text.and_then(|text| catalog.campaign(bare_id(text)));
        let account = campaign
            .map(|campaign| campaign.account)
            .or_else(|| site.map(|site| site.account));
        let refuse = |reason| Err(Refusal { reason, account });
        match (campaign_text, campaign, site_text, site) {
            (Some(_), None, ..) => refuse(Reason::UnknownCampaign),
            (_, _, Some(_), None) => refuse(Reason::UnknownSite),
            (None, _, None, _) => refuse(Reason::CampaignUnknown),
            (_, Some(campaign), _, Some(site)) if campaign.account != site.account => {
                refuse(Reason::UnknownSite)
            }
            _ => Place::of(
                catalog,
                account,
                site.map(AsRef::as_ref),
                campaign.map(AsRef::as_ref),
            )
            .ok_or(Refusal {
                reason: Reason::UnknownCampaign,
                account: None,
            }),
        }
    }

    fn of(
        catalog: &'c Catalog,
        account: Option<AccountId>,
        site: Option<&'c Site>,
        campaign: Option<&'c Campaign>,
    ) -> Option<Place<'c>> {
        let account = catalog.accounts.get(&account?)?;
        Some(Place {
            account,
            site: site.or_else(|| site_of(catalog, campaign?)),
            campaign,
        })
    }

    /// The place of a campaign of this very account.
    pub fn of_campaign(
        catalog: &'c Catalog,
        account: &'c Account,
        id: CampaignId,
    ) -> Option<Place<'c>> {
        let campaign = catalog.campaigns.get(&id)?.as_ref();
        (campaign.account == account.id).then(|| Place {
            account,
            site: site_of(catalog, campaign),
            campaign: Some(campaign),
        })
    }

    /// What the visitor's answer leaves in the books here.
    pub fn statement(&self, terms: &Terms) -> Option<Statement> {
        let notice = self.account.settings.privacy.notice_version;
        terms.statement(self.site.map(|site| site.id), notice)
    }

    /// Where no site is known, the careful posture holds.
    pub fn posture(&self) -> Posture {
        self.site
            .map_or(Posture::Strict, |site| site.settings.posture)
    }
}

/// The site of a campaign.
pub fn site_of<'c>(catalog: &'c Catalog, campaign: &Campaign) -> Option<&'c Site> {
    catalog
        .sites
        .get(&campaign.settings.site)
        .map(AsRef::as_ref)
}

/// An id without the quotes and slashes that broken templates leave around it.
pub fn bare_id(text: &str) -> &str {
    text.trim_matches(|c: char| {
        c.is_whitespace() || matches!(c, '"' | '\'' | '/' | '>' | '”' | '“')
    })
}

/// What a `click_id` turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reference {
    Absent,
    Click(Touch),
    Shared(SharedTouch),
    /// Not given out here, or to another account.
    Foreign,
}

impl Reference {
    pub fn read(click_ids: &ClickIds, account: AccountId, text: Option<&str>) -> Reference {
        let Some(text) = text.map(bare_id) else {
            return Reference::Absent;
        };
        if let Some(touch) = click_ids.open(account, text) {
            return Reference::Click(touch);
        }
        click_ids
            .open_shared(account, text)
            .map_or(Reference::Foreign, Reference::Shared)
    }

    /// The campaign and publisher it carries.
    pub fn carried(&self) -> Option<(CampaignId, Option<PublisherId>)> {
        match self {
            Reference::Click(touch) => Some((touch.campaign, touch.publisher)),
            Reference::Shared(shared) => Some((shared.campaign, shared.publisher)),
            Reference::Absent | Reference::Foreign => None,
        }
    }

    /// The same where its bearer may not be recognised: a click id then says no more
    /// than the token everyone has.
    pub fn under(self, permits: Permits) -> Reference {
        match self {
            Reference::Click(touch) if !permits.attribution => Reference::Shared(SharedTouch {
                campaign: touch.campaign,
                publisher: touch.publisher,
                month: month_of(touch.id.at()),
            }),
            other => other,
        }
    }

    /// Whether it belongs to a reward programme that its bearer signed up for.
    pub fn is_rewarded(&self, catalog: &Catalog) -> bool {
        matches!(self, Reference::Click(touch) if catalog.rewards(touch.publisher))
    }

    /// Whether its bearer has agreed to be recognised: on a site that asks, a click
    /// id is given out only then.
    pub fn shows_agreement(&self, catalog: &Catalog) -> bool {
        let Reference::Click(touch) = self else {
            return false;
        };
        catalog
            .campaigns
            .get(&touch.campaign)
            .and_then(|campaign| site_of(catalog, campaign))
            .is_some_and(|site| site.settings.posture.asks_first())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::collect::query;
    use crate::web::collect::scene::{self, Scene};

    fn find(query: &str) -> Result<(Option<CampaignId>, Posture), Reason> {
        let scene = Scene::new();
        Place::find(&scene.catalog, &query::read(query))
            .map(|place| (place.campaign.map(|campaign| campaign.id), place.posture()))
            .map_err(|refusal| refusal.reason)
    }

    #[test]
    fn campaign_and_site_name_a_place_alone_or_together() {
        let (campaign, site) = (scene::campaign(), scene::site_key());
        for query in [
            format!("campaign_id={campaign}"),
            format!("adid=\"{campaign}\"/"),
            format!("campaign_id={campaign}&site={site}"),
        ] {
            assert_eq!(
                find(&query),
                Ok((Some(campaign), Posture::Strict)),
                "{query}"
            );
        }
        assert_eq!(find(&format!("av={site}")), Ok((None, Posture::Strict)));
    }

    #[test]
    fn what_is_not_known_or_somebody_elses_is_refused() {
        let (campaign, site) = (scene::campaign(), scene::site_key());
        let other = scene::other_campaign();
        for (query, reason) in [
            ("campaign_id=zzzzzzzz".to_owned(), Reason::UnknownCampaign),
            (
                format!("campaign_id=nonsense&site={site}"),
                Reason::UnknownCampaign,
            ),
            (
                format!("campaign_id={campaign}&site=nonsense"),
                Reason::UnknownSite,
            ),
            (
                format!("campaign_id={other}&site={site}"),
                Reason::UnknownSite,
            ),
            (
                "campaign_id={campaign_id}".to_owned(),
                Reason::CampaignUnknown,
            ),
            (String::new(), Reason::CampaignUnknown),
        ] {
            assert_eq!(find(&query), Err(reason), "{query}");
        }
    }
}
