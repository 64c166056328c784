//! The JSON of `POST /event`, read into the same parameters as a pixel's query:
//! numbers and text alike, unknown fields passed over, one bad event no harm to its
//! neighbours. Never in here: what an event means.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::name::{Called, Name};
use super::params::Params;
use super::plain;
use super::scalar::Scalar;
use crate::model::reason::Reason;

/// Events in one request at most.
pub const EVENTS_MAX: usize = crate::model::limits::EVENTS;

/// Events in most requests at most.
pub const EVENTS_USUAL: usize = 16;

/// One request's events.
#[derive(Debug, Deserialize)]
pub struct Batch<'a> {
    #[serde(borrow, default)]
    pub site: Scalar<'a>,
    #[serde(borrow, default)]
    pub consent: Scalar<'a>,
    #[serde(borrow, default)]
    pub visitor: Scalar<'a>,
    #[serde(borrow)]
    pub hits: Events<'a>,
}

/// The events that were read, and whether there were too many.
#[derive(Debug, Default)]
pub struct Events<'a> {
    pub events: Vec<Event<'a>>,
    pub too_many: bool,
}

/// One event.
#[derive(Debug, Default)]
pub struct Event<'a> {
    pub id: Option<Cow<'a, str>>,
    pub kind: Option<Cow<'a, str>>,
    pub age_ms: i64,
    pub params: Params<'a>,
}

impl<'a> Batch<'a> {
    /// The batch that a text is, if it is one.
    pub fn read(text: &'a str) -> Option<Batch<'a>> {
        plain::read(text).or_else(|| serde_json::from_str(text).ok())
    }
}

impl<'a> Event<'a> {
    /// Takes a value under the name it came with.
    pub fn take(&mut self, name: &str, value: Scalar<'a>) {
        match name {
            "id" => self.id = value.into_text(),
            "type" => self.kind = value.into_text(),
            "age_ms" => self.age_ms = value.into_milliseconds(),
            written => {
                if let Some((name, called)) = Name::find(written) {
                    self.put(name, called, written, value);
                }
            }
        }
    }

    fn put(&mut self, name: Name, called: Called, written: &str, value: Scalar<'a>) {
        let value = match name {
            _ if value == Scalar::Strange => return self.params.find_fault(Reason::BadJson),
            Name::SaleAmount => value.into_amount(),
            _ => value.into_text(),
        };
        if let Some(value) = value {
            self.params.put(name, called, written, value);
        }
    }
}

/// An event, or a fault where something else stands in its place.
impl<'de: 'a, 'a> Deserialize<'de> for Event<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EventVisitor)
    }
}

struct EventVisitor;

impl EventVisitor {
    fn none<'de>() -> Event<'de> {
        let mut event = Event::default();
        event.params.find_fault(Reason::BadJson);
        event
    }
}

impl<'de> Visitor<'de> for EventVisitor {
    type Value = Event<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut event = Event::default();
        while let Some((name, value)) = map.next_entry::<Scalar<'de>, Scalar<'de>>()? {
            if let Some(name) = name.into_text() {
                event.take(&name, value);
            }
        }
        Ok(event)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Self::none())
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Self::none())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Self::none())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Self::none())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Self::none())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Self::none())
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Self::none())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Events<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(EventsVisitor)
    }
}

struct EventsVisitor;

impl<'de> Visitor<'de> for EventsVisitor {
    type Value = Events<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of events")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut read = Events {
            events: Vec::with_capacity(EVENTS_USUAL),
            too_many: false,
        };
        while read.events.len() < EVENTS_MAX {
            match list.next_element()? {
                Some(event) => read.events.push(event),
                None => return Ok(read),
            }
        }
        while list.next_element::<IgnoredAny>()?.is_some() {
            read.too_many = true;
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(json: &str) -> Event<'static> {
        let body: &'static str = format!("{{\"site\":\"s\",\"hits\":[{json}]}}").leak();
        let mut batch: Batch<'static> = serde_json::from_str(body).unwrap();
        batch.hits.events.remove(0)
    }

    #[test]
    fn text_numbers_and_escapes_are_read_as_parameters() {
        let event = one(
            r#"{"id":"x","type":"conversion","age_ms":12.7,"sale_amount":49.949999,"txn_id":1001,
                "sub1":"a\u00e9","goal":"sale","sub2":null,"sub3":true,"other":{"a":[1]}}"#,
        );
        assert_eq!((event.id.as_deref(), event.age_ms), (Some("x"), 12));
        assert_eq!(event.params.get(Name::SaleAmount), Some("49.95"));
        assert_eq!(event.params.get(Name::TxnId), Some("1001"));
        assert_eq!(event.params.get(Name::Sub(0)), Some("aé"));
        assert_eq!(event.params.get(Name::GoalId), Some("sale"));
        assert_eq!(event.params.get(Name::Sub(1)), None);
        assert_eq!(event.params.get(Name::Sub(2)), Some("true"));
        assert_eq!(event.params.fault, None);
    }

    #[test]
    fn what_is_no_event_or_no_value_is_a_fault_of_that_event_alone() {
        for json in [
            "7",
            "-7",
            "7.5",
            "null",
            "true",
            "\"x\"",
            "[1,[2]]",
            r#"{"txn_id":[1]}"#,
        ] {
            assert_eq!(one(json).params.fault, Some(Reason::BadJson), "{json}");
        }
    }

    #[test]
    fn ages_that_are_none_count_as_now() {
        for json in ["-5", "null", "\"x\"", "[]", "-1e300", "\"NaN\""] {
            assert_eq!(one(&format!("{{\"age_ms\":{json}}}")).age_ms, 0, "{json}");
        }
        assert_eq!(one("{\"age_ms\":1e300}").age_ms, i64::MAX);
        assert_eq!(one("{\"age_ms\":\"250\"}").age_ms, 250);
    }

    #[test]
    fn more_events_than_allowed_are_noticed_and_not_kept() {
        let list = |count| format!("{{\"hits\":[{}]}}", vec!["{}"; count].join(","));
        let read = |text: &str| {
            let batch: Batch<'_> = serde_json::from_str(text).unwrap();
            (batch.hits.events.len(), batch.hits.too_many)
        };
        assert_eq!(read(&list(EVENTS_MAX)), (EVENTS_MAX, false));
        assert_eq!(read(&list(20_000)), (EVENTS_MAX, true));
    }

    #[test]
    fn what_is_no_batch_is_an_error() {
        for text in ["", "{", "[]", "{}", "{\"hits\":{}}", "{\"hits\":7}", "null"] {
            assert!(serde_json::from_str::<Batch<'_>>(text).is_err(), "{text}");
        }
    }
}
