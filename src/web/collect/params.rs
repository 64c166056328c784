//! The parameters of a hit, whichever way they came: their values, bounded, and what
//! was odd about them. Never in here: what a value means.

use std::borrow::Cow;

use super::name::{COUNT, Called, Name};
use super::wild;
use crate::model::consent::signal::Signals;
use crate::model::hit::{PARAMS, SUBS};
use crate::model::personal::Personal;
use crate::model::reason::{Note, Notes, Reason};

/// The parameters of one hit.
#[derive(Debug)]
pub struct Params<'a> {
    values: [Option<Cow<'a, str>>; COUNT],
    properly: u64,
    /// What was odd and could be read all the same.
    pub notes: Notes,
    /// Why the whole cannot be used; the first such thing counts.
    pub fault: Option<Reason>,
}

impl Default for Params<'_> {
    fn default() -> Self {
        Params {
            values: [const { None }; COUNT],
            properly: 0,
            notes: Notes::default(),
            fault: None,
        }
    }
}

impl<'a> Params<'a> {
    pub fn get(&self, name: Name) -> Option<&str> {
        self.values[name.index()].as_deref()
    }

    pub fn find_fault(&mut self, reason: Reason) {
        self.fault.get_or_insert(reason);
    }

    /// Takes a value under the name it came with. The first that is not empty wins,
    /// but a parameter's own name outranks another.
    pub fn put(&mut self, name: Name, called: Called, written: &str, value: Cow<'a, str>) {
        let proper = called == Called::Properly;
        let bit = 1u64 << name.index();
        let outranked = self.properly & bit != 0 || !proper;
        if self.values[name.index()].is_some() && outranked {
            return;
        }
        if let Some(value) = self.read(name, written, value) {
            self.values[name.index()] = Some(value);
            self.properly |= if proper { bit } else { 0 };
        }
    }

    fn read(&mut self, name: Name, written: &str, value: Cow<'a, str>) -> Option<Cow<'a, str>> {
        let mut value = trimmed(value);
        if let Some(rest) = wild::without_own_name(written, &value) {
            self.notes.add(Note::DoubledName);
            let from = value.len() - rest.len();
            value = slice(value, from);
        }
        if value.is_empty() {
            return None;
        }
        // An address may carry macros of its own; one that is nothing else is unfilled.
        let unfilled = if name.is_url() {
            wild::is_enclosed(&value)
        } else {
            wild::is_unfilled(&value)
        };
        if unfilled {
            self.notes.add(Note::UnreplacedMacro);
            return None;
        }
        if value.len() > name.longest() {
            self.find_fault(Reason::TooLong);
            return None;
        }
        Some(value)
    }

    /// What the visitor said, as far as it stands here.
    pub fn signals(&self, privacy_control: bool) -> Signals<'_> {
        Signals {
            consent: self.get(Name::Consent),
            from_sdk: false,
            gdpr: self.get(Name::Gdpr),
            gdpr_consent: self.get(Name::GdprConsent),
            gpp: self.get(Name::Gpp),
            gpp_sid: self.get(Name::GppSid),
            privacy_control,
        }
    }

    /// `p1`..`p10` by index, only those present, each cleaned.
    pub fn link_params(&self, clean: impl FnMut(String) -> String) -> Vec<(u8, Personal<String>)> {
        self.collect(PARAMS, Name::P, clean)
    }

    /// `sub1`..`sub15` by index, only those present, each cleaned.
    pub fn subs(&self, clean: impl FnMut(String) -> String) -> Vec<(u8, Personal<String>)> {
        self.collect(SUBS, Name::Sub, clean)
    }

    fn collect(
        &self,
        count: usize,
        name: fn(u8) -> Name,
        mut clean: impl FnMut(String) -> String,
    ) -> Vec<(u8, Personal<String>)> {
        (0..count as u8)
            .filter_map(|at| {
                let text = self.get(name(at))?.to_owned();
                Some((at, Personal::new(clean(text))))
            })
            .collect()
    }

    pub fn owned(&self, name: Name) -> Option<String> {
        self.get(name).map(str::to_owned)
    }
}

fn trimmed(value: Cow<'_, str>) -> Cow<'_, str> {
    match value {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) if text.trim().len() == text.len() => Cow::Owned(text),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    }
}

fn slice(value: Cow<'_, str>, from: usize) -> Cow<'_, str> {
    match value {
        Cow::Borrowed(text) => Cow::Borrowed(&text[from..]),
        Cow::Owned(text) => Cow::Owned(text[from..].to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::hit::{URL_MAX, VALUE_MAX};

    fn params<'a>(pairs: &[(&str, &'a str)]) -> Params<'a> {
        let mut params = Params::default();
        for (written, value) in pairs {
            let (name, called) = Name::find(written).unwrap();
            params.put(name, called, written, Cow::Borrowed(value));
        }
        params
    }

    #[test]
    fn the_first_value_that_is_not_empty_wins() {
        let params = params(&[("sub1", ""), ("sub1", " a "), ("sub1", "b"), ("sub2", "")]);
        assert_eq!(params.get(Name::Sub(0)), Some("a"));
        assert_eq!(params.get(Name::Sub(1)), None);
    }

    #[test]
    fn a_parameters_own_name_outranks_another() {
        let params = params(&[
            ("goal_value", "REF-77"),
            ("sale_amount", "10"),
            ("adid", "c"),
        ]);
        assert_eq!(params.get(Name::SaleAmount), Some("10"));
        assert_eq!(params.get(Name::CampaignId), Some("c"));
    }

    #[test]
    fn a_value_too_long_is_a_fault_and_not_kept() {
        let long = "x".repeat(VALUE_MAX + 1);
        let fine = "x".repeat(URL_MAX);
        let params = params(&[("url", &fine), ("sub1", &long)]);
        assert_eq!(params.fault, Some(Reason::TooLong));
        assert_eq!(params.get(Name::Sub(0)), None);
        assert_eq!(params.get(Name::Url).map(str::len), Some(URL_MAX));
    }

    #[test]
    fn an_address_that_nobody_filled_is_none_and_one_with_macros_is() {
        let unfilled = params(&[("url", "{lpurl}")]);
        assert_eq!(unfilled.get(Name::Url), None);
        assert!(unfilled.notes.contains(Note::UnreplacedMacro));
        let filled = params(&[("url", "https://shop.example/?c={click_id}")]);
        assert!(filled.get(Name::Url).is_some() && filled.notes == Notes::default());
    }

    #[test]
    fn a_doubled_name_around_a_placeholder_is_noted_twice_and_empty() {
        let params = params(&[("txn_id", "txn_id={{ order_number }}")]);
        assert_eq!(params.get(Name::TxnId), None);
        assert!(params.notes.contains(Note::DoubledName));
        assert!(params.notes.contains(Note::UnreplacedMacro));
    }
}
