//! A request's JSON body, read field by field, so that every refusal names the
//! field it is about. Numbers keep their text: no rounding through a float. What
//! nobody asks for is ignored. Never in here: what a field means.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::error::{Error, Kind, Result};

/// One JSON object. A field that is `null` counts as absent.
pub struct Fields {
    path: String,
    values: BTreeMap<String, Box<RawValue>>,
}

impl Fields {
    /// Reads a whole body.
    pub fn parse(body: &[u8]) -> Result<Fields> {
        let text =
            std::str::from_utf8(body).map_err(|_| Error::invalid("The body is not UTF-8."))?;
        let values = serde_json::from_str(text)
            .map_err(|error| Error::invalid(format!("The body is not a JSON object: {error}.")))?;
        Ok(Fields {
            path: String::new(),
            values,
        })
    }

    /// How this field is called in a refusal: `goals[0].name`.
    pub fn name(&self, field: &str) -> String {
        format!("{}{field}", self.path)
    }

    pub fn refuse(&self, field: &str, reason: &str) -> Error {
        Error::invalid(format!("{}: {reason}", self.name(field)))
    }

    /// The value, or a refusal that says it is missing.
    pub fn required<T>(&self, field: &str, value: Option<T>) -> Result<T> {
        value.ok_or_else(|| Error::invalid(format!("{} is missing.", self.name(field))))
    }

    /// The refusal of a rule, with the field's name before its sentence.
    pub fn named<T>(&self, field: &str, outcome: Result<T>) -> Result<T> {
        outcome.map_err(|error| match error.kind() {
            Kind::Invalid => self.refuse(field, error.message()),
            _ => error,
        })
    }

    fn raw(&self, field: &str) -> Option<&str> {
        let raw = self.values.get(field)?.get();
        (raw != "null").then_some(raw)
    }

    fn read<T: DeserializeOwned>(&self, field: &str, wanted: &str) -> Result<Option<T>> {
        self.raw(field)
            .map(|raw| serde_json::from_str(raw).map_err(|_| self.refuse(field, wanted)))
            .transpose()
    }

    /// Whether the field is there and `null`.
    pub fn is_null(&self, field: &str) -> bool {
        self.values
            .get(field)
            .is_some_and(|raw| raw.get() == "null")
    }

    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }

    pub fn text(&self, field: &str) -> Result<Option<String>> {
        self.read(field, "this must be a text.")
    }

    pub fn flag(&self, field: &str) -> Result<Option<bool>> {
        self.read(field, "this must be true or false.")
    }

    /// A whole number within these bounds.
    pub fn integer(&self, field: &str, bounds: RangeInclusive<i64>) -> Result<Option<i64>> {
        let wanted = format!(
            "this must be a whole number from {} to {}.",
            bounds.start(),
            bounds.end()
        );
        match self.read::<i64>(field, &wanted)? {
            Some(value) if !bounds.contains(&value) => Err(self.refuse(field, &wanted)),
            value => Ok(value),
        }
    }

    /// The digits of a number, written as a JSON number or as a text.
    pub fn decimal(&self, field: &str) -> Result<Option<String>> {
        match self.raw(field) {
            Some(raw) if raw.starts_with('"') => self.text(field),
            Some(raw) if raw.starts_with(|c: char| c == '-' || c.is_ascii_digit()) => {
                Ok(Some(raw.to_owned()))
            }
            Some(_) => Err(self.refuse(field, "this must be a number.")),
            None => Ok(None),
        }
    }

    /// A list of at most `most` texts.
    pub fn texts(&self, field: &str, most: usize) -> Result<Option<Vec<String>>> {
        let texts: Option<Vec<String>> = self.read(field, "this must be a list of texts.")?;
        self.at_most(field, texts, most)
    }

    pub fn object(&self, field: &str) -> Result<Option<Fields>> {
        let values = self.read(field, "this must be an object.")?;
        Ok(values.map(|values| Fields {
            path: format!("{}.", self.name(field)),
            values,
        }))
    }

    /// A list of at most `most` objects.
    pub fn objects(&self, field: &str, most: usize) -> Result<Option<Vec<Fields>>> {
        let objects = self.read(field, "this must be a list of objects.")?;
        let objects: Option<Vec<_>> = self.at_most(field, objects, most)?;
        Ok(objects.map(|objects| {
            objects
                .into_iter()
                .enumerate()
                .map(|(index, values)| Fields {
                    path: format!("{}[{index}].", self.name(field)),
                    values,
                })
                .collect()
        }))
    }

    fn at_most<T>(&self, field: &str, list: Option<Vec<T>>, most: usize) -> Result<Option<Vec<T>>> {
        match list {
            Some(list) if list.len() > most => {
                Err(self.refuse(field, &format!("this takes at most {most} entries.")))
            }
            list => Ok(list),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(text: &str) -> Fields {
        Fields::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_refusal_names_the_field_with_its_place() {
        let body = fields(r#"{"goals":[{"name":"sale"},{"revenue":{"amount_minor":"x"}}]}"#);
        let goals = body.objects("goals", 10).unwrap().unwrap();
        let revenue = goals[1].object("revenue").unwrap().unwrap();
        let error = revenue.integer("amount_minor", 0..=9).unwrap_err();
        assert!(
            error
                .message()
                .starts_with("goals[1].revenue.amount_minor: ")
        );
        let missing = goals[1].required("name", goals[1].text("name").unwrap());
        assert_eq!(missing.unwrap_err().message(), "goals[1].name is missing.");
    }

    #[test]
    fn a_number_keeps_its_digits() {
        let body = fields(r#"{"a":12.3450,"b":"7.1","c":[1]}"#);
        assert_eq!(body.decimal("a").unwrap().unwrap(), "12.3450");
        assert_eq!(body.decimal("b").unwrap().unwrap(), "7.1");
        assert!(body.decimal("c").is_err());
        assert_eq!(body.decimal("absent").unwrap(), None);
    }

    #[test]
    fn null_counts_as_absent() {
        let body = fields(r#"{"name":null}"#);
        assert_eq!(body.text("name").unwrap(), None);
        assert!(body.is_null("name") && !body.is_null("other"));
    }

    #[test]
    fn what_is_no_object_is_refused_in_a_sentence() {
        for text in ["", "[]", "{", "1", "{\"a\":}", "\u{feff}{}"] {
            let error = Fields::parse(text.as_bytes()).map(|_| ()).unwrap_err();
            assert!(
                error.message().starts_with("The body is not a JSON object"),
                "{text}"
            );
        }
        assert!(Fields::parse(&[b'{', 0xff, b'}']).is_err());
    }

    #[test]
    fn lists_and_numbers_are_bounded() {
        let body = fields(r#"{"hosts":["a","b","c"],"days":91}"#);
        assert!(body.texts("hosts", 2).is_err());
        assert!(body.integer("days", 1..=90).is_err());
    }
}
