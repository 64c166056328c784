//! A hit as bytes: what it has is written, what it has not takes a bit. It is read
//! without a copy of any text. Everything here runs once or twice a hit.

use postcard::ser_flavors::Flavor;
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::model::consent::Permits;
use crate::model::hit::{
    Browser, Country, Device, EventId, Hit, HitId, Kind, Origin, Os, VisitorId,
};
use crate::model::id::{CampaignId, PublisherId, SiteId};
use crate::model::personal::Personal;
use crate::model::reason::Notes;

/// Which parts follow, a bit each, in the order in which they do.
mod part {
    pub const MEASUREMENT: u32 = 1 << 0;
    pub const ATTRIBUTION: u32 = 1 << 1;
    pub const SHARING: u32 = 1 << 2;
    pub const KIND: u32 = 3;
    pub const AT: u32 = 1 << 5;
    pub const SITE: u32 = 1 << 6;
    pub const CAMPAIGN: u32 = 1 << 7;
    pub const PUBLISHER: u32 = 1 << 8;
    pub const LANDING: u32 = 1 << 9;
    pub const ORIGIN: u32 = 1 << 10;
    pub const REFERRER_HOST: u32 = 1 << 11;
    pub const SOURCE: u32 = 1 << 12;
    pub const CREATIVE: u32 = 1 << 13;
    pub const PARAMS: u32 = 1 << 14;
    pub const SUBS: u32 = 1 << 15;
    pub const URL: u32 = 1 << 16;
    pub const REFERRER: u32 = 1 << 17;
    pub const VISITOR: u32 = 1 << 18;
    pub const EVENT: u32 = 1 << 19;
    pub const NOTES: u32 = 1 << 20;
    pub const SALE: u32 = 1 << 21;
    pub const ALL: u32 = (1 << 22) - 1;
}

/// Parameters of one list; collect takes fewer.
const LIST_MAX: usize = 255;

const KINDS: [Kind; 4] = [Kind::Impression, Kind::Click, Kind::View, Kind::Conversion];

/// Adds a hit to bytes that are there; what was added of one that cannot be written
/// stays.
pub fn write<T: AsRef<str> + Serialize>(bytes: &mut Vec<u8>, hit: &Hit<T>) -> postcard::Result<()> {
    let parts = parts_of(hit);
    bytes.extend_from_slice(&parts.to_le_bytes());
    bytes.extend_from_slice(&hit.id.0);
    if parts & part::AT != 0 {
        bytes.extend_from_slice(&hit.at.millis().to_le_bytes());
    }
    let ids = [
        hit.site.map(SiteId::to_bytes),
        hit.campaign.map(CampaignId::to_bytes),
        hit.publisher.map(PublisherId::to_bytes),
    ];
    ids.iter()
        .flatten()
        .for_each(|id| bytes.extend_from_slice(id));
    bytes.extend(hit.landing);
    if parts & part::ORIGIN != 0 {
        let [a, b] = hit.origin.country.code().to_le_bytes();
        let Origin {
            device,
            os,
            browser,
            ..
        } = hit.origin;
        bytes.extend_from_slice(&[a, b, device.code(), os.code(), browser.code()]);
    }
    for text in [&hit.referrer_host, &hit.source, &hit.creative] {
        text.iter()
            .for_each(|text| write_text(bytes, text.as_ref()));
    }
    write_list(bytes, &hit.params);
    write_list(bytes, &hit.subs);
    for text in [&hit.url, &hit.referrer] {
        text.iter()
            .for_each(|text| write_text(bytes, text.reveal().as_ref()));
    }
    if let Some(visitor) = &hit.visitor {
        bytes.extend_from_slice(&visitor.reveal().0);
    }
    if let Some(event) = &hit.event {
        bytes.extend_from_slice(&event.0);
    }
    if parts & part::NOTES != 0 {
        bytes.extend_from_slice(&hit.notes.bits().to_le_bytes());
    }
    match &hit.sale {
        Some(sale) => write_other(bytes, sale),
        None => Ok(()),
    }
}

fn parts_of<T>(hit: &Hit<T>) -> u32 {
    let Permits {
        measurement,
        attribution,
        sharing,
    } = hit.permits;
    let kind = match hit.kind {
        Kind::Impression => 0,
        Kind::Click => 1,
        Kind::View => 2,
        Kind::Conversion => 3,
    };
    [
        (measurement, part::MEASUREMENT),
        (attribution, part::ATTRIBUTION),
        (sharing, part::SHARING),
        (hit.at != hit.id.at(), part::AT),
        (hit.site.is_some(), part::SITE),
        (hit.campaign.is_some(), part::CAMPAIGN),
        (hit.publisher.is_some(), part::PUBLISHER),
        (hit.landing.is_some(), part::LANDING),
        (hit.origin != Origin::default(), part::ORIGIN),
        (hit.referrer_host.is_some(), part::REFERRER_HOST),
        (hit.source.is_some(), part::SOURCE),
        (hit.creative.is_some(), part::CREATIVE),
        (!hit.params.is_empty(), part::PARAMS),
        (!hit.subs.is_empty(), part::SUBS),
        (hit.url.is_some(), part::URL),
        (hit.referrer.is_some(), part::REFERRER),
        (hit.visitor.is_some(), part::VISITOR),
        (hit.event.is_some(), part::EVENT),
        (hit.notes != Notes::default(), part::NOTES),
        (hit.sale.is_some(), part::SALE),
    ]
    .into_iter()
    .fold(kind << part::KIND, |parts, (has, part)| {
        parts | (part * u32::from(has))
    })
}

fn write_text(bytes: &mut Vec<u8>, text: &str) {
    let mut length = text.len();
    while length >= 0x80 {
        bytes.push(length as u8 | 0x80);
        length >>= 7;
    }
    bytes.push(length as u8);
    bytes.extend_from_slice(text.as_bytes());
}

/// Fewer than 256 of them: an index is a byte, and each comes once.
fn write_list<T: AsRef<str>>(bytes: &mut Vec<u8>, list: &[(u8, Personal<T>)]) {
    let list = &list[..list.len().min(LIST_MAX)];
    if list.is_empty() {
        return;
    }
    bytes.push(list.len() as u8);
    for (index, text) in list {
        bytes.push(*index);
        write_text(bytes, text.reveal().as_ref());
    }
}

/// Reads a hit; none where the bytes are not one and nothing else.
pub fn read(bytes: &[u8]) -> Option<Box<Hit<&str>>> {
    let mut reader = Reader {
        parts: 0,
        rest: bytes,
    };
    reader.parts = u32::from_le_bytes(reader.array()?);
    if reader.parts & !part::ALL != 0 {
        return None;
    }
    let id = HitId(reader.array()?);
    let hit = Box::new(Hit {
        id,
        permits: Permits {
            measurement: reader.has(part::MEASUREMENT),
            attribution: reader.has(part::ATTRIBUTION),
            sharing: reader.has(part::SHARING),
        },
        kind: *KINDS.get((reader.parts >> part::KIND & 3) as usize)?,
        at: reader
            .if_any(part::AT, i64::from_le_bytes)?
            .map_or(id.at(), Timestamp::from_millis),
        site: reader.if_any(part::SITE, SiteId::from_bytes)?,
        campaign: reader.if_any(part::CAMPAIGN, CampaignId::from_bytes)?,
        publisher: reader.if_any(part::PUBLISHER, PublisherId::from_bytes)?,
        landing: reader.if_any(part::LANDING, |[index]| index)?,
        origin: reader.if_any(part::ORIGIN, origin_of)?.unwrap_or_default(),
        referrer_host: reader.text_if_any(part::REFERRER_HOST)?,
        source: reader.text_if_any(part::SOURCE)?,
        creative: reader.text_if_any(part::CREATIVE)?,
        params: reader.list_if_any(part::PARAMS)?,
        subs: reader.list_if_any(part::SUBS)?,
        url: reader.text_if_any(part::URL)?.map(Personal::new),
        referrer: reader.text_if_any(part::REFERRER)?.map(Personal::new),
        visitor: reader.if_any(part::VISITOR, |id| Personal::new(VisitorId(id)))?,
        event: reader.if_any(part::EVENT, EventId)?,
        notes: reader
            .if_any(part::NOTES, |bits| {
                Notes::from_bits(u32::from_le_bytes(bits))
            })?
            .unwrap_or_default(),
        sale: match reader.has(part::SALE) {
            true => Some(read_other(std::mem::take(&mut reader.rest))?),
            false => None,
        },
    });
    reader.rest.is_empty().then_some(hit)
}

fn origin_of([a, b, device, os, browser]: [u8; 5]) -> Origin {
    Origin {
        country: Country::from_code(u16::from_le_bytes([a, b])),
        device: Device::from_code(device),
        os: Os::from_code(os),
        browser: Browser::from_code(browser),
    }
}

/// What is left to read. None of anything: the bytes end too early.
struct Reader<'a> {
    parts: u32,
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn has(&self, part: u32) -> bool {
        self.parts & part != 0
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(*array)
    }

    fn if_any<const N: usize, T>(
        &mut self,
        part: u32,
        make: impl Fn([u8; N]) -> T,
    ) -> Option<Option<T>> {
        if !self.has(part) {
            return Some(None);
        }
        self.array().map(|bytes| Some(make(bytes)))
    }

    fn text(&mut self) -> Option<&'a str> {
        let mut length = 0usize;
        for shift in [0, 7, 14] {
            let [byte] = self.array()?;
            length |= usize::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                let (text, rest) = self.rest.split_at_checked(length)?;
                self.rest = rest;
                return std::str::from_utf8(text).ok();
            }
        }
        None
    }

    fn text_if_any(&mut self, part: u32) -> Option<Option<&'a str>> {
        match self.has(part) {
            true => self.text().map(Some),
            false => Some(None),
        }
    }

    fn list_if_any(&mut self, part: u32) -> Option<Vec<(u8, Personal<&'a str>)>> {
        if !self.has(part) {
            return Some(Vec::new());
        }
        let [count] = self.array()?;
        (0..count)
            .map(|_| {
                let [index] = self.array()?;
                Some((index, Personal::new(self.text()?)))
            })
            .collect()
    }
}

/// Adds a value that is not worth a layout of its own.
pub fn write_other(bytes: &mut Vec<u8>, value: &impl Serialize) -> postcard::Result<()> {
    postcard::serialize_with_flavor(value, Appended(bytes))
}

/// Reads such a value; none where the bytes are not one and nothing else.
pub fn read_other<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Option<T> {
    let (value, rest) = postcard::take_from_bytes(bytes).ok()?;
    rest.is_empty().then_some(value)
}

/// Bytes written behind those that are there, without a detour.
struct Appended<'a>(&'a mut Vec<u8>);

impl Flavor for Appended<'_> {
    type Output = ();

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}
