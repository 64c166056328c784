//! Documents say what is set, and nothing that no longer holds.

use super::*;
use crate::model::account::{AccountSettings, AccountState, SiteSettings};
use crate::model::consent::Posture;
use crate::model::facts::{Framework, PrivacyFacts};
use crate::model::id::{AccountId, SiteId, SiteKey};
use crate::model::inventory::Class;
use crate::model::money::Currency;
use crate::model::retention::{DataClass, Retention};

fn facts(posture: Posture, privacy: PrivacyFacts) -> Facts {
    let account = AccountId::from_random(1);
    Facts {
        account: Arc::new(Account {
            id: account,
            state: AccountState::Active,
            expires_at: None,
            ends_at: None,
            locked_at: None,
            settings: AccountSettings {
                name: "Shop".to_owned(),
                timezone: "UTC".to_owned(),
                currency: Currency::EUR,
                acquisition: false,
                security_token_hash: None,
                rates: Default::default(),
                require_second_factor: false,
                shared_token_clicks: 0,
                privacy,
            },
        }),
        sites: vec![Arc::new(Site {
            id: SiteId::from_random(2),
            account,
            settings: SiteSettings {
                name: "The shop".to_owned(),
                key: SiteKey::from_random(3),
                hosts: vec!["shop.example".to_owned()],
                posture,
                declaration: None,
            },
        })],
        retention: Retention::default(),
        oldest: vec![
            Oldest {
                class: Class::Trail,
                day: Some(20_500),
            },
            Oldest {
                class: Class::Tally,
                day: None,
            },
        ],
        now: Timestamp::from_millis(1_773_144_450_000),
    }
}

fn text(kind: Kind, facts: &Facts) -> String {
    serde_json::to_string(&Document::write(kind, facts)).unwrap()
}

#[test]
fn what_nobody_stated_is_said_to_be_missing() {
    let facts = facts(Posture::Strict, PrivacyFacts::default());
    for kind in [Kind::Record, Kind::Notice, Kind::Transfer] {
        assert!(text(kind, &facts).contains("Not stated yet"), "{kind:?}");
    }
}

#[test]
fn what_was_stated_stands_where_it_belongs() {
    let privacy = PrivacyFacts {
        controller: "Shop GmbH, Vienna".to_owned(),
        contact: "privacy@shop.example".to_owned(),
        region: "Frankfurt, DE".to_owned(),
        framework: Framework::StaysInEea,
        notice_version: 7,
        ..PrivacyFacts::default()
    };
    let facts = facts(Posture::Optout, privacy);
    let record = text(Kind::Record, &facts);
    for wanted in [
        "Shop GmbH",
        "Frankfurt",
        "stays in the EEA",
        "Missing: it must be declared",
    ] {
        assert!(record.contains(wanted), "{wanted}");
    }
    assert!(text(Kind::Notice, &facts).contains("Version 7"));
}

#[test]
fn no_notice_claims_that_no_consent_is_needed() {
    for posture in Posture::ALL {
        let text = text(Kind::Notice, &facts(posture, PrivacyFacts::default())).to_lowercase();
        for claim in [
            "no consent",
            "without consent",
            "consent is not",
            "not need",
            "not required",
        ] {
            assert!(!text.contains(claim), "{posture:?}: {claim}");
        }
    }
}

#[test]
fn every_personal_field_of_the_inventory_is_in_the_record() {
    use crate::model::inventory::{Place, Sealing, Whom, holdings};
    let record = text(
        Kind::Record,
        &facts(Posture::Strict, PrivacyFacts::default()),
    );
    let of_people =
        holdings().filter(|holding| holding.whom != Whom::Nobody && holding.place != Place::Memory);
    for field in of_people.flat_map(|holding| holding.fields) {
        let quoted = serde_json::to_string(field.about).unwrap();
        let kept = field.sealing != Sealing::NotKept;
        assert!(
            !kept || record.contains(quoted.trim_matches('"')),
            "{}",
            field.name
        );
    }
}

#[test]
fn the_evidence_tells_how_old_the_oldest_is() {
    let evidence = text(
        Kind::Retention,
        &facts(Posture::Strict, PrivacyFacts::default()),
    );
    assert!(
        evidence.contains("2026-02-16") && evidence.contains("22 days"),
        "{evidence}"
    );
    assert!(evidence.contains("nothing is kept"));
}

#[test]
fn what_the_account_chose_to_keep_stands_in_every_document_that_tells_it() {
    let mut facts = facts(Posture::Strict, PrivacyFacts::default());
    for (class, days) in [
        (DataClass::Trail, 41),
        (DataClass::Conversions, 142),
        (DataClass::Tally, 743),
        (DataClass::Requests, 544),
        (DataClass::Audit, 245),
        (DataClass::AdminAddresses, 46),
    ] {
        facts.retention.set(class, days).unwrap();
    }
    let told = |kind: Kind, days: &[&str]| {
        let text = text(kind, &facts);
        for days in days {
            assert!(text.contains(&format!("{days} days")), "{kind:?}: {days}");
        }
    };
    told(Kind::Record, &["41", "142", "544", "245", "46"]);
    told(Kind::Retention, &["41", "142", "743", "544", "245", "46"]);
    told(Kind::Notice, &["41", "142"]);
}

#[test]
fn names_lead_back_to_their_document() {
    for kind in Kind::ALL {
        assert_eq!(Kind::parse(kind.name()), Some(kind));
    }
    assert_eq!(Kind::parse("secrets"), None);
}
