//! Doors for the fuzz targets into what reads a stranger's bytes here. They exist
//! in tests and in fuzzing builds alone.

use std::borrow::Cow;

use super::batch::{Batch, EVENTS_MAX};
use super::name::Name;
use super::params::Params;
use super::{plain, query};
use crate::model::consent::Consent;
use crate::model::hit::{PARAMS, SUBS};
use crate::model::landing;
use crate::model::money::{AMOUNT_MAX_MINOR, Currency, parse_amount};

const LANDING: &str = "https://shop.example/a/{p1}?b={source}#{click_id}";
const HOST: &str = "https://shop.example/a/";

/// A query string as a pixel or tracking link sends it, and what is read out of its
/// values.
pub fn query(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        read_values(&query::read(text));
    }
}

/// The body of `POST /event`.
pub fn event(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let Ok(batch) = serde_json::from_str::<Batch<'_>>(text) else {
        assert!(plain::read(text).is_none());
        return;
    };
    if let Some(plain) = plain::read(text) {
        assert_eq!(format!("{plain:?}"), format!("{batch:?}"));
    }
    let events = &batch.hits.events;
    assert!(events.len() <= EVENTS_MAX);
    for event in events {
        assert!(event.age_ms >= 0);
        read_values(&event.params);
    }
}

fn read_values(params: &Params<'_>) {
    if let Some(text) = params.get(Name::Consent) {
        // Nothing that was said leaves more than either statement alone.
        let said = Consent::parse(text).unwrap_or_default();
        assert_eq!(said.and(Consent::DENIED), Consent::DENIED);
    }
    let heard = params.signals(false).hear();
    let controlled = params.signals(true).hear();
    assert_eq!(heard.consent, controlled.stated);
    if let Some(text) = params.get(Name::SaleAmount) {
        let amount = parse_amount(text, Currency::EUR).unwrap_or(0);
        assert!((0..=AMOUNT_MAX_MINOR).contains(&amount));
    }
    if let Some(text) = params.get(Name::Url) {
        let hosts = ["shop.example".to_owned()];
        let admitted = landing::on_hosts(text, &hosts);
        assert!(admitted.is_none_or(|url| host(&url) == "shop.example"));
    }
    let values = (0..PARAMS as u8)
        .map(Name::P)
        .chain((0..SUBS as u8).map(Name::Sub));
    for value in values.filter_map(|name| params.get(name)) {
        assert!(!value.is_empty() && value.len() <= Name::P(0).longest());
        let filled = landing::fill(LANDING, value, |_| Some(Cow::Borrowed(value)));
        assert!(filled.starts_with(HOST) && filled.bytes().all(|byte| byte.is_ascii_graphic()));
    }
}

fn host(url: &str) -> String {
    landing::host_of(url).unwrap_or_default().into_owned()
}

#[cfg(test)]
mod tests {
    use crate::model::fuzz_seeds::for_each;

    #[test]
    fn every_seed_of_a_query_and_of_an_event_is_read() {
        for_each("query", super::query);
        for_each("event", super::event);
    }
}
