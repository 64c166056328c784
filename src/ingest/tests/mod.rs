//! Tests of the way from an acknowledged hit to figures, on a real data folder: the
//! house they are made in.

mod counted;
mod credit;
mod decided;
mod turn;

use std::collections::BTreeMap;

use super::*;
use crate::clock::{Clock, DAY_MS, Timestamp};
use crate::crypto::{ClickIds, token};
use crate::model::account::{AccountSettings, Publisher, PublisherSettings, Site};
use crate::model::action::{Act, Action, Actor};
use crate::model::campaign::{Approval, Campaign, CampaignSettings, CampaignStatus, Goal, Rule};
use crate::model::consent::{Permits, Posture};
use crate::model::conversion::{Conversion, Credit, Status};
use crate::model::hit::{Entry, EventId, Hit, HitId, Kind, Origin, Sale, Touch, VisitorId};
use crate::model::id::{AccountId, GoalId};
use crate::model::money::{Currency, Percent, Rate};
use crate::model::personal::Personal;
use crate::model::reason::{Note, Notes, Reason};
use crate::model::tally::Measures;
use crate::segment::{Class, Source, decode_tally};
use crate::store::{ConversionQuery, DataFolder, NewAccount, Store};
use std::sync::Arc;

pub const NOW: i64 = 1_795_000_000_000;
pub const ALL: Permits = Permits {
    measurement: true,
    attribution: true,
    sharing: true,
};

pub struct House {
    pub folder: tempfile::TempDir,
    pub store: Store,
    pub account: AccountId,
    pub site: Arc<Site>,
    pub campaign: Arc<Campaign>,
    pub publisher: Arc<Publisher>,
}

pub fn act(action: Action) -> Act {
    Act::new(Actor::System, action, Timestamp::from_millis(NOW))
}

pub fn open(folder: &std::path::Path) -> Store {
    let folder = DataFolder::take(&folder.join("data"), true).unwrap();
    let keys = folder.keys(&Default::default()).unwrap();
    Store::open(folder, keys).unwrap()
}

impl House {
    pub fn build() -> House {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path());
        let settings = AccountSettings {
            name: "Shop".to_owned(),
            timezone: "Europe/Vienna".to_owned(),
            currency: Currency::EUR,
            acquisition: false,
            security_token_hash: None,
            require_second_factor: false,
            shared_token_clicks: 0,
            rates: BTreeMap::new(),
            privacy: Default::default(),
        };
        let new = NewAccount {
            settings,
            expires_at: None,
            owner_email: "owner@example.org".to_owned(),
            owner_password_hash: "none".to_owned(),
        };
        let (account, _) = store
            .create_account(act(Action::CreateAccount), new)
            .unwrap();
        let site = store
            .create_site(
                act(Action::ChangeSite),
                account,
                "Site".to_owned(),
                vec!["shop.example".to_owned()],
                Posture::Strict,
            )
            .unwrap();
        let publisher = store
            .create_publisher(
                act(Action::ChangePublisher),
                account,
                PublisherSettings {
                    name: "Blog".to_owned(),
                    coupon_codes: vec!["BLOG".to_owned()],
                    reward: false,
                },
            )
            .unwrap();
        let campaign = store
            .create_campaign(
                act(Action::ChangeCampaign),
                account,
                settings_of(&site, "Spring"),
            )
            .unwrap();
        House {
            folder,
            store,
            account,
            site,
            campaign,
            publisher,
        }
    }

    pub fn reopen(self) -> House {
        let House {
            folder,
            store,
            account,
            site,
            campaign,
            publisher,
        } = self;
        store.close().unwrap();
        drop(store);
        let store = open(folder.path());
        House {
            folder,
            store,
            account,
            site,
            campaign,
            publisher,
        }
    }

    /// Sends entries the way of every hit and settles them.
    pub fn send(&self, entries: Vec<Entry>) -> Vec<Verdict> {
        let clock = Clock::manual(Timestamp::from_millis(NOW));
        let (engine, _failures) = Engine::start(&self.store, clock).unwrap();
        let journal = engine.journal();
        let verdicts = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
            .block_on(journal.store(self.account, entries))
            .unwrap();
        engine.stop();
        verdicts
    }

    pub fn hit(&self, kind: Kind) -> Hit {
        let at = Timestamp::from_millis(NOW);
        Hit {
            id: HitId::new(at, token::random_bytes()),
            at,
            kind,
            permits: ALL,
            site: Some(self.site.id),
            campaign: Some(self.campaign.id),
            publisher: None,
            landing: None,
            origin: Origin::default(),
            referrer_host: None,
            source: None,
            creative: None,
            params: Vec::new(),
            subs: Vec::new(),
            url: None,
            referrer: None,
            visitor: None,
            event: None,
            sale: None,
            notes: Notes::default(),
        }
    }

    pub fn sale(&self, change: impl FnOnce(&mut Hit, &mut Sale)) -> Entry {
        let mut hit = self.hit(Kind::Conversion);
        let mut sale = Sale {
            amount_minor: 10_000,
            ..Sale::default()
        };
        change(&mut hit, &mut sale);
        hit.sale = Some(Box::new(sale));
        entry(hit)
    }

    pub fn click(&self, visitor: u8) -> (Hit, Touch) {
        let mut hit = self.hit(Kind::Click);
        hit.publisher = Some(self.publisher.id);
        hit.source = Some("newsletter".to_owned());
        hit.visitor = Some(Personal::new(VisitorId([visitor; 16])));
        let touch = Touch {
            campaign: self.campaign.id,
            publisher: hit.publisher,
            landing: 0,
            id: hit.id,
        };
        (hit, touch)
    }

    pub fn conversions(&self) -> Vec<Conversion> {
        let query = ConversionQuery {
            limit: 1_000,
            ..ConversionQuery::default()
        };
        self.store.conversions(self.account, &query).unwrap().0
    }

    pub fn totals(&self) -> Measures {
        let snapshot = self.store.snapshot().unwrap();
        let mut totals = Measures::default();
        for key in snapshot
            .segments(self.account, Class::Tally, 0..=u32::MAX)
            .unwrap()
        {
            let columns = snapshot
                .columns(&key, &(0..64).collect::<Vec<u8>>())
                .unwrap();
            for row in decode_tally(&snapshot.header(&key).unwrap(), &columns).unwrap() {
                totals.add(&row.measures);
            }
        }
        totals
    }

    pub fn not_counted(&self, word: &str) -> u64 {
        let figures = self.store.settled_figures(self.account).unwrap();
        let found = figures
            .not_counted
            .iter()
            .find(|(reason, _)| reason.word() == word);
        found.map_or(0, |(_, &count)| count)
    }
}

pub fn settings_of(site: &Site, name: &str) -> CampaignSettings {
    CampaignSettings {
        name: name.to_owned(),
        site: site.id,
        landing_urls: vec!["https://shop.example/".to_owned()],
        attribution_days: 30,
        view_through_days: 0,
        status: CampaignStatus::Running,
        goals: vec![Goal {
            id: GoalId::from_random(token::random_u64()),
            name: "sale".to_owned(),
            revenue: Rule::Percent {
                percent: Percent::parse("12.5").unwrap(),
            },
            payout: Rule::Fixed { amount_minor: 300 },
            approval: Approval::Auto,
        }],
        report_params: Vec::new(),
    }
}

pub fn entry(hit: Hit) -> Entry {
    Entry::Hit(Box::new(hit))
}
