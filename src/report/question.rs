//! What a report is asked: a period, up to three dimensions, and filters.

use crate::error::{Error, Result};
use crate::model::account::Account;
use crate::model::hit::{Browser, Country, Device, Os, VALUE_MAX};
use crate::model::id::{CampaignId, GoalId, PublisherId};
use crate::model::role::Role;
use crate::report::dimension::Dimension;
use crate::report::period::{Period, epoch_day, parse_day};
use crate::segment::Field;

/// Dimensions of one question at most.
pub const GROUP_BY_MAX: usize = 3;
/// Filters of one question at most.
pub const FILTERS_MAX: usize = 64;

#[derive(Debug, Clone)]
pub struct Question {
    pub period: Period,
    pub group_by: Vec<Dimension>,
    /// All must hold; each dimension once.
    pub filters: Vec<Filter>,
    /// Whose figures may be in the answer.
    pub reach: Reach,
}

/// How far the asker sees. Every question names it, so that none is asked without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    Account,
    /// Hits of this publisher alone, and not what the account earns by them.
    Publisher(PublisherId),
}

impl Reach {
    pub fn of(role: Role) -> Self {
        role.publisher().map_or(Reach::Account, Reach::Publisher)
    }

    /// Narrows filters to what is in reach. A filter for somebody else finds nothing,
    /// whoever that is.
    fn narrow(self, filters: &mut Vec<Filter>) {
        let Reach::Publisher(own) = self else {
            return;
        };
        let own = Wanted::Number(own.row() as u64);
        let mut narrowed = Filter {
            dimension: Dimension::Publisher,
            wanted: vec![own.clone()],
        };
        filters.retain(|filter| {
            let is_asked = filter.dimension == Dimension::Publisher;
            if is_asked && !filter.wanted.contains(&own) {
                narrowed.wanted.clear();
            }
            !is_asked
        });
        filters.push(narrowed);
    }
}

/// A row passes when its dimension has any of these values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    pub dimension: Dimension,
    pub(super) wanted: Vec<Wanted>,
}

/// One value of a filter, as the columns hold it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    None,
    /// An id's row or a code; days since 1970-01-01 for a day.
    Number(u64),
    Text(String),
    Landing(CampaignId, u8),
}

impl Question {
    /// `from` and `to` are days as `YYYY-MM-DD` in the account's zone, both included;
    /// `group_by` names up to three dimensions with commas between, or none; a filter
    /// is `dimension:value`, where `none` stands for no value.
    ///
    /// # Errors
    /// `Invalid`, with a sentence for the asker.
    pub fn parse(
        from: &str,
        to: &str,
        group_by: &str,
        filters: &[String],
        account: &Account,
        reach: Reach,
    ) -> Result<Question> {
        let mut filters = parse_filters(filters)?;
        reach.narrow(&mut filters);
        Ok(Question {
            period: Period::parse(from, to, account)?,
            group_by: parse_group_by(group_by)?,
            filters,
            reach,
        })
    }

    /// Whether rows are told apart or chosen by this dimension.
    pub(super) fn names(&self, dimension: Dimension) -> bool {
        let mut filters = self.filters.iter();
        self.group_by.contains(&dimension) || filters.any(|filter| filter.dimension == dimension)
    }

    /// The columns it is answered from, but for quarters and measures.
    pub(super) fn fields(&self) -> Vec<Field> {
        let filtered = self.filters.iter().map(|filter| filter.dimension);
        let dimensions = self.group_by.iter().copied().chain(filtered);
        let mut fields: Vec<Field> = Vec::new();
        for part in dimensions.flat_map(Dimension::parts) {
            if part.field() != Field::Quarter && !fields.contains(&part.field()) {
                fields.push(part.field());
            }
        }
        fields
    }
}

fn parse_group_by(text: &str) -> Result<Vec<Dimension>> {
    let names = text
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty());
    let mut dimensions = Vec::new();
    for name in names {
        let dimension = Dimension::parse(name)?;
        if dimensions.contains(&dimension) {
            return Err(Error::invalid(format!("group_by names {name} twice.")));
        }
        if dimensions.len() == GROUP_BY_MAX {
            return Err(Error::invalid(format!(
                "group_by takes at most {GROUP_BY_MAX} dimensions."
            )));
        }
        dimensions.push(dimension);
    }
    Ok(dimensions)
}

fn parse_filters(texts: &[String]) -> Result<Vec<Filter>> {
    if texts.len() > FILTERS_MAX {
        return Err(Error::invalid(format!(
            "A report takes at most {FILTERS_MAX} filters."
        )));
    }
    let mut filters: Vec<Filter> = Vec::new();
    for text in texts {
        let (dimension, wanted) = parse_filter(text)?;
        match filters
            .iter_mut()
            .find(|filter| filter.dimension == dimension)
        {
            Some(filter) => filter.wanted.push(wanted),
            None => filters.push(Filter {
                dimension,
                wanted: vec![wanted],
            }),
        }
    }
    Ok(filters)
}

fn parse_filter(text: &str) -> Result<(Dimension, Wanted)> {
    if text.len() > 2 * VALUE_MAX {
        return Err(Error::invalid("A filter is too long."));
    }
    let (name, value) = text.split_once(':').ok_or_else(|| {
        Error::invalid(format!(
            "The filter {text:?} is not of the form dimension:value, such as country:DE."
        ))
    })?;
    let dimension = Dimension::parse(name.trim())?;
    if value == "none" {
        return Ok((dimension, Wanted::None));
    }
    let wanted = wanted(dimension, value.trim()).ok_or_else(|| {
        Error::invalid(format!(
            "The filter {text:?} has no value that {dimension} can have."
        ))
    })?;
    Ok((dimension, wanted))
}

fn wanted(dimension: Dimension, value: &str) -> Option<Wanted> {
    let row = |row: i64| Wanted::Number(row as u64);
    let code = |code: u8| Wanted::Number(code.into());
    Some(match dimension {
        Dimension::Day => row(epoch_day(parse_day("day", value).ok()?)),
        Dimension::Hour => Wanted::Text(value.to_owned()),
        Dimension::Campaign => row(value.parse::<CampaignId>().ok()?.row()),
        Dimension::Publisher => row(value.parse::<PublisherId>().ok()?.row()),
        Dimension::Goal => row(value.parse::<GoalId>().ok()?.row()),
        Dimension::Country => Wanted::Number(country(value)?.code().into()),
        Dimension::Device => code(code_of(value, |code| Device::from_code(code).name())?),
        Dimension::Os => code(code_of(value, |code| Os::from_code(code).name())?),
        Dimension::Browser => code(code_of(value, |code| Browser::from_code(code).name())?),
        Dimension::Source | Dimension::Param(_) | Dimension::ReferrerHost => {
            Wanted::Text(value.to_owned())
        }
        Dimension::LandingPage => {
            let (campaign, index) = value.split_once('-')?;
            Wanted::Landing(campaign.parse().ok()?, index.parse().ok()?)
        }
    })
}

fn country(text: &str) -> Option<Country> {
    let country = Country::parse(text);
    (country != Country::UNKNOWN || text == "unknown").then_some(country)
}

fn code_of(wanted: &str, name: impl Fn(u8) -> &'static str) -> Option<u8> {
    (0..=u8::MAX).find(|&code| name(code).eq_ignore_ascii_case(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::account;

    #[test]
    fn a_publisher_cannot_ask_for_anybody_else() {
        let account = account("UTC");
        let own = PublisherId::from_random(5);
        let ask = |filters: &[&str]| {
            let filters: Vec<String> = filters.iter().map(|text| (*text).to_owned()).collect();
            let (from, reach) = ("2026-01-31", Reach::Publisher(own));
            Question::parse(from, from, "", &filters, &account, reach).unwrap()
        };
        let narrowed = |question: Question| -> Vec<Vec<Wanted>> {
            let filters = question.filters.into_iter();
            let of_publisher = filters.filter(|one| one.dimension == Dimension::Publisher);
            of_publisher.map(|filter| filter.wanted).collect()
        };
        let mine = vec![vec![Wanted::Number(5)]];
        let (own, other) = (format!("publisher:{own}"), "publisher:zzzzzzzz");
        assert_eq!(narrowed(ask(&[])), mine);
        assert_eq!(narrowed(ask(&[&own])), mine);
        assert_eq!(narrowed(ask(&[&own, other])), mine);
        assert_eq!(narrowed(ask(&[other])), [Vec::new()]);
        assert_eq!(narrowed(ask(&["publisher:none"])), [Vec::new()]);
    }

    #[test]
    fn questions_that_make_no_sense_are_answered_with_what_would() {
        let account = account("UTC");
        let ask = |from: &str, to: &str, group_by: &str, filter: &str| {
            let filters: Vec<String> = [filter]
                .iter()
                .filter(|f| !f.is_empty())
                .map(|f| f.to_string())
                .collect();
            Question::parse(from, to, group_by, &filters, &account, Reach::Account)
                .map(|_| ())
                .unwrap_err()
                .to_string()
        };
        let (day, early) = ("2026-01-31", "2026-01-30");
        assert!(ask(day, early, "", "").contains("before it begins"));
        assert!(ask("2026-1-31", day, "", "").contains("from:"));
        assert!(ask(day, "2026-02-30", "", "").contains("to:"));
        assert!(ask("2020-01-01", day, "", "").contains("at most 800 days"));
        assert!(ask(day, day, "day,day", "").contains("twice"));
        assert!(ask(day, day, "day,os,goal,p1", "").contains("at most 3"));
        assert!(ask(day, day, "colour", "").contains("There are: day, hour"));
        assert!(ask(day, day, "", "country").contains("dimension:value"));
        assert!(ask(day, day, "", "country:Germany").contains("country:Germany"));
        assert!(ask(day, day, "", "campaign:1").contains("campaign"));
        assert!(ask(day, day, "", &format!("p1:{}", "x".repeat(2_000))).contains("too long"));
    }
}
