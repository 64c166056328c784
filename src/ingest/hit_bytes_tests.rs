//! Tests of a hit as bytes.

use serde::Serialize;

use super::hit_bytes::{read, write};
use crate::clock::Timestamp;
use crate::model::consent::Permits;
use crate::model::hit::{
    Browser, Country, Device, EventId, Hit, HitId, Kind, Origin, Os, Sale, VisitorId,
};
use crate::model::id::{CampaignId, PublisherId, SiteId};
use crate::model::personal::Personal;
use crate::model::reason::{Note, Notes};

fn bare() -> Hit {
    let id = HitId::new(Timestamp::from_millis(1_795_000_000_123), [7; 10]);
    Hit {
        id,
        at: id.at(),
        kind: Kind::View,
        permits: Permits::default(),
        site: None,
        campaign: None,
        publisher: None,
        landing: None,
        origin: Origin::default(),
        referrer_host: None,
        source: None,
        creative: None,
        params: Vec::new(),
        subs: Vec::new(),
        url: None,
        referrer: None,
        visitor: None,
        event: None,
        sale: None,
        notes: Notes::default(),
    }
}

fn full() -> Hit {
    let text = |text: &str| Some(Personal::new(text.to_owned()));
    let mut notes = Notes::default();
    notes.add(Note::TokenRemoved);
    Hit {
        at: Timestamp::from_millis(1_794_999_000_000),
        kind: Kind::Conversion,
        permits: Permits {
            measurement: true,
            attribution: false,
            sharing: true,
        },
        site: Some(SiteId::from_random(1)),
        campaign: Some(CampaignId::from_random(u64::MAX)),
        publisher: Some(PublisherId::from_random(3)),
        landing: Some(0),
        origin: Origin {
            country: Country::parse("AT"),
            device: Device::Tablet,
            os: Os::Ios,
            browser: Browser::Safari,
        },
        referrer_host: Some(String::new()),
        source: Some("Zeitung für alle".to_owned()),
        creative: Some("banner".to_owned()),
        params: vec![
            (0, Personal::new("x".repeat(512))),
            (9, Personal::new(String::new())),
        ],
        subs: vec![(14, Personal::new("sub".to_owned()))],
        url: text(&"u".repeat(2_048)),
        referrer: text("https://shop.example/"),
        visitor: Some(Personal::new(VisitorId([1; 16]))),
        event: Some(EventId([2; 16])),
        sale: Some(Box::new(Sale {
            goal: Some("sale".to_owned()),
            txn: text("A-1"),
            amount_minor: 4_990,
            ..Sale::default()
        })),
        notes,
        ..bare()
    }
}

fn bytes_of<T: AsRef<str> + Serialize>(hit: &Hit<T>) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(&mut bytes, hit).unwrap();
    bytes
}

/// By the journal's layout before, which knows every field by itself.
fn otherwise<T: Serialize>(hit: &Hit<T>) -> Vec<u8> {
    postcard::to_allocvec(hit).unwrap()
}

#[test]
fn every_part_of_a_hit_reads_back() {
    for hit in [bare(), full()] {
        let bytes = bytes_of(&hit);
        let read = read(&bytes).unwrap();
        assert_eq!(otherwise(&read), otherwise(&hit));
        assert_eq!(bytes_of(&read), bytes);
    }
}

#[test]
fn bytes_that_are_not_one_hit_are_none() {
    let bytes = bytes_of(&full());
    for end in 0..bytes.len() {
        assert!(read(&bytes[..end]).is_none(), "{end}");
    }
    assert!(read(&[&bytes[..], &[0]].concat()).is_none());
    let mut of_later = bytes.clone();
    of_later[3] = 0x80;
    assert!(read(&of_later).is_none());
}
