//! What travels through browsers: click ids, shared tokens and the sealed cookie.
//! A click id is sealed and unique; a shared token is signed and the same for
//! everyone who clicks in a month; neither needs a look-up.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::cipher::{NONCE_BYTES, TAG_BYTES};
use super::{Keys, token};
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::model::browser_state::BrowserState;
use crate::model::hit::{HitId, SharedTouch, Touch};
use crate::model::id::{AccountId, CampaignId, PublisherId};

/// Letters of a click id.
pub const CLICK_ID_CHARS: usize = 63;
const PLAIN_BYTES: usize = 18;
const SHARED_PREFIX: char = 's';
const SHARED_BODY_BYTES: usize = 12;
const SHARED_MAC_BYTES: usize = 8;
const SHARED_LABEL: &str = "shared-token";
const STATE_CHARS_MAX: usize = 3_000;
/// Bytes of a state of some touches, as most are.
const STATE_BYTES: usize = 256;

/// Mints and opens what visitors' browsers carry. One handle for all accounts.
#[derive(Clone)]
pub struct ClickIds(Keys);

impl ClickIds {
    pub fn new(keys: Keys) -> Self {
        ClickIds(keys)
    }

    /// A new click id: 63 letters that carry campaign, publisher, landing page
    /// and instant, sealed.
    pub fn mint(
        &self,
        account: AccountId,
        campaign: CampaignId,
        publisher: Option<PublisherId>,
        landing: u8,
        at: Timestamp,
    ) -> Result<(Touch, String)> {
        let handles = self.0.handles(account)?;
        let (version, cipher) = handles.click.newest()?;
        let nonce: [u8; NONCE_BYTES] = token::random_bytes();
        let mut plain = [0u8; PLAIN_BYTES];
        plain[..5].copy_from_slice(&campaign.to_bytes());
        plain[5..10].copy_from_slice(&publisher_bytes(publisher));
        plain[10] = landing;
        plain[11..17].copy_from_slice(&at.millis().to_be_bytes()[2..]);
        let mut bytes = Vec::with_capacity(1 + NONCE_BYTES + PLAIN_BYTES + TAG_BYTES);
        bytes.push(version as u8);
        bytes.extend_from_slice(&nonce);
        bytes.extend(cipher.seal_with(nonce, &associated(account), &plain)?);
        let touch = Touch {
            campaign,
            publisher,
            landing,
            id: hit_id(at, &nonce),
        };
        Ok((touch, URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// What a click id carries; none if it was not minted here for this account.
    pub fn open(&self, account: AccountId, text: &str) -> Option<Touch> {
        if text.len() != CLICK_ID_CHARS {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (&version, sealed) = bytes.split_first()?;
        let handles = self.0.handles(account).ok()?;
        let plain = handles
            .click
            .version(u16::from(version))?
            .open(&associated(account), sealed)?;
        let plain: [u8; PLAIN_BYTES] = plain.try_into().ok()?;
        let mut ms = [0u8; 8];
        ms[2..].copy_from_slice(&plain[11..17]);
        let at = Timestamp::from_millis(i64::from_be_bytes(ms));
        Some(Touch {
            campaign: CampaignId::from_bytes(five(&plain, 0)?),
            publisher: publisher_from(five(&plain, 5)?),
            landing: plain[10],
            id: hit_id(at, sealed.first_chunk::<NONCE_BYTES>()?),
        })
    }

    /// The token of everyone who clicks this campaign of this publisher in the
    /// month (UTC) of `at`.
    pub fn shared(
        &self,
        account: AccountId,
        campaign: CampaignId,
        publisher: Option<PublisherId>,
        at: Timestamp,
    ) -> Result<String> {
        let mut bytes = Vec::with_capacity(SHARED_BODY_BYTES + SHARED_MAC_BYTES);
        bytes.extend_from_slice(&campaign.to_bytes());
        bytes.extend_from_slice(&publisher_bytes(publisher));
        bytes.extend_from_slice(&month_of(at).to_be_bytes());
        let mac = self.0.handles(account)?.index.of(SHARED_LABEL, &bytes);
        bytes.extend_from_slice(&mac[..SHARED_MAC_BYTES]);
        Ok(format!("{SHARED_PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// What a shared token carries; none if it was not made here for this account.
    pub fn open_shared(&self, account: AccountId, text: &str) -> Option<SharedTouch> {
        let bytes = URL_SAFE_NO_PAD
            .decode(text.strip_prefix(SHARED_PREFIX)?)
            .ok()?;
        if bytes.len() != SHARED_BODY_BYTES + SHARED_MAC_BYTES {
            return None;
        }
        let (body, mac) = bytes.split_at(SHARED_BODY_BYTES);
        let expected = self.0.handles(account).ok()?.index.of(SHARED_LABEL, body);
        if !token::same(&expected[..SHARED_MAC_BYTES], mac) {
            return None;
        }
        Some(SharedTouch {
            campaign: CampaignId::from_bytes(five(body, 0)?),
            publisher: publisher_from(five(body, 5)?),
            month: u16::from_be_bytes([body[10], body[11]]),
        })
    }

    /// The value of the sealed cookie.
    pub fn seal_state(&self, account: AccountId, state: &BrowserState) -> Result<String> {
        let plain = postcard::to_extend(state, Vec::with_capacity(STATE_BYTES))
            .map_err(|_| Error::internal("The cookie could not be written."))?;
        let handles = self.0.handles(account)?;
        let sealed = handles.cookie.seal("browser", "state", 0, &plain)?;
        Ok(URL_SAFE_NO_PAD.encode(sealed))
    }

    /// What the sealed cookie carries; none if it was not made here.
    pub fn open_state(&self, account: AccountId, text: &str) -> Option<BrowserState> {
        if text.len() > STATE_CHARS_MAX {
            return None;
        }
        let sealed = URL_SAFE_NO_PAD.decode(text).ok()?;
        let handles = self.0.handles(account).ok()?;
        let plain = handles.cookie.open("browser", "state", 0, &sealed).ok()?;
        postcard::from_bytes(&plain).ok()
    }

    /// The blind index of a shop's order number.
    pub fn transaction_key(&self, account: AccountId, text: &str) -> Option<[u8; 16]> {
        let handles = self.0.handles(account).ok()?;
        Some(handles.index.transaction(text))
    }
}

/// Months since January 1970 in UTC.
pub fn month_of(at: Timestamp) -> u16 {
    let date = jiff::Timestamp::from_millisecond(at.millis())
        .map(|instant| instant.to_zoned(jiff::tz::TimeZone::UTC).date())
        .unwrap_or_default();
    (i32::from(date.year()) * 12 + i32::from(date.month()) - 1 - 1970 * 12).clamp(0, 65_535) as u16
}

fn hit_id(at: Timestamp, nonce: &[u8; NONCE_BYTES]) -> HitId {
    let mut random = [0; 10];
    random.copy_from_slice(&nonce[..10]);
    HitId::new(at, random)
}

fn associated(account: AccountId) -> [u8; 14] {
    let mut data = *b"click/1/\0\0\0\0\0\0";
    data[8..13].copy_from_slice(&account.to_bytes());
    data
}

fn publisher_bytes(publisher: Option<PublisherId>) -> [u8; 5] {
    publisher.map_or([0; 5], PublisherId::to_bytes)
}

fn publisher_from(bytes: [u8; 5]) -> Option<PublisherId> {
    (bytes != [0; 5]).then(|| PublisherId::from_bytes(bytes))
}

fn five(bytes: &[u8], at: usize) -> Option<[u8; 5]> {
    bytes.get(at..at + 5)?.try_into().ok()
}
