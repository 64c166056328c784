//! Tests of the way from an acknowledged hit to figures, on a real data folder.

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
use crate::model::reason::{Note, Notes};
use crate::model::tally::Measures;
use crate::segment::{Class, Source, decode_tally};
use crate::store::{ConversionQuery, DataFolder, NewAccount, Store};
use std::sync::Arc;

const NOW: i64 = 1_795_000_000_000;
const ALL: Permits = Permits {
    measurement: true,
    attribution: true,
    sharing: true,
};

struct House {
    folder: tempfile::TempDir,
    store: Store,
    account: AccountId,
    site: Arc<Site>,
    campaign: Arc<Campaign>,
    publisher: Arc<Publisher>,
}

fn act(action: Action) -> Act {
    Act::new(Actor::System, action, Timestamp::from_millis(NOW))
}

fn open(folder: &std::path::Path) -> Store {
    let folder = DataFolder::take(&folder.join("data"), true).unwrap();
    let keys = folder.keys(None, None).unwrap();
    Store::open(folder, keys).unwrap()
}

impl House {
    fn build() -> House {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path());
        let settings = AccountSettings {
            name: "Shop".to_owned(),
            timezone: "Europe/Vienna".to_owned(),
            currency: Currency::EUR,
            acquisition: false,
            security_token_hash: None,
            rates: BTreeMap::new(),
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

    fn reopen(self) -> House {
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
    fn send(&self, entries: Vec<Entry>) -> Vec<Verdict> {
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

    fn hit(&self, kind: Kind) -> Hit {
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

    fn sale(&self, change: impl FnOnce(&mut Hit, &mut Sale)) -> Entry {
        let mut hit = self.hit(Kind::Conversion);
        let mut sale = Sale {
            amount_minor: 10_000,
            ..Sale::default()
        };
        change(&mut hit, &mut sale);
        hit.sale = Some(Box::new(sale));
        entry(hit)
    }

    fn click(&self, visitor: u8) -> (Hit, Touch) {
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

    fn conversions(&self) -> Vec<Conversion> {
        let query = ConversionQuery {
            limit: 1_000,
            ..ConversionQuery::default()
        };
        self.store.conversions(self.account, &query).unwrap().0
    }

    fn totals(&self) -> Measures {
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

    fn not_counted(&self, word: &str) -> u64 {
        let figures = self.store.settled_figures(self.account).unwrap();
        let found = figures
            .not_counted
            .iter()
            .find(|(reason, _)| reason.word() == word);
        found.map_or(0, |(_, &count)| count)
    }
}

fn settings_of(site: &Site, name: &str) -> CampaignSettings {
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

fn entry(hit: Hit) -> Entry {
    Entry::Hit(Box::new(hit))
}

#[test]
fn a_sale_is_credited_to_its_click_and_takes_its_dimensions() {
    let house = House::build();
    let (click, touch) = house.click(1);
    house.send(vec![entry(click)]);
    // Another start: the click is found in the trail, not in memory.
    let house = house.reopen();
    house.send(vec![house.sale(|_, sale| sale.click = Some(touch))]);
    let conversions = house.conversions();
    let body = &conversions[0].body;
    assert_eq!(
        (body.credit, body.publisher),
        (Credit::ClickId, touch.publisher)
    );
    assert_eq!(body.dimensions.source.as_deref(), Some("newsletter"));
    assert_eq!(body.click, Some(touch.id));
    let totals = house.totals();
    assert_eq!(
        (totals.clicks, totals.unique_clicks, totals.approved),
        (1, 1, 1)
    );
    assert_eq!(
        (
            totals.sale_amount_minor,
            totals.revenue_minor,
            totals.payout_minor
        ),
        (10_000, 1_250, 300)
    );
}

#[test]
fn a_transaction_counts_once_a_goal_across_restarts() {
    let house = House::build();
    let same = |house: &House| house.sale(|_, sale| sale.txn_key = Some([7; 16]));
    house.send(vec![same(&house), same(&house)]);
    let house = house.reopen();
    house.send(vec![same(&house)]);
    house.send(vec![house.sale(|_, _| {}), house.sale(|_, _| {})]);
    assert_eq!(house.conversions().len(), 3);
    assert_eq!(house.not_counted("duplicate"), 2);
}

#[test]
fn without_a_transaction_one_click_counts_once_a_goal() {
    let house = House::build();
    let (click, touch) = house.click(1);
    house.send(vec![entry(click)]);
    for _ in 0..3 {
        house.send(vec![house.sale(|_, sale| sale.click = Some(touch))]);
    }
    assert_eq!(
        (house.conversions().len(), house.not_counted("duplicate")),
        (1, 2)
    );
}

#[test]
fn a_click_outside_the_window_does_not_match_and_the_reason_is_kept() {
    let house = House::build();
    let (mut click, mut touch) = house.click(1);
    let long_ago = Timestamp::from_millis(NOW - 31 * DAY_MS);
    click.at = long_ago;
    click.id = HitId::new(long_ago, [1; 10]);
    touch.id = click.id;
    house.send(vec![
        entry(click),
        house.sale(|_, sale| sale.click = Some(touch)),
    ]);
    let body = &house.conversions()[0].body;
    assert_eq!((body.credit, body.publisher), (Credit::Unattributed, None));
    assert!(body.notes.contains(Note::OutsideWindow));
}

#[test]
fn the_cookie_comes_after_the_click_id_and_the_coupon_after_the_cookie() {
    let house = House::build();
    let (click, touch) = house.click(1);
    house.send(vec![entry(click)]);
    let coupon = house.publisher.id;
    house.send(vec![
        house.sale(|_, sale| {
            sale.cookie_clicks = vec![touch];
            sale.coupon = Some(coupon);
        }),
        house.sale(|_, sale| sale.coupon = Some(coupon)),
        house.sale(|_, _| {}),
    ]);
    let credits: Vec<Credit> = house.conversions().iter().map(|c| c.body.credit).collect();
    assert_eq!(
        credits,
        [Credit::Unattributed, Credit::Coupon, Credit::Cookie]
    );
}

#[test]
fn a_shared_token_credits_campaign_and_publisher_without_any_click() {
    let house = House::build();
    let ids = ClickIds::new(house.store.keys().clone());
    let at = Timestamp::from_millis(NOW);
    let text = ids
        .shared(
            house.account,
            house.campaign.id,
            Some(house.publisher.id),
            at,
        )
        .unwrap();
    let shared = ids.open_shared(house.account, &text);
    house.send(vec![house.sale(|hit, sale| {
        hit.permits = Permits::default();
        sale.shared = shared;
        sale.txn = Some(Personal::new("A-1".to_owned()));
    })]);
    let body = &house.conversions()[0].body;
    assert_eq!(body.credit, Credit::SharedToken);
    assert_eq!(body.publisher, Some(house.publisher.id));
    assert_eq!((body.click, &body.txn), (None, &None));
    assert_eq!(body.at, at.quarter_start());
}

#[test]
fn a_site_alone_finds_its_only_campaign_and_is_unknown_with_two() {
    let house = House::build();
    let alone = |house: &House| house.sale(|hit, _| hit.campaign = None);
    house.send(vec![alone(&house)]);
    assert_eq!(house.conversions().len(), 1);
    let second = settings_of(&house.site, "Summer");
    house
        .store
        .create_campaign(act(Action::ChangeCampaign), house.account, second)
        .unwrap();
    house.send(vec![alone(&house)]);
    assert_eq!(
        (
            house.conversions().len(),
            house.not_counted("campaign_unknown")
        ),
        (1, 1)
    );
}

#[test]
fn another_currency_waits_for_its_rate_and_then_counts() {
    let house = House::build();
    house.send(vec![
        house.sale(|_, sale| sale.currency = "USD".parse().ok()),
    ]);
    let waiting = house.totals();
    assert_eq!((waiting.pending, waiting.pending_sale_amount_minor), (1, 0));
    assert!(
        house.conversions()[0]
            .body
            .notes
            .contains(Note::RateMissing)
    );
    house
        .store
        .update_account(act(Action::ChangeAccount), house.account, |settings| {
            settings
                .rates
                .insert("USD".to_owned(), Rate::parse("0.92")?);
            Ok(())
        })
        .unwrap();
    let counted = house.totals();
    assert_eq!((counted.pending, counted.approved), (0, 1));
    assert_eq!(
        (counted.sale_amount_minor, counted.revenue_minor),
        (9_200, 1_150)
    );
}

#[test]
fn a_visitor_is_unique_once_a_day_and_campaign_also_after_a_restart() {
    let house = House::build();
    house.send(vec![entry(house.click(1).0), entry(house.click(1).0)]);
    let house = house.reopen();
    let mut unknown = house.click(1).0;
    unknown.visitor = None;
    house.send(vec![
        entry(house.click(1).0),
        entry(house.click(2).0),
        entry(unknown),
    ]);
    let totals = house.totals();
    assert_eq!(
        (
            totals.clicks,
            totals.unique_clicks,
            totals.unidentified_clicks
        ),
        (5, 2, 1)
    );
}

#[test]
fn a_repeated_event_counts_once_also_after_a_restart() {
    let house = House::build();
    let event = |house: &House| {
        let mut hit = house.hit(Kind::View);
        hit.event = Some(EventId([3; 16]));
        entry(hit)
    };
    let verdicts = house.send(vec![event(&house), event(&house)]);
    assert_eq!(verdicts, [Verdict::Stored, Verdict::Duplicate]);
    let house = house.reopen();
    house.send(vec![event(&house)]);
    assert_eq!(
        (house.totals().views, house.not_counted("duplicate")),
        (1, 1)
    );
}

#[test]
fn a_changed_conversion_moves_the_figures_of_its_own_day() {
    let house = House::build();
    house.send(vec![house.sale(|_, _| {})]);
    let id = house.conversions()[0].id;
    let change = |status: Status| {
        house
            .store
            .change_conversion(act(Action::ChangeConversion), house.account, id, |body| {
                body.status = status;
                Ok(())
            })
            .unwrap();
    };
    change(Status::Rejected);
    let totals = house.totals();
    assert_eq!(
        (totals.approved, totals.rejected, totals.sale_amount_minor),
        (0, 1, 0)
    );
    change(Status::Approved);
    assert_eq!(
        (house.totals().approved, house.totals().revenue_minor),
        (1, 1_250)
    );
}

#[test]
fn many_small_steps_merge_into_few_segments_with_the_same_sums() {
    let house = House::build();
    for visitor in 0..20 {
        house.send(vec![entry(house.click(visitor).0)]);
    }
    let before = house.totals();
    while super::merge::merge_step(&house.store).unwrap() {}
    let snapshot = house.store.snapshot().unwrap();
    for class in [Class::Tally, Class::Trail] {
        let left = snapshot
            .segments(house.account, class, 0..=u32::MAX)
            .unwrap();
        assert!(left.len() <= 6, "{class:?}: {}", left.len());
    }
    assert_eq!(house.totals(), before);
    assert_eq!(before.clicks, 20);
}

#[test]
fn what_was_not_counted_survives_a_restart() {
    let house = House::build();
    let clock = Clock::manual(Timestamp::from_millis(NOW));
    let (engine, _failures) = Engine::start(&house.store, clock).unwrap();
    for _ in 0..3 {
        engine
            .journal()
            .count(house.account, crate::model::reason::Reason::Bot);
    }
    engine.stop();
    let house = house.reopen();
    assert_eq!(house.not_counted("bot"), 3);
}
