//! The dimensions of a report: their names, and the columns they are read from.

use std::fmt;

use crate::error::{Error, Result};
use crate::model::hit::PARAMS;
use crate::segment::Field;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dimension {
    Day,
    Hour,
    Campaign,
    Publisher,
    Goal,
    Country,
    Device,
    Os,
    Browser,
    Source,
    /// `p1`..`p10` by index 0..9.
    Param(u8),
    LandingPage,
    ReferrerHost,
}

impl Dimension {
    /// All of them, in the order in which they are offered.
    pub fn all() -> impl Iterator<Item = Dimension> {
        let before = [
            Dimension::Day,
            Dimension::Hour,
            Dimension::Campaign,
            Dimension::Publisher,
            Dimension::Goal,
            Dimension::Country,
            Dimension::Device,
            Dimension::Os,
            Dimension::Browser,
            Dimension::Source,
        ];
        let params = (0..PARAMS as u8).map(Dimension::Param);
        let after = [Dimension::LandingPage, Dimension::ReferrerHost];
        before.into_iter().chain(params).chain(after)
    }

    /// # Errors
    /// `Invalid`, with the names there are.
    pub fn parse(text: &str) -> Result<Dimension> {
        let mut all = Dimension::all();
        all.find(|dimension| dimension.to_string() == text)
            .ok_or_else(|| {
                let names: Vec<String> = Dimension::all().map(|d| d.to_string()).collect();
                let names = names.join(", ");
                Error::invalid(format!("{text:?} is not a dimension. There are: {names}."))
            })
    }

    /// Whether its values are things with an id and a name.
    pub fn has_ids(self) -> bool {
        matches!(
            self,
            Dimension::Campaign | Dimension::Publisher | Dimension::Goal | Dimension::LandingPage
        )
    }

    /// The parts of a row that together are its value.
    pub(super) fn parts(self) -> &'static [Part] {
        const PARAM_PARTS: [[Part; 1]; PARAMS] = {
            let mut parts = [[Part::Text(Field::Source)]; PARAMS];
            let mut index = 0;
            while index < PARAMS {
                parts[index] = [Part::Text(Field::Param(index as u8))];
                index += 1;
            }
            parts
        };
        match self {
            Dimension::Day => &[Part::Day],
            Dimension::Hour => &[Part::Hour],
            Dimension::Campaign => &[Part::Number(Field::Campaign)],
            Dimension::Publisher => &[Part::Number(Field::Publisher)],
            Dimension::Goal => &[Part::Number(Field::Goal)],
            Dimension::Country => &[Part::Number(Field::Country)],
            Dimension::Device => &[Part::Number(Field::Device)],
            Dimension::Os => &[Part::Number(Field::Os)],
            Dimension::Browser => &[Part::Number(Field::Browser)],
            Dimension::Source => &[Part::Text(Field::Source)],
            Dimension::Param(index) => &PARAM_PARTS[usize::from(index) % PARAMS],
            Dimension::LandingPage => {
                &[Part::Number(Field::Campaign), Part::Number(Field::Landing)]
            }
            Dimension::ReferrerHost => &[Part::Text(Field::ReferrerHost)],
        }
    }
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Dimension::Day => "day",
            Dimension::Hour => "hour",
            Dimension::Campaign => "campaign",
            Dimension::Publisher => "publisher",
            Dimension::Goal => "goal",
            Dimension::Country => "country",
            Dimension::Device => "device",
            Dimension::Os => "os",
            Dimension::Browser => "browser",
            Dimension::Source => "source",
            Dimension::Param(index) => return write!(f, "p{}", index + 1),
            Dimension::LandingPage => "landing_page",
            Dimension::ReferrerHost => "referrer_host",
        })
    }
}

/// What a dimension is read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// The account's day, from the quarter of an hour.
    Day,
    /// The account's hour, from the quarter of an hour.
    Hour,
    Number(Field),
    Text(Field),
}

impl Part {
    pub fn field(self) -> Field {
        match self {
            Part::Day | Part::Hour => Field::Quarter,
            Part::Number(field) | Part::Text(field) => field,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dimension_is_found_by_its_name() {
        for dimension in Dimension::all() {
            assert_eq!(Dimension::parse(&dimension.to_string()).unwrap(), dimension);
        }
    }

    #[test]
    fn an_unknown_name_is_answered_with_those_there_are() {
        let error = Dimension::parse("p11").unwrap_err();
        assert!(error.message().contains("p9, p10, landing_page"), "{error}");
    }
}
