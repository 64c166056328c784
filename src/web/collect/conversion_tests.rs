//! Conversions as pixels of the wild send them: each ends in a hit with a note, or
//! in a refusal with a reason.

use super::*;
use crate::web::collect::query;
use crate::web::collect::scene::{self, Scene};
use crate::web::collect::terms::Asked;

fn read_at(scene: &Scene, query: &str) -> Result<Hit, Reason> {
    let params = query::read(query);
    let place = Place::find(&scene.catalog, &params).map_err(|refusal| refusal.reason)?;
    let text = params.get(Name::ClickId);
    let reference = Reference::read(&scene.click_ids, place.account.id, text);
    let terms = Terms::of(&Asked {
        click_ids: &scene.click_ids,
        account: place.account.id,
        catalog: &scene.catalog,
        posture: place.posture(),
        signals: params.signals(false),
        cookies: None,
        agreed_at_click: reference.shows_agreement(&scene.catalog),
        rewarded: reference.is_rewarded(&scene.catalog),
        now: scene::now(),
    });
    let arrival = Arrival {
        at: scene::now(),
        origin: scene::origin(),
        referrer: None,
        page: None,
        event: None,
    };
    let reading = Reading {
        catalog: &scene.catalog,
        click_ids: &scene.click_ids,
        place: &place,
        params: &params,
        terms: &terms,
        reference,
        authenticated: false,
    };
    reading.hit(&arrival).map(|hit| scene::journalled(&hit))
}

fn read(query: &str) -> Result<Hit, Reason> {
    let campaign = scene::campaign();
    read_at(&Scene::new(), &format!("adid={campaign}&consent=1&{query}"))
}

fn sale(query: &str) -> Sale {
    *read(query).unwrap().sale.unwrap()
}

fn notes(query: &str) -> Vec<Note> {
    read(query).unwrap().notes.iter().collect()
}

#[test]
fn a_whole_pixel_is_read() {
    let hit = read(
        "goal_id=sale&txn_id=A-1&sale_amount=1,299.00&currency=USD&status=pending\
         &coupon_code=spring10&sub1=x",
    )
    .unwrap();
    let sale = hit.sale.unwrap();
    assert_eq!(
        (sale.amount_minor, sale.currency.unwrap().code()),
        (129_900, "USD")
    );
    assert_eq!(sale.status, Some(Status::Pending));
    assert_eq!(sale.coupon, Some(scene::publisher()));
    assert_eq!(sale.txn.unwrap().reveal(), "A-1");
    assert!(sale.txn_key.is_some() && hit.notes.iter().next().is_none());
}

#[test]
fn wild_pixel_thousands_separators() {
    for (text, minor) in [
        ("1,299.00", 129_900),
        ("1.299,00", 129_900),
        ("1%20299,5", 129_950),
    ] {
        assert_eq!(
            sale(&format!("txn_id=1&sale_amount={text}")).amount_minor,
            minor
        );
    }
}

#[test]
fn wild_pixel_unfilled_order_and_amount() {
    let noted = notes("txn_id={ORDER_ID}&sale_amount={{ total }}&currency=%7BCURRENCY%7D");
    assert_eq!(
        noted,
        [
            Note::UnreplacedMacro,
            Note::AmountMissing,
            Note::MissingTransaction
        ]
    );
}

#[test]
fn wild_pixel_doubled_transaction_name_counts_as_the_number_itself() {
    let (doubled, plain) = (sale("txn_id=txn_id=77"), sale("txn_id=77"));
    assert_eq!(doubled.txn.unwrap().reveal(), plain.txn.unwrap().reveal());
    assert_eq!(notes("txn_id=txn_id=77&sale_amount=1"), [Note::DoubledName]);
}

#[test]
fn wild_pixel_order_number_in_the_field_of_the_amount() {
    assert_eq!(read("goal_value=REF-77"), Err(Reason::BadAmount));
    assert_eq!(read("sale_amount=Amount"), Err(Reason::BadAmount));
}

#[test]
fn wild_pixel_email_as_transaction() {
    let noted = notes("txn_id=ann@shop.example&sale_amount=1");
    assert_eq!(noted, [Note::EmailAsTransaction]);
}

#[test]
fn amounts_and_currencies_that_are_none_are_refused() {
    for (query, reason) in [
        ("sale_amount=-5", Reason::BadAmount),
        ("sale_amount=99999999999999999999", Reason::BadAmount),
        ("sale_amount=abc", Reason::BadAmount),
        ("sale_amount=5&currency=XYZ", Reason::UnknownCurrency),
        ("sale_amount=5&currency=%E2%82%AC", Reason::UnknownCurrency),
        ("goal_id=nothing", Reason::GoalUnknown),
    ] {
        assert_eq!(read(query), Err(reason), "{query}");
    }
}

#[test]
fn words_that_are_not_understood_become_notes() {
    assert_eq!(
        notes("txn_id=1&sale_amount=1&status=maybe&coupon_code=NOBODYS&click_id=forged"),
        [Note::UnknownCoupon, Note::BadClickId, Note::BadStatus]
    );
}

#[test]
fn a_site_alone_needs_a_campaign_with_that_goal() {
    let scene = Scene::new();
    let with_site = |key, goal: &str| read_at(&scene, &format!("av={key}&goal_id={goal}"));
    assert_eq!(with_site(scene::site_key(), "sale").unwrap().campaign, None);
    assert_eq!(
        with_site(scene::site_key(), "nothing"),
        Err(Reason::GoalUnknown)
    );
    assert_eq!(
        with_site(scene::bare_site_key(), "sale"),
        Err(Reason::NoCampaign)
    );
}

#[test]
fn without_consent_a_sale_keeps_its_amount_and_a_blind_index() {
    let scene = Scene::new();
    let query = format!(
        "adid={}&txn_id=A-1&sale_amount=5&sub1=x&p1=y&source=z",
        scene::campaign()
    );
    let hit = read_at(&scene, &query).unwrap();
    assert!(hit.subs.is_empty() && hit.params.is_empty() && hit.source.is_none());
    assert!(hit.notes.contains(Note::NoConsent));
    let sale = hit.sale.unwrap();
    assert!(sale.txn.is_none() && sale.txn_key.is_some());
    assert_eq!(sale.amount_minor, 500);
}

#[test]
fn a_click_id_of_a_site_that_asks_shows_agreement_until_it_is_withdrawn() {
    let scene = Scene::new();
    let campaign = scene::campaign();
    let (touch, click_id) = scene
        .click_ids
        .mint(
            scene::account(),
            campaign,
            Some(scene::publisher()),
            0,
            scene::now(),
        )
        .unwrap();
    let with = |consent: &str| {
        let query = format!("adid={campaign}&txn_id=1&click_id={click_id}{consent}");
        *read_at(&scene, &query).unwrap().sale.unwrap()
    };
    assert_eq!(with("").click, Some(touch));
    let refused = with("&consent=0");
    assert_eq!((refused.click, refused.txn), (None, None));
    assert_eq!(refused.shared.unwrap().publisher, Some(scene::publisher()));
}

#[test]
fn a_click_id_of_an_optout_site_shows_no_agreement_on_one_that_asks() {
    let scene = Scene::new();
    let (_, click_id) = scene
        .click_ids
        .mint(
            scene::account(),
            scene::optout_campaign(),
            None,
            0,
            scene::now(),
        )
        .unwrap();
    let query = format!("adid={}&txn_id=1&click_id={click_id}", scene::campaign());
    let hit = read_at(&scene, &query).unwrap();
    assert!(!hit.permits.attribution && hit.sale.unwrap().click.is_none());
}

#[test]
fn a_click_id_of_another_account_is_foreign() {
    let scene = Scene::new();
    let other = crate::model::id::AccountId::from_random(8);
    let (_, click_id) = scene
        .click_ids
        .mint(other, scene::other_campaign(), None, 0, scene::now())
        .unwrap();
    let query = format!(
        "adid={}&txn_id=1&consent=1&click_id={click_id}",
        scene::campaign()
    );
    let hit = read_at(&scene, &query).unwrap();
    assert!(hit.notes.contains(Note::BadClickId) && hit.sale.unwrap().click.is_none());
}
