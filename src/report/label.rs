//! What readers see of a group: names from the catalog, days and hours as text,
//! and a place in the order of rows.

use std::ops::Range;

use foldhash::HashMap;

use crate::model::account::Account;
use crate::model::catalog::Catalog;
use crate::model::hit::{Browser, Country, Device, Os};
use crate::model::id::{CampaignId, GoalId, PublisherId};
use crate::report::answer::{Ordered, Value};
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

fn met<'a>(part: usize, key: &[u32], values: &'a [Values]) -> Option<groups::Value<'a>> {
    values.get(part)?.get(*key.get(part)?)
}

fn number_of(part: usize, key: &[u32], values: &[Values]) -> Option<u64> {
    match met(part, key, values)? {
        groups::Value::Number(number) => Some(number),
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

/// What values are sorted by before their names are looked at: days and hours as they
/// follow one another, all else by how the name begins, without regard to case; what has
/// no value comes last.
struct Start {
    time: u64,
    begins: [u64; 2],
    /// Which of the values it is.
    index: u32,
}

/// Later than all times.
const NONE: u64 = u64::MAX;

impl Start {
    fn of(value: &Value, time: u64, folded: Option<&str>, index: u32) -> Start {
        Start {
            time: if *value == Value::None { NONE } else { time },
            begins: first_bytes(folded.unwrap_or(value.label())),
            index,
        }
    }

    fn key(&self) -> (u64, [u64; 2]) {
        (self.time, self.begins)
    }
}

/// The distinct values of one dimension as they are met, and what they are sorted by.
struct Met {
    values: Vec<Value>,
    starts: Vec<Start>,
    /// Names by which values are sorted, where those are not their labels.
    folded: HashMap<u32, String>,
}

impl Met {
    fn with_room(values: usize) -> Met {
        Met {
            values: Vec::with_capacity(values),
            starts: Vec::with_capacity(values),
            folded: HashMap::default(),
        }
    }

    fn add(&mut self, value: Value, time: u64) -> u32 {
        let index = self.values.len() as u32;
        let folds = |byte: u8| !byte.is_ascii() || byte.is_ascii_uppercase();
        let label = value.label();
        let folded = label.bytes().any(folds).then(|| label.to_lowercase());
        let start = Start::of(&value, time, folded.as_deref(), index);
        self.starts.push(start);
        self.values.push(value);
        if let Some(folded) = folded {
            self.folded.insert(index, folded);
        }
        index
    }

    fn name(&self, index: u32) -> &str {
        let folded = self.folded.get(&index);
        folded.map_or(self.values[index as usize].label(), String::as_str)
    }

    /// The values' numbers in the order of their names.
    fn order(&mut self) -> Vec<u32> {
        let mut starts = std::mem::take(&mut self.starts);
        starts.sort_unstable_by(|a, b| {
            let names = || {
                let [one, other] = [a, b].map(|start| &self.values[start.index as usize]);
                self.name(a.index)
                    .cmp(self.name(b.index))
                    .then_with(|| one.label().cmp(other.label()))
                    .then_with(|| one.id().cmp(other.id()))
            };
            a.key().cmp(&b.key()).then_with(names)
        });
        starts.into_iter().map(|start| start.index).collect()
    }
}

/// The first bytes of a text as numbers that sort as they do.
fn first_bytes(text: &str) -> [u64; 2] {
    let mut bytes = [0; 16];
    let length = text.len().min(bytes.len());
    bytes[..length].copy_from_slice(&text.as_bytes()[..length]);
    let (eights, _) = bytes.as_chunks();
    [eights[0], eights[1]].map(u64::from_be_bytes)
}

/// The parts of a key that belong to one dimension; what it has not is 0.
type Own = [u32; PARTS_MAX];

fn own(key: &[u32]) -> Own {
    std::array::from_fn(|part| key.get(part).copied().unwrap_or(0))
}

/// Which value a key has: as met at first, and by its place in their order at last.
enum Numbers {
    /// By the number of the only part.
    OfPart(Vec<u32>),
    OfParts(HashMap<Own, u32>),
}

/// A value that no row has.
const UNKNOWN: u32 = u32::MAX;

impl Numbers {
    fn get(&self, key: &[u32]) -> u32 {
        let number = match self {
            Numbers::OfPart(numbers) => numbers.get(key[0] as usize),
            Numbers::OfParts(numbers) => numbers.get(&own(key)),
        };
        number.copied().unwrap_or(UNKNOWN)
    }

    fn set(&mut self, key: &[u32], number: u32) {
        match self {
            Numbers::OfPart(numbers) => numbers[key[0] as usize] = number,
            Numbers::OfParts(numbers) => {
                numbers.insert(own(key), number);
            }
        }
    }

    fn for_each(&mut self, change: impl Fn(&mut u32)) {
        match self {
            Numbers::OfPart(numbers) => numbers.iter_mut().for_each(change),
            Numbers::OfParts(numbers) => numbers.values_mut().for_each(change),
        }
    }
}

/// The distinct values of one dimension of a report, and their order.
pub struct Labels {
    parts: Range<usize>,
    ranks: Numbers,
    pub values: Ordered,
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
        let (mut numbers, mut met) = match values {
            [only] => (
                Numbers::OfPart(vec![UNKNOWN; only.count() + 1]),
                Met::with_room(only.count() + 1),
            ),
            _ => (Numbers::OfParts(HashMap::default()), Met::with_room(0)),
        };
        for key in keys.map(|key| &key[parts.clone()]) {
            if numbers.get(key) == UNKNOWN {
                let time = match dimension {
                    Dimension::Day | Dimension::Hour => number_of(0, key, values).unwrap_or(0),
                    _ => 0,
                };
                let value = value_of(dimension, key, values, names);
                numbers.set(key, met.add(value, time));
            }
        }
        let order = met.order();
        let mut ranks = vec![0; order.len()];
        for (rank, &index) in (0..).zip(&order) {
            ranks[index as usize] = rank;
        }
        numbers.for_each(|number| {
            if let Some(&rank) = ranks.get(*number as usize) {
                *number = rank;
            }
        });
        Labels {
            parts,
            ranks: numbers,
            values: Ordered {
                values: met.values,
                order,
            },
        }
    }

    /// Where the value of a key stands in the order of [`Labels::values`].
    pub fn rank(&self, key: &Key) -> u32 {
        self.ranks.get(&key[self.parts.clone()])
    }
}
