//! The parameters of a hit, whichever way they came: their values, bounded, and what
//! was odd about them. Never in here: what a value means.

use std::borrow::Cow;

use super::name::{COUNT, Called, Name};
use super::wild;
use crate::model::consent::signal::Signals;
use crate::model::hit::{PARAMS, SUBS};
use crate::model::personal::Personal;
use crate::model::reason::{Note, Notes, Reason};

/// Parameters of most hits at most.
const USUAL: usize = 12;

/// The parameters of one hit.
#[derive(Debug)]
pub struct Params<'a> {
    /// Where in `values` each one stands, counted from 1.
    places: [u8; COUNT],
    values: Vec<Cow<'a, str>>,
    /// Which are there, and which came under their own names: one bit each.
    present: u64,
    properly: u64,
    /// What was odd and could be read all the same.
    pub notes: Notes,
    /// Why the whole cannot be used; the first such thing counts.
    pub fault: Option<Reason>,
}

impl Default for Params<'_> {
    fn default() -> Self {
        Params {
            places: [0; COUNT],
            values: Vec::new(),
            present: 0,
            properly: 0,
            notes: Notes::default(),
            fault: None,
        }
    }
}

impl<'a> Params<'a> {
    pub fn get(&self, name: Name) -> Option<&str> {
        let place = usize::from(self.places[name.index()]);
        self.values.get(place.checked_sub(1)?).map(AsRef::as_ref)
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
        if self.present & bit != 0 && outranked {
            return;
        }
        if let Some(value) = self.read(name, written, value) {
            self.keep(name, value);
            self.present |= bit;
            self.properly |= if proper { bit } else { 0 };
        }
    }

    fn keep(&mut self, name: Name, value: Cow<'a, str>) {
        let place = &mut self.places[name.index()];
        if let Some(kept) = self.values.get_mut(usize::from(*place).wrapping_sub(1)) {
            *kept = value;
            return;
        }
        if self.values.is_empty() {
            self.values.reserve(USUAL);
        }
        self.values.push(value);
        // There are fewer parameters than a byte can count.
        *place = self.values.len() as u8;
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

    /// Whether nothing stands here of what the visitor said.
    pub fn say_nothing(&self) -> bool {
        const SAYING: [Name; 5] = [
            Name::Consent,
            Name::Gdpr,
            Name::GdprConsent,
            Name::Gpp,
            Name::GppSid,
        ];
        SAYING
            .iter()
            .all(|name| self.present >> name.index() & 1 == 0)
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
    pub fn link_params<'p>(
        &'p self,
        clean: impl FnMut(Cow<'p, str>) -> Cow<'p, str>,
    ) -> Vec<(u8, Personal<Cow<'p, str>>)> {
        self.collect(PARAMS, Name::P, clean)
    }

    /// `sub1`..`sub15` by index, only those present, each cleaned.
    pub fn subs<'p>(
        &'p self,
        clean: impl FnMut(Cow<'p, str>) -> Cow<'p, str>,
    ) -> Vec<(u8, Personal<Cow<'p, str>>)> {
        self.collect(SUBS, Name::Sub, clean)
    }

    fn collect<'p>(
        &'p self,
        count: usize,
        name: fn(u8) -> Name,
        mut clean: impl FnMut(Cow<'p, str>) -> Cow<'p, str>,
    ) -> Vec<(u8, Personal<Cow<'p, str>>)> {
        let mut left = self.present >> name(0).index() & ((1u64 << count) - 1);
        let mut found = Vec::with_capacity(left.count_ones() as usize);
        while left != 0 {
            let at = left.trailing_zeros() as u8;
            left &= left - 1;
            found.extend(
                self.text(name(at))
                    .map(|text| (at, Personal::new(clean(text)))),
            );
        }
        found
    }

    /// A value as it goes into a hit.
    pub fn text(&self, name: Name) -> Option<Cow<'_, str>> {
        self.get(name).map(Cow::Borrowed)
    }
}

fn trimmed(value: Cow<'_, str>) -> Cow<'_, str> {
    // Most values neither begin nor end with a character that may be a blank.
    let is_solid = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_graphic);
    if is_solid(value.as_bytes().first()) && is_solid(value.as_bytes().last()) {
        return value;
    }
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
