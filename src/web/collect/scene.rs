//! What tests of this room stand on: two accounts with sites, campaigns and keys.

use std::borrow::Cow;
use std::sync::Arc;

use crate::clock::Timestamp;
use crate::crypto::{ClickIds, Keys, MasterKey};
use crate::model::account::{
    Account, AccountSettings, AccountState, Publisher, PublisherSettings, Site, SiteSettings,
};
use crate::model::campaign::{Approval, Campaign, CampaignSettings, CampaignStatus, Goal, Rule};
use crate::model::catalog::Catalog;
use crate::model::consent::Posture;
use crate::model::hit::{Hit, Origin};
use crate::model::id::{AccountId, CampaignId, GoalId, PublisherId, SiteId, SiteKey};
use crate::model::money::{Currency, Percent};

pub fn account() -> AccountId {
    AccountId::from_random(7)
}

pub fn site_key() -> SiteKey {
    SiteKey::from_random(11)
}

pub fn optout_site_key() -> SiteKey {
    SiteKey::from_random(12)
}

/// A site without any campaign.
pub fn bare_site_key() -> SiteKey {
    SiteKey::from_random(13)
}

/// On the site that asks; goals `sale` (percent) and `lead` (fixed).
pub fn campaign() -> CampaignId {
    CampaignId::from_random(21)
}

/// On the opt-out site.
pub fn optout_campaign() -> CampaignId {
    CampaignId::from_random(22)
}

pub fn paused_campaign() -> CampaignId {
    CampaignId::from_random(23)
}

/// Another account's.
pub fn other_campaign() -> CampaignId {
    CampaignId::from_random(29)
}

pub fn publisher() -> PublisherId {
    PublisherId::from_random(31)
}

/// Runs a reward programme.
pub fn rewarder() -> PublisherId {
    PublisherId::from_random(32)
}

/// 2026-03-10T12:07:30Z.
pub fn now() -> Timestamp {
    Timestamp::from_millis(1_773_144_450_000)
}

pub fn origin() -> Origin {
    Origin::default()
}

/// A hit as settling reads it: written with the request's own texts, read with its own.
pub fn journalled(hit: &Hit<Cow<'_, str>>) -> Hit {
    postcard::from_bytes(&postcard::to_allocvec(hit).unwrap()).unwrap()
}

pub struct Scene {
    pub catalog: Arc<Catalog>,
    pub click_ids: ClickIds,
    _folder: tempfile::TempDir,
}

impl Scene {
    pub fn new() -> Scene {
        let folder = tempfile::tempdir().unwrap();
        let ring = folder.path().join("keyring");
        let keys = Keys::create(&ring, &MasterKey::generate()).unwrap();
        for id in [7, 8] {
            keys.add_account(AccountId::from_random(id)).unwrap();
        }
        Scene {
            catalog: Arc::new(catalog()),
            click_ids: ClickIds::new(keys),
            _folder: folder,
        }
    }
}

fn catalog() -> Catalog {
    let running = CampaignStatus::Running;
    Catalog::new(
        vec![own_account(7), own_account(8)],
        vec![
            site(7, 11, Posture::Strict),
            site(7, 12, Posture::Optout),
            site(7, 13, Posture::Strict),
            site(8, 14, Posture::Strict),
        ],
        vec![
            own_campaign(7, 21, 11, running),
            own_campaign(7, 22, 12, running),
            own_campaign(7, 23, 11, CampaignStatus::Paused),
            own_campaign(8, 29, 14, running),
        ],
        vec![
            own_publisher(publisher(), "SPRING10", false),
            own_publisher(rewarder(), "CASHBACK", true),
        ],
    )
}

fn own_publisher(id: PublisherId, coupon: &str, reward: bool) -> Publisher {
    Publisher {
        id,
        account: account(),
        settings: PublisherSettings {
            name: "Partner".to_owned(),
            coupon_codes: vec![coupon.to_owned()],
            reward,
        },
    }
}

pub fn account_of(id: u64) -> Account {
    own_account(id)
}

fn own_account(id: u64) -> Account {
    Account {
        id: AccountId::from_random(id),
        state: AccountState::Active,
        expires_at: None,
        ends_at: None,
        locked_at: None,
        settings: AccountSettings {
            name: "Shop".to_owned(),
            timezone: "UTC".to_owned(),
            currency: Currency::EUR,
            acquisition: true,
            security_token_hash: None,
            require_second_factor: false,
            shared_token_clicks: 0,
            rates: Default::default(),
            privacy: Default::default(),
        },
    }
}

fn site(account: u64, id: u64, posture: Posture) -> Site {
    Site {
        id: SiteId::from_random(id),
        account: AccountId::from_random(account),
        settings: SiteSettings {
            name: "Site".to_owned(),
            key: SiteKey::from_random(id),
            hosts: vec!["shop.example".to_owned()],
            posture,
            declaration: None,
        },
    }
}

fn own_campaign(account: u64, id: u64, site: u64, status: CampaignStatus) -> Campaign {
    let percent = Rule::Percent {
        percent: Percent::parse("10").unwrap(),
    };
    let goal = |number: u64, name: &str, revenue| Goal {
        id: GoalId::from_random(number),
        name: name.to_owned(),
        revenue,
        payout: Rule::NOTHING,
        approval: Approval::Auto,
    };
    Campaign {
        id: CampaignId::from_random(id),
        account: AccountId::from_random(account),
        settings: CampaignSettings {
            name: "Spring".to_owned(),
            site: SiteId::from_random(site),
            landing_urls: vec!["https://shop.example/?c={click_id}&s={source}".to_owned()],
            attribution_days: 30,
            view_through_days: 1,
            status,
            goals: vec![
                goal(id * 10, "sale", percent),
                goal(id * 10 + 1, "lead", Rule::NOTHING),
            ],
            report_params: Vec::new(),
        },
    }
}
