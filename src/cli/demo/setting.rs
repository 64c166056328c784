//! The demo's account: two shops, two campaigns each with its goals, publishers.

use std::sync::Arc;

use crate::clock::Timestamp;
use crate::crypto::{password, token};
use crate::error::Result;
use crate::model::account::{AccountSettings, Publisher, PublisherSettings, Site};
use crate::model::action::{Act, Action, Actor};
use crate::model::campaign::{Approval, Campaign, CampaignSettings, CampaignStatus, Goal, Rule};
use crate::model::consent::Posture;
use crate::model::id::{AccountId, GoalId};
use crate::model::money::{Currency, Percent};
use crate::store::{NewAccount, Store};

pub const OWNER: &str = "owner@demo.example";
pub const PASSWORD: &str = "see-it-happen";

/// One of the two shops.
pub struct DemoSite {
    pub site: Arc<Site>,
    pub campaign: Arc<Campaign>,
}

pub struct Setting {
    pub account: AccountId,
    pub strict: DemoSite,
    pub open: DemoSite,
    pub publishers: Vec<Arc<Publisher>>,
}

const PUBLISHERS: [(&str, &[&str]); 3] = [
    ("Bean Blog", &["HARBOUR10"]),
    ("Morning Mail", &["MORNING"]),
    ("Cup & Saucer Magazine", &[]),
];

/// Makes everything; `shop` is the address of the demo shop.
pub fn make(store: &Store, shop: &str, now: Timestamp) -> Result<Setting> {
    let act = |action| Act::new(Actor::System, action, now);
    let (account, _) = store.create_account(
        act(Action::CreateAccount),
        NewAccount {
            settings: AccountSettings {
                name: "Harbour Coffee".to_owned(),
                timezone: "Europe/Vienna".to_owned(),
                currency: Currency::EUR,
                acquisition: false,
                security_token_hash: None,
                require_second_factor: false,
                shared_token_clicks: 0,
                rates: Default::default(),
                privacy: Default::default(),
            },
            expires_at: None,
            owner_email: OWNER.to_owned(),
            owner_password_hash: password::hash(PASSWORD)?,
        },
    )?;
    let publishers = PUBLISHERS
        .iter()
        .map(|(name, coupons)| {
            let settings = PublisherSettings {
                name: (*name).to_owned(),
                coupon_codes: coupons.iter().map(|code| (*code).to_owned()).collect(),
                reward: false,
            };
            store.create_publisher(act(Action::ChangePublisher), account, settings)
        })
        .collect::<Result<Vec<_>>>()?;
    let shop_of = |name: &str, campaign: &str, posture, path: &str| -> Result<DemoSite> {
        let hosts = vec!["localhost".to_owned()];
        let site = store.create_site(
            act(Action::ChangeSite),
            account,
            name.to_owned(),
            hosts,
            posture,
        )?;
        let settings = campaign_settings(campaign, &site, format!("{shop}{path}/landing"))?;
        let campaign = store.create_campaign(act(Action::ChangeCampaign), account, settings)?;
        Ok(DemoSite { site, campaign })
    };
    Ok(Setting {
        account,
        strict: shop_of(
            "Shop with a consent banner",
            "Autumn roast",
            Posture::Strict,
            "/strict",
        )?,
        open: shop_of(
            "Shop without a banner",
            "Espresso club",
            Posture::Optout,
            "/open",
        )?,
        publishers,
    })
}

fn campaign_settings(name: &str, site: &Site, landing_url: String) -> Result<CampaignSettings> {
    let goal = |name: &str, revenue, payout, approval| Goal {
        id: GoalId::from_random(token::random_u64()),
        name: name.to_owned(),
        revenue,
        payout,
        approval,
    };
    let percent = |text| Percent::parse(text).map(|percent| Rule::Percent { percent });
    let fixed = |amount_minor| Rule::Fixed { amount_minor };
    Ok(CampaignSettings {
        name: name.to_owned(),
        site: site.id,
        landing_urls: vec![landing_url],
        attribution_days: 30,
        view_through_days: 1,
        status: CampaignStatus::Running,
        goals: vec![
            goal("sale", percent("12.5")?, percent("8")?, Approval::Auto),
            goal("newsletter", fixed(150), fixed(80), Approval::Pending),
        ],
        report_params: (0..10).collect(),
    })
}
