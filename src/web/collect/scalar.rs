//! A JSON value as parameters take it: text, number or nothing. Never in here: what
//! the value is for.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A JSON value as parameters take it.
#[derive(Debug, Default, PartialEq)]
pub enum Scalar<'a> {
    #[default]
    Nothing,
    Text(Cow<'a, str>),
    Integer(i128),
    Number(f64),
    /// A list or an object, where a value belongs.
    Strange,
}

impl<'a> Scalar<'a> {
    pub fn into_text(self) -> Option<Cow<'a, str>> {
        match self {
            Scalar::Nothing | Scalar::Strange => None,
            Scalar::Text(text) => Some(text),
            Scalar::Integer(number) => Some(number.to_string().into()),
            Scalar::Number(number) => Some(number.to_string().into()),
        }
    }

    /// The same as an amount: a number computed in binary has no more than two true
    /// decimals.
    pub fn into_amount(self) -> Option<Cow<'a, str>> {
        match self {
            Scalar::Number(number) => Some(format!("{number:.2}").into()),
            other => other.into_text(),
        }
    }

    /// The same as a length of time; what is none is 0.
    pub fn into_milliseconds(self) -> i64 {
        match self {
            Scalar::Integer(number) => number.clamp(0, i128::from(i64::MAX)) as i64,
            // The cast saturates, and takes what is no number for 0.
            Scalar::Number(number) => (number as i64).max(0),
            Scalar::Text(text) => text.trim().parse::<f64>().unwrap_or(0.0).max(0.0) as i64,
            Scalar::Nothing | Scalar::Strange => 0,
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Scalar<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = Scalar<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Scalar::Nothing)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Scalar::Text(if value { "true" } else { "false" }.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Scalar::Integer(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Scalar::Integer(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Scalar::Number(value))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Scalar::Text(value.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Scalar::Text(value.to_owned().into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar::Strange)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar::Strange)
    }
}
