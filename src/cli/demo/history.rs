//! Some weeks of plausible history: made as hits and sent the way of every hit,
//! through journal and settling, so that what the demo shows is what the product does.

use std::time::Duration;

use super::setting::{DemoSite, Setting};
use crate::clock::{DAY_MS, SECOND_MS, Timestamp};
use crate::crypto::token;
use crate::error::Result;
use crate::model::consent::Permits;
use crate::model::hit::{
    Browser, Country, Device, Entry, Hit, HitId, Kind, Origin, Os, Sale, Touch, VisitorId,
};
use crate::model::id::{AccountId, PublisherId};
use crate::model::personal::Personal;
use crate::model::reason::Notes;
use crate::web::App;

const DAYS: i64 = 35;
/// Visitors that come on an ordinary day.
const VISITORS: u64 = 46;
const SETTLE_WAIT: Duration = Duration::from_millis(20);
const SETTLE_TRIES: usize = 1_500;

/// A small generator of numbers that look random and are the same in every demo.
struct Dice(u64);

impl Dice {
    /// A number below `sides`.
    fn roll(&mut self, sides: u64) -> u64 {
        // Steele, Lea, Flood: SplitMix64 (2014).
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides.max(1)
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.roll(100) < percent
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.roll(of.len() as u64) as usize]
    }
}

/// Makes the history and waits until all of it is settled.
pub fn write(app: &App, setting: &Setting) -> Result<()> {
    let mut dice = Dice(11);
    let now = app.clock.now();
    for day in (0..DAYS).rev() {
        let day_start = now.minus_ms((day + 1) * DAY_MS);
        let weekend = day % 7 < 2;
        let visitors =
            VISITORS + dice.roll(30) + (DAYS - day) as u64 / 2 - if weekend { 18 } else { 0 };
        let mut entries = Vec::new();
        for _ in 0..visitors {
            let site = if dice.chance(60) {
                &setting.open
            } else {
                &setting.strict
            };
            visit(app, &mut dice, setting, site, day_start, &mut entries);
        }
        entries.sort_by_key(|entry| match entry {
            Entry::Hit(hit) | Entry::ClickOfDay { hit, .. } => hit.at,
            Entry::Statement(statement) => statement.receipt.at,
            Entry::NotCounted { .. } => day_start,
        });
        for part in entries.chunks(500) {
            wait_for(app.journal.store(setting.account, part.to_vec()))?;
        }
    }
    for _ in 0..SETTLE_TRIES {
        if app.journal.depth() == 0 {
            break;
        }
        std::thread::sleep(SETTLE_WAIT);
    }
    Ok(())
}

/// Waits for the journal on this thread; no event loop runs yet.
fn wait_for<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .map_err(crate::error::Error::from)?
        .block_on(work)
}

/// Someone who follows a publisher's link.
struct Guest<'a> {
    site: &'a DemoSite,
    publisher: PublisherId,
    /// When they click.
    at: Timestamp,
    permits: Permits,
    visitor: Option<Personal<VisitorId>>,
    origin: Origin,
}

fn visit(
    app: &App,
    dice: &mut Dice,
    setting: &Setting,
    site: &DemoSite,
    day: Timestamp,
    into: &mut Vec<Entry>,
) {
    let guest = Guest::arrive(dice, setting, site, day);
    let touch = guest.look_around(dice, into);
    let goal = match dice.roll(100) {
        0..6 => "sale",
        6..10 => "newsletter",
        _ => return,
    };
    guest.reach(app, dice, setting.account, (goal, touch), into);
}

impl<'a> Guest<'a> {
    fn arrive(dice: &mut Dice, setting: &Setting, site: &'a DemoSite, day: Timestamp) -> Self {
        let hour = 6 + dice.roll(9) + dice.roll(9);
        let publisher = (dice.roll(10) as usize * 3 / 10 + dice.roll(2) as usize) % 3;
        let consents = std::ptr::eq(site, &setting.open) || dice.chance(55);
        Guest {
            site,
            publisher: setting.publishers[publisher].id,
            at: day.plus_ms((hour * 3_600 + dice.roll(3_600)) as i64 * SECOND_MS),
            permits: Permits {
                measurement: consents,
                attribution: consents,
                sharing: consents,
            },
            visitor: consents.then(|| Personal::new(VisitorId(token::random_bytes()))),
            origin: origin(dice),
        }
    }

    fn consents(&self) -> bool {
        self.permits.attribution
    }

    fn hit(&self, dice: &mut Dice, kind: Kind, at: Timestamp) -> Hit {
        const REFERRERS: [&str; 3] = ["beanblog.example", "mail.example", "cupsaucer.example"];
        const SOURCES: [&str; 3] = ["newsletter", "article", "sidebar"];
        let mut hit = Hit {
            id: HitId::new(at, token::random_bytes()),
            at,
            kind,
            permits: self.permits,
            site: Some(self.site.site.id),
            campaign: Some(self.site.campaign.id),
            publisher: Some(self.publisher),
            landing: Some(0),
            origin: self.origin,
            referrer_host: Some(REFERRERS[dice.roll(3) as usize].to_owned()),
            source: Some(SOURCES[dice.roll(3) as usize].to_owned()),
            creative: None,
            params: Vec::new(),
            subs: Vec::new(),
            url: None,
            referrer: None,
            visitor: self.visitor.clone(),
            event: None,
            sale: None,
            notes: Notes::default(),
        };
        hit.keep_only_permitted();
        hit
    }

    /// Sees the advertisement, clicks it, looks at some pages.
    fn look_around(&self, dice: &mut Dice, into: &mut Vec<Entry>) -> Touch {
        let seen = self.at.minus_ms(30 * SECOND_MS);
        for _ in 0..2 + dice.roll(4) {
            into.push(entry(self.hit(dice, Kind::Impression, seen)));
        }
        let click = self.hit(dice, Kind::Click, self.at);
        let touch = Touch {
            campaign: self.site.campaign.id,
            publisher: Some(self.publisher),
            landing: 0,
            id: click.id,
        };
        into.push(entry(click));
        for page in 0..1 + dice.roll(3) as i64 {
            let at = self.at.plus_ms((5 + 40 * page) * SECOND_MS);
            let mut view = self.hit(dice, Kind::View, at);
            view.publisher = None;
            into.push(entry(view));
        }
        touch
    }

    /// Buys, or signs up.
    fn reach(
        &self,
        app: &App,
        dice: &mut Dice,
        account: AccountId,
        (goal, touch): (&str, Touch),
        into: &mut Vec<Entry>,
    ) {
        let at = self.at.plus_ms((240 + dice.roll(900) as i64) * SECOND_MS);
        let mut sold = self.hit(dice, Kind::Conversion, at);
        sold.publisher = None;
        // Half of those without consent keep the token in the address up to the end.
        let shared = app
            .click_ids
            .shared(
                account,
                self.site.campaign.id,
                Some(self.publisher),
                self.at,
            )
            .ok()
            .filter(|_| !self.consents() && dice.chance(50))
            .and_then(|token| app.click_ids.open_shared(account, &token));
        let order = format!("HC-{}", 10_000 + dice.roll(90_000));
        let amount = 1_490 + dice.roll(7_000) as i64;
        sold.sale = Some(Box::new(Sale {
            goal: Some(goal.to_owned()),
            txn_key: Some(token::random_bytes()),
            txn: self.consents().then(|| Personal::new(order)),
            amount_minor: if goal == "sale" { amount } else { 0 },
            click: self.consents().then_some(touch),
            shared,
            ..Sale::default()
        }));
        into.push(entry(sold));
    }
}

fn entry(hit: Hit) -> Entry {
    Entry::Hit(Box::new(hit))
}

fn origin(dice: &mut Dice) -> Origin {
    const COUNTRIES: [&str; 7] = ["AT", "AT", "DE", "DE", "DE", "CH", "IT"];
    let (device, os, browser) = *dice.pick(&[
        (Device::Mobile, Os::Android, Browser::Chrome),
        (Device::Mobile, Os::Ios, Browser::Safari),
        (Device::Mobile, Os::Android, Browser::Samsung),
        (Device::Desktop, Os::Windows, Browser::Chrome),
        (Device::Desktop, Os::Windows, Browser::Edge),
        (Device::Desktop, Os::MacOs, Browser::Safari),
        (Device::Desktop, Os::Linux, Browser::Firefox),
    ]);
    Origin {
        country: Country::parse(COUNTRIES[dice.roll(7) as usize]),
        device,
        os,
        browser,
    }
}
