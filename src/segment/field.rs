//! The columns of a tally's dimensions: their ids, and how a row fills them.

use crate::error::Result;
use crate::model::hit::{Browser, Country, Device, Os, PARAMS};
use crate::model::id::{CampaignId, GoalId, ID_MAX, PublisherId};
use crate::model::tally::Dimensions;
use crate::segment::pack::damaged;
use crate::segment::tally::quarter_of;

/// A column of dimensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    Quarter,
    Campaign,
    Publisher,
    Goal,
    /// Index of the landing page + 1.
    Landing,
    Country,
    Device,
    Os,
    Browser,
    Source,
    ReferrerHost,
    /// `p1`..`p10` by index 0..9.
    Param(u8),
}

impl Field {
    pub(super) const NUMBERS: [Field; 9] = [
        Field::Quarter,
        Field::Campaign,
        Field::Publisher,
        Field::Goal,
        Field::Landing,
        Field::Country,
        Field::Device,
        Field::Os,
        Field::Browser,
    ];

    /// The id of its column.
    pub fn column(self) -> u8 {
        match self {
            Field::Quarter => 0,
            Field::Campaign => 1,
            Field::Publisher => 2,
            Field::Goal => 3,
            Field::Landing => 4,
            Field::Country => 5,
            Field::Device => 6,
            Field::Os => 7,
            Field::Browser => 8,
            Field::Source => 9,
            Field::ReferrerHost => 10,
            Field::Param(index) => 11 + index.min(PARAMS as u8 - 1),
        }
    }

    /// Whether its values are texts; all others are numbers.
    pub fn is_text(self) -> bool {
        Field::texts().any(|field| field == self)
    }

    pub(super) fn texts() -> impl Iterator<Item = Field> {
        let params = (0..PARAMS as u8).map(Field::Param);
        [Field::Source, Field::ReferrerHost]
            .into_iter()
            .chain(params)
    }

    /// The place of the campaigns among [`Field::NUMBERS`].
    pub(super) const CAMPAIGN: usize = 1;

    /// In the order in which lines are put: what repeats most comes first.
    pub(super) fn in_order() -> impl Iterator<Item = Field> {
        let first = [
            Field::Campaign,
            Field::Goal,
            Field::Publisher,
            Field::Landing,
            Field::Device,
            Field::Os,
            Field::Browser,
            Field::Country,
            Field::Quarter,
            Field::Source,
        ];
        let params = (0..PARAMS as u8).map(Field::Param);
        first.into_iter().chain(params).chain([Field::ReferrerHost])
    }

    /// Its place among [`Field::NUMBERS`], or else among [`Field::texts`].
    pub(super) fn place(self) -> std::result::Result<usize, usize> {
        let column = usize::from(self.column());
        match column.checked_sub(Field::NUMBERS.len()) {
            None => Ok(column),
            Some(text) => Err(text),
        }
    }

    pub(super) fn text(self, dimensions: &Dimensions) -> Option<&str> {
        match self {
            Field::Source => dimensions.source.as_deref(),
            Field::ReferrerHost => dimensions.referrer_host.as_deref(),
            Field::Param(index) => dimensions.params.get(usize::from(index))?.as_deref(),
            _ => None,
        }
    }

    /// Whether a number is one that the field can have.
    pub(super) fn check(self, number: u64) -> Result<()> {
        match self {
            Field::Quarter => quarter_of(number).map(|_| ()),
            _ => self.set_number(&mut Dimensions::default(), number),
        }
    }

    pub(super) fn set_number(self, dimensions: &mut Dimensions, number: u64) -> Result<()> {
        let origin = &mut dimensions.origin;
        let id = || row_of(number);
        let byte = || u8::try_from(number).map_err(|_| damaged());
        match self {
            Field::Campaign => dimensions.campaign = id()?.map(CampaignId::from_row),
            Field::Publisher => dimensions.publisher = id()?.map(PublisherId::from_row),
            Field::Goal => dimensions.goal = id()?.map(GoalId::from_row),
            Field::Landing => dimensions.landing = landing_of(number)?,
            Field::Country => {
                origin.country = Country::from_code(u16::try_from(number).map_err(|_| damaged())?);
            }
            Field::Device => origin.device = Device::from_code(byte()?),
            Field::Os => origin.os = Os::from_code(byte()?),
            Field::Browser => origin.browser = Browser::from_code(byte()?),
            Field::Quarter | Field::Source | Field::ReferrerHost | Field::Param(_) => {}
        }
        Ok(())
    }

    pub(super) fn set_text(self, dimensions: &mut Dimensions, text: Option<String>) {
        match self {
            Field::Source => dimensions.source = text,
            Field::ReferrerHost => dimensions.referrer_host = text,
            Field::Param(index) => {
                if let Some(param) = dimensions.params.get_mut(usize::from(index)) {
                    *param = text;
                }
            }
            _ => {}
        }
    }
}

/// What stands in the columns of [`Field::NUMBERS`]; 0 is the default.
pub(super) fn numbers_of<T>(quarter: u8, dimensions: &Dimensions<T>) -> [u64; 9] {
    let id = |row: Option<i64>| row.map_or(0, |row| row as u64);
    let origin = &dimensions.origin;
    [
        quarter.into(),
        id(dimensions.campaign.map(CampaignId::row)),
        id(dimensions.publisher.map(PublisherId::row)),
        id(dimensions.goal.map(GoalId::row)),
        dimensions.landing.map_or(0, |index| u64::from(index) + 1),
        origin.country.code().into(),
        origin.device.code().into(),
        origin.os.code().into(),
        origin.browser.code().into(),
    ]
}

/// What stands in the columns of [`Field::texts`].
pub(super) fn texts_of<'a>(
    dimensions: &Dimensions<&'a str>,
) -> impl Iterator<Item = Option<&'a str>> {
    [dimensions.source, dimensions.referrer_host]
        .into_iter()
        .chain(dimensions.params)
}

/// The row that a number names; 0 names none, as it is written. Of one that is longer
/// than an id, the id would keep a part, and that may be none.
pub fn row_of(number: u64) -> Result<Option<i64>> {
    match number {
        0 => Ok(None),
        1..=ID_MAX => Ok(Some(number as i64)),
        _ => Err(damaged()),
    }
}

/// A landing page's index, of the index + 1 that is stored.
pub(super) fn landing_of(number: u64) -> Result<Option<u8>> {
    match number.checked_sub(1) {
        Some(index) => u8::try_from(index).map(Some).map_err(|_| damaged()),
        None => Ok(None),
    }
}
