//! What readers see of a group: names from the catalog, days and hours as text,
//! and a place in the order of rows.

use std::ops::Range;

use foldhash::HashMap;

use crate::model::account::Account;
use crate::model::catalog::Catalog;
use crate::model::hit::{Browser, Country, Device, Os};
use crate::model::id::{CampaignId, GoalId, PublisherId};
use crate::report::answer::Value;
use crate::report::dimension::Dimension;
use crate::report::groups::{self, Key, PARTS_MAX, Values};
use crate::report::period::{Hour, day_text};

/// The names of an account's things. What belongs to another account has none.
pub struct Names<'a> {
    catalog: &'a Catalog,
    account: &'a Account,
    goals: HashMap<GoalId, &'a str>,
}

impl<'a> Names<'a> {
    pub fn new(catalog: &'a Catalog, account: &'a Account) -> Self {
        let campaigns = catalog.campaigns.values();
        let own = campaigns.filter(|campaign| campaign.account == account.id);
        let goals = own.flat_map(|campaign| &campaign.settings.goals);
        Names {
            catalog,
            account,
            goals: goals.map(|goal| (goal.id, goal.name.as_str())).collect(),
        }
    }

    fn campaign(&self, id: CampaignId) -> Value {
        let campaign = self.catalog.campaigns.get(&id);
        let own = campaign.filter(|campaign| campaign.account == self.account.id);
        named(id, own.map(|campaign| campaign.settings.name.as_str()))
    }

    fn publisher(&self, id: PublisherId) -> Value {
        let publisher = self.catalog.publishers.get(&id);
        let own = publisher.filter(|publisher| publisher.account == self.account.id);
        named(id, own.map(|publisher| publisher.settings.name.as_str()))
    }

    fn landing(&self, id: CampaignId, index: u64) -> Value {
        let campaign = self.catalog.campaigns.get(&id);
        let own = campaign.filter(|campaign| campaign.account == self.account.id);
        let urls = own.map(|campaign| campaign.settings.landing_urls.as_slice());
        let url = urls.and_then(|urls| urls.get(usize::try_from(index).ok()?));
        named(format!("{id}-{index}"), url.map(String::as_str))
    }
}

fn named(id: impl ToString, name: Option<&str>) -> Value {
    let id = id.to_string();
    let name = name.map_or_else(|| id.clone(), str::to_owned);
    Value::Named { id, name }
}

/// The value of a dimension, of the numbers its parts have in a key.
fn value_of(dimension: Dimension, key: &[u32], values: &[Values], names: &Names) -> Value {
    let number = |part| number_of(part, key, values);
    let row = number(0).map(|number| number as i64);
    let code = number(0)
        .and_then(|number| u8::try_from(number).ok())
        .unwrap_or(0);
    match dimension {
        Dimension::Day => text(&day_text(row.unwrap_or(0))),
        Dimension::Hour => text(&Hour::from_number(number(0).unwrap_or(0)).text()),
        Dimension::Campaign => {
            row.map_or(Value::None, |row| names.campaign(CampaignId::from_row(row)))
        }
        Dimension::Publisher => row.map_or(Value::None, |row| {
            names.publisher(PublisherId::from_row(row))
        }),
        Dimension::Goal => row.map_or(Value::None, |row| {
            let id = GoalId::from_row(row);
            named(id, names.goals.get(&id).copied())
        }),
        Dimension::Country => text(&country_of(number(0)).name()),
        Dimension::Device => text(Device::from_code(code).name()),
        Dimension::Os => text(Os::from_code(code).name()),
        Dimension::Browser => text(Browser::from_code(code).name()),
        Dimension::Source | Dimension::Param(_) | Dimension::ReferrerHost => {
            match met(0, key, values) {
                Some(groups::Value::Text(known)) => text(known),
                _ => Value::None,
            }
        }
        Dimension::LandingPage => match (row, number(1)) {
            (Some(row), Some(stored)) => {
                names.landing(CampaignId::from_row(row), stored.saturating_sub(1))
            }
            _ => Value::None,
        },
    }
}

fn met<'a>(part: usize, key: &[u32], values: &'a [Values]) -> Option<&'a groups::Value> {
    values.get(part)?.get(*key.get(part)?)
}

fn number_of(part: usize, key: &[u32], values: &[Values]) -> Option<u64> {
    match met(part, key, values)? {
        groups::Value::Number(number) => Some(*number),
        groups::Value::Text(_) => None,
    }
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn country_of(number: Option<u64>) -> Country {
    let code = number.and_then(|number| u16::try_from(number).ok());
    code.map_or(Country::UNKNOWN, Country::from_code)
}

/// What rows are sorted by: days and hours as they follow one another, all else by
/// name without regard to case; what has no value comes last.
struct Place<'k> {
    none: bool,
    time: u64,
    folded: String,
    value: Value,
    key: &'k [u32],
}

impl<'k> Place<'k> {
    fn of(dimension: Dimension, key: &'k [u32], values: &[Values], names: &Names) -> Place<'k> {
        let time = match dimension {
            Dimension::Day | Dimension::Hour => number_of(0, key, values).unwrap_or(0),
            _ => 0,
        };
        let value = value_of(dimension, key, values, names);
        Place {
            none: value == Value::None,
            time,
            folded: value.label().to_lowercase(),
            value,
            key,
        }
    }

    fn order(&self) -> (bool, u64, &str, &str, &str) {
        let value = &self.value;
        let (label, id) = (value.label(), value.id());
        (self.none, self.time, &self.folded, label, id)
    }
}

/// The parts of a key that belong to one dimension; what it has not is 0.
type Own = [u32; PARTS_MAX];

fn own(key: &[u32]) -> Own {
    std::array::from_fn(|part| key.get(part).copied().unwrap_or(0))
}

/// The distinct values of one dimension of a report, in order.
pub struct Labels {
    parts: Range<usize>,
    ranks: HashMap<Own, usize>,
    values: Vec<Value>,
}

impl Labels {
    /// `parts` are those of the keys that belong to the dimension.
    pub fn new<'k>(
        dimension: Dimension,
        parts: Range<usize>,
        keys: impl Iterator<Item = &'k Key>,
        values: &[Values],
        names: &Names,
    ) -> Labels {
        let values = &values[parts.clone()];
        let mut ranks: HashMap<Own, usize> = HashMap::default();
        let mut places = Vec::new();
        for key in keys.map(|key| &key[parts.clone()]) {
            if ranks.insert(own(key), 0).is_none() {
                places.push(Place::of(dimension, key, values, names));
            }
        }
        places.sort_unstable_by(|a, b| a.order().cmp(&b.order()));
        for (rank, place) in places.iter().enumerate() {
            ranks.insert(own(place.key), rank);
        }
        Labels {
            ranks,
            values: places.into_iter().map(|place| place.value).collect(),
            parts,
        }
    }

    pub fn rank(&self, key: &Key) -> usize {
        let rank = self.ranks.get(&own(&key[self.parts.clone()]));
        rank.copied().unwrap_or(0)
    }

    pub fn value(&self, rank: usize) -> Value {
        self.values.get(rank).cloned().unwrap_or(Value::None)
    }
}
