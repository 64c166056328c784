//! The names of parameters: those of the contract, and what other systems call them.
//! Never in here: a value.

use crate::model::hit::{PARAMS, SUBS, URL_MAX, VALUE_MAX};

/// Longest consent string, in bytes.
const SIGNAL_MAX: usize = 6 * 1024;

/// A parameter. Indexes of `P` run 0..9 for `p1`..`p10`, of `Sub` 0..14.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name {
    CampaignId,
    PubId,
    Site,
    GoalId,
    ClickId,
    TxnId,
    SaleAmount,
    Currency,
    Status,
    CouponCode,
    Consent,
    Source,
    Creative,
    Url,
    Referrer,
    Format,
    SecurityToken,
    Gdpr,
    GdprConsent,
    Gpp,
    GppSid,
    P(u8),
    Sub(u8),
}

/// Names before `P` and `Sub`.
const PLAIN: usize = 21;
/// How many parameters there are.
pub const COUNT: usize = PLAIN + PARAMS + SUBS;

/// How a parameter was called: its own name outranks another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Called {
    Properly,
    Otherwise,
}

impl Name {
    /// The parameter of this name, or of one that other systems use for it.
    pub fn find(text: &str) -> Option<(Name, Called)> {
        let name = match text.as_bytes() {
            b"campaign_id" => Name::CampaignId,
            b"pub_id" => Name::PubId,
            b"site" => Name::Site,
            b"goal_id" | b"goal" => Name::GoalId,
            b"click_id" => Name::ClickId,
            b"txn_id" => Name::TxnId,
            b"sale_amount" => Name::SaleAmount,
            b"currency" => Name::Currency,
            b"status" => Name::Status,
            b"coupon_code" => Name::CouponCode,
            b"consent" => Name::Consent,
            b"source" => Name::Source,
            b"creative" => Name::Creative,
            b"url" => Name::Url,
            b"referrer" => Name::Referrer,
            b"fmt" => Name::Format,
            b"security_token" => Name::SecurityToken,
            b"gdpr" => Name::Gdpr,
            b"gdpr_consent" => Name::GdprConsent,
            b"gpp" => Name::Gpp,
            b"gpp_sid" => Name::GppSid,
            b"adid" => return Some((Name::CampaignId, Called::Otherwise)),
            b"av" => return Some((Name::Site, Called::Otherwise)),
            b"goal_value" => return Some((Name::SaleAmount, Called::Otherwise)),
            b"creative_name" => return Some((Name::Creative, Called::Otherwise)),
            _ => numbered(text)?,
        };
        Some((name, Called::Properly))
    }

    /// Its place among all, below [`COUNT`].
    pub const fn index(self) -> usize {
        match self {
            Name::CampaignId => 0,
            Name::PubId => 1,
            Name::Site => 2,
            Name::GoalId => 3,
            Name::ClickId => 4,
            Name::TxnId => 5,
            Name::SaleAmount => 6,
            Name::Currency => 7,
            Name::Status => 8,
            Name::CouponCode => 9,
            Name::Consent => 10,
            Name::Source => 11,
            Name::Creative => 12,
            Name::Url => 13,
            Name::Referrer => 14,
            Name::Format => 15,
            Name::SecurityToken => 16,
            Name::Gdpr => 17,
            Name::GdprConsent => 18,
            Name::Gpp => 19,
            Name::GppSid => 20,
            Name::P(at) => PLAIN + at as usize,
            Name::Sub(at) => PLAIN + PARAMS + at as usize,
        }
    }

    pub fn is_url(self) -> bool {
        matches!(self, Name::Url | Name::Referrer)
    }

    /// Longest value, in bytes.
    pub fn longest(self) -> usize {
        match self {
            Name::Url | Name::Referrer => URL_MAX,
            Name::GdprConsent | Name::Gpp => SIGNAL_MAX,
            _ => VALUE_MAX,
        }
    }
}

/// `p1`..`p10` and `sub1`..`sub15`.
fn numbered(text: &str) -> Option<Name> {
    let number = |digits: &str, most: usize| {
        let plain = !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit());
        let value: usize = digits.parse().ok().filter(|_| plain)?;
        (1..=most).contains(&value).then(|| value as u8 - 1)
    };
    if let Some(digits) = text.strip_prefix("sub") {
        return number(digits, SUBS).map(Name::Sub);
    }
    number(text.strip_prefix('p')?, PARAMS).map(Name::P)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_the_contract_is_known() {
        let mut seen = std::collections::HashSet::new();
        let numbered = (1..=10)
            .map(|n| format!("p{n}"))
            .chain((1..=15).map(|n| format!("sub{n}")));
        let plain = "campaign_id pub_id site goal_id click_id txn_id sale_amount currency status \
                     coupon_code consent source creative url gdpr gdpr_consent gpp gpp_sid";
        for text in plain.split_whitespace().map(str::to_owned).chain(numbered) {
            let (name, _) = Name::find(&text).unwrap();
            assert!(name.index() < COUNT && seen.insert(name.index()), "{text}");
        }
        for text in [
            "p0",
            "p11",
            "p01",
            "sub16",
            "sub",
            "p",
            "px",
            "utm_source",
            "",
        ] {
            assert_eq!(Name::find(text), None, "{text}");
        }
    }
}
