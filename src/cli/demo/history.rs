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
            Entry::Hit(hit) => hit.at,
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

fn visit(
    app: &App,
    dice: &mut Dice,
    setting: &Setting,
    site: &DemoSite,
    day: Timestamp,
    into: &mut Vec<Entry>,
) {
    let hour = 6 + dice.roll(9) + dice.roll(9);
    let at = day.plus_ms((hour * 3_600 + dice.roll(3_600)) as i64 * SECOND_MS);
    let publisher =
        setting.publishers[(dice.roll(10) as usize * 3 / 10 + dice.roll(2) as usize) % 3].id;
    let consents = std::ptr::eq(site, &setting.open) || dice.chance(55);
    let permits = Permits {
        measurement: consents,
        attribution: consents,
        sharing: consents,
    };
    let visitor = consents.then(|| Personal::new(VisitorId(token::random_bytes())));
    let origin = origin(dice);
    let base = |dice: &mut Dice, kind, at: Timestamp| {
        let mut hit = Hit {
            id: HitId::new(at, token::random_bytes()),
            at,
            kind,
            permits,
            site: Some(site.site.id),
            campaign: Some(site.campaign.id),
            publisher: Some(publisher),
            landing: Some(0),
            origin,
            referrer_host: Some(
                (*dice.pick(&["beanblog.example", "mail.example", "cupsaucer.example"])).to_owned(),
            ),
            source: Some((*dice.pick(&["newsletter", "article", "sidebar"])).to_owned()),
            creative: None,
            params: Vec::new(),
            subs: Vec::new(),
            url: None,
            referrer: None,
            visitor: visitor.clone(),
            event: None,
            sale: None,
            notes: Notes::default(),
        };
        hit.keep_only_permitted();
        hit
    };
    for _ in 0..2 + dice.roll(4) {
        into.push(entry(base(
            dice,
            Kind::Impression,
            at.minus_ms(30 * SECOND_MS),
        )));
    }
    let click = base(dice, Kind::Click, at);
    let touch = Touch {
        campaign: site.campaign.id,
        publisher: Some(publisher),
        landing: 0,
        id: click.id,
    };
    into.push(entry(click));
    for page in 0..1 + dice.roll(3) as i64 {
        let mut view = base(dice, Kind::View, at.plus_ms((5 + 40 * page) * SECOND_MS));
        view.publisher = None;
        into.push(entry(view));
    }
    let goal = match dice.roll(100) {
        0..6 => "sale",
        6..10 => "newsletter",
        _ => return,
    };
    let later = 240 + dice.roll(900) as i64;
    let mut sold = base(dice, Kind::Conversion, at.plus_ms(later * SECOND_MS));
    sold.publisher = None;
    // Half of those without consent keep the token in the address up to the end.
    let shared = app
        .click_ids
        .shared(setting.account, site.campaign.id, Some(publisher), at)
        .ok()
        .filter(|_| dice.chance(50))
        .and_then(|token| app.click_ids.open_shared(setting.account, &token));
    let order = format!("HC-{}", 10_000 + dice.roll(90_000));
    sold.sale = Some(Box::new(Sale {
        goal: Some(goal.to_owned()),
        txn_key: Some(token::random_bytes()),
        txn: consents.then(|| Personal::new(order)),
        amount_minor: if goal == "sale" {
            1_490 + dice.roll(7_000) as i64
        } else {
            0
        },
        click: consents.then_some(touch),
        shared: if consents { None } else { shared },
        ..Sale::default()
    }));
    into.push(entry(sold));
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
