//! Tests of the table of rights.

use super::action::*;
use super::role::Party;

const CONTENT: [Action; 10] = [
    Action::ReadAudit,
    Action::ReadOverview,
    Action::ReadReport,
    Action::ReadConversions,
    Action::ReadCampaigns,
    Action::ReadPublishers,
    Action::ReadSites,
    Action::ReadAccount,
    Action::ReadIntake,
    Action::ReadDocuments,
];

#[test]
fn the_operator_has_no_way_to_an_accounts_content() {
    for action in CONTENT {
        assert!(!action.allows(Party::Operator), "{action:?}");
    }
    assert!(Action::ReadInstance.allows(Party::Operator));
}

#[test]
fn support_and_a_reading_token_change_nothing() {
    for action in [
        Action::ChangeConversion,
        Action::ChangeCampaign,
        Action::ChangePublisher,
        Action::ChangeSite,
        Action::ChangeAccount,
        Action::ChangeDocuments,
        Action::ChangeMembers,
        Action::ChangeSelf,
        Action::CreateToken,
        Action::CreateAccount,
        Action::GiveGrant,
    ] {
        for party in [Party::Support, Party::SupportDetails, Party::ReadToken] {
            assert!(!action.allows(party), "{action:?} {party:?}");
        }
    }
}

#[test]
fn a_publisher_sees_a_report_and_itself() {
    let seen: Vec<Action> = CONTENT
        .into_iter()
        .filter(|action| action.allows(Party::Publisher))
        .collect();
    assert_eq!(seen, [Action::ReadReport]);
}

#[test]
fn what_lets_people_in_asks_for_the_password_again() {
    for action in [
        Action::ChangeSelf,
        Action::ChangeMembers,
        Action::CreateToken,
        Action::GiveGrant,
        Action::ChangeInstance,
    ] {
        assert!(action.is_sensitive(), "{action:?}");
    }
    assert!(!Action::Confirm.is_sensitive() && !Action::SignOut.is_sensitive());
}

#[test]
fn what_is_public_is_public_to_all() {
    for action in CONTENT {
        assert!(!action.is_public(), "{action:?}");
    }
    assert!(
        Party::ALL
            .into_iter()
            .all(|party| Action::SignIn.allows(party))
    );
}
