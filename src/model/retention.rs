//! How long each class of data is kept: one table, and what an account chose within
//! its bounds. Days are 86,400 seconds of UTC. Pure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::clock::{DAY_MS, Timestamp};
use crate::error::{Error, Result};

/// A class of data with a rule of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataClass {
    Trail,
    Conversions,
    Tally,
    Requests,
    Audit,
    AdminAddresses,
}

/// What the table says of a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    pub class: DataClass,
    pub default_days: u32,
    pub min_days: u32,
    pub max_days: u32,
    /// What is kept in it, and what happens when its time is over.
    pub what: &'static str,
    pub then: &'static str,
}

/// The one table. 13 months are 396 days, 25 months 761, 36 months 1,096, 12 months 366.
pub const RULES: [Rule; 6] = [
    Rule {
        class: DataClass::Trail,
        default_days: 90,
        min_days: 30,
        max_days: 396,
        what: "single visits, clicks and sales with their details",
        then: "deleted",
    },
    Rule {
        class: DataClass::Conversions,
        default_days: 396,
        min_days: 90,
        max_days: 396,
        what: "conversions with order number, click and sub-ids",
        then: "reduced to campaign, publisher, goal, day, status and amounts",
    },
    Rule {
        class: DataClass::Tally,
        default_days: 761,
        min_days: 396,
        max_days: 1_827,
        what: "figures of reports, which point to nobody",
        then: "deleted",
    },
    Rule {
        class: DataClass::Requests,
        default_days: 1_096,
        min_days: 366,
        max_days: 1_827,
        what: "closed requests of people, and receipts of consent",
        then: "deleted",
    },
    Rule {
        class: DataClass::Audit,
        default_days: 366,
        min_days: 180,
        max_days: 1_096,
        what: "who did what in the account",
        then: "content deleted; its place in the chain stays",
    },
    Rule {
        class: DataClass::AdminAddresses,
        default_days: 90,
        min_days: 30,
        max_days: 180,
        what: "networks from which members acted",
        then: "deleted",
    },
];

impl DataClass {
    pub const ALL: [DataClass; 6] = [
        DataClass::Trail,
        DataClass::Conversions,
        DataClass::Tally,
        DataClass::Requests,
        DataClass::Audit,
        DataClass::AdminAddresses,
    ];

    pub fn word(self) -> &'static str {
        match self {
            DataClass::Trail => "trail",
            DataClass::Conversions => "conversions",
            DataClass::Tally => "tally",
            DataClass::Requests => "requests",
            DataClass::Audit => "audit",
            DataClass::AdminAddresses => "admin_addresses",
        }
    }

    /// # Errors
    /// [`crate::error::Kind::Invalid`] with the words there are.
    pub fn parse(word: &str) -> Result<DataClass> {
        let found = DataClass::ALL
            .into_iter()
            .find(|class| class.word() == word.trim());
        found.ok_or_else(|| {
            let words: Vec<&str> = DataClass::ALL.iter().map(|class| class.word()).collect();
            Error::invalid(format!("A class of data is one of {}.", words.join(", ")))
        })
    }

    pub fn rule(self) -> &'static Rule {
        let [trail, conversions, tally, requests, audit, admin] = &RULES;
        match self {
            DataClass::Trail => trail,
            DataClass::Conversions => conversions,
            DataClass::Tally => tally,
            DataClass::Requests => requests,
            DataClass::Audit => audit,
            DataClass::AdminAddresses => admin,
        }
    }
}

/// What an account chose; what it did not choose stands in the table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention(BTreeMap<DataClass, u32>);

impl Retention {
    pub fn days(&self, class: DataClass) -> u32 {
        let chosen = self.0.get(&class).copied();
        chosen.unwrap_or(class.rule().default_days)
    }

    /// # Errors
    /// [`crate::error::Kind::Invalid`] outside the bounds of the class.
    pub fn set(&mut self, class: DataClass, days: u32) -> Result<()> {
        let rule = class.rule();
        if !(rule.min_days..=rule.max_days).contains(&days) {
            return Err(Error::invalid(format!(
                "{}: {} to {} days, not {days}.",
                class.word(),
                rule.min_days,
                rule.max_days
            )));
        }
        self.0.insert(class, days);
        Ok(())
    }

    /// The first UTC day that is still kept at an instant.
    pub fn first_day(&self, class: DataClass, now: Timestamp) -> u32 {
        now.minus_ms(i64::from(self.days(class)) * DAY_MS).utc_day()
    }

    /// When a UTC day of data goes.
    pub fn goes_at(&self, class: DataClass, day: u32) -> Timestamp {
        let days = i64::from(day) + i64::from(self.days(class)) + 1;
        Timestamp::from_millis(days * DAY_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_has_its_own_rule_and_a_default_within_its_bounds() {
        for class in DataClass::ALL {
            let rule = class.rule();
            assert_eq!(rule.class, class);
            assert_eq!(DataClass::parse(class.word()).unwrap(), class);
            assert!((rule.min_days..=rule.max_days).contains(&rule.default_days));
        }
    }

    #[test]
    fn a_choice_stays_within_the_bounds() {
        let mut retention = Retention::default();
        assert!(retention.set(DataClass::Trail, 29).is_err());
        assert!(retention.set(DataClass::Trail, 397).is_err());
        retention.set(DataClass::Trail, 30).unwrap();
        assert_eq!(retention.days(DataClass::Trail), 30);
        assert_eq!(retention.days(DataClass::Audit), 366);
    }

    #[test]
    fn a_day_goes_when_its_last_instant_is_old_enough() {
        let retention = Retention::default();
        let goes = retention.goes_at(DataClass::Trail, 20_000);
        assert_eq!(goes.millis(), 20_091 * DAY_MS);
        assert_eq!(
            retention.first_day(DataClass::Trail, goes.minus_ms(1)),
            20_000
        );
        assert_eq!(retention.first_day(DataClass::Trail, goes), 20_001);
    }
}
