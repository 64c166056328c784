//! A hit: one click, impression, page view or conversion as it arrives, typed,
//! bounded and with consent already applied. Its texts are of a type `T`: `String`
//! where a hit lives by itself, `&str` where it is read out of bytes that stay.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::model::consent::Permits;
use crate::model::consent::receipt::Statement;
use crate::model::conversion::Status;
use crate::model::id::{CampaignId, PublisherId, SiteId};
use crate::model::money::Currency;
use crate::model::personal::Personal;
use crate::model::reason::{Notes, Reason};

/// Number of `p1`..`p10` parameters of a tracking link.
pub const PARAMS: usize = 10;
/// Number of `sub1`..`sub15` parameters of a conversion.
pub const SUBS: usize = 15;
/// Longest value of one parameter, in bytes of UTF-8.
pub const VALUE_MAX: usize = 512;
/// Longest URL or referrer, in bytes.
pub const URL_MAX: usize = 2_048;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Kind {
    Impression,
    Click,
    View,
    Conversion,
}

macro_rules! family {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $word:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
        pub enum $name { #[default] Unknown, $($variant),* }

        impl $name {
            const ALL: &'static [$name] = &[$name::Unknown, $($name::$variant),*];

            /// The name in reports.
            pub fn name(self) -> &'static str {
                match self { $name::Unknown => "unknown", $($name::$variant => $word),* }
            }

            /// The number a segment stores.
            pub fn code(self) -> u8 {
                self as u8
            }

            /// Numbers of newer versions read as unknown.
            pub fn from_code(code: u8) -> Self {
                Self::ALL.get(usize::from(code)).copied().unwrap_or_default()
            }
        }
    };
}

family! {
    /// Class of the visitor's device.
    Device { Desktop = "desktop", Mobile = "mobile", Tablet = "tablet", Other = "other" }
}

family! {
    /// Family of the operating system.
    Os {
        Windows = "Windows", MacOs = "macOS", Linux = "Linux", Android = "Android",
        Ios = "iOS", ChromeOs = "ChromeOS", Other = "other",
    }
}

family! {
    /// Family of the browser.
    Browser {
        Chrome = "Chrome", Firefox = "Firefox", Safari = "Safari", Edge = "Edge",
        Opera = "Opera", Samsung = "Samsung Internet", InternetExplorer = "Internet Explorer",
        Other = "other",
    }
}

/// An ISO 3166-1 country code in capitals, or unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Country(u16);

impl Country {
    pub const UNKNOWN: Country = Country(0);

    /// Two ASCII letters; anything else is unknown.
    pub fn parse(text: &str) -> Country {
        match text.as_bytes() {
            [a, b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => {
                Country(u16::from_be_bytes([
                    a.to_ascii_uppercase(),
                    b.to_ascii_uppercase(),
                ]))
            }
            _ => Country::UNKNOWN,
        }
    }

    /// The number a segment stores.
    pub fn code(self) -> u16 {
        self.0
    }

    pub fn from_code(code: u16) -> Country {
        let [a, b] = code.to_be_bytes();
        if a.is_ascii_uppercase() && b.is_ascii_uppercase() {
            Country(code)
        } else {
            Country::UNKNOWN
        }
    }

    /// `DE`, or `unknown`.
    pub fn name(self) -> String {
        if self == Country::UNKNOWN {
            return "unknown".to_owned();
        }
        self.0.to_be_bytes().map(char::from).iter().collect()
    }
}

/// What is known of where a hit came from, coarse enough to keep without consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Origin {
    pub country: Country,
    pub device: Device,
    pub os: Os,
    pub browser: Browser,
}

/// Time-ordered id of a hit: 48 bits of milliseconds, 80 random bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct HitId(pub [u8; 16]);

impl HitId {
    pub fn new(at: Timestamp, random: [u8; 10]) -> HitId {
        let mut id = [0; 16];
        id[..6].copy_from_slice(&at.millis().to_be_bytes()[2..]);
        id[6..].copy_from_slice(&random);
        HitId(id)
    }

    /// The instant in the id.
    pub fn at(self) -> Timestamp {
        let mut ms = [0; 8];
        ms[2..].copy_from_slice(&self.0[..6]);
        Timestamp::from_millis(i64::from_be_bytes(ms))
    }
}

/// Random first-party id of a visitor, 128 bits, given only with consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct VisitorId(pub [u8; 16]);

/// Id that the browser made for one of its events, 128 bits; a repeated id is a
/// repeated event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct EventId(pub [u8; 16]);

/// An earlier click or impression that a conversion can be credited to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Touch {
    pub campaign: CampaignId,
    pub publisher: Option<PublisherId>,
    pub landing: u8,
    /// The id of the hit itself; its instant is when it happened.
    pub id: HitId,
}

/// What everyone gets who clicks without consent: campaign, publisher and month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedTouch {
    pub campaign: CampaignId,
    pub publisher: Option<PublisherId>,
    /// Months since January 1970, in UTC.
    pub month: u16,
}

/// What only a conversion carries.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Sale<T = String> {
    /// An id or a name, which settling looks up. None: the campaign's first goal.
    pub goal: Option<T>,
    /// The shop's own number of the order; kept only with consent.
    pub txn: Option<Personal<T>>,
    /// Blind index of the order number, kept in any case.
    pub txn_key: Option<[u8; 16]>,
    /// In minor units of `currency`; zero or more.
    pub amount_minor: i64,
    /// None: the account's currency.
    pub currency: Option<Currency>,
    pub status: Option<Status>,
    /// The click id that the request itself carried.
    pub click: Option<Touch>,
    pub shared: Option<SharedTouch>,
    /// Last clicks by campaign, from the sealed cookie, newest first.
    pub cookie_clicks: Vec<Touch>,
    /// Last impressions by campaign, from the sealed cookie, newest first.
    pub cookie_impressions: Vec<Touch>,
    pub coupon: Option<PublisherId>,
    /// Came with the account's security token: its status word is believed.
    pub authenticated: bool,
}

/// One hit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hit<T = String> {
    pub id: HitId,
    /// When it happened: arrival minus its age. Without consent for measurement
    /// only the quarter of an hour.
    pub at: Timestamp,
    pub kind: Kind,
    pub permits: Permits,
    pub site: Option<SiteId>,
    pub campaign: Option<CampaignId>,
    pub publisher: Option<PublisherId>,
    /// Index of the campaign's landing page.
    pub landing: Option<u8>,
    pub origin: Origin,
    pub referrer_host: Option<T>,
    /// Sub-publisher, as the tracking link names it.
    pub source: Option<T>,
    pub creative: Option<T>,
    /// `p1`..`p10` by index 0..9; only those present, in order.
    pub params: Vec<(u8, Personal<T>)>,
    /// `sub1`..`sub15` by index 0..14; only those present, in order.
    pub subs: Vec<(u8, Personal<T>)>,
    pub url: Option<Personal<T>>,
    pub referrer: Option<Personal<T>>,
    pub visitor: Option<Personal<VisitorId>>,
    pub event: Option<EventId>,
    /// Some for a conversion, none for everything else.
    pub sale: Option<Box<Sale<T>>>,
    pub notes: Notes,
}

impl<T> Hit<T> {
    /// Takes away whatever the visitor's consent does not cover. Without consent for
    /// measurement there remain kind, site, campaign, publisher, goal, quarter of an
    /// hour, origin, referrer host, and of a sale its amounts and the blind index of
    /// its number. The event id stays for the moment in which repeats are noticed;
    /// settling drops it.
    pub fn keep_only_permitted(&mut self) {
        if !self.permits.attribution {
            self.visitor = None;
            if let Some(sale) = &mut self.sale {
                sale.cookie_clicks.clear();
                sale.cookie_impressions.clear();
            }
        }
        if self.permits.measurement {
            return;
        }
        let mut random = [0; 10];
        random.copy_from_slice(&self.id.0[6..]);
        self.at = self.at.quarter_start();
        self.id = HitId::new(self.at, random);
        self.landing = None;
        self.source = None;
        self.creative = None;
        self.params.clear();
        self.subs.clear();
        self.url = None;
        self.referrer = None;
        if let Some(sale) = &mut self.sale {
            sale.txn = None;
        }
    }
}

/// What collect hands to the journal. Stored by their order here: new ones go to the
/// end, none is taken out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Entry<T = String> {
    Hit(Box<Hit<T>>),
    /// So many hits were not counted, for this reason.
    NotCounted {
        reason: Reason,
        count: u64,
    },
    /// A visitor answered.
    Statement(Box<Statement>),
    /// A click of somebody who may be told apart from others for one day only, and
    /// whether it is their first of that day.
    ClickOfDay {
        hit: Box<Hit<T>>,
        is_first: bool,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hit_ids_sort_by_their_instant() {
        let early = HitId::new(Timestamp::from_millis(1_000), [255; 10]);
        let late = HitId::new(Timestamp::from_millis(1_001), [0; 10]);
        assert!(early < late);
        assert_eq!(late.at().millis(), 1_001);
    }

    #[test]
    fn a_country_is_two_letters_or_unknown() {
        assert_eq!(Country::parse("de").name(), "DE");
        assert_eq!(Country::parse("D1"), Country::UNKNOWN);
        assert_eq!(Country::from_code(Country::parse("FR").code()).name(), "FR");
        assert_eq!(Country::from_code(7).name(), "unknown");
    }
}
