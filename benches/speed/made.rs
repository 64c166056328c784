//! Hits that are made up: the same for every store of a size, so that what one counts
//! can be compared with what another counts. The mix is that of a tracker in use:
//! mostly impressions, clicks and page views, two sales in a hundred; a bit more than
//! half of the visitors agree, and only they leave details.

use pixelkeep::clock::{DAY_MS, Timestamp};
use pixelkeep::model::consent::Permits;
use pixelkeep::model::hit::{Browser, Country, Device, Kind, Origin, Os};

pub const CAMPAIGNS: usize = 20;
pub const PUBLISHERS: usize = 50;
/// Values of `p1`, the sub-id of a publisher.
pub const SUB_IDS: u64 = 5_000;
/// `p1` is shown in reports; the sources are these.
pub const SOURCES: [&str; 6] = [
    "newsletter",
    "article",
    "sidebar",
    "search",
    "video",
    "podcast",
];
const COUNTRIES: [&str; 12] = [
    "DE", "DE", "DE", "DE", "AT", "AT", "CH", "FR", "NL", "IT", "PL", "ES",
];
const DEVICES: [(Device, Os, Browser); 8] = [
    (Device::Mobile, Os::Android, Browser::Chrome),
    (Device::Mobile, Os::Android, Browser::Chrome),
    (Device::Mobile, Os::Ios, Browser::Safari),
    (Device::Mobile, Os::Android, Browser::Samsung),
    (Device::Desktop, Os::Windows, Browser::Chrome),
    (Device::Desktop, Os::Windows, Browser::Edge),
    (Device::Desktop, Os::MacOs, Browser::Safari),
    (Device::Desktop, Os::Linux, Browser::Firefox),
];

/// One hit, before it takes any form.
pub struct Made {
    pub number: u64,
    pub at: Timestamp,
    pub kind: Kind,
    pub consents: bool,
    pub campaign: usize,
    /// None for a view, and for one sale in three.
    pub publisher: Option<usize>,
    pub origin: Origin,
    /// None without consent, and for a view.
    pub source: Option<&'static str>,
    /// The value of `p1`; none without consent, and for a view.
    pub sub_id: Option<u64>,
    /// First click of a visitor that day.
    pub unique: bool,
    pub sale: Option<Sale>,
    pub visitor: u64,
    pub dice: Dice,
}

#[derive(Clone, Copy)]
pub struct Sale {
    /// In cents.
    pub amount: i64,
    /// 0 approved, 1 pending, 2 rejected.
    pub status: u8,
    /// Which of the campaign's two goals.
    pub goal: usize,
}

impl Sale {
    pub const APPROVED: u8 = 0;
    pub const PENDING: u8 = 1;

    pub fn revenue(&self) -> i64 {
        self.amount / 10
    }

    pub fn payout(&self) -> i64 {
        100
    }
}

/// Numbers that look random and are the same every time.
#[derive(Clone)]
pub struct Dice(u64);

impl Dice {
    pub fn next(&mut self) -> u64 {
        // Steele, Lea, Flood: SplitMix64 (2014).
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn roll(&mut self, sides: u64) -> u64 {
        self.next() % sides
    }

    /// The low ones come much more often, as with publishers and campaigns.
    fn skewed(&mut self, sides: u64) -> u64 {
        self.roll(sides) * self.roll(sides) / sides
    }

    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.next() as u8)
    }
}

/// The hits of one UTC day, of which the first has this number.
pub fn day(day: u32, first: u64, count: u64) -> impl Iterator<Item = Made> {
    (first..first + count).map(move |number| hit(day, number))
}

fn hit(day: u32, number: u64) -> Made {
    let mut dice = Dice(number.wrapping_mul(0x2545_f491_4f6c_dd1d));
    let kind = match dice.roll(100) {
        0..60 => Kind::Impression,
        60..78 => Kind::Click,
        78..98 => Kind::View,
        _ => Kind::Conversion,
    };
    let consents = dice.roll(100) < 55;
    let hour = 4 + (dice.roll(10) + dice.roll(11)) as i64;
    let ms = hour * 3_600_000 + dice.roll(3_600_000) as i64;
    let at = Timestamp::from_millis(i64::from(day) * DAY_MS + ms);
    let campaign = dice.skewed(CAMPAIGNS as u64) as usize;
    let publisher = (campaign as u64 * 7 + dice.skewed(PUBLISHERS as u64)) % PUBLISHERS as u64;
    let credited = match kind {
        Kind::View => false,
        Kind::Conversion => dice.roll(3) > 0,
        Kind::Impression | Kind::Click => true,
    };
    let (device, os, browser) = DEVICES[dice.roll(DEVICES.len() as u64) as usize];
    let detailed = consents && credited;
    Made {
        number,
        at: if consents { at } else { at.quarter_start() },
        kind,
        consents,
        campaign,
        publisher: credited.then_some(publisher as usize),
        origin: Origin {
            country: Country::parse(COUNTRIES[dice.roll(COUNTRIES.len() as u64) as usize]),
            device,
            os,
            browser,
        },
        source: detailed.then_some(SOURCES[dice.skewed(SOURCES.len() as u64) as usize]),
        sub_id: detailed.then_some(dice.skewed(SUB_IDS)),
        unique: consents && dice.roll(10) > 0,
        sale: (kind == Kind::Conversion).then(|| sale(&mut dice)),
        visitor: dice.roll(1 << 22),
        dice,
    }
}

fn sale(dice: &mut Dice) -> Sale {
    Sale {
        amount: 990 + dice.roll(9_000) as i64,
        status: match dice.roll(20) {
            0 => Sale::PENDING,
            1 => 2,
            _ => Sale::APPROVED,
        },
        goal: usize::from(dice.roll(4) == 0),
    }
}

impl Made {
    pub fn permits(&self) -> Permits {
        Permits {
            measurement: self.consents,
            attribution: self.consents,
            sharing: self.consents,
        }
    }

    pub fn sub_id_text(&self) -> Option<String> {
        self.sub_id.map(|value| format!("c-{value:04}"))
    }
}
