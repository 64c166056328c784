//! Tests of the keyring, of sealing and of what browsers carry.

use super::*;
use crate::clock::Timestamp;
use crate::error::Kind;
use crate::model::browser_state::BrowserState;
use crate::model::hit::VisitorId;
use crate::model::id::{AccountId, CampaignId, PublisherId};

const ACCOUNT: u64 = 7;

fn keys() -> (tempfile::TempDir, Keys) {
    let folder = tempfile::tempdir().unwrap();
    let keys = Keys::create(&folder.path().join("keyring"), &MasterKey::generate()).unwrap();
    keys.add_account(AccountId::from_random(ACCOUNT)).unwrap();
    (folder, keys)
}

#[test]
fn a_keyring_opens_only_with_its_own_master_key() {
    let folder = tempfile::tempdir().unwrap();
    let (key_file, ring) = (
        folder.path().join("master.key"),
        folder.path().join("keyring"),
    );
    let master = MasterKey::create(&key_file).unwrap();
    let account = AccountId::from_random(ACCOUNT);
    let blob = {
        let keys = Keys::create(&ring, &master).unwrap();
        keys.add_account(account).unwrap();
        let sealer = keys.sealer(account, SealerClass::Row).unwrap();
        sealer.seal("site", "body", 1, b"shop").unwrap()
    };
    let again = Keys::open(&ring, &MasterKey::load(&key_file, None).unwrap()).unwrap();
    let sealer = again.sealer(account, SealerClass::Row).unwrap();
    assert_eq!(sealer.open("site", "body", 1, &blob).unwrap(), b"shop");
    assert_eq!(again.generation(), 2);

    let wrong = Keys::open(&ring, &MasterKey::generate()).err().unwrap();
    assert_eq!(wrong.kind(), Kind::Config);
    let missing = Keys::open(&folder.path().join("none"), &master)
        .err()
        .unwrap();
    assert_eq!(missing.kind(), Kind::Config);
    assert!(
        MasterKey::create(&key_file).is_err(),
        "a key is never replaced"
    );
}

#[test]
fn a_sealed_value_opens_only_in_its_own_place() {
    let (_folder, keys) = keys();
    let other = AccountId::from_random(ACCOUNT + 1);
    keys.add_account(other).unwrap();
    let account = AccountId::from_random(ACCOUNT);
    let sealer = keys.sealer(account, SealerClass::Row).unwrap();
    let blob = sealer.seal("campaign", "body", 5, b"spring sale").unwrap();
    assert_eq!(
        sealer.open("campaign", "body", 5, &blob).unwrap(),
        b"spring sale"
    );
    assert!(sealer.open("campaign", "body", 6, &blob).is_err());
    assert!(sealer.open("site", "body", 5, &blob).is_err());
    assert!(sealer.open("campaign", "name", 5, &blob).is_err());
    let of_other = keys.sealer(other, SealerClass::Row).unwrap();
    assert!(of_other.open("campaign", "body", 5, &blob).is_err());
    let of_tally = keys.sealer(account, SealerClass::Tally).unwrap();
    assert!(of_tally.open("campaign", "body", 5, &blob).is_err());
    for bit in 0..blob.len() * 8 {
        let mut flipped = blob.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(
            sealer.open("campaign", "body", 5, &flipped).is_err(),
            "bit {bit}"
        );
    }
    assert!(sealer.open("campaign", "body", 5, &[]).is_err());
}

#[test]
fn a_click_id_carries_its_click_and_nothing_forged_opens() {
    let (_folder, keys) = keys();
    let account = AccountId::from_random(ACCOUNT);
    let ids = ClickIds::new(keys);
    let at = Timestamp::from_millis(1_790_000_000_123);
    let campaign = CampaignId::from_random(42);
    for publisher in [None, Some(PublisherId::from_random(43))] {
        let (touch, text) = ids.mint(account, campaign, publisher, 3, at).unwrap();
        assert_eq!(text.len(), click_ids::CLICK_ID_CHARS);
        assert_eq!(ids.open(account, &text), Some(touch));
        assert_eq!((touch.id.at(), touch.publisher), (at, publisher));
        let forged = text.replace(&text[20..21], if &text[20..21] == "A" { "B" } else { "A" });
        assert_eq!(ids.open(account, &forged), None);
        assert_eq!(ids.open(AccountId::from_random(9), &text), None);
    }
    assert_eq!(ids.open(account, "{click_id}"), None);
}

#[test]
fn a_shared_token_is_the_same_for_everyone_in_a_month() {
    let (_folder, keys) = keys();
    let account = AccountId::from_random(ACCOUNT);
    let ids = ClickIds::new(keys);
    let campaign = CampaignId::from_random(42);
    let november = Timestamp::from_millis(1_795_000_000_000);
    let later = november.plus_ms(86_400_000);
    let token = ids.shared(account, campaign, None, november).unwrap();
    assert_eq!(token, ids.shared(account, campaign, None, later).unwrap());
    let touch = ids.open_shared(account, &token).unwrap();
    assert_eq!((touch.campaign, touch.publisher), (campaign, None));
    assert_eq!(touch.month, (2026 - 1970) * 12 + 10);
    let forged = format!("{}A", &token[..token.len() - 1]);
    assert!(forged == token || ids.open_shared(account, &forged).is_none());
}

#[test]
fn the_cookie_reads_back_and_a_changed_one_does_not() {
    let (_folder, keys) = keys();
    let account = AccountId::from_random(ACCOUNT);
    let ids = ClickIds::new(keys);
    let state = BrowserState::new(VisitorId([9; 16]));
    let text = ids.seal_state(account, &state).unwrap();
    assert_eq!(ids.open_state(account, &text), Some(state));
    assert_eq!(ids.open_state(account, &text[1..]), None);
    assert_eq!(ids.open_state(account, ""), None);
}
