//! The columns of a trail: their ids, and how a row fills them. A column is all
//! numbers, all texts or all 128-bit ids.

use std::ops::Range;

use crate::clock::Timestamp;
use crate::error::Result;
use crate::model::consent::Permits;
use crate::model::hit::{
    Browser, Country, Device, EventId, HitId, Kind, Origin, Os, PARAMS, SUBS, VisitorId,
};
use crate::model::id::{CampaignId, ConversionId, GoalId, PublisherId, SiteId};
use crate::model::personal::Personal;
use crate::model::reason::{Notes, Reason};
use crate::model::trail::TrailRow;
use crate::segment::field::{landing_of, row_of};
use crate::segment::pack::damaged;

pub const ID_TIME: u8 = 0;
pub const ID_RANDOM: u8 = 1;
pub const AT: u8 = 2;
pub const KIND: u8 = 3;
const PERMITS: u8 = 4;
const SITE: u8 = 5;
pub const CAMPAIGN: u8 = 6;
pub const PUBLISHER: u8 = 7;
pub const GOAL: u8 = 8;
pub const LANDING: u8 = 9;
pub const COUNTRY: u8 = 10;
pub const DEVICE: u8 = 11;
pub const OS: u8 = 12;
pub const BROWSER: u8 = 13;
pub const CONVERSION: u8 = 14;
const NOTES: u8 = 15;
pub const REFERRER_HOST: u8 = 16;
pub const SOURCE: u8 = 17;
const CREATIVE: u8 = 18;
pub const PARAM_FROM: u8 = 19;
const PARAM_COUNT: u8 = PARAMS as u8;
pub const SUB_FROM: u8 = PARAM_FROM + PARAM_COUNT;
const SUB_COUNT: u8 = SUBS as u8;
pub const URL: u8 = SUB_FROM + SUB_COUNT;
const REFERRER: u8 = URL + 1;
pub const TXN: u8 = URL + 2;
const OUTCOME: u8 = URL + 3;
pub const VISITOR: u8 = URL + 4;
pub const EVENT: u8 = URL + 5;

pub const NUMBERS: Range<u8> = AT..REFERRER_HOST;
pub const TEXTS: Range<u8> = REFERRER_HOST..VISITOR;
pub const IDS: Range<u8> = VISITOR..EVENT + 1;

/// `at` as most rows have it: the instant in the id.
const AT_ID: u64 = 0;
/// The quarter of an hour that the id's instant lies in.
const AT_QUARTER: u64 = 1;
/// From here on the instant itself.
const AT_EXPLICIT: u64 = 2;

/// A row of which only the id is known.
pub fn blank(id: HitId) -> TrailRow {
    TrailRow {
        id,
        at: id.at(),
        kind: Kind::Impression,
        permits: Permits::default(),
        site: None,
        campaign: None,
        publisher: None,
        goal: None,
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
        txn: None,
        conversion: None,
        outcome: None,
        notes: Notes::default(),
    }
}

/// The numbers of a row in all of [`NUMBERS`]; 0 is the default.
pub fn numbers<T>(row: &TrailRow<T>) -> [u64; NUMBERS.end as usize - NUMBERS.start as usize] {
    let id = |row: Option<i64>| row.map_or(0, |row| row as u64);
    [
        at_number(row),
        kind_number(row.kind),
        permits_number(row.permits),
        id(row.site.map(SiteId::row)),
        id(row.campaign.map(CampaignId::row)),
        id(row.publisher.map(PublisherId::row)),
        id(row.goal.map(GoalId::row)),
        row.landing.map_or(0, |index| u64::from(index) + 1),
        row.origin.country.code().into(),
        row.origin.device.code().into(),
        row.origin.os.code().into(),
        row.origin.browser.code().into(),
        row.conversion.map_or(0, |id| id.0),
        row.notes.bits().into(),
    ]
}

/// Sets one of what [`numbers`] gave.
pub fn set_number(column: u8, row: &mut TrailRow, number: u64) -> Result<()> {
    let byte = || u8::try_from(number).map_err(|_| damaged());
    match column {
        AT => row.at = at_of(number, row.id),
        KIND => row.kind = kind_of(number)?,
        PERMITS => row.permits = permits_of(number),
        SITE => row.site = row_of(number)?.map(SiteId::from_row),
        CAMPAIGN => row.campaign = row_of(number)?.map(CampaignId::from_row),
        PUBLISHER => row.publisher = row_of(number)?.map(PublisherId::from_row),
        GOAL => row.goal = row_of(number)?.map(GoalId::from_row),
        LANDING => row.landing = landing_of(number)?,
        COUNTRY => row.origin.country = country_of(number)?,
        DEVICE => row.origin.device = Device::from_code(byte()?),
        OS => row.origin.os = Os::from_code(byte()?),
        BROWSER => row.origin.browser = Browser::from_code(byte()?),
        CONVERSION => row.conversion = (number != 0).then_some(ConversionId(number)),
        NOTES => row.notes = notes_of(number),
        _ => {}
    }
    Ok(())
}

fn at_number<T>(row: &TrailRow<T>) -> u64 {
    let of_id = row.id.at();
    if row.at == of_id {
        AT_ID
    } else if row.at == of_id.quarter_start() {
        AT_QUARTER
    } else {
        row.at.millis() as u64 + AT_EXPLICIT
    }
}

pub fn at_of(number: u64, id: HitId) -> Timestamp {
    match number {
        AT_ID => id.at(),
        AT_QUARTER => id.at().quarter_start(),
        explicit => Timestamp::from_millis((explicit - AT_EXPLICIT) as i64),
    }
}

pub fn kind_number(kind: Kind) -> u64 {
    match kind {
        Kind::Impression => 0,
        Kind::Click => 1,
        Kind::View => 2,
        Kind::Conversion => 3,
    }
}

fn kind_of(number: u64) -> Result<Kind> {
    let kinds = [Kind::Impression, Kind::Click, Kind::View, Kind::Conversion];
    let mut kinds = kinds.into_iter();
    kinds
        .find(|&kind| kind_number(kind) == number)
        .ok_or_else(damaged)
}

fn permits_number(permits: Permits) -> u64 {
    u64::from(permits.measurement)
        | u64::from(permits.attribution) << 1
        | u64::from(permits.sharing) << 2
}

fn permits_of(number: u64) -> Permits {
    Permits {
        measurement: number & 1 != 0,
        attribution: number & 2 != 0,
        sharing: number & 4 != 0,
    }
}

pub fn country_of(number: u64) -> Result<Country> {
    u16::try_from(number)
        .map(Country::from_code)
        .map_err(|_| damaged())
}

fn notes_of(bits: u64) -> Notes {
    Notes::from_bits(bits as u32)
}

/// Calls `each` with the texts that a row has, and with their columns of [`TEXTS`].
pub fn texts<'a>(row: &TrailRow<&'a str>, mut each: impl FnMut(u8, &'a str)) {
    let mut some = |column, text: Option<&'a str>| {
        if let Some(text) = text {
            each(column, text);
        }
    };
    some(REFERRER_HOST, row.referrer_host);
    some(SOURCE, row.source);
    some(CREATIVE, row.creative);
    for (index, text) in row.params.iter().filter(|(index, _)| index < &PARAM_COUNT) {
        some(PARAM_FROM + index, Some(text.reveal()));
    }
    for (index, text) in row.subs.iter().filter(|(index, _)| index < &SUB_COUNT) {
        some(SUB_FROM + index, Some(text.reveal()));
    }
    some(URL, revealed(&row.url));
    some(REFERRER, revealed(&row.referrer));
    some(TXN, revealed(&row.txn));
    some(OUTCOME, row.outcome.map(Reason::word));
}

fn revealed<'a>(text: &Option<Personal<&'a str>>) -> Option<&'a str> {
    text.as_ref().map(|text| *text.reveal())
}

/// Sets what [`text`] gave; columns must come in ascending order.
pub fn set_text(column: u8, row: &mut TrailRow, text: &str) -> Result<()> {
    let owned = text.to_owned();
    match column {
        REFERRER_HOST => row.referrer_host = Some(owned),
        SOURCE => row.source = Some(owned),
        CREATIVE => row.creative = Some(owned),
        PARAM_FROM..SUB_FROM => row.params.push((column - PARAM_FROM, Personal::new(owned))),
        SUB_FROM..URL => row.subs.push((column - SUB_FROM, Personal::new(owned))),
        URL => row.url = Some(Personal::new(owned)),
        REFERRER => row.referrer = Some(Personal::new(owned)),
        TXN => row.txn = Some(Personal::new(owned)),
        OUTCOME => row.outcome = Some(reason_of(text)?),
        _ => {}
    }
    Ok(())
}

fn reason_of(word: &str) -> Result<Reason> {
    let mut reasons = Reason::ALL.iter().copied();
    reasons
        .find(|reason| reason.word() == word)
        .ok_or_else(damaged)
}

/// The 128-bit id of a row in one of [`IDS`].
pub fn id<T>(column: u8, row: &TrailRow<T>) -> Option<[u8; 16]> {
    match column {
        VISITOR => row.visitor.as_ref().map(|visitor| visitor.reveal().0),
        EVENT => row.event.map(|event| event.0),
        _ => None,
    }
}

/// Sets what [`id`] gave.
pub fn set_id(column: u8, row: &mut TrailRow, id: [u8; 16]) {
    match column {
        VISITOR => row.visitor = Some(Personal::new(VisitorId(id))),
        EVENT => row.event = Some(EventId(id)),
        _ => {}
    }
}
