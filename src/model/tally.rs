//! The unit of every report: dimensions and what was counted under them. Nothing
//! here points to a person.

use serde::{Deserialize, Serialize};

use crate::model::hit::{Origin, PARAMS};
use crate::model::id::{CampaignId, GoalId, PublisherId};

/// Under what something is counted; its texts as those of a hit.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Dimensions<T = String> {
    pub campaign: Option<CampaignId>,
    pub publisher: Option<PublisherId>,
    pub goal: Option<GoalId>,
    pub origin: Origin,
    /// Index of the campaign's landing page.
    pub landing: Option<u8>,
    pub source: Option<T>,
    pub params: [Option<T>; PARAMS],
    pub referrer_host: Option<T>,
}

impl<T> Dimensions<T> {
    /// The same with each text made another way.
    fn with_texts<'a, U>(&'a self, text: impl Fn(&'a T) -> U) -> Dimensions<U> {
        Dimensions {
            campaign: self.campaign,
            publisher: self.publisher,
            goal: self.goal,
            origin: self.origin,
            landing: self.landing,
            source: self.source.as_ref().map(&text),
            params: self
                .params
                .each_ref()
                .map(|param| param.as_ref().map(&text)),
            referrer_host: self.referrer_host.as_ref().map(&text),
        }
    }
}

impl Dimensions<&str> {
    /// The same with texts of their own.
    pub fn to_owned(&self) -> Dimensions {
        self.with_texts(|text| (*text).to_owned())
    }
}

impl Dimensions {
    /// The same with texts that lie here.
    pub fn borrowed(&self) -> Dimensions<&str> {
        self.with_texts(String::as_str)
    }
}

/// One line of a tally: a quarter of an hour, dimensions, and signed counts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TallyRow {
    /// Quarter of an hour within the UTC day, 0 to 95.
    pub quarter: u8,
    pub dimensions: Dimensions,
    pub measures: Measures,
}

macro_rules! measures {
    ($($field:ident),* $(,)?) => {
        /// Signed counts and money in minor units of the account's currency.
        /// `conversions` is not stored: it is approved + pending.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
        pub struct Measures { $(pub $field: i64),* }

        impl Measures {
            pub const NAMES: &'static [&'static str] = &[$(stringify!($field)),*];
            pub const COUNT: usize = Self::NAMES.len();

            /// In the order of [`Measures::NAMES`].
            pub fn to_array(self) -> [i64; Self::COUNT] {
                [$(self.$field),*]
            }

            pub fn from_array(values: [i64; Self::COUNT]) -> Self {
                let [$($field),*] = values;
                Measures { $($field),* }
            }

            pub fn add(&mut self, other: &Measures) {
                $(self.$field = self.$field.saturating_add(other.$field);)*
            }

            pub fn negated(self) -> Self {
                Measures { $($field: self.$field.saturating_neg()),* }
            }

            pub fn is_zero(&self) -> bool {
                $(self.$field == 0)&&*
            }

            /// Approved and pending together.
            pub fn conversions(&self) -> i64 {
                self.approved.saturating_add(self.pending)
            }
        }
    };
}

measures!(
    impressions,
    clicks,
    unique_clicks,
    unidentified_clicks,
    views,
    approved,
    pending,
    rejected,
    cancelled,
    sale_amount_minor,
    revenue_minor,
    payout_minor,
    pending_sale_amount_minor,
    pending_revenue_minor,
    pending_payout_minor,
);
