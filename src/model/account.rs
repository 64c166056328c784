//! Accounts, members, sites and publishers: the nouns around a campaign.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::error::{Error, Kind, Result};
use crate::model::action::Action;
use crate::model::consent::declaration::Warning;
use crate::model::consent::{Chosen, Declaration, Posture};
use crate::model::facts::PrivacyFacts;
use crate::model::id::{AccountId, MemberId, PublisherId, SiteId, SiteKey};
use crate::model::money::{Currency, Rate};
use crate::model::reason::Reason;
use crate::model::role::Role;
use crate::model::second_factor::SecondFactor;

/// Longest name of anything, in characters.
pub const NAME_MAX: usize = 120;

/// A name people gave something: trimmed, one line, 1 to 120 characters.
pub fn parse_name(what: &str, text: &str) -> Result<String> {
    let name = text.trim();
    if name.is_empty() {
        return Err(Error::invalid(format!("{what} needs a name.")));
    }
    if name.chars().count() > NAME_MAX || name.chars().any(char::is_control) {
        return Err(Error::invalid(format!(
            "{what}: a name has at most {NAME_MAX} characters and stands on one line."
        )));
    }
    Ok(name.to_owned())
}

/// An e-mail address, checked only for its shape: one `@`, something on both sides.
pub fn parse_email(text: &str) -> Result<String> {
    let email = text.trim();
    let shaped = email.split_once('@').is_some_and(|(local, host)| {
        !local.is_empty() && host.contains('.') && !host.contains('@')
    });
    let clean = !email.chars().any(|c| c.is_control() || c.is_whitespace());
    if shaped && clean && email.len() <= 254 {
        Ok(email.to_owned())
    } else {
        Err(Error::invalid("This is not an e-mail address."))
    }
}

/// Most clicks for which a shared token waits to name a publisher.
pub const SHARED_TOKEN_CLICKS_MAX: u16 = 1_000;

/// The name of a time zone of the IANA database, such as `Europe/Vienna`.
pub fn parse_timezone(text: &str) -> Result<String> {
    jiff::tz::TimeZone::get(text.trim())
        .map(|_| text.trim().to_owned())
        .map_err(|_| {
            Error::invalid(
                "This is not a time zone of the IANA database, such as Europe/Vienna or UTC.",
            )
        })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AccountState {
    Active,
    Expired,
    /// The operator holds it: nothing is collected or changed until they let it go on.
    Suspended,
}

impl AccountState {
    pub fn word(self) -> &'static str {
        match self {
            AccountState::Active => "active",
            AccountState::Expired => "expired",
            AccountState::Suspended => "suspended",
        }
    }
}

/// A customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub id: AccountId,
    pub state: AccountState,
    /// The date that was set.
    pub expires_at: Option<Timestamp>,
    /// When it really expires: its date waits until somebody was told of it
    /// (`model::notice`).
    pub ends_at: Option<Timestamp>,
    /// Since when what points to people is locked, because the ledger of erased people
    /// was lost: an older backup may have brought some of them back.
    pub locked_at: Option<Timestamp>,
    pub settings: AccountSettings,
}

impl Account {
    /// Stands where an account is asked for and somebody belongs to none: the instance.
    pub fn of_instance() -> Account {
        Account {
            id: AccountId::INSTANCE,
            state: AccountState::Active,
            expires_at: None,
            ends_at: None,
            locked_at: None,
            settings: AccountSettings {
                name: "This server".to_owned(),
                timezone: "UTC".to_owned(),
                currency: Currency::EUR,
                acquisition: false,
                security_token_hash: None,
                rates: BTreeMap::new(),
                require_second_factor: true,
                shared_token_clicks: 0,
                privacy: PrivacyFacts::default(),
            },
        }
    }

    /// The state at this instant: an end that has come counts before anybody notes it,
    /// and before a suspension.
    pub fn state_at(&self, now: Timestamp) -> AccountState {
        match self.ends_at {
            Some(at) if at <= now => AccountState::Expired,
            _ => self.state,
        }
    }

    /// Whether its date has passed and it does not expire, because nobody was told.
    pub fn waits_at(&self, now: Timestamp) -> bool {
        self.collects_at(now) && self.expires_at.is_some_and(|at| at <= now)
    }

    /// Whether hits are counted at this instant.
    pub fn collects_at(&self, now: Timestamp) -> bool {
        self.state_at(now) == AccountState::Active
    }

    /// Why hits are not counted at this instant, where they are not.
    pub fn refusal_at(&self, now: Timestamp) -> Option<Reason> {
        match self.state_at(now) {
            AccountState::Active => None,
            AccountState::Expired => Some(Reason::Expired),
            AccountState::Suspended => Some(Reason::Suspended),
        }
    }

    /// Refuses to change an account that is over or suspended.
    ///
    /// # Errors
    /// [`Kind::NotAllowed`] with what can be done about it.
    pub fn require_changeable(&self, action: Action, now: Timestamp) -> Result<()> {
        let sentence = match self.state_at(now) {
            _ if action.outlives_the_account() => return Ok(()),
            AccountState::Active => return Ok(()),
            AccountState::Expired => {
                "This account has expired: it can be read, but not changed. Ask who runs this \
                 server to reinstate it."
            }
            AccountState::Suspended => {
                "This account is suspended: it can be read, but not changed, and nothing is \
                 counted. Ask who runs this server to let it go on."
            }
        };
        Err(Error::new(Kind::NotAllowed, sentence))
    }
}

/// What the account itself may change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountSettings {
    pub name: String,
    /// IANA name.
    pub timezone: String,
    pub currency: Currency,
    /// Whether `/acquisition` answers for this account.
    #[serde(default)]
    pub acquisition: bool,
    /// SHA-256 of the security token of `/acquisition`.
    #[serde(default)]
    pub security_token_hash: Option<[u8; 32]>,
    /// Whether every member must have a second factor.
    #[serde(default)]
    pub require_second_factor: bool,
    /// Clicks of this month from which a shared token names a campaign, and a publisher
    /// beside it; 0: from the first on.
    #[serde(default)]
    pub shared_token_clicks: u16,
    /// Other currency to units of the account's own.
    #[serde(default)]
    pub rates: BTreeMap<String, Rate>,
    /// What was stated for the privacy documents.
    #[serde(default)]
    pub privacy: PrivacyFacts,
}

/// A person in an account.
#[derive(Debug, Clone)]
pub struct Member {
    pub id: MemberId,
    pub account: AccountId,
    pub profile: MemberProfile,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MemberProfile {
    pub email: String,
    pub role: Role,
    /// Argon2id in PHC string format.
    pub password_hash: String,
    /// The last act at the machine's shell that this member has acknowledged.
    #[serde(default)]
    pub acknowledged: i64,
    /// Grows with each change of how they sign in; sessions of an earlier one have ended.
    #[serde(default)]
    pub epoch: u32,
    #[serde(default)]
    pub second_factor: Option<SecondFactor>,
}

impl MemberProfile {
    pub fn new(email: String, role: Role, password_hash: String) -> Self {
        MemberProfile {
            email,
            role,
            password_hash,
            acknowledged: 0,
            epoch: 0,
            second_factor: None,
        }
    }

    /// Begins anew with this password, after the way in was lost.
    pub fn come_back(&mut self, password_hash: String) {
        self.password_hash = password_hash;
        self.second_factor = None;
        self.epoch += 1;
    }
}

/// A website of the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    pub id: SiteId,
    pub account: AccountId,
    pub settings: SiteSettings,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteSettings {
    pub name: String,
    pub key: SiteKey,
    /// Lower-case host names, without port.
    pub hosts: Vec<String>,
    pub posture: Posture,
    /// What was declared for the posture, where it needs that.
    #[serde(default)]
    pub declaration: Option<Declaration>,
}

impl SiteSettings {
    /// Takes a posture with its declaration. One that stays keeps what was declared
    /// for it before.
    pub fn choose(&mut self, chosen: Chosen) {
        if chosen.declaration.is_some() || chosen.posture != self.posture {
            self.declaration = chosen.declaration;
        }
        self.posture = chosen.posture;
    }

    /// # Errors
    /// `Invalid` where the posture needs a declaration and has none. Opt-out is taken
    /// without one, as it was before there were declarations, and warned of.
    pub fn check_declared(&self) -> Result<()> {
        let needs = self.posture.needs_declaration() && self.posture != Posture::Optout;
        if needs && self.declaration.is_none() {
            return Err(Error::invalid(format!(
                "declaration: the posture {:?} needs one: {{\"countries\": [...], \"ground\": \"...\"}}.",
                self.posture.word()
            )));
        }
        Ok(())
    }

    /// What the account must look at.
    pub fn warnings(&self) -> Vec<Warning> {
        Chosen::warnings(self.posture, self.declaration.as_ref())
    }
}

/// A host name as people type it: a bare name, or a URL of which the host is taken.
pub fn parse_host(text: &str) -> Result<String> {
    let text = text.trim();
    let wrong = || {
        Error::invalid(format!(
            "{text:?} is not a host name, such as www.example.org."
        ))
    };
    let url = if text.contains("://") {
        url::Url::parse(text)
    } else {
        url::Url::parse(&format!("http://{text}"))
    };
    let url = url.map_err(|_| wrong())?;
    let host = url.host_str().ok_or_else(wrong)?;
    if host.len() > 253 || url.username() != "" {
        return Err(wrong());
    }
    Ok(host.to_ascii_lowercase())
}

/// Who sends traffic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publisher {
    pub id: PublisherId,
    pub account: AccountId,
    pub settings: PublisherSettings,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublisherSettings {
    pub name: String,
    /// In capitals, each held by one publisher of the account.
    #[serde(default)]
    pub coupon_codes: Vec<String>,
    /// Whether it runs a reward programme that its visitors signed up for, such as
    /// cashback; counts on sites of that posture.
    #[serde(default)]
    pub reward: bool,
}

/// Coupon codes compare without regard to case and outer blanks. 1 to 64 characters.
pub fn parse_coupon(text: &str) -> Result<String> {
    let code = text.trim().to_uppercase();
    if code.is_empty() || code.chars().count() > 64 || code.chars().any(char::is_control) {
        return Err(Error::invalid("A coupon code has 1 to 64 characters."));
    }
    Ok(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_taken_from_whatever_people_paste() {
        assert_eq!(
            parse_host("https://Shop.example/x?y").unwrap(),
            "shop.example"
        );
        assert_eq!(parse_host("shop.example:8080").unwrap(), "shop.example");
        assert!(parse_host("user@shop.example").is_err());
        assert!(parse_host("").is_err());
    }

    #[test]
    fn zones_with_half_and_quarter_hours_are_known() {
        for zone in [
            "Asia/Kolkata",
            "Asia/Kathmandu",
            "Australia/Lord_Howe",
            "UTC",
        ] {
            assert!(parse_timezone(zone).is_ok(), "{zone}");
        }
        assert!(parse_timezone("Mars/Olympus").is_err());
    }

    #[test]
    fn an_email_needs_both_sides() {
        assert!(parse_email("ann@example.org").is_ok());
        for wrong in [
            "ann",
            "@example.org",
            "ann@",
            "a b@example.org",
            "ann@@example.org",
        ] {
            assert!(parse_email(wrong).is_err(), "{wrong}");
        }
    }
}
