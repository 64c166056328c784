//! Everything that collect must know of accounts, sites, campaigns and publishers,
//! as one immutable snapshot in memory. Swapped whole whenever something changes.

use std::sync::Arc;

use foldhash::HashMap;

use crate::clock::Timestamp;
use crate::model::account::{Account, Publisher, Site};
use crate::model::campaign::{Campaign, Goal};
use crate::model::conversion::ConversionBody;
use crate::model::id::{AccountId, CampaignId, GoalId, PublisherId, SiteId, SiteKey};
use crate::model::reason::Note;

#[derive(Debug, Default)]
pub struct Catalog {
    pub accounts: HashMap<AccountId, Arc<Account>>,
    pub sites: HashMap<SiteId, Arc<Site>>,
    pub campaigns: HashMap<CampaignId, Arc<Campaign>>,
    pub publishers: HashMap<PublisherId, Arc<Publisher>>,
    keys: HashMap<SiteKey, SiteId>,
    coupons: HashMap<(AccountId, String), PublisherId>,
    by_site: HashMap<SiteId, Vec<CampaignId>>,
    security_tokens: HashMap<[u8; 32], AccountId>,
}

impl Catalog {
    /// Whether what points to a person in a conversion is not shown: it was restricted,
    /// or the account's personal data is locked.
    pub fn hides(&self, body: &ConversionBody) -> bool {
        let campaign = self.campaigns.get(&body.campaign);
        let account = campaign.and_then(|it| self.accounts.get(&it.account));
        body.notes.contains(Note::Restricted) || account.is_some_and(|it| it.locked_at.is_some())
    }

    pub fn new(
        accounts: Vec<Account>,
        sites: Vec<Site>,
        campaigns: Vec<Campaign>,
        publishers: Vec<Publisher>,
    ) -> Self {
        let mut catalog = Catalog::default();
        for account in accounts {
            if let (true, Some(hash)) = (
                account.settings.acquisition,
                account.settings.security_token_hash,
            ) {
                catalog.security_tokens.insert(hash, account.id);
            }
            catalog.accounts.insert(account.id, Arc::new(account));
        }
        for site in sites {
            catalog.keys.insert(site.settings.key, site.id);
            catalog.sites.insert(site.id, Arc::new(site));
        }
        for campaign in campaigns {
            let of_site = catalog.by_site.entry(campaign.settings.site).or_default();
            of_site.push(campaign.id);
            catalog.campaigns.insert(campaign.id, Arc::new(campaign));
        }
        for publisher in publishers {
            for code in &publisher.settings.coupon_codes {
                let key = (publisher.account, code.clone());
                catalog.coupons.insert(key, publisher.id);
            }
            catalog.publishers.insert(publisher.id, Arc::new(publisher));
        }
        catalog
    }

    /// The account, if it collects at this instant.
    pub fn collecting(&self, id: AccountId, now: Timestamp) -> Option<&Arc<Account>> {
        self.accounts
            .get(&id)
            .filter(|account| account.collects_at(now))
    }

    /// A site by its public key or its id.
    pub fn site(&self, text: &str) -> Option<&Arc<Site>> {
        let id = match text.parse::<SiteKey>() {
            Ok(key) => *self.keys.get(&key)?,
            Err(_) => SiteId::read(text)?,
        };
        self.sites.get(&id)
    }

    pub fn campaign(&self, text: &str) -> Option<&Arc<Campaign>> {
        self.campaigns.get(&text.trim().parse().ok()?)
    }

    /// A goal of a campaign.
    pub fn goal(&self, campaign: CampaignId, goal: GoalId) -> Option<&Goal> {
        let goals = &self.campaigns.get(&campaign)?.settings.goals;
        goals.iter().find(|candidate| candidate.id == goal)
    }

    /// A publisher of this very account.
    pub fn publisher(&self, account: AccountId, text: &str) -> Option<&Arc<Publisher>> {
        self.publishers
            .get(&text.trim().parse().ok()?)
            .filter(|publisher| publisher.account == account)
    }

    /// Who holds a coupon code, given in capitals.
    pub fn coupon(&self, account: AccountId, code: &str) -> Option<PublisherId> {
        self.coupons.get(&(account, code.to_owned())).copied()
    }

    /// Whether a publisher runs a reward programme that its visitors signed up for.
    pub fn rewards(&self, publisher: Option<PublisherId>) -> bool {
        publisher
            .and_then(|id| self.publishers.get(&id))
            .is_some_and(|publisher| publisher.settings.reward)
    }

    /// All campaigns of a site, running or not.
    pub fn campaigns_of(&self, site: SiteId) -> impl Iterator<Item = &Arc<Campaign>> {
        self.by_site
            .get(&site)
            .into_iter()
            .flatten()
            .filter_map(|id| self.campaigns.get(id))
    }

    /// Whose security token has this SHA-256, where `/acquisition` is turned on.
    pub fn account_by_security_token(&self, hash: &[u8; 32]) -> Option<AccountId> {
        self.security_tokens.get(hash).copied()
    }
}
